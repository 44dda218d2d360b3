"""Downstream issues, movements and excess failure against other people's code, computed side by side.

Generators: statsmodels (written against 0.15.0); November 2026. Tolerances stand at each test.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from firstcontact.statistics.decomposition import kitagawa
from firstcontact.statistics.discovery import discoveries, q_values
from firstcontact.statistics.excess_failure import stratified_difference
from firstcontact.statistics.sequence_symmetry import NullProfile, PairSums, null_profile, sequences
from firstcontact.statistics.shapley import shapley


def test_q_values_are_those_of_statsmodels() -> None:
    """q-values equal the corrected p-values of `multipletests(method="fdr_bh")`, ties included (1e-12)."""
    chance = np.random.default_rng(1)
    for size in (1, 2, 56, 1000):
        p = np.where(chance.random(size) < 0.2, chance.random(size) * 1e-3, chance.random(size)).round(4)
        rejected, corrected, _, _ = multipletests(p, alpha=0.05, method="fdr_bh")
        np.testing.assert_allclose(q_values(p), corrected, atol=1e-12)
        assert (discoveries(p) == rejected).all()


def _pairs(forward: np.ndarray, backward: np.ndarray) -> PairSums:
    """Sums over customers of pairs, shape (pairs, customers); each customer is a bucket."""
    nothing = np.zeros_like(forward)
    numbers = np.arange(len(forward))
    return PairSums(
        numbers,
        numbers + len(forward),
        forward,
        backward,
        forward**2,
        backward**2,
        forward * backward,
        nothing,
        nothing,
        nothing,
        nothing,
    )


def test_the_two_orders_are_compared_as_mcnemar_does() -> None:
    """Where each customer has one pair, z² is McNemar's statistic without continuity correction (1e-12)."""
    chance = np.random.default_rng(2)
    ahead = (chance.random((20, 80)) < chance.uniform(0.2, 0.8, (20, 1))).astype(float)
    found = sequences(_pairs(ahead, 1 - ahead), np.ones((40, 80)), NullProfile(np.ones((40, 40, 3))))
    for pair in range(20):
        table = [[0, ahead[pair].sum()], [(1 - ahead[pair]).sum(), 0]]
        theirs = mcnemar(table, exact=False, correction=False)
        assert found.z[pair] ** 2 == pytest.approx(theirs.statistic, rel=1e-12)
        assert 2 * min(found.p[pair], found.p[pair + 20]) == pytest.approx(theirs.pvalue, rel=1e-9)
    np.testing.assert_allclose(found.q, multipletests(found.p, method="fdr_bh")[1], atol=1e-12)


def test_the_null_ratio_is_the_double_sum_over_days() -> None:
    """The expected ratio of the orders equals the sum over all pairs of days, written out (1e-12)."""
    chance = np.random.default_rng(3)
    daily = chance.poisson(5, (3, 60)) * np.linspace(1, 4, 60)
    daily[1] *= np.linspace(3, 1, 60)
    reach = 10
    ratio = null_profile(daily, reach).ratio(np.array([0, 1]), np.array([1, 2]))

    def following(first: int, second: int) -> float:
        total = 0.0
        for day in range(60 - reach):
            for lag in range(reach):
                total += daily[first, day] * daily[second, day + lag] * (0.5 if lag == 0 else 1.0)
        return total

    expected = [following(0, 1) / following(1, 0), following(1, 2) / following(2, 1)]
    np.testing.assert_allclose(ratio, expected, rtol=1e-12)


def test_shapley_is_the_mean_over_all_orders() -> None:
    """Values equal the brute-force mean over all orders of switching, and their sum is the movement (1e-12)."""
    chance = np.random.default_rng(4)
    cells = 40
    every = np.array([(a, b, c) for a in range(5) for b in range(4) for c in range(3)])
    labels = chance.permutation(every)[:cells]
    before, after = chance.poisson(30, cells) + 1.0, chance.poisson(40, cells) * (chance.random(cells) < 0.9)
    failed0, failed1 = chance.binomial(before.astype(int), 0.3), chance.binomial(after.astype(int), 0.4)
    found = shapley(labels, before[None], failed0[None].astype(float), after[None], failed1[None].astype(float))

    w0, w1 = before / before.sum(), after / after.sum()
    p0 = failed0 / before
    p1 = np.where(after > 0, failed1 / np.maximum(after, 1), p0)

    def worth(switched: frozenset[int]) -> float:
        mixed = np.empty(cells)
        chosen = sorted(switched - {3})
        for cell in range(cells):
            like = (labels[:, chosen] == labels[cell, chosen]).all(axis=1)
            mixed[cell] = w0[cell] * w1[like].sum() / w0[like].sum()
        return float((mixed * (p1 if 3 in switched else p0)).sum())

    mean = np.zeros(4)
    for order in permutations(range(4)):
        done: frozenset[int] = frozenset()
        for player in order:
            mean[player] += (worth(done | {player}) - worth(done)) / 24
            done |= {player}
    np.testing.assert_allclose(np.append(found.factors[0], found.rate[0]), mean, atol=1e-12)
    assert mean.sum() == pytest.approx(found.movement[0], abs=1e-12)


def test_kitagawa_adds_up_and_is_shapley_with_one_factor() -> None:
    """Mix and rate add up to the movement and equal the two players' Shapley values (1e-12), empty cells included."""
    chance = np.random.default_rng(5)
    for _ in range(50):
        before, after = (chance.poisson(20, 15) * (chance.random(15) < 0.8) + 0.0 for _ in range(2))
        failed0, failed1 = before * chance.random(15), after * chance.random(15)
        parts = kitagawa(before, failed0, after, failed1)
        movement = failed1.sum() / after.sum() - failed0.sum() / before.sum()
        assert parts.mix.sum() + parts.rate.sum() == pytest.approx(movement, abs=1e-12)
        one = shapley(np.arange(15)[:, None], before[None], failed0[None], after[None], failed1[None])
        assert parts.mix.sum() == pytest.approx(one.factors[0, 0], abs=1e-12)
        assert parts.rate.sum() == pytest.approx(one.rate[0], abs=1e-12)


def test_kitagawa_on_the_textbook_case() -> None:
    """Two groups, weights .5/.5 to .25/.75, rates .2/.4 to .3/.6: movement .225, of which mix .0625 + ... by hand."""
    parts = kitagawa(np.array([50.0, 50]), np.array([10.0, 20]), np.array([25.0, 75]), np.array([7.5, 45]))
    assert parts.movement == pytest.approx(0.225)
    assert parts.mix.sum() == pytest.approx(-0.25 * 0.25 + 0.25 * 0.5)
    assert parts.rate.sum() == pytest.approx(0.1 * 0.375 + 0.2 * 0.625)


def test_excess_failure_is_the_coefficient_of_a_regression_with_strata() -> None:
    """Mantel and Haenszel's risk difference is OLS's coefficient of the pattern with a constant for each stratum
    (1e-10); the jackknife's standard error is within 6 % of the cluster-robust one."""
    chance = np.random.default_rng(6)
    rows, strata, groups = 6000, 8, 40
    stratum, bucket = chance.integers(0, strata, rows), chance.integers(0, groups, rows)
    shows = chance.random(rows) < np.linspace(0.05, 0.6, strata)[stratum]
    failed = (chance.random(rows) < 0.1 + 0.04 * stratum + 0.08 * shows + chance.normal(0, 0.05, groups)[bucket]) * 1.0

    def sums(which: np.ndarray, weights: np.ndarray) -> np.ndarray:
        out = np.zeros((1, strata, groups))
        np.add.at(out[0], (stratum[which], bucket[which]), weights[which])
        return out

    one = np.ones(rows)
    ours = stratified_difference(sums(shows, one), sums(shows, failed), sums(~shows, one), sums(~shows, failed))
    design = np.column_stack([shows, *(stratum == number for number in range(strata))]).astype(float)
    fit = sm.OLS(failed, design).fit(cov_type="cluster", cov_kwds={"groups": bucket})
    assert ours.value[0] == pytest.approx(fit.params[0], rel=1e-10)
    half = (ours.high[0] - ours.low[0]) / 2 / 2.0227
    assert half == pytest.approx(fit.bse[0], rel=0.06)
