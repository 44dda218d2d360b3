"""Does the risk recover what really brings people back, from returns of which nobody knows what caused them."""

from __future__ import annotations

import numpy as np
import pytest

from firstcontact.statistics.calibration import calibrate, discrimination
from firstcontact.statistics.repeat_risk import Seen, learn

LEVELS = (8, 4, 3)
EFFECTS = (np.linspace(0, 2, 8), np.array([0, 0.2, -0.3, 0.1]), np.array([0, 0.7, 1.2]))
PACE, COINCIDENCE = 5.0, 0.004


def _drawn(seed: int, people: int) -> tuple[list, np.ndarray, Seen, np.ndarray, np.ndarray]:
    """Factors, whether each causes a return, what was seen by now, its age, and whether it came back."""
    chance = np.random.default_rng(seed)
    factors = [chance.integers(0, count, people) for count in LEVELS]
    logit = -3.0 + sum(own[codes] for own, codes in zip(EFFECTS, factors, strict=True))
    causes = chance.random(people) < 1 / (1 + np.exp(-logit))
    caused = np.where(causes, chance.exponential(PACE, people), np.inf)
    first = np.minimum(caused, chance.exponential(1 / COINCIDENCE, people))
    age = np.minimum(chance.uniform(0, 120, people), 60)
    back = first < age
    lag = np.where(back, first, age)
    seen = Seen(
        np.ones(people), back.astype(float), 1 - np.exp(-lag / PACE), np.exp(-lag / PACE) / PACE,
        np.full(people, COINCIDENCE),
    )  # fmt: skip
    return factors, causes, seen, age, back


def test_the_risk_is_right_where_plain_labels_are_not() -> None:
    """Learned from 60,000 contacts of all ages, the risk has a calibration slope of 0.95 to 1.05 against the truth,
    no bias, and orders contacts as well as the true effects; learned from "came back so far" it is 5 points too high.
    """
    factors, _, seen, _, back = _drawn(1, 60_000)
    risk = learn(factors, LEVELS, seen, 0.15)
    other, truth, _, age, came = _drawn(2, 60_000)
    chance = risk.chance(other)
    against = calibrate(chance, truth.astype(float), np.ones(len(truth)))
    assert against is not None
    assert 0.95 < against.slope < 1.05
    assert abs(against.bias) < 0.01
    assert against.ece < 0.012
    for own, true in zip(risk.effects, EFFECTS, strict=True):
        assert np.abs(own - true).max() < 0.25
    true_logit = sum(own[codes] for own, codes in zip(EFFECTS, other, strict=True))
    area, best = (discrimination(score, truth * 1.0, ~truth * 1.0) for score in (chance, true_logit))
    assert area > best - 0.005
    plain = learn(factors, LEVELS, Seen(np.ones(len(back)), back * 1.0, np.ones(len(back)), np.ones(len(back)),
                                        np.zeros(len(back))), 0.15)  # fmt: skip
    naive = calibrate(plain.chance(other), truth.astype(float), np.ones(len(truth)))
    assert naive is not None
    assert naive.bias > 0.05
    # Without the truth, net outcomes say the same of calibration.
    b = 1 - np.exp(-COINCIDENCE * age)
    net = calibrate(chance, came - b, (1 - np.exp(-age / PACE)) * (1 - b))
    assert net is not None
    assert net.slope == pytest.approx(against.slope, abs=0.05)
    assert net.bias == pytest.approx(against.bias, abs=0.01)


def test_nothing_to_learn_is_a_flat_risk() -> None:
    """No return at all, everybody back, or one contact: finite effects and a risk between 0 and 1."""
    codes = [np.array([0, 1, 1, 0]), np.zeros(4, dtype=np.int64)]
    ones, none = np.ones(4), np.zeros(4)
    for back, latency in ((none, ones), (ones, ones), (none, none)):
        risk = learn(codes, (2, 3), Seen(ones, back, latency, ones, none), 0.2)
        chance = risk.chance(codes)
        assert np.isfinite(chance).all()
        assert ((chance > 0) & (chance < 1)).all()
    assert calibrate(np.full(20, 0.2), np.zeros(20), np.ones(20)) is None
    assert discrimination(np.array([0.1, 0.2]), np.zeros(2), np.ones(2)) is None
