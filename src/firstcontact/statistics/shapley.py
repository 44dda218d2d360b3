"""A movement taken apart into what each of several factors did: their mixes one by one, and the rates inside cells."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from firstcontact.statistics.bucket import Array
from firstcontact.statistics.decomposition import rates

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Movement:
    """Shapley values of a movement.

    Attributes:
        factors: What the change of each factor's mix did, shape (replicates, factors).
        rate: What the change of rates inside cells did, shape (replicates,).
        movement: The whole, which they add up to.
    """

    factors: Array
    rate: Array
    movement: Array


def shapley(labels: Ints, before_count: Array, before_total: Array, after_count: Array, after_total: Array) -> Movement:
    """Share a movement of an overall rate out among factors.

    Estimand: none; an identity. The average, over all orders of switching from the first period to the second, of what
        switching one factor changes.
    Formula: a coalition S of factors has switched its joint mix: weights w_S(c) = w1(c_S) w0(c_rest | c_S); where the
        first period never saw c_S, the second period's cells stand in. Rates switch as one more player. With v(S) =
        sum of w_S(c) p(c), the value of player i is the sum over S without i of |S|! (k - |S| - 1)! / k! times
        (v(S + i) - v(S)).
    Assumes: cells are comparable between the periods; every factor's label is known for each cell.
    Lies when: factors move together (a new team opened a new channel): they then share what neither did alone.
    Oracle: with one factor, `kitagawa` summed over cells; brute force over all orders.
    References: Shapley, L. S. (1953), Contributions to the Theory of Games II; Shorrocks, A. F. (2013), Journal of
        Economic Inequality 11(1), 99-126.

    Args:
        labels: The number of each cell's label in each factor, shape (cells, factors). Cells of the same labels are
            one cell.
        before_count: Contacts of the first period, shape (replicates, cells).
        before_total: Their scores.
        after_count: The same for the second period.
        after_total: Their scores.

    Returns:
        The values. Every replicate must hold contacts in both periods.
    """
    factors = labels.shape[1]
    labels, cell = np.unique(labels, axis=0, return_inverse=True)
    cell = np.asarray(cell).ravel()
    before_count, before_total, after_count, after_total = (
        _grouped(sums, cell, len(labels)) for sums in (before_count, before_total, after_count, after_total)
    )
    p0, p1 = rates(before_count, before_total, after_count, after_total)
    w0 = before_count / before_count.sum(axis=1, keepdims=True)
    w1 = after_count / after_count.sum(axis=1, keepdims=True)
    players = factors + 1
    worth: dict[tuple[int, ...], Array] = {}
    for size in range(factors + 1):
        for chosen in combinations(range(factors), size):
            mixed = _switched(labels[:, list(chosen)], w0, w1)
            worth[chosen] = (mixed * p0).sum(axis=1)
            worth[(*chosen, factors)] = (mixed * p1).sum(axis=1)
    values = np.zeros((len(w0), players))
    for player in range(players):
        others = [other for other in range(players) if other != player]
        for size in range(players):
            weight = factorial(size) * factorial(players - size - 1) / factorial(players)
            for chosen in combinations(others, size):
                joined = tuple(sorted((*chosen, player)))
                values[:, player] += weight * (worth[joined] - worth[chosen])
    whole = tuple(range(players))
    return Movement(values[:, :factors], values[:, factors], worth[whole] - worth[()])


def _switched(labels: Ints, w0: Array, w1: Array) -> Array:
    """Weights of cells when the joint mix of some factors is the later one and the rest follows as it did before."""
    if labels.shape[1] == 0:
        return w0
    _, group = np.unique(labels, axis=0, return_inverse=True)
    group = np.asarray(group).ravel()
    groups = int(group.max()) + 1
    held0, held1 = _grouped(w0, group, groups), _grouped(w1, group, groups)
    seen = held0 > 0
    scale = np.where(seen, held1 / np.where(seen, held0, 1.0), 0.0)
    return np.asarray(np.where(seen[:, group], w0 * scale[:, group], w1))


def _grouped(weights: Array, group: Ints, groups: int) -> Array:
    rows = len(weights)
    place = (np.arange(rows)[:, None] * groups + group[None, :]).ravel()
    return np.asarray(np.bincount(place, weights.ravel(), rows * groups), dtype=np.float64).reshape(rows, groups)
