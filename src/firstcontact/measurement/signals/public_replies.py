"""Agent replies that the customer saw. Internal notes are never counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firstcontact.measurement.signals.signal import Signal

if TYPE_CHECKING:
    import ibis.expr.types as ir


def _see(contacts: ir.Table, _has: frozenset[str]) -> Any:
    return contacts.event_public_reply.fill_null(0)


SIGNAL = Signal(
    "public_replies",
    _see,
    rests_on=frozenset({"event.public_reply"}),
)
