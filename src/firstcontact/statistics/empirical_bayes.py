"""What each unit's own difference probably is, given how much units differ at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstcontact.statistics.bucket import Array
from firstcontact.statistics.contrast import CaseMix

LARGEST_SD = 2.0
"""Units are not thought to differ by more than this standard deviation of log-odds."""
STEPS = 81


@dataclass(frozen=True, slots=True)
class Effects:
    """Units' own differences in log-odds of an event, relative to the average of those compared.

    Attributes:
        effect: The most probable value, drawn towards 0 as far as chance explains it.
        low: Lower end of its interval.
        high: Upper end.
        reliability: Share of the variance of a unit's own raw figure that is real, 0 to 1.
    """

    effect: Array
    low: Array
    high: Array
    reliability: Array


def shrink(mix: CaseMix, variance: float, level: float = 0.95) -> Effects:
    """Draw raw differences towards the average as far as chance explains them.

    Estimand: each unit's own log-odds of an event minus the average of the units compared.
    Formula: for a variance t2 the effects are U diag(t2 / (f + t2 l_i)) u with u, l, U the contrasts, their information
        and basis, and f the design effect; t2 itself is not known, so that effects and their variances are averaged
        over t from 0 to 2 by its restricted likelihood (no t preferred beforehand). Reliability: s2 / (s2 + f / I_j)
        with the moment estimate s2 and the unit's own information I_j.
    Assumes: units' own log-odds are about normal around a common mean; differences are small enough for one step.
    Lies when: unmeasured severity differs between units: reliability is then high and the order wrong.
    Oracle: where t2 is certain, the BLUPs of a linear mixed model of `statsmodels` on the same contrasts.
    References: Morris, C. N. (1983), JASA 78(381); Normand, Glickman & Gatsonis (1997), JASA 92(439); Adams, J. L.
        (2009), The reliability of provider profiling, RAND TR-653.

    Args:
        mix: The units on their mix of work.
        variance: Moment estimate of how much units differ.
        level: Level of the intervals.

    Returns:
        One effect a unit; for a unit of which nothing is known the effect is 0 and the interval that of any unit.
    """
    from scipy.special import ndtri

    contrasts, factor = mix.contrasts, mix.design_effect
    u, held = contrasts.score, contrasts.information
    sd = np.linspace(0.0, LARGEST_SD, STEPS)
    spread = factor * held[None, :] + (sd**2)[:, None] * (held**2)[None, :]
    likely = -0.5 * (np.log(spread) + u[None, :] ** 2 / spread).sum(axis=1)
    weight = np.exp(likely - likely.max(initial=-np.inf))
    weight /= weight.sum()
    pull = (sd**2)[:, None] / (factor + (sd**2)[:, None] * held[None, :])
    basis = contrasts.basis
    effects = basis @ (pull * u[None, :]).T  # (units, steps)
    within = (basis.multiply(basis) if hasattr(basis, "multiply") else basis**2) @ (factor * pull).T
    mean = effects @ weight
    around = (within + (effects - mean[:, None]) ** 2) @ weight
    # A unit of which nothing is known may be anything that units are.
    around = np.where(mix.information > 0, around, (sd**2) @ weight)
    half = ndtri(0.5 + level / 2) * np.sqrt(around)
    reliability = np.where(mix.information > 0, variance * mix.information / (variance * mix.information + factor), 0.0)
    return Effects(mean, mean - half, mean + half, reliability)
