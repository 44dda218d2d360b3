"""A mean from few true labels and a score of everything: the score narrows the interval, the labels keep it honest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firstcontact.statistics.bucket import Array


@dataclass(frozen=True, slots=True)
class LabelSums:
    """Sums over labelled contacts, all of shape (cells, buckets).

    With `w` the inverse of a contact's sampling probability, `y` its label and `f` its score:

    Attributes:
        count: Labelled contacts.
        weight: Sum of w.
        label: Sum of w y.
        score: Sum of w f.
        square: Sum of w^2.
        square_label: Sum of w^2 y.
        square_score: Sum of w^2 f.
        square_cross: Sum of w^2 y f.
        square_power: Sum of w^2 f^2.
    """

    count: Array
    weight: Array
    label: Array
    score: Array
    square: Array
    square_label: Array
    square_score: Array
    square_cross: Array
    square_power: Array

    def names(self) -> dict[str, Array]:
        """The sums by name."""
        return {name: getattr(self, name) for name in LABEL_SUMS}

    def pooled(self) -> LabelSums:
        """The same added over buckets, shape (cells,)."""
        return LabelSums(**{name: sums.sum(axis=1) for name, sums in self.names().items()})

    def without_each(self) -> LabelSums:
        """The same with one bucket left out at a time, shape (cells, buckets)."""
        left = {name: sums.sum(axis=1, keepdims=True) - sums for name, sums in self.names().items()}
        return LabelSums(**left)


LABEL_SUMS = tuple(LabelSums.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Powered:
    """Means, one a cell; NaN where a cell holds no label.

    Attributes:
        value: The prediction-powered mean.
        variance: Its sampling variance, clustered by customer bucket; NaN where fewer than two buckets hold labels.
        power: lambda: how much of the score is used, 0 (labels alone) to 1.
        plain: The weighted mean of the labels alone.
        plain_variance: Its variance.
        labels: Labelled contacts.
        effective: What they are worth after weighting: (sum w)^2 / sum w^2.
        freedom: Degrees of freedom of the variances.
        covered: Sum of the weights over contacts in the cell: about 1 where every contact could have been drawn.
    """

    value: Array
    variance: Array
    power: Array
    plain: Array
    plain_variance: Array
    labels: Array
    effective: Array
    freedom: Array
    covered: Array


def label_sums(label: Array, score: Array, weight: Array, bucket: NDArray[np.int_], buckets: int) -> LabelSums:
    """The sums of one cell from its labelled contacts.

    Args:
        label: 1 resolved, 0 not (or between, where reviewers differ), shape (n,).
        score: Score of the same contacts.
        weight: Inverse of their sampling probabilities.
        bucket: Customer bucket of each, from 0.
        buckets: How many buckets there are.

    Returns:
        Sums of shape (1, buckets).
    """
    square = weight**2
    parts = (
        np.ones_like(label),
        weight,
        weight * label,
        weight * score,
        square,
        square * label,
        square * score,
        square * label * score,
        square * score**2,
    )
    added = [np.asarray(np.bincount(bucket, part, buckets), dtype=np.float64)[None, :] for part in parts]
    return LabelSums(*added)


def prediction_powered(
    labels: LabelSums, count: Array, score: Array, *, power: float | None = None, nested: bool = True
) -> Powered:
    """Means from labels and scores.

    Estimand: the mean label of all contacts of a cell, in a population of customers like these.
    Formula: theta = lambda mean(f) + sum w (y - lambda f) / sum w, the first mean over all contacts of the cell, the
        second over the labelled ones with w = 1 / sampling probability. lambda = C / V in 0 to 1, with C and V the
        covariance of y and f and the variance of f under weights w^2, which makes the variance smallest; where labelled
        contacts are not among those that `count` counts, C / (V (1 + n / N)). Variance: delete-a-bucket jackknife, so
        that customers stay together and the choice of lambda is part of it.
    Assumes: sampling probabilities are what was recorded, and every contact of the cell could have been drawn.
    Lies when: somebody picked the contacts to be labelled; or labels lie outside the part of the cell that could be
        drawn (`covered` far from 1) and the score is wrong there in another way than among the labelled.
    Oracle: ppi-python 0.2.3 (`ppi_mean_pointestimate`, `ppi_mean_ci`); with every contact labelled, and with a score
        that is the same everywhere, exactly the mean of the labels.
    References: Angelopoulos, A. N., Duchi, J. C. & Zrnic, T. (2023), PPI++, arXiv 2311.01453; Mani, P., Xu, P., Lipton,
        Z. C. & Oberst, M. (2025), arXiv 2505.20178, on what tuning costs with few labels; Hajek's mean: Särndal,
        Swensson & Wretman (1992), Model Assisted Survey Sampling.

    Args:
        labels: Sums over labelled contacts.
        count: Contacts, shape (cells, buckets).
        score: Sum of their scores, same shape.
        power: lambda, where it shall not be tuned.
        nested: Whether the labelled contacts are among those that `count` counts.

    Returns:
        One mean a cell.

    >>> y, f = np.array([1.0, 1, 0, 1]), np.array([0.9, 0.8, 0.2, 0.7])
    >>> four = label_sums(y, f, np.ones(4), np.arange(4), 4)
    >>> every = prediction_powered(four, np.ones((1, 4)), f[None, :])
    >>> float(every.value[0]), float(every.plain[0])
    (0.75, 0.75)
    """
    total = labels.pooled()
    held = (labels.weight > 0).sum(axis=1)
    buckets = count.shape[1]
    value, plain, lam = _mean(total, count.sum(axis=1), score.sum(axis=1), power, nested)
    rest_count, rest_score = (sums.sum(axis=1, keepdims=True) - sums for sums in (count, score))
    left, left_plain, _ = _mean(labels.without_each(), rest_count, rest_score, power, nested)
    factor = (buckets - 1) / buckets
    enough = held > 1
    squares = (labels.weight**2).sum(axis=1)
    weight = np.where(total.weight > 0, total.weight, np.nan)
    return Powered(
        value=value,
        variance=np.where(enough, factor * _spread(left), np.nan),
        power=lam,
        plain=plain,
        plain_variance=np.where(enough, factor * _spread(left_plain), np.nan),
        labels=total.count,
        effective=weight**2 / np.where(total.square > 0, total.square, 1.0),
        freedom=np.where(enough, weight**2 / np.where(squares > 0, squares, 1.0) - 1, 0.0),
        covered=weight / np.maximum(count.sum(axis=1), 1.0),
    )


def powered_interval(
    value: Array, variance: Array, effective: Array, freedom: Array, level: float
) -> tuple[Array, Array]:
    """Interval for a share that is prediction-powered or otherwise corrected.

    Estimand: the share behind the figure.
    Formula: Wilson's interval with p (1 - p) / variance rows and Student's t; where the variance says nothing (all
        labels alike), with the effective number of labels.
    Assumes: the figure is close to normal.
    Lies when: fewer than about 50 labels speak.
    Oracle: Wilson's interval where nothing is corrected.
    References: Korn & Graubard (1998), Survey Methodology 24.

    Args:
        value: Shares, 0 to 1.
        variance: Their variances.
        effective: Labels they rest on.
        freedom: Degrees of freedom of the variances.
        level: Confidence level.

    Returns:
        Lower and upper ends, 0 to 1; NaN where value or variance is NaN.
    """
    from firstcontact.statistics.share import t_quantile, wilson

    share = np.clip(np.nan_to_num(value), 0.0, 1.0)
    plain = share * (1 - share)
    told = (plain > 0) & (np.nan_to_num(variance) > 0)
    rows = np.where(told, plain / np.where(told, variance, 1.0), np.maximum(np.nan_to_num(effective), 1.0))
    low, high = wilson(share, rows, t_quantile(level, freedom))
    unknown = ~np.isfinite(value) | ~np.isfinite(variance)
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def _mean(sums: LabelSums, count: Array, score: Array, power: float | None, nested: bool) -> tuple[Array, Array, Array]:
    """The mean, that of the labels alone, and lambda."""
    weight = np.where(sums.weight > 0, sums.weight, np.nan)
    y, f = sums.label / weight, sums.score / weight
    covariance = sums.square_cross - y * sums.square_score - f * sums.square_label + y * f * sums.square
    variance = sums.square_power - 2 * f * sums.square_score + f**2 * sums.square
    if not nested:
        variance = variance * (1 + sums.count / np.maximum(count, 1.0))
    # Rounding leaves a speck of variance where the score is the same everywhere.
    told = variance > 1e-12 * np.maximum(sums.square_power, 1e-300)
    lam = np.where(told, np.clip(covariance / np.where(told, variance, 1.0), 0.0, 1.0), 0.0)
    if power is not None:
        lam = np.full_like(lam, power)
    return y + lam * (score / np.maximum(count, 1.0) - f), y, lam


def _spread(left: Array) -> Array:
    """Sum of squares around the mean of those that exist."""
    there = np.isfinite(left)
    mean = np.where(there, left, 0.0).sum(axis=1, keepdims=True) / np.maximum(there.sum(axis=1, keepdims=True), 1)
    return np.asarray((np.where(there, left - mean, 0.0) ** 2).sum(axis=1), dtype=float)
