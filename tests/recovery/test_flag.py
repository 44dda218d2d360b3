"""Are flags honest: among cells of dependent contacts whose truth is known, few flags are false."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firstcontact.statistics.discovery import q_values
from firstcontact.statistics.rest import against_rest

BUCKETS, CELLS = 40, 40
Array = NDArray[np.float64]


def _run(chance: np.random.Generator, shares: Array, alike: float, customers: int = 3_000) -> tuple[Array, Array]:
    """Counts and successes by cell and bucket: each customer mostly stays in one cell, and is alike in all of them."""
    bucket = chance.integers(0, BUCKETS, customers)
    home = np.minimum(chance.geometric(0.06, customers) - 1, CELLS - 1)
    lean = chance.normal(0, alike, customers)
    sizes = chance.geometric(1 / 2.5, customers)
    who = np.repeat(np.arange(customers), sizes)
    where = np.where(chance.random(len(who)) < 0.7, home[who], chance.integers(0, CELLS, len(who)))
    won = chance.random(len(who)) < np.clip(shares[where] + lean[who], 0, 1)
    place = where * BUCKETS + bucket[who]
    count = np.bincount(place, minlength=CELLS * BUCKETS).astype(float)
    total = np.bincount(place, won, CELLS * BUCKETS)
    return count.reshape(CELLS, BUCKETS), total.reshape(CELLS, BUCKETS)


def _flags(count: Array, total: Array) -> NDArray[np.bool_]:
    p = against_rest(count, total, count.sum(axis=0), total.sum(axis=0))
    tested = np.isfinite(p)
    flags = np.zeros(len(p), dtype=bool)
    flags[tested] = q_values(p[tested]) <= 0.05
    return flags


def test_where_nothing_differs_nearly_nothing_is_flagged() -> None:
    """Of 400 runs whose 40 cells are all alike, at most 7 % have a flag at a rate of 5 % (standard error 1.1 %), with
    customers who are alike in all they do and with shares near 1; a test that takes contacts for independent and
    cells one by one flags in most runs."""
    chance = np.random.default_rng(20)
    some = naive = 0
    for number in range(400):
        share = (0.74, 0.9)[number % 2]
        count, total = _run(chance, np.full(CELLS, share), 0.2)
        some += bool(_flags(count, total).any())
        n, x = count.sum(axis=1), total.sum(axis=1)
        p = x.sum() / n.sum()
        naive += bool((np.abs(x - n * p) > 1.96 * np.sqrt(n * p * (1 - p))).any())
    assert some / 400 <= 0.07
    assert naive / 400 > 0.5


def test_few_flags_are_false_and_real_differences_are_flagged() -> None:
    """With a quarter of the cells 15 points lower and a quarter as much higher, at most 5 % of all flags over 100 runs
    point at the other half or the wrong way, and at least half of the odd cells of 100 contacts or more are flagged."""
    chance = np.random.default_rng(21)
    step = np.array([0.0, -0.15, 0.0, 0.15])[np.arange(CELLS) % 4]
    flags = false = large = found = 0
    for _ in range(100):
        count, total = _run(chance, 0.65 + step, 0.1)
        flagged = _flags(count, total)
        side = np.sign(total.sum(axis=1) / count.sum(axis=1) - total.sum() / count.sum())
        right = flagged & (side == np.sign(step))
        flags, false = flags + int(flagged.sum()), false + int((flagged & ~right).sum())
        big = (step != 0) & (count.sum(axis=1) >= 100)
        large, found = large + int(big.sum()), found + int((right & big).sum())
    assert flags > 300
    assert false / flags <= 0.05, (false, flags)
    assert found / large >= 0.5, (found, large)


def test_cells_too_small_to_be_tested_are_not() -> None:
    """Thirty contacts that all went well, where 97 % do, prove nothing; neither do contacts of nine buckets."""
    rest, won = np.full(BUCKETS, 250.0), np.full(BUCKETS, 242.5)
    small = np.zeros((1, BUCKETS))
    small[0, :30] = 1
    assert np.isnan(against_rest(small, small, rest + small[0], won + small[0]))[0]
    few = np.zeros((1, BUCKETS))
    few[0, :9] = 40
    assert np.isnan(against_rest(few, few * 0.5, rest + few[0], won + few[0] * 0.5))[0]
    few[0, 9] = 40
    assert against_rest(few, few * 0.5, rest + few[0], won + few[0] * 0.5)[0] < 1e-4
