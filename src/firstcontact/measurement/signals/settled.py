"""The record is in a solved or closed state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firstcontact.measurement.signals.signal import Signal

if TYPE_CHECKING:
    import ibis.expr.types as ir


def _see(contacts: ir.Table, has: frozenset[str]) -> Any:
    if "event.settled" not in has:
        return contacts.settled
    last = contacts.event_last_settled_us
    by_events = last.notnull() & (last > contacts.event_last_reopen_us.fill_null(last - 1))
    return contacts.settled.fill_null(by_events)


SIGNAL = Signal(
    "settled",
    "it is in a solved or closed state",
    "a settled column or settled events",
    _see,
    rests_on=frozenset({"settled", "event.settled"}),
    columns=("settled",),
    type="boolean",
)
