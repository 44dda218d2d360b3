"""Our statistics against other people's code, computed side by side in each test.

Generators: statsmodels (written against 0.15.0), scipy.stats (1.17.1); November 2026. Tolerances stand at each test.
"""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from firstcontact.statistics.bucket import ratio
from firstcontact.statistics.mean import clustered_mean
from firstcontact.statistics.share import clustered_share, t_quantile, wilson


def test_wilson_is_that_of_statsmodels() -> None:
    """Wilson's interval equals `proportion_confint(method="wilson")` on a grid (1e-12)."""
    for level in (0.5, 0.8, 0.9, 0.95, 0.99):
        quantile = stats.norm.ppf(0.5 + level / 2)
        for n in (1, 2, 5, 10, 29, 30, 100, 1_234, 1_000_000):
            successes = np.unique(np.linspace(0, n, 21).round())
            low, high = wilson(successes / n, np.full(len(successes), float(n)), quantile)
            theirs = proportion_confint(successes, n, alpha=1 - level, method="wilson")
            np.testing.assert_allclose(low, theirs[0], atol=1e-12)
            np.testing.assert_allclose(high, theirs[1], atol=1e-12)


def test_the_quantile_is_that_of_scipy() -> None:
    """Student's t: equal to `scipy.stats.t.ppf` (1e-9 relative), and its limit is the normal quantile."""
    freedom = np.array([1, 1.5, 2, 3, 7.25, 10, 38.9, 39, 100, 1e4])
    for level in (0.5, 0.8, 0.95, 0.99, 0.999):
        np.testing.assert_allclose(t_quantile(level, freedom), stats.t.ppf(0.5 + level / 2, freedom), rtol=1e-9)
    assert t_quantile(0.95, np.array([1e9]))[0] == pytest.approx(stats.norm.ppf(0.975), abs=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_the_variance_is_cluster_robust(seed: int) -> None:
    """For buckets of one size the variance of a ratio is the cluster-robust one of statsmodels' OLS on a constant,
    small-sample factor G / (G - 1) * (n - 1) / (n - k) with k = 1 coefficient, so that the second part is 1 (1e-10
    relative); so are the degrees of freedom, G - 1."""
    chance = np.random.default_rng(seed)
    groups, rows = (2, 3, 10, 40, 40, 40)[seed], (12, 30, 100, 400, 3_000, 3_000)[seed]
    group = np.arange(rows) % groups
    level = chance.normal(0, 1, groups)[group]
    score = (
        (chance.random(rows) < stats.norm.cdf(level)).astype(float) if seed % 2 else level + chance.gamma(2, 60, rows)
    )
    count = np.bincount(group, minlength=groups)[None, :].astype(float)
    total = np.bincount(group, score, minlength=groups)[None, :]
    ours = ratio(count, total)
    fit = sm.OLS(score, np.ones(rows)).fit(cov_type="cluster", cov_kwds={"groups": group}, use_t=True)
    assert ours.value[0] == pytest.approx(fit.params[0], rel=1e-10)
    assert ours.variance[0] == pytest.approx(fit.cov_params()[0, 0], rel=1e-10)
    low, high = clustered_mean(ours, 0.9)
    half = stats.t.ppf(0.95, groups - 1) * fit.bse[0]
    assert (low[0], high[0]) == pytest.approx((fit.params[0] - half, fit.params[0] + half), rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_unequal_buckets_are_put_right_for_their_pull(seed: int) -> None:
    """For buckets of any size the variance is that of statsmodels' WLS of the buckets' means, weighted by their rows,
    with covariance HC2 (1e-10 relative)."""
    chance = np.random.default_rng(seed)
    count = np.ceil(chance.pareto(1.1, (1, (2, 5, 20, 40)[seed])) * 10) + 1
    total = chance.binomial(count.astype(int), chance.beta(2, 1, count.shape)).astype(float)
    ours = ratio(count, total)
    fit = sm.WLS((total / count)[0], np.ones(count.shape[1]), weights=count[0]).fit(cov_type="HC2")
    assert ours.value[0] == pytest.approx(fit.params[0], rel=1e-10)
    assert ours.variance[0] == pytest.approx(fit.cov_params()[0, 0], rel=1e-10)


@pytest.mark.parametrize("seed", range(4))
def test_the_degrees_of_freedom_are_those_of_the_quadratic_form(seed: int) -> None:
    """The degrees of freedom are tr(P)^2 / tr(P P) with the matrices multiplied out (1e-9 relative), and 2 m^2 / v of
    the variances of 40,000 drawn cells whose buckets each move as one (4 %)."""
    chance = np.random.default_rng(10 + seed)
    groups = (2, 5, 20, 40)[seed]
    count = np.ceil(chance.pareto(1.3, groups) * 10) + 1
    share = count / count.sum()
    lifted = np.eye(groups) - np.outer(share, np.ones(groups))
    form = np.diag(1 / (1 - share)) @ lifted @ np.diag(share**2) @ lifted.T
    ours = ratio(count[None, :], count[None, :]).freedom[0]
    assert ours == pytest.approx(np.trace(form) ** 2 / np.trace(form @ form), rel=1e-9)
    drawn = ratio(np.tile(count, (40_000, 1)), chance.normal(0, 1, (40_000, groups)) * count).variance
    assert ours == pytest.approx(2 * drawn.mean() ** 2 / drawn.var(), rel=0.04)


def test_the_variance_is_nearly_the_jackknife() -> None:
    """Deleting one bucket at a time, by hand, gives the linearised variance to within 10 % for 40 buckets of rows."""
    chance = np.random.default_rng(7)
    count = chance.poisson(50, (20, 40)).astype(float) + 1
    total = chance.binomial(count.astype(int), chance.beta(7, 3, (20, 40))).astype(float)
    without = (total.sum(1)[:, None] - total) / (count.sum(1)[:, None] - count)
    jackknife = 39 / 40 * ((without - without.mean(1)[:, None]) ** 2).sum(1)
    np.testing.assert_allclose(ratio(count, total).variance, jackknife, rtol=0.1)


def test_without_dependence_the_share_is_wilsons() -> None:
    """Where rows vary no more between customers than chance does, the clustered interval is statsmodels' Wilson
    interval with Student's quantile in place of the normal one (1e-9)."""
    count = np.full((1, 40), 25.0)
    total = np.tile([18.0, 17.0], 20)[None, :]  # less spread than chance, so that the design effect is 1
    low, high = clustered_share(ratio(count, total), 0.95)
    alpha = 2 * (1 - stats.norm.cdf(stats.t.ppf(0.975, 39)))
    assert (low[0], high[0]) == pytest.approx(proportion_confint(700, 1000, alpha=alpha, method="wilson"), abs=1e-9)
