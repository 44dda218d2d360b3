"""Which weeks stand out from the usual variation between weeks: Laney's p' chart of the whole and of each reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from firstcontact.kernel.result import NOTHING_TO_COUNT, Estimate, Refusal, RefusalKind
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.annotate.mix import COLUMN as MIX
from firstcontact.measurement.explain.change_effect import MATURE
from firstcontact.measurement.explain.explanation import Explanation
from firstcontact.measurement.explain.outcome import outcome
from firstcontact.measurement.linking.period import week_of
from firstcontact.measurement.policy.model import cut_reason
from firstcontact.statistics.control_chart import SIGMAS, Chart, laney
from firstcontact.statistics.discovery import q_values

if TYPE_CHECKING:
    from datetime import date

    from firstcontact.measurement.explain.explanation import Context
    from firstcontact.measurement.measures.row import ResultRow
    from firstcontact.statistics.bucket import Array

CHART = "control_chart"
ESTIMAND = (
    "share of contacts that do not fail in a week; low and high are the limits between which weeks usually lie, not an "
    "interval of the share"
)
NOTHING_VARIES = RefusalKind(
    "nothing-varies",
    "Nothing varies",
    "In every week nothing failed, or everything did, so that there is no usual variation by which a week could stand "
    "out.",
)
WEEKS = 12
"""A chart of fewer weeks does not know how weeks vary."""


def explain(context: Context) -> list[ResultRow]:
    """A row a week and chart; `q_value` marks the weeks that stand out, among all that were looked at."""
    from scipy.special import ndtr

    charts = _charts(context)
    if not charts:
        return [context.row(CHART, _refusal())]
    shown: list[tuple[_Series, date, Estimate]] = []
    refused: list[ResultRow] = []
    p: list[float] = []
    level = float(2 * ndtr(SIGMAS) - 1)
    for one in charts:
        chart = laney(one.worth, one.failed)
        if not 0 < chart.centre < 1:
            refused.append(context.row(CHART, _unvaried(len(one.weeks), round(float(one.seen.sum()))), one.cell))
            continue
        for place, week in enumerate(one.weeks):
            value = 1 - float(one.failed[place] / one.worth[place])
            ends = 1 - float(chart.high[place]), 1 - float(chart.low[place])
            shown.append((one, week, Estimate(value, *ends, level, round(float(one.seen[place])), ESTIMAND)))
            p.append(_chance(chart, float(one.worth[place]), 1 - value))
    q = q_values(np.array(p)) if p else np.zeros(0)
    return refused + [
        context.row(CHART, found, one.cell, period=("week", week), q_value=float(apart))
        for (one, week, found), apart in zip(shown, q, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Series:
    """Weeks of a cell.

    Attributes:
        cell: Its values by slice name.
        weeks: First days.
        seen: Contacts of each week, each for the part of its time that has passed.
        worth: How many contacts of equal weight tell as much.
        failed: Failures among so many.
    """

    cell: dict[str, str]
    weeks: list[date]
    seen: Array
    worth: Array
    failed: Array


_PARTS = ("count", "grown", "exposure", "weighed", "square", "failed")


def _charts(context: Context) -> list[_Series]:
    """Each series that is long and full enough. Openers stand for the first contacts of their reason, as in R-FCR."""
    policy = context.policy
    chosen = outcome(context.linked, policy, fit=context.fit, young=True)
    contacts = chosen.contacts
    weight = contacts[MIX] if chosen.net and MIX in contacts.columns else ibis.literal(1.0)
    rows = context.engine.execute(
        contacts.group_by(["reason", "local_day"]).aggregate(
            chart_count=contacts.count(),
            chart_grown=contacts.grown.sum(),
            chart_exposure=contacts.exposure.sum(),
            chart_weighed=(contacts.exposure * weight).sum(),
            chart_square=(contacts.exposure * weight * weight).sum(),
            chart_failed=(contacts.failed * weight).sum(),
        )
    ).to_pylist()
    sums: dict[tuple[tuple[str, str], ...], dict[date, Array]] = {}
    for row in rows:
        week = week_of(row["local_day"], policy.calendar.week_start)
        part = np.array([float(row[f"chart_{name}"] or 0) for name in _PARTS])
        for cell in ((), (("reason_1", cut_reason(row["reason"], 1)),)):
            own = sums.setdefault(cell, {})
            own[week] = own.get(week, np.zeros(len(_PARTS))) + part
    return [found for cell, series in sorted(sums.items()) if (found := _series(context, dict(cell), series))]


def _series(context: Context, cell: dict[str, str], series: dict[date, Array]) -> _Series | None:
    least = context.policy.publish.minimum_sample
    cutoff = context.frame.cutoff.date()
    weeks: list[date] = []
    kept: list[Any] = []
    for week, part in sorted(series.items()):
        count, grown, exposure = part[:3]
        # A week that the cut-off cuts, or of which too little is known, is no usual week.
        if exposure >= least and grown >= MATURE * count and (cutoff - week).days >= 7:
            weeks.append(week)
            kept.append(part)
    if len(weeks) < WEEKS:
        return None
    _, _, exposure, weighed, square, failed = np.array(kept).T
    # Contacts of unequal weight tell less than as many of equal weight (Kish).
    scale = weighed / square
    return _Series(cell, weeks, exposure, scale * weighed, scale * np.clip(failed, 0.0, weighed))


def _chance(chart: Chart, count: float, share: float) -> float:
    """Probability of a week as far out, where weeks vary as they usually do."""
    from scipy.special import ndtr

    error = chart.sigma * float(np.sqrt(chart.centre * (1 - chart.centre) / count))
    return float(2 * ndtr(-abs(share - chart.centre) / error)) if error > 0 else 1.0


def _unvaried(weeks: int, n: int) -> Refusal:
    return Refusal(
        NOTHING_VARIES,
        Sentence(
            "chart.still",
            "In {weeks} weeks and {n:,} contacts nothing failed, or everything did: no week stands out.",
            weeks=weeks,
            n=n,
        ),
        Sentence("chart.still.cure", "Nothing, if that is so; otherwise see whether failures are recorded at all."),
        n,
        ESTIMAND,
    )


def _refusal() -> Refusal:
    return Refusal(
        NOTHING_TO_COUNT,
        Sentence("chart.short", "There are fewer than {weeks} mature weeks with enough contacts.", weeks=WEEKS),
        Sentence("chart.short.cure", "A longer period."),
        estimand=ESTIMAND,
    )


EXPLANATION = Explanation(
    id=CHART,
    title="Weeks that stand out",
    measures={CHART: ESTIMAND},
    explain=explain,
    columns=("reason",),
)
