"""One section of a file against its settings: unknown keys, wrong types, values outside limits, missing ones."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from datetime import date
from typing import Any

from firstcontact.kernel.errors import EXIT_POLICY, ErrorKind, Faults
from firstcontact.kernel.sentence import Sentence, clause
from firstcontact.measurement.policy.setting import KIND_WORDS, Setting
from firstcontact.measurement.policy.toml_text import TomlText

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
REQUIRED = ErrorKind(
    "FC3006",
    "A setting is missing",
    EXIT_POLICY,
    "A section needs a key that was not given.",
)


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
                cure=clause("type `{name}`", name=near[0]) if near else "remove it",
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
            cure=clause("type `[[{section}]]` above each", section=place[-1]),
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
            cure=clause("type `[{section}]` and its settings below it", section=place[-1]),
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
                saw=clause("no `{key}`", key=setting.key),
                allowed=KIND_WORDS[setting.kind],
                cure=clause("add `{key} = ...` ({words})", key=setting.key, words=clause(setting.words)),
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
            cure=clause("type `{key} = ...` with {kind}", key=setting.key, kind=KIND_WORDS[setting.kind]),
        )
        return None
    if setting.choices and value not in setting.choices:
        near = difflib.get_close_matches(str(value), setting.choices, n=1, cutoff=0.4)
        faults.add(
            OUT_OF_LIMITS,
            where=text.where(*place),
            saw=f'"{value}"',
            allowed=", ".join(f'"{choice}"' for choice in setting.choices),
            cure=clause('type `{key} = "{value}"`', key=setting.key, value=near[0] if near else setting.choices[0]),
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
            cure=clause("give `{key}` a value {limits}", key=setting.key, limits=limits(setting)),
        )
        return None
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):
        return {key: float(days) for key, days in value.items()}
    return float(value) if setting.kind == "number" else value


def limits(setting: Setting) -> Sentence:
    """The limits of a number, in words."""
    if setting.low is None or setting.high is None:
        return clause("that is finite")
    if setting.above:
        return clause("more than {low:g} and at most {high:g}", low=setting.low, high=setting.high)
    return clause("at least {low:g} and at most {high:g}", low=setting.low, high=setting.high)


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
        case "day":
            return type(value) is date
        case "texts":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case "wholes":
            return isinstance(value, list) and all(type(item) is int for item in value)
        case "days_by_reason":
            return isinstance(value, dict) and all(type(days) in (int, float) for days in value.values())


def _kind_of(value: Any) -> Sentence:
    """What a TOML value is, without the value."""
    if isinstance(value, dict):
        return clause("a section")
    return _KINDS.get(type(value), clause("a date or time"))


_KINDS: dict[type, Sentence] = {
    bool: clause("true or false"),
    int: clause("a whole number"),
    float: clause("a number"),
    str: clause("text"),
    list: clause("a list"),
}
