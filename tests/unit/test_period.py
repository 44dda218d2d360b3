"""Weeks are the same whether Python or an engine counts them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.measurement.linking.period import week_begin, week_of


@pytest.mark.parametrize("week_start", ["monday", "saturday", "sunday"])
def test_a_week_begins_on_the_same_day_in_an_expression(week_start: str) -> None:
    """Every day of two years, and days before 1970."""
    days = [*range(-30, 30), *range(19_000, 19_730)]
    engine = DuckDBEngine(threads=1)
    try:
        table = engine.register(pa.table({"day": pa.array(days, pa.int64())}), "days")
        rows = engine.execute(table.mutate(first=week_begin(table.day, week_start))).to_pylist()
    finally:
        engine.close()
    assert [week_of(row["first"], week_start) for row in rows] == [week_of(row["day"], week_start) for row in rows]
    assert all(0 <= row["day"] - row["first"] < 7 for row in rows)
