"""Contacts that went to a higher level, by the cause where the wrap-up code names one, else by the level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.root_cause.pattern import Pattern

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.explain.explanation import Context


CAUSES: tuple[tuple[str, str], ...] = (
    ("authority", r"author|approv|permission|mandate|limit|sign.?off|discretion"),
    ("knowledge", r"knowledge|training|skill|know.?how|unknown|expert|no article"),
    ("tool", r"tool|system|access|software|outage|technical|data missing"),
)
"""What an agent lacked, and words in a wrap-up code that say so. A code that only says how a contact ended is none."""


def mark(context: Context, contacts: ir.Table) -> ir.Table | None:
    """What was lacking (`authority`, `knowledge`, `tool`), else the level it went to, else `escalated`."""
    if not {"escalated_to", "event.escalation"} & context.has:
        return None
    cause: ir.StringValue = ibis.literal("escalated")
    if "escalated_to" in contacts.columns:
        cause = contacts.escalated_to.fill_null(cause)
    if "wrap_up" in contacts.columns:
        code = contacts.wrap_up.lower()
        named = [(code.re_search(words).fill_null(False), f"for want of {lack}") for lack, words in CAUSES]
        cause = ibis.cases(*named, else_=cause)
    return contacts.mutate(shows=ibis.ifelse(contacts.escalated.fill_null(False), cause, ibis.null("string")))


PATTERN = Pattern(
    "escalation",
    Sentence("cause.escalation", "escalated, by cause"),
    mark,
    needs=Sentence(
        "cause.escalation.needs",
        "an escalated_to column, or escalations in the history of a record; codes of causes in wrap_up",
    ),
    others="contacts of the same reason and channel that were not escalated, or for another cause",
    columns=("wrap_up", "escalated_to"),
    signals=("escalated",),
)
