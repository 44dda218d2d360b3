"""What comes next: issues that bring another issue later, told apart from repeats and from customers who call a lot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from firstcontact.doors.priority import Edge, edges
from firstcontact.doors.report.charts.matrix import steps
from firstcontact.doors.report.section import Block, Cell, Matrix, Paragraph, Section, Table
from firstcontact.doors.report.sections.root_cause import inside
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import Estimate
from firstcontact.measurement.measures.flag import FALSE_FLAGS
from firstcontact.services.run import Run

COUNT, SHARE, LOOKED = "downstream_count", "downstream_share", "downstream_pairs"
LISTED = 20
"""Edges in the table, those that bring the most."""
SIDE = 12
"""Reasons in the matrix, those on the strongest edges."""


def write(run: Run, writer: Writer) -> list[Section]:
    """The section; none where no reason clearly brings another."""
    found = edges(run)
    if not found:
        return []
    clear = [edge for edge in found if not edge.mutual]
    blocks: list[Block] = [Paragraph(_takeaway(clear or found, writer), "strong"), *_share(run, writer)]
    blocks.append(
        Paragraph(
            writer.say(
                "A pair stands here when one order is clearly commoner than the other, so that customers who simply "
                "call about everything do not make one. These are no repeats: the first issue may well have been "
                "settled, and the next could have been answered at the same time."
            )
        )
    )
    if run.fit.models and not any(model.learned for model in run.fit.models):
        blocks.append(
            Paragraph(
                writer.say(
                    "That no repeat can be called caused or coincidental here, as said under when customers come back, "
                    "does not touch this: coincidence brings two different reasons in either order equally often, and "
                    "what is counted is the order."
                )
            )
        )
    if len(found) > 1:
        blocks.append(_matrix(found, writer))
    blocks.append(_guidance(found, run, writer))
    if len(found) > LISTED:
        blocks.append(Paragraph(writer.more(len(found) - LISTED), "more"))
    looked = next((row.result for row in run.select(LOOKED)), None)
    if isinstance(looked, Estimate):
        blocks.append(
            Paragraph(
                writer.say(
                    "Looked at: %(pairs)s ordered pairs of reasons. Of those shown, about %(rate)s may be false.",
                    pairs=writer.notation.count(looked.value),
                    rate=writer.notation.percent(FALSE_FLAGS),
                ),
                "more",
            )
        )
    return [Section("downstream", writer.say("What comes next"), blocks)]


def of_reason(run: Run, writer: Writer, reason: str) -> list[Section]:
    """What one reason brings, and what brings it; none where neither was seen."""
    found = edges(run)
    after = [edge for edge in found if inside(edge.cause, reason)]
    before = [edge for edge in found if inside(edge.effect, reason) and edge not in after]
    if not after and not before:
        return []
    blocks: list[Block] = []
    clear = [edge for edge in after if not edge.mutual]
    if clear:
        blocks.append(Paragraph(_takeaway(clear, writer), "strong"))
    blocks.append(
        Paragraph(
            writer.say(
                "These are no repeats: the first issue may well have been settled, and the next could have been "
                "answered at the same time."
            )
        )
    )
    if after:
        blocks.append(replace(_guidance(after, run, writer), caption=writer.say("What it brings")))
    if before:
        blocks.append(replace(_guidance(before, run, writer), caption=writer.say("What brings it")))
    return [Section("downstream", writer.say("What comes next"), blocks)]


def _takeaway(found: Sequence[Edge], writer: Writer) -> str:
    number = writer.notation
    first = found[0]
    told = writer.figure(first.share)
    parts = {
        "cause": number.apart(writer.name(first.cause)),
        "effect": number.apart(writer.name(first.effect)),
        "share": told.value,
        "interval": told.interval,
    }
    if first.delay:
        said = writer.say(
            "After %(cause)s, %(share)s of customers (%(interval)s) come back with %(effect)s because of it, half of "
            "them within %(days)s: say what comes next while they are there.",
            days=writer.figure(first.delay).value,
            **parts,
        )
    else:
        said = writer.say(
            "After %(cause)s, %(share)s of customers (%(interval)s) come back with %(effect)s because of it: say what "
            "comes next while they are there.",
            **parts,
        )
    return said


def _share(run: Run, writer: Writer) -> list[Block]:
    """How much of all that follows an issue is another one that it brought."""
    whole = next((row.result for row in run.select(SHARE)), None)
    if not isinstance(whole, Estimate):
        return []
    part = writer.figure(whole)
    text = writer.say(
        "Of all that follows an issue (repeats and issues that it brought), %(share)s (%(interval)s) is such a next "
        "issue.",
        share=part.value,
        interval=part.interval,
    )
    return [Paragraph(text)]


def _matrix(found: Sequence[Edge], writer: Writer) -> Matrix:
    causes = list(dict.fromkeys(edge.cause for edge in found))[:SIDE]
    effects = list(dict.fromkeys(edge.effect for edge in found))[:SIDE]
    held = {(edge.cause, edge.effect): edge for edge in found}
    values = [
        [held[cause, effect].share.value if (cause, effect) in held else None for effect in effects] for cause in causes
    ]
    rows = []
    for cause, shades in zip(causes, steps(values), strict=True):
        cells = []
        for effect, shade in zip(effects, shades, strict=True):
            edge = held.get((cause, effect))
            cells.append(_cell(edge, shade, writer) if edge else Cell(""))
        rows.append((writer.reason(cause), cells))
    return Matrix(
        writer.say("first"),
        writer.say("then"),
        [writer.reason(effect) for effect in effects],
        rows,
        writer.say("How often a reason brings another"),
    )


def _cell(edge: Edge, shade: int, writer: Writer) -> Cell:
    told = writer.figure(edge.share)
    title = writer.say(
        "%(cause)s brings %(effect)s: %(share)s (%(interval)s)",
        cause=writer.notation.apart(writer.name(edge.cause)),
        effect=writer.notation.apart(writer.name(edge.effect)),
        share=told.value,
        interval=told.interval,
    )
    return Cell(told.value, shade, title)


def _guidance(found: Sequence[Edge], run: Run, writer: Writer) -> Table:
    counts = {
        (row.cell["reason"], row.cell["next_reason"]): row.result.value
        for row in run.select(COUNT)
        if isinstance(row.result, Estimate)
    }
    priced = any(edge.cost for edge in found)
    timed = any(edge.delay for edge in found)
    brought = any(edge.excess for edge in found)
    columns = [writer.say("After"), writer.say("comes"), writer.say("how often")]
    columns += [writer.say("openers followed")]
    columns += [writer.say("half of them within")] if timed else []
    columns += [writer.say("issues brought")] if brought else []
    columns += [writer.say("cost")] if priced else []
    columns += [writer.say("seen in this order"), writer.say("the other way round")]
    rows = []
    for edge in found[:LISTED]:
        told = writer.figure(edge.share)
        effect = writer.reason(edge.effect)
        if edge.mutual:
            effect = Markup(writer.say("%(reason)s (each brings the other)")) % {"reason": effect}  # noqa: S704 - our sentence
        row = [writer.reason(edge.cause), effect, f"{told.value} ({told.interval})"]
        row += [writer.linked(told.n, writer.behind(edge.row))]
        row += [_with_interval(edge.delay, writer)] if timed else []
        row += [_with_interval(edge.excess, writer)] if brought else []
        row += [_with_interval(edge.cost, writer)] if priced else []
        row += [_count(counts.get((edge.cause, edge.effect)), writer)]
        row += [_count(counts.get((edge.effect, edge.cause)), writer)]
        rows.append(row)
    return Table(columns, rows, writer.say("What to tell customers while they are there"), words=(1,))


def _with_interval(result: Estimate | None, writer: Writer) -> str:
    if result is None:
        return ""
    told = writer.figure(result)
    return f"{told.value} ({told.interval})"


def _count(value: float | None, writer: Writer) -> str:
    return "" if value is None else writer.notation.count(value)
