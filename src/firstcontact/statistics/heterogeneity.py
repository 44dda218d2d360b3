"""Do units differ more than chance makes them, and by how much."""

from __future__ import annotations

from dataclasses import dataclass

from firstcontact.statistics.contrast import Contrasts

LARGEST = 1e6
"""A variance beyond which nothing is sought: differences of a thousand log-odds."""

_HALVINGS = 60
"""A thousand halved so often is nothing beside what doubles hold."""


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """How much units differ.

    Attributes:
        variance: Variance of the units' true log-odds around their mean; 0 where they differ no more than by chance.
        low: Lower end of its interval.
        high: Upper end.
        level: Level of the interval.
        statistic: Sum of the squared contrasts, each over its variance.
        freedom: How many contrasts there are; 0 where nothing can be compared, and then nothing else is known.
        p: Probability of so large a statistic where units are alike.
    """

    variance: float
    low: float
    high: float
    level: float
    statistic: float
    freedom: int
    p: float


def heterogeneity(contrasts: Contrasts, design_effect: float = 1.0, level: float = 0.95) -> Heterogeneity:
    """Test whether units differ, and estimate by how much.

    Estimand: variance s2 of the units' own log-odds, after their mix of work.
    Formula: Q(s2) = sum u_i^2 / (f l_i + s2 l_i^2) over the contrasts u_i with information l_i and design effect f,
        which is chi-squared with as many degrees of freedom as contrasts. The test is Q(0); the estimate solves
        Q(s2) = freedom, or is 0 where Q(0) is below that; the interval holds all s2 that the chi-squared does not
        reject on either side.
    Assumes: units' own log-odds are about normal; contrasts are about normal (some five events a unit).
    Lies when: units have one contact each, where sums are far from normal; differences come from unmeasured severity.
    Oracle: the interval and the estimates of Viechtbauer (2007), as `metafor` prints them; with one stratum the test is
        `scipy.stats.chi2_contingency`.
    References: Paule, R. C. & Mandel, J. (1982), J. Res. NBS 87(5); Viechtbauer, W. (2007), Statistics in Medicine
        26(1).

    Args:
        contrasts: From `contrast.case_mix`.
        design_effect: How much more scores vary than information says.
        level: Level of the interval.

    Returns:
        The variance with its interval, and the test.
    """
    from scipy.special import chdtrc, chdtri

    freedom = len(contrasts.score)
    if not freedom:
        return Heterogeneity(0.0, 0.0, LARGEST, level, 0.0, 0, 1.0)

    def statistic(variance: float) -> float:
        spread = design_effect * contrasts.information + variance * contrasts.information**2
        return float((contrasts.score**2 / spread).sum())

    def solve(target: float) -> float:
        if statistic(0.0) <= target:
            return 0.0
        if statistic(LARGEST) >= target:
            return LARGEST
        # Halving needs nothing but the statistic, which only falls; a solver would take longer to load than to run.
        low, high = 0.0, float(LARGEST**0.5)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if statistic(middle**2) > target else (low, middle)
        return high * high

    tail = (1 - level) / 2
    seen = statistic(0.0)
    return Heterogeneity(
        variance=solve(float(freedom)),
        low=solve(float(chdtri(freedom, tail))),
        high=solve(float(chdtri(freedom, 1 - tail))),
        level=level,
        statistic=seen,
        freedom=freedom,
        p=float(chdtrc(freedom, seen)),
    )
