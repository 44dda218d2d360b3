"""Root causes: contacts that show a pattern against comparable ones, few false discoveries among all looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import ibis
import numpy as np
from numpy.typing import NDArray

from firstcontact.kernel.result import SIGNAL_ABSENT, Estimate, Refusal
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.explanation import Explanation
from firstcontact.measurement.explain.root_cause.catalog import PATTERNS
from firstcontact.measurement.explain.tally import NOTHING_CLEAR, array_of, fared, numbered, reason_names
from firstcontact.statistics.discovery import q_values
from firstcontact.statistics.excess_failure import Difference, stratified_difference

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.explain.explanation import Context
    from firstcontact.measurement.explain.root_cause.pattern import Pattern
    from firstcontact.measurement.measures.row import ResultRow

RATE = 0.05
"""Share of false findings that is accepted among the findings."""
MOST_VARIANTS = 24
"""So many variants of a pattern are looked at, those with the most contacts."""
LEAST_GROUPS = 10
"""A pattern must be shown by customers in so many of the 40 buckets, or its spread is not known."""
TO_READ = 20
"""Failed contacts to read for each finding."""
SEPARATOR = ": "
"""Stands between a pattern and its variant in `cause`."""

_EXCESS = "share of contacts that fail beyond comparable ones, where they show the pattern"
_CONTACTS = "failures beyond those of comparable contacts, among contacts that show the pattern"
_LOOKED = "patterns that were looked at, each among all contacts and inside each reason"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Looked:
    """One comparison.

    Attributes:
        pattern: The pattern.
        variant: Which variant of it.
        key: Inside which reason; None for all together.
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


def explain(context: Context) -> list[ResultRow]:
    """Rows about every pattern among all contacts, and about those that stand out inside a reason."""
    contacts = _narrow(context)
    looked: list[_Looked] = []
    marked: dict[str, ir.Table] = {}
    rows: list[ResultRow] = []
    for pattern in PATTERNS:
        shown = pattern.mark(context, contacts)
        found = _compare(context, pattern, shown) if shown is not None else []
        if shown is None:
            rows.append(context.row("root_cause", _absent(pattern), {"cause": pattern.id}))
        elif not found:
            rows.append(context.row("root_cause", _unseen(context, pattern), {"cause": pattern.id}))
        if shown is not None and found:
            marked[pattern.id] = shown
            looked += found
    q = q_values(np.array([one.p for one in looked]))
    level, names = context.policy.publish.level, reason_names(context)
    findings = []
    for one, false in zip(looked, q.tolist(), strict=True):
        clear = false <= RATE and one.value > 0
        if one.key is not None and not clear:
            continue
        cell = {"cause": one.pattern.id + SEPARATOR + one.variant}
        if one.key is not None:
            cell = {"reason": names[one.key], **cell}
        excess = Estimate(one.value, one.low, one.high, level, one.n, f"{_EXCESS}; against {one.pattern.others}")
        count = Estimate(one.value * one.n, one.low * one.n, one.high * one.n, level, one.n, _CONTACTS, "count")
        rows.append(context.row("root_cause", excess, cell, q_value=false))
        rows.append(context.row("root_cause_contacts", count, cell))
        if clear:
            findings.append(one)
    n = sum(one.n for one in looked if one.key is None)
    total = Estimate(len(looked), len(looked), len(looked), level, n, _LOOKED, "count")
    rows.append(context.row("root_cause_looked_at", total))
    if findings:
        context.exports["to_read"] = _to_read(context, marked, findings, names)
    return rows


def _narrow(context: Context) -> ir.Table:
    """The judged contacts with the columns that patterns read, kept once."""
    judged = fared(context).contacts
    wanted = {name for one in PATTERNS for name in (*one.columns, *one.signals)} & set(judged.columns)
    base = [
        "contact_id",
        "customer",
        "bucket",
        "key",
        "start_us",
        "local_day",
        "failed",
        "exposure",
        "returned",
        "mature",
    ]
    kept = judged.select(*base, *sorted(wanted - {"channel", *base}), channel=_channel(judged))
    if "channel" not in context.has:
        return context.engine.materialise(kept, "fc_failure")
    linked = context.linked.filter(context.linked.takes_part)
    row = ibis.window(group_by=[linked.customer, linked.key], order_by=[linked.start_us, linked.contact_id])
    following = linked.select(next_of=linked.contact_id, next_channel=linked.channel.lead().over(row))
    joined = kept.left_join(following, kept.contact_id == following.next_of).drop("next_of")
    return context.engine.materialise(joined, "fc_failure")


def _channel(contacts: ir.Table) -> ir.StringValue:
    return contacts.channel if "channel" in contacts.columns else ibis.null("string")


def _compare(context: Context, pattern: Pattern, shown: ir.Table) -> list[_Looked]:
    """Every variant among all contacts, and inside each reason."""
    failed, weight = shown.failed, shown.exposure
    if pattern.elsewhere:
        # Where they went is a matter of what was seen, and of windows that have closed.
        left = shown.returned & (shown.next_channel != shown.channel).fill_null(False)
        failed = ibis.ifelse(shown.mature & left, 1.0, 0.0)
        weight = ibis.ifelse(shown.mature, 1.0, 0.0)
    by = ["key", *(["channel"] if pattern.within_channel else []), "shows", "bucket"]
    made = shown.mutate(adds=failed, weighs=weight)
    rows = context.engine.execute(
        made.group_by(by).aggregate(adds=made.adds.sum(), weighs=made.weighs.sum(), n=made.count())
    )
    if not len(rows):
        return []
    keys, key = numbered(rows["key"].to_pylist())
    channels, channel = numbered(rows["channel"].to_pylist() if pattern.within_channel else [None] * len(rows))
    volume: dict[str, int] = {}
    for variant, n in zip(rows["shows"].to_pylist(), rows["n"].to_pylist(), strict=True):
        if variant is not None:
            volume[variant] = volume.get(variant, 0) + n
    variants = sorted(sorted(volume), key=lambda name: -volume[name])[:MOST_VARIANTS]
    if not variants:
        return []
    place = {variant: number for number, variant in enumerate(variants)}
    at = np.array([place.get(variant, len(variants)) for variant in rows["shows"].to_pylist()], dtype=np.int64)
    shape = [len(variants) + 1, len(keys), len(channels)]
    sums = [array_of(rows, [at, key, channel], shape, name) for name in ("weighs", "adds", "n")]
    found = _judged(context, pattern, variants, None, [_strata(array) for array in sums])
    if pattern.each_reason and len(keys) > 1:
        for number, one in enumerate(keys):
            found += _judged(context, pattern, variants, one, [array[:, number] for array in sums])
    return found


def _strata(array: Floats) -> Floats:
    return array.reshape(array.shape[0], -1, array.shape[-1])


def _judged(
    context: Context, pattern: Pattern, variants: list[str], key: int | None, sums: list[Floats]
) -> list[_Looked]:
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
            found.append(_Looked(pattern, variants[variant], key, value, low, high, float(result.p[at]), n))
    return found


def _contacts_compared(contacts: Floats, enough: NDArray[np.int64]) -> Floats:
    """Contacts that show each variant, in strata that hold others too."""
    own = contacts[enough].sum(axis=2)
    others = contacts.sum(axis=(0, 2))[None] - own
    return np.asarray((own * (others > 0)).sum(axis=1))


def _known(result: Difference, at: int, least: int) -> bool:
    interval = result.high[at] - result.low[at]
    return bool(np.isfinite(interval) and result.control[at] >= least / 2 and result.groups[at] >= LEAST_GROUPS)


def _to_read(context: Context, marked: dict[str, ir.Table], findings: list[_Looked], names: dict[int, str]) -> ir.Table:
    """Failed contacts to read for each finding, drawn at random but always the same ones."""
    parts = []
    for one in findings:
        shown = marked[one.pattern.id]
        wanted = (shown.shows == one.variant) & (shown.failed > 0)
        wanted = wanted if one.key is None else wanted & (shown.key == one.key)
        drawn = shown.filter(wanted).mutate(lot=shown.contact_id.hexdigest("md5"))
        # A contact can be joined to several rows nowhere: each pattern marks a contact once.
        drawn = drawn.order_by([drawn.lot, drawn.contact_id]).limit(TO_READ)
        parts.append(
            drawn.select(
                "contact_id",
                cause=ibis.literal(one.pattern.id + SEPARATOR + one.variant),
                reason=ibis.literal(names[one.key] if one.key is not None else None, "string"),
            )
        )
    return context.engine.materialise(reduce(lambda a, b: a.union(b), parts), "fc_to_read")


def _absent(pattern: Pattern) -> Refusal:
    said = Sentence("pattern-absent", "The data do not hold {needs}.", needs=pattern.needs)
    would = Sentence("pattern-needs", "A source or a mapping with {needs}.", needs=pattern.needs)
    return Refusal(SIGNAL_ABSENT, said, would, 0, _EXCESS)


def _unseen(context: Context, pattern: Pattern) -> Refusal:
    said = Sentence(
        "pattern-unseen",
        "Fewer than {least:,} contacts that can be judged show it beside comparable ones that do not, or they are of "
        "too few customers: {title}.",
        least=context.policy.publish.minimum_sample,
        title=pattern.title,
    )
    return Refusal(NOTHING_CLEAR, said, "A longer period.", 0, _EXCESS)


EXPLANATION = Explanation(
    id="root_cause",
    title="looking for what failures have in common",
    measures={"root_cause": _EXCESS, "root_cause_contacts": _CONTACTS, "root_cause_looked_at": _LOOKED},
    explain=explain,
    columns=tuple(dict.fromkeys(("reason", "channel", *(name for one in PATTERNS for name in one.columns)))),
    signals=tuple(dict.fromkeys(name for one in PATTERNS for name in one.signals)),
)
