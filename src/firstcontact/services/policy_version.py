"""Versions of the policy: drafted, tried on past data, published by one person at a time, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Protocol

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, FirstcontactError
from firstcontact.kernel.sentence import clause
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.policy.preset import DEFAULT, preset_text
from firstcontact.measurement.policy.read import policy_from
from firstcontact.measurement.policy.toml_text import parse

PolicyState = Literal["draft", "published", "retired", "dropped"]

NO_SUCH_VERSION = ErrorKind(
    "FC9511",
    "There is no such version of the policy",
    EXIT_INPUT,
    "Versions are numbered from 1. `GET /api/v1/policies` lists them.",
)
VERSION_CHANGED = ErrorKind(
    "FC9512",
    "The version of the policy has changed meanwhile",
    EXIT_INPUT,
    "Somebody else changed or published it since it was read, or it is in a state in which this cannot be done: only a "
    "draft is changed, published or dropped, only a retired version is taken back. Read it again.",
)


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version of the policy.

    Attributes:
        number: Its number, from 1.
        state: One is `published`; earlier ones are `retired`.
        toml: The policy as a file.
        policy_hash: Its digest, without comments and layout.
        note: What whoever drafted it says of it.
        based_on: The version that it was made from.
        created_by: Who drafted it.
        created_at: When, UTC.
        published_by: Who published it.
        published_at: When it last came into force.
        edition: Grows with every change.
    """

    number: int
    state: PolicyState
    toml: str
    policy_hash: str
    note: str | None
    based_on: int | None
    created_by: str
    created_at: datetime
    published_by: str | None
    published_at: datetime | None
    edition: int

    @property
    def policy(self) -> Policy:
        """The policy it holds. It goes by the number that it has here, whatever its text says, which is seldom changed
        with the rules: so every figure names the version that it was measured under.
        """
        return replace(read_version(self.toml, self.number), version=str(self.number))


class Policies(Protocol):
    """Where versions are kept."""

    def published(self) -> PolicyVersion:
        """The version in force; there always is one."""

    def find(self, number: int) -> PolicyVersion:
        """One version, or raise FC9511."""

    def page(self, *, before: int | None, limit: int) -> list[PolicyVersion]:
        """Versions, newest first, from the one after `before`."""

    def draft(self, toml: str, *, note: str | None, based_on: int | None, by: str, now: datetime) -> PolicyVersion:
        """Keep a new draft; raises what is wrong with it, all at once."""

    def change(
        self, number: int, edition: int, toml: str, note: str | None, based_on: int | None = None
    ) -> PolicyVersion:
        """Change a draft that is as it was read, and perhaps what it rests on, or raise FC9512."""

    def publish(self, number: int, edition: int, *, by: str, now: datetime) -> PolicyVersion:
        """Put a draft, or a retired version again, into force; the one before is retired.

        Raises FC9512, also where a draft rests on a version that is no longer in force.
        """

    def drop(self, number: int, edition: int) -> PolicyVersion:
        """Give up a draft, or raise FC9512."""


def read_version(toml: str, number: int | None = None) -> Policy:
    """The policy in a text.

    Args:
        toml: As in a policy file.
        number: The version it belongs to, for messages.

    Raises:
        FirstcontactError: Everything that is wrong with it, each with its line.

    >>> read_version(first_text()).name
    'firstcontact'
    """
    file = clause("the policy")
    if number is not None:
        file = clause("policy version {number}", number=number)
    return policy_from(parse(toml, file))


def first_text() -> str:
    """The policy that a new service begins with."""
    return preset_text(DEFAULT)


def no_such_version() -> FirstcontactError:
    """The error for a number that no version has."""
    fault = NO_SUCH_VERSION.fault(
        where="the number of the version", saw="one that was never given", allowed="an existing one", cure="list them"
    )
    return FirstcontactError([fault])


def check_state(found: PolicyVersion, edition: int, allowed: Sequence[PolicyState]) -> None:
    """See that a version is as its reader knows it, and in a state in which something can be done.

    Raises:
        FirstcontactError: It is not (FC9512).
    """
    if found.edition == edition and found.state in allowed:
        return
    saw = clause("edition {edition}, {states}", edition=found.edition, states=found.state)
    fault = VERSION_CHANGED.fault(
        where=clause("policy version {number}", number=found.number),
        saw=saw,
        allowed=clause("edition {edition}, {states}", edition=edition, states=" or ".join(allowed)),
        cure="read it again and decide anew",
    )
    raise FirstcontactError([fault])


def check_base(found: PolicyVersion, in_force: int | None) -> None:
    """See that a draft was made from what is in force, so that nobody's change is lost unseen.

    Args:
        found: What shall be published. One that was in force before is put back on purpose, whatever came since.
        in_force: Number of the version in force.

    Raises:
        FirstcontactError: It was not (FC9512).
    """
    if found.state != "draft" or found.based_on is None or found.based_on == in_force:
        return
    fault = VERSION_CHANGED.fault(
        where=clause("policy version {number}", number=found.number),
        saw=clause("a draft based on version {based_on}", based_on=found.based_on),
        allowed=clause("one based on version {in_force}, which is in force", in_force=in_force),
        cure=clause(
            "take over what version {in_force} changed, and PUT the draft with based_on {in_force}", in_force=in_force
        ),
    )
    raise FirstcontactError([fault])
