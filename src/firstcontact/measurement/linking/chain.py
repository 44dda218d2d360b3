"""Contacts of one customer and one reason, in order: how long since the last one, and until the next.

This is the hot path. It is one window over integers: no self-join, no cumulative sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from firstcontact.contacts.table import NO_REASON
from firstcontact.measurement.linking.portable import DAY_US, SECOND_US, microseconds
from firstcontact.measurement.policy.model import cut_reason, within

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.fit.declared import Fit
    from firstcontact.measurement.linking.frame import Frame
    from firstcontact.measurement.policy.model import Exclusion, Policy


def gap_from(policy: Policy, frame: Frame) -> str:
    """Whether gaps run from the `start` or the `end` of a contact."""
    if policy.link.gap_from != "auto":
        return policy.link.gap_from
    return "end" if frame.source_kind == "contact" else "start"


def reason_table(reasons: list[str | None], policy: Policy, fit: Fit) -> pa.Table:
    """What linking must know of each reason, so that rows carry small integers.

    Args:
        reasons: Every different reason in the data; None stands for contacts without one.
        policy: The policy.
        fit: Its windows, by key.

    Returns:
        One row a reason: `reason_text` ("(none)" for None), `reason_number` (int32), `key` (int32, number of the
        linking key), `window_us`, `look_back_us`, `horizon_us` (int64 microseconds), `learned_window` (boolean).
    """
    import pyarrow as pa

    windows = {window.reason: window for window in fit.windows}
    keys: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for reason in sorted(reasons, key=lambda text: (text is not None, text or "")):
        key = cut_reason(reason, policy.link.reason_level)
        window = windows.get(key)
        days = window.days if window else policy.window.days(key)
        look_back = window.look_back_days if window else policy.look_back_days(days)
        rows.append(
            {
                "reason_text": NO_REASON if reason is None else reason,
                "reason_number": len(rows),
                "key": keys.setdefault(key, len(keys)),
                "window_us": round(days * DAY_US),
                "look_back_us": round(look_back * DAY_US),
                "horizon_us": round(max([days, *_related_days(reason, policy)]) * DAY_US),
                "learned_window": window is not None and window.source == "learned",
            }
        )
    types = {"reason_text": pa.string(), "reason_number": pa.int32(), "key": pa.int32(), "learned_window": pa.bool_()}
    names = ("reason_text", "reason_number", "key", *_WINDOWS)
    return pa.table({name: pa.array([row[name] for row in rows], types.get(name, pa.int64())) for name in names})


_WINDOWS = ("window_us", "look_back_us", "horizon_us", "learned_window")


def number_reasons(engine: Engine, contacts: ir.Table, known: pa.Table, policy: Policy) -> ir.Table:
    """Add `reason_number` and `key` of each contact's reason, from what `reason_table` gives."""
    if len(set(known["key"].to_pylist())) == 1 and not policy.related:
        # One key has one window: nobody asks for the reason.
        return contacts.mutate(reason_number=ibis.literal(0, "int32"), key=ibis.literal(0, "int32"))
    numbered = engine.register(known.select(["reason_text", "reason_number", "key"]), "fc_reason")
    return contacts.mutate(reason_text=contacts.reason.fill_null(NO_REASON)).join(numbered, "reason_text")


def windows(engine: Engine, contacts: ir.Table, known: pa.Table, name: str) -> ir.Table:
    """Add `window_us`, `look_back_us`, `horizon_us`, `learned_window`: constants where all reasons have the same.

    Args:
        engine: Where it runs.
        contacts: With `reason_number`.
        known: What `reason_table` gives.
        name: Begins the name under which the engine keeps the windows.
    """
    if _alike(known):
        return contacts.mutate(**{name: _literal(known[name][0].as_py()) for name in _WINDOWS})
    measured = engine.register(known.select(["reason_number", *_WINDOWS]), f"{name}_window")
    return contacts.join(measured, "reason_number")


def _literal(value: int | bool) -> ir.Value:
    return ibis.literal(value, "boolean" if isinstance(value, bool) else "int64")


def _alike(known: pa.Table) -> bool:
    return all(len(set(known[name].to_pylist())) == 1 for name in _WINDOWS)


def _related_days(reason: str | None, policy: Policy) -> list[float]:
    """The windows of the rules on whose earlier side a reason stands."""
    if reason is None:
        return []
    return [
        rule.days
        for rule in policy.related
        if within(reason, rule.earlier) or (rule.both_ways and within(reason, rule.later))
    ]


def sort_out(contacts: ir.Table, policy: Policy) -> ir.Table:
    """Say of each contact why it is excluded, and whether it takes part in linking all the same.

    Adds `excluded_code` (string, NULL for none; the causes known before linking), `takes_part` (boolean) and `alone`
    (boolean: an unknown customer who is taken for a single one).
    """
    link = policy.link
    causes: list[tuple[ir.BooleanValue, str]] = [
        (_has_value(contacts, rule), rule.code) for rule in policy.exclude if rule.column in contacts.columns
    ]
    gone = [condition for condition, _ in causes]
    if link.channels:
        other = ~contacts.channel.isin(link.channels).fill_null(False)
        causes.append((other, "channel"))
        gone.append(other)
    kinds = (
        ("outbound", link.outbound, contacts.direction == "outbound"),
        ("abandoned", link.abandoned, contacts.abandoned.fill_null(False)),
        ("self_service", link.self_service, contacts.channel == "self-service"),
    )
    for code, role, special in kinds:
        if role != "count":
            causes.append((special, code))
        if role == "ignore":
            gone.append(special)
    unknown = contacts.customer.isnull()
    if link.missing_customer == "exclude":
        causes.append((unknown, "no_customer"))
    if link.missing_reason == "exclude" and link.reason_level != 0:
        causes.append((contacts.reason.isnull(), "no_reason"))
        gone.append(contacts.reason.isnull())
    # NULL in a comparison is "not so": a missing direction is inbound, a missing channel no self-service.
    branches = [(condition.fill_null(False), ibis.literal(code)) for condition, code in causes]
    excluded = ibis.cases(*branches, else_=ibis.null("string")) if branches else ibis.null("string")
    absent = ibis.literal(False)
    for condition in gone:
        absent = absent | condition.fill_null(False)
    single = ~absent & unknown if link.missing_customer == "single" else ibis.literal(False)
    return contacts.mutate(excluded_code=excluded, takes_part=~absent & ~unknown, alone=single)


def _has_value(contacts: ir.Table, rule: Exclusion) -> ir.BooleanValue:
    column = contacts[rule.column]
    named = column.cast("string").isin([value for value in rule.values if value])
    if "" not in rule.values:
        return named
    # A column that is missing on every row tells nothing, so it excludes nobody.
    recorded = contacts.aggregate(n=column.count()).as_scalar() > 0
    return named.fill_null(False) | (column.isnull() & recorded)


def time(contacts: ir.Table, policy: Policy, frame: Frame) -> ir.Table:
    """Add `start_us`, `end_us` and `anchor_us` (int64 microseconds)."""
    start = microseconds(contacts.started_at)
    timed = contacts.mutate(start_us=start, end_us=microseconds(contacts.ended_at.coalesce(contacts.started_at)))
    return timed.mutate(anchor_us=timed.start_us if gap_from(policy, frame) == "start" else timed.end_us)


def gaps(contacts: ir.Table, policy: Policy, frame: Frame, *, detail: bool) -> ir.Table:
    """Chain the contacts: adds `previous_gap_us`, `next_gap_us`, and with detail `previous_id`, `previous_start_us`.

    Args:
        contacts: With `customer`, `key`, `takes_part`, `start_us`, `anchor_us`.
        policy: The policy.
        frame: The period and the kind of source.
        detail: Whether to name the previous contact too.
    """
    # Contacts that take no part go to chains whose answers are dropped: cheaper than a filter and a union. Their start
    # scatters them, or all unknown customers would be sorted as one.
    took = contacts.takes_part
    grouped = contacts.mutate(
        chain=ibis.ifelse(took, contacts.key, -1), chain_of=ibis.ifelse(took, contacts.customer, contacts.start_us)
    )
    order = [grouped.start_us, grouped.contact_id]
    row = ibis.window(group_by=[grouped.chain_of, grouped.chain], order_by=order)
    if gap_from(policy, frame) == "start":
        previous_anchor = grouped.start_us.lag().over(row)
    else:
        before = ibis.window(group_by=[grouped.chain_of, grouped.chain], order_by=order, rows=(None, -1))
        previous_anchor = grouped.anchor_us.max().over(before)
    columns = {"previous_anchor": previous_anchor, "next_start": grouped.start_us.lead().over(row)}
    if detail:
        columns["previous_id"] = grouped.contact_id.lag().over(row)
        columns["previous_start_us"] = grouped.start_us.lag().over(row)
    chained = grouped.mutate(**columns)
    nothing = ibis.null("int64")
    zero = ibis.literal(0, type="int64")
    changed = chained.mutate(
        previous_gap_us=ibis.ifelse(
            chained.takes_part & chained.previous_anchor.notnull(),
            ibis.greatest(zero, chained.start_us - chained.previous_anchor),
            nothing,
        ),
        next_gap_us=ibis.ifelse(
            chained.takes_part & chained.next_start.notnull(),
            ibis.greatest(zero, chained.next_start - chained.anchor_us),
            nothing,
        ),
    )
    return changed.drop("previous_anchor", "next_start", "chain", "chain_of")


def no_gaps(contacts: ir.Table) -> ir.Table:
    """The columns of `gaps` left empty, for definitions that do not look beyond the contact itself."""
    return contacts.mutate(previous_gap_us=ibis.null("int64"), next_gap_us=ibis.null("int64"))


def legs(timed: ir.Table, policy: Policy) -> ir.Table:
    """Contacts that are transferred legs of the one before: adds `is_leg` (boolean)."""
    link = policy.link
    route = ibis.literal("") if link.same_contact_any_channel else timed.channel.fill_null("")
    grouped = timed.mutate(chain=ibis.ifelse(timed.takes_part, route, "(takes no part)"))
    before = ibis.window(
        group_by=[grouped.customer, grouped.chain],
        order_by=[grouped.start_us, grouped.contact_id],
        rows=(None, -1),
    )
    marked = grouped.mutate(busy_until=grouped.end_us.max().over(before))
    near = (marked.start_us - marked.busy_until).abs() <= round(link.same_contact_seconds * SECOND_US)
    return marked.mutate(is_leg=(marked.takes_part & near).fill_null(False)).drop("busy_until", "chain")
