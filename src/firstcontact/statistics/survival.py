"""Who has come back by when, all returns together, and how many of those who have not will still come: for workload."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firstcontact.statistics.bucket import Array


@dataclass(frozen=True, slots=True)
class Curve:
    """A step function of time.

    Attributes:
        times: Where it steps, rising.
        values: Its value from each of them on.
        variance: Sampling variance of each value.
    """

    times: Array
    values: Array
    variance: Array

    def at(self, moment: Array, before: float) -> Array:
        """Its value at some moments; `before` where nothing has happened yet."""
        place = np.searchsorted(self.times, moment, side="right")
        return np.concatenate([[before], self.values])[place]


def kaplan_meier(duration: Array, event: NDArray[np.bool_]) -> Curve:
    """Share that has had no event by each time.

    Estimand: S(t) = P(no event by t), were nobody lost from sight.
    Formula: product over event times up to t of 1 - d / Y, with d events among Y at risk; Greenwood's variance
        S(t)² sum(d / (Y (Y - d))).
    Assumes: those lost from sight at a time are like those that stay.
    Lies when: rows of one customer depend on each other (the variance is then too small); when events of another kind
        end the wait and are taken for loss from sight (see `aalen_johansen`).
    Oracle: lifelines.KaplanMeierFitter.
    References: Kaplan, E. L. & Meier, P. (1958), JASA 53; Greenwood, M. (1926).

    Args:
        duration: Time until event or loss, one a row.
        event: Whether it was an event.

    Returns:
        S at the event times.

    >>> kaplan_meier(np.array([1.0, 2.0, 2.0, 3.0]), np.array([True, True, False, True])).values.tolist()
    [0.75, 0.5, 0.0]
    """
    times, counts, at_risk = _events(duration, event.astype(np.int64))
    died = counts.sum(axis=0)
    survival = np.cumprod(1 - died / at_risk)
    left = at_risk - died
    terms = np.where(left > 0, died / np.where(left > 0, at_risk * left, 1.0), 0.0)
    return Curve(times, survival, survival**2 * np.cumsum(terms))


def aalen_johansen(duration: Array, kind: NDArray[np.int64], of_interest: int) -> Curve:
    """Share that has had an event of one kind first, by each time.

    Estimand: P(first event is of this kind and comes by t): what will really be seen, unlike net figures.
    Formula: sum over event times up to t of S(t-) d_k / Y; variance by Greenwood's
        form for competing events.
    Assumes: as `kaplan_meier`.
    Lies when: rows of one customer depend on each other (the variance is then too small).
    Oracle: lifelines.AalenJohansenFitter.
    References: Aalen, O. O. & Johansen, S. (1978), Scandinavian Journal of Statistics 5(3); Collett, D. (2014),
        Modelling Survival Data in Medical Research, p. 411.

    Args:
        duration: Time until event or loss, one a row.
        kind: 0 for loss, above 0 the kind of event.
        of_interest: Which kind.

    Returns:
        The share at the times of events of any kind.

    >>> aalen_johansen(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 2, 1, 0]), 1).values.tolist()
    [0.25, 0.25, 0.5]
    """
    times, counts, at_risk = _events(duration, kind)
    died = counts.sum(axis=0)
    own = counts[of_interest - 1] if of_interest <= len(counts) else np.zeros_like(died)
    survival = np.cumprod(1 - died / at_risk)
    before = np.concatenate([[1.0], survival[:-1]]) if len(survival) else survival
    share = np.cumsum(before * own / at_risk)
    return Curve(times, share, _greenwood(share, before, own, died, at_risk))


def still_to_come(lag: Array, count: Array, survival: Array, edges: Array, horizon: float) -> float:
    """How many of those who have not come back yet will, within some time from now.

    Estimand: the expected number of returns among openers followed until their lags, caused or not: workload.
    Formula: sum over lags a of n (S(a) - S(a + horizon)) / S(a).
    Assumes: the customers of today come back as those did from whom S was learned.
    Lies when: the share of caused returns has moved since.
    Oracle: lifelines' conditional survival; recovery on held-out weeks.
    References: Aalen & Johansen (1978).

    Args:
        lag: Lags until which some openers have been followed without a return.
        count: How many openers, one a lag.
        survival: Share without a return at each edge.
        edges: The edges, in the unit of the lags.
        horizon: How far ahead, in the same unit; lags beyond the last edge add nothing.

    Returns:
        Expected returns.

    >>> still_to_come(np.array([0.0]), np.array([10.0]), np.array([1.0, 0.8, 0.7]), np.array([0.0, 1.0, 2.0]), 1.0)
    2.0
    """
    now, then = np.interp(lag, edges, survival), np.interp(lag + horizon, edges, survival)
    share = np.where(now > 0, 1 - then / np.where(now > 0, now, 1.0), 0.0)
    return round(float((count * share).sum()), 9)


def _events(duration: Array, kind: NDArray[np.int64]) -> tuple[Array, Array, Array]:
    """Times with events, events of each kind there (kinds, times), and how many were at risk."""
    times = np.unique(duration[kind > 0])
    at_risk = len(duration) - np.searchsorted(np.sort(duration), times, side="left")
    counts = np.zeros((max(int(kind.max(initial=0)), 1), len(times)))
    for one in range(1, len(counts) + 1):
        own = duration[kind == one]
        counts[one - 1] = np.bincount(np.searchsorted(times, own), minlength=len(times))[: len(times)]
    return times, counts, at_risk.astype(float)


def _greenwood(share: Array, before: Array, own: Array, died: Array, at_risk: Array) -> Array:
    """Variance of the cumulative incidence at each time (Collett 2014, p. 411), by running sums."""
    left = at_risk - died
    hazard = np.where(left > 0, died / np.where(left > 0, at_risk * left, 1.0), 0.0)
    first = np.cumsum(before**2 * own * (at_risk - own) / at_risk**3)
    mixed = before * own / at_risk**2
    spread = share**2 * np.cumsum(hazard) - 2 * share * np.cumsum(share * hazard) + np.cumsum(share**2 * hazard)
    cross = share * np.cumsum(mixed) - np.cumsum(share * mixed)
    return np.asarray(np.maximum(spread + first - 2 * cross, 0.0), dtype=float)
