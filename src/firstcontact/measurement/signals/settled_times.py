"""How often it was solved or closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firstcontact.measurement.signals.signal import Signal

if TYPE_CHECKING:
    import ibis.expr.types as ir


def _see(contacts: ir.Table, _has: frozenset[str]) -> Any:
    return contacts.event_settled.fill_null(0)


SIGNAL = Signal(
    "settled_times",
    _see,
    rests_on=frozenset({"event.settled"}),
)
