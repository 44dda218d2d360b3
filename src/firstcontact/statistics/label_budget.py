"""How many reviews a wanted precision takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Budget:
    """Reviews for one wanted half-width.

    Attributes:
        half_width: The half-width of the interval, as a share.
        alone: Reviews without the score; None where even all contacts do not suffice.
        with_score: Reviews with it; None likewise.
    """

    half_width: float
    alone: int | None
    with_score: int | None


def label_budget(
    share: float, explained: float, half_width: float, contacts: int, *, design_effect: float = 1.0, level: float = 0.95
) -> Budget:
    """Reviews needed for an interval of a wanted half-width.

    Estimand: nothing; a plan.
    Formula: the variance of a prediction-powered mean with the best weight is v (1 - R2) / n + v R2 / N, with
        v = p (1 - p) d, R2 the squared correlation of score and label, N the contacts; so that
        n = v (1 - R2) / ((w / q)^2 - v R2 / N). Without the score R2 is 0. With n
        beyond N every contact would have to be reviewed.
    Assumes: reviews are drawn at random, each contact as likely as any other; customers' dependence is in d.
    Lies when: some contacts are likelier to be drawn than others: divide the reviews by their design effect; or when
        the share turns out near 0 or 1.
    Oracle: without score, `statsmodels.stats.proportion.samplesize_confint_proportion`.
    References: Angelopoulos, Duchi & Zrnic (2023), PPI++, arXiv 2311.01453.

    Args:
        share: The share to be expected, 0 to 1.
        explained: R2 of the score, 0 to 1.
        half_width: The wanted half-width, above 0.
        contacts: How many contacts the figure is about.
        design_effect: How much more labels vary than independent ones.
        level: Confidence level.

    Returns:
        The budget.

    >>> label_budget(0.8, 0.5, 0.03, 100_000)
    Budget(half_width=0.03, alone=683, with_score=343)
    """
    return Budget(
        half_width,
        _needed(share, 0.0, half_width, contacts, design_effect, level),
        _needed(share, explained, half_width, contacts, design_effect, level),
    )


def _needed(share: float, explained: float, half: float, contacts: int, effect: float, level: float) -> int | None:
    from scipy.special import ndtri

    if contacts <= 0:
        return None
    variance = share * (1 - share) * effect
    room = (half / float(ndtri(0.5 + level / 2))) ** 2 - variance * explained / contacts
    if room <= 0:
        return None
    needed = max(ceil(variance * (1 - explained) / room), 1)
    return needed if needed <= contacts else None
