"""Caused and coincidental returns, told apart by lag; and the window in which the caused ones come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firstcontact.statistics.bucket import Array
from firstcontact.statistics.share import t_quantile

WINDOW_SHARE = 0.95
"""Share of the caused returns that come within the window."""
_BLOCK = 20.0
"""Least number of returns over which P(caused) is averaged."""
_NONE_SEEN = 3.69
"""Upper 97.5 % limit of a Poisson mean when nothing was seen."""


@dataclass(frozen=True, slots=True)
class Excess:
    """Returns of one reason, told apart.

    Attributes:
        share: Share of openers that cause a return, by `tau`; may fall below 0 by chance.
        low: Lower end of its interval, cut at 0.
        high: Upper end.
        replicates: The share with each customer bucket left out.
        window: Days by which 95 % of the caused returns have come; None where the interval of the share holds 0.
        window_low: Lower end of its interval.
        window_high: Upper end.
        background: Cumulative hazard of coincidental returns at each edge.
        background_se: Standard error of that at `tau`.
        latency: Share of the caused returns that have come by each edge, 0 to 1; never falling.
        latency_se: Its standard error.
        caused: P(caused) of a return in each bin.
    """

    share: float
    low: float
    high: float
    replicates: Array
    window: float | None
    window_low: float | None
    window_high: float | None
    background: Array
    background_se: float
    latency: Array
    latency_se: Array
    caused: Array


def separate(
    events: Array,
    exposure: Array,
    edges: Array,
    tau: float,
    ground: Array,
    openers: Array,
    *,
    before: Array | None = None,
    doubt: float = 0.0,
    confidence: float = 0.95,
) -> Excess:
    """Tell caused from coincidental returns.

    Estimand: F(tau), the probability that an opener causes a return; R-FCR = 1 - F(tau). The window W is where F
        reaches 95 % of F(tau).
    Formula: h = h_caused + h_background; F(u) = 1 - exp(-sum over bins up to u of (d / E - h_background) width);
        P(caused | a return at lag u) = 1 - E h_background / d, over bins joined until 20 returns are in each; intervals
        by leaving out one customer bucket at a time, background fitted anew, tau held; that of W is where the
        replicates' F(u) is not told from 0.95 F(tau).
    Assumes: no caused return after tau; coincidental returns go on as they do after tau, cycle included; a caused
        return and a coincidental one do not hinder each other.
    Lies when: returns are not recognised, because the customer has two identities or the reason is coded differently
        (too few caused), or two customers share one identity (too many); when background at short lags is not what it
        is at long lags; the interval of W knows nothing of the few caused returns that come after tau.
    Oracle: without background it is Nelson-Aalen (lifelines); recovery in simulated worlds.
    References: Pohar Perme, M., Stare, J. & Estève, J. (2012), Biometrics 68(1) (net survival); Boussari et al. (2021),
        Biometrics 77(4); Kott (2001) (delete-a-group jackknife); Woodruff, R. S. (1952), JASA 47(260) (quantiles).

    Args:
        events: Returns, shape (bins, buckets).
        exposure: Days at risk, same shape.
        edges: Edges of the bins in days, shape (bins + 1,).
        tau: Lag from which on all returns are coincidence; one of the edges.
        ground: Hazard of coincidental returns: of all customers, then without each bucket; shape (buckets + 1, bins).
        openers: Openers by bucket.
        before: Days at risk before lag 0, by bucket: returns that begin while the opener still lasts have lag 0.
        doubt: Standard error of the cumulative background at tau that leaving out buckets does not show.
        confidence: Level of the intervals.

    Returns:
        The answer.
    """
    width, lag = np.diff(edges), (edges[1:] + edges[:-1]) / 2
    d, e = leave_one_out(events), leave_one_out(exposure)
    tail = lag > tau
    coincidental = e * ground
    if before is not None:
        coincidental[:, 0] += leave_one_out(before[None])[:, 0] * ground[:, 0]
    excess = np.where(tail | (e <= 0), 0.0, (d - coincidental) / np.where(e > 0, e, 1.0)) * width
    by_edge = np.concatenate([np.zeros((len(d), 1)), -np.expm1(-np.cumsum(excess, axis=1))], axis=1)
    final = by_edge[:, -1]

    held = openers > 0
    freedom = np.array([max(openers.sum() ** 2 / max((openers**2).sum(), 1.0) - 1, 1.0)])
    t = float(t_quantile(confidence, freedom)[0])
    share = float(final[0])
    half = t * float(np.hypot(_error(final[1:][held]), (1 - share) * doubt))
    low, high = share - half, max(share + half, _NONE_SEEN / max(float(e[0, 0] / width[0]), 1.0))

    rising = rise(by_edge[0, 1:], width)
    top = rising[-1]
    latency = np.concatenate([[0.0], rising / top]) if top > 0 else (edges > 0).astype(float)
    short = np.where(final > 1e-9, final, np.inf)
    relative = np.clip(by_edge / short[:, None], -1.0, 2.0)
    window, window_low, window_high = None, None, None
    if low > 0 and top > 0:
        window = float(np.interp(WINDOW_SHARE, *_strictly(latency, edges)))
        window_low, window_high = _limits(by_edge, held, t, edges)
        window_low, window_high = min(window_low, window), min(max(window_high, window), tau)
    return Excess(
        share=share,
        low=max(low, 0.0),
        high=min(high, 1.0),
        replicates=final[1:],
        window=window,
        window_low=window_low,
        window_high=window_high,
        background=np.concatenate([[0.0], np.cumsum(ground[0] * width)]),
        background_se=float(np.hypot(_error((ground[1:] * width)[held][:, ~tail].sum(axis=1)), doubt)),
        latency=np.clip(latency, 0.0, 1.0),
        latency_se=_error(relative[1:][held]),
        caused=_probability(d[0], coincidental[0], tail),
    )


def _limits(by_edge: Array, held: NDArray[np.bool_], t: float, edges: Array) -> tuple[float, float]:
    """Between which edges the window lies: outside, F is told from its share of F(tau)."""
    reached = by_edge - WINDOW_SHARE * by_edge[:, -1:]
    error = t * _error(reached[1:][held])
    surely_below = np.flatnonzero(reached[0] + error < 0)
    perhaps_below = np.flatnonzero(reached[0] - error < 0)
    low = edges[surely_below[-1]] if len(surely_below) else 0.0
    return float(low), float(edges[min(perhaps_below[-1] + 1, len(edges) - 1)])


def leave_one_out(sums: Array) -> Array:
    """All buckets together, then without each of them: from (bins, buckets) to (buckets + 1, bins)."""
    total = sums.sum(axis=1)
    return np.concatenate([total[None], np.maximum(total[None] - sums.T, 0.0)])


def rise(values: Array, weight: Array) -> Array:
    """The nearest sequence that never falls, by pooling neighbours that do.

    >>> rise(np.array([0.0, 3.0, 1.0, 4.0]), np.ones(4)).tolist()
    [0.0, 2.0, 2.0, 4.0]
    """
    blocks: list[tuple[float, float, int]] = []
    for value, own in zip(values.tolist(), weight.tolist(), strict=True):
        blocks.append((value, own, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (one, w1, n1), (two, w2, n2) = blocks[-2:]
            blocks[-2:] = [((one * w1 + two * w2) / (w1 + w2), w1 + w2, n1 + n2)]
    return np.repeat([block[0] for block in blocks], [block[2] for block in blocks]).astype(float)


def _error(replicates: Array) -> Array:
    """Jackknife standard error over the first axis."""
    groups = len(replicates)
    spread = ((replicates - replicates.mean(axis=0)) ** 2).sum(axis=0)
    return np.asarray(np.sqrt(spread * (groups - 1) / max(groups, 1)), dtype=float)


def _strictly(latency: Array, edges: Array) -> tuple[Array, Array]:
    """Where a rising curve first reaches each of its values."""
    first = np.concatenate([[True], np.diff(latency) > 0])
    # Where it stays level and rises again, the rise begins at the end of the level stretch.
    last = np.concatenate([np.diff(latency) > 0, [False]]) & ~first
    kept = first | last
    return latency[kept] + 1e-12 * np.arange(kept.sum()), edges[kept]


def _probability(events: Array, coincidental: Array, tail: NDArray[np.bool_]) -> Array:
    """P(caused) of each bin before the tail, bins joined until each block holds enough returns."""
    found = np.zeros(len(events))
    inside = np.flatnonzero(~tail)
    blocks: list[list[int]] = [[]]
    for one in inside.tolist():
        blocks[-1].append(one)
        if events[blocks[-1]].sum() >= _BLOCK:
            blocks.append([])
    rest = blocks.pop()
    if rest and blocks:
        blocks[-1] += rest
    elif rest:
        blocks = [rest]
    for block in blocks:
        total = events[block].sum()
        if total > 0:
            found[block] = min(max(1.0 - coincidental[block].sum() / total, 0.0), 1.0)
    return found
