"""The record is in a solved or closed state: as its column says, or else its own history.

Who left before being answered was not settled. Of any other contact with neither a state nor a history nothing is
known, which is not the same as open: there, what the agent says can speak.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from firstcontact.measurement.signals.signal import Signal

if TYPE_CHECKING:
    import ibis.expr.types as ir


def _see(contacts: ir.Table, has: frozenset[str]) -> Any:
    nothing = ibis.null("boolean")
    otherwise = ibis.ifelse(contacts.abandoned.fill_null(False), False, nothing)
    if "event.settled" not in has:
        return contacts.settled.fill_null(otherwise)
    last = contacts.event_last_settled_us
    by_events = last.notnull() & (last > contacts.event_last_reopen_us.fill_null(last - 1))
    return contacts.settled.fill_null(ibis.ifelse(contacts.event_id.notnull(), by_events, otherwise))


SIGNAL = Signal(
    "settled",
    _see,
    rests_on=frozenset({"settled", "event.settled"}),
    columns=("settled", "abandoned"),
    whole="last",
)
