"""Users: who may log in, as what, for which teams; made, changed and shut out by administrators."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from firstcontact.doors.api.page import After, cursor, read_text
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.routes import accounts as api
from firstcontact.doors.api.routes.tokens import TokenSeen
from firstcontact.doors.web.access_words import ROLES
from firstcontact.doors.web.form import Wrong, asked, on, wrongs
from firstcontact.doors.web.page import page
from firstcontact.doors.web.place import N_, RUNNING, Place
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.access import Permission, Principal, Role
from firstcontact.services.service import Service

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/accounts", N_("Users"), RUNNING, Permission.READ_ACCOUNTS)

PAGE = 100

Reader = Annotated[Principal, Depends(Permit(Permission.READ_ACCOUNTS))]
Changer = Annotated[Principal, Depends(Permit(Permission.CHANGE_ACCOUNTS))]
Text = Annotated[str, Form(max_length=1000)]
Teams = Annotated[str, Form(max_length=40_000)]
FormRole = Annotated[Role, Form()]
Said = Annotated[str, Query(max_length=20)]

DUTIES: dict[Role, str] = {
    Role.ADMINISTRATOR: N_("Runs the service and gives roles; sees no customer"),
    Role.MANAGER: N_("Sees all figures and contacts, brings files, drafts and publishes the policy"),
    Role.QUALITY: N_("Sees all contacts, says who is who, corrects what was set aside, drafts the policy"),
    Role.TEAM_LEAD: N_("Sees figures and contacts of their teams"),
    Role.AGENT: N_("Sees their team's figures, privately their own, and the customer before them"),
    Role.WALLBOARD: N_("A screen on the wall: the centre's figures, and nothing else"),
}
"""What each role is for."""


@dataclass(frozen=True, slots=True)
class AccountList:
    """What the list shows.

    Attributes:
        accounts: By their address.
        roles: What roles are called, in English.
        duties: What each is for, likewise.
        may_change: Whether the visitor may change any.
        first: Where the list begins; empty where this is its beginning.
        more: Where further ones are.
        said: What was just done.
        wrong: What is wrong with a new one.
        typed: What was typed for it.
    """

    accounts: tuple[api.AccountSeen, ...]
    roles: dict[Role, str]
    duties: dict[Role, str]
    may_change: bool
    first: str
    more: str
    said: str
    wrong: tuple[Wrong, ...] = ()
    typed: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class OneAccount:
    """What the page of one account shows.

    Attributes:
        account: It.
        roles: What roles are called, in English.
        duties: What each is for, likewise.
        tokens: Its tokens.
        may_change: Whether the visitor may change it.
        own: Whether it is the visitor's.
        code: A new code for a password, shown this once.
        said: What was just done.
        wrong: What is wrong with what was sent.
        typed: What stands in the form: as kept, or as typed.
    """

    account: api.AccountSeen
    roles: dict[Role, str]
    duties: dict[Role, str]
    tokens: tuple[TokenSeen, ...]
    may_change: bool
    own: bool
    code: api.Code | None
    said: str
    wrong: tuple[Wrong, ...]
    typed: dict[str, str]


@router.get(PLACE.path)
def accounts(request: Request, who: Reader, after: After = None, said: Said = "") -> Response:
    """The list."""
    return page(request, "accounts", place=PLACE, it=_list(request, who, after, said))


def _list(request: Request, who: Principal, after: str | None, said: str) -> AccountList:
    service: Service = request.app.state.service
    found = service.accounts.page(after=read_text(after), limit=PAGE)
    more = "/accounts?" + urlencode({"after": cursor(found[-1].email)}) if len(found) == PAGE else ""
    return AccountList(
        tuple(map(api.seen, found)),
        ROLES,
        DUTIES,
        who.may(Permission.CHANGE_ACCOUNTS),
        PLACE.path if after else "",
        more,
        said,
    )


@router.post(PLACE.path)
def add(
    request: Request, who: Changer, email: Text, name: Text, role: FormRole, teams: Teams = "", agent_id: Text = ""
) -> Response:
    """Make an account, and go to its page."""
    typed = {"email": email, "name": name, "role": role.value, "teams": teams, "agent_id": agent_id}
    try:
        made = api.add(request, Response(), asked(api.NewAccount, **_fields(typed)), who)
    except FirstcontactError as error:
        wrong = wrongs(error, request)
        it = replace(_list(request, who, None, ""), wrong=wrong, typed=typed)
        return page(request, "accounts", place=PLACE, status=HTTPStatus.UNPROCESSABLE_ENTITY, it=it)
    return on(f"/accounts/{made.id}", "made")


def _fields(typed: dict[str, str]) -> dict[str, Any]:
    """What was typed about an account, as the interface takes it."""
    return {
        "email": typed["email"].strip(),
        "name": typed["name"].strip(),
        "role": typed["role"],
        "teams": _teams(typed["teams"]),
        "agent_id": typed["agent_id"].strip() or None,
    }


def _teams(written: str) -> list[str]:
    """Teams as they are typed: one a line."""
    return [team.strip() for team in written.splitlines() if team.strip()]


@router.get("/accounts/{account_id}")
def account(request: Request, who: Reader, account_id: str, said: Said = "") -> Response:
    """One account."""
    return _one(request, who, account_id, said=said)


def _one(
    request: Request,
    who: Principal,
    account_id: str,
    *,
    said: str = "",
    wrong: tuple[Wrong, ...] = (),
    code: api.Code | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    found = api.account(request, Response(), account_id, who)
    kept = {
        "email": found.email,
        "name": found.name,
        "role": found.role.value,
        "teams": "\n".join(found.teams),
        "agent_id": found.agent_id or "",
        "disabled": "yes" if found.disabled_at else "",
    }
    it = OneAccount(
        found,
        ROLES,
        DUTIES,
        tuple(one for one in api.tokens(request, account_id, who) if one.revoked_at is None),
        who.may(Permission.CHANGE_ACCOUNTS),
        account_id == who.account_id,
        code,
        said,
        wrong,
        kept if typed is None else typed,
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return page(request, "account", place=PLACE, status=status, it=it)


@router.post("/accounts/{account_id}")
def change(
    request: Request,
    who: Changer,
    account_id: str,
    email: Text,
    name: Text,
    role: FormRole,
    edition: Annotated[int, Form(ge=0, le=2**31)],
    teams: Teams = "",
    agent_id: Text = "",
    disabled: Annotated[bool, Form()] = False,
) -> Response:
    """Change an account that is still as it was read."""
    typed = {"email": email, "name": name, "role": role.value, "teams": teams, "agent_id": agent_id}
    try:
        change = asked(api.AccountChange, **_fields(typed), disabled=disabled)
        api.change(request, Response(), account_id, change, who, f'"{edition}"')
    except FirstcontactError as error:
        wrong = wrongs(error, request)
        return _one(request, who, account_id, wrong=wrong, typed=typed | {"disabled": "yes" if disabled else ""})
    return on(f"/accounts/{account_id}", "changed")


@router.post("/accounts/{account_id}/code")
def give_code(request: Request, who: Changer, account_id: str) -> Response:
    """Give out a code for a password; it stands on the page that answers, and nowhere else."""
    code = api.give_code(request, account_id, who)
    request.state.again = f"/accounts/{account_id}?said=shown"
    return _one(request, who, account_id, code=code)


@router.post("/accounts/{account_id}/sessions/end")
def end_sessions(request: Request, who: Changer, account_id: str) -> Response:
    """End every session of an account."""
    api.end_sessions(request, account_id, who)
    return on(f"/accounts/{account_id}", "ended")


@router.post("/accounts/{account_id}/tokens/{token_id}/end")
def end_token(request: Request, who: Changer, account_id: str, token_id: str) -> Response:
    """End a token of an account."""
    api.revoke(request, account_id, token_id, who)
    return on(f"/accounts/{account_id}", "ended")
