"""Where the records of a centre begin and end, seen from their volume alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firstcontact.statistics.bucket import Array

Days = NDArray[np.int64]

WEEK = 7
REFERENCE_DAYS = 56
"""How much of what came before says what is usual: so little that neither season nor growth looks like a step."""
LEAST_CONTACTS = 30
"""With fewer contacts in those weeks nobody knows what is usual, whatever the ratio says."""
EVIDENCE = 8.0
"""Least log-likelihood ratio of a step: about one chance in ten thousand that usual volume gives so few contacts."""


@dataclass(frozen=True, slots=True)
class Step:
    """A lasting fall of the daily volume at one end of the data.

    Attributes:
        day: Index of the first day of the thin tail (at the end), or of the first full day (at the beginning).
        full: Mean daily volume in the (up to) eight weeks before the fall.
        thin: Mean daily volume in the thin part.
        days: Length of the thin part in days.
    """

    day: int
    full: float
    thin: float
    days: int


def collapse(daily: Array, *, ratio: float = 0.2, at_least_days: int = 3) -> Step | None:
    """Find the day from which the volume has collapsed for good.

    Estimand: the first day of a final stretch whose volume belongs to another regime than what came before.
    Formula: for each day k, the volume to be expected from k on, by the day of the week, is that of the eight weeks
        before k. A step is where the volume from k on, and that of its first fortnight, is below `ratio` times what
        was to be expected; at least `at_least_days` average days' worth was to be expected; at least 30 contacts
        tell what is usual; and the Poisson
        log-likelihood ratio E - O + O log(O/E) is 8 or more. Of several steps the likeliest is taken, then moved, by
        at most a week and with the expectation held, to the likeliest day; of equals (days on which nothing was to be
        expected) the last.
    Assumes: one step; the weeks before a day tell what the next ones would have held.
    Lies when: the centre really closed, or closes for a long holiday at the end of the data; it is said, and can be
        overridden.
    Oracle: recovery: a drawn step in seasonal, growing, weekly volume is found to the day; without one, false alarms.
    References: Hinkley, D. V. (1970), Biometrika 57(1), on change-points.

    Args:
        daily: Contacts a day, every calendar day from the first to the last, shape (days,).
        ratio: How far the volume must fall.
        at_least_days: How many average days' worth of contacts must be missing.

    Returns:
        The step, or None where there is none.

    >>> collapse(np.array([90.0, 110, 100, 95, 105, 99, 101, 1, 0, 2, 0])).day
    7
    """
    days = len(daily)
    if days < 2 * at_least_days or daily.sum() <= 0:
        return None
    split = np.arange(at_least_days, days, dtype=np.int64)
    end = np.full(len(split), days, dtype=np.int64)
    usual = _usual(daily, split)
    until = np.minimum(split + 2 * WEEK, end)
    seen, soon = _between(daily, split, end), _between(daily, split, until)
    expected, expected_soon = _expected(usual, split, end), _expected(usual, split, until)
    likelier = expected - seen + seen * np.log(np.where(seen > 0, seen, 1.0) / np.where(expected > 0, expected, 1.0))
    fallen = (
        (seen < ratio * expected)
        & (soon < ratio * expected_soon)
        & (expected >= at_least_days * usual.mean(axis=1) * (1 - 1e-9))
        & (likelier >= EVIDENCE)
        & (_between(daily, np.maximum(split - REFERENCE_DAYS, 0), split) >= LEAST_CONTACTS)
    )
    if not fallen.any():
        return None
    best = int(np.argmax(np.where(fallen, likelier, -np.inf)))
    day = _to_the_day(daily, int(split[best]), usual[best], float(seen[best] / expected[best]), at_least_days)
    full, thin = daily[max(0, day - REFERENCE_DAYS) : day], daily[day:]
    return Step(day, float(full.mean()), float(thin.mean()), len(thin))


def _usual(daily: Array, split: Days) -> Array:
    """Mean volume by day of the week in the weeks before each split, shape (splits, 7); the mean of all for unseen."""
    first = np.maximum(split - REFERENCE_DAYS, 0)
    mean = _between(daily, first, split) / (split - first)
    usual = np.empty((len(split), WEEK))
    for weekday in range(WEEK):
        own = np.zeros(len(daily))
        own[weekday::WEEK] = 1.0
        count = _between(own, first, split)
        total = _between(own * daily, first, split)
        usual[:, weekday] = np.where(count > 0, total / np.maximum(count, 1.0), mean)
    return usual


def _expected(usual: Array, first: Days, end: Days) -> Array:
    """What was to be expected from the days `first` to `end`, given usual volumes by day of the week."""
    total = np.zeros(len(first))
    for weekday in range(WEEK):
        # Days before x that fall on this day of the week.
        total += usual[:, weekday] * ((end - weekday + WEEK - 1) // WEEK - (first - weekday + WEEK - 1) // WEEK)
    return total


def _between(values: Array, first: Days, end: Days) -> Array:
    sums = np.concatenate(([0.0], np.cumsum(values)))
    return np.asarray(sums[end] - sums[first], dtype=float)


def _to_the_day(daily: Array, day: int, usual: Array, fall: float, at_least_days: int) -> int:
    """The likeliest day within a week of a split, given what is usual and how far the volume fell."""
    fall = max(fall, 1e-3)
    first = max(day - WEEK, at_least_days)
    near = np.arange(first, min(day + WEEK, len(daily) - 1) + 1)
    expected = usual[near % WEEK]
    gain = daily[near] * np.log(fall) + expected * (1 - fall)
    from_here = np.cumsum(gain[::-1])[::-1]
    best = np.flatnonzero(from_here >= from_here.max() - 1e-9)[-1]
    return int(near[best])
