"""An interval that may be looked at every week."""

from __future__ import annotations

import numpy as np

from firstcontact.statistics.bucket import Array
from firstcontact.statistics.prais_winsten import step

TUNED = 0.25
"""At which number of weeks the interval is narrowest: about 4 to 10."""


def radius(count: Array, level: float = 0.95, tuned: float = TUNED) -> Array:
    """Half-width of a confidence sequence for a running mean, in standard deviations of one value.

    Estimand: nothing; a half-width that holds at all counts at once with probability `level`.
    Formula: sqrt((n t + 1) / (n^2 t) log((n t + 1) / a^2)) with t = `tuned` and a = 1 - level.
    Assumes: values are independent with a known standard deviation, about normal in sums.
    Lies when: values resemble their neighbours: give the long-run standard deviation instead, as `always_valid` does.
    Oracle: the conjugate-mixture margin of Waudby-Smith et al., sqrt(2 (n t + 1) log(sqrt(n t + 1) / a) / (n^2 t)),
        which is the same number; recovery: a series of chance leaves it in fewer than 5 % of cases at any time.
    References: Robbins, H. (1970), Annals of Mathematical Statistics 41(5); Howard, S. R. et al. (2021), Annals of
        Statistics 49(2); Waudby-Smith, I. et al., Time-uniform central limit theory, arXiv 2103.06476.

    Args:
        count: How many values the mean is of, above 0.
        level: Level of the whole sequence.
        tuned: Larger is narrower early and wider late.

    Returns:
        Half-widths.

    >>> radius(np.array([1.0, 10.0, 26.0])).round(2).tolist()
    [5.57, 1.01, 0.6]
    """
    inner = count * tuned + 1
    return np.asarray(np.sqrt(inner / (count**2 * tuned) * np.log(inner / (1 - level) ** 2)), dtype=float)


def always_valid(before: Array, after: Array, level: float = 0.95) -> tuple[Array, Array, Array]:
    """Intervals of a step, one for each week since the change, that may all be looked at.

    Estimand: the mean after the change minus the mean before.
    Formula: mean of the first n weeks after minus mean of all weeks before, ± s sqrt(radius(n)^2 + q^2 / m), where s^2
        is the long-run variance that `prais_winsten.step` finds in what was known by then, q the normal quantile, and
        m the weeks before.
    Assumes: what `prais_winsten.step` assumes; the variance is about as before the change.
    Lies when: deviations carry over by more than a half: at 0.7 a false alarm comes in up to 10 % of series.
    Oracle: recovery: of series with errors that carry over by a half, at most 7 % leave the interval at any of 26
        weekly looks, where a z-test at each look leaves in 34 %.
    References: those of `radius`.

    Args:
        before: Weekly values before the change, at least three.
        after: Weekly values after it, in order.
        level: Level of the whole sequence.

    Returns:
        Estimate, lower and upper end after each week.
    """
    from scipy.special import ndtri

    weeks = np.arange(1, len(after) + 1, dtype=float)
    size = np.cumsum(after) / weeks - before.mean()
    spread = np.array([_long_run(np.concatenate([before, after[: int(n)]]), len(before)) for n in weeks])
    quantile = ndtri(0.5 + level / 2)
    half = np.sqrt(spread * (radius(weeks, level) ** 2 + quantile**2 / len(before)))
    return size, size - half, size + half


def _long_run(series: Array, before: int) -> float:
    """Long-run variance around the two means; around one, while the second would be that of a single week."""
    after = np.arange(len(series)) >= before
    if after.sum() < 2:
        # A week that stands alone tells of no variance.
        series, after = series[:before], np.arange(before) >= before // 2
    found = step(series, after)
    return found.long_run if found is not None else float(series.var(ddof=1))
