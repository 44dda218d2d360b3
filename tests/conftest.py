"""What all tests may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as profiles

from firstcontact.adapters.engines.duckdb import DuckDBEngine
from tests.service_fixture import caller, client, database_url, postgresql, service, settings, sqlite_service
from tests.web.shown import served, showing

__all__ = [
    "caller",
    "client",
    "database_url",
    "postgresql",
    "served",
    "service",
    "settings",
    "showing",
    "sqlite_service",
]

FULL = os.environ.get("FIRSTCONTACT_FULL") == "1"
"""Whether this is `make test-full`, the nightly size."""

# Derandomised, so that a red build is red for everybody; the nightly size looks further. A test that names its own
# `max_examples` gives up the nightly size, so tests do not.
profiles.register_profile("everyday", max_examples=60, deadline=None, derandomize=True, print_blob=True)
profiles.register_profile(
    "nightly", max_examples=10_000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
profiles.load_profile("nightly" if FULL else "everyday")

SERVICENOW = Path(__file__).parents[2] / "shared" / "data" / "servicenow-incidents" / "incident_event_log.zip"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave tests of the nightly size to `make test-full`."""
    for item in items:
        if not FULL and item.get_closest_marker("full"):
            item.add_marker(pytest.mark.skip(reason="nightly size: make test-full"))


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    """A fresh engine, closed afterwards."""
    engine = DuckDBEngine(threads=2)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def servicenow() -> Path:
    """The real incident log; tests that need it skip where it is absent."""
    if not SERVICENOW.exists():
        pytest.skip("the real ServiceNow incident log is not on this machine (shared/data/servicenow-incidents)")
    return SERVICENOW
