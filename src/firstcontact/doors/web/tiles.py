"""Figures as tiles: one for each measure of a cell, with what it is, and those that these data cannot give."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from firstcontact.doors.report import words
from firstcontact.doors.report.figure import Figure, Refused
from firstcontact.doors.report.sections.companion import meaning
from firstcontact.doors.web.about import About, about
from firstcontact.doors.web.sections import links
from firstcontact.doors.web.snapshot import Snapshot
from firstcontact.kernel.result import Refusal
from firstcontact.measurement.measures.row import ResultRow


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure.

    Attributes:
        name: What it is called.
        figure: In words, with where its rows are.
        meaning: What it counts, in a line; empty where its name says it.
        about: What it is, what it rests on, and how it would mislead.
    """

    name: str
    figure: Figure
    meaning: str
    about: About


@dataclass(frozen=True, slots=True)
class Tiles:
    """The measures of one cell.

    Attributes:
        known: Those with a figure.
        refused: (names, why) of those without, those refused for one reason together.
    """

    known: tuple[Tile, ...]
    refused: tuple[tuple[str, Refused], ...]

    def __bool__(self) -> bool:
        return bool(self.known or self.refused)


def tiles(shown: Snapshot, rows: Iterable[ResultRow], *, linked: bool, leave: frozenset[str] = frozenset()) -> Tiles:
    """The measures of a cell as tiles.

    Args:
        shown: The run, for a visitor.
        rows: The rows of the cell; those of other figures than measures are passed over.
        linked: Whether the visitor may see contacts.
        leave: Measures that stand elsewhere on the page.
    """
    by_measure = {row.measure: row for row in rows if row.period_grain == "all"}
    writer = replace(shown.writer, links=links(shown, linked=linked))
    known: list[Tile] = []
    refused: dict[Refused, list[str]] = {}
    for measure in (*words.TRUTHS, *words.MEASURES):
        row = by_measure.get(measure)
        if row is None or measure in leave:
            continue
        plain = measure in words.MEASURES
        name = writer.say(words.MEASURES[measure][0]) if plain else writer.say(words.TRUTHS[measure][0])
        told = writer.shown(row)
        if isinstance(row.result, Refusal) and told.refused:
            refused.setdefault(told.refused, []).append(name)
        else:
            said = meaning(measure, shown.run, writer) if plain else writer.say(words.TRUTHS[measure][1])
            known.append(Tile(name, told, said, about(shown, measure)))
    together = tuple((writer.notation.listed(names, long=True), why) for why, names in refused.items())
    return Tiles(tuple(known), together)
