"""What failures have in common: patterns that fail more often than comparable contacts, and how many that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from firstcontact.contacts.table import REASON_SEPARATOR
from firstcontact.doors.priority import CAUSE_SEPARATOR, Cause, causes
from firstcontact.doors.report import words
from firstcontact.doors.report.charts.bars import Bar, bars
from firstcontact.doors.report.difference import points
from firstcontact.doors.report.section import Block, Line, Paragraph, Rows, Section, Table
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import Estimate
from firstcontact.measurement.measures.flag import FALSE_FLAGS
from firstcontact.services.run import Run

LOOKED = "root_cause_looked_at"
ARROW = " -> "
"""Stands between what was first and what was final in a variant."""
LISTED = 12
"""Causes drawn at once."""
INSIDE = 40
"""Reasons in which a cause stands out that are listed."""
BAR_WIDTH = 300


def named(cause: str, writer: Writer) -> str:
    """A pattern in words."""
    pattern, _, variant = cause.partition(CAUSE_SEPARATOR)
    sentence = words.PATTERNS.get(pattern)
    if sentence is None:
        return writer.name(cause)
    return writer.say(sentence, variant=_variant(pattern, variant, writer))


def _variant(pattern: str, variant: str, writer: Writer) -> str:
    if pattern == "hour":
        return writer.notation.together(variant.replace("-", "–"))
    if pattern == "channel":
        return writer.notation.apart(writer.name(variant, translate=True))
    for ending, said in words.EVENT_TIMES.items():
        if pattern == "event" and variant.endswith(ending):
            return writer.say(said, event=writer.notation.apart(writer.name(variant.removesuffix(ending))))
    first, arrow, final = variant.partition(ARROW)
    if arrow:
        sides = {"first": writer.notation.apart(writer.name(first)), "final": writer.notation.apart(writer.name(final))}
        return writer.say("%(first)s, in the end %(final)s", **sides)
    if variant in words.VARIANTS:
        return writer.say(words.VARIANTS[variant])
    return writer.notation.apart(writer.name(variant))


def write(run: Run, writer: Writer) -> list[Section]:
    """The section; none where no pattern could be looked at."""
    found = causes(run)
    if not found:
        return []
    whole = [one for one in found if one.clear and not one.reason]
    inside = [one for one in found if one.clear and one.reason]
    blocks: list[Block] = [Paragraph(_takeaway(whole, inside, writer), "strong")]
    if whole or inside:
        blocks.append(
            Paragraph(
                writer.say(
                    "Each is held against comparable contacts: those of the same reason and channel that do not show "
                    "it. The bar is how many more failed. That they fail together is no proof that one makes the "
                    "other; twenty contacts to read stand behind each."
                )
                if writer.links.to_read((whole or inside)[0].cause, (whole or inside)[0].reason)
                else writer.say(
                    "Each is held against comparable contacts: those of the same reason and channel that do not show "
                    "it. The bar is how many more failed. That they fail together is no proof that one makes the "
                    "other."
                )
                if writer.on_page
                else writer.say(
                    "Each is held against comparable contacts: those of the same reason and channel that do not show "
                    "it. The bar is how many more failed. That they fail together is no proof that one makes the "
                    "other; the contacts to read are in %(file)s, twenty of each.",
                    file=writer.notation.apart("to_read.parquet"),
                )
            )
        )
    if whole:
        blocks.append(_drawn(whole[:LISTED], writer))
    if inside:
        blocks.append(_inside(inside, writer))
    unclear = [one for one in found if not one.clear and not one.reason]
    if unclear:
        blocks.append(_unclear(unclear, writer))
    blocks += _looked(run, len(whole) + len(inside), writer)
    return [Section("causes", writer.say("What failures have in common"), blocks)]


def of_reason(run: Run, writer: Writer, reason: str) -> list[Section]:
    """What failures of one reason, and of those below it, have in common; none where nothing stands out in them."""
    every = causes(run)
    found = [one for one in every if one.clear and one.reason and inside(one.reason, reason)]
    title = writer.say("What failures have in common")
    if not found:
        nothing = writer.say(
            "Nothing that was looked at fails more often in this reason than comparable contacts, beyond chance."
        )
        return [Section("causes", title, [Paragraph(nothing)])] if every else []
    about = writer.say(
        "Each is held against comparable contacts: those of the same reason and channel that do not show it. That they "
        "fail together is no proof that one makes the other."
    )
    blocks: list[Block] = [Paragraph(_takeaway([], found, writer), "strong"), Paragraph(about)]
    blocks.append(replace(_inside(found, writer), folded=False))
    return [Section("causes", title, blocks)]


def inside(path: str, reason: str) -> bool:
    """Whether a path of reasons is a reason, or one below it."""
    return path == reason or path.startswith(reason + REASON_SEPARATOR)


def _takeaway(whole: Sequence[Cause], inside: Sequence[Cause], writer: Writer) -> str:
    if not whole and not inside:
        return writer.say("Nothing that was looked at fails more often than comparable contacts, beyond chance.")
    first = (whole or inside)[0]
    number = writer.notation
    many = number.count(first.weight)
    often = number.decimal(100 * first.excess.value)
    cause = named(first.cause, writer)
    if whole:
        return writer.say(
            "%(cause)s. Of these contacts %(points)s percentage points more fail than of comparable ones: some "
            "%(count)s in all.",
            cause=cause,
            points=often,
            count=many,
        )
    return writer.say(
        "%(cause)s, for %(reason)s. Of these contacts %(points)s percentage points more fail than of comparable ones: "
        "some %(count)s in all.",
        cause=cause,
        reason=number.apart(writer.name(first.reason)),
        points=often,
        count=many,
    )


def _drawn(found: Sequence[Cause], writer: Writer) -> Rows:
    number = writer.notation
    lines, boxes = [], []
    for one in found:
        if one.contacts is None:
            continue
        told = writer.figure(one.contacts)
        often, span = points(one.excess, number)
        note: str = Markup(writer.say("%(points)s points (%(interval)s) on %(count)s contacts")) % {  # noqa: S704 - our sentence
            "points": often,
            "interval": span,
            "count": writer.linked(number.count(one.excess.n), writer.behind(one.row)),
        }
        if link := _to_read(one, writer):
            note = Markup("{} {}").format(note, link)
        lines.append(Line(named(one.cause, writer), told.value, told.interval, note))
        low = max(0.0, one.contacts.low)
        boxes.append(Bar(0, max(0.0, one.contacts.value), "returned-band", (low, max(low, one.contacts.high))))
    headings = (
        writer.say("What they share"),
        writer.say("failed beyond comparable"),
        writer.say("how much more often"),
    )
    drawing = bars(boxes, width=BAR_WIDTH, rtl=writer.rtl)
    return Rows("causes", headings, lines, drawing, False, writer.say("Causes by failures beyond comparable contacts"))


def _to_read(one: Cause, writer: Writer) -> str:
    """The way to contacts to read; empty where there is none."""
    href = writer.links.to_read(one.cause, one.reason)
    return Markup('<a href="{}">{}</a>').format(href, writer.say("Contacts to read")) if href else ""


def _inside(found: Sequence[Cause], writer: Writer) -> Table:
    reading = any(_to_read(one, writer) for one in found)
    rows = []
    for one in found[:INSIDE]:
        often, span = points(one.excess, writer.notation)
        told = writer.figure(one.contacts) if one.contacts else None
        rows.append(
            (
                writer.reason(one.reason),
                named(one.cause, writer),
                f"{told.value} ({told.interval})" if told else "",
                f"{often} ({span})",
                writer.linked(writer.notation.count(one.excess.n), writer.behind(one.row)),
                *([_to_read(one, writer)] if reading else []),
            )
        )
    columns = [
        writer.say("Reason"),
        writer.say("What they share"),
        writer.say("failed beyond comparable"),
        writer.say("percentage points"),
        writer.say("contacts"),
        *([writer.say("To read")] if reading else []),
    ]
    caption = writer.say_many(
        "Inside single reasons: %(number)s cause stands out", "Inside single reasons: %(number)s causes stand out",
        len(found),
    )  # fmt: skip
    return Table(columns, rows, caption, folded=True, words=(1,))


def _unclear(found: Sequence[Cause], writer: Writer) -> Table:
    rows = []
    for one in found:
        often, span = points(one.excess, writer.notation)
        n = writer.linked(writer.notation.count(one.excess.n), writer.behind(one.row))
        rows.append((named(one.cause, writer), often, span, n))
    columns = [
        writer.say("Looked at"),
        writer.say("percentage points"),
        writer.say("interval"),
        writer.say("contacts"),
    ]
    caption = writer.say("Also looked at, and no worse than comparable contacts beyond chance")
    return Table(columns, rows, caption, folded=True)


def _looked(run: Run, clear: int, writer: Writer) -> list[Block]:
    looked = next((row.result for row in run.select(LOOKED)), None)
    if not isinstance(looked, Estimate):
        return []
    number = writer.notation
    said = writer.say(
        "Looked at: %(looked)s patterns, in all contacts and inside each reason; %(clear)s stand out.",
        looked=number.count(looked.value),
        clear=number.count(clear),
    )
    if clear:
        rate = number.percent(FALSE_FLAGS)
        said = number.running((said, writer.say("Of these, about %(rate)s may be false.", rate=rate)))
    return [Paragraph(said, "more")]
