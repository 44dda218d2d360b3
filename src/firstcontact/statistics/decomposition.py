"""A movement between two periods, taken apart: the mix of contacts changed, or what happens to each kind did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstcontact.statistics.bucket import Array


@dataclass(frozen=True, slots=True)
class Parts:
    """What each cell contributes to a movement.

    Attributes:
        mix: Because the cell became a larger or smaller part of the whole; shape (..., cells).
        rate: Because its own rate moved; same shape.
        movement: The whole movement, the sum of all parts; shape (...).
    """

    mix: Array
    rate: Array
    movement: Array


def kitagawa(before_count: Array, before_total: Array, after_count: Array, after_total: Array) -> Parts:
    """Mix and rate of each cell.

    Estimand: none; an identity: the parts add up to the movement of the overall rate.
    Formula: with weights w = count / sum and rates p: mix = (w1 - w0) ((p0 + p1) / 2 - c), rate = (p1 - p0) (w0 + w1) /
        2. c, the mean of the two overall rates, adds nothing to the sum, since the weights of both periods sum to 1; it
        makes growth of a cell that is better than the whole a gain. A cell seen in one period only has the same rate
        in both.
    Assumes: cells are comparable between the periods.
    Lies when: contacts were coded anew between the periods: a code that empties into another shows as mix.
    Oracle: the worked example of Kitagawa's two components; Shapley values with two players.
    References: Kitagawa, E. M. (1955), JASA 50(272), 1168-1194; Das Gupta, P. (1978), Demography 15(1), 99-112.

    Args:
        before_count: Contacts, shape (..., cells).
        before_total: Their scores.
        after_count: Contacts of the later period.
        after_total: Their scores.

    Returns:
        The parts. Both periods must hold contacts.
    """
    w0 = before_count / before_count.sum(axis=-1, keepdims=True)
    w1 = after_count / after_count.sum(axis=-1, keepdims=True)
    p0, p1 = rates(before_count, before_total, after_count, after_total)
    overall0, overall1 = (w0 * p0).sum(axis=-1, keepdims=True), (w1 * p1).sum(axis=-1, keepdims=True)
    mix = (w1 - w0) * ((p0 + p1) / 2 - (overall0 + overall1) / 2)
    rate = (p1 - p0) * (w0 + w1) / 2
    return Parts(mix, rate, (overall1 - overall0)[..., 0])


def rates(before_count: Array, before_total: Array, after_count: Array, after_total: Array) -> tuple[Array, Array]:
    """Rates of both periods; a cell that is empty in one has there the rate of the other, 0 where both are empty."""
    p0 = before_total / np.where(before_count > 0, before_count, 1.0)
    p1 = after_total / np.where(after_count > 0, after_count, 1.0)
    return np.where(before_count > 0, p0, p1), np.where(after_count > 0, p1, p0)


def leave_one_out(sums: Array) -> Array:
    """The whole, and the whole without each bucket.

    Args:
        sums: Shape (cells, buckets).

    Returns:
        Shape (1 + buckets, cells): the whole first.

    >>> leave_one_out(np.array([[1.0, 2.0], [5.0, 0.0]])).tolist()
    [[3.0, 5.0], [2.0, 0.0], [1.0, 5.0]]
    """
    whole = sums.sum(axis=1)
    return np.vstack([whole[None, :], whole[None, :] - sums.T])


def jackknife(replicates: Array) -> Array:
    """Variance of an estimate from its replicates without one bucket each.

    Estimand: the sampling variance of a smooth function of sums, clustered by customer.
    Formula: (G - 1) / G * sum over buckets of (replicate - mean)^2.
    Assumes: customers fall into buckets at random.
    Lies when: the estimate is no smooth function: a median, a maximum.
    Oracle: for a mean of equal buckets, the variance of `bucket.ratio`.
    References: Kott (2001).

    Args:
        replicates: Shape (buckets, ...).

    Returns:
        Shape (...).
    """
    groups = len(replicates)
    spread = replicates - replicates.mean(axis=0)
    return np.asarray((groups - 1) / groups * (spread**2).sum(axis=0))
