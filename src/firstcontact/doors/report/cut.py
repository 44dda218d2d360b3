"""Figures cut by something (reason, channel, team): which are shown, in what order, and the drawing beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from firstcontact.doors.report.charts.bars import Bar, bars
from firstcontact.doors.report.charts.dots import dots
from firstcontact.doors.report.charts.drawing import Drawing
from firstcontact.doors.report.figure import Figure, dot
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import SUPPRESSED, Estimate, Refusal
from firstcontact.measurement.measures.row import ResultRow

RANKED = 15
"""Reasons shown at once."""

LISTED = 40
"""Cells of any other cut that are shown; the rest is in results.csv."""


@dataclass(frozen=True, slots=True)
class Line:
    """One cell of a cut.

    Attributes:
        name: As it may stand on a page.
        figure: In words.
        returns: How many came back; empty where the cut is not ranked by it.
        returns_interval: The interval of that.
        share: Its part of all that came back.
    """

    name: str
    figure: Figure
    returns: str = ""
    returns_interval: str = ""
    share: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """A table of cells with its drawings.

    Attributes:
        id: Names it on the page.
        title: Its heading.
        column: Heading of its names.
        lines: The cells that are shown with a drawing each.
        dots: Shares and intervals; its first row is the scale.
        bars: How many came back, for a ranked cut.
        without: Cells that have no figure, listed apart.
        why: How many cells have no figure, by why.
        cells: How many cells were looked at.
        more: How many are not shown.
        more_without: How many without a figure are not shown.
        foremost: The few cells that matter most, in a sentence.
    """

    id: str
    title: str
    column: str
    lines: list[Line]
    dots: Drawing
    cells: int
    more: int
    bars: Drawing | None = None
    without: list[Line] = field(default_factory=list)
    why: list[tuple[str, str]] = field(default_factory=list)
    more_without: int = 0
    foremost: str = ""


def ranked(rows: Sequence[ResultRow], writer: Writer, whole: Estimate | Refusal) -> Cut:
    """Reasons by how many issues came back, the most first: where volume and failure meet."""
    known = [(row, row.result) for row in rows if isinstance(row.result, Estimate)]
    known.sort(key=lambda pair: (-_came_back(pair[1])[0], _name(pair[0])))
    unknown = sorted(_nameable(rows), key=lambda row: (-row.result.n, _name(row)))
    top = known[:RANKED]
    total = _came_back(whole)[0] if isinstance(whole, Estimate) else sum(_came_back(result)[0] for _, result in known)
    lines, boxes = [], []
    for row, result in top:
        middle, low, high = _came_back(result)
        lines.append(
            Line(
                writer.name(_name(row)),
                writer.figure(result),
                writer.notation.count(middle),
                writer.notation.span(writer.notation.count(low), writer.notation.count(high)),
                writer.notation.percent(middle / total) if total else "",
            )
        )
        boxes.append(Bar(0, middle, "returned-band", (low, high)))
    return Cut(
        "reasons",
        writer.say("Where returns come from"),
        writer.say("Reason"),
        lines,
        dots(
            [dot(result) for _, result in top], reference=_value(whole), label=writer.notation.percent, rtl=writer.rtl
        ),
        len(rows),
        len(known) - len(top),
        bars(boxes, width=190, rtl=writer.rtl),
        [Line(writer.name(_name(row)), writer.figure(row.result)) for row in unknown[:LISTED]],
        _why(rows, writer),
        max(0, len(unknown) - LISTED),
        _foremost(lines, [_came_back(result)[0] for _, result in top], total, writer),
    )


def _foremost(lines: list[Line], amounts: list[float], total: float, writer: Writer) -> str:
    """The first three reasons and what they hold together; nothing where that would be no news."""
    if len(lines) < 5 or not total:
        return ""
    first, second, third = (line.name for line in lines[:3])
    return writer.say(
        "%(first)s, %(second)s and %(third)s together make up %(share)s of all that was not settled.",
        first=first,
        second=second,
        third=third,
        share=writer.notation.percent(sum(amounts[:3]) / total),
    )


def listed(
    rows: Sequence[ResultRow], writer: Writer, whole: Estimate | Refusal, title: str, column: str, by: str
) -> Cut:
    """Cells in the order of their names: never a league table."""
    known = [(row, row.result) for row in _by_name(rows) if isinstance(row.result, Estimate)]
    top = known[:LISTED]
    translate = by == "channel"
    unknown = _nameable(_by_name(rows))
    return Cut(
        by,
        title,
        column,
        [Line(writer.name(_name(row), translate=translate), writer.figure(result)) for row, result in top],
        dots(
            [dot(result) for _, result in top], reference=_value(whole), label=writer.notation.percent, rtl=writer.rtl
        ),
        len(rows),
        len(known) - len(top),
        without=[
            Line(writer.name(_name(row), translate=translate), writer.figure(row.result)) for row in unknown[:LISTED]
        ],
        why=_why(rows, writer),
        more_without=max(0, len(unknown) - LISTED),
    )


def _by_name(rows: Sequence[ResultRow]) -> list[ResultRow]:
    return sorted(rows, key=lambda row: (_name(row).casefold(), _name(row)))


def _nameable(rows: Sequence[ResultRow]) -> list[ResultRow]:
    """The cells without a figure that may be named: those too small to show are only counted."""
    return [row for row in rows if isinstance(row.result, Refusal) and row.result.kind is not SUPPRESSED]


def _name(row: ResultRow) -> str:
    return row.cell.get(row.by) or next(iter(row.cell.values()), "")


def _value(result: Estimate | Refusal) -> float | None:
    return result.value if isinstance(result, Estimate) else None


def _came_back(result: Estimate) -> tuple[float, float, float]:
    """How many of the judged came back, with its interval: the figure read the other way round."""
    return result.n * (1 - result.value), result.n * (1 - result.high), result.n * (1 - result.low)


def _why(rows: Sequence[ResultRow], writer: Writer) -> list[tuple[str, str]]:
    titles = Counter(row.result.kind.title for row in rows if isinstance(row.result, Refusal))
    return [(writer.say(title), writer.notation.count(count)) for title, count in titles.most_common()]
