"""Where issues go on: from which channel to which customers come back. Of the pages; the file does not hold it."""

from __future__ import annotations

from collections.abc import Mapping

from firstcontact.doors.report.charts.matrix import steps
from firstcontact.doors.report.section import Block, Cell, Matrix, Paragraph, Section, Table
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import SUPPRESSED, Estimate, Refusal
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.run import Run

MEASURE = "channel_path"
NEXT = ": "
"""Stands before the channel in which an issue went on."""

_Paths = dict[tuple[str, str], Estimate]


def write(run: Run, writer: Writer) -> list[Section]:
    """The section; none where the run says nothing of it."""
    rows = run.select(MEASURE)
    found: _Paths = {(row.cell["channel"], _then(row)): row.result for row in rows if isinstance(row.result, Estimate)}
    lines = {(row.cell["channel"], _then(row)): row for row in rows if isinstance(row.result, Estimate)}
    title = writer.say("Where issues go on")
    if not found:
        told = next((writer.figure(row.result).refused for row in rows if not row.cell), None)
        if told is None:
            return []
        why, helps = (text + writer.notation.stop for text in (told.reason, told.helps))
        said = writer.notation.running((why, writer.say("What would change it: %(helps)s", helps=helps)))
        return [Section("paths", title, [Paragraph(said)])]
    blocks: list[Block] = []
    if takeaway := _takeaway(found, writer):
        blocks.append(Paragraph(takeaway, "strong"))
    blocks.append(
        Paragraph(
            writer.say(
                "Of the contacts of a channel after which the customer came back for the same reason inside the "
                "window: in which channel they came back. Some choose another channel, some had no choice."
            )
        )
    )
    blocks += [_matrix(found, writer), _table(found, lines, writer), *_without(rows, writer)]
    return [Section("paths", title, blocks)]


def _then(row: ResultRow) -> str:
    return row.cell.get("cause", "").partition(NEXT)[2]


def _named(channel: str, writer: Writer) -> str:
    return writer.name(channel, translate=True)


def _takeaway(found: _Paths, writer: Writer) -> str:
    """The commonest way from one channel to another."""
    others = [(pair, result) for pair, result in found.items() if pair[0] != pair[1]]
    if not others:
        return ""
    (first, then), result = max(others, key=lambda pair: pair[1].value * pair[1].n)
    told = writer.figure(result)
    return writer.say(
        "Most change from %(first)s to %(then)s: %(share)s (%(interval)s) of those who come back after %(first)s do.",
        first=writer.notation.apart(_named(first, writer)),
        then=writer.notation.apart(_named(then, writer)),
        share=told.value,
        interval=told.interval,
    )


def _order(found: _Paths) -> list[str]:
    """Channels, those with the most returns first."""
    sizes = {first: result.n for (first, _), result in found.items()}
    names = {name for pair in found for name in pair}
    return sorted(names, key=lambda name: (-sizes.get(name, 0), name))


def _matrix(found: _Paths, writer: Writer) -> Matrix:
    names = _order(found)
    firsts = [name for name in names if any(pair[0] == name for pair in found)]
    values = [[found[first, then].value if (first, then) in found else None for then in names] for first in firsts]
    rows = []
    for first, shades in zip(firsts, steps(values), strict=True):
        cells = []
        for then, shade in zip(names, shades, strict=True):
            result = found.get((first, then))
            cells.append(_cell(first, then, result, shade, writer) if result else Cell(""))
        rows.append((_named(first, writer), cells))
    along = [_named(name, writer) for name in names]
    caption = writer.say("Share of those who come back after a channel, by the channel in which they do")
    return Matrix(writer.say("first"), writer.say("then"), along, rows, caption)


def _cell(first: str, then: str, result: Estimate, shade: int, writer: Writer) -> Cell:
    told = writer.figure(result)
    title = writer.say(
        "After %(first)s, %(then)s: %(share)s (%(interval)s) of %(count)s",
        first=writer.notation.apart(_named(first, writer)),
        then=writer.notation.apart(_named(then, writer)),
        share=told.value,
        interval=told.interval,
        count=told.n,
    )
    return Cell(told.value, shade, title)


def _table(found: _Paths, lines: Mapping[tuple[str, str], ResultRow], writer: Writer) -> Table:
    rows = []
    for (first, then), result in found.items():
        told, row = writer.figure(result), lines[first, then]
        n = writer.linked(told.n, writer.behind(row))
        times = writer.linked(writer.notation.count(result.value * result.n), writer.behind(row, "met"))
        rows.append((_named(first, writer), _named(then, writer), times, told.value, told.interval, n))
    columns = [
        writer.say("After"),
        writer.say("comes"),
        writer.say("times"),
        writer.say("share"),
        writer.say("interval"),
        writer.say("came back"),
    ]
    return Table(columns, rows, writer.say("The ways as a table"), folded=True, words=(1,))


def _without(rows: list[ResultRow], writer: Writer) -> list[Block]:
    """Channels of which too little is known."""
    told = []
    for row in rows:
        if isinstance(row.result, Refusal) and row.cell and row.result.kind is not SUPPRESSED:
            n = writer.linked(writer.notation.count(row.result.n), writer.behind(row))
            told.append((_named(row.cell["channel"], writer), writer.say(row.result.kind.title), n))
    if not told:
        return []
    columns = [writer.say("Channel"), writer.say("Why"), writer.say("came back")]
    return [Table(columns, told, writer.say("Channels without a figure"), folded=True, words=(1,))]
