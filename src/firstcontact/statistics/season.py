"""Whether known customers come more often at some times than at others: season and drift, as lags see them."""

from __future__ import annotations

import numpy as np

from firstcontact.statistics.bucket import Array

SMOOTH_DAYS = 56
"""Shorter ups and downs do not matter for lags of weeks."""
_FEWEST = 1000.0


def index_by_lag(cohort: Array, openers: Array, settled: int, lag: Array) -> Array:
    """How much likelier coincidence is at each lag, because of when openers at this lag are looked at.

    Estimand: the mean, over openers followed to lag u, of the relative rate at which a fixed set of customers came on
        the day u after the opener. Openers at long lags are early ones, looked at late in the data: where customers
        come more often in winter, or ever more often, the background at long lags is not that at short ones.
    Formula: s(day) = openers of the cohort in the 8 weeks around the day, over their mean; index(u) = sum over days of
        n(day) s(day + u), over the same sum of n(day), as far as the data go.
    Assumes: all customers and reasons follow the season of the cohort; a cohort that was met in the first weeks comes
        at an even pace afterwards, were it not for season and drift. A growing number of customers does not count: it
        makes nobody come more often.
    Lies when: reasons have seasons of their own.
    Oracle: recovery in worlds with season and growth; without either it is 1.
    References: none; it is direct standardisation by day.

    Args:
        cohort: Openers a day of customers first seen in the first weeks, shape (days,).
        openers: Openers a day of all customers, same shape.
        settled: First day on which the cohort's openers can be counted in full.
        lag: Lags in days.

    Returns:
        The index at each lag, shape of `lag`; 1 where the cohort is too small to say.

    >>> index_by_lag(np.full(300, 10.0), np.full(300, 50.0), 75, np.array([1.0, 100.0])).tolist()
    [1.0, 1.0]
    """
    days = len(cohort)
    known = cohort[settled:]
    if known.sum() < _FEWEST or len(known) < SMOOTH_DAYS:
        return np.ones(len(lag))
    sums = np.concatenate([[0.0], np.cumsum(known)])
    place = np.arange(len(known))
    first = np.maximum(place - SMOOTH_DAYS // 2, 0)
    last = np.minimum(place + SMOOTH_DAYS // 2, len(known))
    smooth = (sums[last] - sums[first]) / (last - first)
    relative = np.concatenate([np.full(settled, smooth[0]), smooth]) / known.mean()
    found = np.ones(len(lag))
    for number, ahead in enumerate(lag.astype(int).tolist()):
        weight = openers[: days - ahead]
        if weight.sum() > 0:
            found[number] = (weight * relative[ahead:days]).sum() / weight.sum()
    return found
