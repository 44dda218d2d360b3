"""What the failure rate of a young week will turn out to be, from the returns that have come so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firstcontact.statistics.bucket import Array

Ints = NDArray[np.int64]

SHIFT_CV = 0.3
"""Prior coefficient of variation of a week's common shift: a week in which all reasons fail 30 % more is unusual."""
OWN_CV = 0.15
"""That of a reason's own deviation from the common shift."""
LEVEL_WEEKS = 12
"""How many of the latest mature weeks say what is usual."""
_BESIDE = 4.0
"""Openers added in thought, half of them back, so that no returns at all are not taken for certainty."""
_FARTHEST, _HALVINGS = 20.0, 45
"""Within this logit, and by halving it so often, the shift in odds is found."""


@dataclass(frozen=True, slots=True)
class Cohorts:
    """Openers by reason, week and age; one entry a cell that holds anybody. All arrays have shape (entries,).

    Attributes:
        reason: Number of the reason, from 0.
        week: Number of the week, from 0, the newest last.
        count: Openers.
        returned: How many of them came back, not later than the reason's onset of pure coincidence.
        latency: Share of the caused returns that come by that age, G(a), 0 to 1.
        latency_se: Its standard error.
        coincidence: Probability of a coincidental return by that age, b(a).
        coincidence_se: Its standard error.
        settled: Whether that age is beyond the onset, so that nothing more can come of it.
    """

    reason: Ints
    week: Ints
    count: Array
    returned: Array
    latency: Array
    latency_se: Array
    coincidence: Array
    coincidence_se: Array
    settled: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Nowcast:
    """Shares of openers that cause a return. Arrays by cell have shape (reasons, weeks), by week (weeks,).

    Attributes:
        count: Openers of each cell.
        maturity: Mean G(a) of each cell: the share of its caused returns that can have come. 0 where nobody is.
        settled: Whether nothing more can come of a cell; True where nobody is.
        share: Nowcast of each cell, 0 to 1.
        error: Its standard error.
        raw: The same without borrowing from other weeks and reasons, S/E; 0 where E is 0. For reading, not for showing.
        week_share: Over the reasons of a week, by their openers and what each of these stands for.
        week_error: Its standard error.
        week_first: What the openers of a week stand for together.
        week_maturity: Mean G(a), by the returns that each reason is usually the cause of.
        shift: How much more than usual each week's reasons fail together; 1 is as usual.
        shift_error: Its standard error.
    """

    count: Array
    maturity: Array
    settled: NDArray[np.bool_]
    share: Array
    error: Array
    raw: Array
    week_share: Array
    week_error: Array
    week_first: Array
    week_maturity: Array
    shift: Array
    shift_error: Array


def nowcast(cohorts: Cohorts, level: Array, weeks: int, stands: Array | None = None) -> Nowcast:
    """Estimate every week's share of openers that cause a return, however young the week.

    Estimand: pi_rw, the probability that an opener of reason r in week w causes a return, ever.
    Formula: P(back by age a) = b(a) + pi G(a) (1 - b(a)), so S = sum(back - b) and E = sum(G (1 - b)) give S / E. It
        explodes where E is small, so it is drawn to what is known, in two stages. First the week's common shift
        delta_w = sum_r S / sum_r level_r E is drawn to 1 with a prior coefficient of variation of .3. It is spread over
        the reasons by one factor of their odds, such that it stays what it is in sum. Then S / E is drawn to what this
        makes of level_r, with a coefficient of .15. Cells of which nothing more can come are S / E itself. The level of
        a reason is that of its latest 12 settled weeks, drawn in the same way to its level over all. Mean squared error
        of the whole, which is linear in the S / E of the week: of each, its luck (binomial at the prior mean) and that
        of G and b (their standard errors), which counts directly and through delta_w at once; that reasons deviate from
        what delta_w makes of them, and delta_w from 1, as the priors say; that levels are not known exactly. It is
        never less than that of as many openers of which nothing more can come, with two returns more among four openers
        more (Agresti-Coull). The share of a week is the mean of its pi_rw, each weighted by its openers and by the
        first contacts that an opener of r stands for.
    Assumes: how fast caused returns come has not changed; coincidental returns go on as before; what is usual for a
        reason changes by parts, not by multiples; what moves all reasons moves their odds alike.
    Lies when: latency has changed (`drift.compare` looks for it): 1.3 times slower returns cost up to 1.6 percentage
        points; a shock hits one slow reason alone, of which its first weeks show next to nothing.
    Oracle: with G = 1, b = 0 everywhere it is the plain share; recovery in simulated worlds with a jump of the failure
        rate (proof A1).
    References: Lawless, J. F. (1994) Adjustments for reporting delays and the prediction of occurred but not reported
        events, Canadian Journal of Statistics 22(1); Pohar Perme, Stare & Estève (2012), Biometrics 68(1); Agresti, A.
        & Coull, B. A. (1998), The American Statistician 52(2).

    Args:
        cohorts: The openers.
        level: Usual share of each reason over all history, shape (reasons,).
        weeks: How many weeks there are.
        stands: First contacts that an opener of each reason stands for, on any scale, shape (reasons,); alike where not
            given.

    Returns:
        The nowcast.
    """
    sums = _Sums(cohorts, len(level), weeks)
    usual, usual_variance = _recent(sums, np.maximum(level, 1e-6))
    expected = (usual[:, None] * sums.exposure).sum(axis=0)
    variance = sums.variance(cohorts, np.broadcast_to(usual[:, None], sums.count.shape))
    learned = (usual[:, None] * sums.doubt) ** 2 + sums.ground_doubt**2
    shift, trust = _drawn(sums.excess.sum(axis=0), expected, (variance + learned).sum(axis=0))
    shift = np.maximum(shift, 0.0)

    prior, slope, lift = _spread(usual, shift, sums.exposure)
    variance = sums.variance(cohorts, prior) + sums.ground_doubt**2 + (prior * sums.doubt) ** 2
    held = sums.exposure > 0
    exposure = np.where(held, sums.exposure, 1.0)
    raw = np.where(held, sums.excess / exposure, 0.0)
    own = np.where(held, variance / exposure**2, 0.0)
    apart = np.maximum((OWN_CV * prior) ** 2, 1e-12)
    weight = np.where(sums.settled & held, 1.0, np.where(held, apart / (apart + own), 0.0))
    share = np.clip(np.where(held, prior + weight * (raw - prior), prior), 0.0, 1.0)

    # All is linear in the cells' S / E. What an estimate takes of each, directly and through the common shift, says
    # how far luck, reasons apart from the shift, and errors of what is usual move it.
    lent = trust * sums.exposure / np.where(expected > 0, expected, 1.0)
    doubt, far = usual_variance[:, None] * lift**2, ((1 - trust) * SHIFT_CV) ** 2
    through = (lent**2 * (own + apart + doubt)).sum(axis=0)
    borrowed = (1 - weight) * slope
    # Its own part of each cell's error comes twice: directly, and through the shift.
    both = weight * own - (1 - weight) * (apart + doubt)
    direct = weight**2 * own + (1 - weight) ** 2 * (apart + doubt)
    error = borrowed**2 * (through + far) + 2 * borrowed * lent * both + direct

    first = sums.count if stands is None else stands[:, None] * sums.count
    n = first.sum(axis=0)
    mix = first / np.where(n > 0, n, 1.0)
    taken = (mix * borrowed).sum(axis=0)
    week_error = taken**2 * (through + far) + (2 * taken * mix * lent * both + mix**2 * direct).sum(axis=0)
    least, week_least = _least(cohorts, sums.count, share, mix)
    returning = usual[:, None] * first
    total = returning.sum(axis=0)
    maturity = np.where(sums.count > 0, sums.reach / np.where(sums.count > 0, sums.count, 1.0), 0.0)
    return Nowcast(
        count=sums.count,
        maturity=maturity,
        settled=sums.settled,
        share=share,
        error=np.sqrt(np.maximum(error, least)),
        raw=raw,
        week_share=(mix * share).sum(axis=0),
        week_error=np.sqrt(np.maximum(week_error, week_least)),
        week_first=n,
        week_maturity=(returning * maturity).sum(axis=0) / np.where(total > 0, total, 1.0),
        shift=shift,
        shift_error=np.sqrt(through + far),
    )


class _Sums:
    """Sums of the entries by reason and week, each of shape (reasons, weeks)."""

    def __init__(self, cohorts: Cohorts, reasons: int, weeks: int) -> None:
        self._shape = (reasons, weeks)
        self._cell = cohorts.reason * weeks + cohorts.week
        free = cohorts.count * (1 - cohorts.coincidence)
        self.count = self.spread(cohorts.count)
        self.excess = self.spread(cohorts.returned - cohorts.count * cohorts.coincidence)
        self.exposure = self.spread(free * cohorts.latency)
        self.doubt = self.spread(free * cohorts.latency_se)
        self.ground_doubt = self.spread(cohorts.count * cohorts.coincidence_se)
        self.reach = self.spread(cohorts.count * cohorts.latency)
        self.settled = self.spread(cohorts.count * ~cohorts.settled) == 0

    def spread(self, weights: Array) -> Array:
        """Sum by reason and week."""
        size = self._shape[0] * self._shape[1]
        return np.bincount(self._cell, weights, size).astype(float).reshape(self._shape)

    def variance(self, cohorts: Cohorts, share: Array) -> Array:
        """Binomial variance of S, if that share of each cell's openers causes a return."""
        own = share.ravel()[self._cell]
        back = cohorts.coincidence + own * cohorts.latency * (1 - cohorts.coincidence)
        back = np.clip(back, 0.0, 1.0)
        return self.spread(cohorts.count * back * (1 - back))


def _recent(sums: _Sums, level: Array) -> tuple[Array, Array]:
    """What is usual: the share of the latest settled weeks, drawn to the level over all history; and its variance."""
    full = sums.settled & (sums.count > 0)
    latest = np.cumsum(full[:, ::-1], axis=1)[:, ::-1] <= LEVEL_WEEKS
    taken = full & latest
    excess, exposure = (sums.excess * taken).sum(axis=1), (sums.exposure * taken).sum(axis=1)
    count = (sums.count * taken).sum(axis=1)
    held = exposure > 0
    raw = np.where(held, excess / np.where(held, exposure, 1.0), level)
    own = np.where(held, np.maximum(level, 0.01) * count / np.where(held, exposure, 1.0) ** 2, np.inf)
    prior = (OWN_CV * level) ** 2
    weight = np.where(held, prior / (prior + np.where(held, own, 1.0)), 0.0)
    # However seldom a reason brings customers back: as many openers without a return could not tell it from this.
    ever = (sums.exposure * full).sum(axis=1)
    usual = np.maximum(level + weight * (raw - level), np.where(ever > 0, 0.5 / (ever + 1), 1e-6))
    variance = np.maximum((1 - weight) * prior, np.where(ever > 0, _luck(usual, np.maximum(ever, 1.0)), 0.0))
    return usual, variance


def _luck(share: Array, n: Array) -> Array:
    """Variance of a share of n, with `_BESIDE` more of which half are returns."""
    likely = (n * share + _BESIDE / 2) / (n + _BESIDE)
    return np.asarray(likely * (1 - likely) / (n + _BESIDE), dtype=float)


def _least(cohorts: Cohorts, count: Array, share: Array, mix: Array) -> tuple[Array, Array]:
    """Variances that cells and weeks would have if nothing more could come of them: no young one is surer than that."""
    reasons = len(count)
    settled = cohorts.count * cohorts.settled
    seen = np.bincount(cohorts.reason, settled, reasons)
    parts = []
    for one in (cohorts.coincidence, cohorts.coincidence_se):
        most = np.zeros(reasons)
        np.maximum.at(most, cohorts.reason, one)
        mean = np.bincount(cohorts.reason, settled * one, reasons) / np.where(seen > 0, seen, 1.0)
        parts.append(np.where(seen > 0, mean, most)[:, None])
    ground, doubt = parts
    free = np.maximum(1 - ground, 1e-6)
    back, n = ground + share * free, np.where(count > 0, count, 1.0)
    plain, learned = back * (1 - back) / n, doubt**2
    cells = np.where(count > 0, (np.maximum(plain, _luck(back, n)) + learned) / free**2, 0.0)

    # Reasons differ, so that a week varies less than as many openers of one kind; four in thought are added to it once.
    square = (mix**2 / n).sum(axis=0)
    worth = 1 / np.where(square > 0, square, 1.0)
    common, open_ = (mix * back).sum(axis=0), np.maximum((mix * free).sum(axis=0), 1e-6)
    added = np.maximum(_luck(common, worth) - common * (1 - common) / worth, 0.0)
    weeks = (mix**2 * (plain + learned) / free**2).sum(axis=0) + added / open_**2
    return cells, np.where(square > 0, weeks, 0.0)


def _spread(usual: Array, shift: Array, exposure: Array) -> tuple[Array, Array, Array]:
    """A week's common shift spread over its reasons: their odds by one factor, their sum by `shift`.

    One multiple of all shares would make too little of reasons that seldom fail and too much of those that often do,
    which have less room; the first outweigh the others in a week, as less is seen of them.

    Returns:
        Share of each cell, its change by the shift and by what is usual, all of shape (reasons, weeks).
    """
    seen = np.where(exposure.sum(axis=0) > 0, exposure, 1.0)
    level = np.clip(usual, 0.0, 1 - 1e-6)[:, None]
    whole = (seen * level).sum(axis=0)
    low, high = np.full(len(shift), -_FARTHEST), np.full(len(shift), _FARTHEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        factor = np.exp(middle)
        much = (seen * (level * factor / (1 - level + level * factor))).sum(axis=0) > shift * whole
        low, high = np.where(much, low, middle), np.where(much, middle, high)
    factor = np.exp((low + high) / 2)
    share = level * factor / (1 - level + level * factor)
    room = share * (1 - share)
    slope = room * whole / np.maximum((seen * room).sum(axis=0), 1e-300)
    return share, slope, factor / (1 - level + level * factor) ** 2


def _drawn(seen: Array, expected: Array, variance: Array) -> tuple[Array, Array]:
    """The common shift of each week, drawn to 1, and how far what was seen is trusted, 0 to 1."""
    some = expected > 0
    safe = np.where(some, expected, 1.0)
    raw = np.where(some, seen / safe, 1.0)
    precision = np.where(some, safe**2 / np.maximum(variance, 1e-12), 0.0)
    trust = precision / (precision + 1 / SHIFT_CV**2)
    return 1 + trust * (raw - 1), trust


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Returns that openers already seen will bring within some days.

    Attributes:
        caused: Expected number that an opener causes.
        coincidental: Expected number that would come anyway.
        variance: Variance of their sum.
    """

    caused: float
    coincidental: float
    variance: float


def arrivals(waiting: Array, share: Array, latency: Array, background: Array, ages: Ints, steps: Ints) -> Arrivals:
    """How many returns will come, of either kind, whatever their cause: what a planner needs.

    Estimand: the expected number of first returns, within some days from now, of openers that have not yet returned.
    Formula: crude probabilities of competing risks (Aalen-Johansen with known hazards): over the bins ahead,
        P(caused) = sum S(u) (1 - exp(-dH)) dH_caused / dH with dH = dH_caused + dH_background, S the probability of no
        return yet, H_caused = -log(1 - share G).
    Assumes: as `nowcast`. New openers, who will bring returns of their own, are not counted.
    Lies when: the volume ahead matters (more than a few weeks): then most returns come from contacts not yet made.
    Oracle: `lifelines.AalenJohansenFitter` on drawn lives; with no background it is the conditional probability.
    References: Aalen, O. O. & Johansen, S. (1978), Scandinavian Journal of Statistics 5(3).

    Args:
        waiting: Openers that have not returned, shape (entries,).
        share: Share of each entry's openers that cause a return.
        latency: G at each edge of the lag grid, shape (entries, edges) or (edges,).
        background: Cumulative hazard of coincidence at each edge, same shape.
        ages: Edge at which each entry stands, shape (entries,).
        steps: Edge until which it is followed, shape (entries,).

    Returns:
        Expected numbers and their variance.
    """
    g, ground = (np.broadcast_to(one, (len(waiting), np.shape(one)[-1])) for one in (latency, background))
    hazard = -np.log1p(-np.clip(share[:, None] * g, 0.0, 1 - 1e-9))
    by_cause, anyway = np.diff(hazard, axis=1), np.diff(ground, axis=1)
    bins = np.arange(g.shape[1] - 1)
    ahead = (bins >= ages[:, None]) & (bins < steps[:, None])
    by_cause, anyway = np.where(ahead, np.maximum(by_cause, 0), 0.0), np.where(ahead, np.maximum(anyway, 0), 0.0)
    both = by_cause + anyway
    free = np.exp(-(np.cumsum(both, axis=1) - both))
    leaving = free * -np.expm1(-both)
    part = np.where(both > 0, by_cause / np.where(both > 0, both, 1.0), 0.0)
    caused, total = (leaving * part).sum(axis=1), leaving.sum(axis=1)
    return Arrivals(float(waiting @ caused), float(waiting @ (total - caused)), float(waiting @ (total * (1 - total))))
