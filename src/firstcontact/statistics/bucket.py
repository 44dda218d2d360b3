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
        freedom: Degrees of freedom of the variance: G - 1 for G buckets of one size, far less where a few hold most;
            0 where fewer than two buckets hold rows.
        customers: How many customers of equal size the rows are worth, if those of a customer are all alike: from how
            unevenly they fall into the buckets. At least `groups` (1 where nothing is held), at most `count`.
    """

    value: Array
    variance: Array
    count: Array
    groups: Array
    freedom: Array
    customers: Array


def ratio(count: Array, total: Array) -> Ratio:
    """Ratio of sums with the variance between customer buckets.

    Estimand: the mean of a row's score in a population of customers like these.
    Formula: p = sum(x_g) / n with n = sum(n_g); h_g = n_g / n; z_g = (x_g - p n_g) / n;
        var(p) = sum(z_g^2 / (1 - h_g)): a bucket that holds much of the cell pulls p towards itself, and its residual
        is put right for that (CR2; G / (G - 1) * sum(z_g^2) for G buckets of one size). The degrees of freedom are
        Satterthwaite's: those of the chi-squared with the mean and variance that var(p) has when the rows of a bucket
        all move together, which is the worst that customers of very unequal size can do. With w_i each customer's share
        of the cell, sum(w_i^2) = (sum(h_g^2) - 1/B) / (1 - 1/B) on average over splits into B buckets, and the cell is
        worth 1 / sum(w_i^2) customers (Kish).
    Assumes: customers fall into buckets independently of what happens to them.
    Lies when: one customer holds much of the cell; the degrees of freedom then say how little is known.
    Oracle: `statsmodels` WLS of the buckets' means on a constant, weights n_g, covariance HC2, which is the same sum;
        for buckets of one size its OLS of the rows with cluster-robust covariance; the degrees of freedom by matrices
        and by simulation.
    References: Bell, R. M. & McCaffrey, D. F. (2002), Survey Methodology 28(2); Imbens, G. W. & Kolesár, M. (2016),
        Review of Economics and Statistics 98(4); Kott, P. S. (2001), Journal of Official Statistics 17(4), for groups
        of customers instead of customers.

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
    several = held > 1
    holds = np.where(several[:, None], count / safe[:, None], 0.0)
    variance = np.where(several, (spread**2 / (1 - holds)).sum(axis=1), np.nan)
    freedom = np.where(several, _satterthwaite(holds), 0.0)
    return Ratio(np.where(n > 0, value, np.nan), variance, n, held, freedom, _customers(count / safe[:, None], n, held))


def _customers(holds: Array, count: Array, held: Array) -> Array:
    """How many customers of equal size a cell is worth, from each bucket's share of it."""
    buckets = holds.shape[1]
    if buckets < 2:
        return np.maximum(held, 1.0)
    square = ((holds**2).sum(axis=1) - 1 / buckets) / (1 - 1 / buckets)
    worth = 1 / np.maximum(square, 1 / np.maximum(count, 1.0))
    return np.asarray(np.maximum(np.minimum(worth, count), np.maximum(held, 1.0)), dtype=float)


def _satterthwaite(holds: Array) -> Array:
    """Degrees of freedom of the variance, from each bucket's share h of a cell.

    The residuals are z = (I - h 1') x with var(x) = diag(s), s = h^2, so the variance is the quadratic form of
    P = A (I - h 1') diag(s) (I - 1 h') with A = diag(a), a = 1 / (1 - h), and f = tr(P)^2 / tr(P P). Written out, with
    S = sum(s), the matrix between is diag(s) - h s' - s h' + S h h'.
    """
    a, s = 1 / (1 - holds), holds**2
    whole = s.sum(axis=1)
    hh, ss, hs = ((a * product).sum(axis=1) for product in (holds**2, s**2, holds * s))
    diagonal = whole[:, None] * holds**2 - 2 * holds * s
    trace = (a * (s + diagonal)).sum(axis=1)
    squared = (a**2 * (s**2 + 2 * s * diagonal)).sum(axis=1)
    squared += 2 * hh * ss + 2 * hs**2 + (whole * hh) ** 2 - 4 * whole * hh * hs
    return np.asarray(trace**2 / np.where(squared > 0, squared, 1.0), dtype=float)
