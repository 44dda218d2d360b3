"""Compare two sites, teams or any two groups of contacts: on the same mix of work, or refused with the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

import numpy as np

from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, FirstcontactError
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.explain.comparability import Compared, compare
from firstcontact.measurement.explain.comparison import as_result, gather
from firstcontact.measurement.measures.cut import PERIODS, asked

if TYPE_CHECKING:
    from firstcontact.kernel.engine import Engine
    from firstcontact.services.measure import Measured
    from firstcontact.services.run import Run

UNKNOWN_CELL = ErrorKind(
    "FC5043",
    "No contact lies in this cell",
    EXIT_USAGE,
    "`--cells` takes two different values of the column that `--by` names: `--by team --cells north,south`.",
)
COMPARED_BY_ONE = ErrorKind(
    "FC5044",
    "Cells are compared by one column",
    EXIT_USAGE,
    "`--by` takes one column that describes groups of contacts, such as `team`, `queue` or a column of yours; reasons "
    "and periods are what a comparison holds equal.",
)

_OTHERS = frozenset({"organisation", "organization", "company", "tenant", "client", "employer"})
"""Names of columns whose values are organisations of their own."""


@dataclass(frozen=True, slots=True)
class TwoCells:
    """Two cells beside each other.

    Attributes:
        by: The column.
        cells: The two values.
        compared: What was found.
        result: The same as a figure or a refusal.
        words: What is compared.
        run: The measurement it rests on.
    """

    by: str
    cells: tuple[str, str]
    compared: Compared
    result: Estimate | Refusal
    words: str
    run: Run

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        one = self.compared
        mix = one.standardised
        data: dict[str, Any] = {
            "by": self.by,
            "cells": list(self.cells),
            "compared": self.words,
            "estimand": self.result.estimand,
            "n": one.n,
            "policy": self.run.policy.name,
            "policy_hash": self.run.policy_hash,
            "cutoff": self.run.frame.cutoff.isoformat(),
            "against": [str(reason) for reason in one.against],
        }
        if isinstance(self.result, Estimate):
            data["difference"] = {name: getattr(self.result, name) for name in ("value", "low", "high", "level")}
        if mix is not None:
            data |= {"support": mix.support, "overlap": mix.overlap}
        return data


def check_column(by: str) -> None:
    """Refuse columns that are no groups, before any work is done.

    Raises:
        FirstcontactError: FC5044.
    """
    if "," in by or by in PERIODS or by.startswith("reason"):
        fault = COMPARED_BY_ONE.fault(
            where="--by",
            saw="reasons, periods or several columns",
            allowed="one column of groups",
            cure="type --by team, or a column of yours",
        )
        raise FirstcontactError([fault])


def compare_cells(
    engine: Engine,
    measured: Measured,
    by: str,
    cells: tuple[str, str],
    *,
    alike: bool,
    same_organisation: bool,
) -> TwoCells:
    """Compare two groups of contacts.

    Args:
        engine: Where the run's tables are.
        measured: A measurement, cut by the column.
        by: The column that holds both.
        cells: Its two values.
        alike: Whether the user vouches that customers of both give up equally often.
        same_organisation: Whether both belong to one organisation.

    Returns:
        The comparison.

    Raises:
        FirstcontactError: The column or a value cannot be compared (FC5043, FC5044).
    """
    check_column(by)
    run, policy = measured.run, measured.run.policy
    column = asked([by], measured.loaded.extra, policy.calendar.week_start)[0].slices[0].column
    tables = {name: engine.table(table) for name, table in measured.loaded.tables.items()}
    cutoff = round(run.frame.cutoff.replace(tzinfo=UTC).timestamp() * 1_000_000)
    units, evidence, chosen = gather(engine, measured.linked, tables, policy, run.fit, column, cutoff)
    names = ["" if value is None else str(value) for value in units]
    _check(by, cells, names)
    first, second = (np.array([name == cell for name in names], dtype=bool) for cell in cells)
    found = compare(
        evidence,
        first,
        second,
        alike=alike,
        same_organisation=same_organisation and by.casefold() not in _OTHERS,
        level=policy.publish.level,
    )
    words = "contacts truly resolved, from reviews" if found.truly else chosen.words
    estimand = (
        f"difference of the shares of {words}, first minus second, both on their common mix of reasons and channels"
    )
    if not found.truly:
        estimand += ", if unresolved customers of both come back equally often"
    return TwoCells(by, cells, found, as_result(found, estimand, policy.publish.level), words, run)


def _check(by: str, cells: tuple[str, str], names: list[str]) -> None:
    if cells[0] != cells[1] and all(cell in names for cell in cells):
        return
    missing = sum(cell not in names for cell in cells)
    raise FirstcontactError(
        [
            UNKNOWN_CELL.fault(
                where=f"--cells of {by}",
                saw="the same value twice" if not missing else f"{missing} that no contact compared has",
                allowed=f"two of {len(names):,} values",
                cure="take the values as they stand in the file",
            )
        ]
    )
