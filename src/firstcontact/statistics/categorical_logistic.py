"""Chances that depend on a few categories, learned from counts, however many categories and however few contacts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from firstcontact.statistics.bucket import Array

Codes = NDArray[np.int64]

_ROUNDS, _SETTLED = 50, 1e-8
_FLOOR = 1e-6


def categorical_logistic(factors: Sequence[Codes], trials: Array, successes: Array, *, ridge: float = 1.0) -> Array:
    """P(success) of each row of a table, by the categories it belongs to.

    Estimand: the probability of success given the categories, on the logit scale a sum of one effect a category.
    Formula: logit p = a + sum over factors of b_f(level), maximising the binomial likelihood minus ridge/2 sum b^2, by
        Newton's method on counts. The intercept is not penalised, so the mean over all rows is kept.
    Assumes: effects add on the logit scale; where they do not, give the combination as a factor of its own.
    Lies when: a rare category differs much from the others: its effect is drawn towards them.
    Oracle: without ridge, `statsmodels` GLM (binomial) on dummies; with it, the minimum that `scipy.optimize` finds.
    References: Hoerl, A. E. & Kennard, R. W. (1970), Technometrics 12(1); le Cessie, S. & van Houwelingen, J. C.
        (1992), Applied Statistics 41(1).

    Args:
        factors: For each factor the level of every row, from 0, shape (rows,).
        trials: Contacts a row stands for.
        successes: How many of them succeeded.
        ridge: How strongly effects are drawn to 0: the inverse of their prior variance.

    Returns:
        One probability a row, strictly between 0 and 1 wherever anything was tried at all; 1/2 otherwise.

    >>> channel = np.array([0, 1])
    >>> categorical_logistic([channel], np.array([100.0, 100.0]), np.array([10.0, 30.0]), ridge=1e-6).round(3).tolist()
    [0.1, 0.3]
    """
    tried, won = float(trials.sum()), float(successes.sum())
    if won <= 0 or won >= tried:
        return np.full(len(trials), (won + 0.5) / (tried + 1))
    levels = [int(codes.max()) + 1 for codes in factors]
    starts = np.cumsum([1, *levels])
    columns = [codes + start for codes, start in zip(factors, starts, strict=False)]
    size = int(starts[-1])
    penalty = np.full(size, ridge)
    penalty[0] = 0.0
    effects = np.zeros(size)
    effects[0] = np.log(won / (tried - won))
    before = -np.inf
    step = np.zeros(size)
    for _ in range(_ROUNDS):
        chance, gain = _chance(effects, columns, trials, successes, penalty)
        for _half in range(30):
            if gain >= before - 1e-9 * abs(before):
                break
            step /= 2
            effects -= step
            chance, gain = _chance(effects, columns, trials, successes, penalty)
        if gain - before < _SETTLED * tried:
            break
        before = gain
        weight = np.maximum(trials * chance * (1 - chance), 1e-12)
        slope = _add_up(columns, successes - trials * chance, size) - penalty * effects
        step = np.asarray(
            np.linalg.solve(_curvature(columns, levels, weight, size) + np.diag(penalty + 1e-9), slope), dtype=float
        )
        effects += step
    return np.clip(chance, _FLOOR, 1 - _FLOOR)


def _chance(
    effects: Array, columns: list[Codes], trials: Array, successes: Array, penalty: Array
) -> tuple[Array, float]:
    """Probabilities under some effects, and the penalised log-likelihood."""
    logit = effects[0] + sum((effects[column] for column in columns), np.zeros(len(trials)))
    likelihood = successes @ logit - trials @ np.logaddexp(0.0, logit)
    chance = 1 / (1 + np.exp(-np.clip(logit, -30, 30)))
    return chance, float(likelihood - (penalty * effects**2).sum() / 2)


def _add_up(columns: list[Codes], values: Array, size: int) -> Array:
    total = np.zeros(size)
    total[0] = values.sum()
    for column in columns:
        total += np.bincount(column, values, size)
    return total


def _curvature(columns: list[Codes], levels: list[int], weight: Array, size: int) -> Array:
    """X'WX of the dummies, from pairs of factors, so that no matrix of rows by dummies is ever made."""
    matrix = np.zeros((size, size))
    matrix[0, 0] = weight.sum()
    for first, column in enumerate(columns):
        own = np.bincount(column, weight, size)
        matrix[0] += own
        matrix[:, 0] += own
        matrix[np.arange(size), np.arange(size)] += own
        start, length = _start(levels, first), levels[first]
        for other in range(first + 1, len(columns)):
            begin, width = _start(levels, other), levels[other]
            pair = (column - start) * width + (columns[other] - begin)
            block = np.bincount(pair, weight, length * width).reshape(length, width)
            matrix[start : start + length, begin : begin + width] = block
            matrix[begin : begin + width, start : start + length] = block.T
    return matrix


def _start(levels: list[int], factor: int) -> int:
    return 1 + sum(levels[:factor])
