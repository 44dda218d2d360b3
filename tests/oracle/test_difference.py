"""Differences and many comparisons against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from firstcontact.statistics.difference import excludes_none, p_value, square_and_add
from firstcontact.statistics.discovery import discoveries


@pytest.mark.parametrize(
    ("x", "n", "y", "m"), [(56, 70, 48, 80), (9, 10, 3, 10), (10, 10, 0, 20), (500, 900, 505, 910)]
)
def test_the_interval_of_a_difference_is_newcombes(x: int, n: int, y: int, m: int) -> None:
    """Wilson's intervals put together are statsmodels' `newcomb` interval to 1e-10."""
    one = proportion_confint(x, n, method="wilson")
    two = proportion_confint(y, m, method="wilson")
    ends = [np.array([value]) for value in (y / m, *two, x / n, *one)]
    low, high = square_and_add(*ends)
    expected = confint_proportions_2indep(x, n, y, m, method="newcomb", compare="diff")
    assert (low[0], high[0]) == pytest.approx(expected, abs=1e-10)


def test_the_p_value_of_a_normal_interval_is_that_of_its_z_test() -> None:
    """A change of 1.96 standard errors has p = 0.05, one of 3 has 0.0027, none has 1."""
    error = np.array([1.0, 1.0, 1.0, 2.0])
    change = np.array([1.959964, -3.0, 0.0, 3.919928])
    half = 1.959964 * error
    p = p_value(change, change - half, change + half, 0.95)
    assert p == pytest.approx([0.05, 0.0026998, 1.0, 0.05], abs=1e-6)


def test_p_values_and_intervals_decide_alike() -> None:
    """p is below 0.05 exactly where the interval excludes no change, for lopsided intervals too."""
    rng = np.random.default_rng(4)
    change = rng.normal(0, 2, 500)
    low, high = change - rng.uniform(0.5, 3, 500), change + rng.uniform(0.5, 3, 500)
    assert ((p_value(change, low, high, 0.95) < 0.05) == excludes_none(low, high)).all()


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
def test_discoveries_are_those_of_benjamini_and_hochberg(rate: float) -> None:
    """The same rejections as statsmodels' `fdr_bh`, with ties and none among them."""
    rng = np.random.default_rng(11)
    for size in (1, 2, 17, 300):
        p = np.round(rng.uniform(0, 1, size) ** 3, 3)
        assert discoveries(p, rate).tolist() == multipletests(p, rate, method="fdr_bh")[0].tolist()
    assert discoveries(np.array([]), rate).tolist() == []
