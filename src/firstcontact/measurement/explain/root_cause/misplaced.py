"""Contacts that were given a wrong queue or reason first: handled in the end in another than the one they came into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from firstcontact.contacts.table import NO_REASON, REASON_SEPARATOR
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.root_cause.pattern import ARROW, PAIR, Pattern

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.explain.explanation import Context

CHANGED = "another in the end"


def mark_queue(context: Context, contacts: ir.Table) -> ir.Table | None:
    """`another in the end` where the final queue is not the first, and the pair; contacts with one unknown left out."""
    if not _known(context, "first_queue", "queue"):
        return None
    known = contacts.filter(contacts.first_queue.notnull() & contacts.queue.notnull())
    return _marked(known, known.first_queue, known.queue, known.first_queue != known.queue)


def mark_reason(context: Context, contacts: ir.Table) -> ir.Table | None:
    """The same of reasons, down to the level at which contacts are linked.

    A reason that was only made more precise, or less, was not wrong: one path leads to the other.
    """
    level = context.policy.link.reason_level
    if level == 0 or not _known(context, "first_reason", "reason"):
        return None
    known = contacts.filter(contacts.first_reason.notnull() & contacts.reason.notnull())
    known = known.filter(~known.first_reason.startswith(NO_REASON) & ~known.reason.startswith(NO_REASON))
    known = known.mutate(began=_cut(known.first_reason, level), final=_cut(known.reason, level))
    began, final = known.began + REASON_SEPARATOR, known.final + REASON_SEPARATOR
    return _marked(known, known.began, known.final, ~_leads_to(began, final) & ~_leads_to(final, began))


def _known(context: Context, first: str, final: str) -> bool:
    """Whether any contact has both."""
    linked = context.linked
    if not {first, final} <= set(linked.columns):
        return False
    both = linked.filter(linked[first].notnull() & linked[final].notnull())
    return bool(context.engine.execute(both.aggregate(n=both.count()))["n"][0].as_py())


def _marked(known: ir.Table, first: ir.StringValue, final: ir.StringValue, moved: ir.BooleanValue) -> ir.Table:
    nothing = ibis.null("string")
    pair = ibis.ifelse(moved, first + ARROW + final, nothing)
    return known.mutate(shows=ibis.ifelse(moved, ibis.literal(CHANGED), nothing), **{PAIR: pair})


def _cut(reason: ir.StringValue, level: int | None) -> ir.StringValue:
    if level is None:
        return reason
    levels = reason.split(REASON_SEPARATOR)
    return levels[:level].join(REASON_SEPARATOR)


def _leads_to(path: ir.StringValue, deeper: ir.StringValue) -> ir.BooleanValue:
    return deeper.substr(0, path.length()) == path


QUEUE = Pattern(
    "wrong queue first",
    Sentence("cause.wrong-queue-first", "handled in another queue than the one they first came into"),
    mark_queue,
    pair="queue",
    needs=Sentence(
        "cause.wrong-queue-first.needs",
        "the first queue beside the final one: a column of it, or the history of a record",
    ),
    others="contacts of the same reason and channel that were handled in the queue they first came into",
    columns=("first_queue", "queue"),
)
REASON = Pattern(
    "wrong reason first",
    Sentence("cause.wrong-reason-first", "settled under another reason than the one they were first given"),
    mark_reason,
    pair="reason",
    needs=Sentence(
        "cause.wrong-reason-first.needs",
        "the first reason beside the final one: a column of it, or the history of a record",
    ),
    others="contacts of the same final reason and channel that were given it from the beginning",
    columns=("first_reason", "reason"),
)
