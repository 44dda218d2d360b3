"""Channels that could not finish: the customer comes back for the same reason by another channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.root_cause.pattern import Pattern

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.explain.explanation import Context


def mark(context: Context, contacts: ir.Table) -> ir.Table | None:
    """The channel of the first contact."""
    if "channel" not in context.has:
        return None
    return contacts.mutate(shows=contacts.channel)


PATTERN = Pattern(
    "channel",
    Sentence("cause.channel", "a channel that could not finish: more customers leave it for another than come to it"),
    mark,
    needs=Sentence("cause.channel.needs", "channels, two at least"),
    outflow=True,
    others="those who come back by this channel after a contact on another",
)
