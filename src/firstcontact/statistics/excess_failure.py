"""Does a score differ between contacts that show a pattern and comparable ones that do not?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstcontact.statistics.bucket import Array
from firstcontact.statistics.share import t_quantile


@dataclass(frozen=True, slots=True)
class Difference:
    """Differences of means inside strata, one a pattern; arrays have shape (patterns,).

    Attributes:
        value: Mean with the pattern less mean without, averaged over strata; NaN where no stratum holds both.
        low, high: Interval.
        p: Two-sided p-value of no difference; 1 where it cannot be judged.
        exposed: Rows with the pattern.
        compared: Those of them in strata that hold rows without it too.
        control: Rows without it in those strata.
        mean: Mean score of the compared rows with the pattern.
        expected: What it would be without the pattern: `mean - value`.
        groups: Buckets that hold rows with the pattern that are compared.
    """

    value: Array
    low: Array
    high: Array
    p: Array
    exposed: Array
    compared: Array
    control: Array
    mean: Array
    expected: Array
    groups: Array


def stratified_difference(
    count: Array, total: Array, other_count: Array, other_total: Array, level: float = 0.95
) -> Difference:
    """Mantel and Haenszel's risk difference, clustered by customer.

    Estimand: how much more often contacts with a pattern fail than comparable contacts without it (or, for a score,
        how much higher its mean is), in a population of customers like these.
    Formula: sum over strata of (x1 n0 - x0 n1) / N over sum of n1 n0 / N; variance by delete-a-group jackknife over
        customer buckets; Student's t with the number of buckets that hold compared rows with the pattern, less one.
    Assumes: inside a stratum (same reason and channel) contacts would fare alike but for the pattern.
    Lies when: harder contacts show the pattern because they are harder: then it marks them and does not cause failure;
        when fewer than about ten buckets hold the pattern.
    Oracle: the coefficient of the pattern in `statsmodels` OLS with a constant for each stratum is the same number.
    References: Mantel, N. & Haenszel, W. (1959), JNCI 22(4); Greenland, S. & Robins, J. M. (1985), Biometrics 41(1),
        55-68; Kott, P. S. (2001), Journal of Official Statistics 17(4).

    Args:
        count: Rows (or exposure) with each pattern, shape (patterns, strata, buckets).
        total: Their scores.
        other_count: Rows of the same strata without it, same shape.
        other_total: Their scores.
        level: Confidence level.

    Returns:
        One difference a pattern.
    """
    groups = count.shape[2]
    replicate = [_pooled(count.sum(axis=2), total.sum(axis=2), other_count.sum(axis=2), other_total.sum(axis=2))]
    whole = [array.sum(axis=2) for array in (count, total, other_count, other_total)]
    for bucket in range(groups):
        arrays = (count, total, other_count, other_total)
        replicate.append(_pooled(*(all_ - one[:, :, bucket] for all_, one in zip(whole, arrays, strict=True))))
    values = np.array(replicate)
    both = (whole[0] > 0) & (whole[2] > 0)
    inside = count * both[:, :, None]
    held = (inside.sum(axis=1) > 0).sum(axis=1).astype(float)
    value = values[0]
    spread = values[1:] - values[1:].mean(axis=0)
    variance = (groups - 1) / groups * (spread**2).sum(axis=0)
    sure = np.isfinite(variance) & (variance > 0) & (held > 1)
    half = np.where(sure, t_quantile(level, held - 1) * np.sqrt(np.where(sure, variance, 0.0)), np.nan)
    compared = (whole[0] * both).sum(axis=1)
    mean = (whole[1] * both).sum(axis=1) / np.where(compared > 0, compared, 1.0)
    from scipy.special import stdtr

    score = np.where(sure, np.abs(value) / np.sqrt(np.where(sure, variance, 1.0)), 0.0)
    p = np.where(sure, 2 * stdtr(np.maximum(held - 1, 1.0), -score), 1.0)
    mean = np.where(compared > 0, mean, np.nan)
    return Difference(
        value,
        value - half,
        value + half,
        np.asarray(p, dtype=float),
        whole[0].sum(axis=1),
        compared,
        (whole[2] * both).sum(axis=1),
        mean,
        mean - value,
        held,
    )


def _pooled(n1: Array, x1: Array, n0: Array, x0: Array) -> Array:
    """The pooled difference of each pattern, from sums of shape (patterns, strata)."""
    # Exposure can be any positive number, and subtraction leaves dust where a bucket held all of it.
    both = (n1 > 1e-9) & (n0 > 1e-9)
    size = np.where(both, n1 + n0, 1.0)
    above = np.where(both, (x1 * n0 - x0 * n1) / size, 0.0).sum(axis=1)
    weight = np.where(both, n1 * n0 / size, 0.0).sum(axis=1)
    return np.where(weight > 0, above / np.where(weight > 0, weight, 1.0), np.nan)
