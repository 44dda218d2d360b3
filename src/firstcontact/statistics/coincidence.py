"""How often people come back for no other reason than that they come now and then: the background of returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstcontact.statistics.bucket import Array

_STEPS = 60
_GRID = np.linspace(0.0, 0.95, 20)
_NEAR = 0.08
_OTHERS_SD = 0.1
"""How far v may be for returns from what it is for contacts about other reasons: standard deviation of a normal law."""
_SCREENED = 3
_HARMONICS = (1, 2, 3, 4, 6, 8, 10)
_FINEST = 2.0
"""Waves shorter than this, in days, are not told apart by bins of a day."""
_FEWEST = 100.0
"""With fewer coincidental returns no cycle is looked for."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """A cycle in which coincidental returns bunch.

    Attributes:
        period: Its length in days.
        weights: Of cosine and sine of each harmonic, shape (harmonics, 2), in the logarithm of the hazard.
    """

    period: float
    weights: Array

    def shape(self, lag: Array) -> Array:
        """How much likelier a return is at each lag than on the average of the cycle."""
        even = np.linspace(0.0, self.period, 120, endpoint=False)
        mean = np.exp(_waves(even, self.period, len(self.weights)) @ self.weights.ravel()).mean()
        found = np.exp(_waves(lag, self.period, len(self.weights)) @ self.weights.ravel()) / mean
        return np.asarray(found, dtype=float)


@dataclass(frozen=True, slots=True)
class Law:
    """What v is drawn to where few late returns tell of it: a normal law.

    Attributes:
        mean: Its mean.
        sd: Its standard deviation.
    """

    mean: float
    sd: float


def level(events: Array, exposure: Array, lag: Array, spread: Array | float) -> Array:
    """The rate at which coincidental returns begin, by likelihood.

    Estimand: l, the hazard at lag 0 of returns that nothing caused.
    Formula: h(u) = l / (1 + v l u) maximises sum(d log h - E h) over the lags given. Customers differ in how often they
        come; those met are those who come more often, and those who stay away longest come seldom: for a gamma law the
        hazard falls like this, with v = 1 / (shape + 1), whatever quiet time was asked for before the opener. A cycle
        s(u) enters as exposure E s.
    Assumes: no caused return at these lags; the customers' rates follow a gamma law whose shape the reasons share.
    Lies when: volume grows or shrinks much within the horizon, or caused returns still come at these lags.
    Oracle: with v = 0 it is the rate of a Poisson count, sum(d) / sum(E); otherwise recovery in simulated worlds.
    References: Vaupel, J. W., Manton, K. G. & Stallard, E. (1979), Demography 16(3).

    Args:
        events: Returns, shape (..., bins).
        exposure: Days at risk, same shape.
        lag: Middle of each bin in days, shape (bins,).
        spread: v, one number or one for each row, 0 to 1.

    Returns:
        l, returns a day, shape (...); 0 where there are no returns.

    >>> float(level(np.array([3.0, 1.0]), np.array([100.0, 100.0]), np.array([1.0, 2.0]), 0.0))
    0.02
    """
    v = np.asarray(spread, dtype=float)[..., None]
    total, plain = events.sum(axis=-1), exposure.sum(axis=-1)
    some = (total > 0) & (plain > 0)
    rate = np.where(some, total / np.where(plain > 0, plain, 1.0), 0.0)
    for _ in range(_STEPS):
        fall = 1.0 / (1.0 + v * rate[..., None] * lag)
        expected = exposure * rate[..., None] * fall
        score = ((events - expected) * fall).sum(axis=-1)
        information = (expected * fall**2).sum(axis=-1)
        step = np.clip(np.where(some, score / np.where(information > 0, information, 1.0), 0.0), -1.0, 1.0)
        rate = rate * np.exp(step)
        if not np.abs(step).max(initial=0.0) > 1e-8:
            break
    return np.asarray(rate, dtype=float)


def hazard(rate: Array, lag: Array, spread: Array | float) -> Array:
    """h(u) = l / (1 + v l u), shape (..., bins)."""
    v = np.asarray(spread, dtype=float)[..., None]
    own = np.asarray(rate, dtype=float)[..., None]
    return np.asarray(own / (1.0 + v * own * lag), dtype=float)


def likelihood(events: Array, exposure: Array, hazards: Array) -> Array:
    """Poisson log-likelihood of returns, without what does not depend on the hazard, shape (...)."""
    safe = np.where(hazards > 0, hazards, 1.0)
    return np.asarray((np.where(events > 0, events * np.log(safe), 0.0) - exposure * hazards).sum(axis=-1))


def law_of_spread(events: Array, exposure: Array, lag: Array) -> Law:
    """How much customers differ, from how soon they come for other reasons.

    Estimand: v of `common_spread`, as far as customers who come often for one reason come often for others.
    Formula: mean and standard deviation of v under its profile likelihood, all v from 0 to 0.95 being alike before:
        first contacts for another reason than the opener's thin out as l / (1 + v l u) too, l being the rate of all
        others, and so faster: they tell v better than late returns do. What own returns may differ by (0.1) is added.
    Assumes: an opener causes no contact for another reason at these lags; customers who come often come often for all
        reasons.
    Lies when: customers differ in what they come for rather than in how often: v is then too small here.
    Oracle: recovery in simulated worlds, as for `common_spread`; nothing known gives the flat law's 0.48 and 0.30.
    References: Vaupel, Manton & Stallard (1979).

    Args:
        events: First contacts for another reason, shape (reasons, bins).
        exposure: Days at risk, same shape.
        lag: Middle of each bin in days.

    Returns:
        The law.

    >>> nothing = np.zeros((1, 2))
    >>> law_of_spread(nothing, nothing, np.array([50.0, 60.0]))
    Law(mean=0.475, sd=0.305...)
    """
    found = np.array([_profile(events, exposure, lag, float(v)) for v in _GRID])
    weight = np.exp(found - found.max())
    weight /= weight.sum()
    mean = float(weight @ _GRID)
    return Law(mean, float(np.hypot(np.sqrt(weight @ (_GRID - mean) ** 2), _OTHERS_SD)))


def _profile(events: Array, exposure: Array, lag: Array, v: float) -> Array:
    """Log-likelihood of v over all reasons, each at its best level; shape (...)."""
    hazards = hazard(level(events, exposure, lag, v), lag, v)
    return np.asarray(likelihood(events, exposure, hazards).sum(axis=-1), dtype=float)


def common_spread(events: Array, exposure: Array, lag: Array, law: Law, near: float | None = None) -> Array:
    """How much customers differ, from how the coincidental returns of all reasons thin out.

    Estimand: v = 1 / (k + 1), k the shape of the gamma law of the customers' rates; 0 when all are alike.
    Formula: profile likelihood over a grid of v, the level of each reason fitted anew for each v, times a normal law;
        the best of the grid is refined by the parabola through it and its neighbours. Likelihood alone knows v to 0.27
        in centres of 8,000 contacts.
    Assumes: as `level`; bins without caused returns only (the others have no exposure).
    Lies when: few coincidental returns are seen at long lags, and the law is wrong: `doubt` says what that may come to.
    Oracle: recovery in simulated worlds: .4 for a shape of 1.5, .59 for .7, 0 where all are alike.
    References: Vaupel, Manton & Stallard (1979).

    Args:
        events: Returns, shape (..., reasons, bins); 0 in bins that do not belong to the background.
        exposure: Days at risk, times the cycle, same shape; 0 likewise.
        lag: Middle of each bin in days.
        law: What v is drawn to.
        near: The answer for nearly the same data: only its neighbourhood is looked at.

    Returns:
        v, shape (...), 0 to 0.95.
    """
    grid = _GRID if near is None else np.clip(near, _NEAR, _GRID[-1] - _NEAR) + np.array([-_NEAR, 0.0, _NEAR])

    def profile(v: float) -> Array:
        return _profile(events, exposure, lag, v) - 0.5 * ((v - law.mean) / law.sd) ** 2

    found = np.stack([profile(float(v)) for v in grid])
    inner = np.clip(np.argmax(found, axis=0), 1, len(grid) - 2)
    low, middle, high = (np.take_along_axis(found, (inner + side)[None], axis=0)[0] for side in (-1, 0, 1))
    bend = low - 2 * middle + high
    move = np.where(bend < 0, 0.5 * (low - high) / np.where(bend < 0, bend, 1.0), 0.0)
    furthest = 1.0 if near is None else 3.0
    refined = grid[inner] + np.clip(move, -furthest, furthest) * (grid[1] - grid[0])
    return np.asarray(np.clip(refined, 0.0, _GRID[-1]), dtype=float)


def doubt(events: Array, exposure: Array, lag: Array, law: Law, spread: float) -> float:
    """What v may be off because it was drawn to a law, besides what leaving out customers shows.

    Estimand: the part of the standard error of v that its prior law leaves hidden.
    Formula: sqrt(P) / (I + P), P the precision of the law, I that of the data: the bend of their profile likelihood.
        The whole variance is 1 / (I + P); leaving out customers shows I / (I + P)² of it.
    Assumes: as `common_spread`, and that the law is right.
    Lies when: v lies far outside that law.
    Oracle: without data it is the law's standard deviation; with many it is none.
    References: from memory: the normal posterior of a normal mean.

    Args:
        events: As for `common_spread`, shape (reasons, bins).
        exposure: Likewise.
        lag: Likewise.
        law: Likewise.
        spread: v.

    Returns:
        A standard error, at most that of the law.

    >>> round(doubt(np.zeros((1, 2)), np.zeros((1, 2)), np.array([1.0, 2.0]), Law(0.4, 0.1), 0.4), 6)
    0.1
    """
    middle = min(max(spread, _NEAR), _GRID[-1] - _NEAR)
    low, here, high = (float(_profile(events, exposure, lag, v)) for v in (middle - _NEAR, middle, middle + _NEAR))
    known = max(2 * here - low - high, 0.0) / _NEAR**2
    prior = law.sd**-2
    return float(np.sqrt(prior)) / (known + prior)


def find_cycle(events: Array, exposure: Array, lag: Array, spread: float, periods: Array) -> Cycle | None:
    """Whether coincidental returns bunch in a cycle, such as that of the bills, and in which.

    Estimand: the length and shape of a cycle in the hazard of coincidental returns.
    Formula: log h(u) = log background + harmonics of the length, by Poisson likelihood. Score tests of three harmonics
        pick the length; then the number of harmonics by which 2 logL less log(returns) a coefficient grows most (BIC,
        the length counting as one) is taken, if it grows at all.
    Assumes: lags at which no return is caused, over at least three cycles.
    Lies when: two cycles overlap; a week's rhythm is far shorter than the lengths that are tried.
    Oracle: recovery: bills every 30 days are found, and no cycle where there is none.
    References: Schwarz, G. (1978), Annals of Statistics 6(2); Rao, C. R. (1948) (score test).

    Args:
        events: Returns at lags beyond the onset, shape (bins,); 0 elsewhere.
        exposure: Days at risk, likewise.
        lag: Middle of each bin in days.
        spread: v.
        periods: Lengths to try, in days.

    Returns:
        The cycle, or None.
    """
    seen = exposure > 0
    total = float(events[seen].sum())
    if total < _FEWEST:
        return None
    d, e, u = events[seen], exposure[seen], lag[seen]
    base = e * hazard(level(d, e, u, spread), u, spread)
    tried = [(score, period) for period, score in zip(periods, _scores(d, base, u, periods), strict=True)]
    score, period = max(tried, default=(0.0, 0.0))
    price = float(np.log(total))
    if score <= price * (2 * _SCREENED + 1) / 2:
        return None
    best, cycle = 0.0, None
    for harmonics in _HARMONICS:
        gain, weights = _bunch(d, base, _waves(u, float(period), harmonics))
        profit = 2 * gain - price * (2 * harmonics + 1)
        if profit > best:
            best, cycle = profit, Cycle(float(period), weights.reshape(harmonics, 2))
    return cycle


def known_cycle(events: Array, exposure: Array, lag: Array, spread: float, period: float) -> Cycle | None:
    """How coincidental returns bunch in a cycle whose length somebody knows.

    Estimand: the shape of a cycle of known length in the hazard of coincidental returns.
    Formula: as `find_cycle`, without search: the length costs nothing, and one harmonic is taken at least.
    Assumes: lags at which no return is caused, over at least two cycles; the length is right.
    Lies when: the length is wrong: then bunches blur, and the shape is nearly even.
    Oracle: recovery: bunches every 48 days, which the search does not try, are found at that length.
    References: Schwarz, G. (1978), Annals of Statistics 6(2).

    Args:
        events: Returns at lags beyond the onset, shape (bins,); 0 elsewhere.
        exposure: Days at risk, likewise.
        lag: Middle of each bin in days.
        spread: v.
        period: Length in days.

    Returns:
        The cycle; None where too few returns, or lags of fewer than two cycles, show its shape.
    """
    seen = exposure > 0
    d, e, u = events[seen], exposure[seen], lag[seen]
    total = float(d.sum())
    if total < _FEWEST or u.max() - u.min() < 2 * period:
        return None
    base = e * hazard(level(d, e, u, spread), u, spread)
    best, cycle = -np.inf, None
    for harmonics in (one for one in _HARMONICS if one == 1 or period / one >= _FINEST):
        gain, weights = _bunch(d, base, _waves(u, period, harmonics))
        profit = 2 * gain - float(np.log(total)) * 2 * harmonics
        if profit > best:
            best, cycle = profit, Cycle(period, weights.reshape(harmonics, 2))
    return cycle


def _waves(lag: Array, period: float, harmonics: int) -> Array:
    angle = 2 * np.pi * lag[:, None] / period * np.arange(1, harmonics + 1)
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1).reshape(len(lag), 2 * harmonics)


def _scores(events: Array, base: Array, lag: Array, periods: Array) -> list[float]:
    """Score statistic of some harmonics of each length; 0 for lengths of which fewer than three cycles are seen."""
    scores = []
    scaled = base * events.sum() / base.sum()
    for period in periods:
        if lag.max() - lag.min() < 3 * period:
            scores.append(0.0)
            continue
        waves = _waves(lag, float(period), _SCREENED)
        waves = waves - (scaled[:, None] * waves).sum(axis=0) / scaled.sum()
        slope, bend = waves.T @ (events - scaled), waves.T @ (waves * scaled[:, None])
        scores.append(float(slope @ np.linalg.lstsq(bend, slope, rcond=None)[0]))
    return scores


def _bunch(events: Array, base: Array, waves: Array) -> tuple[float, Array]:
    """Gain in log-likelihood of log-linear harmonics, and their weights, by Newton's method with a slight ridge."""
    design = np.column_stack([np.ones(len(events)), waves])
    weights = np.zeros(design.shape[1])
    ridge = np.full(len(weights), 1e-3)
    ridge[0] = 0.0
    for _ in range(50):
        expected = base * np.exp(np.clip(design @ weights, -20, 20))
        gradient = design.T @ (events - expected) - ridge * weights
        bend = design.T @ (design * expected[:, None]) + np.diag(ridge)
        step = np.linalg.lstsq(bend, gradient, rcond=None)[0]
        weights = weights + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-8:
            break
    log_ratio = np.clip(design @ weights, -20, 20)
    with_it = float((events * log_ratio - base * np.exp(log_ratio)).sum())
    scale = events.sum() / base.sum()
    without = float((events * np.log(scale) - base * scale).sum())
    return with_it - without, weights[1:]
