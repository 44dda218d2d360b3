"""How often customers come back for another reason beyond what explains it: where wrong codes would show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.kernel.result import Estimate
from firstcontact.statistics.miscoding import crossing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from firstcontact.measurement.explain.explanation import Context
    from firstcontact.measurement.explain.sequence import Reduced
    from firstcontact.measurement.measures.row import ResultRow
    from firstcontact.statistics.sequence_symmetry import Sequences

CROSSING = "other_reason_returns"
CROSSING_ESTIMAND = (
    "openers for another reason that follow an opener, for each opener, beyond what comes anyway and what pairs of "
    "reasons bring that go one way: wrong codes would show here"
)


def crossing_rows(context: Context, found: Reduced, result: Sequences, edges: NDArray[np.int64]) -> list[ResultRow]:
    """One row for the whole; none where too few customers came.

    Args:
        context: The run.
        found: What was counted.
        result: What follows from it.
        edges: Numbers of the directed pairs that are a finding of their own.
    """
    level = context.policy.publish.level
    told = crossing(found.cross, found.sums, result, edges, level)
    if told is None or told.openers < context.policy.publish.minimum_sample:
        return []
    figure = Estimate(told.share, told.low, told.high, level, told.openers, CROSSING_ESTIMAND)
    return [context.row(CROSSING, figure)]
