"""Reasons that can be the same issue: pairs of contacts by a banded join, each pair of reasons with its own window.

A plain self-join on the customer compares everything with everything. Here time is cut into bands as long as the
longest window; a pair within reach of each other lies in the same band or in neighbouring ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from firstcontact.measurement.linking.portable import DAY_US
from firstcontact.measurement.policy.model import Policy, within

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from firstcontact.kernel.engine import Engine


def pair_table(reasons: list[str], policy: Policy) -> pa.Table:
    """Every pair of occurring reasons that some rule relates.

    Returns:
        Columns `earlier_reason`, `later_reason` (strings), `reach_us` (int64): the longest window of the rules for the
        pair.
    """
    import pyarrow as pa

    reach: dict[tuple[str, str], float] = {}
    for rule in policy.related:
        earlier = [reason for reason in reasons if within(reason, rule.earlier)]
        later = [reason for reason in reasons if within(reason, rule.later)]
        pairs = [(a, b) for a in earlier for b in later]
        if rule.both_ways:
            pairs += [(b, a) for a, b in pairs]
        for pair in pairs:
            reach[pair] = max(reach.get(pair, 0.0), rule.days)
    return pa.table(
        {
            "earlier_reason": pa.array([pair[0] for pair in reach], pa.string()),
            "later_reason": pa.array([pair[1] for pair in reach], pa.string()),
            "reach_us": pa.array([round(days * DAY_US) for days in reach.values()], pa.int64()),
        }
    )


def relate(engine: Engine, chained: ir.Table, policy: Policy, reasons: list[str | None], name: str) -> ir.Table:
    """Add `related_next_gap_us`, `related_previous_gap_us`, `related_previous_id`, `related_previous_start_us`.

    Takes what `pairs` takes; all four columns are NULL where no rule applies.
    """
    found = pairs(engine, chained, policy, reasons, name) if policy.related else None
    if found is None:
        return chained.mutate(
            related_next_gap_us=ibis.null("int64"),
            related_previous_gap_us=ibis.null("int64"),
            related_previous_id=ibis.null("string"),
            related_previous_start_us=ibis.null("int64"),
        )
    nexts, previous = found
    joined = chained.left_join(nexts, "contact_id").drop("contact_id_right")
    return joined.left_join(previous, "contact_id").drop("contact_id_right")


def pairs(
    engine: Engine, chained: ir.Table, policy: Policy, reasons: list[str | None], name: str
) -> tuple[ir.Table, ir.Table] | None:
    """Related repeats.

    Args:
        engine: Where it runs.
        chained: Contacts with `customer`, `key`, `reason`, `takes_part`, `start_us`, `anchor_us`.
        policy: The policy.
        reasons: Every different reason in the data; None stands for contacts without one.
        name: Begins the names under which the engine keeps what is found.

    Returns:
        Two tables, or None where no rule applies: by the earlier contact `contact_id`, `related_next_gap_us`; by the
        later one `contact_id`, `related_previous_gap_us`, `related_previous_id`, `related_previous_start_us` (the last
        in order of those it is a related repeat of).
    """
    rules = pair_table([reason for reason in reasons if reason is not None], policy)
    if rules.num_rows == 0:
        return None
    related = engine.register(rules, f"{name}_related_reason")
    longest = max(rules["reach_us"].to_pylist())
    taking = chained.filter(chained.takes_part).select(
        "contact_id", "customer", "key", "reason", "start_us", "anchor_us"
    )
    earlier = taking.semi_join(related, taking.reason == related.earlier_reason)
    later = taking.semi_join(related, taking.reason == related.later_reason)
    earlier = engine.materialise(earlier, f"{name}_related_earlier")
    # A contact reaches from its start to its anchor and the window beyond: the band must hold the longest of these.
    spread = engine.execute(earlier.aggregate(n=(earlier.anchor_us - earlier.start_us).max()))["n"][0].as_py()
    band = longest + int(spread or 0) + 1
    early = earlier.mutate(first_band=(earlier.start_us / band).floor().cast("int64"))
    early = early.mutate(band=ibis.array([early.first_band, early.first_band + 1]).unnest()).drop("first_band")
    late = later.mutate(band=(later.start_us / band).floor().cast("int64"))
    late = late.rename(
        later_id="contact_id", later_key="key", later_start="start_us", later_reason="reason", later_anchor="anchor_us"
    )
    met = early.join(late, ["customer", "band"])
    met = met.filter(
        (met.key != met.later_key)
        & ((met.start_us < met.later_start) | ((met.start_us == met.later_start) & (met.contact_id < met.later_id)))
    )
    ruled = met.join(related, (met.reason == related.earlier_reason) & (met.later_reason == related.later_reason))
    gap = ibis.greatest(ibis.literal(0, type="int64"), ruled.later_start - ruled.anchor_us)
    close = engine.materialise(
        ruled.mutate(gap_us=gap).filter(_.gap_us <= _.reach_us).select("contact_id", "later_id", "gap_us", "start_us"),
        f"{name}_related_pair",
    )
    nexts = close.group_by("contact_id").aggregate(related_next_gap_us=close.gap_us.min())
    last = ibis.window(group_by=close.later_id, order_by=[close.start_us.desc(), close.contact_id.desc()])
    ranked = close.mutate(place=ibis.row_number().over(last))
    smallest = close.group_by("later_id").aggregate(related_previous_gap_us=close.gap_us.min())
    latest = ranked.filter(ranked.place == 0).select(
        "later_id", related_previous_id="contact_id", related_previous_start_us="start_us"
    )
    previous = smallest.join(latest, "later_id").rename(contact_id="later_id")
    return (
        engine.materialise(nexts, f"{name}_related_next"),
        engine.materialise(previous, f"{name}_related_previous"),
    )
