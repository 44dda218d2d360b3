"""What all tests may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from firstcontact.adapters.engines.duckdb import DuckDBEngine

SERVICENOW = Path(__file__).parents[2] / "shared" / "data" / "servicenow-incidents" / "incident_event_log.zip"


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
