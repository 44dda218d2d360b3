"""Units (agents, teams) compared with one another on the same work, as independent contrasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from firstcontact.statistics.bucket import Array, Ints

if TYPE_CHECKING:
    from scipy import sparse

DENSE_UP_TO = 1_200
"""Above so many units what they share of the average they are compared with is too little to matter."""


@dataclass(frozen=True, slots=True)
class Contrasts:
    """Differences between units as independent numbers.

    Attributes:
        score: One number a contrast, of mean 0 and variance `information` (times the design effect) where units are
            alike.
        information: How much each contrast tells, all above 0.
        basis: From contrasts to units, shape (units, contrasts).
    """

    score: Array
    information: Array
    basis: Array | sparse.csr_matrix


@dataclass(frozen=True, slots=True)
class CaseMix:
    """What units did, beside what the others did on the same mix of work.

    Attributes:
        exposure: Contacts of each unit (or their weight) in strata that another unit has too.
        share: How much of each unit's work that is, 0 to 1.
        observed: Events among them.
        expected: Events the others would have had on the same mix.
        score: Observed minus expected from all of them together, so that the others count as much as they know.
        information: Variance of the score where units are alike; also how much one unit of log-odds moves it.
        doubt: Mean p (1 - p) over the work of each unit: by how much a unit of log-odds moves its share.
        spread: Variance between strata of the log-odds, weighted by their work: what the mix explains.
        design_effect: How much more scores vary than contacts of different customers would; at least 1.
        contrasts: The same as independent numbers.
    """

    exposure: Array
    share: Array
    observed: Array
    expected: Array
    score: Array
    information: Array
    doubt: Array
    spread: float
    design_effect: float
    contrasts: Contrasts


def case_mix(
    unit: Ints, stratum: Ints, exposure: Array, total: Array, bucket: Ints | None = None, units: int | None = None
) -> CaseMix:
    """Compare units on the same mix of work.

    Estimand: by how many events each unit differs from what the others would have had on its own mix of strata.
    Formula: in stratum k with N_k contacts of which the share p_k has an event, unit j has n_jk and y_jk. Expected of
        the rest: E_j = sum_k n_jk (Y_k - y_jk) / (N_k - n_jk). Score: s_j = sum_k (y_jk - n_jk p_k), with covariance
        M = sum_k p_k (1 - p_k) (diag(n_k) - n_k n_k' / N_k), which is also the slope of the scores in the units'
        log-odds. The contrasts are the eigenvectors of M of which something is known. Design effect: variance of the
        scores between buckets of customers over
        sum_k p_k (1 - p_k) n_jk.
    Assumes: within a stratum contacts fall to units as if by lot. Weighted events (net returns, exposures below 1)
        vary as shares do, up to a factor that the design effect takes up.
    Lies when: harder contacts within a stratum go to some units (unmeasured severity): nothing here can see that.
    Oracle: with two units the squared contrast is the Mantel-Haenszel test of `statsmodels` up to its (N - 1) / N; with
        one stratum the sum is `scipy.stats.chi2_contingency`.
    References: Mantel, N. & Haenszel, W. (1959), JNCI 22; Landis, J. R., Heyman, E. R. & Koch, G. G. (1978),
        International Statistical Review 46(3), on tables of several rows and strata.

    Args:
        unit: Number of the unit of each row, from 0.
        stratum: Number of its stratum, from 0.
        exposure: Contacts in the row, or their weight; rows of none are ignored.
        total: Events among them.
        bucket: Customer bucket of each row; without it the design effect is 1.
        units: How many units there are.

    Returns:
        What units did beside the others.

    >>> found = case_mix(np.array([0, 1]), np.array([0, 0]), np.array([100.0, 100]), np.array([30.0, 20]))
    >>> found.expected.tolist(), found.score.tolist()
    ([20.0, 30.0], [5.0, -5.0])
    """
    from scipy import sparse

    count = int(units if units is not None else unit.max(initial=-1) + 1)
    strata = int(stratum.max(initial=-1) + 1)
    work = _sum(unit, exposure, count)
    pair, place = np.unique(unit * max(strata, 1) + stratum, return_inverse=True)
    n, y = _sum(place, exposure, len(pair)), _sum(place, total, len(pair))
    j, k = pair // max(strata, 1), pair % max(strata, 1)
    everyone = _sum(k, n, strata)
    others = everyone[k] - n
    # Summing in another order leaves dust where a unit is alone in a stratum.
    kept = (n > 0) & (others > 1e-9 * everyone[k])
    j, k, n, y, others = j[kept], k[kept], n[kept], y[kept], others[kept]
    everyone, events = _sum(k, n, strata), _sum(k, y, strata)
    rate = np.clip(events / np.where(everyone > 0, everyone, 1.0), 0.0, 1.0)
    doubt = rate * (1 - rate)
    observed, held = _sum(j, y, count), _sum(j, n, count)
    score = _sum(j, y - n * (events / np.where(everyone > 0, everyone, 1.0))[k], count)
    own = _sum(j, doubt[k] * n * others / everyone[k], count)
    return CaseMix(
        exposure=held,
        share=held / np.where(work > 0, work, 1.0),
        observed=observed,
        expected=_sum(j, n * (events[k] - y) / others, count),
        score=score,
        information=own,
        doubt=_sum(j, doubt[k] * n, count) / np.where(held > 0, held, 1.0),
        spread=_spread(rate, everyone),
        design_effect=_design_effect(unit, stratum, exposure, total, bucket, rate, score),
        contrasts=_contrasts(score, own, sparse.csr_matrix((n, (j, k)), (count, strata)), doubt, everyone),
    )


def _sum(place: Ints, values: Array, size: int) -> Array:
    return np.asarray(np.bincount(place, values, size), dtype=np.float64)


def _contrasts(score: Array, own: Array, work: sparse.csr_matrix, doubt: Array, everyone: Array) -> Contrasts:
    from scipy import sparse

    if len(score) > DENSE_UP_TO:
        known = np.flatnonzero(own > 0)
        single = sparse.csr_matrix((np.ones(len(known)), (known, np.arange(len(known)))), (len(score), len(known)))
        return Contrasts(score[known], own[known], single)
    weight = doubt / np.where(everyone > 0, everyone, 1.0)
    shared = (work @ sparse.diags(weight) @ work.T).toarray()
    matrix = np.diag(work @ doubt) - shared
    values, vectors = np.linalg.eigh(matrix) if len(score) else (np.zeros(0), np.zeros((0, 0)))
    known = np.flatnonzero(values > 1e-9 * max(values.max(initial=0.0), 1e-300))
    basis = np.asarray(vectors[:, known], dtype=np.float64)
    return Contrasts(basis.T @ score, values[known], basis)


def _spread(rate: Array, work: Array) -> float:
    """Variance of the strata's log-odds without what chance adds, weighted by work."""
    some = (rate > 0) & (rate < 1)
    if some.sum() < 2:
        return 0.0
    odds, weight = np.log(rate[some] / (1 - rate[some])), work[some] / work[some].sum()
    noise = 1 / (work[some] * rate[some] * (1 - rate[some]))
    seen = weight @ (odds - weight @ odds) ** 2
    return max(0.0, float(seen - weight @ (noise * (1 - weight))))


def _design_effect(
    unit: Ints, stratum: Ints, exposure: Array, total: Array, bucket: Ints | None, rate: Array, score: Array
) -> float:
    if bucket is None or not len(unit):
        return 1.0
    buckets = int(bucket.max(initial=0) + 1)
    place, size = unit * buckets + bucket, len(score) * buckets
    # Strata of one unit have no rate of their own and tell nothing.
    told = (rate[stratum] > 0) & (rate[stratum] < 1)
    part = _sum(place, np.where(told, total - rate[stratum] * exposure, 0.0), size).reshape(-1, buckets)
    weight = _sum(place, np.where(told, exposure, 0.0), size).reshape(-1, buckets)
    whole = weight.sum(axis=1)
    share = weight / np.where(whole > 0, whole, 1.0)[:, None]
    held = (weight > 0).sum(axis=1)
    spread = ((part - part.sum(axis=1)[:, None] * share) ** 2).sum(axis=1)
    # A unit's own sum is taken out of its buckets, which takes this share of their variance with it.
    left = 1 - (share**2).sum(axis=1)
    usual = _sum(unit, np.where(told, (rate * (1 - rate))[stratum] * exposure, 0.0), len(score))
    fair = (held > 1) & (usual > 0)
    if not fair.any():
        return 1.0
    return max(1.0, float(spread[fair].sum() / (left[fair] * usual[fair]).sum()))
