"""Two sites or teams compared on the same mix of work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firstcontact.statistics.bucket import Array

AT_LEAST = 30
"""Contacts that a stratum needs on both sides to be compared."""


@dataclass(frozen=True, slots=True)
class Standardised:
    """A difference of two shares on the same mix.

    Attributes:
        difference: First minus second, on the pooled mix of the strata that both have.
        low: Lower end of its interval.
        high: Upper end.
        first: The first's share on that mix.
        second: The second's.
        crude: First minus second on their own mixes, as a dashboard would show it.
        support: Share of all contacts of both that lie in strata compared, 0 to 1; the smaller of the two sides'.
        overlap: How alike the mixes are: 1 the same, 0 nothing in common.
        compared: Which strata are compared.
    """

    difference: float
    low: float
    high: float
    first: float
    second: float
    crude: float
    support: float
    overlap: float
    compared: NDArray[np.bool_]


def standardise(
    count: Array,
    total: Array,
    variance: Array | None = None,
    *,
    at_least: float = AT_LEAST,
    level: float = 0.95,
) -> Standardised | None:
    """Compare two sides on one mix of strata.

    Estimand: the difference of the two sides' shares had both had the pooled mix of the strata that both have.
    Formula: D = sum_r w_r (p_1r - p_2r), w_r the share of stratum r among all contacts of strata with at least 30 on
        both sides; var(D) = sum_r w_r^2 (v_1r + v_2r).
    Assumes: within a stratum both sides get contacts as if by lot; a resolved contact is seen as such equally well on
        both sides.
    Lies when: customers of one side give up more often, are recognised less often, or are coded differently: no weights
        mend that, and `measurement.explain.comparison` refuses where it can be seen.
    Oracle: `statsmodels` OLS on strata and side, saturated, weighted to the pooled mix.
    References: Fleiss, Levin & Paik (2003), ch. 19, on direct standardisation; Kitagawa, E. M. (1955), JASA 50(272).

    Args:
        count: Contacts, shape (2, strata).
        total: Those with the event, same shape.
        variance: Sampling variance of each share; p (1 - p) / n with half a contact of each kind added where None.
        at_least: Contacts that a stratum needs on both sides.
        level: Level of the interval.

    Returns:
        The comparison; None where no stratum has enough on both sides.
    """
    from scipy.special import ndtri

    compared = np.asarray((count >= at_least).all(axis=0))
    whole = count.sum(axis=1)
    if not compared.any():
        return None
    n, x = count[:, compared], total[:, compared]
    share = x / n
    if variance is None:
        drawn = (x + 0.5) / (n + 1)
        doubt = drawn * (1 - drawn) / n
    else:
        doubt = variance[:, compared]
    weight = n.sum(axis=0) / n.sum()
    first, second = (float(weight @ one) for one in share)
    half = float(ndtri(0.5 + level / 2) * np.sqrt((weight**2 * doubt.sum(axis=0)).sum()))
    crude = total.sum(axis=1) / whole
    mixes = count / whole[:, None]
    return Standardised(
        difference=first - second,
        low=first - second - half,
        high=first - second + half,
        first=first,
        second=second,
        crude=float(crude[0] - crude[1]),
        support=float((n.sum(axis=1) / whole).min()),
        overlap=float(np.minimum(mixes[0], mixes[1]).sum()),
        compared=compared,
    )
