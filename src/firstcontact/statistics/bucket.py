"""Variance of a ratio when rows come in customers: by groups of customers, so that it costs one pass over the data.

Contacts of one customer are not independent. Customers are split at random into groups (buckets); the spread between
the groups' contributions carries whatever dependence there is inside customers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ratio:
    """Ratios of two sums, one a cell.

    Attributes:
        value: `total / count`; NaN where the count is 0.
        variance: Sampling variance of the value, clustered by customer.
        count: Rows in the cell.
        groups: Buckets that hold any row.
        freedom: Degrees of freedom of the variance: n^2 / sum(n_g^2) - 1, which is G - 1 for buckets of one size and
            less where some hold much more than others; 0 where fewer than two buckets hold rows.
    """

    value: Array
    variance: Array
    count: Array
    groups: Array
    freedom: Array


def ratio(count: Array, total: Array) -> Ratio:
    """Ratio of sums with the variance between customer buckets.

    Estimand: the mean of a row's score in a population of customers like these.
    Formula: p = sum(x_g) / sum(n_g); z_g = (x_g - p n_g) / sum(n_g); var(p) = G / (G - 1) * sum(z_g^2) over the G
        buckets that hold rows. This is the linearised form of the delete-a-group jackknife.
    Assumes: customers fall into buckets independently of what happens to them; enough buckets hold rows.
    Lies when: one customer holds much of the cell, or fewer than about 10 buckets hold rows.
    Oracle: `statsmodels` OLS of the score on a constant with cluster-robust covariance, buckets as clusters; its
        further factor (n - 1) / (n - k) is 1, since k, the number of coefficients, is 1.
    References: Kott, P. S. (2001) The delete-a-group jackknife, Journal of Official Statistics 17(4); for the degrees
        of freedom, the effective number of clusters of Carter, Schnepel & Steigerwald (2017), Review of Economics and
        Statistics 99(4).

    Args:
        count: Rows, shape (cells, buckets).
        total: Sum of the rows' scores, shape (cells, buckets).

    Returns:
        One ratio a cell; `variance` is NaN where fewer than two buckets hold rows, since nothing can be said of it.
    """
    n = count.sum(axis=1)
    safe = np.where(n > 0, n, 1.0)
    value = total.sum(axis=1) / safe
    held = (count > 0).sum(axis=1).astype(float)
    spread = (total - value[:, None] * count) / safe[:, None]
    factor = np.where(held > 1, held / np.maximum(held - 1, 1.0), np.nan)
    variance = factor * (spread**2).sum(axis=1)
    squares = (count**2).sum(axis=1)
    freedom = np.where(held > 1, n**2 / np.where(squares > 0, squares, 1.0) - 1, 0.0)
    return Ratio(np.where(n > 0, value, np.nan), variance, n, held, freedom)
