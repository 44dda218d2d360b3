"""How long until somebody answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firstcontact.measurement.linking.portable import MINUTE_US, microseconds
from firstcontact.measurement.signals.signal import Signal

if TYPE_CHECKING:
    import ibis.expr.types as ir


def _see(contacts: ir.Table, has: frozenset[str]) -> Any:
    began = contacts.queued_at.coalesce(contacts.started_at)
    waited = (microseconds(contacts.answered_at) - microseconds(began)) / MINUTE_US
    if "event.public_reply" not in has:
        return waited
    replied = (contacts.event_first_reply_us - contacts.recorded_start_us) / MINUTE_US
    return replied.fill_null(waited)


SIGNAL = Signal(
    "minutes_to_reply",
    _see,
    rests_on=frozenset({"answered_at", "event.public_reply"}),
    columns=(
        "answered_at",
        "queued_at",
        "started_at",
    ),
    fractional=True,
)
