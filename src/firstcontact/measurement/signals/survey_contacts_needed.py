"""How many contacts the customer says it took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firstcontact.measurement.signals.signal import Signal

if TYPE_CHECKING:
    import ibis.expr.types as ir


def _see(contacts: ir.Table, _has: frozenset[str]) -> Any:
    return contacts.survey_contacts_needed


SIGNAL = Signal(
    "survey_contacts_needed",
    _see,
    rests_on=frozenset({"survey.contacts_needed"}),
    whole="last",
)
