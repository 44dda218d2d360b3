"""Reopen rate: settled records that were opened again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.measurement.measures.cause import WITHOUT_LINKING, excluded, yes
from firstcontact.measurement.measures.measure import Measure, Reduction

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.policy.model import Policy


def reduce(linked: ir.Table, _policy: Policy) -> Reduction:
    """How contacts become sums."""
    reopened = linked.reopens > 0
    never = ~(linked.settled_times > 0).fill_null(False) & ~reopened.fill_null(False)
    return Reduction((*excluded(linked, but=WITHOUT_LINKING), ("never_settled", never)), yes(reopened))


MEASURE = Measure(
    id="reopen_rate",
    title="Reopen rate",
    estimand="share of contacts, once settled, that were opened again",
    unit="share",
    reduce=reduce,
    # Reopenings alone would make every settled contact a reopened one; settlements alone could show no reopening.
    rests_on=frozenset({"history"}),
    needs="case events with settled and others, so that a reopening would be seen",
    signals=(
        "reopens",
        "settled_times",
    ),
)
