"""A restated week keeps what was said of it before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq

from firstcontact.adapters.stores.folder import WholeFolder
from firstcontact.services.publish import RUN_FILE
from firstcontact.services.restate import HISTORY_COLUMNS, HISTORY_FILE, history, restated
from tests import run_factory


def test_a_run_that_replaces_another_keeps_its_weeks(tmp_path: Path) -> None:
    """The weeks of two runs stand beside each other; the same run written again stands there once; a history that
    cannot be read is left behind."""
    file = tmp_path / HISTORY_FILE
    first = run_factory.centre()
    own = history(first, None)
    assert own.column_names == [name for name, _, _ in HISTORY_COLUMNS]
    assert own.num_rows > 0
    assert set(own["measure"].to_pylist()) <= {"fcr_issue", "r_fcr"}
    pq.write_table(own, file)
    assert history(first, file).equals(own)
    later = replace(first, run_id="later", created_at=first.created_at + timedelta(days=7))
    both = history(later, file)
    assert both.slice(0, own.num_rows).equals(own)
    assert both.num_rows == 2 * own.num_rows
    week = next(row for row in own.to_pylist() if row["value"] is not None)
    said = restated(both, week["measure"], week["period_start"])
    assert [value for _, value in said] == [week["value"]] * 2
    file.write_bytes(b"no table")
    assert history(later, file).num_rows == own.num_rows
    assert history(later, tmp_path / "nowhere").num_rows == own.num_rows


def test_refused_weeks_are_kept_as_refused() -> None:
    """A week that could not be said is kept as such, and is no earlier figure."""
    run = run_factory.all_immature()
    found = history(run, None)
    assert all(status == "refused" for status in found["status"].to_pylist())
    assert all(restated(found, "fcr_issue", week) == [] for week in found["period_start"].to_pylist())


def test_a_directory_tells_of_the_output_that_it_holds(tmp_path: Path) -> None:
    """By name, and nothing of what is not there."""
    folder = WholeFolder(tmp_path / "run", force=True, mark=RUN_FILE)
    assert folder.earlier(HISTORY_FILE) is None
    with folder.writing() as place:
        (place / RUN_FILE).write_text("{}")
        (place / HISTORY_FILE).write_text("x")
    assert folder.earlier(HISTORY_FILE) == tmp_path / "run" / HISTORY_FILE
