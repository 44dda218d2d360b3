"""All signals, by name. A new one is a file beside this one and a line here."""

from __future__ import annotations

from firstcontact.measurement.signals import (
    agent_says_resolved,
    agents,
    awaited,
    channel,
    customer_messages,
    direction,
    escalated,
    inbound_activities,
    minutes_to_reply,
    minutes_to_settle,
    public_replies,
    reopens,
    repeat,
    returned,
    settled,
    settled_times,
    survey_contacts_needed,
    survey_resolved,
    transfers,
    updates,
)
from firstcontact.measurement.signals.signal import Signal

SIGNALS: dict[str, Signal] = {
    module.SIGNAL.name: module.SIGNAL
    for module in (
        returned,
        repeat,
        transfers,
        escalated,
        reopens,
        settled,
        settled_times,
        public_replies,
        customer_messages,
        inbound_activities,
        agents,
        updates,
        awaited,
        minutes_to_settle,
        minutes_to_reply,
        agent_says_resolved,
        survey_resolved,
        survey_contacts_needed,
        channel,
        direction,
    )
}
