"""Downstream issues: which reason brings which other, told apart from customers who call about everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import ibis
import numpy as np
from numpy.typing import NDArray

from firstcontact.kernel.result import NOTHING_TO_COUNT, TOO_FEW, Estimate, Refusal, Unit
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.explanation import Explanation
from firstcontact.measurement.explain.tally import NOTHING_CLEAR, array_of, fared, reason_names
from firstcontact.measurement.linking.portable import BUCKETS, DAY_US, MINUTE_US
from firstcontact.statistics.sequence_symmetry import (
    NullProfile,
    PairSums,
    Sequences,
    hidden,
    lag_quantiles,
    null_profile,
    part_of,
    sequences,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from firstcontact.measurement.explain.explanation import Context
    from firstcontact.measurement.measures.row import ResultRow

REACH_DAYS = 45
"""How long after an issue another one can be its follower."""
LEAST_REACH_DAYS = 7
SAME_CONTACT_MINUTES = 15
"""Two reasons so near each other are one contact that was coded twice, or transferred."""
LEAST_PAIRS = 20
"""Pairs of reasons that meet less often, in either order, are not looked at."""
RATE = 0.05
"""Share of false edges that is accepted among the edges."""
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
class Reduced:
    """What the engine counted.

    Attributes:
        reach: Days.
        keys: Linking keys, by the numbers that the sums use.
        sums: Of the pairs that meet often enough.
        openers: Openers with a full reach, shape (keys, buckets).
        profile: What order alone would give.
        pairs: One row a meeting: `lo`, `hi` (keys), `ahead` (whether `lo` came first), `lag_day`.
    """

    reach: int
    keys: list[int]
    sums: PairSums
    openers: Floats
    profile: NullProfile
    pairs: ir.Table


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
    result = sequences(found.sums, found.openers, found.profile, context.policy.publish.level)
    return _rows(context, found, result, names)


def reduce(context: Context, reach: int) -> Reduced:
    """Count how often each reason follows each other: one pass over pairs of openers of a customer.

    Args:
        context: The run.
        reach: Days.

    Returns:
        The sums.
    """
    engine, linked = context.engine, context.linked
    last = _us(context.frame.cutoff) - reach * DAY_US
    kept = linked.filter(
        linked.opener
        & ~linked.alone
        & linked.excluded_code.isnull()
        & linked.customer.notnull()
        # A contact without a reason is one of any kind: whatever follows it is as likely the same issue, coded now.
        & linked.reason.notnull()
    ).select("customer", "bucket", "key", "start_us", "local_day")
    openers = engine.materialise(kept.mutate(whole=kept.start_us <= last), "fc_downstream_opener")
    pairs = engine.materialise(_pairs(openers, reach), "fc_downstream_pair")
    customer = pairs.group_by(["customer", "bucket", "lo", "hi"]).aggregate(
        forward=pairs.ahead.sum(),
        backward=(~pairs.ahead).sum(),
        forward_early=(pairs.ahead & (pairs.third == 0)).sum(),
        backward_early=(~pairs.ahead & (pairs.third == 0)).sum(),
        forward_late=(pairs.ahead & (pairs.third == 2)).sum(),
        backward_late=(~pairs.ahead & (pairs.third == 2)).sum(),
    )
    f, g = customer.forward.cast("float64"), customer.backward.cast("float64")
    bucket = customer.group_by(["bucket", "lo", "hi"]).aggregate(
        **{name: customer[name].sum() for name in _COUNTED},
        forward_square=(f * f).sum(),
        backward_square=(g * g).sum(),
        cross=(f * g).sum(),
    )
    rows = engine.execute(bucket)
    return _assemble(context, reach, rows, openers, pairs)


_COUNTED = ("forward", "backward", "forward_early", "backward_early", "forward_late", "backward_late")


def _pairs(openers: ir.Table, reach: int) -> ir.Table:
    """Two openers of one customer for different reasons within the reach: a banded join, no range join."""
    band = reach * DAY_US + 1
    early = openers.filter(openers.whole).mutate(first=(openers.start_us / band).floor().cast("int64"))
    early = early.mutate(band=ibis.array([early.first, early.first + 1]).unnest()).select(
        "customer", "bucket", "key", "start_us", "band"
    )
    late = openers.select(
        "customer",
        later_key=openers.key,
        later_start=openers.start_us,
        band=(openers.start_us / band).floor().cast("int64"),
    )
    met = early.join(late, ["customer", "band"])
    lag = met.later_start - met.start_us
    met = met.mutate(lag_us=lag).filter(
        (met.key != met.later_key) & (lag > SAME_CONTACT_MINUTES * MINUTE_US) & (lag < reach * DAY_US)
    )
    day = (met.lag_us / DAY_US).floor().cast("int32")
    width = max(1, reach // 3)
    return met.select(
        "customer",
        "bucket",
        lo=ibis.least(met.key, met.later_key),
        hi=ibis.greatest(met.key, met.later_key),
        ahead=met.key < met.later_key,
        lag_day=day,
        third=ibis.cases((day < width, 0), (day >= reach - width, 2), else_=1).cast("int8"),
    )


def _assemble(context: Context, reach: int, rows: pa.Table, openers: ir.Table, pairs: ir.Table) -> Reduced:
    total: dict[tuple[int, int], int] = {}
    low, high = rows["lo"].to_pylist(), rows["hi"].to_pylist()
    for one, other, f, g in zip(low, high, rows["forward"].to_pylist(), rows["backward"].to_pylist(), strict=True):
        total[one, other] = total.get((one, other), 0) + f + g
    chosen = sorted(pair for pair, n in total.items() if n >= LEAST_PAIRS)
    keys = sorted({key for pair in chosen for key in pair})
    number, place = {key: at for at, key in enumerate(keys)}, {pair: at for at, pair in enumerate(chosen)}
    wanted = np.array([pair in place for pair in zip(low, high, strict=True)], dtype=bool)
    kept = rows.filter(wanted)
    at = np.array(
        [place[pair] for pair in zip(kept["lo"].to_pylist(), kept["hi"].to_pylist(), strict=True)], dtype=np.int64
    )
    arrays = {
        name: array_of(kept, [at], [len(chosen)], name)
        for name in (*_COUNTED, "forward_square", "backward_square", "cross")
    }
    first = np.array([number[one] for one, _ in chosen], dtype=np.int64)
    second = np.array([number[other] for _, other in chosen], dtype=np.int64)
    asked = openers.filter(openers.key.isin(keys)) if keys else openers.limit(0)
    each = context.engine.execute(
        asked.group_by(["key", "bucket", "local_day"]).aggregate(n=asked.count(), whole=asked.whole.sum())
    )
    key_at = np.array([number[key] for key in each["key"].to_pylist()], dtype=np.int64)
    whole = array_of(each, [key_at], [len(keys)], "whole")
    days = each["local_day"].to_numpy()
    begin = int(days.min()) if len(days) else 0
    daily = np.zeros((len(keys), int(days.max()) - begin + 1 if len(days) else 0))
    np.add.at(daily, (key_at, days - begin), each["n"].to_numpy().astype(float))
    return Reduced(reach, keys, PairSums(first, second, **arrays), whole, null_profile(daily, reach), pairs)


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
    lags = _lags(context, found, result, edges) if len(edges) else {}
    openers = found.openers.sum(axis=1)[result.cause[edges]]
    occupied = _occupied(context, found, result, edges) / np.maximum(openers, 1.0)
    background = result.ratio[edges] * result.reverse[edges] / np.maximum(openers, 1.0)
    delay = np.array([lags[edge][0] / found.reach if edge in lags else 0.5 for edge in edges.tolist()])
    return Shown(hidden(occupied, background, delay), lags)


def _occupied(context: Context, found: Reduced, result: Sequences, edges: Ints) -> Floats:
    """Openers of each edge's cause that have a contact for its effect in the look-back before."""
    wanted = [(found.keys[result.cause[edge]], found.keys[result.effect[edge]]) for edge in edges.tolist()]
    if not wanted:
        return np.zeros(0)
    band = round(context.policy.link.look_back_days * DAY_US) + 1
    openers, linked = context.engine.table("fc_downstream_opener"), context.linked
    causes = openers.filter(openers.whole & openers.key.isin(sorted({cause for cause, _ in wanted})))
    causes = causes.select("customer", "key", "start_us", band=(causes.start_us / band).floor().cast("int64"))
    effects = linked.filter(linked.takes_part & linked.key.isin(sorted({effect for _, effect in wanted})))
    effects = effects.mutate(first=(effects.start_us / band).floor().cast("int64"))
    effects = effects.select(
        "customer",
        earlier_key=effects.key,
        earlier_start=effects.start_us,
        band=ibis.array([effects.first, effects.first + 1]).unnest(),
    )
    met = causes.join(effects, ["customer", "band"])
    lag = met.start_us - met.earlier_start
    met = met.filter((lag >= 0) & (lag < band)).select("customer", "key", "start_us", "earlier_key").distinct()
    rows = context.engine.execute(met.group_by(["key", "earlier_key"]).aggregate(n=met.count()))
    counted = {
        (cause, effect): n
        for cause, effect, n in zip(*(rows[name].to_pylist() for name in ("key", "earlier_key", "n")), strict=True)
    }
    return np.array([float(counted.get(pair, 0)) for pair in wanted])


def _rows(context: Context, found: Reduced, result: Sequences, names: dict[int, str]) -> list[ResultRow]:
    level, looked = context.policy.publish.level, len(result.cause)
    edges = edges_of(result)
    seen = shown(context, found, result, edges)
    rows = [_share_row(context, found, result, edges, seen)]
    rows.append(context.row("downstream_pairs", _exactly(looked, int(result.count.sum()), _LOOKED, level)))
    for edge, part in zip(edges.tolist(), seen.part.tolist(), strict=True):
        rows += _edge_rows(context, result, edge, part, seen.lags.get(edge), _cell(found, result, names, edge), found)
    for pair in np.flatnonzero(result.mutual).tolist():
        fast = [float(array[pair]) for array in (result.fast, result.fast_low, result.fast_high)]
        if np.isfinite(fast).all():
            n = int(found.openers[result.cause[pair]].sum())
            cell = _cell(found, result, names, pair)
            figure = Estimate(fast[0], fast[1], fast[2], level, n, _SHARE, "share")
            rows.append(context.row("downstream", figure, {**cell, "cause": MUTUAL}))
            rows.append(context.row("downstream_count", _exactly(int(result.count[pair]), n, _COUNT, level), cell))
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
    for count, way in ((result.count[edge], cell), (result.reverse[edge], back)):
        rows.append(context.row("downstream_count", _exactly(int(count), n, _COUNT, level), way))
    return rows


def _exactly(value: int, n: int, estimand: str, level: float) -> Estimate:
    """What was counted and not estimated."""
    return Estimate(value, value, value, level, n, estimand, "count")


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
    pairs = found.pairs
    keys = sorted({(found.keys[found.sums.first[e % len(found.sums.first)]]) for e in edges.tolist()})
    asked = pairs.filter(pairs.lo.isin(keys))
    rows = context.engine.execute(asked.group_by(["lo", "hi", "ahead", "lag_day"]).aggregate(n=asked.count()))
    table: dict[tuple[int, int, bool], Floats] = {}
    columns = [rows[name].to_pylist() for name in ("lo", "hi", "ahead", "lag_day", "n")]
    for lo, hi, ahead, day, n in zip(*columns, strict=True):
        table.setdefault((lo, hi, ahead), np.zeros(found.reach))[day] += n
    medians = {}
    for edge in edges.tolist():
        cause, effect = found.keys[result.cause[edge]], found.keys[result.effect[edge]]
        lo, hi = min(cause, effect), max(cause, effect)
        nothing = np.zeros(found.reach)
        forward = table.get((lo, hi, cause == lo), nothing)
        reverse = table.get((lo, hi, cause != lo), nothing)
        spread = result.excess[edge] / result.z[edge]
        found_lags = lag_quantiles(
            forward, reverse, float(result.ratio[edge]), float(spread), context.policy.publish.level
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
            "one-reason", "There are {reasons:,} reasons, and it takes two for one to bring the other.", reasons=reasons
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
            looked=looked,
            least=LEAST_PAIRS,
            reach=reach,
        ),
        Sentence("downstream.coarser", "A longer period, or coarser reasons."),
        looked,
        _PART,
    )


def _us(moment: datetime) -> int:
    return round((moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000)


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
    },
    explain=explain,
    columns=("reason",),
)
