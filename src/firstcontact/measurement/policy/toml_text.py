"""TOML with places: the parsed document, and on which line each key stands."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import Any

from firstcontact.kernel.errors import EXIT_POLICY, ErrorKind, FirstcontactError
from firstcontact.kernel.sentence import clause

NOT_TOML = ErrorKind(
    "FC3001",
    "The file is not TOML",
    EXIT_POLICY,
    "A policy or stories file could not be parsed. The message names the line and column at which the TOML parser "
    "stopped; a missing quote or bracket is usually on that line or the one before.",
)

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|[A-Za-z0-9_-]+))*)\s*=""")
_PLACE = re.compile(r"line (\d+)(?:, column (\d+))?")


@dataclass(frozen=True, slots=True)
class TomlText:
    """A parsed document.

    Attributes:
        file: How to name the file in messages.
        data: What it holds.
        lines: Line numbers by place: `("link", "index")`, `("counts_when", 0, "signal")`, `("counts_when", 0)`.
    """

    file: str
    data: dict[str, Any]
    lines: dict[tuple[str | int, ...], int] = field(default_factory=dict)

    def where(self, *place: str | int) -> str:
        """The file and the line of a place, or of the nearest place around it that has one."""
        for length in range(len(place), 0, -1):
            if place[:length] in self.lines:
                return clause("{file}, line {line}", file=self.file, line=self.lines[place[:length]])
        return self.file


def parse(text: str, file: str) -> TomlText:
    """Parse TOML text.

    Raises:
        FirstcontactError: FC3001 when it is not TOML.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _PLACE.search(str(error))
        at = clause("{file}, last line", file=file)
        if found:
            at = clause("{file}, line {line}", file=file, line=int(found[1]))
        what = str(error).partition(" (at")[0]
        raise FirstcontactError(
            [
                NOT_TOML.fault(
                    where=at,
                    saw=clause(what[:1].lower() + what[1:]),
                    allowed="TOML, for example: default_days = 30",
                    cure="mend this line; quotes and brackets must be closed",
                )
            ]
        ) from None
    return TomlText(file, data, _places(text))


def _places(text: str) -> dict[tuple[str | int, ...], int]:
    """Where keys and sections stand. Inside multi-line strings nothing is looked for."""
    found: dict[tuple[str | int, ...], int] = {}
    counts: dict[tuple[str | int, ...], int] = {}
    section: tuple[str | int, ...] = ()
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        if not inside:
            if header := _HEADER.match(line):
                section = _section(header, counts)
                found.setdefault(section, number)
                if isinstance(section[-1], int):
                    found.setdefault(section[:-1], number)
            elif key := _KEY.match(line):
                found.setdefault((*section, *_names(key[1])), number)
        if (line.count('"""') + line.count("'''")) % 2:
            inside = not inside
    return found


def _section(header: re.Match[str], counts: dict[tuple[str | int, ...], int]) -> tuple[str | int, ...]:
    """The place of a section; of a repeated one with its number, under the last of the one it belongs to."""
    path: tuple[str | int, ...] = ()
    names = _names(header[2])
    for depth, name in enumerate(names):
        path = (*path, name)
        last = depth == len(names) - 1
        if last and header[1] == "[[":
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _names(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in re.findall(r'"[^"]*"|\'[^\']*\'|[^.\s]+', dotted)]
