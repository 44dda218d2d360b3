"""Who began the contact; inbound where it is not recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firstcontact.measurement.signals.signal import Signal

if TYPE_CHECKING:
    import ibis.expr.types as ir


def _see(contacts: ir.Table, _has: frozenset[str]) -> Any:
    return contacts.direction.fill_null("inbound")


SIGNAL = Signal(
    "direction",
    _see,
)
