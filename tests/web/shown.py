"""A service whose run in force is an invented one, and browsers that look at its pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firstcontact.doors.web import snapshot
from firstcontact.services.find_contacts import USUAL
from firstcontact.services.measure_history import KeptRun
from firstcontact.services.password import Passwords
from firstcontact.services.publish import DAY
from firstcontact.services.run import Run
from firstcontact.services.service import Service

_KINDS = {"started_at": pa.timestamp("us"), "repeat": pa.bool_(), "returned": pa.bool_(), "local_day": pa.date32()}
_SCHEMA = pa.schema([(name, _KINDS.get(name, pa.string())) for name in (*USUAL, DAY)])


CHEAP = Passwords(memory_kib=8, rounds=1)
"""Hashes that cost little, where what they cost is not the question."""


@pytest.fixture
def served(sqlite_service: Service) -> Service:
    """A service whose hashes cost little; what the databases have in it is tested in tests/contract."""
    return replace(sqlite_service, passwords=CHEAP)


class OneRun:
    """A store of runs that holds one run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def current(self) -> KeptRun:
        """The run."""
        moment = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 - UTC, as everywhere inside
        summary = {"zone": "UTC", "headline": {"measure": "fcr_issue"}}
        return KeptRun(self._folder.name, "current", None, 1, "h", moment, 7, "1", self._folder.name, summary, moment)

    def find(self, run_id: str) -> KeptRun | None:
        """The same, by its id."""
        return self.current() if run_id == self._folder.name else None

    def page(self, **_asked: object) -> list[KeptRun]:
        """No other."""
        return []

    def place(self, _run: KeptRun) -> Path:
        """Its directory."""
        return self._folder


Showing = Callable[[Service, Run], Service]


@pytest.fixture
def showing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Showing:
    """Gives a service with an invented run in force. That what is written is read back whole is shown elsewhere
    (tests/contract/test_read_run.py)."""

    def show(service: Service, run: Run) -> Service:
        folder = tmp_path / f"run-{run.run_id}"
        folder.mkdir(exist_ok=True)
        (folder / "results.parquet").touch()
        pq.write_table(_SCHEMA.empty_table(), folder / "contacts.parquet")
        monkeypatch.setattr(snapshot, "read", lambda _: run)
        return replace(service, runs=OneRun(folder))

    return show
