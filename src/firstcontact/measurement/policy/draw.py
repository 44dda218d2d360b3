"""A story on a time line, in plain characters."""

from __future__ import annotations

from datetime import datetime, timedelta

from firstcontact.measurement.policy.story import DAY_ZERO, Story
from firstcontact.measurement.reference.contact import CaseEvent, Contact

WIDTH = 56
"""Characters from the first moment to the last."""

SIGNS: dict[str, str] = {
    "public_reply": "R",
    "internal_note": "n",
    "customer_message": "M",
    "reassignment": "T",
    "escalation": "E",
    "reopen": "O",
    "awaiting": "W",
    "settled": "S",
    "update": "u",
}
"""How case events stand on the line below their contact."""


def draw(story: Story) -> str:
    """The contacts of a story on one time line, earliest first; a letter for each case event below.

    The line is drawn to scale, and every contact is at least one character long.
    """
    contacts = sorted(story.contacts, key=lambda contact: (contact.started_at, contact.contact_id))
    first = contacts[0].started_at
    last = max(_last(contact) for contact in contacts)
    labels = {contact.contact_id: _label(contact, story) for contact in contacts}
    margin = max(len(label) for label in labels.values()) + 2
    lines = [" " * margin + _axis(first, last)]
    for contact in contacts:
        start = _place(contact.started_at, first, last)
        end = max(start, _place(contact.ended_at or contact.started_at, first, last))
        bar = ("╌" if contact.abandoned else "━") * (end - start + 1)
        lines.append((labels[contact.contact_id].ljust(margin) + " " * start + bar).rstrip())
        if contact.events:
            lines.append((" " * margin + _signs(contact.events, first, last)).rstrip())
    return "\n".join(lines)


def _last(contact: Contact) -> datetime:
    return max([contact.ended_at or contact.started_at, *(event.at for event in contact.events)])


def _label(contact: Contact, story: Story) -> str:
    judged = "*" if contact.contact_id == story.judged else " "
    words = [contact.customer or "(unknown)", contact.channel or "(no channel)", contact.reason or "(no reason)"]
    if contact.direction == "outbound":
        words.append("outbound")
    if contact.abandoned:
        words.append("abandoned")
    return f"{judged}{contact.contact_id} {', '.join(words)}"


def _axis(first: datetime, last: datetime) -> str:
    left, right = told(first), told(last)
    return left if first == last else left + right.rjust(max(WIDTH - len(left), len(right) + 1))


def _place(moment: datetime, first: datetime, last: datetime) -> int:
    return 0 if last == first else round((moment - first) / (last - first) * (WIDTH - 1))


def _signs(events: tuple[CaseEvent, ...], first: datetime, last: datetime) -> str:
    """Events side by side in their order, moved right where two would share a place."""
    line = ""
    for event in sorted(events, key=lambda event: event.at):
        line = line.ljust(_place(event.at, first, last)) + SIGNS[event.kind]
    return line


def told(moment: datetime) -> str:
    """A moment as stories tell it.

    >>> told(DAY_ZERO + timedelta(days=3, minutes=570))
    'day 3 09:30'
    """
    days = (moment - DAY_ZERO) // timedelta(days=1)
    clock = f"{moment:%H:%M:%S}".removesuffix(":00") if moment.second else f"{moment:%H:%M}"
    return f"day {days} {clock}"
