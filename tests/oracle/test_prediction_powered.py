"""Prediction-powered means against the authors' own package.

Generator: ppi-python 0.2.3 (`ppi_mean_pointestimate`, `ppi_mean_ci`, alpha 0.05) on what `_drawn` makes with
NumPy's PCG64; November 2026. Points agree to 1e-12 where lambda is given; half-widths to 2 %, since theirs takes labels
for independent and ours leaves out one customer at a time; tuned points to a tenth of a standard error, since theirs
takes the variance of the score from all contacts and ours from the labelled.
"""

from __future__ import annotations

import numpy as np
import pytest

from firstcontact.statistics.bucket import Array
from firstcontact.statistics.prediction_powered import Powered, label_sums, prediction_powered

# Seed, labels, contacts, quality of the score; then lambda, their point, and the ends of their interval.
THEIRS = [
    (0, 100, 2000, 0.6, None, 0.7692917192940862, 0.7270630615639898, 0.8115203770241827),
    (0, 100, 2000, 0.6, 0.0, 0.73, 0.6429855452491476, 0.8170144547508523),
    (0, 100, 2000, 0.6, 0.5, 0.7496458596470431, 0.6880075235954517, 0.8112841956986345),
    (0, 100, 2000, 0.6, 1.0, 0.7692917192940862, 0.7270630615639898, 0.8115203770241827),
    (1, 400, 5000, 0.3, None, 0.8069740968512933, 0.7735619181381532, 0.8403862755644333),
    (1, 400, 5000, 0.3, 0.5, 0.8081731117758955, 0.7741438616503297, 0.8422023619014612),
    (1, 400, 5000, 0.3, 1.0, 0.8063462235517909, 0.7724666432180142, 0.8402258038855676),
    (2, 1000, 1500, 0.8, None, 0.792644099974029, 0.7763390831120747, 0.8089491168359833),
    (2, 1000, 1500, 0.8, 0.5, 0.7927571897295511, 0.7753622996895919, 0.8101520797695103),
    (2, 1000, 1500, 0.8, 1.0, 0.7925143794591024, 0.7747793518263838, 0.810249407091821),
    (3, 200, 10000, 0.0, None, 0.8368706355924382, 0.7855179855167188, 0.8882232856681577),
    (3, 200, 10000, 0.0, 1.0, 0.8602185022472921, 0.797539414738632, 0.9228975897559523),
]


def _drawn(seed: int, n: int, others: int, good: float) -> tuple[Array, Array, Array]:
    """Labels, their scores, and the scores of other contacts."""
    chance = np.random.default_rng(seed)
    truth = (chance.random(n + others) < 0.8).astype(float)
    score = good * truth + (1 - good) * chance.random(n + others) - 0.1 * chance.random(n + others)
    score = np.clip(score, 0, 1)
    return truth[:n], score[:n], score[n:]


def _ours(y: Array, f: Array, unlabelled: Array, power: float | None) -> Powered:
    """Every labelled and every other contact is a customer of its own."""
    n, others = len(y), len(unlabelled)
    labels = label_sums(y, f, np.ones(n), np.arange(n), n + others)
    count = np.concatenate([np.zeros(n), np.ones(others)])[None, :]
    score = np.concatenate([np.zeros(n), unlabelled])[None, :]
    return prediction_powered(labels, count, score, power=power, nested=False)


@pytest.mark.parametrize(("seed", "n", "others", "good", "power", "point", "low", "high"), THEIRS)
def test_means_and_intervals_are_those_of_the_authors(
    seed: int, n: int, others: int, good: float, power: float | None, point: float, low: float, high: float
) -> None:
    """Point and half-width equal those of ppi-python, with lambda given and with lambda tuned."""
    ours = _ours(*_drawn(seed, n, others, good), power)
    half, error = (high - low) / 2, float(np.sqrt(ours.variance[0]))
    near = 1e-12 if power is not None else 0.1 * half / 1.96
    assert ours.value[0] == pytest.approx(point, abs=near)
    assert 1.959964 * error == pytest.approx(half, rel=0.02)


def test_weighted_labels_are_those_of_the_authors() -> None:
    """With unequal weights and lambda 0.7 the point equals theirs (1e-12), whose weights are scaled to sum to n."""
    y, f, unlabelled = _drawn(4, 400, 5000, 0.5)
    weight = np.linspace(1, 3, 400)
    labels = label_sums(y, f, weight, np.arange(400), 5400)
    count = np.concatenate([np.zeros(400), np.ones(5000)])[None, :]
    score = np.concatenate([np.zeros(400), unlabelled])[None, :]
    ours = prediction_powered(labels, count, score, power=0.7, nested=False)
    assert ours.value[0] == pytest.approx(0.7746620313953541, abs=1e-12)
