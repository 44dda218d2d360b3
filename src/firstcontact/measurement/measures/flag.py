"""Which cells of a run stand out: all that are ranked or listed are looked at, and few flags are false."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.measures.cut import PERIODS
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.statistics.discovery import q_values
from firstcontact.statistics.rest import against_rest

if TYPE_CHECKING:
    from firstcontact.measurement.measures.cut import Cut
    from firstcontact.measurement.measures.reduce import Sums
    from firstcontact.measurement.policy.model import Policy

FALSE_FLAGS = 0.05
"""The share of false flags among all flags that is accepted."""


def looked_at(policy: Policy, cut: Cut) -> str:
    """The measure whose cells are looked at in a cut: the policy's headline; none in the whole, weeks and months.

    Periods are not ranked, and what moves in time is for other methods.
    """
    if not cut.slices or any(one.name in PERIODS for one in cut.slices):
        return ""
    return "fcr_issue" if policy.link.index == "openers" else "fcr_contact"


def chances(sums: Sums, results: Sequence[Estimate | Refusal], whole: Sums) -> list[float | None]:
    """How likely chance alone sets each cell as far apart from the rest of the run.

    Args:
        sums: Of the measure that is looked at, by cell and bucket.
        results: Its figures.
        whole: The same sums for all cells of the run.

    Returns:
        A p-value a cell; None for cells that are refused, leave cases open, or are too small to be tested.
    """
    found = against_rest(sums.count, sums.total, whole.count.sum(axis=0), whole.total.sum(axis=0))
    return [
        float(p) if isinstance(result, Estimate) and result.status != "unsettled" and np.isfinite(p) else None
        for p, result in zip(found, results, strict=True)
    ]


def settle(rows: Sequence[ResultRow]) -> list[ResultRow]:
    """Turn the p-values that rows hold for now into q-values: for that, all cells of the run must be known."""
    tested = [place for place, row in enumerate(rows) if row.q_value is not None]
    found = list(rows)
    for place, q in zip(tested, q_values(np.array([rows[place].q_value for place in tested])), strict=True):
        found[place] = replace(rows[place], q_value=float(q))
    return found


def flagged(row: ResultRow) -> bool:
    """Whether a cell differs from the rest of its run by more than chance, all cells looked at taken together."""
    return row.q_value is not None and row.q_value <= FALSE_FLAGS
