"""Each team beside the others on the same mix of work, or why they cannot be compared; and what that is judged by."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from firstcontact.kernel.result import SIGNAL_ABSENT, Estimate, Refusal, RefusalKind
from firstcontact.kernel.sentence import Sentence, listed
from firstcontact.measurement.explain.comparability import Compared, Evidence, Reviews, Work, compare
from firstcontact.measurement.explain.explanation import Explanation
from firstcontact.measurement.explain.outcome import Outcome, outcome, tally
from firstcontact.measurement.fit.model import LAG_BINS
from firstcontact.measurement.fit.tally import lag_bin
from firstcontact.measurement.linking.portable import DAY_US
from firstcontact.measurement.policy.model import cut_reason
from firstcontact.statistics.difference import p_value
from firstcontact.statistics.discovery import q_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.explain.explanation import Context
    from firstcontact.measurement.fit.declared import Fit
    from firstcontact.measurement.measures.row import ResultRow
    from firstcontact.measurement.policy.model import Policy
    from firstcontact.statistics.bucket import Array, Ints

COMPARISON = "comparison"
ESTIMAND = (
    "difference of a team's share of contacts that do not fail from that of all other teams, both on their common mix "
    "of reasons and channels, if unresolved customers of both come back equally often"
)
NOT_COMPARABLE = RefusalKind(
    "not-comparable",
    "The two cannot be compared",
    "They differ in what they work on, in whom they recognise, in how their customers come back, or belong to "
    "different organisations, so that a difference of their figures would not be one of what they do.",
)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - cut-offs are UTC without a zone
_LATE_DAYS = 60
"""Coincidental returns are looked for so long after the window."""


def gather(
    engine: Engine,
    linked: ir.Table,
    tables: Mapping[str, ir.Table],
    policy: Policy,
    fit: Fit,
    column: str,
    cutoff_us: int,
) -> tuple[list[Any], Evidence, Outcome]:
    """Sum everything that a comparison looks at, by the values of a column.

    Args:
        engine: Where it runs.
        linked: Linked, judged and annotated contacts with the column, `reason`, `channel` and `bucket`.
        tables: The source's tables; `reviews` where there is one.
        policy: The policy.
        fit: What was learned or declared.
        column: What divides contacts into units.
        cutoff_us: End of complete data, microseconds since 1970, UTC.

    Returns:
        The units, the evidence by unit, and what counts as a failure.
    """
    chosen = outcome(linked, policy, fit=fit)
    # Two channels are compared on the same reasons; everything else on the same reasons and channels.
    strata = [name for name in ("reason", "channel") if name != column]
    sums = tally(engine, policy, chosen, [column, *strata])
    units = sums.values[column]
    place = {value: number for number, value in enumerate(units)}
    pairs = sums.combined(*strata)
    held = zip(*(_of(sums.values[name], sums.codes[name]) for name in strata), strict=True)
    number = {values: int(stratum) for values, stratum in zip(held, pairs, strict=True)}
    work = Work(sums.codes[column], pairs, sums.bucket, sums.exposure, sums.failed)
    known, recorded = _recorded(engine, linked, policy, column, place)
    returns, late = _returns(engine, linked, policy, column, place, cutoff_us)
    scored = reviews = None
    if "reviews" in tables:
        scored, reviews = _reviewed(engine, linked, tables["reviews"], policy, [column, *strata], place, number)
    return units, Evidence(work, chosen.net, known, recorded, returns, None, late, scored, reviews), chosen


def _of(values: list[Any], codes: Ints) -> list[Any]:
    return [values[code] for code in codes.tolist()]


def _recorded(
    engine: Engine, linked: ir.Table, policy: Policy, column: str, place: dict[Any, int]
) -> tuple[Array, dict[str, Array]]:
    """Contacts of known customers and all contacts; and how often each signal of the policy is recorded."""
    asked = sorted(name for name in policy.signals if name in linked.columns and name not in ("returned", "repeat"))
    inside = linked.filter(linked.outside.isnull())
    seen = {f"seen_{name}": inside[name].count() for name in asked}
    rows = engine.execute(
        inside.group_by(column).aggregate(seen_all=inside.count(), seen_customer=inside.customer.count(), **seen)
    ).to_pylist()
    known = np.zeros((2, len(place)))
    recorded = {name: np.zeros(len(place)) for name in asked}
    for row in rows:
        if row[column] not in place:
            continue
        unit = place[row[column]]
        known[:, unit] = row["seen_customer"], row["seen_all"]
        for name in asked:
            recorded[name][unit] = row[f"seen_{name}"] / max(row["seen_all"], 1)
    return known, recorded


def _returns(
    engine: Engine, linked: ir.Table, policy: Policy, column: str, place: dict[Any, int], cutoff_us: int
) -> tuple[Array, Array]:
    """Returns inside the window by lag; and those after it, with the openers that were followed so long."""
    index = linked.filter(linked.excluded_code.isnull() & linked.opener & ~linked.left_censored)
    long = index.window_us + _LATE_DAYS * DAY_US
    gap = index.next_gap_us
    index = index.mutate(
        lag=ibis.ifelse((gap <= index.window_us) & index.mature, lag_bin(ibis.greatest(gap, 0)), -1).fill_null(-1),
        followed=(index.anchor_us + long <= cutoff_us) & (gap > index.window_us).fill_null(True),
        came_late=(gap > index.window_us).fill_null(False) & (gap <= long).fill_null(False),
    )
    rows = engine.execute(
        index.group_by([column, "reason", "lag"]).aggregate(
            openers=index.count(),
            followed=index.followed.sum(),
            late=(index.followed & index.came_late).sum(),
        )
    ).to_pylist()
    reasons = sorted({cut_reason(row["reason"], policy.link.reason_level) for row in rows})
    number = {reason: position for position, reason in enumerate(reasons)}
    returns = np.zeros((len(place), len(reasons), LAG_BINS + 1))
    late = np.zeros((2, len(place), len(reasons)))
    for row in rows:
        if row[column] not in place:
            continue
        unit, reason = place[row[column]], number[cut_reason(row["reason"], policy.link.reason_level)]
        if row["lag"] >= 0:
            returns[unit, reason, int(row["lag"])] += row["openers"]
        late[:, unit, reason] += row["late"] or 0, row["followed"] or 0
    return returns, late


def _reviewed(
    engine: Engine,
    linked: ir.Table,
    reviews: ir.Table,
    policy: Policy,
    columns: list[str],
    place: dict[Any, int],
    number: dict[tuple[Any, ...], int],
) -> tuple[Work, Reviews]:
    """Scores of all openers that are old enough, and those of them that reviewers judged."""
    index = linked.filter(linked.excluded_code.isnull() & linked.opener & ~linked.left_censored & linked.mature)
    score = 1.0 - index.returned.cast("float64")
    if "p_resolved" in linked.columns:
        score = index.p_resolved.fill_null(score)
    index = index.mutate(score=score)
    drawn = reviews.filter(reviews.sampling_probability.notnull() & reviews.resolved.notnull())
    judged = drawn.group_by("contact_id").aggregate(
        label=drawn.resolved.cast("float64").mean(), probability=drawn.sampling_probability.max()
    )
    everyone = engine.execute(
        index.group_by([*columns, "bucket"]).aggregate(n=index.count(), score=index.score.sum())
    ).to_pylist()
    joined = index.join(judged, "contact_id")
    labelled = engine.execute(joined.select(*columns, "bucket", "label", "probability", "score")).to_pylist()

    def code(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], Ints, Ints, Ints]:
        def stratum(row: dict[str, Any]) -> tuple[Any, ...]:
            level = policy.link.reason_level
            return tuple(cut_reason(row[name], level) if name == "reason" else row[name] for name in columns[1:])

        kept = [row for row in rows if row[columns[0]] in place and stratum(row) in number]
        parts = [(place[row[columns[0]]], number[stratum(row)], row["bucket"]) for row in kept]
        codes = np.array(parts, dtype=np.int64).reshape(-1, 3)
        return kept, codes[:, 0], codes[:, 1], codes[:, 2]

    def numbers(rows: list[dict[str, Any]], name: str) -> Array:
        return np.array([row[name] for row in rows], dtype=np.float64)

    rows, unit, pair, bucket = code(everyone)
    scored = Work(unit, pair, bucket, numbers(rows, "n"), numbers(rows, "score"))
    rows, unit, pair, bucket = code(labelled)
    found = Reviews(unit, pair, bucket, numbers(rows, "label"), numbers(rows, "probability"), numbers(rows, "score"))
    return scored, found


def as_result(found: Compared, estimand: str, level: float) -> Estimate | Refusal:
    """A comparison as a figure, or its reasons as a refusal."""
    if found.difference is None:
        return Refusal(
            NOT_COMPARABLE,
            Sentence("compare.refused", "Not comparable: {reasons}.", reasons=listed(found.against)),
            Sentence(
                "compare.cure",
                "Compare what both do alike: a coarser reason, a longer period, or reviewed contacts of both.",
            ),
            found.n,
            estimand,
        )
    return Estimate(found.difference, found.low, found.high, level, found.n, estimand)


def explain(context: Context) -> list[ResultRow]:
    """A row a team: its difference from the others, or why there is none."""
    if "team" not in context.has:
        return [
            context.row(
                COMPARISON,
                Refusal(
                    SIGNAL_ABSENT,
                    Sentence("compare.absent", "The data do not say which team had a contact."),
                    Sentence("compare.absent.cure", "A source or a mapping with the team."),
                    estimand=ESTIMAND,
                ),
            )
        ]
    cutoff = round((context.frame.cutoff - _EPOCH).total_seconds() * 1_000_000)
    units, evidence, _ = gather(context.engine, context.linked, {}, context.policy, context.fit, "team", cutoff)
    named = np.array([value is not None for value in units], dtype=bool)
    level = context.policy.publish.level
    compared: list[tuple[str, Compared]] = []
    for place, value in enumerate(units):
        if value is None or named.sum() < 2:
            continue
        own = np.arange(len(units)) == place
        # Teams of one centre serve the same customers, so that these are taken to give up alike; the estimand says so.
        found = compare(evidence, own, named & ~own, alike=True, level=level)
        if evidence.known[1, place] >= context.policy.publish.suppress_below:
            compared.append((str(value), found))
    q = dict(zip(*_clear(compared, level), strict=True))
    return [
        context.row(COMPARISON, as_result(found, ESTIMAND, level), {"team": name}, q_value=q.get(name))
        for name, found in compared
    ]


def _clear(compared: list[tuple[str, Compared]], level: float) -> tuple[list[str], list[float]]:
    """The teams that have a difference, and how clear each is among all of them."""
    given = [(name, found) for name, found in compared if found.difference is not None]
    if not given:
        return [], []
    change, low, high = (
        np.array([getattr(found, end) for _, found in given], dtype=float) for end in ("difference", "low", "high")
    )
    return [name for name, _ in given], q_values(p_value(change, low, high, level)).tolist()


EXPLANATION = Explanation(
    id=COMPARISON,
    title="Whether teams can be compared",
    measures={COMPARISON: ESTIMAND},
    explain=explain,
    columns=("team", "reason", "channel"),
)
