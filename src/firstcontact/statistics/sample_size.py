"""How many contacts it takes to see a difference."""

from __future__ import annotations

from math import ceil


def sample_size(
    share: float, difference: float, *, design_effect: float = 1.0, power: float = 0.8, level: float = 0.95
) -> int:
    """Contacts needed on each side to see a difference of two shares.

    Estimand: nothing; a plan.
    Formula: n = (q_level + q_power)^2 * 2 p (1 - p) d / D^2 with normal quantiles, 7.85 for 95 % and 80 %.
    Assumes: both sides have about this share; the design effect d carries what customers have in common.
    Lies when: weeks differ by more than chance: then no number of contacts a week suffices, only weeks do.
    Oracle: `statsmodels.stats.power` for two samples with the same standardised difference.
    References: Fleiss, J. L., Levin, B. & Paik, M. C. (2003), Statistical Methods for Rates and Proportions, ch. 4.

    Args:
        share: The share to be expected, 0 to 1.
        difference: The difference to be seen, not 0.
        design_effect: How much more the share varies than independent contacts would make it.
        power: Probability of seeing it.
        level: Confidence level of the test.

    Returns:
        Contacts on each side.

    >>> sample_size(0.8, 0.03)
    2791
    """
    from scipy.special import ndtri

    quantiles = float(ndtri(0.5 + level / 2) + ndtri(power))
    return ceil(quantiles**2 * 2 * share * (1 - share) * design_effect / difference**2)
