"""Call resolution: settled over received. Not FCR; it does not ask how many contacts it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.measurement.measures.cause import excluded, not_recorded, yes
from firstcontact.measurement.measures.measure import Measure, Reduction

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.policy.model import Policy


def reduce(linked: ir.Table, _policy: Policy) -> Reduction:
    """How contacts become sums."""
    resolved = linked.settled.fill_null(linked.agent_says_resolved)
    return Reduction((*excluded(linked, but=("no_customer", "no_reason")), not_recorded(resolved)), yes(resolved))


MEASURE = Measure(
    id="call_resolution",
    title="Call resolution",
    estimand="share of received contacts that ended settled, however many contacts it took",
    unit="share",
    reduce=reduce,
    rests_on=frozenset({"settled", "event.settled", "agent_says_resolved"}),
    needs="a settled state, settled events or a wrap-up that says resolved",
    signals=(
        "settled",
        "agent_says_resolved",
    ),
)
