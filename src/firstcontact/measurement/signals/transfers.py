"""How often the contact changed hands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from firstcontact.measurement.signals.signal import Signal

if TYPE_CHECKING:
    import ibis.expr.types as ir


def _see(contacts: ir.Table, has: frozenset[str]) -> Any:
    legs = contacts.leg_count
    if not has & {"transfers", "event.reassignment"}:
        return legs
    recorded = contacts.transfers if "transfers" in has else ibis.null("int64")
    if "event.reassignment" in has:
        recorded = recorded.fill_null(contacts.event_reassignment.fill_null(0))
    return ibis.ifelse(recorded.isnull(), legs, recorded + legs.fill_null(0))


SIGNAL = Signal(
    "transfers",
    _see,
    rests_on=frozenset({"transfers", "event.reassignment", "legs"}),
    columns=("transfers",),
)
