"""Whether known customers come more often at some times than at others: season and drift, by day and by lag."""

from __future__ import annotations

import numpy as np

from firstcontact.statistics.bucket import Array

SMOOTH_DAYS = 56
"""Shorter ups and downs do not matter for lags of weeks."""
OWN_CV = 0.1
"""How much a reason's season usually differs from that of all: prior coefficient of variation."""
_FEWEST = 1000.0


def relative_by_day(cohort: Array, settled: int, common: Array | None = None) -> Array:
    """How often known customers come on each day, relative to their mean.

    Estimand: the relative rate at which a fixed set of customers comes on a day, for one reason or all.
    Formula: s(day) = openers of the cohort in the 8 weeks around the day, over what their mean lets expect. A reason's
        own is drawn to that of all: both counts are raised by 1 / .1^2 openers, spread as those of all are.
    Assumes: a cohort that was met in the first weeks comes at an even pace afterwards, were it not for season and
        drift. A growing number of customers does not count: it makes nobody come more often.
    Lies when: the season turns within weeks.
    Oracle: recovery in worlds with season and growth; without either it is 1.
    References: none; shrinkage as of a Poisson count with a gamma prior.

    Args:
        cohort: Openers a day of customers first seen in the first weeks, shape (days,).
        settled: First day on which the cohort's openers can be counted in full.
        common: What this returns for all reasons together; None where `cohort` is that of all.

    Returns:
        The relative rate, shape (days,); 1 where the cohort is too small to say.
    """
    known = cohort[settled:]
    if len(known) < SMOOTH_DAYS or (common is None and known.sum() < _FEWEST):
        return np.ones(len(cohort))
    sums = np.concatenate([[0.0], np.cumsum(known)])
    place = np.arange(len(known))
    first = np.maximum(place - SMOOTH_DAYS // 2, 0)
    last = np.minimum(place + SMOOTH_DAYS // 2, len(known))
    seen, expected = sums[last] - sums[first], (last - first) * known.mean()
    if common is None:
        smooth = seen / expected
    else:
        prior = 1 / OWN_CV**2
        smooth = (seen + prior * common[settled:]) / (expected + prior)
    return np.concatenate([np.full(settled, smooth[0]), smooth])


def index_by_lag(relative: Array, openers: Array, lag: Array) -> Array:
    """How much likelier coincidence is at each lag, because of when openers at this lag are looked at.

    Estimand: the mean, over openers followed to lag u, of the relative rate on the day u after the opener. Openers at
        long lags are early ones, looked at late in the data: where customers come more often in winter, or ever more
        often, the background at long lags is not that at short ones.
    Formula: index(u) = sum over days of n(day) s(day + u), over the same sum of n(day), as far as the data go.
    Assumes: as `relative_by_day`.
    Lies when: likewise.
    Oracle: a sum over single openers; without season it is 1.
    References: none; it is direct standardisation by day.

    Args:
        relative: s(day), shape (days,).
        openers: Openers a day of all customers, same shape.
        lag: Lags in days.

    Returns:
        The index at each lag, shape of `lag`; 1 at lags that no opener was followed to.

    >>> index_by_lag(np.ones(300), np.full(300, 50.0), np.array([1.0, 100.0])).tolist()
    [1.0, 1.0]
    """
    days = len(relative)
    # Entry days - 1 + u of the correlation is the sum of n(day) s(day + u).
    above = np.correlate(relative, openers, "full")[days - 1 :]
    below = np.cumsum(openers)[::-1]
    ahead = lag.astype(int)
    inside = np.minimum(ahead, days - 1)
    some = (ahead < days) & (below[inside] > 0)
    return np.where(some, above[inside] / np.where(below[inside] > 0, below[inside], 1.0), 1.0)
