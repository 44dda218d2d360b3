"""An interval for a share that is found by subtracting what would have been seen anyway."""

from __future__ import annotations

import numpy as np

from firstcontact.statistics.bucket import Array, ratio
from firstcontact.statistics.share import t_quantile


def net_share(exposure: Array, net: Array, seen: Array, learned_sd: Array, level: float) -> tuple[Array, Array, Array]:
    """Share of exposed rows with an event of the kind that is asked for, other events subtracted.

    Estimand: P(event of the kind asked for), when coincidental events are seen as well and some rows are young.
    Formula: p = sum(y_i - b_i) / sum(e_i), with y_i the event seen, b_i the chance of a coincidental one by now and e_i
        the chance that an event of the kind asked for would have shown by now. Wilson's form around p with the variance
        g(1 - g) max(1, d) / E + s²: g = sum(y) / E, E = sum(e), d the variance between customer buckets against
        g(1 - g) / E, s the standard error through what was learned, as if it erred alike for all rows. With g of 0 or 1
        E/d is as many as the cell is worth customers.
    Assumes: what was learned (b, e) fits these rows; customers are independent of each other.
    Lies when: the cell's customers come back by coincidence more often than those of the whole; or when b moved.
    Oracle: with b = 0, e = 1 and s = 0 it is `share.clustered_share`; recovery on simulated centres.
    References: Pohar Perme, M., Stare, J. & Estève, J. (2012), Biometrics 68, for net events; Wilson (1927).

    Args:
        exposure: Sums of e_i, shape (cells, buckets).
        net: Sums of y_i - b_i, likewise.
        seen: Sums of y_i, likewise.
        learned_sd: Standard error of the share through what was learned, one a cell.
        level: Confidence level, for example 0.95.

    Returns:
        Value, lower and upper end, each within 0 and 1; NaN where nothing is exposed or fewer than two buckets are.
    """
    cells = ratio(exposure, net)
    total = np.maximum(exposure.sum(axis=1), 1e-12)
    gross = np.clip(seen.sum(axis=1) / total, 0.0, 1.0)
    counted = gross * (1 - gross) / total
    blind = np.where(cells.groups > 1, total / np.minimum(cells.customers, total), 1.0)
    effect = np.where(counted > 0, cells.variance / np.where(counted > 0, counted, 1.0), blind)
    effective = total / np.maximum(np.nan_to_num(effect, nan=1.0), 1.0)
    quantile = t_quantile(level, cells.freedom)
    square = quantile**2
    scale = 1 + square / effective
    value = np.clip(cells.value, 0.0, 1.0)
    centre = value + square / (2 * effective)
    # What was learned errs beside the counting, so Wilson's scale must not shrink it.
    variance = gross * (1 - gross) / effective + square / (4 * effective**2) + (learned_sd * scale) ** 2
    spread = quantile * np.sqrt(variance)
    low, high = np.minimum((centre - spread) / scale, value), np.maximum((centre + spread) / scale, value)
    known = (exposure.sum(axis=1) > 0) & (cells.groups > 1)
    return tuple(np.where(known, np.clip(one, 0.0, 1.0), np.nan) for one in (value, low, high))  # type: ignore[return-value]
