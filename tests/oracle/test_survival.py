"""Shares that came back by when, against lifelines 0.30."""

from __future__ import annotations

import numpy as np
from lifelines import AalenJohansenFitter, KaplanMeierFitter, NelsonAalenFitter

from firstcontact.statistics.excess_hazard import separate
from firstcontact.statistics.survival import aalen_johansen, kaplan_meier, still_to_come

CHANCE = np.random.default_rng(17)
DAYS = np.round(CHANCE.exponential(5, 400), 1) + 0.1
KIND = CHANCE.choice([0, 1, 2], 400, p=[0.3, 0.5, 0.2])
UNTIED = DAYS + np.arange(400) * 1e-6
"""lifelines moves tied times at random; here there are none."""


def test_the_share_without_a_return_is_that_of_lifelines() -> None:
    """Kaplan-Meier with ties, and Greenwood's variance, to 1e-12."""
    curve = kaplan_meier(DAYS, KIND > 0)
    other = KaplanMeierFitter().fit(DAYS, KIND > 0)
    assert np.allclose(other.survival_function_at_times(curve.times), curve.values, atol=1e-12)
    table = other.event_table[other.event_table["observed"] > 0]
    rate = table["observed"] / (table["at_risk"] * (table["at_risk"] - table["observed"]))
    greenwood = curve.values**2 * rate.cumsum().to_numpy()
    assert np.allclose(greenwood[:-1], curve.variance[:-1], atol=1e-12)


def test_the_share_that_comes_back_first_for_one_cause_is_that_of_lifelines() -> None:
    """Aalen-Johansen for either cause, and its variance, to 1e-9."""
    for kind in (1, 2):
        curve = aalen_johansen(UNTIED, KIND, kind)
        other = AalenJohansenFitter(calculate_variance=True).fit(UNTIED, KIND, event_of_interest=kind)
        found = other.cumulative_density_.iloc[:, 0].reindex(curve.times).to_numpy()
        variance = np.asarray(other.variance_.reindex(curve.times), dtype=float)
        known = ~np.isnan(variance)
        assert known.sum() > 250
        assert np.allclose(found, curve.values, atol=1e-12)
        assert np.allclose(variance[known], curve.variance[known], atol=1e-9)


def test_what_is_still_to_come_is_conditional_survival() -> None:
    """As lifelines' survival, conditioned by hand, for openers followed for different times."""
    other = KaplanMeierFitter().fit(DAYS, KIND > 0)
    edges = np.arange(0.0, 30.0)
    survival = other.survival_function_at_times(edges).to_numpy()
    lags, counts = np.array([0.0, 2.0, 5.0]), np.array([30.0, 20.0, 10.0])
    by_hand = sum(n * (1 - survival[int(lag) + 7] / survival[int(lag)]) for lag, n in zip(lags, counts, strict=True))
    assert still_to_come(lags, counts, survival, edges, 7.0) == np.round(by_hand, 9)


def test_without_coincidence_the_excess_is_nelson_aalen() -> None:
    """No background, one-day bins: the cumulative hazard is lifelines' within what bins blur."""
    edges = np.arange(0.0, 41.0)
    bucket = np.arange(4000) % 40
    days, came = CHANCE.exponential(20, 4000), CHANCE.random(4000) < 0.5
    came &= days < 40
    days = np.minimum(days, 40.0)
    place = np.minimum(days.astype(int), 39)
    events, exposure = np.zeros((40, 40)), np.zeros((40, 40))
    np.add.at(events, (place[came], bucket[came]), 1.0)
    for low in range(40):
        np.add.at(exposure[low], bucket, np.clip(days - low, 0.0, 1.0))
    found = separate(events, exposure, edges, 30.0, np.zeros((41, 40)), np.full(40, 100.0))
    other = NelsonAalenFitter().fit(days, came).cumulative_hazard_at_times([30.0]).iloc[0]
    assert abs(-np.log1p(-found.share) - other) < 0.003
    assert found.caused[:30].min() == 1.0
