"""Contacts that went to the wrong place first: handed on once, and handed on to and fro."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.root_cause.pattern import Pattern

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.explain.explanation import Context

_RESTS_ON = frozenset({"transfers", "event.reassignment"})
OFTEN = 3


def mark_once(context: Context, contacts: ir.Table) -> ir.Table | None:
    """`once` for a contact that was handed on once, against those that stayed where they came in."""
    if not _RESTS_ON & context.has:
        return None
    compared = contacts.filter(contacts.transfers.fill_null(0) <= 1)
    return compared.mutate(shows=ibis.ifelse(compared.transfers == 1, "once", ibis.null("string")))


def mark_to_and_fro(context: Context, contacts: ir.Table) -> ir.Table | None:
    """`back to an earlier agent`, or `three times and more`, against contacts that were handed on once or twice."""
    if not _RESTS_ON & context.has:
        return None
    compared = contacts.filter(contacts.transfers > 0)
    often = ibis.ifelse(compared.transfers >= OFTEN, "three times and more", ibis.null("string"))
    events = context.tables.get("case_events")
    if events is None or "event.reassignment" not in context.has:
        return compared.mutate(shows=often)
    back = _returned(events)
    joined = compared.left_join(back, compared.contact_id == back.back_id)
    often = ibis.ifelse(joined.transfers >= OFTEN, "three times and more", ibis.null("string"))
    return joined.mutate(shows=ibis.ifelse(joined.back_id.notnull(), "back to an earlier agent", often))


def _returned(events: ir.Table) -> ir.Table:
    """Contacts of which an agent took over again what he had given away: `back_id`."""
    named = events.filter(events.agent_id.notnull()).select("contact_id", "agent_id", "at", "kind")
    row = ibis.window(group_by=named.contact_id, order_by=[named["at"], named.kind])
    stepped = named.mutate(before=named.agent_id.lag().over(row))
    begun = stepped.filter(stepped.before.isnull() | (stepped.before != stepped.agent_id))
    counted = begun.group_by("contact_id").aggregate(spells=begun.count(), agents=begun.agent_id.nunique())
    return counted.filter(counted.spells > counted.agents).select(back_id="contact_id")


WRONG_PLACE = Pattern(
    "wrong place first",
    Sentence("cause.wrong-place-first", "handed on once: they came in at the wrong place"),
    mark_once,
    needs=Sentence("cause.wrong-place-first.needs", "transfers, or reassignments in the history of a record"),
    others="contacts of the same reason and channel that stayed where they came in",
    signals=("transfers",),
)
TO_AND_FRO = Pattern(
    "to and fro",
    Sentence("cause.to-and-fro", "handed on again and again"),
    mark_to_and_fro,
    needs=Sentence("cause.to-and-fro.needs", "transfers, or reassignments in the history of a record"),
    others="contacts of the same reason and channel that were handed on once or twice, and not back",
    signals=("transfers",),
)
