"""What a person decides about who is who: two customers are one, or some contacts are another's. It can be taken back.

A decision is an identifier of its own on the contacts that it is about, so that whoever groups contacts follows it
without knowing of it: contacts that are merged carry it beside their own, contacts that are split off instead of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, FirstcontactError
from firstcontact.kernel.sentence import clause
from firstcontact.services.link_person import Key

CONTACT_ABSENT = ErrorKind(
    "FC9441",
    "A contact that something is decided about is not there",
    EXIT_INPUT,
    "It was never sent, or has been erased meanwhile. A decision names contacts by their source and id.",
)
DECIDED_ALREADY = ErrorKind(
    "FC9442",
    "It is decided already",
    EXIT_INPUT,
    "The decision has been taken back, or the proposal accepted or declined, by somebody else or by an earlier try.",
)

NOTHING_LEFT = ErrorKind(
    "FC9445",
    "Nothing would stay of the customer",
    EXIT_INPUT,
    "All their contacts were to be split off. What is split off is a customer of its own: at least one contact stays.",
)

Verb = Literal["merge", "split"]
ProposalState = Literal["open", "accepted", "declined", "stale"]


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision.

    Attributes:
        id: Its id.
        verb: `merge`: the contacts are one customer's. `split`: they are a customer's of their own.
        contacts: The contacts.
        note: Why, in words.
        actor: Who decided.
        decided_at: When.
        undone_at: When it was taken back; None while it counts.
        undone_by: Who took it back.
    """

    id: str
    verb: Verb
    contacts: tuple[Key, ...]
    note: str | None
    actor: str
    decided_at: datetime
    undone_at: datetime | None = None
    undone_by: str | None = None


@dataclass(frozen=True, slots=True)
class Affected:
    """Whose the contacts of a decision are at present.

    Attributes:
        people: Numbers of the customers, ascending.
        waits: Whether some of the contacts are yet to be linked anew, so that the numbers may change.
    """

    people: tuple[int, ...] = ()
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two customers who may be one.

    Attributes:
        id: Its id.
        people: Their numbers when it was made.
        contacts: A contact of each.
        grounds: Why, without an identifier.
        confidence: How likely it is, 0 to 1.
        state: Where it stands.
        proposed_at: When it was made.
        decided_at: When somebody decided.
        decided_by: Who.
    """

    id: str
    people: tuple[int, int]
    contacts: tuple[Key, Key]
    grounds: Mapping[str, Any]
    confidence: float
    state: ProposalState
    proposed_at: datetime
    decided_at: datetime | None
    decided_by: str | None


class Identities(Protocol):
    """Where decisions and proposals are kept; each change is noted in the audit, and asks to be linked."""

    def decide(self, decision: Decision, *, proposal_id: str | None = None) -> None:
        """Keep a decision and let it count; the proposal that it follows is accepted in the same transaction.

        Raises:
            FirstcontactError: A contact is not there (FC9441), somebody decided about the proposal already (FC9442), or
                nothing would stay of a customer of whom contacts are split off (FC9445).
        """

    def undo(self, decision_id: str, *, actor: str, now: datetime) -> Decision | None:
        """Take a decision back; None where there is none.

        Raises:
            FirstcontactError: It has been taken back already (FC9442).
        """

    def decision(self, decision_id: str) -> Decision | None:
        """One decision."""

    def decisions(self, *, before: str | None, limit: int, person: int | None = None) -> list[Decision]:
        """Decisions, newest first; those about contacts of one customer where a number is given."""

    def now_called(self, number: int) -> int | None:
        """The number under which a customer stands whose own went away when somebody joined or parted customers.

        Of the contacts that were theirs when it was last decided about them, one tells it. None where the number is
        still somebody's, was never decided about, or the contact is gone or waits to be linked.
        """

    def affected(self, decision_ids: Collection[str]) -> dict[str, Affected]:
        """Whose the contacts of some decisions are at present."""

    def proposal(self, proposal_id: str) -> Proposal | None:
        """One proposal."""

    def proposals(self, *, state: ProposalState | None, before: str | None, limit: int) -> list[Proposal]:
        """Proposals, newest first."""

    def settle(self, proposal_id: str, state: ProposalState, *, actor: str, now: datetime) -> bool:
        """Say what became of an open proposal; False where it is not open any more."""


def accept(
    identities: Identities, proposal: Proposal, *, make_id: Callable[[], str], actor: str, now: datetime
) -> Decision:
    """Follow a proposal: the two customers are one.

    Raises:
        FirstcontactError: Somebody decided already (FC9442), or a contact is gone (FC9441).
    """
    if proposal.state != "open":
        raise decided_already(f"the proposal {proposal.id}")
    note = f"proposal {proposal.id}"
    decision = Decision(make_id(), "merge", proposal.contacts, note, actor, now)
    identities.decide(decision, proposal_id=proposal.id)
    return decision


def decided_already(what: str) -> FirstcontactError:
    """The error for what somebody decided already."""
    fault = DECIDED_ALREADY.fault(where=what, saw="a decision", allowed="an open one", cure="read it again")
    return FirstcontactError([fault])


def contact_absent(places: Sequence[int]) -> FirstcontactError:
    """The error for contacts that are not there, by their place among those named."""
    return FirstcontactError(
        [
            CONTACT_ABSENT.fault(
                where=clause("contact {number} of the decision", number=place + 1),
                saw="none",
                allowed="one that is there",
                cure="name another",
            )
            for place in places
        ]
    )


def nothing_left() -> FirstcontactError:
    """The error for a split that takes all contacts of a customer."""
    fault = NOTHING_LEFT.fault(
        where="the contacts of the decision",
        saw="all contacts of a customer",
        allowed="some of them",
        cure="leave those out that are the customer's own",
    )
    return FirstcontactError([fault])
