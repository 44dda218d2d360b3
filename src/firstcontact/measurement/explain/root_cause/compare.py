"""Contacts that show a pattern, compared with contacts that do not: among all, and inside each reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import ibis
import numpy as np
from numpy.typing import NDArray

from firstcontact.measurement.explain.tally import array_of, numbered
from firstcontact.statistics.bucket import ratio
from firstcontact.statistics.excess_failure import Difference, stratified_difference
from firstcontact.statistics.share import t_quantile

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.explain.explanation import Context
    from firstcontact.measurement.explain.root_cause.pattern import Pattern

MOST_VARIANTS = 24
"""So many variants of a pattern are looked at, those with the most contacts."""
LEAST_GROUPS = 10
"""A pattern must be shown by customers in so many of the 40 buckets, or its spread is not known."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Looked:
    """One comparison.

    Attributes:
        pattern: The pattern.
        variant: Which variant of it.
        key: Inside which reason (linking key); None for all together.
        value, low, high: Excess failure.
        p: Of no excess.
        n: Compared contacts that show it.
    """

    pattern: Pattern
    variant: str
    key: int | None
    value: float
    low: float
    high: float
    p: float
    n: int


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of a pattern.

    Attributes:
        looked: Comparisons of which enough is known.
        alone: (linking key, channel, variant) of the strata in which every contact shows a variant: with none to
            compare them with, these contacts are in no n.
    """

    looked: list[Looked]
    alone: list[tuple[int, str | None, str]] = field(default_factory=list)


def compare(context: Context, pattern: Pattern, shown: ir.Table) -> Compared:
    """Every variant of a pattern, by stratified difference or by flows.

    Args:
        context: The run.
        pattern: The pattern.
        shown: What `pattern.mark` gave.

    Returns:
        Its comparisons.
    """
    return Compared(_flows(context, pattern, shown)) if pattern.outflow else _differences(context, pattern, shown)


def _differences(context: Context, pattern: Pattern, shown: ir.Table) -> Compared:
    """Excess failure inside strata of reason and channel."""
    rows = context.engine.execute(
        shown.group_by(["key", "channel", "shows", "bucket"]).aggregate(
            failed=shown.failed.sum(), exposure=shown.exposure.sum(), n=shown.count()
        )
    )
    if not len(rows):
        return Compared([])
    keys, key = numbered(rows["key"].to_pylist())
    channels, channel = numbered(rows["channel"].to_pylist())
    volume: dict[str, int] = {}
    for variant, n in zip(rows["shows"].to_pylist(), rows["n"].to_pylist(), strict=True):
        if variant is not None:
            volume[variant] = volume.get(variant, 0) + n
    variants = sorted(sorted(volume), key=lambda name: -volume[name])[:MOST_VARIANTS]
    if not variants:
        return Compared([])
    place = {variant: number for number, variant in enumerate(variants)}
    at = np.array([place.get(variant, len(variants)) for variant in rows["shows"].to_pylist()], dtype=np.int64)
    shape = [len(variants) + 1, len(keys), len(channels)]
    sums = [array_of(rows, [at, key, channel], shape, name) for name in ("exposure", "failed", "n")]
    found = _judged(context, pattern, variants, None, [_strata(array) for array in sums])
    if pattern.each_reason and len(keys) > 1:
        for number, one in enumerate(keys):
            found += _judged(context, pattern, variants, one, [array[:, number] for array in sums])
    own = sums[2].sum(axis=-1)
    only = np.argwhere((own[:-1] > 0) & (own[:-1] == own.sum(axis=0)))
    return Compared(found, [(keys[k], channels[c], variants[v]) for v, k, c in only.tolist()])


def _strata(array: Floats) -> Floats:
    return array.reshape(array.shape[0], -1, array.shape[-1])


def _judged(
    context: Context, pattern: Pattern, variants: list[str], key: int | None, sums: list[Floats]
) -> list[Looked]:
    """Variants of which enough is known, from sums of shape (variants and the rest, strata, buckets)."""
    weight, failed, contacts = sums
    shows = slice(0, len(variants))
    level, least = context.policy.publish.level, context.policy.publish.minimum_sample
    enough = np.flatnonzero(contacts[shows].sum(axis=(1, 2)) >= least)
    if not len(enough):
        return []
    result = stratified_difference(
        weight[enough],
        failed[enough],
        weight.sum(axis=0)[None] - weight[enough],
        failed.sum(axis=0)[None] - failed[enough],
        level,
    )
    compared = _contacts_compared(contacts, enough)
    found = []
    for at, variant in enumerate(enough.tolist()):
        n = round(float(compared[at]))
        if n >= least and _known(result, at, least):
            value, low, high = (float(array[at]) for array in (result.value, result.low, result.high))
            found.append(Looked(pattern, variants[variant], key, value, low, high, float(result.p[at]), n))
    return found


def _contacts_compared(contacts: Floats, enough: NDArray[np.int64]) -> Floats:
    """Contacts that show each variant, in strata that hold others too."""
    own = contacts[enough].sum(axis=2)
    others = contacts.sum(axis=(0, 2))[None] - own
    return np.asarray((own * (others > 0)).sum(axis=1))


def _known(result: Difference, at: int, least: int) -> bool:
    interval = result.high[at] - result.low[at]
    return bool(np.isfinite(interval) and result.control[at] >= least / 2 and result.groups[at] >= LEAST_GROUPS)


def _flows(context: Context, pattern: Pattern, shown: ir.Table) -> list[Looked]:
    """Net loss of each channel to the others.

    Customers who choose channels at random come back to a rarely used one less often than they leave it; but they leave
    it no more often than they come to it. So what is compared are the two flows, not two shares.
    """
    seen = shown.filter(shown.mature)
    nowhere = ibis.null("string")
    seen = seen.mutate(to=ibis.ifelse(seen.returned, seen.next_channel, nowhere))
    rows = context.engine.execute(seen.group_by(["key", "shows", "to", "bucket"]).aggregate(n=seen.count()))
    keys, key = numbered(rows["key"].to_pylist())
    start, end = rows["shows"].to_pylist(), rows["to"].to_pylist()
    names = sorted({name for name in (*start, *end) if name is not None})
    if len(names) < 2:
        return []
    place = {name: number for number, name in enumerate(names)}
    # The last place is that of nowhere, or of a channel that is not known.
    at = np.array([place.get(name, len(names)) for name in start], dtype=np.int64)
    to = np.array([place.get(name, len(names)) for name in end], dtype=np.int64)
    flow = array_of(rows, [key, at, to], [len(keys), len(names) + 1, len(names) + 1], "n")
    found = _net(context, pattern, names, None, flow.sum(axis=0))
    for number, one in enumerate(keys if pattern.each_reason and len(keys) > 1 else []):
        found += _net(context, pattern, names, one, flow[number])
    return found


def _net(context: Context, pattern: Pattern, names: list[str], key: int | None, flow: Floats) -> list[Looked]:
    """Comparisons of one matrix of flows, shape (from, to, buckets)."""
    known = slice(0, len(names))
    stay = np.einsum("iib->ib", flow)[known]
    count = flow[known].sum(axis=1)
    out = flow[known, known].sum(axis=1) - stay
    into = flow[known, known].sum(axis=0) - stay
    result = ratio(count, out - into)
    level, least = context.policy.publish.level, context.policy.publish.minimum_sample
    freedom = np.maximum(result.groups - 1, 1.0)
    half = t_quantile(level, freedom) * np.sqrt(result.variance)
    from scipy.special import stdtr

    found = []
    for at, name in enumerate(names):
        enough = result.count[at] >= least and (out + into)[at].sum() >= least and result.groups[at] >= LEAST_GROUPS
        if enough and half[at] > 0:
            value, error = float(result.value[at]), float(np.sqrt(result.variance[at]))
            p = 2 * float(stdtr(freedom[at], -abs(value) / error))
            n = int(result.count[at])
            found.append(Looked(pattern, name, key, value, value - float(half[at]), value + float(half[at]), p, n))
    return found
