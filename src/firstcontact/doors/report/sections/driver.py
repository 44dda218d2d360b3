"""What moved the figure last: whether other contacts came, or the same ones fared differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from markupsafe import Markup

from firstcontact.doors.report import words
from firstcontact.doors.report.charts.axis import marks
from firstcontact.doors.report.charts.dots import Dot, dots
from firstcontact.doors.report.difference import apart, points, signed
from firstcontact.doors.report.section import Block, Line, Paragraph, Rows, Section, Table
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import Estimate
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.run import Run

MEASURE = "driver"
BRIEF = 5
"""So many of the changes are named in brief, the largest."""


def write(run: Run, writer: Writer) -> list[Section]:
    """The section; none where no two periods can be compared."""
    rows = [row for row in run.select(MEASURE) if isinstance(row.result, Estimate)]
    whole = next((row for row in rows if not row.cell), None)
    if whole is None or whole.period_start is None or not isinstance(whole.result, Estimate):
        return []
    moved = whole.result
    blocks: list[Block] = [Paragraph(_takeaway(whole.period_grain, whole.period_start, moved, writer), "strong")]
    parts = [row for row in rows if set(row.cell) == {"cause"}]
    if parts and not _something(moved, parts):
        blocks.append(_folded(parts, moved, writer))
    elif parts:
        blocks.append(
            Paragraph(
                writer.say(
                    "The movement taken apart: each line is what one change did, the others being as they were. The "
                    "lines add up to the whole."
                )
            )
        )
        blocks.append(_parts(parts, moved, writer))
    reasons = [row for row in rows if "reason" in row.cell]
    if reasons:
        blocks.append(_reasons(reasons, writer))
    return [Section("drivers", writer.say("What moved the figure last"), blocks)]


def brief(run: Run, writer: Writer) -> list[Section]:
    """The movement in a sentence, with what did most of it where that is more than chance."""
    rows = [row for row in run.select(MEASURE) if isinstance(row.result, Estimate)]
    whole = next((row for row in rows if not row.cell), None)
    if whole is None or whole.period_start is None or not isinstance(whole.result, Estimate):
        return []
    blocks: list[Block] = [Paragraph(_takeaway(whole.period_grain, whole.period_start, whole.result, writer), "strong")]
    clear = [row for row in rows if row.cell and isinstance(row.result, Estimate) and apart(row.result)]
    if clear and _something(whole.result, [row for row in rows if set(row.cell) == {"cause"}]):
        clear.sort(key=lambda row: -abs(row.result.value) if isinstance(row.result, Estimate) else 0.0)
        blocks.append(_moved(clear[:BRIEF], writer))
    return [Section("moved", writer.say("What moved the figure last"), blocks)]


def of_reason(run: Run, writer: Writer, reason: str) -> list[Section]:
    """What one reason did to the last movement; none where no two periods can be compared."""
    rows = [row for row in run.about("reason", reason) if row.measure == MEASURE and isinstance(row.result, Estimate)]
    if not rows:
        return []
    table = replace(_reasons(rows, writer), folded=False)
    return [Section("drivers", writer.say("What it did to the figure last"), [table])]


def _moved(rows: Sequence[ResultRow], writer: Writer) -> Table:
    told = []
    for row in rows:
        if isinstance(row.result, Estimate):
            cause = row.cell.get("cause", "")
            what = writer.say(words.FACTORS[cause]) if cause in words.FACTORS else cause
            if "reason" in row.cell:
                rate = cause == "rate"
                by = writer.say("by faring differently") if rate else writer.say("by coming more or less often")
                what = Markup("{}, {}").format(writer.reason(row.cell["reason"]), by)
            value, span = points(row.result, writer.notation, 1)
            told.append((what, value, span))
    columns = [writer.say("What changed"), writer.say("percentage points"), writer.say("interval")]
    return Table(columns, told, writer.say("What did most of it, beyond chance"))


def _period(grain: str, start: date, writer: Writer) -> str:
    if grain == "month":
        return writer.notation.month(start)
    return writer.say("the week of %(day)s", day=writer.notation.day(start))


def _takeaway(grain: str, start: date, moved: Estimate, writer: Writer) -> str:
    number = writer.notation
    before = (start - timedelta(days=1)).replace(day=1) if grain == "month" else start - timedelta(days=7)
    value, span = points(moved, number, 1)
    parts = {
        "before": _period(grain, before, writer),
        "after": _period(grain, start, writer),
        "points": value,
        "interval": span,
    }
    if apart(moved):
        return writer.say(
            "From %(before)s to %(after)s the share of contacts that do not fail moved by %(points)s percentage points "
            "(%(interval)s): more than chance.",
            **parts,
        )
    return writer.say(
        "From %(before)s to %(after)s the share of contacts that do not fail moved by %(points)s percentage points "
        "(%(interval)s): no more than chance, so there is nothing to explain.",
        **parts,
    )


def _something(moved: Estimate, parts: Sequence[ResultRow]) -> bool:
    """Whether anything moved by more than chance."""
    return apart(moved) or any(isinstance(row.result, Estimate) and apart(row.result) for row in parts)


def _named(rows: Sequence[ResultRow], moved: Estimate, writer: Writer) -> list[tuple[str, Estimate]]:
    """The whole and its parts."""
    named = [(writer.say("The whole movement"), moved)]
    for row in rows:
        if isinstance(row.result, Estimate):
            cause = row.cell["cause"]
            named.append((writer.say(words.FACTORS[cause]) if cause in words.FACTORS else cause, row.result))
    return named


def _folded(rows: Sequence[ResultRow], moved: Estimate, writer: Writer) -> Table:
    told = [(name, *points(result, writer.notation, 1)) for name, result in _named(rows, moved, writer)]
    columns = [writer.say("What changed"), writer.say("percentage points"), writer.say("interval")]
    return Table(columns, told, writer.say("What each change did to the figure"), folded=True)


def _parts(rows: Sequence[ResultRow], moved: Estimate, writer: Writer) -> Rows:
    number = writer.notation
    lines, places = [], []
    for place, (name, result) in enumerate(_named(rows, moved, writer)):
        value, span = points(result, number, 1)
        lines.append(Line(name, value, span, writer.say("beyond chance") if apart(result) else ""))
        places.append(Dot(100 * result.value, 100 * result.low, 100 * result.high, strong=place == 0))
    scale = marks(min(0.0, *(dot.low for dot in places)), max(0.0, *(dot.high for dot in places)), 4)
    drawing = dots(places, reference=0, label=lambda value: signed(value, number, _places(scale)), scale=scale)
    headings = (writer.say("What changed"), writer.say("percentage points"), "")
    return Rows("drivers", headings, lines, drawing, True, writer.say("What each change did to the figure"))


def _places(scale: Sequence[float]) -> int:
    return 0 if all(tick == int(tick) for tick in scale) else 1


def _reasons(rows: Sequence[ResultRow], writer: Writer) -> Table:
    """Each reason's own part: by faring differently, and by being a larger or smaller part of the mix."""
    parts: dict[str, dict[str, str]] = {}
    for row in rows:
        if isinstance(row.result, Estimate):
            value, span = points(row.result, writer.notation, 1)
            place = "rate" if row.cell.get("cause") == "rate" else "mix"
            parts.setdefault(row.cell["reason"], {})[place] = f"{value} ({span})"
    told = [(writer.reason(reason), part.get("rate", ""), part.get("mix", "")) for reason, part in parts.items()]
    columns = [
        writer.say("Reason"),
        writer.say("by faring differently, percentage points"),
        writer.say("by coming more or less often, percentage points"),
    ]
    return Table(columns, told, writer.say("What each reason did to the figure"), folded=True)
