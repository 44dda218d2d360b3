"""On simulated centres, caused returns are told from coincidental ones, contact by contact and in every cell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.contacts.table import NO_REASON
from firstcontact.measurement.annotate.returns import COLUMNS, annotate
from firstcontact.measurement.fit.declared import declare, with_models
from firstcontact.measurement.fit.learn import learn
from firstcontact.measurement.fit.tally import tally
from firstcontact.measurement.prove.context import Context
from firstcontact.measurement.prove.return_separation import PROOF
from firstcontact.measurement.prove.world import TRIALS


@contextmanager
def opened() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(threads=2)
    try:
        yield engine
    finally:
        engine.close()


@pytest.mark.full
def test_the_acceptance_line_holds() -> None:
    """A2 at 20 seeds: every threshold is met."""
    rows = PROOF.run(Context(opened, 20))
    assert [row.what for row in rows if row.met is False] == []


def test_every_reason_is_right_and_so_is_every_cell() -> None:
    """One centre of 20,000 patient customers: R-FCR of each reason within 2 points and of all within half a point; sums
    over contacts give the same; of contacts with P(caused) near p a share p was caused; young contacts are right."""
    context = Context(opened)
    world = TRIALS["base"].world("channels.phone.abandonment=0", "channels.chat.abandonment=0")
    with context.observe(world, context.size(20_000), 4) as seen:
        recorded = [None if reason == NO_REASON else reason for reason in seen.reasons]
        models = learn(tally(seen.engine, seen.contacts, seen.policy, seen.frame, recorded), seen.policy.publish)
        truth = {row["reason"]: row for row in seen.simulation.truth.tables["reason_truth"].to_pylist()}
        assert {model.state for model in models} == {"learned"}
        assert [model.cycle_days for model in models if model.cycle_days] == [pytest.approx(30, abs=0.5)]
        for model in models:
            row = truth[model.reason]
            assert model.r_fcr == pytest.approx(row["r_fcr_expected"], abs=0.02)
            assert model.window_days == pytest.approx(row["delay_q95_days"], rel=0.25, abs=2)
        weights = np.array([truth[model.reason]["openers"] for model in models], dtype=float)
        found = np.average([model.r_fcr for model in models], weights=weights)
        true = np.average([truth[model.reason]["r_fcr"] for model in models], weights=weights)
        assert found == pytest.approx(true, abs=0.005)

        fit = with_models(seen.policy, declare(seen.policy, seen.reasons), models)
        marked = annotate(seen.engine, seen.contacts, fit, seen.policy, seen.frame, recorded)
        marked = seen.engine.materialise(marked, "marked")
        index = marked.filter(marked.index_eligible)
        sums = index.group_by("reason").aggregate(net=index.net_return.sum(), exposure=index.exposure.sum())
        by_sums = {row["reason"]: 1 - row["net"] / row["exposure"] for row in seen.engine.execute(sums).to_pylist()}
        for model in models:
            assert by_sums[model.reason] == pytest.approx(model.r_fcr, abs=0.003)

        both = marked.join(seen.truth.select("contact_id", "caused_repeat_of"), "contact_id")
        both = both.filter(both.p_caused.notnull())
        both = both.mutate(tenth=(both.p_caused * 10).floor(), caused=both.caused_repeat_of.notnull().cast("float64"))
        tenths = both.group_by("tenth").aggregate(said=both.p_caused.mean(), was=both.caused.mean(), n=both.count())
        for row in seen.engine.execute(tenths).to_pylist():
            assert row["said"] == pytest.approx(row["was"], abs=0.08 if row["n"] > 1_000 else 0.2)

        month = seen.truth.select("contact_id", "causes_repeat").join(index, "contact_id")
        month = month.filter((month.latency < 0.999) & (month.latency > 0.2))
        young = month.aggregate(
            net=month.net_return.sum(), exposure=month.exposure.sum(), was=month.causes_repeat.cast("float64").mean()
        )
        (row,) = seen.engine.execute(young).to_pylist()
        assert row["net"] / row["exposure"] == pytest.approx(row["was"], abs=0.03)


def test_without_models_nothing_is_said(engine) -> None:
    """Where nothing was learned the columns are there, and empty."""
    context = Context(opened)
    with context.observe(TRIALS["base"].world(), 2_000, 1) as seen:
        fit = declare(seen.policy, seen.reasons)
        marked = annotate(seen.engine, seen.contacts, fit, seen.policy, seen.frame, list(seen.reasons))
        rows = seen.engine.execute(marked.select(*COLUMNS))
        assert all(rows[name].null_count == len(rows) for name in COLUMNS)
