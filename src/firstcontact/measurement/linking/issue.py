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


def name_issues(engine: Engine, linked: ir.Table, source: ir.Table, policy: Policy, name: str) -> ir.Table:
    """Add `issue_id` and `redialled`.

    Args:
        engine: Where it runs.
        linked: Linked contacts with `repeat_of`, kept in the engine.
        source: The contacts as they came, with times and directions.
        policy: The policy.
        name: Under which the engine keeps the answer.

    Returns:
        The linked contacts with `issue_id` (the contact that began the issue; NULL for contacts that take no part) and
        `redialled` (boolean).
    """
    roots = _roots(engine, linked)
    redialled = _redialled(engine, source, policy)
    named = linked.left_join(roots, linked.contact_id == roots.repeat_id)
    named = named.left_join(redialled, named.contact_id == redialled.redialled_id)
    named = named.mutate(
        issue_id=ibis.cases(
            (named.root.notnull(), named.root), (named.issue_start, named.contact_id), else_=ibis.null("string")
        ),
        redialled=named.redialled_id.notnull(),
    ).drop("repeat_id", "root", "redialled_id")
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
    end = microseconds(source.ended_at.coalesce(source.started_at))
    timed = source.select(
        "contact_id", "customer", "direction", "abandoned", start_us=microseconds(source.started_at), end_us=end
    ).filter(_.customer.notnull())
    left = timed.filter(timed.abandoned.fill_null(False)).select(
        "customer", redialled_id="contact_id", left_start="start_us", left_end="end_us"
    )
    later = timed.filter((timed.direction != "outbound").fill_null(True))
    met = left.join(later.select("customer", "contact_id", "start_us"), "customer")
    reach = round(policy.link.redial_minutes * MINUTE_US)
    after = (met.start_us > met.left_start) | ((met.start_us == met.left_start) & (met.contact_id > met.redialled_id))
    found = met.filter(after & (met.start_us <= met.left_end + reach)).select("redialled_id").distinct()
    return engine.materialise(found, "fc_redialled")
