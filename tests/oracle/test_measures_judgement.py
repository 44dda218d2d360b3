"""T-FCR and S-FCR of a simulated log against pandas and statsmodels, from the same annotated contacts.

Generators: pandas 2.3, statsmodels 0.15.0; November 2026. T-FCR and its interval agree to 1e-9: the same estimator
written row by row. S-FCR agrees to half a point: statsmodels' logistic models have neither ridge nor cross-fitting.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize, stats
from statsmodels.stats.proportion import proportion_confint

from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.kernel.errors import Faults
from firstcontact.kernel.result import Estimate
from firstcontact.measurement.annotate.judgement import NEEDS, annotate_judgement
from firstcontact.measurement.annotate.seen import codes, judged
from firstcontact.measurement.fit.declared import declare
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.linking.holding import holdings
from firstcontact.measurement.linking.identity import identify
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.linking.portable import BUCKETS
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.measurement.measures.estimate import estimate
from firstcontact.measurement.measures.reduce import reduce
from firstcontact.measurement.policy.model import Policy, cut_reason
from firstcontact.measurement.simulator.generate import simulate
from firstcontact.measurement.simulator.world_file import read_world
from firstcontact.statistics.categorical_logistic import categorical_logistic

POLICY = Policy()


@pytest.fixture(scope="module")
def annotated() -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """The figures of both measures, and the contacts behind them."""
    engine = DuckDBEngine(threads=2)
    yield _annotated(engine)
    engine.close()


def _annotated(engine: DuckDBEngine) -> tuple[dict[str, Any], pd.DataFrame]:
    world = read_world(None, ("reviews.expected=900", "reviews.risk_factor=3"), Faults())
    simulation = simulate(world, contacts=14_000, seed=8)
    tables = {name: engine.register(rows, f"oracle_{name}") for name, rows in simulation.tables.items()}
    tables["contacts"] = identify(engine, tables["contacts"], tables["identifiers"]).contacts
    has = holdings(engine, tables)
    reasons = simulation.tables["contacts"]["reason"].unique().to_pylist()
    fit = declare(POLICY, sorted({cut_reason(reason, POLICY.link.reason_level) for reason in reasons}))
    start = datetime.combine(world.start, time())
    frame = Frame(start, start, start + timedelta(days=420))
    keep = ("customer", "bucket", "reason", "channel")
    linked = link(engine, tables, POLICY, fit, frame, has=has, signals=NEEDS, keep=keep, detail=False)
    told = annotate_judgement(engine, linked, tables, POLICY, has).contacts
    own = [MEASURES["t_fcr"], MEASURES["s_fcr"]]
    sums = reduce(engine, told, own, POLICY, []).sums
    figures = {one.id: estimate(one, sums[one.id], POLICY)[0] for one in own}
    marked = told.mutate(**codes(told))
    return figures, engine.execute(marked.filter(judged(marked))).to_pandas()


def _powered(frame: pd.DataFrame) -> float:
    """The prediction-powered mean, row by row."""
    own = frame[frame["label"].notna()]
    w, y, f = own["label_weight"], own["label"], own["p_resolved"]
    y_mean, f_mean = np.average(y, weights=w), np.average(f, weights=w)
    slope = (w**2 * (y - y_mean) * (f - f_mean)).sum() / (w**2 * (f - f_mean) ** 2).sum()
    slope = min(max(slope, 0.0), 1.0)
    return slope * frame["p_resolved"].mean() + np.average(y - slope * f, weights=w)


def test_t_fcr_is_that_of_pandas(annotated) -> None:
    """Figure and interval of "t_fcr" equal the estimator written row by row, with one bucket left out at a time,
    freed of reviewers' errors, and Wilson's interval of statsmodels for so many rows."""
    figures, frame = annotated
    told = figures["t_fcr"]
    assert isinstance(told, Estimate)
    left = np.array([_powered(frame[frame["bucket"] != bucket]) for bucket in range(BUCKETS)])
    variance = (BUCKETS - 1) / BUCKETS * ((left - left.mean()) ** 2).sum()
    accuracy, doubt = frame["reviewer_accuracy"][0], frame["reviewer_variance"][0]
    raw, scale = _powered(frame), 2 * accuracy - 1
    value = (raw + accuracy - 1) / scale
    variance = variance / scale**2 + ((1 - 2 * raw) / scale**2) ** 2 * doubt
    assert told.value == pytest.approx(value, abs=1e-9)
    assert told.n == frame["label"].notna().sum()
    weight = frame.groupby("bucket")["label_weight"].sum()
    freedom = weight.sum() ** 2 / (weight**2).sum() - 1
    level = 1 - 2 * stats.norm.sf(stats.t.ppf(0.975, freedom))
    rows = value * (1 - value) / variance
    low, high = proportion_confint(value * rows, rows, alpha=1 - level, method="wilson")
    assert (told.low, told.high) == pytest.approx((low, high), abs=1e-9)


def test_s_fcr_is_that_of_statsmodels(annotated) -> None:
    """The figure of "s_fcr" is that of two logistic models of statsmodels on the same categories (half a point)."""
    figures, frame = annotated
    told = figures["s_fcr"]
    assert isinstance(told, Estimate)
    done = (frame["seen_behaviour"] * 3 + frame["seen_wrap_up"]).astype(str)
    kept = done.where(done.map(done.value_counts()) >= 60, "rare")
    reason = frame["seen_reason"].map(lambda text: text.split(" > ")[0])
    dummies = pd.concat([pd.get_dummies(one, drop_first=True) for one in (reason, frame["channel"], kept)], axis=1)
    design = sm.add_constant(dummies.astype(float).to_numpy())
    answered = frame["survey_resolved"].notna().to_numpy()
    yes = (frame["survey_resolved"] == True).to_numpy(dtype=float)  # noqa: E712
    response = sm.GLM(answered.astype(float), design, sm.families.Binomial()).fit().predict(design)
    outcome = sm.GLM(yes[answered], design[answered], sm.families.Binomial()).fit().predict(design)
    influence = outcome + answered / np.maximum(response, 0.01) * (yes - outcome)
    assert told.value == pytest.approx(influence.mean(), abs=0.005)
    assert told.n == answered.sum()
    assert (told.high - told.low) / 2 == pytest.approx(1.96 * influence.std() / np.sqrt(len(frame)), rel=0.35)


@pytest.mark.parametrize("seed", range(3))
def test_chances_by_category_are_those_of_statsmodels(seed: int) -> None:
    """Without ridge the probabilities equal those of statsmodels' binomial GLM on dummies (1e-5); with ridge they are
    those of the minimum that scipy finds (1e-4)."""
    chance = np.random.default_rng(seed)
    rows = 300
    factors = [chance.integers(0, levels, rows) for levels in (7, 4, 3)]
    trials = chance.integers(1, 60, rows).astype(float)
    logit = -1 + sum(chance.normal(0, 0.7, codes.max() + 1)[codes] for codes in factors)
    successes = chance.binomial(trials.astype(int), 1 / (1 + np.exp(-logit))).astype(float)
    dummies = [np.eye(codes.max() + 1)[codes] for codes in factors]
    ours = categorical_logistic(factors, trials, successes, ridge=1e-7)
    design = np.column_stack([np.ones(rows), *(one[:, 1:] for one in dummies)])
    theirs = sm.GLM(np.column_stack([successes, trials - successes]), design, sm.families.Binomial()).fit()
    np.testing.assert_allclose(ours, theirs.predict(design), atol=1e-5)
    full = np.column_stack([np.ones(rows), *dummies])

    def loss(effects: np.ndarray) -> float:
        line = full @ effects
        return float(trials @ np.logaddexp(0, line) - successes @ line + 2.0 * (effects[1:] ** 2).sum() / 2)

    best = optimize.minimize(loss, np.zeros(full.shape[1]), method="BFGS", options={"gtol": 1e-6}).x
    drawn = categorical_logistic(factors, trials, successes, ridge=2.0)
    np.testing.assert_allclose(drawn, 1 / (1 + np.exp(-full @ best)), atol=1e-4)
