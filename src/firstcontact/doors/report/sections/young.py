"""R-FCR week by week: coincidence taken out, young weeks expected where enough of their time has passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from firstcontact.doors.report import target as aims
from firstcontact.doors.report.charts.trend import Week, trend
from firstcontact.doors.report.section import Block, Chart, Paragraph, Section, Table
from firstcontact.doors.report.sections.course import LONGEST
from firstcontact.doors.report.theme import NARROW, WIDE
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import SUPPRESSED, Estimate, Refusal
from firstcontact.measurement.measures.flag import flagged
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.run import Run

MEASURE = "r_fcr"
COUNTED = "count_all"
COMING = "returns_expected"
CHART = "control_chart"
PACE = "latency_drift"
STANDING_OUT = 6
"""So many of the weeks that stand out are named, the latest."""

_Dated = tuple[date, Estimate | Refusal]
_Behind = dict[date | None, str]


def write(run: Run, writer: Writer) -> list[Section]:
    """The section; none where no week has a figure."""
    weeks = _weeks(run)
    if not any(isinstance(result, Estimate) for _, result in weeks):
        return []
    counted = {row.period_start: row.result for row in run.slices(COUNTED, "week")}
    blocks: list[Block] = []
    if takeaway := _takeaway(weeks, counted, writer):
        blocks.append(Paragraph(takeaway, "strong"))
    blocks.append(
        Paragraph(
            writer.say(
                "The same weeks with coincidental returns taken off. A young week is not left out: from the returns so "
                "far, and from how late returns come, it follows where the week will end."
            )
        )
    )
    behind = {row.period_start: writer.behind(row) for row in run.slices(MEASURE, "week")}
    blocks.append(_chart(weeks, counted, behind, run, writer, whole_centre=True))
    blocks += [Paragraph(text, "more") for text in (*_odd(run, writer), *_coming(run, writer)) if text]
    return [Section("young", writer.say("R-FCR week by week, young weeks included"), blocks)]


def of_reason(run: Run, writer: Writer, reason: str) -> list[Section]:
    """The weeks of one reason; none where it has none with a figure."""
    rows = [
        row
        for row in run.about("reason", reason)
        if row.measure == MEASURE and row.period_grain == "week" and len(row.cell) == 1
    ]
    weeks = _dated(rows)
    if not any(isinstance(result, Estimate) for _, result in weeks):
        return []
    behind: _Behind = {row.period_start: writer.behind(row) for row in rows}
    blocks: list[Block] = [Paragraph(said, "strong")] if (said := _takeaway(weeks, {}, writer)) else []
    about = writer.say("Coincidental returns are taken off. The dashed line is the figure of all reasons.")
    blocks += [Paragraph(about), _chart(weeks, {}, behind, run, writer)]
    return [Section("young", writer.say("R-FCR week by week"), blocks)]


def _weeks(run: Run) -> list[_Dated]:
    return _dated(run.slices(MEASURE, "week"))


def _dated(rows: Sequence[ResultRow]) -> list[_Dated]:
    """The weeks from the first with a figure on; those with nothing in them are left out."""
    dated = [
        (row.period_start, row.result)
        for row in rows
        if row.period_start and not (isinstance(row.result, Refusal) and (not row.result.n or _hidden(row)))
    ]
    dated.sort(key=lambda pair: pair[0])
    held = [place for place, (_, result) in enumerate(dated) if isinstance(result, Estimate)]
    return dated[held[0] :][-LONGEST:] if held else []


def _hidden(row: ResultRow) -> bool:
    return isinstance(row.result, Refusal) and row.result.code == SUPPRESSED.code


def _provisional(result: Estimate | Refusal) -> bool:
    return isinstance(result, Estimate) and result.status == "provisional"


def _takeaway(weeks: Sequence[_Dated], counted: dict[date | None, Estimate | Refusal], writer: Writer) -> str:
    expected = [(start, result) for start, result in weeks if isinstance(result, Estimate) and _provisional(result)]
    if not expected:
        return ""
    start, result = expected[-1]
    told, naive = writer.figure(result), counted.get(start)
    if isinstance(naive, Estimate) and naive.value > result.high:
        return writer.say(
            "The week of %(day)s will end at about %(value)s (%(interval)s). Counting the returns so far would show "
            "%(naive)s: not because it is better, but because it is young.",
            day=writer.notation.day(start),
            value=told.value,
            interval=told.interval,
            naive=writer.figure(naive).value,
        )
    return writer.say(
        "The week of %(day)s will end at about %(value)s (%(interval)s).",
        day=writer.notation.day(start),
        value=told.value,
        interval=told.interval,
    )


def _chart(
    weeks: Sequence[_Dated],
    counted: dict[date | None, Estimate | Refusal],
    behind: _Behind,
    run: Run,
    writer: Writer,
    *,
    whole_centre: bool = False,
) -> Chart:
    number = writer.notation
    whole = next((row.result for row in run.select(MEASURE, by="")), None)
    reference = whole.value if isinstance(whole, Estimate) else None

    def day(value: date) -> str:
        return number.day(value, year=False)

    marks = [_mark(start, result, writer) for start, result in weeks]
    target = aims.aim(run.policy.target(MEASURE) if whole_centre else None, writer)
    wide, narrow = (
        trend(marks, width=width, reference=reference, percent=number.percent, day=day, aim=target)
        for width in (WIDE, NARROW)
    )
    young = sum(_provisional(result) for _, result in weeks)
    withheld = sum(isinstance(result, Refusal) for _, result in weeks)
    keys = [("line", writer.say("R-FCR")), ("band", writer.say("its interval"))]
    if young:
        keys.append(("dashed", writer.say("provisional: where the week is expected to end")))
    if withheld:
        keys.append(("open", writer.say("withheld: too young to say, or too little is known of its reasons")))
    if reference is not None:
        keys.append(("neutral", writer.say("the whole period")))
    if target is not None:
        keys.append(("target", target.text))
    alternative = writer.say(
        "Weeks from %(first)s to %(last)s; %(young)s of them are provisional and %(withheld)s withheld.",
        first=number.day(weeks[0][0]),
        last=number.day(weeks[-1][0]),
        young=number.count(young),
        withheld=number.count(withheld),
    )
    if target is not None:
        alternative = number.running((alternative, target.text[:1].upper() + target.text[1:] + number.stop))
    title = writer.say("R-FCR week by week, young weeks included")
    return Chart((wide, narrow), title, alternative, _table(weeks, counted, behind, writer), tuple(keys))


def _mark(start: date, result: Estimate | Refusal, writer: Writer) -> Week:
    title = writer.say("Week of %(day)s", day=writer.notation.day(start)) + ": " + writer.figure(result).spoken
    if isinstance(result, Refusal):
        return Week(start, None, 0, 0, result.maturity, True, title)
    ends = (result.value, result.low, result.high)
    if _provisional(result):
        return Week(start, None, 0, 0, result.maturity, True, title, ends)
    return Week(start, *ends, result.maturity, False, title)


def _table(
    weeks: Sequence[_Dated], counted: dict[date | None, Estimate | Refusal], behind: _Behind, writer: Writer
) -> Table:
    number = writer.notation
    rows = []
    for start, result in reversed(weeks):
        told, naive = writer.figure(result), counted.get(start)
        state = writer.say("provisional") if _provisional(result) else writer.say("stands")
        if told.refused:
            state = writer.notation.running(
                f"{text}{writer.notation.stop}"
                for text in (f"{told.refused.title}: {told.refused.reason}", told.refused.helps)
            )
        so_far = [writer.figure(naive).value if isinstance(naive, Estimate) else ""] if counted else []
        rows.append(
            (
                number.day(start),
                told.value,
                told.interval,
                writer.linked(told.n, behind.get(start, "")),
                number.closed(result.maturity),
                *so_far,
                state,
            )
        )
    columns = [
        writer.say("Week from"),
        writer.say("R-FCR"),
        writer.say("interval"),
        writer.say("issues"),
        writer.say("of the return time has passed"),
        *([writer.say("counted so far, no estimate")] if counted else []),
        writer.say("state"),
    ]
    return Table(columns, rows, writer.say("The weeks as a table, the latest first"), words=(len(columns) - 1,))


def _odd(run: Run, writer: Writer) -> list[str]:
    """Weeks beyond what weeks usually vary by, and reasons whose returns come at another pace."""
    charted = [row for row in run.slices(CHART, "week") if isinstance(row.result, Estimate)]
    said = []
    odd = [row for row in charted if flagged(row) and row.period_start]
    if odd:
        named = []
        for row in odd[-STANDING_OUT:]:
            if row.period_start and isinstance(row.result, Estimate):
                day = writer.notation.day(row.period_start)
                above = row.result.value > row.result.high
                named.append(
                    writer.say("%(day)s (above)", day=day) if above else writer.say("%(day)s (below)", day=day)
                )
        said.append(
            writer.say_many(
                "%(number)s week stands out from the usual variation between weeks: %(weeks)s.",
                "%(number)s weeks stand out from the usual variation between weeks; the latest: %(weeks)s.",
                len(odd),
                weeks=writer.notation.listed(named),
            )
        )
    elif charted:
        said.append(writer.say("No week stands out from the usual variation between weeks."))
    drifted = list(filter(flagged, run.select(PACE)))
    if drifted:
        names = writer.notation.listed(writer.notation.apart(writer.name(row.cell[row.by])) for row in drifted)
        said.append(
            writer.say(
                "Returns come at another pace than they used to for %(reasons)s, so that their young weeks may end "
                "elsewhere than expected.",
                reasons=names,
            )
        )
    return said


def _coming(run: Run, writer: Writer) -> list[str]:
    """How many returns are still to come."""
    result = next((row.result for row in run.select(COMING, by="")), None)
    if not isinstance(result, Estimate):
        return []
    told = writer.figure(result)
    return [
        writer.say(
            "Within seven days of the cut-off, the issues so far will bring about %(value)s returns (%(interval)s), "
            "caused or not.",
            value=told.value,
            interval=told.interval,
        )
    ]
