"""Which weeks stand out from the usual variation between weeks: Laney's p' chart of the whole and of each reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from firstcontact.kernel.result import NOTHING_TO_COUNT, Estimate, Refusal, RefusalKind
from firstcontact.kernel.sentence import Sentence
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
    shown: list[tuple[dict[str, str], date, Estimate]] = []
    refused: list[ResultRow] = []
    p: list[float] = []
    level = float(2 * ndtr(SIGMAS) - 1)
    for cell, weeks, count, failed in charts:
        chart = laney(count, failed)
        if not 0 < chart.centre < 1:
            refused.append(context.row(CHART, _unvaried(len(weeks), round(float(count.sum()))), cell))
            continue
        for place, week in enumerate(weeks):
            n = round(float(count[place]))
            value = 1 - float(failed[place] / count[place])
            found = Estimate(value, 1 - float(chart.high[place]), 1 - float(chart.low[place]), level, n, ESTIMAND)
            shown.append((cell, week, found))
            p.append(_chance(chart, float(count[place]), 1 - value))
    q = q_values(np.array(p)) if p else np.zeros(0)
    return refused + [
        context.row(CHART, found, cell, period=("week", week), q_value=float(one))
        for (cell, week, found), one in zip(shown, q, strict=True)
    ]


def _charts(context: Context) -> list[tuple[dict[str, str], list[date], Array, Array]]:
    """Cell, weeks, contacts and failures of each series that is long and full enough."""
    policy = context.policy
    contacts = outcome(context.linked, policy, fit=context.fit, young=True).contacts
    rows = context.engine.execute(
        contacts.group_by(["reason", "local_day"]).aggregate(
            chart_count=contacts.count(),
            chart_exposure=contacts.exposure.sum(),
            chart_failed=contacts.failed.sum(),
            chart_grown=contacts.grown.sum(),
        )
    ).to_pylist()
    sums: dict[tuple[tuple[str, str], ...], dict[date, Array]] = {}
    for row in rows:
        week = week_of(row["local_day"], policy.calendar.week_start)
        part = np.array([float(row[f"chart_{name}"] or 0) for name in ("count", "exposure", "failed", "grown")])
        for cell in ((), (("reason_1", cut_reason(row["reason"], 1)),)):
            own = sums.setdefault(cell, {})
            own[week] = own.get(week, np.zeros(4)) + part
    return [found for cell, series in sorted(sums.items()) if (found := _series(context, dict(cell), series))]


def _series(
    context: Context, cell: dict[str, str], series: dict[date, Array]
) -> tuple[dict[str, str], list[date], Array, Array] | None:
    least = context.policy.publish.minimum_sample
    cutoff = context.frame.cutoff.date()
    weeks: list[date] = []
    kept: list[Any] = []
    for week, part in sorted(series.items()):
        count, exposure, _, grown = part
        # A week that the cut-off cuts, or of which too little is known, is no usual week.
        if exposure >= least and grown >= MATURE * count and (cutoff - week).days >= 7:
            weeks.append(week)
            kept.append(part)
    if len(weeks) < WEEKS:
        return None
    table = np.array(kept)
    return cell, weeks, table[:, 1], np.clip(table[:, 2], 0.0, table[:, 1])


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
