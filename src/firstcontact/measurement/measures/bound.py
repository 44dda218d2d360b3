"""R-FCR bounds T-FCR from above: what follows where T-FCR is unknown, and where both are known and contradictory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from firstcontact.kernel.finding import Finding
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.measures.catalog import AUDITED
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.measurement.measures.t_fcr import LEAST_LABELS, TOO_FEW_LABELS
from firstcontact.statistics.resolution_bound import resolution_bounds

ABOVE, BELOW = "r_fcr", "t_fcr"


def bound_by_returns(rows: Sequence[ResultRow], return_least: float) -> list[ResultRow]:
    """All rows, each T-FCR that lacks reviews with the bounds that R-FCR of the same cell gives.

    Args:
        rows: Rows of a run.
        return_least: At least this share of the customers with an unresolved issue come back: the policy says so.

    Returns:
        The same rows in order. Bounds take the ends of R-FCR's interval, since its point is no bound; where an audit
        freed R-FCR of missed returns, those of that interval, for returns that nobody sees bound nothing.
    """
    plain, audited = (
        {_place(row): row.result for row in rows if row.measure == measure and isinstance(row.result, Estimate)}
        for measure in (ABOVE, AUDITED)
    )
    known = plain | audited
    return [
        replace(row, result=_bounded(row.result, known[_place(row)], return_least, audited=_place(row) in audited))
        if row.measure == BELOW
        and isinstance(row.result, Refusal)
        and row.result.kind is TOO_FEW_LABELS
        and _place(row) in known
        else row
        for row in rows
    ]


def contradictions(rows: Sequence[ResultRow]) -> tuple[Finding, ...]:
    """A warning where T-FCR of the whole stands above R-FCR by more than both intervals allow; none otherwise.

    R-FCR is that of an audit, where there is one.

    Args:
        rows: Rows of a run.
    """
    whole = {row.measure: row.result for row in rows if not row.by and row.period_grain == "all" and not row.cell}
    audited, truly = whole.get(AUDITED), whole.get(BELOW)
    returns = audited if isinstance(audited, Estimate) else whole.get(ABOVE)
    if not (isinstance(returns, Estimate) and isinstance(truly, Estimate) and truly.low > returns.high):
        return ()
    return (
        Finding(
            "reviews",
            Sentence(
                "truth.contradiction",
                "T-FCR ({truly:.1%}) stands above R-FCR ({returns:.1%}) by more than chance allows, which cannot be if "
                "both are right: whoever comes back because of an issue was not truly helped. Either reviewers find "
                "issues resolved that are not, or were not given contacts at random, or linking counts returns that "
                "are none. Believe neither figure before it is known which.",
                truly=truly.value,
                returns=returns.value,
            ),
            Sentence(
                "truth.contradiction.rests",
                "T-FCR from {low:.1%}, R-FCR up to {high:.1%}: their intervals do not meet",
                low=truly.low,
                high=returns.high,
            ),
            "warning",
        ),
    )


def _place(row: ResultRow) -> tuple[object, ...]:
    return row.by, tuple(sorted(row.cell.items())), row.period_grain, row.period_start


def _bounded(refusal: Refusal, returns: Estimate, return_least: float, *, audited: bool) -> Refusal:
    low, _ = resolution_bounds(returns.low, return_least)
    _, high = resolution_bounds(returns.high, return_least)
    parts = {"n": refusal.n, "least": LEAST_LABELS, "low": low, "high": high, "rho": return_least}
    if audited:
        reason = Sentence(
            "too-few-labels.audited-bounds",
            "{n} reviewed contacts drawn at random; {least} are the least. From returns alone, those that the records "
            "miss among them, it lies between {low:.1%} and {high:.1%}, if at least {rho:.0%} of the customers with an "
            "unresolved issue come back.",
            "{n} reviewed contact drawn at random; {least} are the least. From returns alone, "
            "those that the records miss among them, it lies between {low:.1%} and {high:.1%}, "
            "if at least {rho:.0%} of the customers with an unresolved issue come back.",
            "n",
            **parts,
        )
    else:
        reason = Sentence(
            "too-few-labels.bounds",
            "{n} reviewed contacts drawn at random; {least} are the least. From returns alone it lies between "
            "{low:.1%} and {high:.1%}, if at least {rho:.0%} of the customers with an unresolved issue come back.",
            "{n} reviewed contact drawn at random; {least} are the least. From returns alone "
            "it lies between {low:.1%} and {high:.1%}, if at least {rho:.0%} of the customers "
            "with an unresolved issue come back.",
            "n",
            **parts,
        )
    return replace(refusal, reason=reason)
