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
    return rows
