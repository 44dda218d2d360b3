"""Signals, one contact at a time: what was seen on it, or None where that was not recorded."""

from __future__ import annotations

from collections.abc import Sequence

from firstcontact.measurement.policy.model import SignalValue
from firstcontact.measurement.reference.contact import CaseEvent, Contact, microseconds

Signals = dict[str, SignalValue | None]

WORK = frozenset({"public_reply", "internal_note", "update", "reassignment", "awaiting", "escalation"})
"""Kinds of case events by which the centre worked on the record."""

Held = frozenset[str]


def evidence(contacts: Sequence[Contact]) -> Held:
    """What occurs anywhere in the data: kinds of case events as `event:<kind>`, columns and survey answers by name."""
    held = {f"event:{event.kind}" for contact in contacts for event in contact.events}
    for name in ("transfers", "escalated_to", "settled", "agent_says_resolved", "answered_at", "ended_at"):
        if any(contact.column(name) is not None for contact in contacts):
            held.add(name)
    for contact in contacts:
        if contact.survey is not None and contact.survey.resolved is not None:
            held.add("survey_resolved")
        if contact.survey is not None and contact.survey.contacts_needed is not None:
            held.add("survey_contacts_needed")
    return frozenset(held)


def supported(held: Held) -> frozenset[str]:
    """Names of the signals that the data can give."""
    any_event = any(name.startswith("event:") for name in held)
    needs: dict[str, bool] = {
        "returned": True,
        "repeat": True,
        "channel": True,
        "direction": True,
        "transfers": bool(held & {"transfers", "event:reassignment"}),
        "escalated": bool(held & {"escalated_to", "event:escalation"}),
        "reopens": bool(held & {"event:reopen", "event:settled"}),
        "settled": bool(held & {"settled", "event:settled"}),
        "settled_times": "event:settled" in held,
        "public_replies": "event:public_reply" in held,
        "agents": "event:public_reply" in held,
        "customer_messages": bool(held & {"event:customer_message", "event:public_reply"}),
        "inbound_activities": bool(held & {"event:customer_message", "event:public_reply"}),
        "updates": any_event,
        "awaited": any_event,
        "minutes_to_settle": bool(held & {"event:settled", "ended_at"}),
        "minutes_to_reply": bool(held & {"event:public_reply", "answered_at"}),
        "agent_says_resolved": "agent_says_resolved" in held,
        "survey_resolved": "survey_resolved" in held,
        "survey_contacts_needed": "survey_contacts_needed" in held,
    }
    return frozenset(name for name, given in needs.items() if given)


def observe(contact: Contact, legs: int, held: Held, events_days: float | None = None) -> Signals:
    """The signals of one contact, save those that linking gives.

    Args:
        contact: The contact.
        legs: How many transferred legs it has.
        held: What occurs anywhere in the data.
        events_days: Case events later than this after the start do not count.
    """
    can = supported(held)
    events = [event for event in contact.events if _in_time(event, contact, events_days)]
    seen: Signals = {
        "transfers": _transfers(contact, events, legs, held),
        "escalated": contact.escalated_to is not None or _count(events, "escalation") > 0,
        "reopens": _count(events, "reopen"),
        "settled": _settled(contact, events, held),
        "settled_times": _count(events, "settled"),
        "public_replies": _count(events, "public_reply"),
        "customer_messages": _count(events, "customer_message"),
        "inbound_activities": 1 + _count(events, "customer_message"),
        "agents": len({e.agent_id for e in events if e.kind == "public_reply" and e.agent_id is not None}),
        "updates": _updates(events),
        "awaited": _count(events, "awaiting"),
        "minutes_to_settle": _minutes_to_settle(contact, events, held),
        "minutes_to_reply": _minutes_to_reply(contact, events),
        "agent_says_resolved": contact.agent_says_resolved,
        "survey_resolved": None if contact.survey is None else contact.survey.resolved,
        "survey_contacts_needed": None if contact.survey is None else contact.survey.contacts_needed,
        "channel": contact.channel,
        "direction": contact.direction or "inbound",
    }
    # A single transferred leg shows a transfer even where the data record none.
    return {name: value if name in can or name == "transfers" else None for name, value in seen.items()}


def whole(parts: Sequence[Signals]) -> Signals:
    """What a contact of several parts shows: the first part's signals, but an escalation of any, and the last word.

    Args:
        parts: The signals of the head and of its legs, in order.
    """
    seen = dict(parts[0])
    if seen["escalated"] is not None:
        seen["escalated"] = any(part["escalated"] for part in parts)
    for name in ("settled", "agent_says_resolved", "survey_resolved", "survey_contacts_needed"):
        seen[name] = next((part[name] for part in reversed(parts) if part[name] is not None), None)
    return seen


def _in_time(event: CaseEvent, contact: Contact, days: float | None) -> bool:
    if days is None:
        return True
    return microseconds(event.at) <= microseconds(contact.started_at) + round(days * 86_400_000_000)


def _count(events: list[CaseEvent], kind: str) -> int:
    return sum(event.kind == kind for event in events)


def _first(events: list[CaseEvent], kind: str) -> int | None:
    return min((microseconds(event.at) for event in events if event.kind == kind), default=None)


def _last(events: list[CaseEvent], kind: str) -> int | None:
    return max((microseconds(event.at) for event in events if event.kind == kind), default=None)


def _transfers(contact: Contact, events: list[CaseEvent], legs: int, held: Held) -> int | None:
    if contact.transfers is not None:
        return contact.transfers + legs
    if "event:reassignment" in held:
        return _count(events, "reassignment") + legs
    return legs if legs > 0 else None


def _settled(contact: Contact, events: list[CaseEvent], held: Held) -> bool | None:
    if contact.settled is not None:
        return contact.settled
    # Where nothing at all happened on a contact, nobody kept a history of it.
    if "event:settled" not in held or not contact.events:
        return False if contact.abandoned else None
    settled, reopened = _last(events, "settled"), _last(events, "reopen")
    return settled is not None and (reopened is None or settled > reopened)


def _updates(events: list[CaseEvent]) -> int:
    settled = _first(events, "settled")
    return sum(event.kind in WORK and (settled is None or microseconds(event.at) < settled) for event in events)


def _minutes_to_settle(contact: Contact, events: list[CaseEvent], held: Held) -> float | None:
    if "event:settled" in held:
        at = _first(events, "settled")
    elif contact.ended_at is not None and contact.settled is not False:
        at = microseconds(contact.ended_at)
    else:
        at = None
    return None if at is None else (at - microseconds(contact.started_at)) / 60_000_000


def _minutes_to_reply(contact: Contact, events: list[CaseEvent]) -> float | None:
    at = _first(events, "public_reply")
    if at is not None:
        return (at - microseconds(contact.started_at)) / 60_000_000
    if contact.answered_at is None:
        return None
    since = contact.started_at if contact.queued_at is None else contact.queued_at
    return (microseconds(contact.answered_at) - microseconds(since)) / 60_000_000
