"""Calibration and discrimination against statsmodels and SciPy; expected returns against lifelines."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from lifelines import AalenJohansenFitter
from scipy.stats import mannwhitneyu

from firstcontact.statistics.calibration import calibrate, discrimination
from firstcontact.statistics.nowcast import arrivals


def test_slope_and_intercept_are_those_of_a_binomial_glm() -> None:
    """With a plain outcome, to eight digits."""
    chance = np.random.default_rng(3)
    risk = chance.uniform(0.02, 0.7, 3_000)
    outcome = (chance.random(3_000) < risk**1.3).astype(float)
    found = calibrate(risk, outcome, np.ones(3_000))
    design = sm.add_constant(np.log(risk / (1 - risk)))
    intercept, slope = sm.GLM(outcome, design, family=sm.families.Binomial()).fit().params
    assert found is not None
    assert (found.intercept, found.slope) == (pytest.approx(intercept, abs=1e-7), pytest.approx(slope, abs=1e-7))


def test_discrimination_is_the_rank_statistic() -> None:
    """With ties, exactly."""
    chance = np.random.default_rng(4)
    risk, outcome = chance.integers(0, 20, 500) / 20, chance.random(500) < 0.3
    statistic = mannwhitneyu(risk[outcome], risk[~outcome]).statistic
    area = discrimination(risk, outcome * 1.0, ~outcome * 1.0)
    assert area == pytest.approx(statistic / (outcome.sum() * (~outcome).sum()), abs=1e-12)


def test_crude_probabilities_are_those_of_aalen_and_johansen() -> None:
    """From known hazards, within the sampling error of lifelines' estimate on 4,000 drawn lives."""
    chance = np.random.default_rng(5)
    caused = np.where(chance.random(4_000) < 0.4, chance.exponential(6, 4_000), np.inf)
    anyway = chance.exponential(50, 4_000)
    lag, event = np.minimum(np.minimum(caused, anyway), 30), np.where(np.minimum(caused, anyway) > 30, 0, 1)
    event = np.where((event > 0) & (anyway < caused), 2, event)
    edges = np.arange(31.0)
    ours = arrivals(np.ones(1), np.array([0.4]), 1 - np.exp(-edges / 6), edges / 50, np.array([0]), np.array([30]))
    for number, own in ((1, ours.caused), (2, ours.coincidental)):
        fitter = AalenJohansenFitter(calculate_variance=False).fit(lag, event, event_of_interest=number)
        assert own == pytest.approx(float(fitter.cumulative_density_.iloc[-1, 0]), abs=0.025)
