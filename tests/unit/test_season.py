"""Season and drift of known customers, as lags see them."""

from __future__ import annotations

import numpy as np
import pytest

from firstcontact.statistics.season import index_by_lag, relative_by_day

LAGS = np.array([0.0, 50.0, 150.0])


def test_a_lag_is_looked_at_on_the_days_that_follow_its_openers() -> None:
    """Customers come ever more often; openers of day 100 are looked at on days 100, 150 and 250."""
    daily = np.linspace(50.0, 150.0, 400)
    openers = np.zeros(400)
    openers[100] = 1.0
    found = index_by_lag(relative_by_day(daily, 60), openers, LAGS)
    expected = daily[[100, 150, 250]] / daily[60:].mean()
    assert found == pytest.approx(expected, rel=0.01)


def test_openers_whose_day_lies_beyond_the_data_do_not_count() -> None:
    """At lag 150 only the early openers are still looked at."""
    daily = np.where(np.arange(400) < 300, 100.0, 200.0)
    openers = np.zeros(400)
    openers[[100, 350]] = 1.0
    at_once, later = index_by_lag(relative_by_day(daily, 60), openers, np.array([0.0, 150.0]))
    mean = daily[60:].mean()
    assert at_once == pytest.approx((100 + 200) / 2 / mean, rel=0.02)
    assert later == pytest.approx(100 / mean, rel=0.02)


@pytest.mark.parametrize("daily", [np.zeros(400), np.full(400, 1.0), np.full(90, 100.0)])
def test_too_few_customers_or_days_show_no_season(daily: np.ndarray) -> None:
    """Nobody, a handful, or four weeks: no season is invented, and lags beyond the data are even."""
    assert index_by_lag(relative_by_day(daily, 60), daily, LAGS).tolist() == [1.0, 1.0, 1.0]


def test_a_reason_has_a_season_of_its_own_as_far_as_it_shows() -> None:
    """Of many openers a reason's own season is believed, of a few that of all."""
    common = 1 + 0.1 * np.sin(2 * np.pi * np.arange(400) / 400)
    even = relative_by_day(np.full(400, 200.0), 60, common)
    assert even == pytest.approx(np.ones(400), abs=0.01)
    rare = relative_by_day(np.full(400, 0.01), 60, common)
    assert rare[60:] == pytest.approx(common[60:], abs=0.01)
