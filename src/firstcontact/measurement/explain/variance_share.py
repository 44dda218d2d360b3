"""What share of the explained differences lies between people and not between kinds of work, where that can be said."""

from __future__ import annotations

from firstcontact.kernel.result import NOTHING_TO_COUNT, Estimate, Refusal
from firstcontact.kernel.sentence import Sentence
from firstcontact.statistics.heterogeneity import Heterogeneity

LEAST = 1e-9
"""A variance of log-odds below this is none."""


def variance_share(spread: Heterogeneity, between: float, n: int, estimand: str) -> Estimate | Refusal:
    """The share of variance that lies between units, or why there is none.

    Args:
        spread: How much units differ on their mix of work.
        between: Variance between kinds of work (`CaseMix.spread`).
        n: Contacts.
        estimand: What is estimated.

    Returns:
        The share with its interval. Refused where work does not differ at all, for then the share is 1 whatever units
        do; and where units differ even less than chance makes them, for then no variance is inside the interval.

    >>> variance_share(Heterogeneity(0.1, 0.05, 0.3, 0.95, 20.0, 9, 0.02), 0.3, 900, "share").value
    0.25
    """
    if between <= LEAST:
        reason = Sentence(
            "variance-share.work",
            "Reasons and channels show no difference of their own, so that the share would be 100 % by construction.",
        )
        cure = Sentence("variance-share.work.cure", "Data in which two reasons or channels can be told apart.")
        return Refusal(NOTHING_TO_COUNT, reason, cure, n, estimand)
    if spread.high <= LEAST:
        reason = Sentence(
            "variance-share.chance",
            "Failures differ even less than chance would make them, so that no interval can be given.",
        )
        cure = Sentence(
            "variance-share.chance.cure", "A longer period; and see whether outcomes are filled in by rule."
        )
        return Refusal(NOTHING_TO_COUNT, reason, cure, n, estimand)
    value, low, high = (one / (one + between) for one in (spread.variance, spread.low, spread.high))
    return Estimate(value, min(low, value), max(high, value), spread.level, n, estimand)
