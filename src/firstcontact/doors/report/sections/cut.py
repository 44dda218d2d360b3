"""Figures cut by something (reason, channel, team): which are shown, in what order, and the drawing beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from firstcontact.contacts.table import EXTRA_PREFIX
from firstcontact.doors.report import words
from firstcontact.doors.report.alphabet import in_order, shown_of
from firstcontact.doors.report.answer import asks_return
from firstcontact.doors.report.charts.bars import Bar, bars
from firstcontact.doors.report.charts.dots import dots
from firstcontact.doors.report.charts.drawing import Drawing
from firstcontact.doors.report.figure import PROVISIONAL_BELOW, Figure, dot
from firstcontact.doors.report.notation import shown
from firstcontact.doors.report.section import Section
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import SUPPRESSED, Estimate, Refusal
from firstcontact.measurement.measures.flag import FALSE_FLAGS, flagged
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.run import Run

RANKED = 15
"""Reasons shown at once."""

LISTED = 40
"""Cells of any other cut that are shown; of teams those that are flagged, too."""


@dataclass(frozen=True, slots=True)
class Line:
    """One cell of a cut.

    Attributes:
        name: As it may stand on a page.
        apart: The same, as it may stand in a sentence of another direction.
        figure: In words.
        returns: How many came back; empty where the cut is not ranked by it.
        returns_interval: The interval of that.
        share: Its part of all that came back.
        flag: How it differs from the rest of the run, where that is more than chance; empty elsewhere.
        href: Where its name leads; empty where it leads nowhere.
        back: Where those that came back are listed; empty where they are not.
    """

    name: str
    apart: str
    figure: Figure
    returns: str = ""
    returns_interval: str = ""
    share: str = ""
    flag: str = ""
    href: str = ""
    back: str = ""

    @property
    def spoken(self) -> str:
        """The line in a sentence, for the title of its mark."""
        return f"{self.apart}: {self.figure.spoken}" + (f"; {self.flag}" if self.flag else "")


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
        flags: How many cells could be compared with the rest of the run, and how many differ from it.
        hollow: Whether any cell is so young that it is drawn hollow.
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
    flags: str = ""
    hollow: bool = False


def write(run: Run, writer: Writer) -> list[Section]:
    """The reasons, which every report has, and a section for each further cut."""
    return reasons(run, writer) + cuts(run, writer)


def reasons(run: Run, writer: Writer) -> list[Section]:
    """The section of the reasons."""
    rows = run.slices(run.headline_measure, "reason_1")
    asks = asks_return(run.policy)
    title = writer.say("Where returns come from") if asks else writer.say("Where first contacts fail")
    told = ranked(rows, writer, run.headline) if run.names_reasons else None
    return [Section("reasons", title, part="reasons", data=told)]


def cuts(run: Run, writer: Writer, *, only: frozenset[str] | None = None) -> list[Section]:
    """A section for each further cut that the run has.

    Args:
        run: What was measured.
        writer: Speaks the reader's language.
        only: Which cuts, as `ResultRow.by` names them; all where None.
    """
    found: list[Section] = []
    for by, heading, column in _others(run, writer):
        if (only is None or by in only) and (cells := run.slices(run.headline_measure, by)):
            told = listed(cells, writer, run.headline, heading, column, by)
            place = f"cut-{len(found) + 1}" if only is None else f"by-{by}"
            found.append(Section(place, Markup("<bdi>{}</bdi>").format(heading), part="cut", data=told))
    return found


def _others(run: Run, writer: Writer) -> list[tuple[str, str, str]]:
    """(slice, heading, heading of its names) of every simple cut but reasons and time."""
    found = [(by, writer.say(title), writer.say(column)) for by, (title, column) in words.CUTS.items()]
    extra = sorted(by for by in run.cuts if by.startswith(EXTRA_PREFIX) and "," not in by)
    for by in extra:
        name = writer.notation.apart(shown(by.removeprefix(EXTRA_PREFIX)))
        found.append((by, writer.say("By %(column)s", column=name), name))
    return found


def back(row: ResultRow, writer: Writer) -> str:
    """Where those are listed that came back; empty where nobody knows how many they are, or nothing is listed."""
    return (
        writer.behind(row, "not_met") if isinstance(row.result, Estimate) and row.result.status != "unsettled" else ""
    )


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
                *_named(row, writer),
                writer.shown(row),
                writer.notation.count(middle),
                writer.notation.span(writer.notation.count(low), writer.notation.count(high)),
                writer.notation.percent(middle / total) if total else "",
                _flag(row, result, whole, writer),
                writer.links.reason(_name(row)),
                back(row, writer),
            )
        )
        boxes.append(Bar(0, middle, "returned-band", (low, high)))
    return Cut(
        "reasons",
        writer.say("Where returns come from"),
        writer.say("Reason"),
        lines,
        _dots(top, writer, whole),
        len(rows),
        len(known) - len(top),
        bars(boxes, width=190, rtl=writer.rtl),
        [
            Line(*_named(row, writer), writer.shown(row), href=writer.links.reason(_name(row)))
            for row in unknown[:LISTED]
        ],
        _why(rows, writer),
        max(0, len(unknown) - LISTED),
        _foremost(lines, [_came_back(result)[0] for _, result in top], total, writer),
        _flags(rows, writer),
        any(result.maturity < PROVISIONAL_BELOW for _, result in known),
    )


def _foremost(lines: list[Line], amounts: list[float], total: float, writer: Writer) -> str:
    """The first three reasons and what they hold together; nothing where that would be no news."""
    if len(lines) < 5 or not total:
        return ""
    first, second, third = (line.apart for line in lines[:3])
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
    """Cells in the order of their names: never a league table. Teams that are flagged are shown, however many."""
    known = [(row, row.result) for row in _by_name(rows) if isinstance(row.result, Estimate)]
    top = shown_of(known, LISTED, lambda pair: by == "team" and flagged(pair[0]))
    translate = by == "channel"
    unknown = _nameable(_by_name(rows))
    return Cut(
        by,
        title,
        column,
        [
            Line(
                *_named(row, writer, translate=translate),
                writer.shown(row),
                flag=_flag(row, result, whole, writer),
                href=_href(row, writer),
            )
            for row, result in top
        ],
        _dots(top, writer, whole),
        len(rows),
        len(known) - len(top),
        without=[Line(*_named(row, writer, translate=translate), writer.shown(row)) for row in unknown[:LISTED]],
        why=_why(rows, writer),
        more_without=max(0, len(unknown) - LISTED),
        flags=_flags(rows, writer),
    )


def _dots(top: Sequence[tuple[ResultRow, Estimate]], writer: Writer, whole: Estimate | Refusal) -> Drawing:
    marks = [dot(result, odd=flagged(row)) for row, result in top]
    return dots(marks, reference=_value(whole), label=writer.notation.percent)


def _flag(row: ResultRow, result: Estimate, whole: Estimate | Refusal, writer: Writer) -> str:
    """How a flagged cell differs from the rest: what lies above the whole lies above the rest, too."""
    middle = _value(whole)
    if middle is None or not flagged(row):
        return ""
    return writer.say("above the rest") if result.value > middle else writer.say("below the rest")


def _flags(rows: Sequence[ResultRow], writer: Writer) -> str:
    """How many cells were compared with the rest of the run, and what a flag means."""
    tested = [row for row in rows if row.q_value is not None]
    if not tested:
        return ""
    odd = sum(map(flagged, tested))
    number = writer.notation
    said = writer.say(
        "Large enough to be compared with the rest of the run: %(tested)s of %(cells)s.",
        tested=number.count(len(tested)),
        cells=number.count(len(rows)),
    )
    if not odd:
        return number.running((said, writer.say("None differs from it by more than chance.")))
    differ = writer.say_many(
        "%(number)s differs from it by more than chance and is flagged (◆).",
        "%(number)s differ from it by more than chance and are flagged (◆).",
        odd,
    )
    rate = writer.say("Of all flags in this report, about %(rate)s may be false.", rate=number.percent(FALSE_FLAGS))
    return number.running((said, differ, rate))


def _by_name(rows: Sequence[ResultRow]) -> list[ResultRow]:
    return sorted(rows, key=lambda row: in_order(_name(row)))


def _nameable(rows: Sequence[ResultRow]) -> list[ResultRow]:
    """The cells without a figure that may be named: those too small to show are only counted."""
    return [row for row in rows if isinstance(row.result, Refusal) and row.result.kind is not SUPPRESSED]


def _name(row: ResultRow) -> str:
    return row.cell.get(row.by) or next(iter(row.cell.values()), "")


def _named(row: ResultRow, writer: Writer, *, translate: bool = False) -> tuple[str, str]:
    """The name of a cell, as it stands alone and in a sentence."""
    name = writer.name(_name(row), translate=translate)
    return name, writer.notation.apart(name)


def _href(row: ResultRow, writer: Writer) -> str:
    return writer.links.reason(_name(row)) if row.by.startswith("reason_") else ""


def _value(result: Estimate | Refusal) -> float | None:
    return result.value if isinstance(result, Estimate) else None


def _came_back(result: Estimate) -> tuple[float, float, float]:
    """How many of the judged came back, with its interval: the figure read the other way round."""
    return result.n * (1 - result.value), result.n * (1 - result.high), result.n * (1 - result.low)


def cost(result: Estimate | Refusal) -> float:
    """How many came back, by which reasons are ranked; 0 where nobody knows."""
    return _came_back(result)[0] if isinstance(result, Estimate) else 0.0


def _why(rows: Sequence[ResultRow], writer: Writer) -> list[tuple[str, str]]:
    titles = Counter(row.result.kind.title for row in rows if isinstance(row.result, Refusal))
    return [(writer.say(title), writer.notation.count(count)) for title, count in titles.most_common()]
