"""Figures as one flat table: the columns of `results.parquet` and `results.csv`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from firstcontact.kernel.result import Estimate
from firstcontact.measurement.measures.cut import is_extra
from firstcontact.measurement.measures.row import FIXED_SLICES, ResultRow

RESULT_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("measure", "string", "Id of the measure."),
    ("by", "string", "What the cell was cut by, joined by commas; empty for the whole."),
    ("reason", "string", "Path in the reason tree; missing where not cut by reason."),
    ("reason_level", "int32", "Level of the tree that the path was cut at."),
    ("channel", "string", "Channel; missing where not cut by channel."),
    ("team", "string", "Team; missing where not cut by team."),
    ("queue", "string", "Queue; missing where not cut by queue."),
    ("next_reason", "string", "The reason that follows, for figures about pairs of reasons."),
    ("cause", "string", "The pattern behind failures that the figure is about; missing elsewhere."),
    ("period_grain", "string", "`all`, `week` or `month`."),
    ("period_start", "date", "First day of the period in the business zone; missing for `all`."),
    ("value", "float64", "The figure, in `unit`; missing when refused."),
    ("low", "float64", "Lower end of the interval."),
    ("high", "float64", "Upper end of the interval."),
    ("level", "float64", "Confidence level of the interval; 1 for what was counted and not estimated."),
    ("n", "int64", "How many contacts, issues or answers it rests on."),
    ("maturity", "float64", "Share of the population whose window has closed, 0 to 1."),
    ("status", "string", "`final`, `provisional`, `unsettled` or `refused`."),
    ("unit", "string", "`share`, `seconds`, `days`, `score`, `count` or `money` (in the policy's currency)."),
    ("estimand", "string", "What is estimated."),
    ("refusal_code", "string", "Why there is no figure; missing when there is one."),
    ("refusal_reason", "string", "The same in a sentence."),
    ("would_help", "string", "What would make the figure possible."),
    ("q_value", "float64", "Share of false flags if this and all at least as clear were flagged; missing elsewhere."),
    ("policy", "string", "Name of the policy."),
    ("policy_hash", "string", "Hash of the effective policy: policy and fit."),
    (
        "windows",
        "string",
        "Where the cell's windows come from: `declared`, `learned`, `mixed`; empty: it rests on none.",
    ),
    ("cutoff", "timestamp", "End of complete data, UTC."),
    ("version", "string", "Version of firstcontact."),
)
"""Name, type and meaning of each column. Cuts by further columns of the source add a string column `x_<name>` each."""

_TYPES = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


def result_table(rows: Iterable[ResultRow]) -> pa.Table:
    """One row a figure.

    Args:
        rows: Figures and refusals.

    Returns:
        The columns of `RESULT_COLUMNS`, then one column for each further column that a cut used, by name.
    """
    rows = list(rows)
    further = sorted({name for row in rows for name in row.cell if is_extra(name)})
    flat = [_flat(row, further) for row in rows]
    fields = [pa.field(name, _TYPES[kind]) for name, kind, _ in RESULT_COLUMNS]
    fields += [pa.field(name, pa.string()) for name in further]
    return pa.Table.from_pylist(flat, schema=pa.schema(fields))


def _flat(row: ResultRow, further: list[str]) -> dict[str, Any]:
    result = row.result
    flat: dict[str, Any] = {
        "measure": row.measure,
        "by": row.by,
        "period_grain": row.period_grain,
        "period_start": row.period_start,
        "n": result.n,
        "maturity": result.maturity,
        "estimand": result.estimand,
        "policy": row.policy,
        "policy_hash": row.policy_hash,
        "windows": row.windows,
        "q_value": row.q_value,
        "cutoff": row.cutoff,
        "version": row.version,
    }
    for name, value in row.cell.items():
        if name.startswith("reason_"):
            flat |= {"reason": value, "reason_level": int(name.removeprefix("reason_"))}
        elif name in FIXED_SLICES or name in further:
            flat[name] = value
    if isinstance(result, Estimate):
        names = ("value", "low", "high", "level", "status", "unit")
        return flat | {name: getattr(result, name) for name in names}
    refused = {"refusal_code": result.code, "refusal_reason": result.reason, "would_help": result.would_help}
    return flat | {"status": "refused", **refused}
