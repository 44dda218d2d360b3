"""Statistics of comparisons and changes against other people's code and published figures.

Generators: statsmodels (written against 0.15.0), scipy.stats (1.17.1); November 2026. Published: Viechtbauer (2007),
Statistics in Medicine 26(1), Table II, as metafor's own tests hold it; the p-chart of a textbook ("An Introduction to
Business Statistics", Example 16.6). Tolerances stand at each test.
"""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import linalg, stats
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.power import NormalIndPower

from firstcontact.statistics.always_valid import radius
from firstcontact.statistics.bucket import Array
from firstcontact.statistics.contrast import CaseMix, Contrasts, case_mix
from firstcontact.statistics.control_chart import laney, p_chart
from firstcontact.statistics.empirical_bayes import shrink
from firstcontact.statistics.funnel import limits
from firstcontact.statistics.heterogeneity import heterogeneity
from firstcontact.statistics.lag_distance import lag_distance
from firstcontact.statistics.placebo import placebo
from firstcontact.statistics.prais_winsten import prais_winsten, step
from firstcontact.statistics.sample_size import sample_size
from firstcontact.statistics.standardisation import standardise


def _mix(count: Array, total: Array) -> CaseMix:
    unit, stratum = np.indices(count.shape)
    return case_mix(unit.ravel(), stratum.ravel(), count.ravel(), total.ravel())


def test_heterogeneity_in_one_stratum_is_pearsons() -> None:
    """Units with one stratum: the statistic is `scipy.stats.chi2_contingency` without correction (1e-9)."""
    count = np.array([[120.0], [80.0], [300.0], [45.0]])
    total = np.array([[30.0], [12.0], [90.0], [5.0]])
    found = heterogeneity(_mix(count, total).contrasts)
    theirs = stats.chi2_contingency(np.hstack([total, count - total]), correction=False)
    assert found.freedom == theirs.dof
    assert found.statistic == pytest.approx(theirs.statistic, rel=1e-9)
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-9)


def test_two_units_in_strata_are_mantel_and_haenszels() -> None:
    """Two units in several strata: the Mantel-Haenszel statistic of statsmodels, up to N/(N-1) in each stratum
    (1 %)."""
    chance = np.random.default_rng(3)
    count = chance.integers(200, 900, (2, 6)).astype(float)
    total = chance.binomial(count.astype(int), np.linspace(0.1, 0.5, 6) * np.array([[1.0], [1.15]])).astype(float)
    tables = [
        np.array([[total[0, k], count[0, k] - total[0, k]], [total[1, k], count[1, k] - total[1, k]]]) for k in range(6)
    ]
    theirs = StratifiedTable(tables).test_null_odds(correction=False)
    assert heterogeneity(_mix(count, total).contrasts).statistic == pytest.approx(theirs.statistic, rel=0.01)


def test_the_spread_of_units_is_that_of_a_published_meta_analysis() -> None:
    """Nine trials of diuretics in pregnancy: the Q-profile interval of the variance is .0723 to 2.2027 (5e-4), as
    published; the test statistic is the weighted sum of squares by hand."""
    treated = np.array(
        [[14, 131], [21, 385], [14, 57], [6, 38], [12, 1011], [138, 1370], [15, 506], [6, 108], [65, 153]]
    )
    control = np.array(
        [[14, 136], [17, 134], [24, 48], [18, 40], [35, 760], [175, 1336], [20, 524], [2, 103], [40, 102]]
    )
    odds = [np.log(arm[:, 0] / (arm[:, 1] - arm[:, 0])) for arm in (treated, control)]
    variance = sum(1 / arm[:, 0] + 1 / (arm[:, 1] - arm[:, 0]) for arm in (treated, control))
    effect, weight = odds[0] - odds[1], 1 / variance
    matrix = np.diag(weight) - np.outer(weight, weight) / weight.sum()
    values, vectors = np.linalg.eigh(matrix)
    known = values > 1e-9
    contrasts = Contrasts(vectors[:, known].T @ matrix @ effect, values[known], vectors[:, known])
    found = heterogeneity(contrasts)
    assert (found.low, found.high) == pytest.approx((0.0723, 2.2027), abs=5e-4)
    mean = weight @ effect / weight.sum()
    assert found.statistic == pytest.approx(weight @ (effect - mean) ** 2, rel=1e-9)


def test_shrunken_effects_are_those_of_a_mixed_model() -> None:
    """Where many units leave little doubt about their spread, it and the effects are those of statsmodels' MixedLM on
    the same yes-or-no rows, put on the scale of log-odds: spread within 5 %, effects within 0.05, correlated above
    .999."""
    chance = np.random.default_rng(11)
    units, each = 120, 150
    total = chance.binomial(each, 1 / (1 + np.exp(1.1 - chance.normal(0, 0.5, units)))).astype(float)
    mix = _mix(np.full((units, 1), float(each)), total[:, None])
    found = heterogeneity(mix.contrasts)
    effects = shrink(mix, found.variance)
    doubt = total.sum() / (units * each) * (1 - total.sum() / (units * each))
    rows = (np.arange(each)[None, :] < total[:, None]).ravel() / doubt
    model = sm.MixedLM(rows, np.ones(len(rows)), groups=np.repeat(np.arange(units), each)).fit(method="powell")
    theirs = np.array([np.asarray(model.random_effects[one])[0] for one in range(units)])
    assert found.variance == pytest.approx(float(np.asarray(model.cov_re)[0, 0]), rel=0.05)
    assert np.corrcoef(effects.effect, theirs)[0, 1] > 0.999
    assert np.abs(effects.effect - theirs).max() < 0.05


def test_funnel_limits_are_binomial_quantiles() -> None:
    """Limits of a funnel at 1,000 to 50,000 contacts are the exact binomial quantiles (within 1.5 contacts and 2 % of
    the half-width, for the skewness that a normal limit leaves out)."""
    count = np.array([1_000.0, 5_000.0, 50_000.0])
    for level in (0.95, 0.998):
        low, high = limits(0.2, count, level=level)
        exact = [stats.binom.ppf(tail, count, 0.2) / count for tail in (0.5 - level / 2, 0.5 + level / 2)]
        slack = 1.5 / count + 0.02 * (high - 0.2)
        assert (np.abs(low - exact[0]) < slack).all()
        assert (np.abs(high - exact[1]) < slack).all()


@pytest.mark.parametrize("carried", [0.0, 0.3, 0.5, 0.8, 0.95])
def test_generalised_least_squares_is_that_of_statsmodels(carried: float) -> None:
    """With a known part that carries over, coefficients and covariance are those of `statsmodels` GLS with the
    covariance r^|i-j| (1e-8), and without the first row those of GLSAR (1e-8)."""
    chance = np.random.default_rng(5)
    series = chance.normal(0, 1, 30).cumsum() * 0.2 + chance.normal(0, 1, 30)
    design = np.column_stack([np.ones(30), np.arange(30) >= 20, chance.normal(0, 1, 30)])
    ours = prais_winsten(series, design, np.array([0.9, carried]))
    sigma = linalg.toeplitz(carried ** np.arange(30))
    theirs = sm.GLS(series, design, sigma=sigma).fit()
    np.testing.assert_allclose(ours.coefficient[1], theirs.params, rtol=1e-8)
    np.testing.assert_allclose(ours.covariance[1], theirs.cov_params(), rtol=1e-8)
    glsar = sm.GLSAR(series, design, rho=carried).fit()
    rest = design[1:] - carried * design[:-1]
    by_hand = np.linalg.lstsq(rest, series[1:] - carried * series[:-1], rcond=None)[0]
    np.testing.assert_allclose(glsar.params, by_hand, rtol=1e-8)


def test_the_averaged_step_lies_near_that_of_glsar() -> None:
    """On a long series, where the part that carries over is hardly in doubt, step and part are those of the iterated
    GLSAR of statsmodels (step within 3 %, error within 5 %, part within .03)."""
    chance = np.random.default_rng(8)
    noise = chance.normal(0, 1, 1_500)
    series = np.zeros(1_500)
    for week in range(1, 1_500):
        series[week] = 0.5 * series[week - 1] + noise[week]
    after = np.arange(1_500) >= 900
    found = step(series + 2.0 * after, after)
    model = sm.GLSAR(series + 2.0 * after, sm.add_constant(after.astype(float)), rho=1)
    theirs = model.iterative_fit(maxiter=20)
    assert found is not None
    assert found.size == pytest.approx(theirs.params[1], rel=0.03)
    assert (found.high - found.low) / 2 / stats.t.ppf(0.975, 1_498) == pytest.approx(theirs.bse[1], rel=0.05)
    assert found.carried == pytest.approx(float(model.rho[0]), abs=0.03)


def test_the_placebo_interval_predicts_one_more_control() -> None:
    """The interval is that of a new observation in statsmodels' OLS of the controls' changes on a constant (1e-9)."""
    chance = np.random.default_rng(2)
    controls, treated = chance.normal(0, 1, (8, 30)), chance.normal(0, 1, 30)
    after = np.arange(30) >= 20
    found = placebo(treated, controls, after)
    assert found is not None
    change = controls[:, after].mean(1) - controls[:, ~after].mean(1)
    predicted = sm.OLS(change, np.ones(8)).fit().get_prediction([1.0]).summary_frame(alpha=0.05)
    own = treated[after].mean() - treated[~after].mean()
    assert own - found.low == pytest.approx(predicted["obs_ci_upper"].iloc[0], rel=1e-9)
    assert own - found.high == pytest.approx(predicted["obs_ci_lower"].iloc[0], rel=1e-9)


def test_the_sequence_is_the_conjugate_mixture() -> None:
    """The half-width is Waudby-Smith's margin sqrt(2 (n t + 1) log(sqrt(n t + 1) / a) / (n² t)) (1e-12)."""
    count = np.arange(1, 200.0)
    for tuned in (0.05, 0.25, 1.0):
        theirs = np.sqrt(2 * (count * tuned + 1) * np.log(np.sqrt(count * tuned + 1) / 0.05) / (count**2 * tuned))
        np.testing.assert_allclose(radius(count, 0.95, tuned), theirs, rtol=1e-12)


def test_a_p_chart_is_that_of_the_textbook() -> None:
    """Ten samples of 200: centre 0.16, limits 0.0822 and 0.2378, all points inside (5e-5)."""
    total = np.array([40.0, 44, 22, 34, 24, 32, 28, 32, 34, 30])
    chart = p_chart(np.full(10, 200.0), total)
    assert (chart.centre, chart.low[0], chart.high[0]) == pytest.approx((0.16, 0.0822, 0.2378), abs=5e-5)
    assert not chart.outside.any()


def test_laneys_chart_follows_the_published_formula() -> None:
    """Sigma and limits, worked by hand from the formula for three periods of unequal size (1e-12); where periods vary
    less than chance the limits are those of the p-chart."""
    count, total = np.array([1_000.0, 4_000.0, 2_000.0]), np.array([150.0, 1_000.0, 380.0])
    p = 1_530 / 7_000
    error = [(p * (1 - p) / n) ** 0.5 for n in count]
    z = [(x / n - p) / e for x, n, e in zip(total, count, error, strict=True)]
    sigma = (abs(z[1] - z[0]) + abs(z[2] - z[1])) / 2 / 1.128
    chart = laney(count, total)
    assert chart.sigma == pytest.approx(sigma, rel=1e-12)
    np.testing.assert_allclose(chart.high, [min(1, p + 3 * sigma * e) for e in error], rtol=1e-12)
    np.testing.assert_allclose(chart.low, [max(0, p - 3 * sigma * e) for e in error], atol=1e-12)
    alike = np.full(10, 100.0)
    assert laney(np.full(10, 500.0), alike).sigma == 1.0
    np.testing.assert_array_equal(laney(np.full(10, 500.0), alike).high, p_chart(np.full(10, 500.0), alike).high)


def test_a_sample_size_is_that_of_statsmodels() -> None:
    """Contacts for a power of 80 and 90 % are those of `NormalIndPower` (one contact)."""
    for share, difference, power in ((0.8, 0.03, 0.8), (0.6, 0.05, 0.9), (0.95, 0.01, 0.8)):
        effect = difference / (share * (1 - share)) ** 0.5
        theirs = NormalIndPower().solve_power(effect, power=power, alpha=0.05)
        assert sample_size(share, difference, power=power) == pytest.approx(theirs, abs=1)


def test_standardised_differences_are_weighted_least_squares() -> None:
    """The difference is the contrast of a saturated regression of statsmodels at the pooled mix (1e-10)."""
    chance = np.random.default_rng(9)
    count = chance.integers(40, 500, (2, 5)).astype(float)
    total = chance.binomial(count.astype(int), chance.uniform(0.5, 0.9, (2, 5))).astype(float)
    found = standardise(count, total)
    assert found is not None
    side, stratum = (index.ravel() for index in np.indices((2, 5)))
    design = np.zeros((10, 10))
    design[np.arange(10), stratum] = 1
    design[np.arange(10), 5 + stratum] = side == 0
    fit = sm.WLS((total / count).ravel(), design, weights=count.ravel()).fit()
    weight = count.sum(0) / count.sum()
    assert found.difference == pytest.approx(float(weight @ fit.params[5:]), rel=1e-10)


def test_the_distance_of_lags_is_that_of_scipy() -> None:
    """On fine bins and without background, distance and p are those of `scipy.stats.ks_2samp` (distance 1e-12; p, which
    scipy corrects for small samples, within a quarter)."""
    chance = np.random.default_rng(4)
    first, second = chance.integers(0, 2_000, 700), (chance.random(500) ** 1.1 * 2_000).astype(int)
    histograms = [np.bincount(one, minlength=2_000).astype(float) for one in (first, second)]
    found = lag_distance(*histograms)
    theirs = stats.ks_2samp(first, second, method="asymp")
    assert found is not None
    assert found.distance == pytest.approx(theirs.statistic, abs=1e-12)
    assert found.p == pytest.approx(theirs.pvalue, rel=0.25)
