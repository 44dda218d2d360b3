"""Contacts that went to a higher level, by the code of the cause where one was given, else by the level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from firstcontact.measurement.explain.root_cause.pattern import Pattern

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.explain.explanation import Context


def mark(context: Context, contacts: ir.Table) -> ir.Table | None:
    """The wrap-up code of an escalated contact (authority, knowledge, tool), the level it went to, or `escalated`."""
    if not {"escalated_to", "event.escalation"} & context.has:
        return None
    known = [contacts[name] for name in ("wrap_up", "escalated_to") if name in contacts.columns]
    cause = ibis.coalesce(*known, ibis.literal("escalated"))
    return contacts.mutate(shows=ibis.ifelse(contacts.escalated.fill_null(False), cause, ibis.null("string")))


PATTERN = Pattern(
    "escalation",
    "escalated, by cause",
    mark,
    needs="an escalated_to column, or escalations in the history of a record; codes of causes in wrap_up",
    others="contacts of the same reason and channel that were not escalated, or for another cause",
    columns=("wrap_up", "escalated_to"),
    signals=("escalated",),
)
