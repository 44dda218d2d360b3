"""Escalation rate: contacts that went to a higher level."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.measurement.measures.cause import WITHOUT_LINKING, excluded, yes
from firstcontact.measurement.measures.measure import Measure, Reduction

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.policy.model import Policy


def reduce(linked: ir.Table, _policy: Policy) -> Reduction:
    """How contacts become sums."""
    return Reduction(excluded(linked, but=WITHOUT_LINKING), yes(linked.escalated))


MEASURE = Measure(
    id="escalation_rate",
    title="Escalation rate",
    estimand="share of contacts that went to a higher level",
    unit="share",
    reduce=reduce,
    rests_on=frozenset({"escalated_to", "event.escalation"}),
    needs="an escalated_to column or escalation events",
    signals=("escalated",),
)
