"""Whether the share of a cell differs from that of all other cells together, when rows come in customers."""

from __future__ import annotations

import numpy as np

from firstcontact.statistics.bucket import Array, ratio

LEAST_BUCKETS = 10
"""With fewer buckets of customers the spread between them is not known well enough for a test."""

LEAST_EXPECTED = 5.0
"""With fewer rows of either kind to be expected, a share is too skewed for a test (Cochran's rule)."""


def against_rest(count: Array, total: Array, whole_count: Array, whole_total: Array) -> Array:
    """Two-sided p-value of each cell's share being that of the rest.

    Estimand: the probability of a difference at least as large where cell and rest have the same probability.
    Formula: t = (p - r) / sqrt(v), with p the cell's share and r that of the rest; v is the larger of the variance
        between buckets of the linearised difference, G / (G - 1) * sum(z_g^2) with
        z_g = (x_g - p n_g) / n - (y_g - r m_g) / m over the G buckets that hold rows of the cell, and the binomial one
        under the common share, q (1 - q) (1 / n + 1 / m); Student's t with the degrees of freedom of the cell's
        or the rest's ratio, whichever are fewer. What customers of both share enters through z_g.
    Assumes: customers fall into buckets independently of what happens to them.
    Lies when: one customer holds much of a cell; such cells are to be refused before they are tested. A cell and a
        rest that overlap in customers who behave alike are told apart too rarely, since the binomial variance is never
        undercut.
    Oracle: the slope of `statsmodels` OLS on an indicator of the cell, with cluster-robust covariance, buckets as
        clusters.
    References: Kott, P. S. (2001), Journal of Official Statistics 17(4); Cochran, W. G. (1954), Biometrics 10(4), on
        how small an expected count may be.

    Args:
        count: Rows, shape (cells, buckets).
        total: Rows that count as a success, shape (cells, buckets).
        whole_count: Rows of all cells together, shape (buckets,).
        whole_total: Successes of all cells together, shape (buckets,).

    Returns:
        p-values, shape (cells,); NaN where cell or rest is too small, or lies in too few buckets, to be tested.

    >>> rows, won = np.full((2, 20), 30.0), np.stack([np.full(20, 15.0), np.full(20, 24.0)])
    >>> against_rest(rows, won, rows.sum(axis=0), won.sum(axis=0)).round(3).tolist()
    [0.0, 0.0]
    >>> against_rest(rows, won, rows[0], won[0]).tolist()
    [nan, nan]
    """
    from scipy.special import stdtr

    cell, rest = ratio(count, total), ratio(whole_count - count, whole_total - total)
    n, m = np.maximum(cell.count, 1.0), np.maximum(rest.count, 1.0)
    common = whole_total.sum() / max(whole_count.sum(), 1.0)
    p, r = np.nan_to_num(cell.value), np.nan_to_num(rest.value)
    left = (total - p[:, None] * count) / n[:, None]
    right = ((whole_total - total) - r[:, None] * (whole_count - count)) / m[:, None]
    held = np.maximum(cell.groups, 2.0)
    between = held / (held - 1) * ((left - right) ** 2).sum(axis=1)
    chance = common * (1 - common) * (1 / n + 1 / m)
    variance = np.maximum(between, chance)
    enough = (cell.groups >= LEAST_BUCKETS) & (rest.groups >= LEAST_BUCKETS)
    for part in (cell, rest):
        plain = part.value * (1 - part.value) / np.maximum(part.count, 1.0)
        seen = (plain > 0) & ~np.isnan(part.variance)
        effect = np.maximum(np.where(seen, part.variance / np.where(seen, plain, 1.0), 1.0), 1.0)
        enough &= part.count / effect * min(common, 1 - common) >= LEAST_EXPECTED
    freedom = np.maximum(np.minimum(cell.freedom, rest.freedom), 1.0)
    t = np.abs(p - r) / np.sqrt(np.where(variance > 0, variance, 1.0))
    return np.asarray(np.where(enough, 2 * stdtr(freedom, -t), np.nan), dtype=float)
