"""How one weekly figure goes with another, when weeks resemble their neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstcontact.statistics.bucket import Array
from firstcontact.statistics.prais_winsten import CARRIED, prais_winsten
from firstcontact.statistics.share import t_quantile

LEAST_WEEKS = 12
"""With fewer, one odd week makes the slope."""


@dataclass(frozen=True, slots=True)
class Slope:
    """A slope with its interval.

    Attributes:
        value: Change of the one for a change of 1 of the other.
        low, high: Interval.
        carried: How much of a week's deviation carries over to the next, 0 to 1.
        weeks: How many weeks it rests on.
    """

    value: float
    low: float
    high: float
    carried: float
    weeks: int


def weekly_slope(outcome: Array, driver: Array, level: float = 0.95) -> Slope | None:
    """Slope of one weekly series on another.

    Estimand: by how much the one differs between weeks in which the other differs by 1. No more: not what a change
        would do.
    Formula: `prais_winsten` on a constant and the other series for each part r from 0 to 0.95 that may carry over,
        averaged by the restricted likelihood, as in `prais_winsten.step`; Student's t, weeks - 2 degrees of freedom.
    Assumes: a straight line; weeks of about equal size; what carries over does so alike all along.
    Lies when: both follow a third thing (a bad release); the other series is mostly noise, which draws the slope to 0;
        both are made of the same few contacts, whose luck they share.
    Oracle: for one r `statsmodels` GLS; recovery with deviations that carry over.
    References: Prais, S. J. & Winsten, C. B. (1954), Cowles Commission Discussion Paper 383; on noise in the regressor,
        Fuller, W. A. (1987), Measurement Error Models.

    Args:
        outcome: One value a week, consecutive weeks, shape (weeks,).
        driver: The other, same shape.
        level: Confidence level.

    Returns:
        The slope; None with fewer than 12 weeks, or where the other series does not move.
    """
    weeks = len(outcome)
    centred = driver - driver.mean() if weeks else driver
    if weeks < LEAST_WEEKS or float(np.abs(centred).max()) < 1e-9:
        return None
    design = np.column_stack([np.ones(weeks), centred])
    fits = prais_winsten(outcome, design, CARRIED)
    weight = np.exp(fits.likelihood - fits.likelihood.max())
    weight /= weight.sum()
    slopes = fits.coefficient[:, 1]
    value = float(weight @ slopes)
    spread = float(weight @ (fits.covariance[:, 1, 1] + (slopes - value) ** 2))
    half = float(t_quantile(level, np.array([weeks - 2.0]))[0]) * spread**0.5
    return Slope(value, value - half, value + half, float(weight @ CARRIED), weeks)
