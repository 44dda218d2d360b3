"""The contact went to a higher level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firstcontact.measurement.signals.signal import Signal

if TYPE_CHECKING:
    import ibis.expr.types as ir


def _see(contacts: ir.Table, has: frozenset[str]) -> Any:
    went = contacts.escalated_to.notnull()
    return went | (contacts.event_escalation.fill_null(0) > 0) if "event.escalation" in has else went


SIGNAL = Signal(
    "escalated",
    _see,
    rests_on=frozenset({"escalated_to", "event.escalation"}),
    columns=("escalated_to",),
    whole="any",
)
