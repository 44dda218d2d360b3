"""The library's face fails in the words that the command fails in."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

import firstcontact as fc


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of a small simulated centre."""
    folder = tmp_path_factory.mktemp("log")
    for name, table in fc.simulate(contacts=3_000, seed=5).tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    return folder


@pytest.fixture(scope="module")
def measured(log: Path) -> Iterator[fc.Measurement]:
    """A measurement of it."""
    with fc.measure(log) as measurement:
        yield measurement


def test_too_little_memory_is_said_with_its_code(log: Path, tmp_path: Path) -> None:
    """FC9003 from `measure` itself, not the engine's own exception."""
    for name, table in fc.simulate(contacts=30_000, seed=3).tables.items():
        pq.write_table(table, tmp_path / f"{name}.parquet")
    with pytest.raises(fc.FirstcontactError) as raised:
        fc.measure(tmp_path, memory="64MB")
    assert [fault.kind.code for fault in raised.value.faults] == ["FC9003"]


@pytest.mark.parametrize("ask", ["contacts", "issues", "save"])
def test_whatever_is_asked_for_later_is_explained_too(
    measured: fc.Measurement, ask: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables and files of a finished measurement need memory as well: FC9003; and room on disk: `OSError`."""
    failing: list[Exception] = [duckdb.OutOfMemoryException("no"), duckdb.IOException("No space left on device")]

    def fail(*_: object) -> None:
        raise failing.pop(0)

    for step in ("execute", "write_parquet"):
        monkeypatch.setattr(measured._engine, step, fail)
    arguments = [tmp_path / "run"] if ask == "save" else []
    with pytest.raises(fc.FirstcontactError) as raised:
        getattr(measured, ask)(*arguments)
    assert [fault.kind.code for fault in raised.value.faults] == ["FC9003"]
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        getattr(measured, ask)(*arguments)
    assert not (tmp_path / "run").exists()
