"""Worlds in words: TOML files and `knob=value` settings."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from firstcontact.kernel.errors import EXIT_INPUT, EXIT_USAGE, ErrorKind, Faults
from firstcontact.kernel.privacy import pattern
from firstcontact.measurement.simulator.knob import build
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
    EXIT_USAGE,
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
