"""The course of the figure over the weeks, with the weeks that are not complete kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from firstcontact.doors.report import target as aims
from firstcontact.doors.report.charts.drawing import Drawing
from firstcontact.doors.report.charts.trend import Week, trend
from firstcontact.doors.report.figure import Figure
from firstcontact.doors.report.section import Section
from firstcontact.doors.report.theme import NARROW, WIDE
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import NOTHING_TO_COUNT, SIGNAL_ABSENT, Estimate, Refusal
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.measurement.policy.target import say_target
from firstcontact.services.run import Run

LONGEST = 106
"""Weeks shown: two years; all of them are in results.csv."""


@dataclass(frozen=True, slots=True)
class Course:
    """The weeks.

    Attributes:
        drawings: One for a desk and one for a phone; None where no week has a figure.
        weeks: (first day, figure) of each, for the table behind the chart.
        open: How many weeks have windows that are still open, in a sentence.
        idle: How many weeks before and after hold nothing to judge, in a sentence.
        more: Earlier weeks that are not shown.
        alternative: What the chart shows, in a sentence.
        target: What is aimed at, in a few words; empty where nothing is.
        against: How each of the weeks stands against it, in a word; empty where there is none.
        said: What of the chart is the target, and how many weeks reach it.
    """

    drawings: tuple[Drawing, Drawing] | None
    weeks: list[tuple[str, Figure]]
    open: str
    idle: str
    more: int
    alternative: str
    target: str = ""
    against: Sequence[str] = ()
    said: str = ""


def write(run: Run, writer: Writer) -> list[Section]:
    """The section, which every report has."""
    return [Section("trend", writer.say("Week by week"), part="course", data=course(run, writer))]


def of_team(run: Run, writer: Writer, team: str) -> list[Section]:
    """The weeks of one team beside its own figure, and nobody else's; none where the run has none of them."""
    rows = [row for row in run.about("team", team) if row.measure == run.headline_measure and len(row.cell) == 1]
    weeks = [row for row in rows if row.period_grain == "week"]
    whole = next((row.result for row in rows if row.period_start is None), None)
    told = course(run, writer, weeks, whole)
    return [Section("trend", writer.say("Week by week"), part="course", data=told)] if told else []


def course(
    run: Run, writer: Writer, rows: Sequence[ResultRow] | None = None, whole: Estimate | Refusal | None = None
) -> Course | None:
    """Follow the headline over the weeks; None where there are none.

    Args:
        run: What was measured.
        writer: Speaks the reader's language.
        rows: The weeks; those of all contacts, beside their target, where None.
        whole: The figure of the whole period; that of all contacts where None.
    """
    target = run.policy.target(run.headline_measure) if rows is None else None
    rows, whole = (run.slices(run.headline_measure, "week"), run.headline) if rows is None else (rows, whole)
    dated = [(row.period_start, row) for row in rows if row.period_start]
    if not dated:
        return None
    dated.sort(key=lambda pair: pair[0])
    held = [index for index, (_, row) in enumerate(dated) if not _empty(row.result)]
    idle = len(dated)
    dated = dated[held[0] : held[-1] + 1] if held else []
    idle -= len(dated)
    more = max(0, len(dated) - LONGEST)
    dated = dated[-LONGEST:]
    number = writer.notation
    weeks, lines = [], []
    for start, row in dated:
        told, result = writer.shown(row), row.result
        title = writer.say("Week of %(day)s", day=number.day(start)) + ": " + told.spoken
        unfinished = result.maturity < 1 and not _empty(result)
        lines.append((number.day(start), told))
        if isinstance(result, Estimate):
            weeks.append(Week(start, result.value, result.low, result.high, result.maturity, unfinished, title))
        else:
            weeks.append(Week(start, None, 0, 0, result.maturity, unfinished, title))
    drawings = None
    if any(week.value is not None for week in weeks):
        headline = whole.value if isinstance(whole, Estimate) else None

        def day(value: date) -> str:
            return number.day(value, year=False)

        wide, narrow = (
            trend(weeks, width=width, reference=headline, percent=number.percent, day=day, aim=aims.aim(target, writer))
            for width in (WIDE, NARROW)
        )
        drawings = (wide, narrow)
    known = [week.value for week in weeks if week.value is not None and not week.open]
    alternative = ""
    if known:
        alternative = writer.say(
            "Weeks from %(first)s to %(last)s; those that are complete lie between %(low)s and %(high)s.",
            first=lines[0][0],
            last=lines[-1][0],
            low=number.percent(min(known)),
            high=number.percent(max(known)),
        )
    made = Course(
        drawings, lines, _open(sum(week.open for week in weeks), writer), _idle(idle, writer), more, alternative
    )
    if target is None or drawings is None:
        return made
    shown = [row for _, row in dated]
    words = writer.say("Target: %(target)s", target=writer.tell(say_target(target)))
    return replace(
        made,
        alternative=number.running((alternative, f"{words}{number.stop}")),
        target=words,
        against=aims.weeks(shown, target, writer),
        said=number.running(filter(None, (aims.drawn(target, writer), aims.counted(shown, target, writer)))),
    )


def _empty(result: Estimate | Refusal) -> bool:
    """Whether there is nothing in a week that could ever be judged."""
    return isinstance(result, Refusal) and result.kind in (NOTHING_TO_COUNT, SIGNAL_ABSENT)


def _open(weeks: int, writer: Writer) -> str:
    return (
        writer.say_many(
            "%(number)s week is not complete: its windows are still open. It is hatched, and no line leads to it.",
            "%(number)s weeks are not complete: their windows are still open. They are hatched, and no line leads "
            "to them.",
            weeks,
        )
        if weeks
        else ""
    )


def _idle(weeks: int, writer: Writer) -> str:
    return (
        writer.say_many(
            "%(number)s further week holds nothing that could be judged: it lies too early to know, or after the "
            "cut-off.",
            "%(number)s further weeks hold nothing that could be judged: they lie too early to know, or after the "
            "cut-off.",
            weeks,
        )
        if weeks
        else ""
    )
