"""Whether a figure reaches its target, told by the whole of its interval and never by the figure alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.measurement.policy.model import Target
from firstcontact.services.run import Run

State = Literal["better", "reached", "missed", "open", "young", "later", "none"]
"""How a figure stands against a target.

`better`: the whole interval lies beyond the target and its tolerance. `reached`: all of it counts as reached. `missed`:
none of it does. `open`: it holds the edge, so nobody can tell. And where nothing is compared: `young`, too few windows
have closed; `later`, the figure covers time before the target; `none`, there is no figure.
"""

MATURE = 0.8
"""With fewer windows closed than this a figure may still move much and is compared with nothing."""

FARTHEST = 20
"""More times the sample there is than this is no sample to wait for."""


@dataclass(frozen=True, slots=True)
class Reach:
    """A figure against its target.

    Attributes:
        target: The target.
        state: How it stands.
        enough: How large a sample would tell, were the figure to stay as it is; None where it is told already, where
            the figure lies too near the edge, or where no sample would tell.
    """

    target: Target
    state: State
    enough: int | None = None


def told(target: Target, low: float, high: float) -> State:
    """How an interval stands against a target.

    A 95 % interval lies wholly below the truth once in forty, and wholly above it as often: so seldom is a target that
    is just reached said to be missed.

    Args:
        target: What is aimed at.
        low: Lower end of the interval, a share.
        high: Upper end.

    >>> aim = Target("fcr_issue", at_least=0.8, tolerance=0.02)
    >>> [told(aim, *ends) for ends in ((0.83, 0.9), (0.78, 0.81), (0.7, 0.779), (0.77, 0.79))]
    ['better', 'reached', 'missed', 'open']
    >>> told(Target("reopen_rate", at_most=0.05), 0.051, 0.08)
    'missed'
    """
    share, edge = target.share, target.edge
    if target.at_least is None:
        # Less is better: seen in a mirror, it is the same question.
        low, high, share, edge = -high, -low, -share, -edge
    if low > round(share + target.tolerance, 12):
        return "better"
    if low >= edge:
        return "reached"
    return "missed" if high < edge else "open"


def reach(result: Estimate | Refusal, target: Target, first: date | None = None) -> Reach:
    """A figure against its target.

    Args:
        result: The figure, or why there is none.
        target: What is aimed at.
        first: The first day that the figure covers; None where that does not matter.
    """
    if isinstance(result, Refusal):
        return Reach(target, "none")
    if target.since is not None and first is not None and first < target.since:
        return Reach(target, "later")
    if result.maturity < MATURE:
        return Reach(target, "young")
    state = told(target, result.low, result.high)
    return Reach(target, state, _enough(result, target) if state == "open" else None)


def _enough(result: Estimate, target: Target) -> int | None:
    """The sample whose interval would leave the edge out, as intervals grow narrower with the root of the sample."""
    away = abs(result.value - target.edge)
    if not away or result.status == "unsettled":
        return None
    half = result.value - result.low if target.edge < result.value else result.high - result.value
    times = (half / away) ** 2
    if not 1 <= times <= FARTHEST:
        return None
    needed = result.n * times
    unit = int(10 ** max(0, math.floor(math.log10(needed)) - 1))
    return math.ceil(needed / unit) * unit


def reach_whole(run: Run, measure: str) -> Reach | None:
    """The figure of a measure for all contacts together against its target; None where it has none.

    Args:
        run: What was measured.
        measure: Id of the measure.
    """
    target = run.policy.target(measure)
    if target is None:
        return None
    rows = [row for row in run.select(measure, by="") if row.period_grain == "all"]
    return reach(rows[0].result, target, first_day(run, measure)) if rows else None


def reach_week(row: ResultRow, target: Target) -> State | None:
    """A week against its target; None where it is not complete, has no figure, or lies before the target.

    Args:
        row: The week.
        target: What is aimed at.
    """
    result = row.result
    before = target.since is not None and (row.period_start is None or row.period_start < target.since)
    if before or isinstance(result, Refusal) or not _complete(result.status, result.maturity):
        return None
    return told(target, result.low, result.high)


def _complete(status: str, maturity: float) -> bool:
    return status == "final" or (status == "unsettled" and maturity >= 1)


def judged(run: Run) -> tuple[datetime, datetime]:
    """The first and the last moment at which a contact could begin and be judged.

    Before the first nobody knows what came before it; after the last no window has closed. Where windows differ, the
    shortest look-back and the shortest window set the two. For a refused figure it is the whole period.
    """
    frame, windows = run.frame, run.fit.windows
    first, last = frame.since, frame.cutoff - timedelta(microseconds=1)
    if not isinstance(run.headline, Estimate):
        return first, last
    if windows and run.policy.link.index == "openers":
        first = max(first, frame.data_start + timedelta(days=min(window.look_back_days for window in windows)))
    if windows and "returned" in run.policy.signals:
        last -= timedelta(days=min(window.days for window in windows))
    return (first, last) if first <= last else (frame.since, frame.cutoff - timedelta(microseconds=1))


OPENERS = frozenset({"fcr_issue", "r_fcr"})
"""Measures of contacts that open an issue, which cannot be told before a look-back has passed."""


def first_day(run: Run, measure: str) -> date:
    """The first day of business that the figure of a measure covers.

    Args:
        run: What was measured.
        measure: Id of the measure.
    """
    first = judged(run)[0] if measure in OPENERS else run.frame.since
    return first.replace(tzinfo=UTC).astimezone(ZoneInfo(run.zone)).date()


def targets_data(run: Run) -> dict[str, dict[str, Any]]:
    """The targets of a run, and how its figures for all contacts stand against them, as plain data by measure."""
    found = {target.measure: reach_whole(run, target.measure) for target in run.policy.targets}
    return {measure: _data(one.target, one.state) for measure, one in found.items() if one is not None}


def target_of_row(known: Mapping[str, Mapping[str, Any]], row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The target of a figure and how it stands against it, as plain data.

    Args:
        known: What `targets_data` gave.
        row: The figure, as a row of the results.

    Returns:
        None for what has no target: measures without one, weeks before it, and all cells, for a target is the whole
        centre's.
    """
    data = known.get(row["measure"])
    if data is None or row["by"] not in ("", "week"):
        return None
    if not row["by"]:
        return dict(data)
    since = date.fromisoformat(data["since"]) if data["since"] else None
    if since is not None and row["period_start"] < since:
        return None
    target = Target(row["measure"], data["at_least"], data["at_most"], data["tolerance"], since)
    if row["value"] is None:
        return _data(target, "none")
    complete = _complete(row["status"], row["maturity"])
    return _data(target, told(target, row["low"], row["high"]) if complete else "young")


def _data(target: Target, state: State) -> dict[str, Any]:
    return {
        "at_least": target.at_least,
        "at_most": target.at_most,
        "tolerance": target.tolerance,
        "since": target.since.isoformat() if target.since else None,
        "state": state,
    }
