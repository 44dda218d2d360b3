"""How many caused returns the records fail to link, from contacts that a person looked up; and R-FCR freed of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstcontact.statistics.bucket import Array

LEAST_RETURNS = 30
"""With fewer true returns found, nothing is corrected."""


@dataclass(frozen=True, slots=True)
class Linkage:
    """How well returns are linked.

    Attributes:
        found: s: share of true returns that the records link, above 0 and at most 1.
        variance: Its sampling variance.
        low: Lower end of its interval.
        high: Upper end.
        looked_up: Contacts that were looked up and decided.
        returns: True returns among them.
        confirmed: Share of the linked returns that a person too calls a return for the same issue.
    """

    found: float
    variance: float
    low: float
    high: float
    looked_up: int
    returns: int
    confirmed: float


def linkage(
    stratum: Array, weight: Array, came_back: Array, linked: Array, has_link: Array, level: float = 0.95
) -> Linkage | None:
    """Share of true returns that are linked.

    Estimand: s = P(a return for the same issue is linked to its contact, under the same reason).
    Formula: s = sum w t l / sum w t, over contacts drawn with probability 1 / w, t whether the customer truly came back
        for the same issue, l whether the records link that return. Variance: that of a ratio under independent draws,
        sum z^2 with z = w t (l - s) / sum w t; a stratum in which no missed return was found counts as if one contact
        of its mean weight had been, so that finding none among few is not taken for there being none. Interval on
        the scale of log(missed / linked).
    Assumes: who looked searched by everything (name, telephone, address, case), also under other reasons, and found
        the returns that there were; recorded probabilities.
    Lies when: pairs that are linked already are all that is looked up: they cannot reveal a missed one.
    Oracle: with equal weights, the plain share; recovery in worlds with wrong codes and split records.
    References: Horvitz, D. G. & Thompson, D. J. (1952), JASA 47; Särndal, Swensson & Wretman (1992) on ratios.

    Args:
        stratum: Number of the stratum of each contact looked up, shape (n,).
        weight: Inverse of its sampling probability.
        came_back: 1 where the customer truly came back for the same issue, else 0.
        linked: 1 where the records link that very return, else 0.
        has_link: 1 where the records link any return to it, else 0.
        level: Confidence level of the interval.

    Returns:
        The share, or None where fewer than `LEAST_RETURNS` true returns were found, or none of them is linked.
    """
    returns, joined = weight * came_back, weight * came_back * linked
    if came_back.sum() < LEAST_RETURNS or joined.sum() <= 0:
        return None
    total, hit = float(returns.sum()), float(joined.sum())
    share = hit / total
    missed = came_back * (1 - linked)
    spread = float(((returns * (linked - share) / total) ** 2).sum())
    for one in np.unique(stratum):
        inside = stratum == one
        if missed[inside].sum() == 0 and has_link[inside].sum() < inside.sum():
            spread += float((weight[inside].mean() * share / total) ** 2)
    ends = _ends(share, spread, level)
    own = weight * has_link
    confirmed = float((own * came_back * linked).sum() / own.sum()) if own.sum() > 0 else 0.0
    return Linkage(share, spread, *ends, len(weight), int(came_back.sum()), confirmed)


def _ends(share: float, variance: float, level: float) -> tuple[float, float]:
    from scipy.special import ndtri

    if share >= 1:
        # Nothing was missed: the smoothing alone says how much might have been.
        return max(0.0, 1 - float(ndtri(0.5 + level / 2)) * float(np.sqrt(variance))), 1.0
    scale = float(ndtri(0.5 + level / 2)) * float(np.sqrt(variance)) / (share * (1 - share))
    odds = (1 - share) / share
    return 1 / (1 + odds * float(np.exp(scale))), 1 / (1 + odds * float(np.exp(-scale)))


def corrected_no_return(
    no_return: float, variance: float, known: Linkage, level: float = 0.95
) -> tuple[float, float, float]:
    """R-FCR freed of returns that were not linked.

    Estimand: share of contacts that cause no return, whatever reason or record it comes under.
    Formula: R' = 1 - (1 - R) / s; var(R') = var(R) / s^2 + ((1 - R) / s^2)^2 var(s).
    Assumes: R and s come from different draws; returns that are missed are as often caused as those that are linked.
    Lies when: wrong merges bring returns that are none: those inflate 1 - R, and s says nothing of them.
    Oracle: the delta method by numeric differentiation; recovery in worlds with wrong codes and split records.
    References: Oehlert, G. W. (1992), The American Statistician 46(1), on the delta method.

    Args:
        no_return: R, 0 to 1.
        variance: Its variance.
        known: How well returns are linked.
        level: Confidence level.

    Returns:
        Value, lower and upper end, within 0 to 1.

    >>> half = Linkage(0.8, 0.0, 0.8, 0.8, 500, 200, 0.9)
    >>> round(corrected_no_return(0.88, 0.0, half)[0], 3)
    0.85
    """
    from scipy.special import ndtri

    s = known.found
    value = 1 - (1 - no_return) / s
    spread = variance / s**2 + ((1 - no_return) / s**2) ** 2 * known.variance
    half = float(ndtri(0.5 + level / 2)) * float(np.sqrt(spread))
    low, high = (float(np.clip(end, 0.0, 1.0)) for end in (value - half, value + half))
    return float(np.clip(value, 0.0, 1.0)), low, high


def linked_share(wrong_codes: float, split: float) -> float:
    """What share of returns is linked under given error rates: both ends of a return must be right.

    Estimand: P(a return is linked) given the shares of contacts with a wrong code and under a second record.
    Formula: (1 - c)^2 ((1 - d)^2 + d^2): both codes right, and both contacts under the same record.
    Assumes: errors strike contacts independently; a wrong code is not the same wrong code twice; a customer has one
        second record.
    Lies when: errors come in runs, as where one agent codes everything alike.
    Oracle: the simulator's knobs.
    References: none; it is arithmetic.

    >>> round(linked_share(0.1, 0.0), 3), round(linked_share(0.0, 0.1), 3)
    (0.81, 0.82)
    """
    return (1 - wrong_codes) ** 2 * ((1 - split) ** 2 + split**2)


def sensitivity(
    no_return: float, rates: tuple[float, ...] = (0.0, 0.02, 0.05, 0.1)
) -> list[tuple[float, float, float]]:
    """R-FCR as it would be if so many codes were wrong and so many records split.

    Args:
        no_return: R as measured.
        rates: Shares of contacts to try, for each of the two.

    Returns:
        Share of wrong codes, share of split records, R-FCR freed of both; within 0 to 1.

    >>> [round(part, 3) for part in sensitivity(0.9, (0.0, 0.1))[1]]
    [0.0, 0.1, 0.878]
    """
    return [
        (codes, split, float(np.clip(1 - (1 - no_return) / linked_share(codes, split), 0.0, 1.0)))
        for codes in rates
        for split in rates
    ]
