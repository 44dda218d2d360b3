"""Contacts soon after something happened outside the contact centre: a statement, a payment, a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.root_cause.pattern import Pattern
from firstcontact.measurement.linking.portable import DAY_US, microseconds

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.explain.explanation import Context

SOON_DAYS, REACH_DAYS = 3, 10


def mark(context: Context, contacts: ir.Table) -> ir.Table | None:
    """The latest event in the ten days before, as `statement, 0-2 days before`."""
    events = context.tables.get("crm_events")
    if events is None or "customer_id" not in contacts.columns:
        return None
    band = REACH_DAYS * DAY_US
    timed = events.select(event_customer=events.customer_id, event_kind=events.kind, event_us=microseconds(events.at))
    timed = timed.mutate(first=(timed.event_us / band).floor().cast("int64"))
    timed = timed.mutate(band=ibis.array([timed.first, timed.first + 1]).unnest()).drop("first")
    near = contacts.select("contact_id", "customer_id", "start_us").mutate(
        band=(contacts.start_us / band).floor().cast("int64")
    )
    met = near.join(timed, [near.customer_id == timed.event_customer, near.band == timed.band])
    met = met.filter((met.event_us <= met.start_us) & (met.start_us - met.event_us < band))
    since = met.start_us - met.event_us
    latest = met.group_by("contact_id").aggregate(event_kind=met.event_kind.argmin(since), since_us=since.min())
    latest = latest.rename(found_id="contact_id")
    joined = contacts.left_join(latest, contacts.contact_id == latest.found_id)
    soon, late = f", 0-{SOON_DAYS - 1} days before", f", {SOON_DAYS}-{REACH_DAYS - 1} days before"
    when = ibis.ifelse(joined.since_us < SOON_DAYS * DAY_US, soon, late)
    return joined.mutate(shows=joined.event_kind.concat(when))


PATTERN = Pattern(
    "event",
    Sentence("cause.event", "what happened shortly before"),
    mark,
    needs=Sentence("cause.event.needs", "crm_events with customers' ids: statements, payments, changes"),
    others="contacts of the same reason and channel with no such event in the ten days before",
    columns=("customer_id",),
)
