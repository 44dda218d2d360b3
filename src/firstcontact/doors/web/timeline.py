"""A customer's timeline in words: each contact, what it was to those before and after it, and what happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from firstcontact.doors.api.page import cursor
from firstcontact.doors.api.routes.people import BesideAnswer, ContactAnswer, ContactName
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.asked_words import path
from firstcontact.doors.web.contact_words import cause
from firstcontact.doors.web.place import N_

EVENTS: dict[str, str] = {
    "public_reply": N_("answered to the customer"),
    "internal_note": N_("note for colleagues"),
    "customer_message": N_("the customer wrote again"),
    "reassignment": N_("passed on"),
    "escalation": N_("escalated"),
    "reopen": N_("opened again"),
    "awaiting": N_("put on hold"),
    "settled": N_("settled"),
    "update": N_("changed"),
}
"""What may happen to a contact's record."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something about a contact that is seen at a glance.

    Attributes:
        text: It.
        kind: `good`, `bad`, `note`, or empty.
    """

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One contact of the timeline.

    Attributes:
        anchor: Names it on the page.
        token: Names it in a form.
        id: Its id at its source.
        source: That source.
        kind: `opener`, `repeat` or empty.
        when: When it began.
        title: Channel and reason.
        place: Team and queue.
        marks: What it is and what came of it.
        repeats: (id, its place on this page, empty where it stands on another) of what it repeats; None where nothing.
        told: Gap, window, and further facts, each a sentence.
        happened: (when, what) of what happened to it afterwards.
    """

    anchor: str
    token: str
    id: str
    source: str
    kind: str
    when: str
    title: str
    place: str
    marks: tuple[Mark, ...]
    repeats: tuple[str, str] | None
    told: tuple[str, ...]
    happened: tuple[tuple[str, str], ...]


def timeline(
    contacts: Sequence[ContactAnswer], beside: Sequence[BesideAnswer], writer: Writer, now: datetime
) -> tuple[Entry, ...]:
    """Contacts as entries, in their order.

    Args:
        contacts: As the interface gives them.
        beside: What sources say beside them.
        writer: Speaks the visitor's language, with the visitor's zone.
        now: The moment, UTC.
    """
    here = {(one.source, one.contact_id) for one in contacts}
    return tuple(
        _entry(one, [two for two in beside if _key(two.contact) == (one.source, one.contact_id)], here, writer, now)
        for one in contacts
    )


def anchor(source: str, contact_id: str) -> str:
    """Names a contact on the page of its customer."""
    return "c" + sha256(f"{source}\x00{contact_id}".encode()).hexdigest()[:16]


def _key(name: ContactName) -> tuple[str, str]:
    return name.source, name.contact_id


def _entry(
    one: ContactAnswer, beside: Sequence[BesideAnswer], here: set[tuple[str, str]], writer: Writer, now: datetime
) -> Entry:
    own = one.issue is not None and _key(one.issue) == (one.source, one.contact_id)
    title = [writer.name(one.channel, translate=True)] if one.channel else []
    title.append(path(one.reason, writer) if one.reason else writer.say("no reason given"))
    repeats = None
    if one.repeat_of is not None:
        name = one.repeat_of
        repeats = (writer.name(name.contact_id), f"#{anchor(*_key(name))}" if _key(name) in here else "")
    return Entry(
        anchor(one.source, one.contact_id),
        cursor([one.source, one.contact_id]),
        writer.name(one.contact_id),
        writer.name(one.source),
        "repeat" if one.repeat else "opener" if own else "",
        writer.notation.moment(one.started_at),
        writer.notation.listed(title),
        writer.notation.listed(writer.name(text) for text in (one.team, one.queue) if text),
        _marks(one, own=own, writer=writer),
        repeats,
        tuple(_told(one, writer, now)),
        tuple((writer.notation.moment(two.at) if two.at else "", _happened(two, writer)) for two in beside),
    )


def _marks(one: ContactAnswer, *, own: bool, writer: Writer) -> tuple[Mark, ...]:
    found: list[Mark] = []
    if not one.linked:
        found.append(Mark(writer.say("being linked"), "note"))
    elif one.repeat:
        found.append(Mark(writer.say("repeat"), "bad"))
    elif own:
        found.append(Mark(writer.say("first contact of its issue"), "good"))
    if one.returned:
        found.append(Mark(writer.say("customer came back")))
    if one.direction == "outbound":
        found.append(Mark(writer.say("outbound: the centre called"), "note"))
    if one.abandoned:
        found.append(Mark(writer.say("abandoned"), "note"))
    if one.excluded_code and one.excluded_code not in ("outbound", "abandoned"):
        found.append(Mark(cause(one.excluded_code, writer), "note"))
    return tuple(found)


def _told(one: ContactAnswer, writer: Writer, now: datetime) -> list[str]:
    number = writer.notation
    told: list[str] = []
    if one.days_since_previous is not None:
        told.append(writer.say("%(days)s days after the one before", days=number.decimal(one.days_since_previous, 1)))
    if one.returned and one.days_until_next is not None:
        told.append(writer.say("came back after %(days)s days", days=number.decimal(one.days_until_next, 1)))
    elif one.linked and not one.excluded_code and one.window_days is not None and one.mature_at is not None:
        window = number.decimal(one.window_days)
        if one.mature_at <= now:
            told.append(writer.say("no return within %(days)s days", days=window))
        else:
            when = number.day(one.mature_at)
            told.append(
                writer.say("no return so far; the window of %(days)s days closes %(when)s", days=window, when=when)
            )
    if one.transfers:
        told.append(writer.say_many("transferred once", "transferred %(number)s times", one.transfers))
    if one.escalated_to:
        told.append(writer.say("escalated to %(where)s", where=number.apart(writer.name(one.escalated_to))))
    if one.wrap_up:
        told.append(writer.say("wrap-up: %(code)s", code=number.apart(writer.name(one.wrap_up))))
    if one.agent_says_resolved is not None:
        told.append(writer.say("agent says resolved") if one.agent_says_resolved else writer.say("agent says open"))
    return told


def _happened(one: BesideAnswer, writer: Writer) -> str:
    if one.table == "case_events":
        kind = str(one.values.get("kind") or "")
        text = writer.say(EVENTS[kind]) if kind in EVENTS else writer.name(kind)
        channel = one.values.get("channel")
        return f"{text} ({writer.name(str(channel), translate=True)})" if channel else text
    return writer.say("survey: %(answers)s", answers=writer.notation.listed(_answers(one.values, writer)))


def _answers(values: dict[str, Any], writer: Writer) -> list[str]:
    number, told = writer.notation, []
    if values.get("resolved") is not None:
        told.append(writer.say("says resolved") if values["resolved"] else writer.say("says not resolved"))
    if values.get("contacts_needed") is not None:
        told.append(writer.say("took %(count)s contacts", count=number.count(values["contacts_needed"])))
    if values.get("csat") is not None:
        told.append(writer.say("satisfaction %(value)s", value=number.percent(values["csat"])))
    if values.get("nps") is not None:
        told.append(writer.say("would recommend: %(value)s of 10", value=number.count(values["nps"])))
    if values.get("ces") is not None:
        told.append(writer.say("ease %(value)s", value=number.percent(values["ces"])))
    return told
