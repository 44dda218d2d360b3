"""Means from labels and scores at their limits, and where nothing can be said."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

from firstcontact.statistics.bucket import Array
from firstcontact.statistics.prediction_powered import (
    LABEL_SUMS,
    LabelSums,
    label_sums,
    powered_interval,
    prediction_powered,
)
from firstcontact.statistics.resolution_bound import resolution_bounds
from firstcontact.statistics.share import t_quantile, wilson

BUCKETS = 40


def _cell(
    seed: int, n: int, *, fixed: float | None = None, weights: bool = False
) -> tuple[Array, Array, Array, NDArray[np.int_]]:
    chance = np.random.default_rng(seed)
    y = (chance.random(n) < 0.8).astype(float)
    f = np.full(n, fixed) if fixed is not None else np.clip(0.7 * y + 0.3 * chance.random(n), 0, 1)
    w = 1 / chance.choice([0.1, 0.5], n) if weights else np.ones(n)
    return y, f, w, chance.integers(0, BUCKETS, n)


@pytest.mark.parametrize("weights", [False, True])
def test_a_constant_score_is_worth_nothing(weights: bool) -> None:
    """With one score for all contacts, the mean, the variance and lambda are those of the labels alone."""
    y, f, w, bucket = _cell(1, 300, fixed=0.7, weights=weights)
    count = np.full((1, BUCKETS), 50.0)
    ours = prediction_powered(label_sums(y, f, w, bucket, BUCKETS), count, count * 0.7)
    assert ours.power[0] == 0
    assert ours.value[0] == pytest.approx(np.average(y, weights=w), abs=1e-12)
    assert ours.variance[0] == pytest.approx(ours.plain_variance[0], rel=1e-9)


def test_with_every_contact_labelled_the_score_changes_nothing() -> None:
    """When all contacts carry a label, the mean is that of the labels, whatever the score."""
    y, f, w, bucket = _cell(2, 500)
    labels = label_sums(y, f, w, bucket, BUCKETS)
    ours = prediction_powered(labels, labels.count, labels.score)
    assert ours.power[0] > 0.5
    assert ours.value[0] == pytest.approx(y.mean(), abs=1e-12)
    assert ours.covered[0] == pytest.approx(1.0)


def test_the_variance_of_labels_alone_is_that_of_their_mean() -> None:
    """Without a score and with one label a bucket, the jackknife is the textbook variance of a mean (1e-12)."""
    y = (np.random.default_rng(3).random(200) < 0.7).astype(float)
    labels = label_sums(y, np.zeros(200), np.ones(200), np.arange(200), 200)
    ours = prediction_powered(labels, np.ones((1, 200)), np.zeros((1, 200)))
    assert ours.plain_variance[0] == pytest.approx(y.var(ddof=1) / 200, rel=1e-12)


def test_a_score_that_speaks_against_the_truth_is_not_used() -> None:
    """A score that is high where contacts were not resolved gets lambda 0, not a negative weight."""
    y, f, w, bucket = _cell(4, 300)
    labels = label_sums(y, 1 - f, w, bucket, BUCKETS)
    ours = prediction_powered(labels, np.full((1, BUCKETS), 100.0), np.full((1, BUCKETS), 40.0))
    assert ours.power[0] == 0
    assert ours.value[0] == pytest.approx(y.mean())


def test_risk_based_labels_are_weighted_back() -> None:
    """Labels drawn ten times as often among failures give the right mean with their probabilities, and not without."""
    chance = np.random.default_rng(5)
    truth = (chance.random(200_000) < 0.8).astype(float)
    drawn_with = np.where(truth > 0, 0.005, 0.05)
    drawn = np.flatnonzero(chance.random(200_000) < drawn_with)
    y, bucket = truth[drawn], drawn % BUCKETS
    every = np.bincount(np.arange(200_000) % BUCKETS, minlength=BUCKETS)[None, :].astype(float)
    weighted = label_sums(y, np.zeros(len(y)), 1 / drawn_with[drawn], bucket, BUCKETS)
    plain = label_sums(y, np.zeros(len(y)), np.ones(len(y)), bucket, BUCKETS)
    assert prediction_powered(weighted, every, every * 0).value[0] == pytest.approx(0.8, abs=0.02)
    assert prediction_powered(plain, every, every * 0).value[0] < 0.4
    assert prediction_powered(weighted, every, every * 0).covered[0] == pytest.approx(1, abs=0.1)


def test_cells_without_labels_have_no_figure() -> None:
    """No label: no mean and no variance; labels of one bucket: a mean, but no variance. No warning from either."""
    sums = {name: np.zeros((2, BUCKETS)) for name in LABEL_SUMS}
    for name in ("count", "weight", "label", "square", "square_label"):
        sums[name][1, 3] = 5.0
    count = np.full((2, BUCKETS), 10.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = prediction_powered(LabelSums(**sums), count, count * 0.5)
        low, high = powered_interval(ours.value, ours.variance, ours.effective, ours.freedom, 0.95)
    assert np.isnan(ours.value[0])
    assert ours.value[1] == 1.0
    assert np.isnan(ours.variance).all()
    assert np.isnan([low, high]).all()


def test_labels_that_are_all_alike_do_not_make_certainty() -> None:
    """Where every label says resolved, the interval is Wilson's of so many labels, not a point."""
    y, f, w, bucket = _cell(6, 250)
    ours = prediction_powered(
        label_sums(y * 0 + 1, f, w, bucket, BUCKETS), np.ones((1, BUCKETS)), np.ones((1, BUCKETS))
    )
    low, high = powered_interval(ours.value, ours.variance, ours.effective, ours.freedom, 0.95)
    theirs = wilson(np.ones(1), np.array([250.0]), t_quantile(0.95, ours.freedom))
    assert (low[0], high[0]) == pytest.approx((theirs[0][0], 1.0))
    assert low[0] < 0.99


def test_bounds_close_where_nobody_gives_up() -> None:
    """If every unresolved contact brings the customer back, the bounds are the figure itself; else the upper end is."""
    assert resolution_bounds(0.86, 1.0) == pytest.approx((0.86, 0.86))
    low, high = resolution_bounds(0.5, 0.4)
    assert (low, high) == (0.0, 0.5)
