"""Who is this, what happened, and is it a repeat, of what: asked while the customer waits on the line.

A caller whose role reaches some teams sees the contacts of those teams, and whom they have had among them. Whether a
contact that begins now is a repeat is decided with all contacts, as it will be once it has arrived; which contact it
repeats is named only where the caller may see it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Protocol

from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.linking.identifier import NAMES_SOMEBODY
from firstcontact.measurement.reference.contact import Contact
from firstcontact.measurement.reference.identifier import spell
from firstcontact.measurement.reference.identity import Node
from firstcontact.services.link_person import Key, Link, Rules, link_group
from firstcontact.services.standing import Standing, stand

LATEST_OF_ALL = 200
"""How many of a customer's latest contacts decide whether one that begins now is a repeat."""

MOST_REASONS = 5
"""For how many of a customer's reasons it is said."""

_NOW: Key = ("", "now")

Answer = Literal["known", "several", "shared", "waiting", "parted", "unknown"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One contact as it is shown.

    Attributes:
        key: Source and id.
        columns: What is shown of it, by column.
        link: What linking found; None where it is not linked yet.
    """

    key: Key
    columns: Mapping[str, Any]
    link: Link | None


@dataclass(frozen=True, slots=True)
class Beside:
    """What a source says of a contact beside it: an event of its record, or an answered survey.

    Attributes:
        key: The contact.
        table: `case_events` or `surveys`.
        columns: What is shown of it, by column.
    """

    key: Key
    table: str
    columns: Mapping[str, Any]


BESIDE: Mapping[str, tuple[str, ...]] = {
    "case_events": ("at", "kind", "channel"),
    "surveys": ("answered_at", "resolved", "contacts_needed", "csat", "nps", "ces"),
}
"""Tables of what is told beside contacts, and what is shown of each."""


@dataclass(frozen=True, slots=True)
class Person:
    """One customer.

    Attributes:
        number: The number that linking gave.
        identifiers: Kinds and values, as sent, on contacts that may be seen.
        facts: What the sources say of the customer beside contacts.
        contacts: The latest contacts that may be seen, newest first.
        total: How many there are that may be seen.
    """

    number: int
    identifiers: Sequence[tuple[str, str]]
    facts: Sequence[Mapping[str, Any]]
    contacts: Sequence[Seen]
    total: int


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a contact that begins now would be.

    Attributes:
        reason: For which reason.
        repeat: Whether it is a repeat.
        repeat_of: Of which contact; None where it is none, or may not be seen.
        issue: The contact that began its issue; likewise.
        days_since: Days since the contact before it; None where there is none.
        window_days: The window of its reason.
    """

    reason: str | None
    repeat: bool
    repeat_of: Key | None
    issue: Key | None
    days_since: float | None
    window_days: float


class People(Protocol):
    """Customers, their contacts and what linking found."""

    def named(self, nodes: Sequence[Node]) -> dict[Node, int]:
        """Whom identifiers name."""

    def unnamed(self, nodes: Sequence[Node]) -> Answer:
        """Why identifiers name nobody: `shared` by many, `waiting` to be linked, or `unknown`."""

    def parted(self, nodes: Sequence[Node]) -> set[int]:
        """Customers of whom contacts carry identifiers, but were split off, so that they name nobody."""

    def of_contact(self, key: Key) -> tuple[bool, int | None]:
        """Whether there is such a contact, and whose it is."""

    def began(self, key: Key) -> datetime | None:
        """When a contact began; None where there is none."""

    def person(
        self, number: int, teams: frozenset[str] | None, limit: int, before: tuple[datetime, Key] | None = None
    ) -> Person | None:
        """One customer; None where there is none, or none of whom a contact may be seen."""

    def latest(self, number: int, limit: int) -> dict[Key, Contact]:
        """A customer's latest contacts, as linking reads them."""

    def visible(self, keys: Collection[Key], teams: frozenset[str] | None) -> set[Key]:
        """Which of some contacts belong to some teams; all that are there where None."""

    def beside(self, keys: Collection[Key]) -> list[Beside]:
        """What sources say of some contacts beside them."""

    def first_moment(self) -> datetime | None:
        """When the first contact of all began."""


def names_of(kind: str | None, value: str, region: str | None) -> list[Node]:
    """What a typed identifier may be: of its kind, or of each kind that names somebody.

    >>> names_of(None, "dana@example.com", None)
    [('customer', 'dana@example.com'), ('email', 'dana@example.com'), ('account', 'dana@example.com')]
    """
    kinds = NAMES_SOMEBODY if kind is None else (kind,)
    spelled = ((one, spell(one, value, region)) for one in kinds)
    return [(one, said) for one, said in spelled if said is not None]


def each_once(identifiers: Sequence[tuple[str, str]], region: str | None) -> list[tuple[str, str, tuple[str, ...]]]:
    """Identifiers, each once however it was written: kind, the plainest way, and the others.

    >>> each_once([("phone", "+1 200 550 0339"), ("phone", "+12005500339"), ("email", "D@x.org")], None)
    [('phone', '+12005500339', ('+1 200 550 0339',)), ('email', 'D@x.org', ())]
    """
    ways: dict[Node, list[str]] = {}
    for kind, value in identifiers:
        ways.setdefault((kind, spell(kind, value, region) or value), []).append(value)
    found = []
    for (kind, spelled), values in ways.items():
        first = spelled if spelled in values else values[0]
        found.append((kind, first, tuple(one for one in values if one != first)))
    return found


def find_person(people: People, nodes: Sequence[Node]) -> tuple[Answer, tuple[int, ...]]:
    """Who goes by any of some identifiers.

    Returns:
        Whether somebody does, and the numbers of those who do.
    """
    numbers = tuple(sorted(set(people.named(nodes).values())))
    if len(numbers) == 1:
        return "known", numbers
    if numbers:
        return "several", numbers
    why = people.unnamed(nodes) if nodes else "unknown"
    parted = tuple(sorted(people.parted(nodes))) if nodes and why == "unknown" else ()
    return ("parted", parted) if parted else (why, ())


def begin_now(
    people: People,
    number: int | None,
    rules: Rules,
    now: datetime,
    reason: str | None,
    channel: str | None,
    *,
    seen: Sequence[Seen] | None = None,
) -> list[Beginning]:
    """What a contact that begins now would be.

    Args:
        people: Customers.
        number: Whose it is; None where nobody knows.
        rules: Under what contacts are linked.
        now: The moment.
        reason: Its reason; None where nobody knows yet.
        channel: Its channel; that of the customer's latest contact where None.
        seen: Contacts that may be seen: reasons of others are not named. All where None.

    Returns:
        What it would be: for its reason, or where that is not known for each reason that the customer came for lately.
    """
    contacts = {} if number is None else people.latest(number, LATEST_OF_ALL)
    newest = sorted(contacts.values(), key=lambda one: one.started_at, reverse=True)
    if channel is None and newest:
        channel = newest[0].channel
    lately = [one.reason for one in newest] if seen is None else [one.columns["reason"] for one in seen]
    reasons = [reason] if reason is not None else lately
    found = []
    for one in list(dict.fromkeys(reasons))[:MOST_REASONS] or [None]:
        begun = {**contacts, _NOW: Contact("now", None, now, reason=one, channel=channel)}
        link = link_group(begun, rules, (), known=number is not None)[_NOW]
        issue = None if link.issue == _NOW else link.issue
        found.append(
            Beginning(one, link.repeat_of is not None, link.repeat_of, issue, link.previous_gap_days, link.window_days)
        )
    return found


def standing_of(seen: Seen, rules: Rules, frame: Frame) -> Standing | None:
    """Where a contact stands; None where it is not linked yet."""
    return None if seen.link is None else stand(seen.link, seen.columns["started_at"], rules.policy, frame)


def hidden(beginning: Beginning, visible: Collection[Key]) -> Beginning:
    """What a caller may see of it: contacts of others' teams are not named."""
    return replace(
        beginning,
        repeat_of=beginning.repeat_of if beginning.repeat_of in visible else None,
        issue=beginning.issue if beginning.issue in visible else None,
    )
