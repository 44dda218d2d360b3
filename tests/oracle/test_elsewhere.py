"""When customers come for other reasons, counted by the engine and one by one."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.measurement.fit.elsewhere import elsewhere, nowhere
from firstcontact.measurement.linking.portable import DAY_US
from firstcontact.measurement.prove.context import Context
from firstcontact.measurement.prove.world import TRIALS
from firstcontact.statistics.coincidence import Law, hazard, law_of_spread


def test_the_engine_counts_what_is_counted_one_by_one() -> None:
    """Of each opener: the next contact of its customer for another reason, the cut-off, or 180 days."""
    with Context(lambda: closing(DuckDBEngine(threads=1))).observe(TRIALS["base"].world(), 2_000, 5) as seen:
        linked = seen.contacts
        looked_at = linked.takes_part & linked.opener
        found = elsewhere(seen.engine, linked, looked_at, 1_000, seen.frame)
        rows = seen.engine.execute(
            linked.filter(linked.takes_part).select("customer", "key", "opener", "start_us", "anchor_us")
        ).to_pylist()
    start = int(np.datetime64(seen.frame.cutoff, "us").astype(np.int64))
    by_customer: dict[int, list[dict]] = {}
    for row in rows:
        by_customer.setdefault(row["customer"], []).append(row)
    events, exposure = np.zeros_like(found.events), np.zeros_like(found.exposure)
    for row in rows:
        if not row["opener"]:
            continue
        later = [
            other["start_us"]
            for other in by_customer[row["customer"]]
            if other["key"] != row["key"] and other["start_us"] > row["start_us"]
        ]
        gap = min(later, default=10**18) - row["anchor_us"]
        end = min(start - row["anchor_us"], 180 * DAY_US)
        if min(gap, end) < 0:
            continue
        days = min(gap, end) / DAY_US
        exposure[row["key"]] += np.clip(days - np.arange(180), 0, 1)
        if gap < end:
            events[row["key"], int(days)] += 1
    assert events.sum() > 300
    assert found.events == pytest.approx(events)
    assert found.exposure == pytest.approx(exposure, abs=1e-4 * len(rows))


def test_nothing_known_is_a_flat_law_and_a_known_one_is_found() -> None:
    """No other reasons tell nothing; hazards that fall as the law says give back their spread."""
    lag = nowhere().lag
    assert law_of_spread(nowhere().events, nowhere().exposure, lag) == Law(
        pytest.approx(0.475), pytest.approx(0.305, abs=1e-3)
    )
    exposure = np.full((3, 180), 5_000.0)
    rates = np.array([0.01, 0.02, 0.03])
    for spread in (0.2, 0.5, 0.8):
        law = law_of_spread(hazard(rates, lag, spread) * exposure, exposure, lag)
        assert law.mean == pytest.approx(spread, abs=0.02)
        assert law.sd == pytest.approx(0.1, abs=0.02)
