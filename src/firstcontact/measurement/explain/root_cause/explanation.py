"""Root causes: contacts that show a pattern against comparable ones, few false discoveries among all looked at."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pyarrow as pa

from firstcontact.kernel.result import COUNTED, SIGNAL_ABSENT, Estimate, Refusal
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.explanation import Explanation
from firstcontact.measurement.explain.root_cause.catalog import PATTERNS
from firstcontact.measurement.explain.root_cause.compare import Compared, Looked, compare
from firstcontact.measurement.explain.root_cause.member import ROW, keep_members
from firstcontact.measurement.explain.root_cause.pattern import ARROW, PAIR, SEPARATOR, Pattern
from firstcontact.measurement.explain.tally import NOTHING_CLEAR, fared, reason_names
from firstcontact.statistics.discovery import q_values

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.explain.explanation import Context
    from firstcontact.measurement.measures.row import ResultRow

RATE = 0.05
"""Share of false findings that is accepted among the findings."""
MOST_PAIRS = 20
"""So many pairs of a first and a final queue or reason are counted, the commonest."""
TO_READ = 20
"""Failed contacts to read for each finding."""

_EXCESS = "share of contacts that fail beyond comparable ones, where they show the pattern"
_CONTACTS = "failures beyond those of comparable contacts, among contacts that show the pattern"
_PAIRS = "contacts that began in one queue or reason and ended in another, whether or not they can be judged"
_LOOKED = "patterns that were looked at, each among all contacts and inside each reason"


def explain(context: Context) -> list[ResultRow]:
    """Rows about every pattern among all contacts, and about those that stand out inside a reason."""
    contacts = _narrow(context)
    marked: dict[Pattern, ir.Table] = {}
    compared: dict[Pattern, Compared] = {}
    rows: list[ResultRow] = []
    for pattern in PATTERNS:
        shown = pattern.mark(context, contacts)
        if shown is None:
            rows.append(context.row("root_cause", _absent(pattern), {"cause": pattern.id}))
            continue
        found = compare(context, pattern, shown)
        if not found.looked:
            rows.append(context.row("root_cause", _unseen(context, pattern), {"cause": pattern.id}))
        marked[pattern], compared[pattern] = shown, found
        if pattern.pair:
            by_pair = pattern.by_pair
            marked[by_pair] = shown.mutate(shows=shown[PAIR])
            compared[by_pair] = compare(context, by_pair, marked[by_pair])
            rows += _pairs(context, pattern)
    looked = [one for found in compared.values() for one in found.looked]
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
        elif one.pattern.pair and not one.pattern.each_reason:
            cell = _ended(one.pattern, one.variant)
        excess = Estimate(one.value, one.low, one.high, level, one.n, f"{_EXCESS}; against {one.pattern.others}")
        count = Estimate(one.value * one.n, one.low * one.n, one.high * one.n, level, one.n, _CONTACTS, "count")
        rows.append(context.row("root_cause", excess, cell, q_value=false))
        rows.append(context.row("root_cause_contacts", count, cell))
        if clear:
            findings.append(one)
    n = sum(one.n for one in looked if one.key is None)
    total = Estimate(len(looked), len(looked), len(looked), COUNTED, n, _LOOKED, "count")
    rows.append(context.row("root_cause_looked_at", total))
    if findings:
        context.exports["to_read"] = _to_read(context, marked, findings, names)
    if context.members is not None:
        context.members.append(keep_members(context, contacts, marked, compared))
    return rows


def _pairs(context: Context, pattern: Pattern) -> list[ResultRow]:
    """How many contacts went each of the commonest ways from a first queue or reason to a final one."""
    linked, publish = context.linked, context.policy.publish
    shown = pattern.mark(context, linked.filter(linked.takes_part))
    if shown is None:
        return []
    shown = shown.filter(shown[PAIR].notnull())
    counted = shown.group_by(PAIR).aggregate(n=shown.count())
    counted = counted.filter(counted.n >= publish.suppress_below).order_by([counted.n.desc(), counted[PAIR]])
    found = context.engine.execute(counted.limit(MOST_PAIRS)).to_pylist()
    return [
        context.row(
            "root_cause_pair",
            Estimate(one["n"], one["n"], one["n"], COUNTED, one["n"], _PAIRS, "count"),
            _ended(pattern, one[PAIR]),
        )
        for one in found
    ]


def _ended(pattern: Pattern, pair: str) -> dict[str, str]:
    """The cell of a pair: that of what its contacts ended in."""
    return {pattern.pair: pair.rpartition(ARROW)[2], "cause": pattern.id + SEPARATOR + pair}


def _narrow(context: Context) -> ir.Table:
    """The judged contacts with the columns that patterns read, kept once."""
    judged = fared(context).contacts
    wanted = {name for one in PATTERNS for name in (*one.columns, *one.signals)} & set(judged.columns)
    base = ["contact_id", "customer", "bucket", "key", "start_us", "local_day", "next_gap_us"]
    base += ["failed", "exposure", "returned", "mature"]
    kept = judged.select(*base, *sorted(wanted - {"channel", *base}), channel=_channel(judged))
    if context.members is not None:
        kept = kept.mutate(**{ROW: ibis.row_number()})
    if "channel" not in context.has:
        return context.engine.materialise(kept, "fc_failure")
    linked = context.linked.filter(context.linked.takes_part)
    row = ibis.window(group_by=[linked.customer, linked.key], order_by=[linked.start_us, linked.contact_id])
    following = linked.select(next_of=linked.contact_id, next_channel=linked.channel.lead().over(row))
    joined = kept.left_join(following, kept.contact_id == following.next_of).drop("next_of")
    return context.engine.materialise(joined, "fc_failure")


def _channel(contacts: ir.Table) -> ir.StringValue:
    return contacts.channel if "channel" in contacts.columns else ibis.null("string")


def _to_read(
    context: Context, marked: dict[Pattern, ir.Table], findings: list[Looked], names: dict[int, str]
) -> ir.Table:
    """Failed contacts to read for each finding, drawn at random but always the same ones."""
    named = context.engine.register(
        pa.table({"named": pa.array(list(names), pa.int32()), "reason": pa.array(list(names.values()), pa.string())}),
        "fc_reason_name",
    )
    parts = []
    for pattern in dict.fromkeys(one.pattern for one in findings):
        own = [one for one in findings if one.pattern == pattern]
        shown = marked[pattern]
        shown = shown.filter(shown.failed > 0)
        lot = [shown.contact_id.hexdigest("md5"), shown.contact_id]
        whole = {one.variant for one in own if one.key is None}
        inside = {(one.variant, one.key) for one in own if one.key is not None}
        cause = ibis.literal(pattern.id + SEPARATOR).concat(shown.shows)
        for by, wanted in (
            ([shown.shows], shown.shows.isin(sorted(whole))),
            ([shown.shows, shown.key], _any(shown, inside)),
        ):
            drawn = shown.mutate(
                cause=cause,
                named=shown.key if len(by) > 1 else ibis.null("int32"),
                place=ibis.row_number().over(group_by=by, order_by=lot),
            ).filter(wanted)
            parts.append(drawn.filter(drawn.place < TO_READ).select("contact_id", "cause", "named"))
    together = reduce(lambda a, b: a.union(b), parts)
    told = together.left_join(named, together.named == named.named).select("contact_id", "cause", "reason")
    return context.engine.materialise(told, "fc_to_read")


def _any(shown: ir.Table, inside: set[tuple[str, int]]) -> ir.BooleanValue:
    """Whether a contact shows one of some variants in the reason where it stands out."""
    found: ir.BooleanValue = ibis.literal(False)
    for variant in sorted({variant for variant, _ in inside}):
        found = found | (
            (shown.shows == variant) & shown.key.isin(sorted(key for one, key in inside if one == variant))
        )
    return found


def _absent(pattern: Pattern) -> Refusal:
    said = Sentence("pattern-absent", "The data do not hold {needs}.", needs=pattern.needs)
    would = Sentence("pattern-needs", "A source that holds it, or a mapping that names where it stands.")
    return Refusal(SIGNAL_ABSENT, said, would, 0, _EXCESS)


def _unseen(context: Context, pattern: Pattern) -> Refusal:
    said = Sentence(
        "pattern-unseen",
        "Fewer than {least:,} contacts that can be judged show it beside comparable ones that do not, or they are of "
        "too few customers: {title}.",
        least=context.policy.publish.minimum_sample,
        title=pattern.title,
    )
    return Refusal(NOTHING_CLEAR, said, Sentence("root-cause.longer", "A longer period."), 0, _EXCESS)


EXPLANATION = Explanation(
    id="root_cause",
    title="looking for what failures have in common",
    measures={
        "root_cause": _EXCESS,
        "root_cause_contacts": _CONTACTS,
        "root_cause_pair": _PAIRS,
        "root_cause_looked_at": _LOOKED,
    },
    explain=explain,
    keeps=("fc_failure",),
    columns=tuple(dict.fromkeys(("reason", "channel", *(name for one in PATTERNS for name in one.columns)))),
    signals=tuple(dict.fromkeys(name for one in PATTERNS for name in one.signals)),
)
