"""`firstcontact account`: make accounts on the machine itself, before anybody can log in or when nobody can."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from firstcontact.services.access import Permission
    from firstcontact.services.account import Account
    from firstcontact.services.service import Service

account = typer.Typer(help="Make, list, disable and reset the service's accounts.", no_args_is_help=True)

ACTOR = "the command line"
"""What the audit calls whoever may run commands as the service's own user."""

Email = Annotated[str, typer.Argument(help="The e-mail address that is typed to log in.")]


@account.command()
def add(
    email: Email,
    role: Annotated[
        str, typer.Option(help="administrator, manager, quality, team-lead, agent or wallboard.")
    ] = "administrator",
    name: Annotated[Optional[str], typer.Option(help="What its owner is called; the address where not said.")] = None,
    team: Annotated[Optional[list[str]], typer.Option(help="A team it belongs to or leads; may be repeated.")] = None,
    agent: Annotated[Optional[str], typer.Option(help="As contacts name this person, for their private page.")] = None,
    code: Annotated[
        bool, typer.Option("--code", help="Ask for no password; print a code with which its owner sets one.")
    ] = False,
) -> None:
    """Make an account. Its password is asked for, or read from the standard input: one line."""
    from firstcontact.kernel.errors import FirstcontactError
    from firstcontact.kernel.time_id import time_id
    from firstcontact.services.account import add_account, clean_email
    from firstcontact.services.password import weakness

    password = None if code else _password()
    fault = weakness(password, clean_email(email)) if password is not None else None
    if fault is not None:
        raise FirstcontactError([fault])
    with _service() as service:
        made = add_account(
            service.accounts,
            email=email,
            name=name or email,
            role=role,
            teams=team or (),
            agent_id=agent,
            password_hash=service.passwords.keep(password) if password is not None else None,
            actor=ACTOR,
            now=service.now(),
            new_id=time_id(service.now()),
        )
        print(f"{made.email} can log in as {made.role.value} at {service.settings.url}.")
        if code:
            _print_code(service, made)


@account.command("list")
def list_accounts() -> None:
    """List the accounts."""
    with _service() as service:
        after = None
        while page := service.accounts.page(after=after, limit=500):
            for one in page:
                way = "disabled" if one.disabled_at else "password" if one.has_password else "no password"
                print(f"{one.email:40} {one.role.value:14} {way:12} {', '.join(one.teams)}")
            after = page[-1].email


@account.command()
def reset(email: Email) -> None:
    """Print a code with which the account's owner sets a new password, once and within a day."""
    with _service() as service:
        _print_code(service, _found(service, email))


@account.command()
def token(
    email: Email,
    allow: Annotated[
        Optional[list[str]], typer.Option(help="A permission it is limited to; may be repeated. Else all of the role.")
    ] = None,
    name: Annotated[str, typer.Option(help="What it is for.")] = "the command line",
    days: Annotated[int, typer.Option(min=1, max=3660, help="How long it lives.")] = 90,
) -> None:
    """Make a token by which a program acts for an account, and print it, and nothing else, this once."""
    from datetime import timedelta

    from firstcontact.services.session import make_token, principal_of

    with _service() as service:
        who = principal_of(_found(service, email))
        asked = [_permission(one) for one in allow] if allow else sorted(who.permissions)
        now = service.now()
        _, value = make_token(
            service.sessions, who, name=name, permissions=asked, expires_at=now + timedelta(days=days), now=now
        )
        print(value)


@account.command()
def disable(email: Email) -> None:
    """Keep an account from doing anything; its sessions end at once, its tokens are refused."""
    from firstcontact.services.audit import Event

    with _service() as service:
        found, now = _found(service, email), service.now()
        event = Event(ACTOR, "account.disable", now, object=found.id)
        service.accounts.change(found.id, {"disabled_at": now}, event, edition=None)
        print(f"{found.email} is disabled.")


def _password() -> str:
    if sys.stdin.isatty():
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


def _permission(name: str) -> Permission:
    from firstcontact.kernel.errors import FirstcontactError
    from firstcontact.services.access import Permission
    from firstcontact.services.account import ACCOUNT_WRONG

    if name in list(Permission):
        return Permission(name)
    fault = ACCOUNT_WRONG.fault(
        where="--allow", saw="no permission", allowed=", ".join(sorted(Permission)), cure="correct it"
    )
    raise FirstcontactError([fault])


def _found(service: Service, email: str) -> Account:
    from firstcontact.kernel.errors import FirstcontactError
    from firstcontact.services.account import ACCOUNT_WRONG, clean_email

    found = service.accounts.find_email(clean_email(email))
    if found is None:
        fault = ACCOUNT_WRONG.fault(
            where="email",
            saw="an address that no account has",
            allowed="one of `firstcontact account list`",
            cure="correct it",
        )
        raise FirstcontactError([fault])
    return found


def _print_code(service: Service, account: Account) -> None:
    from firstcontact.services.session import make_reset

    token = make_reset(service.sessions, account, actor=ACTOR, now=service.now())
    # Typed into a form and no part of an address, so that it reaches no log and no other site.
    print(f"Within a day, its owner sets a password at {service.settings.url}/password with the code {token}")


@contextmanager
def _service() -> Iterator[Service]:
    from firstcontact.doors.cli.surroundings import surroundings

    settings = surroundings()
    from firstcontact import bootstrap

    service = bootstrap.open_service(settings)
    try:
        yield service
    finally:
        service.close()
