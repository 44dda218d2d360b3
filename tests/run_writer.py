"""Writes an invented run as `firstcontact measure` would, without measuring anything."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from firstcontact.measurement.measures.result_table import result_table
from firstcontact.measurement.policy.write import write_policy
from firstcontact.services.publish import ledger_data, run_data
from firstcontact.services.run import Run
from firstcontact.services.told import told_data


def write_run(run: Run, folder: Path) -> Path:
    """The files of a run that are read again later."""
    folder.mkdir()
    pq.write_table(result_table(run.rows), folder / "results.parquet")
    told = {"ledger": ledger_data(run), "fit": run.fit.as_dict(), "run": run_data(run), "told": told_data(run)}
    for name, data in told.items():
        (folder / f"{name}.json").write_text(json.dumps(data, default=_plain), encoding="utf-8")
    (folder / "policy.toml").write_text(write_policy(run.policy), encoding="utf-8")
    return folder


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
