"""Is R-FCR of the whole that of all first contacts? A common reason that fails often has few openers."""

from __future__ import annotations

import os
from datetime import datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest

from firstcontact import bootstrap
from firstcontact.kernel.result import Estimate
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.prove.world import TRIALS
from firstcontact.measurement.simulator.generate import simulate
from firstcontact.measurement.simulator.world import World
from firstcontact.services.measure import measure
from firstcontact.services.prepare import Options
from firstcontact.services.prove import Simulated

FULL = os.environ.get("FIRSTCONTACT_FULL") == "1"
PATIENT = tuple(f"channels.{channel.name}.abandonment=0" for channel in World().channels)
COMMON = ("reasons.delivery.rate=4", "reasons.delivery.unresolved=0.5")


@pytest.mark.parametrize("seed", range(1, 9) if FULL else [3])
def test_the_whole_has_the_reasons_of_all_first_contacts(seed: int) -> None:
    """In a centre where two in five issues are of one reason that fails often, less than 0.3 of the openers are, and
    the mean opener flatters by some 4 points. Weighed, openers have the reasons of all first contacts to a point, and
    R-FCR of the whole is right, with an interval that says so; that of a reason is what it is without weights."""
    simulation = simulate(TRIALS["base"].world(*PATIENT, *COMMON), contacts=40_000, seed=seed)
    truth = {row["reason"]: row for row in simulation.truth.tables["reason_truth"].to_pylist()}
    first = sum(row["openers"] for row in truth.values())
    start = datetime.combine(simulation.world.start, time())
    options = Options(
        Policy(),
        zone="UTC",
        cutoff=start + timedelta(days=simulation.world.days),
        definitions=False,
        explanations=False,
        detail=False,
    )
    with bootstrap.engine() as engine:
        found = measure(engine, Simulated(simulation), [Path("log")], options, now=lambda: start, version="0")
        linked = found.linked
        own = linked.filter(linked.exposure.notnull() & linked.excluded_code.isnull())
        own = own.mutate(weighed=own.exposure * own.mix_weight)
        sums = own.group_by("reason").aggregate(
            exposure=own.exposure.sum(), net=own.net_return.sum(), weighed=own.weighed.sum()
        )
        rows = {row["reason"]: row for row in engine.execute(sums).to_pylist()}
    exposure, weighed = (np.array([row[name] for row in rows.values()]) for name in ("exposure", "weighed"))
    shares = np.array([truth[reason]["openers"] / first for reason in rows])
    assert np.abs(weighed / weighed.sum() - shares).max() < 0.012
    assert np.abs(exposure / exposure.sum() - shares).max() > 0.1
    expected = simulation.truth.summary["truth"]["r_fcr_expected"]
    plain = 1 - sum(row["net"] for row in rows.values()) / exposure.sum()
    whole = found.run.figure("r_fcr")
    assert isinstance(whole, Estimate)
    assert plain - expected > 0.025
    assert whole.low <= expected <= whole.high < expected + 0.05
    assert abs(whole.value - expected) < 0.015
    delivery = next(
        row.result for row in found.run.slices("r_fcr", "reason_2") if "orders > delivery" in row.cell.values()
    )
    assert isinstance(delivery, Estimate)
    alone = 1 - rows["orders > delivery"]["net"] / rows["orders > delivery"]["exposure"]
    assert delivery.value == pytest.approx(alone, abs=1e-7)
