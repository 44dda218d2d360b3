"""The channel of the contact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firstcontact.measurement.signals.signal import Signal

if TYPE_CHECKING:
    import ibis.expr.types as ir


def _see(contacts: ir.Table, _has: frozenset[str]) -> Any:
    return contacts.channel


SIGNAL = Signal(
    "channel",
    _see,
    rests_on=frozenset({"channel"}),
)
