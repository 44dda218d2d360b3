"""A run as it stands in its directory: plain data, whatever version of firstcontact wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from firstcontact.measurement.measures.row import ResultRow, slice_of

RUN_FORMAT = 1
"""Raised when a directory of a run changes so that earlier versions of firstcontact would misread it."""

_CELL_COLUMNS = ("reason", "reason_level", "channel", "team", "queue")
_EXTRA = "x_"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of `results.parquet`.

    Attributes:
        measure: Id of the measure.
        by: What the cell was cut by; empty for the whole.
        cell: The cell: its values, in the order of the columns; the first day for a period.
        value: The figure; None when refused.
        low: Lower end of its interval.
        high: Upper end.
        level: Confidence level.
        n: How many it rests on.
        unit: `share`, `seconds`, `score` or `count`; empty when refused.
        status: `final`, `provisional`, `unsettled` or `refused`.
        refusal: Code of the refusal; empty when there is a figure.
    """

    measure: str
    by: str
    cell: tuple[str, ...]
    value: float | None
    low: float | None
    high: float | None
    level: float
    n: int
    unit: str
    status: str
    refusal: str

    @property
    def key(self) -> tuple[str, str, tuple[str, ...]]:
        """What it has in common with the same figure of another run."""
        return self.measure, self.by, self.cell


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run that was written earlier.

    Attributes:
        place: Its directory, as the user named it.
        run: `run.json`.
        figures: `results.parquet`.
        policy: `policy.toml`, as plain data.
        fit: `fit.json`.
        ledger: `ledger.json`.
    """

    place: str
    run: dict[str, Any]
    figures: tuple[Figure, ...]
    policy: dict[str, Any]
    fit: dict[str, Any]
    ledger: dict[str, Any]

    @property
    def headline_measure(self) -> str:
        """The measure that its policy publishes."""
        return str(self.run.get("headline", {}).get("measure", "fcr_issue"))

    @property
    def options(self) -> dict[str, Any] | None:
        """What its user decided about it, as `Run.options`; None where its version did not note it."""
        options = self.run.get("options")
        return options if isinstance(options, dict) and options else None

    @property
    def version(self) -> str:
        """Version of firstcontact that made it."""
        return str(self.run.get("version", "unknown"))


class RunReader(Protocol):
    """What reads runs."""

    def read(self, places: Sequence[Path]) -> list[RunRecord]:
        """Read runs, or raise everything that is wrong with all of them."""


def key_of(row: ResultRow) -> tuple[str, str, tuple[str, ...]]:
    """What a figure of a run that was read back whole has in common with its `Figure`: the same as `Figure.key`."""
    cell = {slice_of(name): value for name, value in row.cell.items()}
    names = [*_CELL_COLUMNS, *sorted(name for name in cell if name.startswith(_EXTRA))]
    values = [cell[name] for name in names if name in cell]
    return row.measure, row.by, (*values, *([str(row.period_start)] if row.period_start else []))


def figure(row: dict[str, Any]) -> Figure:
    """A row of the results, whatever further columns it has and whichever it lacks."""
    names = [*_CELL_COLUMNS, *sorted(name for name in row if name.startswith(_EXTRA)), "period_start"]
    value = row.get("value")
    return Figure(
        measure=str(row["measure"]),
        by=str(row.get("by") or ""),
        cell=tuple(str(row[name]) for name in names if row.get(name) is not None and name != "reason_level"),
        value=value,
        low=row.get("low"),
        high=row.get("high"),
        level=float(row.get("level") or 0.95),
        n=int(row.get("n") or 0),
        unit=str(row.get("unit") or ""),
        status=str(row.get("status") or ("final" if value is not None else "refused")),
        refusal=str(row.get("refusal_code") or ""),
    )
