"""How often each reason follows each other: pairs of openers of one customer, counted in the engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import ibis
import numpy as np
from numpy.typing import NDArray

from firstcontact.measurement.explain.tally import array_of
from firstcontact.measurement.linking.portable import BUCKETS, DAY_US, MINUTE_US
from firstcontact.measurement.measures.member import COUNTED, PREFIX
from firstcontact.statistics.miscoding import CrossSums, pooled_early_for_late
from firstcontact.statistics.sequence_symmetry import NullProfile, PairSums, null_profile

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from firstcontact.measurement.explain.explanation import Context

SAME_CONTACT_MINUTES = 15
"""Two reasons so near each other are one contact that was coded twice, or transferred."""
FOLLOWED = f"{PREFIX}downstream"
"""Column of contacts: `counted` for openers after which a full reach was seen, else missing."""
LEAST_PAIRS = 20
"""Pairs of reasons that meet less often, in either order, are not looked at."""

Floats = NDArray[np.float64]


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
        cross: Of all pairs together, also those that meet seldom.
    """

    reach: int
    keys: list[int]
    sums: PairSums
    openers: Floats
    profile: NullProfile
    pairs: ir.Table
    cross: CrossSums


def reduce(context: Context, reach: int) -> Reduced:
    """Count how often each reason follows each other: one pass over pairs of openers of a customer.

    Args:
        context: The run.
        reach: Days.

    Returns:
        The sums.
    """
    engine, linked = context.engine, context.linked
    kept = linked.filter(_begins(linked)).select("customer", "bucket", "key", "start_us", "local_day")
    openers = engine.materialise(kept.mutate(whole=_whole(kept, context, reach)), "fc_downstream_opener")
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


def followed(context: Context, reach: int) -> ir.Table:
    """The openers with a full reach, on which the figures of pairs of reasons rest.

    Args:
        context: The run.
        reach: Days.

    Returns:
        `contact_id`, and `in_downstream`: `counted`.
    """
    linked = context.linked
    kept = linked.filter(_begins(linked) & _whole(linked, context, reach))
    return kept.select("contact_id", **{FOLLOWED: ibis.literal(COUNTED)})


def _begins(linked: ir.Table) -> ir.BooleanValue:
    return (
        linked.opener
        & ~linked.alone
        & linked.excluded_code.isnull()
        & linked.customer.notnull()
        # A contact without a reason is one of any kind: whatever follows it is as likely the same issue, coded now.
        & linked.reason.notnull()
    )


def _whole(contacts: ir.Table, context: Context, reach: int) -> ir.BooleanValue:
    return contacts.start_us <= _us(context.frame.cutoff) - reach * DAY_US


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
    each = context.engine.execute(
        openers.group_by(["key", "bucket", "local_day"]).aggregate(n=openers.count(), whole=openers.whole.sum())
    )
    every = sorted(set(each["key"].to_pylist()))
    key_at = np.searchsorted(every, each["key"].to_numpy())
    own = np.searchsorted(every, np.array(keys, dtype=np.int64))
    whole = array_of(each, [key_at], [len(every)], "whole")
    days = each["local_day"].to_numpy()
    begin = int(days.min()) if len(days) else 0
    daily = np.zeros((len(every), int(days.max()) - begin + 1 if len(days) else 0))
    np.add.at(daily, (key_at, days - begin), each["n"].to_numpy().astype(float))
    early, late = (
        sum((array_of(rows, [], [], f"{way}_{third}") for way in ("forward", "backward")), np.zeros(BUCKETS))
        for third in ("early", "late")
    )
    cross = CrossSums(early, late, pooled_early_for_late(daily, reach), whole.sum(axis=0))
    profile = null_profile(daily[own], reach)
    return Reduced(reach, keys, PairSums(first, second, **arrays), whole[own], profile, pairs, cross)


def occupied(context: Context, wanted: list[tuple[int, int]]) -> Floats:
    """Openers of a reason that have a contact for another in the look-back before.

    Args:
        context: The run, after `reduce`.
        wanted: Pairs of linking keys: the opener's, and that of the contact before it.

    Returns:
        How many, for each pair.
    """
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


def lags(context: Context, found: Reduced, firsts: list[int]) -> dict[tuple[int, int, bool], Floats]:
    """Pairs by lag in days, for those whose smaller key is one of some.

    Args:
        context: The run.
        found: What `reduce` gave.
        firsts: Keys.

    Returns:
        By smaller key, larger key, and whether the smaller came first; shape (reach,).
    """
    asked = found.pairs.filter(found.pairs.lo.isin(firsts))
    rows = context.engine.execute(asked.group_by(["lo", "hi", "ahead", "lag_day"]).aggregate(n=asked.count()))
    table: dict[tuple[int, int, bool], Floats] = {}
    columns = [rows[name].to_pylist() for name in ("lo", "hi", "ahead", "lag_day", "n")]
    for lo, hi, ahead, day, n in zip(*columns, strict=True):
        table.setdefault((lo, hi, ahead), np.zeros(found.reach))[day] += n
    return table


def _us(moment: datetime) -> int:
    return round((moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000)
