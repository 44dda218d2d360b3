"""What the agent ticked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firstcontact.measurement.signals.signal import Signal

if TYPE_CHECKING:
    import ibis.expr.types as ir


def _see(contacts: ir.Table, _has: frozenset[str]) -> Any:
    return contacts.agent_says_resolved


SIGNAL = Signal(
    "agent_says_resolved",
    _see,
    rests_on=frozenset({"agent_says_resolved"}),
    columns=("agent_says_resolved",),
    whole="last",
)
