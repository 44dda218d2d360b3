"""Do customers of two sides come back after the same times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstcontact.statistics.bucket import Array


@dataclass(frozen=True, slots=True)
class LagDistance:
    """How far two distributions of lags lie apart.

    Attributes:
        distance: Largest difference of the two cumulative shares, 0 to 1.
        p: Probability of so large a distance where they are alike; too large rather than too small.
    """

    distance: float
    p: float


def lag_distance(first: Array, second: Array, background: Array | None = None) -> LagDistance | None:
    """Kolmogorov and Smirnov's distance of two histograms of lags, coincidental returns taken out.

    Estimand: the largest difference between the cumulative distributions of the times to a caused return.
    Formula: F_i(u) = sum_(s<=u) (d_is - b_is) / sum_s (d_is - b_is); D = max |F_1 - F_2|; p from Kolmogorov's
        distribution of D sqrt(m_1 m_2 / (m_1 + m_2)) with m_i = (sum (d - b))^2 / sum d, as many
        returns as weigh the same.
    Assumes: returns of different customers; the background is known.
    Lies when: bins are coarse: the distance is then too small and differences are missed, never invented.
    Oracle: `scipy.stats.ks_2samp` on fine bins without background.
    References: Smirnov, N. (1948), Annals of Mathematical Statistics 19(2).

    Args:
        first: Returns by lag, shape (lags,).
        second: The same of the other side.
        background: Coincidental returns to be expected, shape (2, lags); none where None.

    Returns:
        The distance; None where either side has no caused return left.
    """
    from scipy.special import kolmogorov

    seen = np.stack([first, second]).astype(float)
    net = seen - (background if background is not None else 0.0)
    whole = net.sum(axis=1)
    if (whole <= 0).any():
        return None
    reached = np.cumsum(net, axis=1) / whole[:, None]
    distance = float(np.abs(reached[0] - reached[1]).max())
    worth = whole**2 / seen.sum(axis=1)
    return LagDistance(distance, float(kolmogorov(distance * np.sqrt(worth.prod() / worth.sum()))))
