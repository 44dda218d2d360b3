"""First contact resolution of contacts: every contact is judged, openers and repeats alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.measurement.measures.measure import Measure, Reduction
from firstcontact.measurement.measures.verdict import by_verdict

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.policy.model import Policy


def reduce(linked: ir.Table, policy: Policy) -> Reduction:
    """How contacts become sums."""
    return by_verdict(linked, policy, openers=False)


MEASURE = Measure(
    id="fcr_contact",
    title="FCR, by contact",
    estimand="share of contacts that the policy counts as resolved, openers and repeats alike",
    unit="share",
    reduce=reduce,
    judges=True,
)
