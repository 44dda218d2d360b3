"""A knob: one public number of the simulated world, with its meaning and its allowed range."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, Faults

UNKNOWN_KNOB = ErrorKind(
    "FC7001",
    "There is no such knob",
    EXIT_USAGE,
    "A world file or `--set` names a knob that the simulator does not have. `firstcontact simulate --knobs` lists all.",
)
WRONG_TYPE = ErrorKind(
    "FC7002",
    "A knob has a value of the wrong type",
    EXIT_USAGE,
    "For example a word where a number belongs. Dates are written 2024-08-01, lists in square brackets.",
)
OUT_OF_RANGE = ErrorKind(
    "FC7003",
    "A knob is outside its allowed range",
    EXIT_USAGE,
    "Probabilities and shares lie between 0 and 1; durations, rates and counts are not negative.",
)


@dataclass(frozen=True, slots=True)
class Knob:
    """One public number of the world.

    Attributes:
        path: Dotted, as `--set` takes it: `agents.skill_sd`, `reasons.password.rate`.
        default: Its value in the world at hand.
        about: What it decides, with its unit.
        low: Smallest allowed value, or None.
        high: Largest allowed value, or None.
    """

    path: str
    default: Any
    about: str
    low: float | None
    high: float | None


def knob(default: Any, about: str, *, low: float | None = None, high: float | None = None) -> Any:
    """Declare a knob as a dataclass field."""
    return dataclasses.field(default=default, metadata=meaning(about, low=low, high=high))


def meaning(about: str, *, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    """What a field's metadata holds when it is a knob."""
    return {"about": about, "low": low, "high": high}


def share(default: float, about: str) -> Any:
    """Declare a knob that lies between 0 and 1."""
    return knob(default, about, low=0.0, high=1.0)


def amount(default: float, about: str, high: float | None = None) -> Any:
    """Declare a knob that is not negative."""
    return knob(default, about, low=0.0, high=high)


def knobs(part: Any, path: str = "") -> Iterator[Knob]:
    """Every knob of a world, or of a part of it, in the order of declaration."""
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        here = f"{path}.{field.name}" if path else field.name
        if dataclasses.is_dataclass(value):
            yield from knobs(value, here)
        elif _is_family(value):
            for member in value:
                yield from knobs(member, f"{here}.{member.name}")
        else:
            about = field.metadata
            yield Knob(here, value, about.get("about", ""), about.get("low"), about.get("high"))


def _is_family(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and dataclasses.is_dataclass(value[0])


def check_ranges(part: Any, faults: Faults) -> None:
    """Note every knob that is not a finite number or lies outside its range."""
    for each in knobs(part):
        values = each.default if isinstance(each.default, tuple) else (each.default,)
        for value in values:
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                continue
            if not _within(value, each.low, each.high):
                faults.add(
                    OUT_OF_RANGE,
                    where=f"knob {each.path}",
                    saw=f"{value:g}",
                    allowed=in_words(each.low, each.high),
                    cure=f"Set {each.path} to a value in that range.",
                )
                break


def _within(value: float, low: float | None, high: float | None) -> bool:
    finite = abs(value) < float("inf")
    return finite and (low is None or value >= low) and (high is None or value <= high)


def in_words(low: float | None, high: float | None) -> str:
    """A range in words.

    >>> in_words(0, 1), in_words(0, None), in_words(None, None)
    ('0 to 1', '0 or more', 'any finite number')
    """
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None:
        return f"{low:g} or more"
    return "any finite number" if high is None else f"at most {high:g}"


def build(cls: type[Any], data: dict[str, Any], base: Any, path: str, faults: Faults) -> Any:
    """Make a part of a world from plain data, noting every unknown knob and every wrong type.

    Args:
        cls: The dataclass of the part.
        data: What a world file or the command line says about it.
        base: The part as it is where nothing is said; None where it is new.
        path: Dotted path of the part, for the faults.
        faults: Where faults are noted.

    Returns:
        The part; knobs with a fault keep their earlier value.
    """
    hints = typing.get_type_hints(cls)
    said: dict[str, Any] = {}
    for name, value in data.items():
        here = f"{path}.{name}" if path else name
        if name not in hints:
            faults.add(
                UNKNOWN_KNOB,
                where=f"knob {here}",
                saw="an unknown name",
                allowed=", ".join(sorted(hints)),
                cure="Correct the name; `firstcontact simulate --knobs` lists all knobs.",
            )
            continue
        before = getattr(base, name) if base is not None else None
        made = _value(hints[name], value, before, here, faults)
        if made is not _FAULTY:
            said[name] = made
    if base is not None:
        return dataclasses.replace(base, **said)
    for field in dataclasses.fields(cls):
        nothing = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if nothing and field.name not in data:
            faults.add(
                WRONG_TYPE,
                where=f"knob {path}.{field.name}",
                saw="nothing",
                allowed=_type_words(hints[field.name]),
                cure="A new entry needs this knob; add it.",
            )
            return None
    return cls(**said) if len(said) == len(data) else None


_FAULTY = object()


def _value(hint: Any, value: Any, before: Any, path: str, faults: Faults) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return build(typing.cast(type[Any], hint), value, before, path, faults)
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        if dataclasses.is_dataclass(arguments[0]):
            return _family(typing.cast(type[Any], arguments[0]), value, before, path, faults)
        if isinstance(value, (list, tuple)):
            made = [_scalar(arguments[0], item) for item in value]
            if not any(item is _FAULTY for item in made):
                return tuple(made)
    else:
        kinds = arguments if typing.get_origin(hint) in (types.UnionType, typing.Union) else (hint,)
        for kind in kinds:
            made_one = _scalar(kind, value)
            if made_one is not _FAULTY:
                return made_one
    faults.add(
        WRONG_TYPE,
        where=f"knob {path}",
        saw=type(value).__name__,
        allowed=_type_words(hint),
        cure=f"Give {path} a value of that type.",
    )
    return _FAULTY


def _family(cls: type[Any], value: Any, before: Any, path: str, faults: Faults) -> Any:
    """An array of tables replaces the family; a table of tables adjusts its members by name."""
    if isinstance(value, (list, tuple)) and all(isinstance(item, dict) for item in value):
        made = [build(cls, item, None, f"{path}[{place}]", faults) for place, item in enumerate(value)]
        return _FAULTY if any(item is None for item in made) else tuple(made)
    if not isinstance(value, dict):
        faults.add(
            WRONG_TYPE,
            where=f"knob {path}",
            saw=type(value).__name__,
            allowed=f"tables: [[{path}]] to replace all, [{path}.name] to adjust one",
            cure="Write it as tables.",
        )
        return _FAULTY
    members = {member.name: member for member in before or ()}
    for name, said in value.items():
        here = f"{path}.{name}"
        if name not in members or not isinstance(said, dict):
            faults.add(
                UNKNOWN_KNOB,
                where=f"knob {here}",
                saw="an unknown name" if name not in members else "no knob below it",
                allowed=", ".join(members),
                cure=f"Correct the name, or give the whole list as [[{path}]].",
            )
            continue
        members[name] = build(cls, said, members[name], here, faults)
    return tuple(members.values())


def _scalar(kind: Any, value: Any) -> Any:
    if kind is float:
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else _FAULTY
    if kind is int:
        return value if isinstance(value, int) and not isinstance(value, bool) else _FAULTY
    if kind is type(None):
        return None if value is None else _FAULTY
    return value if type(value) is kind else _FAULTY


_WORDS = {float: "a number", int: "a whole number", bool: "true or false", str: "a text", date: "a date"}


def _type_words(hint: Any) -> str:
    arguments = [each for each in typing.get_args(hint) if each not in (type(None), Ellipsis)]
    if typing.get_origin(hint) is tuple:
        return f"a list, each {_WORDS.get(arguments[0], 'a table')}"
    if arguments:
        return " or ".join(_WORDS.get(each, "a table") for each in arguments)
    return _WORDS.get(hint, "a table of knobs")
