"""Which units lie outside what chance and the usual spread of units explain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firstcontact.statistics.bucket import Array

TRIM = 0.1
"""Share of units at each end whose distance is not believed when the usual spread is found."""


@dataclass(frozen=True, slots=True)
class Funnel:
    """A funnel plot.

    Attributes:
        z: Distance of each unit from the average, in standard deviations of chance; 0 where nothing is known of it.
        overdispersion: By which factor the usual variance exceeds that of chance; at least 1.
        outside: Whether the unit lies outside the wide limits.
    """

    z: Array
    overdispersion: float
    outside: NDArray[np.bool_]


def overdispersion(z: Array, trim: float = TRIM) -> float:
    """By which factor units usually vary more than chance makes them.

    >>> overdispersion(np.array([-2.0, -2.0, 0.0, 2.0, 2.0, 9.0]), trim=0.2)
    3.3333333333333335
    """
    if not len(z):
        return 1.0
    low, high = np.quantile(z, [trim, 1 - trim], method="inverted_cdf") if trim else (z.min(), z.max())
    return max(1.0, float((np.clip(z, low, high) ** 2).mean()))


def funnel(score: Array, information: Array, design_effect: float = 1.0, level: float = 0.998) -> Funnel:
    """Find the units outside a funnel that is as wide as units usually differ.

    Estimand: nothing; a decision that calls few of usual units unusual.
    Formula: z_j = s_j / sqrt(f I_j); the overdispersion is the mean of z^2 with the outer tenths drawn in to the
        quantiles (winsorised), at least 1; a unit is outside when |z| exceeds the normal quantile times the root of it.
    Assumes: most units are usual; their spread scales as chance does.
    Lies when: units are few (below about 10), where one odd one makes the usual spread.
    Oracle: limits against exact binomial quantiles of `scipy.stats`; overdispersion by hand.
    References: Spiegelhalter, D. J. (2005), Statistics in Medicine 24(8), Funnel plots for comparing institutional
        performance; Spiegelhalter, D. J. (2005), Qual. Saf. Health Care 14(5), on overdispersion.

    Args:
        score: Observed minus expected events of each unit.
        information: Their variance by chance.
        design_effect: By how much contacts of one customer add to it.
        level: Level of the limits; 0.998 is the customary outer pair.

    Returns:
        The funnel.
    """
    from scipy.special import ndtri

    known = information > 0
    z = np.where(known, score / np.sqrt(np.where(known, design_effect * information, 1.0)), 0.0)
    factor = overdispersion(z[known])
    return Funnel(z, factor, np.abs(z) > ndtri(0.5 + level / 2) * np.sqrt(factor))


def limits(rate: float, count: Array, factor: float = 1.0, level: float = 0.998) -> tuple[Array, Array]:
    """The curves of a funnel around a rate: p ± q sqrt(f p (1 - p) / n), within 0 and 1.

    >>> [round(float(end[0]), 3) for end in limits(0.2, np.array([100.0]), level=0.95)]
    [0.122, 0.278]
    """
    from scipy.special import ndtri

    half = ndtri(0.5 + level / 2) * np.sqrt(factor * rate * (1 - rate) / count)
    return np.clip(rate - half, 0.0, 1.0), np.clip(rate + half, 0.0, 1.0)
