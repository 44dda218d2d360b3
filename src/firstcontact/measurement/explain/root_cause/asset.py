"""The same asset again: a contact about something that somebody called about not long ago."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import ibis

from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.root_cause.pattern import Pattern
from firstcontact.measurement.linking.portable import DAY_US

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.explain.explanation import Context

REACH_DAYS = 90


def mark(context: Context, contacts: ir.Table) -> ir.Table | None:
    """`again within 90 days` for a contact whose asset had another contact in the 90 days before, whoever made it."""
    linked = context.linked
    if "asset_id" not in linked.columns:
        return None
    named = linked.filter(linked.asset_id.notnull()).select("contact_id", "asset_id", "start_us")
    if not context.engine.execute(named.aggregate(n=named.count()))["n"][0].as_py():
        return None
    row = ibis.window(group_by=named.asset_id, order_by=[named.start_us, named.contact_id])
    seen = named.mutate(asset_before_us=named.start_us.lag().over(row)).select("contact_id", "asset_before_us")
    seen = seen.rename(asset_contact="contact_id")
    # Who comes in the first 90 days of the data may have come before them.
    begin = context.frame.data_start.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    known = round(begin.total_seconds() * 1_000_000) + REACH_DAYS * DAY_US
    joined = contacts.filter(contacts.start_us >= known).join(seen, contacts.contact_id == seen.asset_contact)
    again = (joined.start_us - joined.asset_before_us <= REACH_DAYS * DAY_US).fill_null(False)
    return joined.mutate(shows=ibis.ifelse(again, f"again within {REACH_DAYS} days", ibis.null("string")))


PATTERN = Pattern(
    "asset",
    Sentence("cause.asset", "the same asset again"),
    mark,
    needs=Sentence("cause.asset.needs", "an asset_id, and more than 90 days of history"),
    others="contacts of the same reason and channel about assets that were quiet for 90 days",
    columns=("asset_id",),
)
