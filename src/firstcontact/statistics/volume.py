"""Where the records of a centre begin and end, seen from their volume alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstcontact.statistics.bucket import Array


@dataclass(frozen=True, slots=True)
class Step:
    """A lasting fall of the daily volume at one end of the data.

    Attributes:
        day: Index of the first day of the thin tail (at the end), or of the first full day (at the beginning).
        full: Mean daily volume where the data are full.
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
    Formula: the split k that maximises the two-segment Poisson likelihood, sum_i n_i log(mean_i), accepted when the
        later mean is below `ratio` times the earlier one and the later part lasts at least `at_least_days`.
    Assumes: one step; days are comparable (weekends move single days, not the best split).
    Lies when: the centre really closed, or closes for a long holiday at the end of the data; it is said, and can be
        overridden.
    Oracle: a drawn step in simulated volume is found to the day.
    References: Hinkley, D. V. (1970), Biometrika 57(1), on change-points.

    Args:
        daily: Contacts a day, every calendar day from the first to the last, shape (days,).
        ratio: How far the volume must fall.
        at_least_days: How long the thin part must last.

    Returns:
        The step, or None where there is none.

    >>> collapse(np.array([90.0, 110, 100, 95, 105, 99, 101, 1, 0, 2, 0])).day
    7
    """
    days = len(daily)
    if days < 2 * at_least_days or daily.sum() <= 0:
        return None
    split = np.arange(1, days)
    before = np.cumsum(daily)[:-1]
    after = daily.sum() - before
    mean_before, mean_after = before / split, after / (days - split)
    gain = _spread(before, mean_before) + _spread(after, mean_after)
    fallen = (mean_after < ratio * mean_before) & (days - split >= at_least_days)
    if not fallen.any():
        return None
    best = int(np.argmax(np.where(fallen, gain, -np.inf)))
    return Step(int(split[best]), float(mean_before[best]), float(mean_after[best]), int(days - split[best]))


def _spread(total: Array, mean: Array) -> Array:
    return np.asarray(total * np.log(np.where(mean > 0, mean, 1.0)), dtype=float)
