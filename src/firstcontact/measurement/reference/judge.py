"""The verdict on one linked contact."""

from __future__ import annotations

from typing import Literal

from firstcontact.measurement.policy.model import Condition, Policy, SignalValue
from firstcontact.measurement.reference.link import Linked

Verdict = Literal["yes", "no", "left_out", "unsettled"]

NOT_RECORDED = "not_recorded"


def judge(linked: Linked, policy: Policy) -> tuple[Verdict | None, str | None]:
    """Whether a contact counts as resolved at first contact.

    Returns:
        The verdict, None where the contact is not eligible or not mature; and of `left_out` the code.
    """
    if not (linked.index_eligible and linked.mature):
        return None, None
    for condition in policy.left_out_when:
        if holds(condition, linked):
            return "left_out", condition.code or condition.signal
    required = [condition for condition in policy.counts_when if asked(condition, linked)]
    missing = {condition.missing for condition in required if linked.signals[condition.signal] is None}
    recorded = [condition for condition in required if linked.signals[condition.signal] is not None]
    if "fails" in missing or not all(holds(condition, linked) for condition in recorded):
        return "no", None
    if "left_out" in missing:
        return "left_out", NOT_RECORDED
    if "unsettled" in missing or any(holds(condition, linked) for condition in policy.unsettled_when):
        return "unsettled", None
    return "yes", None


def asked(condition: Condition, linked: Linked) -> bool:
    """Whether a condition concerns a contact on this channel."""
    return not condition.channels or linked.contact.channel in condition.channels


def holds(condition: Condition, linked: Linked) -> bool:
    """Whether a condition is asked, its signal recorded, and its comparison true."""
    value = linked.signals[condition.signal]
    return asked(condition, linked) and value is not None and compare(condition, value)


def compare(condition: Condition, value: SignalValue) -> bool:
    """The comparison itself.

    >>> compare(Condition("transfers", at_most=1), 2), compare(Condition("settled", equals=True), True)
    (False, True)
    """
    if condition.equals is not None:
        return value == condition.equals
    if condition.any_of:
        return value in condition.any_of
    if isinstance(value, str):
        return False
    if condition.at_most is not None:
        return value <= condition.at_most
    if condition.below is not None:
        return value < condition.below
    return condition.at_least is not None and value >= condition.at_least
