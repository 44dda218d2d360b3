"""The policy's verdict as a measure, over openers or over all contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.measurement.measures.cause import excluded, yes
from firstcontact.measurement.measures.measure import Reduction

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.policy.model import Policy


def by_verdict(linked: ir.Table, policy: Policy, *, openers: bool, judged: str = "outcome") -> Reduction:
    """Count contacts by the policy's outcome.

    Args:
        linked: Linked contacts.
        policy: The policy.
        openers: Whether only openers of issues are judged, or every contact.
        judged: The column of outcomes; codes stand in the column of that name with `outcome_code` for `outcome`.

    Returns:
        The reduction: excluded, then not an opener, left-censored, immature, left out by the definition.
    """
    causes = list(excluded(linked))
    if openers:
        causes += [("not_opener", ~linked.opener), ("left_censored", linked.left_censored)]
    causes += [("immature", ~linked.mature), (judged.replace("outcome", "outcome_code"), linked[judged] == "left_out")]
    unsettled = linked[judged] == "unsettled" if policy.may_be_unsettled else None
    return Reduction(tuple(causes), yes(linked[judged] == "yes"), unsettled)
