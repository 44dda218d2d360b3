"""Run every explanation on a run's linked contacts."""

from __future__ import annotations

from collections.abc import Sequence

from firstcontact.kernel.progress import Progress, silent
from firstcontact.measurement.explain.catalog import EXPLANATIONS
from firstcontact.measurement.explain.explanation import Context, Explanation
from firstcontact.measurement.measures.row import ResultRow


def explain(
    context: Context, progress: Progress = silent, explanations: Sequence[Explanation] = EXPLANATIONS
) -> list[ResultRow]:
    """Make the rows of every explanation that the data allow.

    Args:
        context: The run's contacts and what is known about them.
        progress: Told about each explanation.
        explanations: Which; all where not given.

    Returns:
        Result rows, explanations in their order.
    """
    rows: list[ResultRow] = []
    for one in explanations:
        if one.needs_customer and "customer" not in context.has:
            continue
        progress(one.title)
        rows += one.explain(context)
        for name in one.keeps:
            context.engine.drop(name)
    return rows


def supersede(plain: Sequence[ResultRow], explained: Sequence[ResultRow]) -> list[ResultRow]:
    """All rows, each figure once: what an explanation says of a cell replaces the plain figure of the same measure.

    Args:
        plain: Rows of the measures.
        explained: Rows of the explanations.

    Returns:
        Plain rows that nothing replaces, then the explanations'.
    """
    taken = {_place(row) for row in explained}
    return [row for row in plain if _place(row) not in taken] + list(explained)


def _place(row: ResultRow) -> tuple[object, ...]:
    return row.measure, row.by, tuple(sorted(row.cell.items())), row.period_grain, row.period_start
