"""Transfer rate: contacts that changed hands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.measurement.measures.cause import WITHOUT_LINKING, excluded, not_recorded, yes
from firstcontact.measurement.measures.measure import Measure, Reduction

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.policy.model import Policy


def reduce(linked: ir.Table, _policy: Policy) -> Reduction:
    """How contacts become sums."""
    return Reduction(
        (*excluded(linked, but=WITHOUT_LINKING), not_recorded(linked.transfers)), yes(linked.transfers > 0)
    )


MEASURE = Measure(
    id="transfer_rate",
    title="Transfer rate",
    estimand="share of contacts that went to another agent or queue",
    unit="share",
    reduce=reduce,
    rests_on=frozenset({"transfers", "event.reassignment"}),
    needs="a transfers column or reassignment events",
    signals=("transfers",),
)
