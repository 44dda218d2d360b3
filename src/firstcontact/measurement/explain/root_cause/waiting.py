"""Processes that force a second contact: waiting for somebody, and call-backs by the centre."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.root_cause.pattern import Pattern
from firstcontact.measurement.linking.portable import DAY_US

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.explain.explanation import Context

CALL_BACK_DAYS = 14


def mark_waiting(context: Context, contacts: ir.Table) -> ir.Table | None:
    """`for information or a third party` for a contact whose record was put on hold."""
    if "event.awaiting" not in context.has:
        return None
    waited = contacts.awaited.fill_null(0) > 0
    return contacts.mutate(shows=ibis.ifelse(waited, "for information or a third party", ibis.null("string")))


def mark_call_back(context: Context, contacts: ir.Table) -> ir.Table | None:
    """`by the centre` for a contact after which the centre itself called the customer within two weeks.

    A call that answers a return comes too late: it is the failure's effect.
    """
    linked = context.linked
    if "direction" not in linked.columns:
        return None
    outbound = linked.filter((linked.direction == "outbound") & linked.customer.notnull())
    if not context.engine.execute(outbound.aggregate(n=outbound.count()))["n"][0].as_py():
        return None
    band = CALL_BACK_DAYS * DAY_US
    calls = outbound.select(
        called="customer", called_us="start_us", band=(outbound.start_us / band).floor().cast("int64")
    )
    near = contacts.select("contact_id", "customer", "start_us", "next_gap_us")
    near = near.mutate(first=(near.start_us / band).floor().cast("int64"))
    near = near.mutate(band=ibis.array([near.first, near.first + 1]).unnest())
    met = near.join(calls, [near.customer == calls.called, near.band == calls.band])
    lag = met.called_us - met.start_us
    met = met.filter((lag > 0) & (lag < band) & (lag < met.next_gap_us.fill_null(band)))
    back = met.select(back_id="contact_id").distinct()
    joined = contacts.left_join(back, contacts.contact_id == back.back_id)
    return joined.mutate(shows=ibis.ifelse(joined.back_id.notnull(), "by the centre", ibis.null("string")))


WAITING = Pattern(
    "waiting",
    Sentence("cause.waiting", "put on hold for information or a third party"),
    mark_waiting,
    needs=Sentence("cause.waiting.needs", "states of waiting in the history of a record"),
    others="contacts of the same reason and channel that never had to wait for somebody",
    signals=("awaited",),
)
CALL_BACK = Pattern(
    "call-back",
    Sentence("cause.call-back", "called back by the centre"),
    mark_call_back,
    needs=Sentence("cause.call-back.needs", "contacts that the centre itself began (direction outbound)"),
    others="contacts of the same reason and channel without a call-back",
    columns=("direction",),
)
