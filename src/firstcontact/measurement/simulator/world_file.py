"""Worlds in words: TOML files, `knob=value` settings, and the list of all knobs."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, Faults
from firstcontact.kernel.privacy import pattern
from firstcontact.measurement.simulator.knob import build, in_words, knobs
from firstcontact.measurement.simulator.world import World

UNREADABLE_WORLD = ErrorKind(
    "FC7007",
    "The world file cannot be read",
    EXIT_INPUT,
    "The file is missing, is not text, or is not TOML. `truth/world.toml` of any simulation is a complete example.",
)
BAD_SETTING = ErrorKind(
    "FC7008",
    "A setting is not of the form knob=value",
    EXIT_INPUT,
    "For example `--set agents.skill_sd=0` or `--set reasons.password.unresolved=0.2`.",
)


def read_world(file: Path | None, settings: Iterable[str], faults: Faults) -> World:
    """The default world, changed by a file and then by settings.

    Args:
        file: A TOML file. Tables (`[agents]`, `[reasons.password]`) adjust what is there; an array of tables
            (`[[reasons]]`) replaces the whole list.
        settings: Each `knob=value`, the value as in TOML, quotes optional.
        faults: Where everything wrong is noted; nothing is raised, so that more faults can be found.

    Returns:
        The world; knobs with a fault keep their default.
    """
    world = World()
    if file is not None:
        world = build(World, _parse(file, faults), world, "", faults)
    for setting in settings:
        path, equals, text = setting.partition("=")
        steps = path.strip().split(".")
        if not equals or not all(steps):
            faults.add(
                BAD_SETTING,
                where="--set",
                saw=pattern(setting),
                allowed="knob=value",
                cure="Write the knob's dotted path, an equals sign and the value, without spaces.",
            )
            continue
        data: Any = _literal(text.strip())
        for step in reversed(steps):
            data = {step: data}
        world = build(World, data, world, "", faults)
    return world


def _parse(file: Path, faults: Faults) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        saw, cure = str(error), "Correct the file at that place."
    except UnicodeDecodeError:
        saw, cure = "bytes that are not UTF-8 text", "Save the file as UTF-8."
    except OSError as error:
        saw, cure = error.strerror or type(error).__name__, "Check the path and that you may read it."
    faults.add(UNREADABLE_WORLD, where=f"file {file}", saw=saw, allowed="a TOML file", cure=cure)
    return {}


def _literal(text: str) -> Any:
    """A value as TOML has it; what TOML does not know is a number such as `.5`, or a word."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        try:
            return float(text)
        except ValueError:
            return text


def world_toml(world: World) -> str:
    """The world as a file that `read_world` reads back unchanged."""
    import tomli_w

    return tomli_w.dumps(_plain(world))


def _plain(part: Any) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        if dataclasses.is_dataclass(value):
            data[field.name] = _plain(value)
        elif isinstance(value, tuple):
            data[field.name] = [_plain(item) if dataclasses.is_dataclass(item) else item for item in value]
        elif value is not None:
            data[field.name] = value
    return data


def knob_list() -> str:
    """All knobs with default, range and meaning, as Markdown: one table a group.

    The members of a family (reasons, edges, channels) share their meanings, so these stand once, with `NAME` for the
    member's name, and the members' values follow in a table.
    """
    world = World()
    parts: list[str] = []
    top: list[tuple[str, str, str, str]] = []
    for field in dataclasses.fields(world):
        value = getattr(world, field.name)
        if dataclasses.is_dataclass(value):
            rows = [(each.path, _shown(each.default), _allowed(each), each.about) for each in knobs(value, field.name)]
            parts.append(f"### `{field.name}`\n\n{_paragraph(value)}\n\n{_table(rows)}")
        elif isinstance(value, tuple):
            parts.append(_family(field.name, value))
        else:
            meta = field.metadata
            allowed = in_words(meta["low"], meta["high"]) if isinstance(value, int) else "a date"
            top.append((field.name, _shown(value), allowed, meta["about"]))
    return "\n\n".join([f"### The period\n\n{_table(top)}", *parts]) + "\n"


def _family(name: str, members: tuple[Any, ...]) -> str:
    fields = [field for field in dataclasses.fields(members[0]) if field.name != "name"]
    meanings = [
        (f"{name}.NAME.{field.name}", "see below", _allowed_field(field, members[0]), field.metadata["about"])
        for field in fields
    ]
    header = "| name | " + " | ".join(field.name for field in fields) + " |"
    rule = "|---" * (len(fields) + 1) + "|"
    lines = [
        f"| {member.name} | " + " | ".join(_shown(getattr(member, field.name)) for field in fields) + " |"
        for member in members
    ]
    return "\n".join([f"### `{name}`", "", _paragraph(members[0]), "", _table(meanings), "", header, rule, *lines])


def _paragraph(part: Any) -> str:
    return (type(part).__doc__ or "").split("\n\n")[0].strip()


def _table(rows: list[tuple[str, str, str, str]]) -> str:
    head = ["| knob | default | allowed | meaning |", "|---|---|---|---|"]
    return "\n".join(
        head + [f"| `{path}` | {default} | {allowed} | {about} |" for path, default, allowed, about in rows]
    )


def _allowed(each: Any) -> str:
    return _words(each.default, each.low, each.high)


def _allowed_field(field: dataclasses.Field[Any], member: Any) -> str:
    return _words(getattr(member, field.name), field.metadata["low"], field.metadata["high"])


def _words(value: Any, low: float | None, high: float | None) -> str:
    if value is None or isinstance(value, date):
        return "a date"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, tuple):
        return "a list" if isinstance(value[0], str) else f"a list, each {in_words(low, high)}"
    return in_words(low, high)


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(_shown(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
