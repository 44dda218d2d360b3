"""Is the nowcast of young weeks right, and are its intervals honest, when the failure rate jumps or stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import ndtr

from firstcontact.statistics.nowcast import Cohorts, Nowcast, arrivals, nowcast
from firstcontact.statistics.recovery import recover

Array = NDArray[np.float64]
MEDIANS = np.array([0.4, 2.0, 10.0, 5.0, 7.0, 20.0])
USUAL = np.array([0.09, 0.24, 0.18, 0.30, 0.28, 0.12])
A_DAY = np.array([180, 150, 140, 70, 60, 40])
WEEKS, TAU, COINCIDENCE = 30, 60.0, 0.003


def _latency(age: Array) -> Array:
    """G of every reason at an age."""
    reached = ndtr(np.log(np.maximum(np.minimum(age, TAU), 1e-9) / MEDIANS) / 0.9)
    return np.asarray(reached / ndtr(np.log(TAU / MEDIANS) / 0.9))


def _drawn(chance: np.random.Generator, jump: float) -> tuple[Cohorts, Array]:
    """Openers of each day with their returns so far, and each week's true share over all reasons."""
    odds = USUAL / (1 - USUAL) * np.exp(jump)
    rows, truth = [], np.zeros(WEEKS)
    for week in range(WEEKS):
        share = odds / (1 + odds) if week >= WEEKS - 4 else USUAL
        truth[week] = share @ A_DAY / A_DAY.sum()
        for day in range(7):
            age = (WEEKS - 1 - week) * 7 + day + 0.5
            g, b = _latency(np.full(6, age)), 1 - np.exp(-COINCIDENCE * min(age, TAU))
            back = chance.binomial(A_DAY, b + share * g * (1 - b))
            for reason in range(6):
                se = 0.03 * g[reason] * (1 - g[reason])
                rows.append((reason, week, A_DAY[reason], back[reason], g[reason], se, b, 0.0, age >= TAU))
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    reason, week, count, back, g, se, b, none, settled = columns
    return Cohorts(reason, week, count.astype(float), back.astype(float), g, se, b, none, settled), truth


@pytest.mark.parametrize("jump", [0.0, 0.5])
def test_young_weeks_are_right_though_few_returns_have_come(jump: float) -> None:
    """Over 240 draws the newest week is off by less than 0.4 points on average and 1.6 in root mean square, whether the
    failure rate stays or jumps by half a logit in the last four weeks; 95 % intervals hold the truth in 90 to 99 %.
    Counting what has come so far is off by more than 5 points."""
    chance = np.random.default_rng(20240601)
    found: list[Nowcast] = []
    truths, plain = [], []
    for _ in range(240):
        cohorts, truth = _drawn(chance, jump)
        found.append(nowcast(cohorts, USUAL, WEEKS))
        truths.append(truth)
        newest = cohorts.week == WEEKS - 1
        plain.append(cohorts.returned[newest].sum() / cohorts.count[newest].sum())
    share, error = (np.array([getattr(one, name) for one in found]) for name in ("week_share", "week_error"))
    truth = np.array(truths)
    newest = recover(share[:, -1], truth[:, -1])
    young = slice(-8, None)
    pooled = recover(
        share[:, young].ravel(),
        truth[:, young].ravel(),
        (share - 1.96 * error)[:, young].ravel(),
        (share + 1.96 * error)[:, young].ravel(),
    )
    assert newest is not None
    assert pooled is not None
    assert abs(newest.bias) < 0.004
    assert newest.rmse < 0.016
    assert 0.90 <= pooled.coverage <= 0.99
    assert abs(np.mean(plain) - truth[:, -1].mean()) > 0.05


@pytest.mark.parametrize("jump", [-0.5, 0.5, 1.5])
def test_a_jump_of_all_odds_is_found_in_every_reason(jump: float) -> None:
    """Where exactly as many come back as are expected, every week after a jump is right to 0.25 points, and to 0.07
    points once it is a week old; every reason of the newest week to 0.3 points, or 0.9 after a jump of three times that
    size. One multiple for all shares is off by up to 0.5 points in the weeks and by up to 5.8 in the reasons."""
    cohorts, truth = _drawn(np.random.default_rng(20240603), jump)
    odds = USUAL / (1 - USUAL) * np.exp(jump)
    share = np.where(cohorts.week >= WEEKS - 4, (odds / (1 + odds))[cohorts.reason], USUAL[cohorts.reason])
    back = cohorts.coincidence + share * cohorts.latency * (1 - cohorts.coincidence)
    found = nowcast(replace(cohorts, returned=cohorts.count * back), USUAL, WEEKS)
    assert np.abs(found.week_share - truth).max() < 0.0025
    assert np.abs(found.week_share - truth)[-4:-1].max() < 0.0007
    assert np.abs(found.share[:, -1] - odds / (1 + odds)).max() < (0.003 if jump < 1 else 0.009)
    assert found.share.max() < 1


@pytest.mark.parametrize("jump", [0.0, 0.5])
def test_weeks_of_openers_that_stand_for_unequally_many(jump: float) -> None:
    """Where openers of some reasons stand for three first contacts, the newest week is that of all first contacts, and
    95 % intervals still hold the truth in 90 to 99 %; the mean opener's week is off by more than 2 points."""
    chance = np.random.default_rng(20240602)
    stands = np.array([1.0, 1.0, 1.0, 3.0, 3.0, 1.0])
    odds = USUAL / (1 - USUAL) * np.exp(jump)
    truth = (stands * A_DAY) @ (odds / (1 + odds)) / (stands @ A_DAY)
    found, plain = [], []
    for _ in range(40):
        cohorts, _ = _drawn(chance, jump)
        found.append(nowcast(cohorts, USUAL, WEEKS, stands))
        plain.append(nowcast(cohorts, USUAL, WEEKS).week_share[-1])
    share, error = (
        np.array([getattr(one, name)[-4:] for one in found]).ravel() for name in ("week_share", "week_error")
    )
    pooled = recover(share, np.full(len(share), truth), share - 1.96 * error, share + 1.96 * error)
    newest = recover(share[3::4], np.full(40, truth))
    assert newest is not None
    assert pooled is not None
    assert abs(newest.bias) < 0.006
    assert 0.90 <= pooled.coverage <= 0.99
    assert abs(np.mean(plain) - truth) > 0.02


def test_a_settled_week_is_its_own_plain_share() -> None:
    """Where all has come and nothing is coincidence, the nowcast is returns over openers, however unusual."""
    cohorts = Cohorts(
        np.zeros(2, dtype=np.int64),
        np.array([0, 1]),
        np.array([200.0, 100.0]),
        np.array([20.0, 50.0]),
        np.ones(2),
        np.zeros(2),
        np.zeros(2),
        np.zeros(2),
        np.ones(2, dtype=np.bool_),
    )
    found = nowcast(cohorts, np.array([0.1]), 2)
    assert found.week_share.tolist() == [0.1, 0.5]
    assert found.settled.all()


def _rare(chance: np.random.Generator, openers: int, share: Array) -> Cohorts:
    """Weeks of one reason, the newest last, with returns so far and hardly any of them coincidental."""
    age = (len(share) - 1 - np.arange(len(share))) * 7 + 3.5
    settled = age >= 30
    g = np.where(settled, 1.0, 1 - np.exp(-age / 8))
    b = -np.expm1(-0.0005 * np.minimum(age, 30))
    back = chance.binomial(openers, b + share * g * (1 - b)).astype(float)
    week, none = np.arange(len(share)), np.zeros(len(share))
    return Cohorts(np.zeros_like(week), week, none + openers, back, g, 0.02 * g * (1 - g), b, none, settled)


def test_weeks_without_returns_are_not_certain() -> None:
    """Where a reason has brought nobody back, a week of 96 openers is known to about three points, and no young week
    better than a settled one of the same size; weeks of 9,600 openers are known far better."""
    cohorts = _rare(np.random.default_rng(1), 96, np.zeros(16))
    never = nowcast(replace(cohorts, returned=np.zeros(16), coincidence=np.zeros(16)), np.zeros(1), 16)
    assert never.week_share.max() < 0.001
    assert 1.96 * never.week_error.min() > 0.025
    assert never.week_error[-4:].min() >= never.week_error[:8].max()
    np.testing.assert_allclose(never.error[0], never.week_error)
    assert 0.5 < never.shift.min() < never.shift.max() < 1.5
    crowd = nowcast(replace(cohorts, count=cohorts.count * 100, returned=np.zeros(16)), np.zeros(1), 16)
    assert crowd.week_error.max() < 0.3 * never.week_error.min()


@pytest.mark.parametrize("openers", [60, 150])
def test_a_seldom_failing_reason_that_begins_to_fail(openers: int) -> None:
    """Where 0.3 % came back and in the last three weeks 2 % do, 95 % intervals of the last eight weeks hold the truth
    in at least 93 % of 200 draws, those of the last three too."""
    chance = np.random.default_rng(openers)
    share = np.where(np.arange(20) >= 17, 0.02, 0.003)
    found = [nowcast(_rare(chance, openers, share), np.array([0.003]), 20) for _ in range(200)]
    value, error = (np.array([getattr(one, name) for one in found]) for name in ("week_share", "week_error"))
    inside = np.abs(value - share) <= 1.96 * error
    assert inside[:, -8:].mean() >= 0.93
    assert inside[:, -3:].mean() >= 0.93


def test_nothing_seen_is_no_nan() -> None:
    """A week without openers, a reason that never fails and openers of no age give numbers, never NaN."""
    cohorts = Cohorts(
        np.array([0, 1]),
        np.array([0, 2]),
        np.array([50.0, 5.0]),
        np.zeros(2),
        np.array([1.0, 0.0]),
        np.zeros(2),
        np.zeros(2),
        np.zeros(2),
        np.array([True, False]),
    )
    found = nowcast(cohorts, np.array([0.0, 0.2]), 3)
    parts = (found.share, found.error, found.week_share, found.week_error, found.week_maturity, found.shift)
    assert all(np.isfinite(part).all() for part in parts)
    assert found.week_maturity[2] == 0.0
    # Of no age, the usual is all there is to say, and the interval is as wide as what is usual varies.
    assert found.share[1, 2] == pytest.approx(0.2)
    assert found.error[1, 2] > 0.05


def test_expected_returns_are_those_that_come() -> None:
    """Of 200,000 drawn openers aged five days, the returns of the next seven of either kind are as expected."""
    chance = np.random.default_rng(7)
    people, share, pace = 200_000, 0.3, 4.0
    caused = np.where(chance.random(people) < share, chance.exponential(pace, people), np.inf)
    anyway = chance.exponential(1 / COINCIDENCE, people)
    first = np.minimum(caused, anyway)
    waiting = first > 5
    coming = waiting & (first <= 12)
    edges = np.arange(61.0)
    expected = arrivals(
        np.array([waiting.sum()], dtype=float), np.array([share]), 1 - np.exp(-edges / pace), COINCIDENCE * edges,
        np.array([5]), np.array([12]),
    )  # fmt: skip
    for told, seen in ((expected.caused, caused <= anyway), (expected.coincidental, anyway < caused)):
        assert told == pytest.approx((coming & seen).sum(), rel=0.03)
    assert abs(expected.caused + expected.coincidental - coming.sum()) < 3 * expected.variance**0.5
