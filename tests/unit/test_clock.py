"""The clock and the zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from firstcontact.kernel.clock import now, offsets, zone_exists


def test_now_is_in_utc() -> None:
    """The present moment knows its zone."""
    assert now().tzinfo is UTC


@pytest.mark.parametrize(
    ("name", "exists"),
    [("Europe/Sofia", True), ("UTC", True), ("Europe/Atlantis", False), ("", False), ("../etc/passwd", False)],
)
def test_zones_are_known_by_name(name: str, exists: bool) -> None:
    """A name that is no zone, or is a path, is no zone and no crash."""
    assert zone_exists(name) is exists


def test_offsets_are_in_order_and_differ() -> None:
    """Twenty years of Sofia: two changes a year, in order, each to another offset."""
    first = datetime(2004, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    table = offsets("Europe/Sofia", first, first + timedelta(days=20 * 365.25))
    assert len(table) == 41
    assert all(a.start_utc < b.start_utc and a.start_local < b.start_local for a, b in pairwise(table))
    assert all(a.seconds != b.seconds for a, b in pairwise(table))


def test_a_zone_without_changes_has_one_offset() -> None:
    """UTC is UTC."""
    moment = datetime(2024, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    assert [step.seconds for step in offsets("UTC", moment, moment)] == [0]
