"""Stories: a few contacts, what happens on them, and how each policy must judge them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from firstcontact.contacts.table import CASE_EVENT_KINDS
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.reference.contact import CaseEvent, Contact, Survey

LETTERS: dict[str, str] = {
    "Y": "counts as resolved at first contact",
    "N": "does not",
    "x": "is left out",
    "?": "is not settled by the definition",
    "-": "does not apply: another channel, or not recorded",
    "w": "is withheld until its window has closed",
    "o": "is not judged: no opener, or nothing is known of what came before",
}
"""How a policy can judge a contact, one letter each."""

RECORDED = (*CASE_EVENT_KINDS, "transfers", "escalated_to", "settled", "agent_says_resolved", "survey")
"""What `recorded` may name: things that the story's system would have recorded had they happened."""

FACTS = {
    "excluded": "text",
    "leg_of": "text",
    "repeat_of": "text",
    "issue": "text",
    "takes_part": "flag",
    "issue_start": "flag",
    "opener": "flag",
    "left_censored": "flag",
    "returned": "flag",
    "repeat": "flag",
    "redialled": "flag",
    "mature": "flag",
    "previous_gap": "text",
    "next_gap": "text",
    "related_previous_gap": "text",
    "related_next_gap": "text",
    "transfers": "whole",
}
"""What a story may say about a contact besides the verdict. "" stands for nothing."""

DAY_ZERO = datetime(2024, 1, 1, tzinfo=UTC).replace(tzinfo=None)

_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
LENGTH = re.compile(r"^(-?)((?:\d+[dhms])(?:\s*\d+[dhms])*)$")
MOMENT = re.compile(r"^day (-?\d+)(?: (\d\d):(\d\d)(?::(\d\d))?)?$")


@dataclass(frozen=True, slots=True)
class Story:
    """One story.

    Attributes:
        name: Short name, unique in its file.
        title: One line.
        tells: What happens, in words.
        contacts: The contacts, in the order told.
        judged: Id of the contact that the verdicts are about.
        frame: Where the data begin and knowledge ends.
        recorded: What the system records, though it may not happen in the story.
        policy: A policy of the story's own, which its facts are about; otherwise the default.
        expected: Letter by policy name.
        facts: What linking must find, by contact id.
    """

    name: str
    title: str
    tells: str
    contacts: tuple[Contact, ...]
    judged: str
    frame: Frame
    recorded: tuple[str, ...] = ()
    policy: Policy | None = None
    expected: dict[str, str] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def world(self) -> tuple[Contact, ...]:
        """The contacts, and a bystander on whom everything occurs that the system records."""
        return (*self.contacts, _bystander(self.recorded)) if self.recorded else self.contacts


def length(told: str) -> timedelta:
    """A told length.

    >>> length("1d 2h 30m"), length("-5s")
    (datetime.timedelta(days=1, seconds=9000), datetime.timedelta(days=-1, seconds=86395))
    """
    found = LENGTH.match(told)
    if found is None:
        raise ValueError("no length")
    parts = re.findall(r"(\d+)([dhms])", found[2])
    total = sum((int(number) * _UNITS[unit] for number, unit in parts), timedelta())
    return -total if found[1] else total


def moment(told: str) -> datetime:
    """A told moment, as naive UTC.

    >>> moment("day 3 09:30")
    datetime.datetime(2024, 1, 4, 9, 30)
    """
    found = MOMENT.match(told)
    if found is None:
        raise ValueError("no moment")
    day, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return DAY_ZERO + timedelta(days=day, hours=hours, minutes=minutes, seconds=seconds)


def _bystander(recorded: tuple[str, ...]) -> Contact:
    events = tuple(CaseEvent(DAY_ZERO, kind, "somebody") for kind in recorded if kind in CASE_EVENT_KINDS)
    return Contact(
        contact_id="(bystander)",
        customer=None,
        started_at=DAY_ZERO,
        transfers=0 if "transfers" in recorded else None,
        escalated_to="level 2" if "escalated_to" in recorded else None,
        settled=True if "settled" in recorded else None,
        agent_says_resolved=True if "agent_says_resolved" in recorded else None,
        events=events,
        survey=Survey(resolved=True, contacts_needed=1) if "survey" in recorded else None,
    )
