"""Call resolution: settled over received. Not FCR; it does not ask how many contacts it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.measurement.measures.cause import WITHOUT_LINKING, excluded, yes
from firstcontact.measurement.measures.measure import Measure, Reduction

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.policy.model import Policy


def reduce(linked: ir.Table, _policy: Policy) -> Reduction:
    """How contacts become sums."""
    resolved = linked.settled.fill_null(linked.agent_says_resolved)
    # Who left before being answered was received and not resolved, whatever was recorded.
    abandoned = linked.abandoned.fill_null(False)
    unknown = resolved.isnull() & ~abandoned
    return Reduction(
        (*excluded(linked, but=(*WITHOUT_LINKING, "abandoned")), ("not_recorded", unknown)), yes(resolved & ~abandoned)
    )


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
    columns=("abandoned",),
)
