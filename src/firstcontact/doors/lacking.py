"""Why R-FCR is refused, in terms of what would change it: for the report, the terminal and the notebook."""

from __future__ import annotations

from firstcontact.kernel.result import SIGNAL_ABSENT, Estimate, Refusal
from firstcontact.services.run import Run


def explained(run: Run, measure: str, result: Estimate | Refusal) -> Estimate | Refusal:
    """A figure as it is to be told: where nothing was learned, with what the largest reason lacks.

    "The data do not hold what it needs" helps nobody; "28 more days of complete data" does.

    Args:
        run: The run.
        measure: Id of the measure.
        result: Its figure for the whole.
    """
    if measure != "r_fcr" or not isinstance(result, Refusal) or result.code != SIGNAL_ABSENT.code:
        return result
    lacked = [row.result for row in run.rows if row.measure == "repeat_window_days" and isinstance(row.result, Refusal)]
    if not lacked:
        return result
    most = max(lacked, key=lambda one: one.n)
    return Refusal(most.kind, most.reason, most.would_help, result.n, result.estimand)
