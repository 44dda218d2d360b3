"""An interval for the difference of two figures that come with intervals of their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firstcontact.statistics.bucket import Array


def square_and_add(
    before: Array, before_low: Array, before_high: Array, after: Array, after_low: Array, after_high: Array
) -> tuple[Array, Array]:
    """Interval for `after - before`.

    Estimand: the difference of two independent parameters.
    Formula: d - sqrt((after - after_low)² + (before_high - before)²) to
        d + sqrt((after_high - after)² + (before - before_low)²), with d = after - before.
    Assumes: both intervals have the same level; the figures are independent.
    Lies when: the same customers are in both, which mostly makes the interval wider than need be.
    Oracle: Newcombe's interval of `statsmodels.stats.proportion.confint_proportions_2indep`.
    References: Newcombe, R. G. (1998), Statistics in Medicine 17, method 10; Zou, G. Y. & Donner, A. (2008),
        Statistics in Medicine 27(10).

    Args:
        before: Figures.
        before_low: Lower ends of their intervals.
        before_high: Upper ends.
        after: Figures they are compared with, same shape and unit.
        after_low: Lower ends of their intervals.
        after_high: Upper ends.

    Returns:
        Lower and upper ends of the differences.
    """
    change = after - before
    low = change - np.hypot(after - after_low, before_high - before)
    high = change + np.hypot(after_high - after, before - before_low)
    return low, high


def p_value(change: Array, low: Array, high: Array, level: float) -> Array:
    """Two-sided p-value of no change, such that it is below `1 - level` exactly when the interval excludes 0.

    Estimand: the probability of a change at least as large where there is none.
    Formula: z = |d| / h * q, where h is the length of the interval on the side of 0 and q the normal quantile of its
        level; p = 2 (1 - Phi(z)).
    Assumes: the end of the interval nearer to 0 scales with the quantile, as that of a normal estimate does.
    Lies when: the interval rests on few groups of customers: p-values far below `1 - level` are then too small.
    Oracle: a normal interval of a difference gives the p-value of its z-test.
    References: Altman, D. G. & Bland, J. M. (2011), BMJ 343, d2304.

    Args:
        change: Differences.
        low: Lower ends of their intervals.
        high: Upper ends.
        level: Confidence level of the intervals.

    Returns:
        p-values, 0 to 1; 1 where there is no change.
    """
    from scipy.special import ndtr, ndtri

    half = np.where(change > 0, change - low, high - change)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(change == 0, 0.0, np.abs(change) / half)
    return np.asarray(2 * ndtr(-z * ndtri(0.5 + level / 2)), dtype=float)


def excludes_none(low: Array, high: Array) -> NDArray[np.bool_]:
    """Whether an interval of a difference excludes no change.

    >>> excludes_none(np.array([-0.1, 0.02]), np.array([0.1, 0.04])).tolist()
    [False, True]
    """
    return np.asarray((low > 0) | (high < 0))
