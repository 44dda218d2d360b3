"""A mapping as a form with one choice for each column of ours, and such a form as a mapping again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from firstcontact.doors.web.column_words import COLUMNS, DATED, DATES, FIRST
from firstcontact.doors.web.form import Wrong
from firstcontact.doors.web.meaning_form import Meanings, meanings_of, take_meanings

AS_IT_IS = "="
"""Chosen: several columns together, as the mapping has them."""
_ONE = "c:"
"""Before the name of a single column, so that no name is taken for something else."""
_SECOND = "columns.reason.2"
_SURE, _LIKELY = 0.9, 0.7
_NO_DATES = {"FC1012": "columns.started_at"}


@dataclass(frozen=True, slots=True)
class Choice:
    """The choice for one column of ours.

    Attributes:
        name: Its field in the form: `columns.started_at`.
        label: What it is called, in English.
        meaning: What belongs there, in English.
        value: What is chosen.
        together: How the mapping combines several columns; empty where it names one or none.
        second: What is chosen as the level below; None where there is no such choice.
        dates: In which ways its moments are written; None where it holds none.
        rests_on: What the guess rests on.
        sure: `sure`, `likely` or `unsure`; empty where nobody guessed.
        samples: Patterns of what is in it.
        fault: What is wrong.
        meanings: What its words mean, in what it counts, where its scale ends.
    """

    name: str
    label: str
    meaning: str
    value: str
    together: str
    second: str | None
    dates: str | None
    rests_on: str
    sure: str
    samples: tuple[str, ...]
    fault: str
    meanings: Meanings


@dataclass(frozen=True, slots=True)
class Unused:
    """A column of the file that nothing is read from.

    Attributes:
        name: Its name.
        filled: Share of rows with a value.
        samples: Patterns of what is in it.
        kept: Whether it is kept, to cut figures by.
    """

    name: str
    filled: float
    samples: tuple[str, ...]
    kept: bool


@dataclass(frozen=True, slots=True)
class MappingForm:
    """The form.

    Attributes:
        first: Choices that figures rest on, and all that were found.
        further: The others.
        columns: Names of the file's columns.
        unused: Those that nothing is read from.
        kind: What a row is.
        zone: In which times without an offset are understood; empty where not said.
        missing: Words that mean nothing, one a line.
        bad_values: What an unreadable value does.
        faults: Faults by field.
        rest: Faults that belong to no field.
    """

    first: tuple[Choice, ...]
    further: tuple[Choice, ...]
    columns: tuple[str, ...]
    unused: tuple[Unused, ...]
    kind: str
    zone: str
    missing: str
    bad_values: str
    faults: dict[str, str]
    rest: tuple[Wrong, ...]


def columns_of(preview: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns of a file, as far as a preview names them.

    >>> columns_of({"mapping": {"columns": {"started_at": "a", "ended_at": {"first_of": ["b", "c"]}}}, "unused": []})
    ('a', 'b', 'c')
    """
    mapping = preview.get("mapping") or {}
    found: dict[str, None] = {}
    for section in ("columns", "identifiers", "surveys", "updates"):
        for source in (mapping.get(section) or {}).values():
            found.update(dict.fromkeys(_names(source)))
    found.update(dict.fromkeys(mapping.get("extra") or ()))
    found.update(dict.fromkeys(one["name"] for one in preview.get("unused") or ()))
    return tuple(found)


def form_of(
    preview: Mapping[str, Any],
    mapping: Mapping[str, Any],
    faults: Iterable[Wrong],
    given: Mapping[str, str],
    told: Callable[[str], str],
) -> MappingForm:
    """The form that shows how a file is understood.

    Args:
        preview: What was found out about the file.
        mapping: The mapping that the form changes.
        faults: What is wrong with it.
        given: What somebody chose, where that could not be taken; it stays in the form.
        told: Puts what a guess rests on into the visitor's words.
    """
    found = {_place(one["ours"]): one for one in preview.get("columns") or ()}
    by_field: dict[str, str] = {}
    rest = []
    for fault in faults:
        field = _field(fault)
        if field:
            by_field.setdefault(field, Markup("{}; {}").format(fault.saw, fault.allowed))
        else:
            rest.append(fault)
    first: list[Choice] = []
    further: list[Choice] = []
    for name in COLUMNS:
        choice = _choice(name, found.get(name), mapping, by_field, given, told, preview)
        asked = name in FIRST or choice.value or choice.fault
        (first if asked and (name in FIRST or not name.startswith("surveys.")) else further).append(choice)
    extra = set(mapping.get("extra") or ())
    kept = [
        Unused(one["ours"].removeprefix("extra."), 1.0, tuple(one["samples"]), kept=True)
        for one in preview.get("columns") or ()
        if one["ours"].startswith("extra.")
    ]
    unused = [
        Unused(one["name"], one["filled"], tuple(one["samples"]), one["name"] in extra)
        for one in preview.get("unused") or ()
    ]
    missing = (mapping.get("missing") or {}).get("anywhere") or ()
    return MappingForm(
        tuple(first),
        tuple(further),
        columns_of(preview),
        tuple(kept + unused),
        given.get("kind", str(mapping.get("kind", "contact"))),
        given.get("zone", str(mapping.get("zone", ""))),
        given.get("missing", "\n".join(one for one in missing if one)),
        given.get("bad_values", str(mapping.get("bad_values", "quarantine"))),
        by_field,
        tuple(rest),
    )


def mapping_of(
    base: Mapping[str, Any],
    columns: tuple[str, ...],
    given: Mapping[str, str],
    extra: tuple[str, ...],
    preview: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The mapping that a form asks for.

    Args:
        base: The mapping that the form showed; what it does not show stays.
        columns: The file's columns; others are not taken.
        given: The form's fields.
        extra: Columns to keep so that figures can be cut by them.
        preview: What was found out about the file, whose words the form names by their place.

    >>> asked = {"columns.reason": "c:why", "columns.team": ""}
    >>> mapping_of({"columns": {"team": "t"}}, ("why", "t"), asked, ())["columns"]
    {'reason': 'why'}
    """
    made = deepcopy(dict(base))
    for name in COLUMNS:
        if name not in given:
            continue
        section, _, ours = name.partition(".")
        table = made.setdefault(section, {})
        before = table.get(ours)
        source = _source(name, before, columns, given)
        if source is None:
            table.pop(ours, None)
        else:
            table[ours] = [source] if section == "identifiers" and isinstance(source, str) else source
        if name in DATED:
            _date(made, ours, given, changed=table.get(ours) != before)
    take_meanings(made, base, preview or {}, given)
    _whole(made, columns, given, extra)
    return made


def _whole(made: dict[str, Any], columns: tuple[str, ...], given: Mapping[str, str], extra: tuple[str, ...]) -> None:
    """What is said of the file as a whole."""
    for section in ("columns", "identifiers", "surveys", "updates", "dates"):
        if not made.get(section):
            made.pop(section, None)
    for name in ("kind", "bad_values"):
        if given.get(name):
            made[name] = given[name]
    if "zone" in given:
        made.pop("zone", None)
        if given["zone"].strip():
            made["zone"] = given["zone"].strip()
    if "missing" in given:
        words = [line.strip() for line in given["missing"].splitlines()]
        within = (made.get("missing") or {}).get("in") or {}
        made["missing"] = {"anywhere": list(dict.fromkeys(["", *words])), "in": within}
    if "extra_asked" in given:
        made.pop("extra", None)
        if chosen := [one for one in extra if one in columns]:
            made["extra"] = chosen


def _choice(
    name: str,
    found: Mapping[str, Any] | None,
    mapping: Mapping[str, Any],
    faults: Mapping[str, str],
    given: Mapping[str, str],
    told: Callable[[str], str],
    preview: Mapping[str, Any],
) -> Choice:
    section, _, ours = name.partition(".")
    label, meaning = COLUMNS[name]
    source = (mapping.get(section) or {}).get(ours)
    names = _names(source)
    path = name == "columns.reason" and isinstance(source, dict) and len(names) == 2 and "path" in source
    single = len(names) == 1 or path
    together = "" if single or not names else (str(found["source"]) if found else ", ".join(names))
    value = f"{_ONE}{names[0]}" if single else AS_IT_IS if names else ""
    second = (f"{_ONE}{names[1]}" if path else "") if name == "columns.reason" else None
    dates = None
    if name in DATED:
        dates = " | ".join((mapping.get("dates") or {}).get(ours) or ())
        dates = given.get(f"dates.{ours}", dates)
    share = float(found["confidence"]) if found else 0.0
    return Choice(
        name,
        label,
        meaning,
        given.get(name, value),
        together,
        given.get(_SECOND, second or "") if second is not None else None,
        dates,
        told(str(found["rests_on"])) if found else "",
        ("sure" if share >= _SURE else "likely" if share >= _LIKELY else "unsure") if found else "",
        tuple(found["samples"]) if found else (),
        next((faults[one] for one in (name, f"dates.{ours}", f"scales.{ours}", f"units.{ours}") if one in faults), ""),
        meanings_of(name, preview, mapping, given) if names else Meanings(),
    )


def _source(name: str, before: Any, columns: tuple[str, ...], given: Mapping[str, str]) -> Any:
    chosen = given[name]
    if chosen == AS_IT_IS:
        return before
    if not chosen.startswith(_ONE) or chosen.removeprefix(_ONE) not in columns:
        return None
    first = chosen.removeprefix(_ONE)
    below = given.get(_SECOND, "").removeprefix(_ONE) if name == "columns.reason" else ""
    return {"path": [first, below]} if below in columns and below != first else first


def _date(made: dict[str, Any], ours: str, given: Mapping[str, str], *, changed: bool) -> None:
    """The ways in which a column's moments are written; found out anew where the column is another."""
    dates = made.setdefault("dates", {})
    before = list(dates.get(ours) or ())
    asked = [part.strip() for part in given.get(f"dates.{ours}", " | ".join(before)).split("|") if part.strip()]
    # A person may write the moment as the list shows it.
    asked = [next((way for way, written in DATES.items() if written == one), one) for one in asked]
    if not asked or (changed and asked == before):
        dates.pop(ours, None)
    else:
        dates[ours] = asked


def _names(source: Any) -> list[str]:
    """The columns behind one of ours, as a mapping writes them."""
    if isinstance(source, str):
        return [source]
    if isinstance(source, dict):
        return [str(one) for names in source.values() for one in names]
    return [str(one) for one in source or ()]


def _place(ours: str) -> str:
    return ours if ours.partition(".")[0] in {"identifiers", "surveys", "updates", "extra"} else f"columns.{ours}"


def _field(fault: Wrong) -> str:
    """The field that a fault is about; empty where it is about none."""
    if fault.code in _NO_DATES:
        return _NO_DATES[fault.code]
    named = re.search(
        r": ((?:columns|identifiers|surveys|updates|dates|scales|units)\.\w+|zone|missing|kind)\b", fault.where
    )
    if named is None:
        return "columns.started_at" if fault.where.endswith(": columns") else ""
    return named.group(1)


def same(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Whether two mappings say the same.

    >>> same({"columns": {"a": "b"}, "dates": {}}, {"columns": {"a": "b"}})
    True
    """
    return _bare(one) == _bare(other)


def _bare(mapping: Mapping[str, Any] | None) -> dict[str, Any]:
    found = {key: value for key, value in (mapping or {}).items() if value not in ({}, [])}
    missing = found.get("missing") or {}
    return found | {
        "missing": {"anywhere": sorted(set(missing.get("anywhere") or ()) | {""}), "in": missing.get("in") or {}}
    }
