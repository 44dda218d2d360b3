"""Young weeks: what their R-FCR will turn out to be, whether returns come as fast as ever, and how many will come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np

from firstcontact.contacts.table import REASON_SEPARATOR
from firstcontact.kernel.result import SUPPRESSED, TOO_FEW, Estimate, Refusal
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.cohort import COUNT_ALL_DAYS, PACE_DAYS, Weeks, by_week, follow, pace
from firstcontact.measurement.explain.explanation import Explanation
from firstcontact.measurement.fit.tally import keys_of
from firstcontact.measurement.measures.r_fcr import LEAST_SEEN, MEASURE, SEEN_ENOUGH, TOO_YOUNG
from firstcontact.statistics.discovery import q_values
from firstcontact.statistics.lag_distance import LagDistance
from firstcontact.statistics.nowcast import Arrivals, Nowcast, nowcast
from firstcontact.statistics.share import wilson

if TYPE_CHECKING:
    from firstcontact.measurement.explain.explanation import Context
    from firstcontact.measurement.measures.row import ResultRow

R_FCR = MEASURE.id
COUNT_ALL = "count_all"
SHIFT = "failure_shift"
PACE = "latency_drift"
COMING = "returns_expected"
DAYS_AHEAD = 7
LEAST_LEARNED = 0.8
"""Least share of a week's first contacts whose reason is learned, for a figure of the week."""

ESTIMANDS = {
    R_FCR: MEASURE.estimand,
    COUNT_ALL: f"share of openers without a return seen within {COUNT_ALL_DAYS} days, however few of these have passed "
    "and whatever brought the customer back: what is usually printed, and no estimate of R-FCR",
    SHIFT: "how many times as often as usual the openers of a week cause a return, over all reasons together",
    PACE: f"distance between the newest returns within {PACE_DAYS} days and earlier ones, coincidence taken out: 0 if "
    "they come as fast as they used to, 1 if no faster one and no slower one overlap",
    COMING: f"returns, caused or not, that the openers so far will bring within the next {DAYS_AHEAD} days",
}


def explain(context: Context) -> list[ResultRow]:
    """Weeks, weeks by reason, what counting all at once says, the shift of each week, pace, and returns to come."""
    models = {model.reason: model for model in context.fit.models}
    if not any(model.learned for model in models.values()):
        return []
    engine, policy = context.engine, context.policy
    different = engine.execute(context.tables["contacts"].select("reason").distinct())["reason"].to_pylist()
    keys = keys_of(different, policy)
    timed = follow(engine, context.linked, context.frame, models, keys)
    weeks = by_week(engine, timed, models, keys, policy.calendar.week_start)
    if not len(weeks.cohorts.count):
        return []
    found = nowcast(weeks.cohorts, weeks.level, len(weeks.weeks), weeks.weight)
    share = found.share[weeks.cohorts.reason, weeks.cohorts.week]
    return [
        *_whole_weeks(context, weeks, found),
        *_reasons(context, weeks, found),
        *_count_all(context, weeks),
        *_shifts(context, weeks, found),
        *_pace(context, pace(engine, timed, models, keys)),
        *_coming(context, weeks, weeks.expected(DAYS_AHEAD, share)),
    ]


def _whole_weeks(context: Context, weeks: Weeks, found: Nowcast) -> Iterator[ResultRow]:
    count = found.count.sum(axis=0)
    settled: list[bool] = np.all(found.settled, axis=0).tolist()
    for number, week in enumerate(weeks.weeks):
        n, others = int(count[number]), int(weeks.unlearned[number])
        maturity = float(found.week_maturity[number])
        result: Estimate | Refusal | None = _small(context, n, maturity)
        first, beside = float(found.week_first[number]), float(weeks.unlearned_first[number])
        if result is None and first < LEAST_LEARNED * (first + beside):
            result = _unlearned(n, others)
        if result is None:
            result = _figure(
                context,
                float(found.week_share[number]),
                float(found.week_error[number]),
                n,
                1.0 if settled[number] else maturity,
            )
        yield context.row(R_FCR, result, period=("week", week))


def _reasons(context: Context, weeks: Weeks, found: Nowcast) -> Iterator[ResultRow]:
    """Cells of one reason in one week; those too small to show are left out, as there may be very many."""
    for reason, model in enumerate(weeks.models):
        cell = _cell(model.reason)
        if cell is None:
            continue
        for number, week in enumerate(weeks.weeks):
            n = int(found.count[reason, number])
            if n < context.policy.publish.minimum_sample:
                continue
            result = _figure(
                context,
                float(found.share[reason, number]),
                float(found.error[reason, number]),
                n,
                1.0 if found.settled[reason, number] else float(found.maturity[reason, number]),
            )
            yield context.row(R_FCR, result, cell, period=("week", week))


def _figure(context: Context, share: float, error: float, n: int, maturity: float) -> Estimate | Refusal:
    """A nowcast R-FCR, or that it is too early for one."""
    from scipy.special import ndtri

    if maturity < LEAST_SEEN:
        reason = Sentence(
            "nowcast.too-young",
            "{maturity:.0%} of the returns that these {n:,} openers cause can have come by now; {least:.0%} is the "
            "least. If they fail like the other reasons of their week, R-FCR is {value:.1%}.",
            "{maturity:.0%} of the returns that this opener causes can have come by now; "
            "{least:.0%} is the least. If it fails like the other reasons of its week, R-FCR "
            "is {value:.1%}.",
            "n",
            maturity=maturity,
            n=n,
            least=LEAST_SEEN,
            value=1 - share,
        )
        help_ = Sentence("nowcast.wait", "Wait; or look at faster reasons of the same week.")
        return Refusal(TOO_YOUNG, reason, help_, n, MEASURE.estimand, maturity)
    level = context.policy.publish.level
    half = float(ndtri(0.5 + level / 2)) * error
    status: Literal["final", "provisional"] = "final" if maturity >= SEEN_ENOUGH else "provisional"
    low, high = max(1 - share - half, 0.0), min(1 - share + half, 1.0)
    return Estimate(1 - share, low, high, level, n, MEASURE.estimand, maturity=maturity, status=status)


def _small(context: Context, n: int, maturity: float) -> Refusal | None:
    publish = context.policy.publish
    if n >= max(publish.minimum_sample, publish.suppress_below):
        return None
    if n < publish.suppress_below:
        reason = Sentence(
            "nowcast.suppressed", "Fewer than {least} openers.", "No opener.", "least", least=publish.suppress_below
        )
        return Refusal(SUPPRESSED, reason, Sentence("nowcast.longer", "Look at longer periods."), 0, MEASURE.estimand)
    reason = Sentence(
        "nowcast.few",
        "{n} openers; {least} is the least.",
        "{n} opener; {least} is the least.",
        "n",
        n=n,
        least=publish.minimum_sample,
    )
    longer = Sentence("nowcast.longer", "Look at longer periods.")
    return Refusal(TOO_FEW, reason, longer, n, MEASURE.estimand, maturity)


def _unlearned(n: int, others: int) -> Refusal:
    reason = Sentence(
        "nowcast.unlearned",
        "{others:,} of {n:,} openers have a reason of which it is not known how fast its returns come and how many "
        "come by coincidence.",
        "{others:,} of {n:,} openers has a reason of which it is not known how fast its "
        "returns come and how many come by coincidence.",
        "others",
        others=others,
        n=n + others,
    )
    more = Sentence("nowcast.history", "More history, or a coarser level of reasons; the fit says what each lacks.")
    return Refusal(TOO_YOUNG, reason, more, n, MEASURE.estimand)


def _count_all(context: Context, weeks: Weeks) -> Iterator[ResultRow]:
    from scipy.special import ndtri

    size = len(weeks.weeks)
    count = np.bincount(weeks.cohorts.week, weeks.cohorts.count, size).astype(float)
    back = np.bincount(weeks.cohorts.week, weeks.within, size).astype(float)
    full = np.bincount(weeks.cohorts.week, weeks.full, size).astype(float)
    level = context.policy.publish.level
    low, high = wilson(1 - back / np.maximum(count, 1), np.maximum(count, 1), float(ndtri(0.5 + level / 2)))
    for number, week in enumerate(weeks.weeks):
        n = int(count[number])
        if n < context.policy.publish.minimum_sample:
            continue
        value = 1 - float(back[number]) / n
        passed = float(full[number]) / n
        status: Literal["final", "provisional"] = "final" if passed >= 1 else "provisional"
        ends = float(low[number]), float(high[number])
        result = Estimate(value, *ends, level, n, ESTIMANDS[COUNT_ALL], maturity=passed, status=status)
        yield context.row(COUNT_ALL, result, period=("week", week))


def _shifts(context: Context, weeks: Weeks, found: Nowcast) -> Iterator[ResultRow]:
    from scipy.special import ndtri

    level = context.policy.publish.level
    half = float(ndtri(0.5 + level / 2)) * found.shift_error
    count = found.count.sum(axis=0)
    for number, week in enumerate(weeks.weeks):
        maturity = float(found.week_maturity[number])
        if count[number] < context.policy.publish.minimum_sample or maturity < LEAST_SEEN:
            continue
        value = float(found.shift[number])
        status: Literal["final", "provisional"] = "final" if maturity >= SEEN_ENOUGH else "provisional"
        result = Estimate(
            value,
            max(value - float(half[number]), 0.0),
            value + float(half[number]),
            level,
            int(count[number]),
            ESTIMANDS[SHIFT],
            "score",
            maturity,
            status,
        )
        yield context.row(SHIFT, result, period=("week", week))


def _pace(context: Context, found: dict[str, tuple[LagDistance, int]]) -> Iterator[ResultRow]:
    apart = q_values(np.array([one.p for one, _ in found.values()])) if found else np.zeros(0)
    level = context.policy.publish.level
    for (reason, (one, n)), q in zip(found.items(), apart.tolist(), strict=True):
        cell = _cell(reason)
        if cell is None:
            continue
        # Inequality of Dvoretzky, Kiefer and Wolfowitz, for as many returns as the newest are.
        half = float(np.sqrt(np.log(2 / (1 - level)) / (2 * n)))
        value = one.distance
        result = Estimate(value, max(value - half, 0.0), min(value + half, 1.0), level, n, ESTIMANDS[PACE], "score")
        yield context.row(PACE, result, cell, q_value=q)


def _coming(context: Context, weeks: Weeks, found: list[Arrivals]) -> Iterator[ResultRow]:
    waiting = np.bincount(weeks.cohorts.reason, weeks.waiting, len(weeks.models))
    yield context.row(COMING, _number(context, found, int(waiting.sum())))
    for number, model in enumerate(weeks.models):
        cell = _cell(model.reason)
        if cell is not None and waiting[number] >= context.policy.publish.minimum_sample:
            yield context.row(COMING, _number(context, [found[number]], int(waiting[number])), cell)


def _number(context: Context, found: list[Arrivals], n: int) -> Estimate:
    from scipy.special import ndtri

    level = context.policy.publish.level
    value = sum(one.caused + one.coincidental for one in found)
    half = float(ndtri(0.5 + level / 2)) * sum(one.variance for one in found) ** 0.5
    return Estimate(value, max(value - half, 0.0), value + half, level, n, ESTIMANDS[COMING], "count")


def _cell(reason: str) -> dict[str, str] | None:
    """The cell of a reason, at its own depth; None for the reason of contacts without one."""
    return {f"reason_{reason.count(REASON_SEPARATOR) + 1}": reason} if reason else None


EXPLANATION = Explanation(
    id="nowcast",
    title="looking at young weeks",
    measures=ESTIMANDS,
    explain=explain,
    keeps=("fc_cohort",),
)
