"""R-FCR of a simulated log against pandas, row by row, and against Kaplan-Meier where nothing comes by coincidence.

Generators: pandas 2.3, lifelines 0.30; November 2026. Tolerance 1e-9 against pandas.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

import numpy as np
import pytest
from lifelines import KaplanMeierFitter

from firstcontact.kernel.errors import Faults
from firstcontact.kernel.result import Estimate
from firstcontact.measurement.annotate.returns import annotate
from firstcontact.measurement.fit.declared import Fit, declare
from firstcontact.measurement.fit.model import LAG_BINS, LAG_EDGES, ReturnModel
from firstcontact.measurement.fit.season import seasons
from firstcontact.measurement.fit.tally import follow, keys_of
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.linking.identity import identify
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.linking.portable import DAY_US
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.measurement.measures.estimate import estimate
from firstcontact.measurement.measures.reduce import reduce
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.simulator.generate import simulate
from firstcontact.measurement.simulator.world_file import read_world

TAU = 45.0
POLICY = Policy()


def _linked(engine):
    simulation = simulate(read_world(None, (), Faults()), contacts=12_000, seed=4)
    tables = {name: engine.register(rows, f"oracle_{name}") for name, rows in simulation.tables.items()}
    tables["contacts"] = identify(engine, tables["contacts"], tables["identifiers"]).contacts
    start = datetime.combine(simulation.world.start, time())
    frame = Frame(start, start, start + timedelta(days=420))
    reasons = simulation.tables["contacts"]["reason"].unique().to_pylist()
    named = sorted(reason for reason in reasons if reason)
    keep = ("customer", "bucket", "reason", "ended_at")
    linked = link(engine, tables, POLICY, declare(POLICY, named), frame, keep=keep, detail=False)
    return linked, reasons, named, frame


def _model(reason: str, rate: float) -> ReturnModel:
    return ReturnModel(
        reason,
        "learned",
        openers=1,
        returns=1,
        tau_days=TAU,
        background=tuple(rate * edge for edge in LAG_EDGES),
        latency=tuple(min((edge / TAU) ** 0.5, 1.0) for edge in LAG_EDGES),
        latency_se=(0.0,) * len(LAG_EDGES),
        caused=(1.0,) * LAG_BINS,
        r_fcr=0.8,
    )


def _figure(engine, told) -> Estimate:
    measure = MEASURES["r_fcr"]
    found = estimate(measure, reduce(engine, told, [measure], POLICY, []).sums["r_fcr"], POLICY)[0]
    assert isinstance(found, Estimate)
    return found


def _busier(engine, linked, frame, reasons, rows, age):
    """How much more often than usual known customers came in each opener's time."""
    season = seasons(engine, linked, follow(linked, frame), frame)
    first = (rows.anchor_us - np.datetime64(frame.data_start, "us").astype(np.int64)) / DAY_US
    found = np.ones(len(rows))
    for key, reason in keys_of(reasons, POLICY).items():
        own = (rows.reason == reason).to_numpy()
        upto = np.concatenate([[0], np.cumsum(season.by_day([key]))])
        usual = np.interp(
            age[own], LAG_EDGES, np.concatenate([[0], np.cumsum(season.by_lag([key]) * np.diff(LAG_EDGES))])
        )
        passed = [np.interp(moment[own], np.arange(len(upto)), upto) for moment in (first, first + age)]
        found[own] = (passed[1] - passed[0]) / usual
    assert 0.05 < np.ptp(found) < 1
    return found


def test_r_fcr_is_what_pandas_finds_row_by_row(engine) -> None:
    """The sums over cells and buckets are those of the formula written out for every opener."""
    linked, reasons, named, frame = _linked(engine)
    rates = {reason: 0.001 * (place + 1) for place, reason in enumerate(named)}
    fit = Fit(declare(POLICY, named).windows, models=tuple(_model(*pair) for pair in rates.items()))
    told = annotate(engine, linked, fit, POLICY, frame, reasons)
    found = _figure(engine, told)

    rows = engine.execute(linked).to_pandas()
    rows = rows[rows.opener & ~rows.left_censored & rows.excluded_code.isna() & rows.reason.notna()]
    cutoff = np.datetime64(frame.cutoff, "us").astype(np.int64)
    age = np.clip((cutoff - rows.anchor_us) / DAY_US, 0, TAU)
    # Under this policy gaps run from the end, so that a contact's own time is at lag 0.
    lasted = (rows.anchor_us - rows.start_us) / DAY_US
    rate = rows.reason.map(rates)
    chance = 1 - np.exp(
        -rate * (age + np.where(age > 0, lasted, 0)) * _busier(engine, linked, frame, reasons, rows, age)
    )
    grid = np.interp(age, LAG_EDGES, np.minimum((np.array(LAG_EDGES) / TAU) ** 0.5, 1.0))
    seen = rows.next_gap_us.notna() & (rows.next_gap_us / DAY_US < age)
    assert found.n == len(rows)
    assert found.value == pytest.approx(1 - (seen - chance).sum() / (grid * (1 - chance)).sum(), abs=1e-9)


def test_without_coincidence_it_is_kaplan_meier(engine) -> None:
    """Where nothing comes by coincidence and the latency is what was seen, R-FCR is Kaplan and Meier's estimate."""
    linked, reasons, named, frame = _linked(engine)
    rows = engine.execute(linked).to_pandas()
    rows = rows[rows.opener & ~rows.left_censored & rows.excluded_code.isna() & rows.reason.notna()]
    cutoff = np.datetime64(frame.cutoff, "us").astype(np.int64)
    age = np.minimum((cutoff - rows.anchor_us) / DAY_US, TAU)
    gap = rows.next_gap_us.fillna(np.inf) / DAY_US
    curve = KaplanMeierFitter().fit(np.minimum(gap, age), gap < age)
    by = 1 - curve.predict(np.minimum(LAG_EDGES, TAU - 1e-9)).to_numpy()
    models = []
    for reason in named:
        plain = _model(reason, 0.0)
        latency = tuple(np.where(np.array(LAG_EDGES) < TAU, by / by[-1], 1.0).tolist())
        models.append(ReturnModel(**{**{name: getattr(plain, name) for name in plain.__slots__}, "latency": latency}))
    told = annotate(engine, linked, Fit(declare(POLICY, named).windows, models=tuple(models)), POLICY, frame, reasons)
    assert _figure(engine, told).value == pytest.approx(float(curve.predict(TAU - 1e-9)), abs=0.001)
