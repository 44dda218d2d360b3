"""Link what arrives: who it was and what it belongs to, found again for the touched customers only.

Around each changed contact lie the people it belonged to and those it may belong to now; their contacts are grouped
anew by the rules of `linking.identity`, and each group is linked by the slow twin under the policy in force. What is
kept does not depend on the period of a run: that is applied when it is read.

Changes are taken in their order, and with each step the newest ones beside the oldest, so that what arrives now does
not wait behind a large import. A contact that waits and belongs to a customer who is linked is linked with them,
whenever its own turn would be: a whole year of a customer costs one linking, not one for each of their contacts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from firstcontact.measurement.reference.contact import Contact
from firstcontact.measurement.reference.identity import Node, people
from firstcontact.services.link_person import Key, Link, Rules, link_group
from firstcontact.services.work import Task

AT_ONCE = 300
"""Changes that are linked together: one commit."""

NEWEST = 100
"""Of the newest changes, how many are linked with each step while others wait."""

JOB = "link"
"""The job that links."""


@dataclass(frozen=True, slots=True)
class Group:
    """One customer as found now.

    Attributes:
        person: The number that the customer keeps; None where a new one is to be given.
        links: What was found about each of their contacts.
        nodes: Identifiers that name them.
    """

    person: int | None
    links: Mapping[Key, Link]
    nodes: frozenset[Node]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step found, to be kept in one commit.

    Attributes:
        after: Number of the last change that had been linked before.
        upto: Number of the last change that is linked now.
        groups: The customers.
        alone: Contacts of which nobody knows who it was.
        gone: Contacts that are no more.
        dropped: Identifiers that name nobody, or nobody any more.
        vanished: Numbers of customers that are now others.
        digest: Of the rules.
        seqs: The change by which each contact was read; a link keeps the one it has where none is named.
    """

    after: int
    upto: int
    groups: Sequence[Group]
    alone: Mapping[Key, Link]
    gone: Sequence[Key]
    dropped: frozenset[Node]
    vanished: frozenset[int]
    digest: str
    seqs: Mapping[Key, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed and is not linked yet.

    Attributes:
        after: Up to this number everything is linked.
        upto: Up to this number everything is, once these are.
        keys: Contacts that are there, newer ones than `upto` among them.
        gone: Contacts that are no more.
    """

    after: int
    upto: int
    keys: Sequence[Key]
    gone: Sequence[Key]


@dataclass(frozen=True, slots=True)
class Again:
    """How far everything has been linked again after the rules changed.

    Attributes:
        digest: Of the rules.
        recorded: Columns that exclusions ask and that hold anything.
        person: The last customer that is done; None once all are.
        contact: The last contact of an unknown customer that is done; None once all are.
    """

    digest: str
    recorded: frozenset[str] = frozenset()
    person: int | None = None
    contact: Key | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A contact that is there.

    Attributes:
        nodes: What it is known by now.
        seq: Number of its last change.
        waits: Whether that change is not linked yet.
    """

    nodes: set[Node]
    seq: int
    waits: bool


class View(Protocol):
    """One state of everything."""

    def changes(self, limit: int, newest: int) -> Changes:
        """Changes that are not linked yet: some in their order, and some of the newest beside them."""

    def known(self, keys: Collection[Key]) -> dict[Key, Known]:
        """What some contacts are known by now; contacts that are no more are left out."""

    def former_nodes(self, keys: Collection[Key]) -> set[Node]:
        """Everything by which some contacts were ever known."""

    def people_of(self, keys: Collection[Key]) -> set[int]:
        """To whom contacts were linked last."""

    def people_named(self, nodes: Collection[Node]) -> dict[Node, int]:
        """Whom identifiers named last."""

    def contacts_of(self, persons: Collection[int]) -> dict[Key, int]:
        """Contacts that were linked to some people last."""

    def carriers(self, nodes: Collection[Node]) -> set[Key]:
        """Contacts that carry any of some identifiers."""

    def crowded(self, nodes: Collection[Node]) -> set[Node]:
        """Which of some identifiers stand beside too many others to name anybody."""

    def contacts(self, keys: Collection[Key], columns: Collection[str]) -> dict[Key, Contact]:
        """Contacts as linking reads them, each as of a known customer, with the columns that exclusions ask."""

    def recorded(self, columns: Collection[str], among: Collection[Key] | None = None) -> frozenset[str]:
        """Which columns of contacts hold anything, among some of them or (None) anywhere."""

    def again(self) -> Again | None:
        """How far everything has been linked again; None where nothing was ever linked."""

    def next_people(self, after: int, limit: int) -> list[int]:
        """People in the order of their numbers."""

    def next_alone(self, after: Key | None, limit: int) -> list[Key]:
        """Contacts of unknown customers in the order of their keys."""


class Links(Protocol):
    """Where links are kept."""

    def view(self) -> AbstractContextManager[View]:
        """One state of everything, to read from."""

    def spell(self, now: datetime) -> int:
        """Spell identifiers anew where they are read otherwise than before; gives how many contacts that changes."""

    def keep(self, found: Outcome, again: Again, now: datetime) -> bool:
        """Keep what was found, unless somebody else has linked the same changes meanwhile (False)."""


@dataclass(slots=True)
class Done:
    """What a relinking did.

    Attributes:
        contacts: Contacts that were linked.
        upto: Number of the last change that is linked.
    """

    contacts: int = 0
    upto: int = 0
    rest: bool = field(default=True)


def relink(
    links: Links,
    rules: Callable[[], Rules],
    now: Callable[[], datetime],
    tell: Callable[[str], None] = lambda _: None,
    *,
    at_once: int = AT_ONCE,
    newest: int = NEWEST,
) -> Done:
    """Link everything that changed, and everything once more where the rules did.

    Args:
        links: Where links are kept.
        rules: Under what to link, asked before each step.
        now: The clock.
        tell: Told before each step; it may raise to stop.
        at_once: Changes that are linked together.
        newest: Of the newest changes, how many are linked with them.

    Returns:
        What was done.
    """
    done = Done()
    links.spell(now())
    while done.rest:
        tell(f"linking, {done.contacts:,} contacts so far")
        step = _step(links, rules(), now(), at_once, newest)
        done.contacts += step.contacts
        done.upto, done.rest = step.upto, step.rest
    return done


@dataclass(frozen=True, slots=True)
class Linker:
    """Does the job that links.

    Attributes:
        links: Where links are kept.
        rules: Under what to link.
        now: The clock.
    """

    links: Links
    rules: Callable[[], Rules]
    now: Callable[[], datetime]

    def __call__(self, task: Task) -> dict[str, Any]:
        """Do it; gives how many contacts were linked and up to which change.

        Raises:
            CancelledError: The job shall stop.
        """
        done = relink(self.links, self.rules, self.now, task.tell)
        return {"contacts": done.contacts, "seq": done.upto}


def _step(links: Links, rules: Rules, now: datetime, at_once: int, newest: int) -> Done:
    with links.view() as view:
        changes = view.changes(at_once, newest)
        asked = {one.column for one in rules.policy.exclude}
        before = view.again()
        if before is None or before.digest != rules.digest:
            recorded = view.recorded(asked)
        else:
            # What was ever recorded stays so: only what is new is looked at.
            recorded = before.recorded | view.recorded(asked - before.recorded, changes.keys)
        again = _standing(before, rules.digest, recorded)
        if changes.keys or changes.gone or changes.upto > changes.after:
            found = _around(view, changes, rules, recorded)
        elif again.person is not None or again.contact is not None:
            found, again = _once_more(view, changes, again, rules)
        else:
            return Done(0, changes.upto, rest=False)
    kept = links.keep(found, again, now)
    count = sum(len(group.links) for group in found.groups) + len(found.alone)
    return Done(count if kept else 0, found.upto, rest=True)


def _standing(again: Again | None, digest: str, recorded: frozenset[str]) -> Again:
    if again is None:
        return Again(digest, recorded)
    if (again.digest, again.recorded) != (digest, recorded):
        # Other rules: everything once more, from the beginning.
        return Again(digest, recorded, 0, ("", ""))
    return again


def _around(view: View, changes: Changes, rules: Rules, recorded: frozenset[str]) -> Outcome:
    """The customers around some changes."""
    near = _Near(view)
    near.touch(changes.gone)
    near.reach(changes.keys)
    reach = {key: one.nodes for key, one in near.reached.items()}
    groups = people(reach, near.crowded)
    numbers = _numbers(groups, near.before)
    contacts = view.contacts(reach, recorded)
    return Outcome(
        after=changes.after,
        upto=changes.upto,
        groups=[
            Group(
                number,
                link_group({key: contacts[key] for key in group}, rules, recorded),
                frozenset(node for key in group for node in reach[key] if node not in near.crowded),
            )
            for group, number in zip(groups, numbers, strict=True)
        ],
        alone=_link_alone(reach.keys() - set().union(*groups), contacts, rules, recorded),
        gone=changes.gone,
        dropped=frozenset(near.touched | near.crowded),
        vanished=frozenset(set(near.before.values()) | view.people_of(changes.gone))
        - frozenset(one for one in numbers if one),
        digest=rules.digest,
        seqs={key: one.seq for key, one in near.reached.items()},
    )


@dataclass(slots=True)
class _Near:
    """What lies around some changes, followed until nothing more belongs to it.

    Attributes:
        view: Where it is read.
        reached: The contacts.
        before: To whom each was linked last, with all other contacts of theirs.
        touched: Identifiers of changed contacts, former ones too: whom they name is found anew.
        crowded: Identifiers that name nobody, of those that were seen.
    """

    view: View
    reached: dict[Key, Known] = field(default_factory=dict)
    before: dict[Key, int] = field(default_factory=dict)
    touched: set[Node] = field(default_factory=set)
    crowded: set[Node] = field(default_factory=set)
    _seen: set[Node] = field(default_factory=set)
    _wanted: set[Key] = field(default_factory=set)

    def reach(self, keys: Collection[Key]) -> None:
        """Follow identifiers from some changed contacts, and from what was touched before."""
        self._wanted |= set(keys)
        while self._wanted:
            found = self.view.known(self._wanted)
            self.reached |= found
            self._wanted = set()
            self.touch([key for key, one in found.items() if one.waits], found)
            fresh = {node for one in found.values() for node in one.nodes} - self._seen
            self._seen |= fresh
            # What no change touched names whom it named; what named nobody is crowded still.
            usable = self.view.people_named(fresh).keys()
            self.crowded |= fresh - usable
            self._want(self.view.carriers(usable))
            self._bring(self.view.people_of(found.keys() - self.before.keys()))

    def touch(self, keys: Collection[Key], found: Mapping[Key, Known] | None = None) -> None:
        """See what changed contacts are and were known by."""
        nodes = self.view.former_nodes(keys).union(*((found or {})[key].nodes for key in keys if key in (found or {})))
        nodes -= self.touched
        self.touched |= nodes
        self._seen |= nodes
        self.crowded = (self.crowded - nodes) | self.view.crowded(nodes)
        self._bring(set(self.view.people_named(nodes).values()) | self.view.people_of(keys))
        self._want(self.view.carriers(nodes - self.crowded))

    def _bring(self, persons: set[int]) -> None:
        """All contacts of some people."""
        of_them = self.view.contacts_of(persons - set(self.before.values()))
        self.before |= of_them
        self._want(of_them)

    def _want(self, keys: Collection[Key]) -> None:
        self._wanted.update(key for key in keys if key not in self.reached)


def _numbers(groups: Sequence[set[Key]], before: Mapping[Key, int]) -> list[int | None]:
    """The number that each group keeps: that of whom most of its contacts belonged to, unless another has more."""
    claims = []
    for place, group in enumerate(groups):
        counted = Counter(before[key] for key in group if key in before)
        claims += [(-count, person, place) for person, count in counted.items()]
    given: dict[int, int] = {}
    for _, person, place in sorted(claims):
        if place not in given and person not in given.values():
            given[place] = person
    return [given.get(place) for place in range(len(groups))]


def _once_more(view: View, changes: Changes, again: Again, rules: Rules) -> tuple[Outcome, Again]:
    """The next customers under other rules; who is who has not changed."""
    numbers = view.next_people(again.person, AT_ONCE // 3) if again.person is not None else []
    of_whom = view.contacts_of(numbers)
    keys = [] if numbers or again.contact is None else view.next_alone(again.contact, AT_ONCE)
    contacts = view.contacts([*of_whom, *keys], again.recorded)
    mine: dict[int, dict[Key, Contact]] = {number: {} for number in numbers}
    for key, number in of_whom.items():
        if key in contacts:
            mine[number][key] = contacts[key]
    groups = [Group(number, link_group(own, rules, again.recorded), frozenset()) for number, own in mine.items() if own]
    alone = _link_alone([key for key in keys if key in contacts], contacts, rules, again.recorded)
    if numbers:
        further = Again(again.digest, again.recorded, numbers[-1], again.contact)
    elif keys:
        further = Again(again.digest, again.recorded, None, keys[-1])
    else:
        further = Again(again.digest, again.recorded)
    found = Outcome(changes.after, changes.upto, groups, alone, (), frozenset(), frozenset(), again.digest)
    return found, further


def _link_alone(
    keys: Collection[Key], contacts: Mapping[Key, Contact], rules: Rules, recorded: frozenset[str]
) -> dict[Key, Link]:
    found: dict[Key, Link] = {}
    for key in sorted(keys):
        found |= link_group({key: contacts[key]}, rules, recorded, known=False)
    return found
