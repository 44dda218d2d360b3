"""Case events brought to one row a contact, so that signals can be seen side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from firstcontact.contacts.table import CASE_EVENT_KINDS
from firstcontact.measurement.linking.portable import DAY_US, microseconds

if TYPE_CHECKING:
    import ibis.expr.types as ir

_BY_THE_CENTRE = ("public_reply", "internal_note", "update", "reassignment", "awaiting", "escalation")


def count_events(events: ir.Table, contacts: ir.Table, days: float | None) -> ir.Table:
    """One row a contact that has events.

    Args:
        events: Canonical case events.
        contacts: With `contact_id` and `recorded_start_us`.
        days: Events later than this after the contact's start are as if they had not happened; None keeps all.

    Returns:
        `event_id` (the contact), `event_<kind>` counts, `event_first_settled_us`, `event_last_settled_us`,
        `event_last_reopen_us`, `event_first_reply_us` (int64), `event_agents` (different agents who replied) and
        `event_updates` (what the centre did before the first settled event). A contact all of whose events are too late
        has a row: its history is known, and nothing in it counts.
    """
    timed = events.select("contact_id", "kind", "agent_id", at_us=microseconds(events.at))
    if days is not None:
        started = timed.join(contacts.select("contact_id", "recorded_start_us"), "contact_id")
        too_late = started.at_us > started.recorded_start_us + round(days * DAY_US)
        timed = started.select(
            "contact_id",
            "agent_id",
            kind=ibis.ifelse(too_late, "", started.kind),
            at_us=ibis.ifelse(too_late, ibis.null("int64"), started.at_us),
        )
    first = ibis.window(group_by=timed.contact_id)
    settled = timed.mutate(
        first_settled_us=ibis.ifelse(timed.kind == "settled", timed.at_us, ibis.null("int64")).min().over(first)
    )
    reply = settled.kind == "public_reply"
    before = settled.first_settled_us.isnull() | (settled.at_us < settled.first_settled_us)
    counts = {f"event_{kind}": (settled.kind == kind).sum().cast("int64") for kind in CASE_EVENT_KINDS}
    return settled.group_by(event_id=settled.contact_id).aggregate(
        **counts,
        event_first_settled_us=settled.first_settled_us.min(),
        event_last_settled_us=settled.at_us.max(where=settled.kind == "settled"),
        event_last_reopen_us=settled.at_us.max(where=settled.kind == "reopen"),
        event_first_reply_us=settled.at_us.min(where=reply),
        event_agents=settled.agent_id.nunique(where=reply),
        event_updates=(settled.kind.isin(_BY_THE_CENTRE) & before).sum().cast("int64"),
    )
