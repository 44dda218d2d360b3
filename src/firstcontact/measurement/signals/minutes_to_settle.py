"""How long until it was first settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from firstcontact.measurement.linking.portable import MINUTE_US
from firstcontact.measurement.signals.signal import Signal

if TYPE_CHECKING:
    import ibis.expr.types as ir


def _see(contacts: ir.Table, has: frozenset[str]) -> Any:
    if "event.settled" in has:
        return (contacts.event_first_settled_us - contacts.recorded_start_us) / MINUTE_US
    unsettled = ~contacts.settled.fill_null(True)
    lasted = (contacts.recorded_end_us - contacts.recorded_start_us) / MINUTE_US
    return ibis.ifelse(unsettled, ibis.null("float64"), lasted)


SIGNAL = Signal(
    "minutes_to_settle",
    _see,
    rests_on=frozenset({"event.settled", "ended_at"}),
    columns=("settled",),
    fractional=True,
)
