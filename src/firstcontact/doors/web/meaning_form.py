"""What the words of a column mean, in which unit it counts and where its scale ends: as fields of a form, and back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from firstcontact.doors.report.words import CHANNELS
from firstcontact.doors.web.place import N_

PLACES: dict[str, str] = {
    "columns.channel": "channel",
    "columns.direction": "direction",
    "columns.settled": "settled",
    "columns.agent_says_resolved": "agent_says_resolved",
    "columns.abandoned": "abandoned",
    "updates.state": "settled",
    "surveys.resolved": "resolved",
    "surveys.csat": "csat",
    "surveys.ces": "ces",
}
"""By place in the mapping: under which name its words stand."""

TIMED = {"columns.handle_seconds": "handle_seconds", "columns.hold_seconds": "hold_seconds"}
"""Columns that hold lengths of time."""

SCALED = {"surveys.csat": "csat", "surveys.ces": "ces"}
"""Columns that hold answers on a scale."""

UNITS: dict[str, str] = {
    "": N_("found out by itself"),
    "seconds": N_("seconds"),
    "milliseconds": N_("milliseconds"),
    "minutes": N_("minutes"),
    "hours": N_("hours"),
}
"""In what a length of time may be counted."""

_YES_NO = {"true": N_("Yes"), "false": N_("No")}
_SETTLED = {"true": N_("Settled"), "false": N_("Not settled")}
_DIRECTION = {"inbound": N_("The customer got in touch"), "outbound": N_("The centre got in touch")}
_WORTH = {"0": "0 %", "0.25": "25 %", "0.5": "50 %", "0.75": "75 %", "1": "100 %"}

MEANINGS: dict[str, dict[str, str]] = {
    "channel": {name: called for name, called in CHANNELS.items() if not name.startswith("(")},
    "direction": _DIRECTION,
    "settled": _SETTLED,
    "agent_says_resolved": _YES_NO,
    "abandoned": _YES_NO,
    "resolved": _YES_NO,
    "csat": _WORTH,
    "ces": _WORTH,
}
"""By name: what a word may mean, and what that is called."""


@dataclass(frozen=True, slots=True)
class WordChoice:
    """A word of the file, and what it means.

    Attributes:
        name: Its field in the form.
        word: As the file has it.
        count: How often it occurs in the rows that were looked at.
        means: What it is taken to mean, in English; empty where nobody knows.
        as_it_is: Whether it is taken as it stands.
        value: What somebody said that it means; empty where it is left to the service.
    """

    name: str
    word: str
    count: int
    means: str
    as_it_is: bool
    value: str


@dataclass(frozen=True, slots=True)
class Meanings:
    """What may be said of a column beside where it is.

    Attributes:
        words: Its words, where they are few; commonest first.
        choices: What each may mean, and what that is called in English; empty where a mapping says so in its own words.
        unknown: How many of them nobody knows.
        unit: In what it counts; None where it holds no lengths of time.
        scale: The worst and the best answer, as typed; None where it holds none.
    """

    words: tuple[WordChoice, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    unknown: int = 0
    unit: str | None = None
    scale: tuple[str, str] | None = None


def meanings_of(
    place: str, preview: Mapping[str, Any], mapping: Mapping[str, Any], given: Mapping[str, str]
) -> Meanings:
    """What a form asks of a column of ours.

    Args:
        place: The column: `columns.channel`.
        preview: What was found out about the file.
        mapping: The mapping that the form changes.
        given: What somebody chose, where that could not be taken.
    """
    unit = scale = None
    if place in TIMED:
        unit = given.get(f"units.{TIMED[place]}", str((mapping.get("units") or {}).get(TIMED[place], "")))
    if place in SCALED:
        ends = (mapping.get("scales") or {}).get(SCALED[place]) or {}
        low, high = (_number(ends.get(end)) for end in ("low", "high"))
        scale = given.get(f"scales.{SCALED[place]}.low", low), given.get(f"scales.{SCALED[place]}.high", high)
    ours = _worded(place, mapping)
    if ours is None:
        return Meanings(unit=unit, scale=scale)
    own = (mapping.get("values") or {}).get(ours) or {}
    called = {**{_plain(one): "" for one in own.values()}, **MEANINGS[ours]}
    words = []
    for number, one in enumerate(_seen(preview, ours)):
        name, means = f"values.{ours}.{number}", one["means"]
        as_it_is = means == one["word"] and means not in called
        value = given.get(name, _plain(own.get(one["word"], "")))
        value = value if value in called else ""
        words.append(WordChoice(name, one["word"], one["count"], called.get(_plain(means), ""), as_it_is, value))
    unknown = sum(not one.means and not one.as_it_is and not one.value for one in words)
    return Meanings(tuple(words), tuple(called.items()) if words else (), unknown, unit, scale)


def take_meanings(
    made: dict[str, Any], base: Mapping[str, Any], preview: Mapping[str, Any], given: Mapping[str, str]
) -> None:
    """Put what a form says of words, units and scales into a mapping.

    Args:
        made: The mapping, with its columns as the form has them.
        base: The mapping that the form showed; of a column that is another one since, its words say nothing.
        preview: What was found out about the file: the form's words are known by their place in it.
        given: The form's fields.
    """
    for place, ours in PLACES.items():
        if _worded(place, made) != ours or _source(made, place) != _source(base, place):
            continue
        own = dict((made.get("values") or {}).get(ours) or {})
        for number, one in enumerate(_seen(preview, ours)):
            chosen = given.get(f"values.{ours}.{number}")
            if chosen is None or chosen == _plain(own.get(one["word"], "")):
                continue
            own.pop(one["word"], None)
            if chosen in MEANINGS[ours]:
                own[one["word"]] = chosen if ours not in SCALED.values() else float(chosen)
        _put(made, "values", ours, own)
    for place, ours in TIMED.items():
        if (unit := given.get(f"units.{ours}")) is not None and unit in UNITS and _source(made, place):
            _put(made, "units", ours, unit)
    for place, ours in SCALED.items():
        ends = {end: given.get(f"scales.{ours}.{end}", "").strip() for end in ("low", "high")}
        before = (base.get("scales") or {}).get(ours) or {}
        asked = f"scales.{ours}.low" in given and any(ends[end] != _number(before.get(end)) for end in ends)
        if asked and _source(made, place):
            _put(made, "scales", ours, {end: _read(text) for end, text in ends.items()} if any(ends.values()) else {})


def _put(made: dict[str, Any], section: str, ours: str, value: Any) -> None:
    table = dict(made.get(section) or {})
    table.pop(ours, None)
    if value:
        table[ours] = value
    made.pop(section, None)
    if table:
        made[section] = table


def _worded(place: str, mapping: Mapping[str, Any]) -> str | None:
    """Under which name the words of a column stand; None where they mean nothing, or stand at another column."""
    ours = PLACES.get(place)
    if place == "updates.state" and (mapping.get("columns") or {}).get("settled"):
        return None
    return ours


def _source(mapping: Mapping[str, Any], place: str) -> Any:
    section, _, ours = place.partition(".")
    return (mapping.get(section) or {}).get(ours)


def _seen(preview: Mapping[str, Any], ours: str) -> list[dict[str, Any]]:
    return next((list(one["words"]) for one in preview.get("words") or () if one["ours"] == ours), [])


def _plain(value: Any) -> str:
    """A meaning as a form has it: `1` and `1.0` are one.

    >>> _plain(0.5), _plain("1.0"), _plain("phone"), _plain(None)
    ('0.5', '1', 'phone', '')
    """
    if value is None:
        return ""
    with suppress(ValueError):
        return f"{float(value):g}"
    return str(value)


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else ""


def _read(text: str) -> float | str:
    """A number as people write it; as it was typed where it is none, so that what is wrong can be said."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text
