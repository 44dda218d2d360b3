"""How near estimates come to a truth that is known: bias, spread and how often intervals hold it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Recovery:
    """Estimates against their truth, over draws.

    Attributes:
        bias: Mean error.
        bias_error: Monte Carlo standard error of the bias; None with fewer than two draws.
        rmse: Root of the mean squared error.
        coverage: Share of intervals that hold the truth; None where no interval was given.
        coverage_error: Monte Carlo standard error of the coverage; None as above.
        half_width: Mean half-width of the intervals; None as above.
        n: Draws.
    """

    bias: float
    bias_error: float | None
    rmse: float
    coverage: float | None
    coverage_error: float | None
    half_width: float | None
    n: int


def recover(
    estimate: ArrayLike, truth: ArrayLike, low: ArrayLike | None = None, high: ArrayLike | None = None
) -> Recovery | None:
    """Hold estimates against their truth.

    Estimand: the estimator's mean error, its root mean squared error, and the probability that its interval holds the
        truth.
    Formula: mean(e), sqrt(mean(e^2)) with e = estimate - truth; mean(low <= truth <= high). Monte Carlo errors are
        sd(e) / sqrt(n) and sqrt(c (1 - c) / n).
    Assumes: draws are independent of each other; pooled draws of one world (its reasons, its weeks) are not quite, so
        that their Monte Carlo errors are then a little too small.
    Lies when: draws without an estimate are left out and those are the hard ones: count them beside it.
    Oracle: written out in the test.
    References: Morris, T. P., White, I. R. & Crowther, M. J. (2019) Using simulation studies to evaluate statistical
        methods, Statistics in Medicine 38(11).

    Args:
        estimate: Estimates, shape (draws,).
        truth: Their truths, a number or shape (draws,).
        low: Lower ends of their intervals.
        high: Upper ends.

    Returns:
        The comparison; None without a draw.

    >>> recover([0.8, 0.9], 0.8, [0.7, 0.85], [0.9, 0.95])
    Recovery(bias=0.05, bias_error=0.05, rmse=0.0707..., coverage=0.5, coverage_error=0.35..., half_width=0.075, n=2)
    """
    value = np.asarray(estimate, dtype=float).ravel()
    n = len(value)
    if n == 0:
        return None
    error = value - np.asarray(truth, dtype=float)
    bias = float(error.mean())
    spread = float(error.std(ddof=1) / np.sqrt(n)) if n > 1 else None
    coverage = doubt = half = None
    if low is not None and high is not None:
        lower, upper = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
        coverage = float(np.mean((lower <= np.asarray(truth)) & (np.asarray(truth) <= upper)))
        doubt = float(np.sqrt(coverage * (1 - coverage) / n))
        half = float(np.mean(upper - lower) / 2)
    clean = (round(bias, 12), None if spread is None else round(spread, 12))
    return Recovery(*clean, float(np.sqrt(np.mean(error**2))), coverage, doubt, _rounded(half), n)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 12)
