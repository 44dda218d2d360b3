"""Accounts: people and screens that log in, and the programs that act for them by a token."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from firstcontact.kernel.clock import zone_exists
from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, Fault, FirstcontactError
from firstcontact.kernel.sentence import Sentence, clause
from firstcontact.services.access import Role
from firstcontact.services.audit import Event

ACCOUNT_WRONG = ErrorKind(
    "FC9205",
    "The account cannot be like this",
    EXIT_USAGE,
    "Its e-mail address is none or belongs to another account, its role is none, or a name is too long.",
)
ACCOUNT_LAST = ErrorKind(
    "FC9206",
    "The last administrator must stay",
    EXIT_USAGE,
    "Without an administrator who can log in nobody could give roles any more. Make another one first; "
    "`firstcontact account add` does so on the machine itself.",
)

LONGEST = 200
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f<>\"(),:;\\]+@[^@\s\x00-\x1f\x7f<>\"(),:;\\]+")

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Account:
    """An account.

    Attributes:
        id: Its id.
        email: What is typed to log in, in lower case.
        name: What its owner is called.
        role: What it is for.
        teams: Teams it belongs to or leads.
        agent_id: As contacts name this person.
        has_password: Whether it can log in by password.
        subject: Issuer and subject of single sign-on, separated by a space.
        language: Language of its pages; the browser's where None.
        zone: Time zone of its pages; the browser's where None.
        disabled_at: Since when it can do nothing.
        created_at: When it was made.
        password_at: When its password was set.
        edition: Grows with every change.
    """

    id: str
    email: str
    name: str
    role: Role
    teams: tuple[str, ...] = ()
    agent_id: str | None = None
    has_password: bool = False
    subject: str | None = None
    language: str | None = None
    zone: str | None = None
    disabled_at: datetime | None = None
    created_at: datetime | None = None
    password_at: datetime | None = None
    edition: int = 1


class Accounts(Protocol):
    """Where accounts are kept. Every change is written together with its event of the audit."""

    def add(self, account: Account, password_hash: str | None, event: Event) -> Account:
        """Keep a new account.

        Raises:
            FirstcontactError: Another one has its address (FC9205).
        """

    def find(self, account_id: str) -> Account | None:
        """The account of an id."""

    def find_email(self, email: str) -> Account | None:
        """The account that logs in by this address."""

    def find_subject(self, subject: str) -> Account | None:
        """The account of somebody at the single sign-on provider."""

    def page(self, *, after: str | None, limit: int) -> list[Account]:
        """Accounts by their address, from the one after `after` on."""

    def change(
        self, account_id: str, fields: Mapping[str, Any], event: Event, *, edition: int | None
    ) -> Account | None:
        """Change fields of an account.

        Sessions of an account that is disabled, or whose role or teams become others, end.

        Args:
            account_id: Which.
            fields: New values by name, of those in `Account`.
            event: What the audit says.
            edition: The edition that was read; None to change whatever is there.

        Returns:
            The account as it is now; None where it has another edition by now, or is not there.

        Raises:
            FirstcontactError: No administrator would be left (FC9206), or the address is taken (FC9205).
        """

    def password_hash(self, account_id: str) -> str | None:
        """What is kept of its password."""

    def set_password(self, account_id: str, password_hash: str, event: Event, *, keep_session: str | None) -> None:
        """Set a password; every session ends but the one whose hash is given, and every unused reset is void."""

    def renew_hash(self, account_id: str, before: str, after: str) -> None:
        """Keep the same password at another cost, unless it was changed meanwhile."""


def clean_email(email: str) -> str:
    """An address as it is kept and compared.

    >>> clean_email(" Dana@Example.org ")
    'dana@example.org'
    """
    return email.strip().lower()


def check_account(
    *, email: str, name: str, role: str, teams: Sequence[str] = (), agent_id: str | None = None
) -> list[Fault]:
    """Everything that is wrong with what an account shall be.

    >>> [fault.where for fault in check_account(email="dana", name="Dana", role="chief")]
    ['email', 'role']
    """
    faults: list[Fault] = []

    def wrong(where: str, saw: Sentence, allowed: Sentence) -> None:
        faults.append(ACCOUNT_WRONG.fault(where=where, saw=saw, allowed=allowed, cure="correct it"))

    if not _EMAIL.fullmatch(email) or len(email) > LONGEST:
        wrong("email", clause("{count} characters that are no address", count=len(email)), clause("name@example.org"))
    if not _printable(name):
        wrong(
            "name",
            clause("{count} characters", count=len(name)),
            clause("1 to {longest} printable characters", longest=LONGEST),
        )
    if role not in set(Role):
        wrong("role", clause("a word of {count} characters", count=len(role)), clause("{names}", names=", ".join(Role)))
    if len(teams) > LONGEST or not all(_printable(team) for team in teams):
        wrong(
            "teams",
            clause("{count} teams", count=len(teams)),
            clause("at most {longest} names of 1 to {longest} printable characters", longest=LONGEST),
        )
    if agent_id is not None and not _printable(agent_id):
        wrong(
            "agent_id",
            clause("{count} characters", count=len(agent_id)),
            clause("1 to {longest} printable characters", longest=LONGEST),
        )
    return faults


def _printable(text: str) -> bool:
    return 0 < len(text.strip()) <= LONGEST and text.isprintable()


def add_account(
    accounts: Accounts,
    *,
    email: str,
    name: str,
    role: str,
    teams: Sequence[str] = (),
    agent_id: str | None = None,
    password_hash: str | None = None,
    actor: str,
    now: datetime,
    new_id: str,
) -> Account:
    """Make an account.

    Args:
        accounts: Where it is kept.
        email: What is typed to log in.
        name: What its owner is called.
        role: What it is for.
        teams: Teams it belongs to or leads.
        agent_id: As contacts name this person.
        password_hash: What is kept of its password; None where its owner sets one by a reset, or signs on elsewhere.
        actor: Who makes it.
        now: The moment, UTC.
        new_id: Its id.

    Returns:
        The account.

    Raises:
        FirstcontactError: It cannot be like this (FC9205).
    """
    email = clean_email(email)
    faults = check_account(email=email, name=name, role=role, teams=teams, agent_id=agent_id)
    if faults:
        raise FirstcontactError(faults)
    account = Account(
        new_id, email, name.strip(), Role(role), tuple(sorted(set(teams))), agent_id, password_hash is not None
    )
    event = Event(actor, "account.add", now, object=new_id, detail={"role": role, "teams": list(account.teams)})
    return accounts.add(account, password_hash, event)


def change_account(
    accounts: Accounts, account: Account, fields: Mapping[str, Any], *, actor: str, now: datetime, edition: int
) -> Account | None:
    """Change an account.

    Args:
        accounts: Where it is kept.
        account: As it was read.
        fields: New values by name: `email`, `name`, `role`, `teams`, `agent_id`, `disabled`. What stays the same may
            be among them.
        actor: Who changes it.
        now: The moment, UTC.
        edition: The edition that was read.

    Returns:
        The account as it is now; None where it has another edition by now.

    Raises:
        FirstcontactError: It cannot be like this (FC9205), or no administrator would be left (FC9206).
    """
    wanted = {name: value for name, value in fields.items() if value is not None or name == "agent_id"}
    if "email" in wanted:
        wanted["email"] = clean_email(wanted["email"])
    if "teams" in wanted:
        wanted["teams"] = tuple(sorted(set(wanted["teams"])))
    if "disabled" in wanted:
        disabled = wanted.pop("disabled")
        wanted["disabled_at"] = (account.disabled_at or now) if disabled else None
    shape = {name: wanted.get(name, getattr(account, name)) for name in ("email", "name", "role", "teams", "agent_id")}
    faults = check_account(**shape)
    if faults:
        raise FirstcontactError(faults)
    changed = {name: value for name, value in wanted.items() if value != getattr(account, name)}
    if not changed:
        return account if account.edition == edition else None
    event = Event(actor, "account.change", now, object=account.id, detail=_told(account, changed))
    return accounts.change(account.id, changed, event, edition=edition)


def _told(account: Account, changed: Mapping[str, Any]) -> dict[str, Any]:
    """What an event says of a change: what was and what is of what decides who may, of the rest only its name."""
    detail: dict[str, Any] = {"fields": sorted(changed)}
    if "role" in changed:
        detail["role"] = [str(account.role), str(changed["role"])]
    if "teams" in changed:
        detail["teams"] = [list(account.teams), list(changed["teams"])]
    return detail


def check_choice(fields: Mapping[str, Any]) -> None:
    """See that what somebody chooses for themselves can be.

    Args:
        fields: New values of `name`, `language` and `zone`; None for what the browser says.

    Raises:
        FirstcontactError: Something cannot (FC9205), all named at once.
    """
    faults: list[Fault] = []

    def wrong(where: str, allowed: Sentence) -> None:
        saw = clause("{count} characters", count=len(fields[where] or ""))
        faults.append(ACCOUNT_WRONG.fault(where=where, saw=saw, allowed=allowed, cure="correct it"))

    if "name" in fields and not (fields["name"] and _printable(fields["name"])):
        wrong("name", clause("1 to {longest} printable characters", longest=LONGEST))
    if fields.get("language") is not None and not _LANGUAGE.fullmatch(fields["language"]):
        wrong("language", clause("a language's tag, as en or zh-Hant"))
    if fields.get("zone") is not None and not zone_exists(fields["zone"]):
        wrong("zone", clause("a time zone's name, as Europe/Sofia"))
    if faults:
        raise FirstcontactError(faults)
