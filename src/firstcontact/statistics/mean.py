"""An interval for a mean (seconds, scores) whose rows come in customers."""

from __future__ import annotations

import numpy as np

from firstcontact.statistics.bucket import Array, Ratio
from firstcontact.statistics.share import t_quantile


def clustered_mean(cells: Ratio, level: float) -> tuple[Array, Array]:
    """Interval for a mean, clustered by customer.

    Estimand: the mean score in a population of customers like these.
    Formula: mean ± t(f) sqrt(var) with the f degrees of freedom of the variance.
    Assumes: customers are independent; the mean of a bucket is not far from normal.
    Lies when: a few rows are huge (a call left open overnight), or few customers hold the cell.
    Oracle: `statsmodels` OLS on a constant with cluster-robust covariance.
    References: Bell & McCaffrey (2002); Kott (2001).

    Args:
        cells: Means with their variance, from `bucket.ratio`.
        level: Confidence level, for example 0.95.

    Returns:
        Lower and upper ends in the score's unit; NaN where fewer than two buckets hold rows.
    """
    half = t_quantile(level, cells.freedom) * np.sqrt(cells.variance)
    return cells.value - half, cells.value + half
