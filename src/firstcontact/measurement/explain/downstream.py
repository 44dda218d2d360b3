"""Downstream issues: which reason brings which other, told apart from customers who call about everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from firstcontact.kernel.result import COUNTED, NOTHING_TO_COUNT, TOO_FEW, Estimate, Refusal, Unit
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.crossing import CROSSING, CROSSING_ESTIMAND, crossing_rows
from firstcontact.measurement.explain.explanation import Explanation
from firstcontact.measurement.explain.sequence import LEAST_PAIRS, Reduced, followed, lags, occupied, reduce
from firstcontact.measurement.explain.tally import NOTHING_CLEAR, array_of, fared, reason_names
from firstcontact.measurement.linking.portable import BUCKETS
from firstcontact.statistics.sequence_symmetry import (
    Sequences,
    hidden,
    lag_quantiles,
    part_of,
    sequences,
)

if TYPE_CHECKING:
    from firstcontact.measurement.explain.explanation import Context
    from firstcontact.measurement.measures.row import ResultRow

REACH_DAYS = 45
"""How long after an issue another one can be its follower."""
LEAST_REACH_DAYS = 7
RATE = 0.05
"""Share of false edges that is accepted among the edges."""
KEEPS = ("fc_downstream_pair", "fc_downstream_opener")
"""What `sequence.reduce` keeps in the engine."""
MUTUAL = "each brings the other"

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_SHARE = "share of openers of a reason that bring an issue of the next reason, beyond what chance alone brings"
_EXCESS = "issues of the next reason that openers of the reason brought, as far as the reach was seen in the data"
_DELAY = "median days from the issue to the one that it brought"
_COUNT = "times an opener of the next reason followed one of the reason within the reach, brought or not"
_COST = "what the contacts cost that open the issues which the reason brought"
_PART = "share of follow-on issues and repeats that are downstream: another reason, brought by an earlier issue"
_LOOKED = "directed pairs of reasons that were looked at"


@dataclass(frozen=True, slots=True)
class Shown:
    """What is seen of some edges.

    Attributes:
        part: Part of the brought issues that shows as an excess, one an edge.
        lags: Median delay and its interval in days, by edge.
    """

    part: Floats
    lags: dict[int, tuple[float, float, float]]


def explain(context: Context) -> list[ResultRow]:
    """Rows about every edge, and how much of all that follows is downstream."""
    names = reason_names(context)
    if len(names) < 2:
        return [context.row("downstream_share", _one_reason(len(names)))]
    reach = _reach(context)
    if reach < LEAST_REACH_DAYS:
        return [context.row("downstream_share", _too_short(context))]
    found = reduce(context, reach)
    if not len(found.sums.first):
        return [context.row("downstream_share", _nothing(0, reach))]
    if context.members is not None:
        context.members.append(context.engine.materialise(followed(context, reach), "fc_followed"))
    result = sequences(found.sums, found.openers, found.profile, context.policy.publish.level)
    return _rows(context, found, result, names)


def explain_crossing(context: Context) -> list[ResultRow]:
    """Of all rows, that by which wrong codes would show: for runs that ask for no explanations."""
    reach = _reach(context)
    if len(reason_names(context)) < 2 or reach < LEAST_REACH_DAYS:
        return []
    found = reduce(context, reach)
    rows: list[ResultRow] = []
    if len(found.sums.first):
        result = sequences(found.sums, found.openers, found.profile, context.policy.publish.level)
        rows = crossing_rows(context, found, result, edges_of(result))
    for name in KEEPS:
        context.engine.drop(name)
    return rows


def edges_of(result: Sequences) -> Ints:
    """Directed pairs that are called edges, the largest excess first: false ones are at most 5 % of them on average."""
    edges = np.flatnonzero((result.q <= RATE) & (result.excess > 0) & ~result.mutual)
    return edges[np.argsort(-result.excess[edges], kind="stable")]


def shown(context: Context, found: Reduced, result: Sequences, edges: Ints) -> Shown:
    """What part of each edge's issues shows as an excess, and how late they come.

    Args:
        context: The run.
        found: What was counted.
        result: What follows from it.
        edges: Numbers of directed pairs.

    Returns:
        For each edge.
    """
    delays = _lags(context, found, result, edges) if len(edges) else {}
    openers = found.openers.sum(axis=1)[result.cause[edges]]
    wanted = [(found.keys[result.cause[edge]], found.keys[result.effect[edge]]) for edge in edges.tolist()]
    open_before = occupied(context, wanted) / np.maximum(openers, 1.0)
    background = result.ratio[edges] * result.reverse[edges] / np.maximum(openers, 1.0)
    delay = np.array([delays[edge][0] / found.reach if edge in delays else 0.5 for edge in edges.tolist()])
    return Shown(hidden(open_before, background, delay), delays)


def _rows(context: Context, found: Reduced, result: Sequences, names: dict[int, str]) -> list[ResultRow]:
    level, looked = context.policy.publish.level, len(result.cause)
    edges = edges_of(result)
    seen = shown(context, found, result, edges)
    rows = [_share_row(context, found, result, edges, seen), *crossing_rows(context, found, result, edges)]
    rows.append(context.row("downstream_pairs", _exactly(looked, int(result.count.sum()), _LOOKED)))
    for edge, part in zip(edges.tolist(), seen.part.tolist(), strict=True):
        rows += _edge_rows(context, result, edge, part, seen.lags.get(edge), _cell(found, result, names, edge), found)
    for pair in np.flatnonzero(result.mutual).tolist():
        fast = [float(array[pair]) for array in (result.fast, result.fast_low, result.fast_high)]
        if np.isfinite(fast).all():
            n = int(found.openers[result.cause[pair]].sum())
            cell = _cell(found, result, names, pair)
            figure = Estimate(fast[0], fast[1], fast[2], level, n, _SHARE, "share")
            rows.append(context.row("downstream", figure, {**cell, "cause": MUTUAL}))
            rows.append(context.row("downstream_count", _exactly(int(result.count[pair]), n, _COUNT), cell))
    return rows


def _edge_rows(
    context: Context,
    result: Sequences,
    edge: int,
    part: float,
    lag: tuple[float, float, float] | None,
    cell: dict[str, str],
    found: Reduced,
) -> list[ResultRow]:
    """Everything about one edge: how often, how many, how late, at what cost, and how often each way round."""
    level, n = context.policy.publish.level, int(found.openers[result.cause[edge]].sum())

    def figure(values: tuple[float, ...], unit: Unit, estimand: str) -> Estimate:
        return Estimate(values[0], values[1], values[2], level, n, estimand, unit)

    share = tuple(float(array[edge]) / part for array in (result.share, result.share_low, result.share_high))
    excess = tuple(float(array[edge]) / part for array in (result.excess, result.excess_low, result.excess_high))
    rows = [
        context.row("downstream", figure(share, "share", _SHARE), cell, q_value=float(result.q[edge])),
        context.row("downstream_excess", figure(excess, "count", _EXCESS), cell),
    ]
    if lag is not None:
        rows.append(context.row("downstream_delay", figure(lag, "days", _DELAY), cell))
    cost = context.policy.cost.cost_per_contact
    if cost is not None:
        rows.append(
            context.row("downstream_cost", figure(tuple(cost * value for value in excess), "money", _COST), cell)
        )
    back = {"reason": cell["next_reason"], "next_reason": cell["reason"]}
    other = int(found.openers[result.effect[edge]].sum())
    for count, of, way in ((result.count[edge], n, cell), (result.reverse[edge], other, back)):
        rows.append(context.row("downstream_count", _exactly(int(count), of, _COUNT), way))
    return rows


def _exactly(value: int, n: int, estimand: str) -> Estimate:
    """What was counted and not estimated."""
    return Estimate(value, value, value, COUNTED, n, estimand, "count")


def _cell(found: Reduced, result: Sequences, names: dict[int, str], edge: int) -> dict[str, str]:
    cause, effect = found.keys[result.cause[edge]], found.keys[result.effect[edge]]
    return {"reason": names[cause], "next_reason": names[effect]}


def _share_row(context: Context, found: Reduced, result: Sequences, edges: Ints, seen: Shown) -> ResultRow:
    """How much of all that follows an issue is downstream of it and not a repeat."""
    looked = len(result.cause)
    if not len(edges):
        return context.row("downstream_share", _nothing(looked, found.reach))
    pairs = len(found.sums.first)
    brought = np.zeros(BUCKETS)
    for edge, part in zip(edges.tolist(), seen.part.tolist(), strict=True):
        pair, ratio = edge % pairs, result.ratio[edge]
        ahead, back = found.sums.forward[pair], found.sums.backward[pair]
        brought += (ahead - ratio * back if edge < pairs else back - ratio * ahead) / part
    judged = fared(context)
    same = judged.contacts.group_by("bucket").aggregate(failed=judged.contacts.failed.sum())
    repeats = array_of(context.engine.execute(same), [], [], "failed")
    part = part_of(brought, repeats, context.policy.publish.level)
    if part is None:
        return context.row("downstream_share", _nothing(looked, found.reach))
    n = round(float(brought.sum() + repeats.sum()))
    estimand = _PART if judged.net else f"{_PART}; repeats by the policy's verdict, coincidental ones among them"
    return context.row(
        "downstream_share",
        Estimate(part.value, part.low, part.high, context.policy.publish.level, n, estimand),
    )


def _lags(context: Context, found: Reduced, result: Sequences, edges: Ints) -> dict[int, tuple[float, float, float]]:
    """Median delay of each edge with its interval."""
    ends = {edge: (found.keys[result.cause[edge]], found.keys[result.effect[edge]]) for edge in edges.tolist()}
    table = lags(context, found, sorted({min(pair) for pair in ends.values()}))
    medians, nothing = {}, np.zeros(found.reach)
    for edge, (cause, effect) in ends.items():
        lo, hi = min(cause, effect), max(cause, effect)
        found_lags = lag_quantiles(
            table.get((lo, hi, cause == lo), nothing),
            table.get((lo, hi, cause != lo), nothing),
            float(result.ratio[edge]),
            float(result.excess[edge] / result.z[edge]),
            context.policy.publish.level,
        )
        if found_lags is not None:
            medians[edge] = found_lags
    return medians


def _reach(context: Context) -> int:
    """The reach, or a third of the history where that is shorter, so that two thirds of it can be looked at."""
    days = (context.frame.cutoff - context.frame.since).total_seconds() / 86_400
    return int(min(REACH_DAYS, days // 3))


def _one_reason(reasons: int) -> Refusal:
    return Refusal(
        NOTHING_TO_COUNT,
        Sentence(
            "one-reason",
            "There are {reasons:,} reasons, and it takes two for one to bring the other.",
            "There is {reasons:,} reason, and it takes two for one to bring the other.",
            "reasons",
            reasons=reasons,
        ),
        Sentence(
            "downstream.reasons",
            "A source with reasons, or a policy whose {setting} tells them apart.",
            setting="link.reason_level",
        ),
        0,
        _PART,
    )


def _too_short(context: Context) -> Refusal:
    days = int((context.frame.cutoff - context.frame.since).total_seconds() // 86_400)
    return Refusal(
        TOO_FEW,
        Sentence(
            "short-history",
            "{days:,} days of history; {least:,} are the least in which one issue can be seen to bring another.",
            "{days:,} day of history; {least:,} are the least in which one issue can be seen to bring another.",
            "days",
            days=days,
            least=3 * LEAST_REACH_DAYS,
        ),
        Sentence("downstream.longer", "A longer period."),
        0,
        _PART,
    )


def _nothing(looked: int, reach: int) -> Refusal:
    return Refusal(
        NOTHING_CLEAR,
        Sentence(
            "no-edge",
            "Of {looked:,} directed pairs of reasons that meet at least {least:,} times within {reach:,} days, none "
            "comes clearly more often in one order than in the other.",
            "The only directed pair of reasons that meets at least {least:,} times within "
            "{reach:,} days does not come clearly more often in one order than in the other.",
            "looked",
            looked=looked,
            least=LEAST_PAIRS,
            reach=reach,
        ),
        Sentence("downstream.coarser", "A longer period, or coarser reasons."),
        looked,
        _PART,
    )


EXPLANATION = Explanation(
    id="downstream",
    title="finding issues that bring others",
    measures={
        "downstream_share": _PART,
        "downstream_pairs": _LOOKED,
        "downstream": _SHARE,
        "downstream_excess": _EXCESS,
        "downstream_delay": _DELAY,
        "downstream_cost": _COST,
        "downstream_count": _COUNT,
        CROSSING: CROSSING_ESTIMAND,
    },
    explain=explain,
    keeps=KEEPS,
    columns=("reason",),
)
