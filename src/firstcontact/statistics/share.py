"""An interval for a share whose rows come in customers."""

from __future__ import annotations

import numpy as np

from firstcontact.statistics.bucket import Array, Ratio


def wilson(value: Array, count: Array, quantile: Array | float) -> tuple[Array, Array]:
    """Wilson's score interval.

    Estimand: the probability behind a share of independent yes-or-no rows.
    Formula: (p + q²/2n ± q sqrt(p(1-p)/n + q²/4n²)) / (1 + q²/n).
    Assumes: independent rows.
    Lies when: rows come in customers and `count` is the number of rows; give the effective number instead.
    Oracle: `statsmodels.stats.proportion.proportion_confint(method="wilson")`.
    References: Wilson, E. B. (1927), JASA 22(158).

    Args:
        value: Shares, 0 to 1.
        count: (Effective) number of rows behind each, above 0.
        quantile: Quantile of the reference distribution, for example 1.96.

    Returns:
        Lower and upper ends, 0 to 1.
    """
    square = np.asarray(quantile, dtype=float) ** 2
    centre = value + square / (2 * count)
    spread = quantile * np.sqrt(np.maximum(value * (1 - value), 0.0) / count + square / (4 * count**2))
    scale = 1 + square / count
    low = np.where(value <= 0.0, 0.0, (centre - spread) / scale)
    high = np.where(value >= 1.0, 1.0, (centre + spread) / scale)
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


def clustered_share(cells: Ratio, level: float) -> tuple[Array, Array]:
    """Interval for a share, clustered by customer.

    Estimand: the probability behind the share in a population of customers like these.
    Formula: design effect d = max(1, var / (p(1-p)/n)); Wilson's interval with n/d rows and Student's t with the
        degrees of freedom of the variance. With all rows alike (p of 0 or 1) dependence cannot be seen, and the rows of
        a customer are taken for one: as many rows as the cell is worth customers.
    Assumes: customers are independent of each other.
    Lies when: very few rows differ from all others, as their spread says little of how alike a customer's are; with
        fewer than two buckets only rows speak (d is 1, one degree of freedom). Where most customers are either always
        or never resolved and the share is near 0 or 1, 95 % intervals of cells with few degrees of freedom hold the
        truth 91 to 93 % of the time.
    Oracle: recovery on simulated customers with known dependence; Wilson against statsmodels.
    References: Korn, E. L. & Graubard, B. I. (1998), Survey Methodology 24; Wilson (1927); Kish, L. (1965), Survey
        Sampling, on what clusters of unequal size are worth.

    Args:
        cells: Shares with their variance, from `bucket.ratio`.
        level: Confidence level, for example 0.95.

    Returns:
        Lower and upper ends, 0 to 1; NaN where the count is 0.
    """
    rows = np.maximum(cells.count, 1.0)
    plain = cells.value * (1 - cells.value) / rows
    seen = (plain > 0) & ~np.isnan(cells.variance)
    blind = np.where(cells.groups > 1, rows / np.minimum(cells.customers, rows), 1.0)
    effect = np.where(seen, cells.variance / np.where(seen, plain, 1.0), blind)
    effective = rows / np.maximum(effect, 1.0)
    low, high = wilson(np.nan_to_num(cells.value), effective, t_quantile(level, cells.freedom))
    empty = cells.count <= 0
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def t_quantile(level: float, freedom: Array) -> Array:
    """Two-sided quantile of Student's t.

    >>> float(t_quantile(0.95, np.array([39.0]))[0].round(3))
    2.023
    """
    from scipy.special import stdtrit

    return np.asarray(stdtrit(np.maximum(freedom, 1.0), 0.5 + level / 2), dtype=float)
