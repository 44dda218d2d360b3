"""From a TOML file to a policy, or to everything that is wrong with it, each with its line and what to type."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from firstcontact.contacts.table import EXTRA_PREFIX, REASON_SEPARATOR
from firstcontact.kernel.clock import zone_exists
from firstcontact.kernel.errors import EXIT_POLICY, ErrorKind, Faults, FirstcontactError
from firstcontact.measurement.policy.model import (
    Calendar,
    Condition,
    Exclusion,
    Link,
    Policy,
    Publish,
    Related,
    ServiceLevel,
    Window,
)
from firstcontact.measurement.policy.setting import (
    COLUMNS,
    KIND_WORDS,
    LISTS,
    RESERVED_CODES,
    SECTIONS,
    TOP,
    Setting,
)
from firstcontact.measurement.policy.signal import SIGNALS
from firstcontact.measurement.policy.toml_text import TomlText, parse

UNKNOWN_KEY = ErrorKind(
    "FC3002",
    "There is no such setting",
    EXIT_POLICY,
    "A key or section of a policy or stories file is not known. The message names the nearest one that is. Nothing is "
    "ever ignored: a misspelt setting would silently change the meaning of every figure.",
)
WRONG_TYPE = ErrorKind(
    "FC3003",
    "The setting has the wrong type",
    EXIT_POLICY,
    "A value is text where a number belongs, a single value where a list belongs, and so on.",
)
OUT_OF_LIMITS = ErrorKind(
    "FC3004",
    "The value is not allowed",
    EXIT_POLICY,
    "A number lies outside its limits, or a word is none of those allowed. The message lists what is.",
)
CONFLICT = ErrorKind(
    "FC3005",
    "Settings contradict each other",
    EXIT_POLICY,
    "Two settings cannot both have an effect, or a condition compares a signal with something that it never is.",
)
REQUIRED = ErrorKind(
    "FC3006",
    "A setting is missing",
    EXIT_POLICY,
    "A section needs a key that was not given.",
)
UNREADABLE = ErrorKind(
    "FC3008",
    "The policy or stories file cannot be read",
    EXIT_POLICY,
    "The file does not exist, is a directory, may not be read, or is not UTF-8 text.",
)

CONDITIONS = ("counts_when", "left_out_when", "unsettled_when")

_CLOCK = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")


def read_text(path: Path) -> str:
    """The text of a policy or stories file.

    Raises:
        FirstcontactError: FC3008 when it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "bytes that are not UTF-8"
        raise FirstcontactError(
            [
                UNREADABLE.fault(
                    where=str(path),
                    saw=reason[:1].lower() + reason[1:],
                    allowed="a readable UTF-8 text file",
                    cure="check the name; `firstcontact policy list` shows the presets that need no file",
                )
            ]
        ) from None


def read_policy(path: Path) -> Policy:
    """The policy that a file holds.

    Raises:
        FirstcontactError: With every fault found: FC3001 to FC3006, FC3008.
    """
    return policy_from(parse(read_text(path), path.name))


def policy_from(text: TomlText) -> Policy:
    """The policy that a parsed document holds; settings left out have their defaults.

    Raises:
        FirstcontactError: With every fault found: FC3002 to FC3006.
    """
    faults = Faults()
    policy = build(text, text.data, (), faults)
    faults.raise_if_any()
    return policy


def build(text: TomlText, data: dict[str, Any], place: tuple[str | int, ...], faults: Faults) -> Policy:
    """The policy in a table of a document, noting what is wrong with it."""
    known = [setting.key for setting in TOP] + list(SECTIONS) + list(LISTS)
    refuse_unknown(text, data, place, known, faults)
    values = read_table(text, {k: v for k, v in data.items() if k in {s.key for s in TOP}}, place, TOP, faults)
    once = {
        name: read_table(text, data[name], (*place, name), settings, faults)
        for name, settings in SECTIONS.items()
        if name in data
    }
    many = {
        name: read_list(text, data[name], (*place, name), settings, faults)
        for name, settings in LISTS.items()
        if name in data
    }
    for name in CONDITIONS:
        for number, row in many.get(name, {}).items():
            _check_condition(text, name, row, (*place, name, number), faults)
    if faults:
        return Policy()
    if "by_reason" in once.get("window", {}):
        once["window"]["by_reason"] = tuple(sorted(once["window"]["by_reason"].items()))
    policy = Policy(
        window=Window(**once.get("window", {})),
        link=Link(**once.get("link", {})),
        calendar=Calendar(**once.get("calendar", {})),
        service_level=ServiceLevel(**once.get("service_level", {})),
        publish=Publish(**once.get("publish", {})),
        related=tuple(Related(**row) for row in many.get("related", {}).values()),
        exclude=tuple(Exclusion(**row) for row in many.get("exclude", {}).values()),
        **values,
    )
    conditions: dict[str, Any] = {
        name: tuple(Condition(**row) for row in many[name].values()) for name in CONDITIONS if name in many
    }
    policy = replace(policy, **conditions)
    _check_together(text, policy, place, faults)
    return policy


def refuse_unknown(
    text: TomlText, data: dict[str, Any], place: tuple[str | int, ...], known: Sequence[str], faults: Faults
) -> None:
    """Note every key that is not known, with the nearest one that is."""
    for key in data:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            faults.add(
                UNKNOWN_KEY,
                where=text.where(*place, key),
                saw=f"`{key}`",
                allowed=", ".join(known),
                cure=f"type `{near[0]}`" if near else "remove it",
            )


def read_list(
    text: TomlText, data: Any, place: tuple[str | int, ...], settings: tuple[Setting, ...], faults: Faults
) -> dict[int, dict[str, Any]]:
    """The rows of a section that may stand several times, by number; rows with a fault are left out."""
    if not isinstance(data, list):
        faults.add(
            WRONG_TYPE,
            where=text.where(*place),
            saw=_kind_of(data),
            allowed="sections in double brackets",
            cure=f"type `[[{place[-1]}]]` above each",
        )
        return {}
    rows = {}
    for number, row in enumerate(data):
        before = len(faults)
        values = read_table(text, row, (*place, number), settings, faults)
        if len(faults) == before:
            rows[number] = values
    return rows


def read_table(
    text: TomlText, data: Any, place: tuple[str | int, ...], settings: tuple[Setting, ...], faults: Faults
) -> dict[str, Any]:
    """The values of one section, in the shape that the dataclasses have."""
    if not isinstance(data, dict):
        faults.add(
            WRONG_TYPE,
            where=text.where(*place),
            saw=_kind_of(data),
            allowed="a section",
            cure=f"type `[{place[-1]}]` and its settings below it",
        )
        return {}
    refuse_unknown(text, data, place, [setting.key for setting in settings], faults)
    values = {}
    for setting in settings:
        if setting.key in data:
            value = _value(text, data[setting.key], (*place, setting.key), setting, faults)
            if value is not None:
                values[setting.key] = value
        elif setting.required:
            faults.add(
                REQUIRED,
                where=text.where(*place),
                saw=f"no `{setting.key}`",
                allowed=KIND_WORDS[setting.kind],
                cure=f"add `{setting.key} = ...` ({setting.words})",
            )
    return values


def _value(text: TomlText, value: Any, place: tuple[str | int, ...], setting: Setting, faults: Faults) -> Any:
    """A checked value, lists as tuples; None when it is wrong."""
    if not _fits(value, setting):
        faults.add(
            WRONG_TYPE,
            where=text.where(*place),
            saw=_kind_of(value),
            allowed=KIND_WORDS[setting.kind],
            cure=f"type `{setting.key} = ...` with {KIND_WORDS[setting.kind]}",
        )
        return None
    if setting.choices and value not in setting.choices:
        near = difflib.get_close_matches(str(value), setting.choices, n=1, cutoff=0.4)
        faults.add(
            OUT_OF_LIMITS,
            where=text.where(*place),
            saw=f'"{value}"',
            allowed=", ".join(f'"{choice}"' for choice in setting.choices),
            cure=f'type `{setting.key} = "{near[0] if near else setting.choices[0]}"`',
        )
        return None
    numbers = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    outside = [n for n in numbers if isinstance(n, int | float) and not _inside(n, setting)]
    if outside:
        faults.add(
            OUT_OF_LIMITS,
            where=text.where(*place),
            saw=", ".join(str(n) for n in outside),
            allowed=limits(setting),
            cure=f"give `{setting.key}` a value {limits(setting)}",
        )
        return None
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):
        return {key: float(days) for key, days in value.items()}
    return float(value) if setting.kind == "number" else value


def limits(setting: Setting) -> str:
    """The limits of a number, in words."""
    low = f"more than {setting.low:g}" if setting.above else f"at least {setting.low:g}"
    return f"{low} and at most {setting.high:g}"


def _inside(number: float, setting: Setting) -> bool:
    if setting.low is None or setting.high is None:
        return math.isfinite(number)
    above = number > setting.low if setting.above else number >= setting.low
    return above and number <= setting.high


def _fits(value: Any, setting: Setting) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    whole = isinstance(value, int) and not isinstance(value, bool)
    match setting.kind:
        case "text":
            return isinstance(value, str)
        case "flag":
            return isinstance(value, bool)
        case "number":
            return number
        case "whole":
            return whole
        case "value":
            return isinstance(value, bool | int | float | str)
        case "texts":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case "wholes":
            return isinstance(value, list) and all(type(item) is int for item in value)
        case "days_by_reason":
            return isinstance(value, dict) and all(type(days) in (int, float) for days in value.values())


def _kind_of(value: Any) -> str:
    """What a TOML value is, without the value."""
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "text", list: "a list"}
    return names.get(type(value), "a section" if isinstance(value, dict) else "a date or time")


def _check_condition(text: TomlText, name: str, row: dict[str, Any], at: tuple[str | int, ...], faults: Faults) -> None:
    condition = Condition(**row)
    if name != "counts_when" and "missing" in row:
        _conflict(
            text,
            (*at, "missing"),
            f"`missing` in [[{name}]]",
            "`missing` in [[counts_when]] only",
            "remove `missing`: a signal that was not recorded never meets this condition",
            faults,
        )
    if name == "left_out_when" and condition.code in RESERVED_CODES:
        _reserved(text, (*at, "code"), condition.code, faults)
    _check_comparison(text, condition, at, faults)


def _check_comparison(text: TomlText, condition: Condition, at: tuple[str | int, ...], faults: Faults) -> None:
    spec = SIGNALS.get(condition.signal)
    if spec is None:
        near = difflib.get_close_matches(condition.signal, list(SIGNALS), n=1, cutoff=0.4)
        faults.add(
            OUT_OF_LIMITS,
            where=text.where(*at, "signal"),
            saw=f'"{condition.signal}"',
            allowed=", ".join(SIGNALS),
            cure=f'type `signal = "{near[0]}"`' if near else "name one of these signals",
        )
        return
    limits_given = [key for key in ("at_most", "below", "at_least") if getattr(condition, key) is not None]
    compared = limits_given + (["equals"] if condition.equals is not None else [])
    compared += ["any_of"] if condition.any_of else []
    if len(compared) != 1:
        _conflict(
            text,
            at,
            "no comparison" if not compared else " and ".join(f"`{key}`" for key in compared),
            "exactly one of equals, at_most, below, at_least, any_of",
            "keep one comparison in each section; two limits are two sections",
            faults,
        )
        return
    value = condition.equals
    right = {
        "flag": isinstance(value, bool),
        "number": bool(limits_given) or (isinstance(value, int | float) and not isinstance(value, bool)),
        "text": isinstance(value, str) or bool(condition.any_of),
    }[spec.type]
    if not right:
        allowed = {
            "flag": "equals = true or equals = false",
            "number": "equals, at_most, below or at_least with a number",
            "text": "equals or any_of with texts",
        }[spec.type]
        _conflict(
            text, at, f"`{compared[0]}` for `{spec.name}`, which is a {spec.type}", allowed, f"type {allowed}", faults
        )


def _check_together(text: TomlText, policy: Policy, place: tuple[str | int, ...], faults: Faults) -> None:
    link, level = policy.link, policy.link.reason_level

    def conflict(where: tuple[str | int, ...], saw: str, allowed: str, cure: str) -> None:
        _conflict(text, (*place, *where), saw, allowed, cure, faults)

    if not policy.counts_when:
        conflict(
            ("counts_when",), "no condition", "at least one [[counts_when]]", "say when a contact counts as resolved"
        )
    if level == 0 and (policy.related or policy.window.by_reason):
        conflict(
            ("link", "reason_level"),
            "reasons that do not matter beside rules about reasons",
            "reason_level above 0, or neither [[related]] nor window.by_reason",
            "remove the rules, or raise reason_level",
        )
    for path, _ in policy.window.by_reason if level else ():
        if level is not None and len(path.split(REASON_SEPARATOR)) > level:
            conflict(
                ("window", "by_reason", path),
                "a path that is longer than reason_level",
                f"paths of at most {level} levels",
                "shorten the path, or raise reason_level",
            )
    if level == 0 and link.missing_reason == "exclude":
        conflict(
            ("link", "missing_reason"),
            "missing reasons excluded although reasons do not matter",
            'missing_reason = "own_reason" with reason_level = 0',
            "remove missing_reason, or raise reason_level",
        )
    if link.same_contact_any_channel and not link.same_contact_seconds:
        conflict(
            ("link", "same_contact_any_channel"),
            "legs on any channel, and no legs",
            "same_contact_seconds above 0",
            "give same_contact_seconds a value, or remove same_contact_any_channel",
        )
    for number, rule in enumerate(policy.related):
        if rule.earlier == rule.later:
            conflict(
                ("related", number),
                "a reason related to itself",
                "two different reasons",
                "use window.by_reason for returns with the same reason",
            )
    _check_exclusions(text, policy, place, faults)
    _check_calendar(text, policy, place, faults)
    if policy.publish.suppress_below > policy.publish.minimum_sample:
        conflict(
            ("publish", "suppress_below"),
            "more than minimum_sample",
            "suppress_below at most minimum_sample",
            "lower suppress_below, or raise minimum_sample",
        )


def _check_exclusions(text: TomlText, policy: Policy, place: tuple[str | int, ...], faults: Faults) -> None:
    seen: set[str] = set()
    for number, exclusion in enumerate(policy.exclude):
        at = (*place, "exclude", number)
        if exclusion.code in RESERVED_CODES:
            _reserved(text, (*at, "code"), exclusion.code, faults)
        if exclusion.code in seen:
            _conflict(
                text, (*at, "code"), "the same code twice", "a code of its own for each", "rename one of them", faults
            )
        seen.add(exclusion.code)
        if exclusion.column not in COLUMNS and not exclusion.column.startswith(EXTRA_PREFIX):
            near = difflib.get_close_matches(exclusion.column, COLUMNS, n=1, cutoff=0.4)
            faults.add(
                OUT_OF_LIMITS,
                where=text.where(*at, "column"),
                saw=f'"{exclusion.column}"',
                allowed=f"{', '.join(COLUMNS)}, or {EXTRA_PREFIX}<name of a further column>",
                cure=f'type `column = "{near[0] if near else EXTRA_PREFIX + exclusion.column}"`',
            )


def _check_calendar(text: TomlText, policy: Policy, place: tuple[str | int, ...], faults: Faults) -> None:
    calendar = policy.calendar
    wrong = [key for key in ("opens", "closes") if not _CLOCK.match(getattr(calendar, key))]
    for key in wrong:
        faults.add(
            OUT_OF_LIMITS,
            where=text.where(*place, "calendar", key),
            saw="text that is no time of day",
            allowed="HH:MM from 00:00 to 24:00",
            cure=f'type `{key} = "08:30"`',
        )
    if not wrong and calendar.opens >= calendar.closes:
        _conflict(
            text,
            (*place, "calendar", "closes"),
            "a closing time that is not after the opening time",
            "opens before closes",
            "swap them; hours over midnight are not supported",
            faults,
        )
    if calendar.zone != "auto" and not zone_exists(calendar.zone):
        faults.add(
            OUT_OF_LIMITS,
            where=text.where(*place, "calendar", "zone"),
            saw=f'"{calendar.zone}"',
            allowed='"auto" or a zone of the time zone database',
            cure='type a name like `zone = "Europe/Sofia"`',
        )


def _conflict(text: TomlText, place: tuple[str | int, ...], saw: str, allowed: str, cure: str, faults: Faults) -> None:
    faults.add(CONFLICT, where=text.where(*place), saw=saw, allowed=allowed, cure=cure)


def _reserved(text: TomlText, place: tuple[str | int, ...], code: str, faults: Faults) -> None:
    _conflict(
        text,
        place,
        f'"{code}", which the ledger uses itself',
        f"a code other than {', '.join(RESERVED_CODES)}",
        "rename it",
        faults,
    )
