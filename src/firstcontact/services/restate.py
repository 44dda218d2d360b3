"""What earlier runs said of the same weeks: a figure that is restated keeps its earlier versions."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstcontact.kernel.result import Estimate
from firstcontact.services.run import Run

if TYPE_CHECKING:
    import pyarrow as pa

HISTORY_FILE = "history.parquet"
"""In the directory of a run: the weekly figures of this run and of those that it replaced there."""

HISTORY_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("measure", "string", "Id of the measure: `r_fcr` or `fcr_issue`, over all contacts of a week."),
    ("period_start", "date", "First day of the week."),
    ("value", "float64", "The figure; missing where it was refused."),
    ("low", "float64", "Lower end of its interval."),
    ("high", "float64", "Upper end."),
    ("n", "int64", "Openers it rested on."),
    ("maturity", "float64", "Share of the returns that could have come by then."),
    ("status", "string", "`final`, `provisional`, `unsettled` or `refused`."),
    ("run_id", "string", "The run that said so."),
    ("created_at", "timestamp", "When it was made, UTC."),
    ("cutoff", "timestamp", "Its end of complete data, UTC."),
    ("policy_hash", "string", "Hash of its effective policy."),
)
"""Columns of `history.parquet`: name, type, meaning."""

KEPT = frozenset({"r_fcr", "fcr_issue"})


def history(run: Run, earlier: Path | None) -> pa.Table:
    """The weekly figures of a run, after those of the runs that it replaces.

    Args:
        run: The run.
        earlier: The history in the directory that the run will replace, where there is one.

    Returns:
        One row a measure, week and run, earlier runs first. A history that cannot be read is left behind.
    """
    import pyarrow as pa

    rows = [_row(run, row) for row in run.rows if row.measure in KEPT and row.by == "week"]
    own = pa.Table.from_pylist(rows, schema=_schema())
    known = _read(earlier)
    if known is None:
        return own
    before = known.filter(pa.compute.not_equal(known["run_id"], run.run_id))
    return pa.concat_tables([before, own])


def _row(run: Run, row: Any) -> dict[str, Any]:
    result = row.result
    told = isinstance(result, Estimate)
    return {
        "measure": row.measure,
        "period_start": row.period_start,
        "value": result.value if told else None,
        "low": result.low if told else None,
        "high": result.high if told else None,
        "n": result.n,
        "maturity": result.maturity,
        "status": result.status if told else "refused",
        "run_id": run.run_id,
        "created_at": _utc(run.created_at),
        "cutoff": _utc(run.frame.cutoff),
        "policy_hash": run.policy_hash,
    }


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _read(path: Path | None) -> pa.Table | None:
    import pyarrow as pa
    import pyarrow.compute
    import pyarrow.parquet as pq

    if path is None or not path.is_file():
        return None
    try:
        found = pq.read_table(path)
    except (OSError, pa.ArrowException):
        return None
    return found if found.schema.equals(_schema()) else None


def _schema() -> pa.Schema:
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "date": pa.date32(),
        "float64": pa.float64(),
        "int64": pa.int64(),
        "timestamp": pa.timestamp("us"),
    }
    return pa.schema([pa.field(name, types[kind]) for name, kind, _ in HISTORY_COLUMNS])


def restated(found: pa.Table, measure: str, week: date) -> list[tuple[datetime, float]]:
    """What was said of one week, in the order of the runs: (cut-off, figure); refusals left out."""
    rows = sorted(found.to_pylist(), key=lambda row: row["created_at"])
    return [
        (row["cutoff"], row["value"])
        for row in rows
        if row["measure"] == measure and row["period_start"] == week and row["value"] is not None
    ]
