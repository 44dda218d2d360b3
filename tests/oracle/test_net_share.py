"""A net share is the plain share where nothing is subtracted and everything is old."""

from __future__ import annotations

import numpy as np

from firstcontact.statistics.bucket import ratio
from firstcontact.statistics.net_share import net_share
from firstcontact.statistics.share import clustered_share


def test_without_background_it_is_the_plain_share() -> None:
    """With nothing to subtract and every row old, value and interval are those of the clustered share."""
    rng = np.random.default_rng(3)
    count = rng.integers(5, 60, (30, 40)).astype(float)
    total = rng.binomial(count.astype(int), rng.uniform(0.01, 0.9, (30, 40))).astype(float)
    value, low, high = net_share(count, total, total, np.zeros(30), 0.95)
    plain = ratio(count, total)
    expected_low, expected_high = clustered_share(plain, 0.95)
    np.testing.assert_allclose(value, plain.value)
    np.testing.assert_allclose(low, expected_low)
    np.testing.assert_allclose(high, expected_high)


def test_no_return_is_not_certainty() -> None:
    """Where nobody came back, the interval still reaches above 0; and what was learned badly widens it."""
    count, none = np.full((1, 40), 5.0), np.zeros((1, 40))
    value, low, high = net_share(count, none - 0.1, none, np.zeros(1), 0.95)
    assert value[0] == low[0] == 0
    assert 0.015 < high[0] < 0.03
    _, _, wider = net_share(count, none - 0.1, none, np.array([0.02]), 0.95)
    assert wider[0] > high[0] + 0.02


def test_nothing_exposed_is_no_figure() -> None:
    """A cell without rows, or with rows in one bucket only, has no figure."""
    exposure = np.zeros((2, 40))
    exposure[1, 7] = 30.0
    value, low, high = net_share(exposure, exposure * 0.1, exposure * 0.2, np.zeros(2), 0.95)
    assert np.isnan([value, low, high]).all()


def test_intervals_hold_the_truth() -> None:
    """Half of the rows are half old and coincidence adds a tenth: 95 % intervals cover 93 to 97 % of 2,000 draws."""
    rng = np.random.default_rng(11)
    truth, cells, size = 0.2, 2_000, 25
    exposed = np.where(np.arange(40) % 2 == 0, 1.0, 0.5)
    chance = 0.1 * exposed
    seen_if = 1 - (1 - truth * exposed) * (1 - chance)
    seen = rng.binomial(size, seen_if, (cells, 40)).astype(float)
    count = np.full((cells, 40), float(size))
    value, low, high = net_share(count * exposed * (1 - chance), seen - count * chance, seen, np.zeros(cells), 0.95)
    assert abs(value.mean() - truth) < 0.002
    assert 0.93 < np.mean((low <= truth) & (truth <= high)) < 0.97
