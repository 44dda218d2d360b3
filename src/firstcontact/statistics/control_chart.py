"""Charts that say which periods stand out, without crying wolf when contacts are many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firstcontact.statistics.bucket import Array

MOVING_RANGE = 1.128
"""Mean range of two independent standard normal values."""
SIGMAS = 3.0


@dataclass(frozen=True, slots=True)
class Chart:
    """A control chart of shares.

    Attributes:
        centre: Share over all periods.
        low: Lower limit of each period, at least 0.
        high: Upper limit of each period, at most 1.
        sigma: By how much periods vary beyond chance, as a factor on the limits; 1 for a p-chart.
        outside: Whether each period lies outside.
    """

    centre: float
    low: Array
    high: Array
    sigma: float
    outside: NDArray[np.bool_]


def p_chart(count: Array, total: Array, sigmas: float = SIGMAS) -> Chart:
    """The classical chart of shares.

    Estimand: nothing; a decision which periods stand out from chance alone.
    Formula: centre p = sum(x) / sum(n); limits p ± k sqrt(p (1 - p) / n_t), within 0 and 1.
    Assumes: between periods nothing varies but chance.
    Lies when: periods are large: with 30,000 contacts a week and a true spread of 0.1 log-odds, seven of ten ordinary
        weeks stand out. Use `laney`.
    Oracle: a textbook's worked example.
    References: Shewhart, W. A. (1931), Economic Control of Quality of Manufactured Product.

    Args:
        count: Contacts of each period, above 0.
        total: Those with the event.
        sigmas: Width in standard deviations.

    Returns:
        The chart.
    """
    return _chart(count, total, 1.0, sigmas)


def laney(count: Array, total: Array, sigmas: float = SIGMAS) -> Chart:
    """Laney's p' chart, whose limits know how much periods usually vary.

    Estimand: nothing; a decision which periods stand out from the usual variation between neighbouring periods.
    Formula: z_t = (p_t - p) / sqrt(p (1 - p) / n_t); sigma = mean |z_t - z_(t-1)| / 1.128, at least 1; limits
        p ± k sigma sqrt(p (1 - p) / n_t), within 0 and 1.
    Assumes: neighbouring periods differ as periods usually do.
    Lies when: the share drifts slowly: neighbours are then alike and the limits too narrow; a step in the middle is
        found, a trend as many points outside. Without the floor of 1 it cries wolf where nothing varies.
    Oracle: by hand from the published formula; where nothing varies beyond chance it is the p-chart.
    References: Laney, D. B. (2002), Improved control charts for attributes, Quality Engineering 14(4); formula as
        documented by Minitab, Laney P' chart.

    Args:
        count: Contacts of each period, above 0.
        total: Those with the event.
        sigmas: Width in standard deviations.

    Returns:
        The chart; with one period, or none or all with the event, it is the p-chart.
    """
    centre = float(total.sum() / count.sum()) if count.sum() else 0.0
    chance = np.sqrt(centre * (1 - centre) / np.maximum(count, 1.0))
    sigma = 1.0
    if len(count) > 1 and chance.min() > 0:
        z = (total / np.maximum(count, 1.0) - centre) / chance
        sigma = max(1.0, float(np.abs(np.diff(z)).mean()) / MOVING_RANGE)
    return _chart(count, total, sigma, sigmas)


def _chart(count: Array, total: Array, sigma: float, sigmas: float) -> Chart:
    centre = float(total.sum() / count.sum()) if count.sum() else 0.0
    half = sigmas * sigma * np.sqrt(centre * (1 - centre) / np.maximum(count, 1.0))
    low, high = np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)
    share = total / np.maximum(count, 1.0)
    # Ends that were cut off at 0 or 1 can be reached by chance.
    slack = 1e-12
    return Chart(centre, low, high, sigma, (count > 0) & ((share < low - slack) | (share > high + slack)))
