"""What came in from the customer, the first contact included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firstcontact.measurement.signals.signal import Signal

if TYPE_CHECKING:
    import ibis.expr.types as ir


def _see(contacts: ir.Table, _has: frozenset[str]) -> Any:
    return contacts.event_customer_message.fill_null(0) + 1


SIGNAL = Signal(
    "inbound_activities",
    _see,
    rests_on=frozenset({"event.customer_message", "event.public_reply"}),
)
