"""FCR against CSAT, NPS and CES: how they go together in the user's own data. Never assumed, never merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from firstcontact.kernel.result import SIGNAL_ABSENT, TOO_FEW, Estimate, Refusal
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.explanation import Explanation
from firstcontact.measurement.explain.tally import array_of, numbered
from firstcontact.measurement.linking.period import week_of
from firstcontact.statistics.excess_failure import stratified_difference
from firstcontact.statistics.weekly_slope import LEAST_WEEKS, weekly_slope

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.explain.explanation import Context
    from firstcontact.measurement.measures.row import ResultRow

ANSWERS = {
    "csat": Sentence("relation.csat", "satisfaction (0 to 1)"),
    "nps": Sentence("relation.nps", "likelihood to recommend (0 to 10)"),
    "ces": Sentence("relation.ces", "ease (0 to 1)"),
}
VERDICT, SURVEY, WEEKS = "resolved by the policy", "resolved by the customer's word", "from week to week"
LEAST_GROUPS = 10
"""Answers on either side must come from customers of so many of the 40 buckets."""
STEP = 0.1
"""Slopes are given for so much more FCR: ten percentage points."""

Floats = NDArray[np.float64]


def explain(context: Context) -> list[ResultRow]:
    """For each answer that is there: resolved against not resolved, contact by contact, and FCR against it by weeks."""
    rows = []
    for answer, words in ANSWERS.items():
        measure = f"{answer}_relation"
        column = f"survey_{answer}"
        if f"survey.{answer}" not in context.has or column not in context.linked.columns:
            said = Sentence("no-answers", "Nobody was asked, or nobody answered: {words}.", words=words)
            rows.append(
                context.row(
                    measure,
                    Refusal(
                        SIGNAL_ABSENT, said, Sentence("relation.answers.cure", "Survey answers."), 0, _difference(words)
                    ),
                )
            )
            continue
        answered = context.linked.filter(context.linked[column].notnull() & context.linked.customer.notnull())
        answered = answered.mutate(score=answered[column].cast("float64"))
        judged = answered.filter(answered.verdict.isin(["yes", "no"]))
        rows.append(_contacts(context, measure, words, judged.mutate(good=judged.verdict == "yes"), VERDICT))
        if "survey.resolved" in context.has and "survey_resolved" in answered.columns:
            said_so = answered.filter(answered.survey_resolved.notnull())
            rows.append(_contacts(context, measure, words, said_so.mutate(good=said_so.survey_resolved), SURVEY))
        rows.append(_weeks(context, measure, words, answered))
    return rows


def _difference(words: str) -> str:
    return f"mean {words} of contacts that were resolved, minus that of those that were not, inside one reason"


def _contacts(context: Context, measure: str, words: str, contacts: ir.Table, cause: str) -> ResultRow:
    """Resolved against not resolved, inside reasons."""
    asked = contacts.group_by(["key", "good", "bucket"]).aggregate(n=contacts.count(), score=contacts.score.sum())
    rows = context.engine.execute(asked)
    keys, key = numbered(rows["key"].to_pylist())
    good = np.array(rows["good"].to_pylist(), dtype=np.int64)
    shape = [2, max(1, len(keys))]
    count, total = array_of(rows, [good, key], shape, "n"), array_of(rows, [good, key], shape, "score")
    level, least = context.policy.publish.level, context.policy.publish.minimum_sample
    found = stratified_difference(count[1:], total[1:], count[:1], total[:1], level)
    few = int(min(found.compared[0], found.control[0]))
    groups = int(min(found.groups[0], (count[0].sum(axis=0) > 0).sum()))
    cell = {"cause": cause}
    if few < least or groups < LEAST_GROUPS or not np.isfinite(found.high[0] - found.low[0]):
        said = Sentence(
            "few-answers",
            "{few:,} answers on the smaller side, of customers in {groups} of 40 groups; the least are {least:,} in "
            "{need}.",
            "{few:,} answer on the smaller side, of customers in {groups} of 40 groups; the "
            "least are {least:,} in {need}.",
            "few",
            few=few,
            groups=groups,
            least=least,
            need=LEAST_GROUPS,
        )
        return context.row(
            measure,
            Refusal(TOO_FEW, said, Sentence("relation.few.cure", "More answers."), few, _difference(words)),
            cell,
        )
    n = int(found.compared[0] + found.control[0])
    value, low, high = (float(array[0]) for array in (found.value, found.low, found.high))
    return context.row(measure, Estimate(value, low, high, level, n, _difference(words), "score"), cell)


def _weeks(context: Context, measure: str, words: str, answered: ir.Table) -> ResultRow:
    """The mean answer of a week against its FCR."""
    estimand = f"difference of a week's mean {words} for ten percentage points more FCR in that week"
    engine, linked, least = context.engine, context.linked, context.policy.publish.minimum_sample
    judged = linked.filter(linked.verdict.isin(["yes", "no"]))
    fcr = engine.execute(
        judged.group_by("local_day").aggregate(n=judged.count(), total=(judged.verdict == "yes").sum())
    )
    score = engine.execute(answered.group_by("local_day").aggregate(n=answered.count(), total=answered.score.sum()))
    start = context.policy.calendar.week_start
    known: list[dict[int, float]] = []
    for rows in (fcr, score):
        count: dict[int, float] = {}
        total: dict[int, float] = {}
        for day, n, value in zip(*(rows[name].to_pylist() for name in ("local_day", "n", "total")), strict=True):
            week = week_of(day, start).toordinal() // 7
            count[week] = count.get(week, 0) + n
            total[week] = total.get(week, 0) + float(value)
        known.append({week: total[week] / n for week, n in count.items() if n >= least})
    weeks = _longest_run(sorted(set(known[0]) & set(known[1])))
    slope = weekly_slope(
        np.array([known[1][week] for week in weeks]),
        np.array([known[0][week] for week in weeks]),
        context.policy.publish.level,
    )
    cell = {"cause": WEEKS}
    if slope is None:
        said = Sentence(
            "few-weeks",
            "{weeks} consecutive weeks have {least:,} answers and judged contacts each; {need} are the least.",
            "{weeks} week has {least:,} answers and judged contacts each; {need} consecutive ones are the least.",
            "weeks",
            weeks=len(weeks),
            least=least,
            need=LEAST_WEEKS,
        )
        refusal = Refusal(
            TOO_FEW, said, Sentence("relation.weeks.cure", "A longer period, or more answers."), len(weeks), estimand
        )
        return context.row(measure, refusal, cell)
    value, low, high = (STEP * end for end in (slope.value, slope.low, slope.high))
    level = context.policy.publish.level
    return context.row(measure, Estimate(value, low, high, level, slope.weeks, estimand, "score"), cell)


def _longest_run(weeks: list[int]) -> list[int]:
    """The longest stretch of weeks without a gap, the latest of them where several are as long.

    >>> _longest_run([1, 2, 5, 6, 9])
    [5, 6]
    """
    best: list[int] = []
    run: list[int] = []
    for week in weeks:
        run = [*run, week] if run and week == run[-1] + 1 else [week]
        best = run if len(run) >= len(best) else best
    return best


EXPLANATION = Explanation(
    id="csat_relation",
    title="holding FCR against what customers say",
    measures={f"{answer}_relation": _difference(words) for answer, words in ANSWERS.items()},
    explain=explain,
    columns=("survey_csat", "survey_nps", "survey_ces", "survey_resolved"),
)
