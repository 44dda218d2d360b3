"""Transferred legs of one contact: told from repeats, folded into the contact they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from firstcontact.measurement.linking.chain import gap_from, legs

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.linking.frame import Frame
    from firstcontact.measurement.linking.shared import Shared
    from firstcontact.measurement.policy.model import Policy


def fold(shared: Shared, timed: ir.Table, policy: Policy, frame: Frame) -> tuple[ir.Table, ir.Table | None]:
    """Fold legs into their heads.

    Legs keep their rows, marked `leg_of` and `part_of_contact`, and take no further part. Heads get the latest end, the
    number of legs added to `transfers`, and the first reason that is not missing. What else was seen on the legs comes
    to the head with `whole.carry`.

    Args:
        shared: The contacts, and where it runs.
        timed: Contacts with `excluded_code`, `takes_part`, `start_us`, `end_us`, `anchor_us`.
        policy: The policy.
        frame: The period and the kind of source.

    Returns:
        The contacts with `leg_of` (string) and `leg_count` (int64, NULL for none) added; and the parts of contacts that
        have legs, one row each: `head_id`, `member_id` (the head's own too), `position` in order. None where no contact
        has legs.
    """
    nothing = timed.mutate(leg_of=ibis.null("string"), leg_count=ibis.null("int64"))
    if frame.source_kind != "contact" or policy.link.same_contact_seconds <= 0:
        return nothing, None
    near = shared.near(policy.link.same_contact_seconds)
    if near is None:
        return nothing, None
    # Few customers have legs: find them among those who may, then look closely at those alone.
    engine = shared.engine
    narrow = timed.select(
        "contact_id", "customer", "channel", "takes_part", "start_us", "end_us", "anchor_us", "reason"
    )
    narrow = engine.materialise(narrow.semi_join(near, "customer"), "fc_leg_near")
    touched = legs(narrow, policy)
    touched = touched.filter(touched.is_leg).select("customer").distinct()
    touched = engine.materialise(touched, "fc_leg_customer")
    if int(engine.execute(touched.aggregate(n=_.count()))["n"][0].as_py()) == 0:
        return nothing, None
    close = legs(narrow.semi_join(touched, "customer"), policy).filter(_.takes_part)
    by = [close.customer] if policy.link.same_contact_any_channel else [close.customer, close.channel.fill_null("")]
    order = [close.start_us, close.contact_id]
    starts = ibis.window(group_by=by, order_by=order, rows=(None, 0))
    numbered = close.mutate(
        group=(~close.is_leg).cast("int64").sum().over(starts),
        position=ibis.row_number().over(ibis.window(group_by=by, order_by=order)),
        route=ibis.literal("") if policy.link.same_contact_any_channel else close.channel.fill_null(""),
    )
    numbered = engine.materialise(numbered, "fc_leg")
    grouped = numbered.group_by(["customer", "route", "group"]).aggregate(
        head_id=numbered.contact_id.argmin(numbered.position),
        leg_count=numbered.is_leg.cast("int64").sum(),
        head_end_us=numbered.end_us.max(),
        head_reason=numbered.reason.argmin(numbered.position, where=numbered.reason.notnull()),
    )
    heads = engine.materialise(grouped.filter(grouped.leg_count > 0), "fc_leg_head")
    members = numbered.join(heads, ["customer", "route", "group"])
    members = members.select(
        "head_id",
        "head_end_us",
        "head_reason",
        "position",
        member_id="contact_id",
        member_is_leg="is_leg",
        legs="leg_count",
    )
    # Heads and legs in one table, so that all contacts are joined with it once.
    members = engine.materialise(members, "fc_leg_member")
    folded = timed.left_join(members, timed.contact_id == members.member_id)
    is_leg = folded.member_is_leg.fill_null(False)
    end = ibis.ifelse(is_leg, folded.end_us, folded.head_end_us.fill_null(folded.end_us))
    folded = folded.mutate(
        leg_of=ibis.ifelse(is_leg, folded.head_id, ibis.null("string")),
        leg_count=ibis.ifelse(is_leg, ibis.null("int64"), folded.legs),
        end_us=end,
        anchor_us=end if gap_from(policy, frame) == "end" else folded.anchor_us,
        reason=ibis.ifelse(is_leg, folded.reason, folded.reason.fill_null(folded.head_reason)),
        takes_part=folded.takes_part & ~is_leg,
        excluded_code=folded.excluded_code.fill_null(
            ibis.ifelse(is_leg, ibis.literal("part_of_contact"), ibis.null("string"))
        ),
    ).drop("member_id", "member_is_leg", "legs", "head_id", "head_end_us", "head_reason", "position")
    return folded, members.select("head_id", "member_id", "position")
