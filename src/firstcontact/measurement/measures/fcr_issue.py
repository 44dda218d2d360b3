"""First contact resolution of issues: judged at the opener of each issue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.measurement.measures.measure import Measure, Reduction
from firstcontact.measurement.measures.verdict import by_verdict

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.policy.model import Policy


def reduce(linked: ir.Table, policy: Policy) -> Reduction:
    """How contacts become sums."""
    return by_verdict(linked, policy, openers=True)


MEASURE = Measure(
    id="fcr_issue",
    title="FCR, by issue",
    estimand="share of issues that the policy counts as resolved at the first contact, judged at the opener",
    unit="share",
    reduce=reduce,
    judges=True,
    rests_on=frozenset({"customer"}),
    needs="customer ids or identifiers",
)
