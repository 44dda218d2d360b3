"""What could be saved: contacts that need not come, were each reason as good as it is where it is best."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from firstcontact.doors.priority import Opportunity, opportunities
from firstcontact.doors.report import words
from firstcontact.doors.report.charts.bars import Bar, bars
from firstcontact.doors.report.section import Block, Line, Paragraph, Rows, Section
from firstcontact.doors.report.sections.root_cause import inside
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import Estimate
from firstcontact.services.run import Run

LISTED = 15
BAR_WIDTH = 300


def write(run: Run, writer: Writer) -> list[Section]:
    """The section; none where no reason could be better than it is."""
    found = opportunities(run)
    if not found:
        return []
    blocks: list[Block] = [Paragraph(_takeaway(found, run, writer), "strong")]
    blocks.append(
        Paragraph(
            writer.say(
                "No reason is measured by another or by an outside figure: each by the best quarter of its own teams, "
                "or of its own stretches of four weeks, on the same work. A repeat that need not come saves those that "
                "would follow it, too."
            )
        )
    )
    blocks.append(_drawn(found[:LISTED], run, writer))
    if len(found) > LISTED:
        blocks.append(Paragraph(writer.more(len(found) - LISTED), "more"))
    return [Section("opportunities", writer.say("What could be saved"), blocks)]


def of_reason(run: Run, writer: Writer, reason: str) -> list[Section]:
    """What one reason, and those below it, could do without; none where it could be no better than it is."""
    found = [one for one in opportunities(run) if inside(one.reason, reason)]
    if not found:
        return []
    about = writer.say(
        "Measured by the best quarter of its own teams, or of its own stretches of four weeks, on the same work. A "
        "repeat that need not come saves those that would follow it, too."
    )
    blocks: list[Block] = [Paragraph(_takeaway(found, run, writer), "strong"), Paragraph(about)]
    blocks.append(_drawn(found[:LISTED], run, writer))
    return [Section("opportunities", writer.say("What could be saved"), blocks)]


def money(result: Estimate, run: Run, writer: Writer) -> str:
    """An amount with its interval, and with the policy's currency, where it names one."""
    number, currency = writer.notation, run.policy.cost.currency
    amount = number.count(result.value)
    interval = number.span(number.count(result.low), number.count(result.high))
    if currency:
        return f"{number.together(f'{amount} {currency}')} ({interval})"
    return writer.say("%(amount)s (%(interval)s; in the currency of your data)", amount=amount, interval=interval)


def _takeaway(found: Sequence[Opportunity], run: Run, writer: Writer) -> str:
    number = writer.notation
    sure = [one for one in found if one.sure]
    if not sure:
        return writer.say(
            "Nothing here is sure: what each reason could save may as well be nothing. Treat it as where to look first."
        )
    first = sure[0]
    told = writer.figure(first.contacts)
    said = writer.say_many(
        "Most can be saved on %(reason)s: about %(count)s contact a month (%(interval)s) need not come.",
        "Most can be saved on %(reason)s: about %(count)s contacts a month (%(interval)s) need not come.",
        1 if told.value == "1" else 2,
        reason=number.apart(writer.name(first.reason)),
        count=told.value,
        interval=told.interval,
    )
    if first.money:
        cost = writer.say("They cost about %(money)s a month.", money=money(first.money, run, writer))
        said = number.running((said, cost))
    return said


def _drawn(found: Sequence[Opportunity], run: Run, writer: Writer) -> Rows:
    lines, boxes = [], []
    for one in found:
        told = writer.figure(one.contacts)
        parts = []
        if one.money:
            parts.append(writer.say("worth %(money)s a month", money=money(one.money, run, writer)))
        if one.best in words.BESTS:
            parts.append(writer.say("against %(best)s", best=writer.say(words.BESTS[one.best])))
        rests = Markup(writer.say("on %(count)s contacts")) % {  # noqa: S704 - our sentence
            "count": writer.linked(told.n, writer.behind(one.row))
        }
        note = Markup("{}; {}").format(writer.notation.listed(parts, long=True), rests) if parts else rests
        href = writer.links.reason(one.reason)
        lines.append(Line(writer.name(one.reason), told.value, told.interval, note, href=href))
        boxes.append(Bar(0, one.contacts.value, "returned-band", (one.contacts.low, one.contacts.high)))
    headings = (writer.say("Reason"), writer.say("contacts a month"), writer.say("and measured by what"))
    drawing = bars(boxes, width=BAR_WIDTH, rtl=writer.rtl)
    return Rows("saved", headings, lines, drawing, False, writer.say("Contacts a month that need not come"))
