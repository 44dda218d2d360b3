"""Names for people and exports: which contact a repeat repeats, to which issue it belongs, and who redialled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from firstcontact.measurement.linking.portable import MINUTE_US, microseconds

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.policy.model import Policy


def predecessor(linked: ir.Table) -> ir.StringValue:
    """The contact that a repeat repeats: the last in order of those it can be chained to; NULL for no repeat."""
    nothing = ibis.null("string")
    exact = ibis.ifelse((linked.previous_gap_us <= linked.window_us).fill_null(False), linked.previous_id, nothing)
    other = linked.related_previous_id
    # In order: by start, then by contact id.
    later = (linked.related_previous_start_us > linked.previous_start_us) | (
        (linked.related_previous_start_us == linked.previous_start_us) & (other > exact)
    )
    chosen = ibis.cases((exact.isnull(), other), (other.isnull(), exact), (later, other), else_=exact)
    return ibis.ifelse(linked.repeat, chosen, nothing)


def name_issues(
    engine: Engine, linked: ir.Table, source: ir.Table, policy: Policy, name: str, *, redials: bool
) -> ir.Table:
    """Add `issue_id` and `redialled`.

    Args:
        engine: Where it runs.
        linked: Linked contacts with `repeat_of`, kept in the engine.
        source: The contacts as they came, with times and directions.
        policy: The policy.
        name: Under which the engine keeps the answer.
        redials: Whether the source says of any contact that it was abandoned: without, nobody redials.

    Returns:
        The linked contacts with `issue_id` (the contact that began the issue; NULL for contacts that take no part) and
        `redialled` (boolean).
    """
    roots = _roots(engine, linked)
    named = linked.left_join(roots, linked.contact_id == roots.repeat_id)
    issue_id = ibis.cases(
        (named.root.notnull(), named.root), (named.issue_start, named.contact_id), else_=ibis.null("string")
    )
    named = named.mutate(issue_id=issue_id).drop("repeat_id", "root")
    if redials:
        redialled = _redialled(engine, source, policy)
        named = named.left_join(redialled, named.contact_id == redialled.redialled_id)
        named = named.mutate(redialled=named.redialled_id.notnull()).drop("redialled_id")
    else:
        named = named.mutate(redialled=ibis.literal(False))
    return engine.materialise(named, f"{name}_named")


def _roots(engine: Engine, linked: ir.Table) -> ir.Table:
    """Follow `repeat_of` to its end, doubling the stride each round."""
    repeats = linked.filter(linked.repeat_of.notnull())
    stride = engine.materialise(repeats.select(repeat_id="contact_id", root="repeat_of"), "fc_root_0")
    turn = 0
    while True:
        ahead = stride.select(step="repeat_id", beyond="root")
        joined = stride.left_join(ahead, stride.root == ahead.step)
        moved = joined.select("repeat_id", root=ibis.coalesce(joined.beyond, joined.root), moved=joined.step.notnull())
        turn += 1
        stride = engine.materialise(moved, f"fc_root_{turn % 2}")
        if not int(engine.execute(stride.aggregate(n=_.moved.sum()))["n"][0].as_py() or 0):
            return stride.drop("moved")
        stride = stride.drop("moved")


def _redialled(engine: Engine, source: ir.Table, policy: Policy) -> ir.Table:
    known = source.filter(source.customer.notnull())
    left = known.filter(known.abandoned.fill_null(False)).select("customer").distinct()
    end = microseconds(known.ended_at.coalesce(known.started_at))
    timed = known.select(
        "contact_id", "customer", "direction", "abandoned", start_us=microseconds(known.started_at), end_us=end
    ).semi_join(left, "customer")
    # Contacts are in order, so the earliest of all later inbound ones is the next.
    inbound = ibis.ifelse((timed.direction == "outbound").fill_null(False), ibis.null("int64"), timed.start_us)
    later = ibis.window(group_by=timed.customer, order_by=[timed.start_us, timed.contact_id], rows=(1, None))
    following = timed.mutate(next_us=inbound.min().over(later)).filter(_.abandoned.fill_null(False))
    reach = round(policy.link.redial_minutes * MINUTE_US)
    found = following.filter(following.next_us <= following.end_us + reach).select(redialled_id="contact_id")
    return engine.materialise(found, "fc_redialled")
