"""The policy's verdict as a measure, over openers or over all contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.measurement.measures.cause import excluded, yes
from firstcontact.measurement.measures.measure import Reduction

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.policy.model import Policy


def by_verdict(linked: ir.Table, policy: Policy, *, openers: bool) -> Reduction:
    """Count contacts by the policy's outcome.

    Args:
        linked: Linked contacts.
        policy: The policy.
        openers: Whether only openers of issues are judged, or every contact.

    Returns:
        The reduction: excluded, then not an opener, left-censored, immature, left out by the definition.
    """
    causes = list(excluded(linked))
    if openers:
        causes += [("not_opener", ~linked.opener), ("left_censored", linked.left_censored)]
    causes += [("immature", ~linked.mature), ("outcome_code", linked.outcome == "left_out")]
    unsettled = linked.outcome == "unsettled" if policy.may_be_unsettled else None
    return Reduction(tuple(causes), yes(linked.outcome == "yes"), unsettled)
