"""Offsets, days, weeks and months against zoneinfo (Python's own) and pandas (written against 2.3.3); equal exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.kernel.clock import Offset, offsets
from firstcontact.measurement.linking.period import local_day, month_of, week_of
from firstcontact.measurement.linking.portable import microseconds

ZONES = (
    "UTC",
    "Europe/Sofia",
    "Asia/Jerusalem",
    "Asia/Shanghai",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",  # moves by half an hour
    "Pacific/Apia",  # left out a whole day in 2011
    "Asia/Kathmandu",
    "Africa/Casablanca",  # moves around Ramadan
    "Antarctica/Troll",  # moves by two hours
    "America/Sao_Paulo",  # moved at midnight
)


def _utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)


FIRST, LAST = _utc(1970, 1, 1), _utc(2037, 12, 31)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _to_local(table: list[Offset], moment: datetime) -> datetime:
    step = [row for row in table if row.start_utc <= moment][-1]
    return moment + timedelta(seconds=step.seconds)


def _to_utc(table: list[Offset], reading: datetime) -> datetime:
    step = ([row for row in table if row.start_local <= reading] or table[:1])[-1]
    return reading - timedelta(seconds=step.seconds)


@pytest.mark.parametrize("zone", ZONES)
def test_offsets_are_those_of_zoneinfo(zone: str) -> None:
    """UTC to local: 3,000 moments from 1970 to 2037, and a second to either side of every change."""
    table, tz = offsets(zone, FIRST, LAST), ZoneInfo(zone)
    chance = np.random.default_rng(11)
    moments = [
        FIRST + timedelta(seconds=int(s)) for s in chance.integers(0, int((LAST - FIRST).total_seconds()), 3_000)
    ]
    moments += [row.start_utc + timedelta(seconds=s) for row in table[1:] for s in (-1, 0, 1)]
    for moment in moments:
        assert _to_local(table, moment) == moment.replace(tzinfo=UTC).astimezone(tz).replace(tzinfo=None), moment


@pytest.mark.parametrize("zone", ZONES)
def test_wall_clocks_are_understood_as_zoneinfo_does(zone: str) -> None:
    """Local to UTC: in an hour that occurs twice the first occurrence (fold 0), a reading that never occurred moved by
    the length of the gap; around every change in steps of ten minutes, and elsewhere."""
    table, tz = offsets(zone, FIRST, LAST), ZoneInfo(zone)
    chance = np.random.default_rng(12)
    readings = [
        FIRST + timedelta(seconds=int(s)) for s in chance.integers(0, int((LAST - FIRST).total_seconds()), 1_000)
    ]
    for row in table[1:]:
        readings += [row.start_local + timedelta(minutes=m) for m in range(-200, 201, 10)]
    for reading in readings:
        assert _to_utc(table, reading) == _naive(reading.replace(tzinfo=tz)), reading


def test_the_far_past_has_the_mean_time_of_the_place() -> None:
    """Before there were zones, local time was the sun's: Amsterdam's as zoneinfo has it, to the second."""
    table = offsets("Europe/Amsterdam", _utc(1850, 1, 1), _utc(1960, 1, 1))
    for moment in (_utc(1850, 6, 1), _utc(1916, 7, 1, 12), _utc(1938, 1, 1), _utc(1944, 8, 8)):
        there = moment.replace(tzinfo=UTC).astimezone(ZoneInfo("Europe/Amsterdam")).replace(tzinfo=None)
        assert _to_local(table, moment) == there


@pytest.mark.parametrize("microsecond", [1, 500_000, 999_999])
def test_the_search_for_a_change_ends(microsecond: int) -> None:
    """Data that begin a fraction of a second into the hour of a change do not keep the search from ending."""
    for hour in range(24):
        table = offsets("Europe/Sofia", _utc(2024, 3, 20, hour, 0, 0, microsecond), _utc(2024, 4, 3))
        assert [row.start_utc for row in table[1:]] == [_utc(2024, 3, 31, 1)]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Sofia", "Pacific/Apia", "America/Sao_Paulo"])
def test_local_days_weeks_and_months_are_those_of_pandas(engine: DuckDBEngine, zone: str) -> None:
    """The engine's day number, and the week and month made of it, equal pandas' for 5,000 moments to the microsecond,
    the last one before each midnight among them."""
    chance = np.random.default_rng(13)
    span = int((LAST - FIRST).total_seconds())
    moments = pd.DatetimeIndex([FIRST + timedelta(seconds=int(s)) for s in chance.integers(0, span, 5_000)])
    dates = moments[:500].normalize()
    midnights = dates.tz_localize(zone, nonexistent="shift_forward", ambiguous=np.ones(len(dates), dtype=bool))
    before = midnights.tz_convert("UTC").tz_localize(None)
    moments = moments.append([before, before - pd.Timedelta(microseconds=1)]).as_unit("us")
    table = engine.register(pa.table({"place": range(len(moments)), "at": pa.array(moments.to_numpy())}), "moments")
    day = local_day(microseconds(table["at"]), zone, FIRST, LAST)
    found = engine.execute(table.select("place", day=day).order_by("place"))["day"].to_numpy()
    local = moments.tz_localize("UTC").tz_convert(zone).tz_localize(None)
    expected = local.normalize().to_numpy().astype("datetime64[D]").astype(int)
    np.testing.assert_array_equal(found, expected)
    days = [int(d) for d in found[:1_000]]
    for start, pandas_name in (("monday", "W-SUN"), ("sunday", "W-SAT"), ("saturday", "W-FRI")):
        weeks = local[:1_000].to_period(pandas_name).start_time
        assert [week_of(d, start) for d in days] == [w.date() for w in weeks]
    assert [month_of(d) for d in days] == [m.date() for m in local[:1_000].to_period("M").start_time]
