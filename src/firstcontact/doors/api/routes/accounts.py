"""Accounts: made, seen, changed and reset by administrators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from firstcontact.doors.api import edition
from firstcontact.doors.api.moment import Moment
from firstcontact.doors.api.page import After, Limit, Page, cursor, read_text
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.doors.api.routes.tokens import TokenSeen
from firstcontact.doors.api.routes.tokens import seen as token_seen
from firstcontact.kernel.time_id import time_id
from firstcontact.services.access import Permission, Principal, Role
from firstcontact.services.account import Account, add_account, change_account
from firstcontact.services.audit import Event
from firstcontact.services.service import Service
from firstcontact.services.session import RESET_LIFE, make_reset

router = APIRouter(prefix="/api/v1/accounts", tags=["accounts"])

Reader = Annotated[Principal, Depends(Permit(Permission.READ_ACCOUNTS))]
Changer = Annotated[Principal, Depends(Permit(Permission.CHANGE_ACCOUNTS))]


class NewAccount(BaseModel, extra="forbid"):
    """An account to be made."""

    email: str = Field(max_length=200, description="What is typed to log in.")
    name: str = Field(max_length=200)
    role: Role
    teams: list[str] = Field(default=[], max_length=200, description="Teams it belongs to or leads.")
    agent_id: str | None = Field(None, max_length=200, description="As contacts name this person.")


class AccountChange(BaseModel, extra="forbid"):
    """What shall become different; what is left out stays."""

    email: str | None = Field(None, max_length=200)
    name: str | None = Field(None, max_length=200)
    role: Role | None = None
    teams: list[str] | None = Field(None, max_length=200)
    agent_id: str | None = Field(None, max_length=200)
    disabled: bool | None = None


class AccountSeen(BaseModel):
    """An account."""

    id: str
    email: str
    name: str
    role: Role
    teams: list[str]
    agent_id: str | None
    has_password: bool
    single_sign_on: bool
    disabled_at: Moment | None
    created_at: Moment | None
    edition: int = Field(description="Also the `ETag`, which a change carries as `If-Match`.")


class Code(BaseModel):
    """By which the owner of an account sets its password."""

    code: str = Field(description="Shown this once; its owner enters it at `/password` or `POST /api/v1/password`.")
    expires_at: Moment


def seen(account: Account) -> AccountSeen:
    """An account as answers have it."""
    return AccountSeen(
        id=account.id,
        email=account.email,
        name=account.name,
        role=account.role,
        teams=list(account.teams),
        agent_id=account.agent_id,
        has_password=account.has_password,
        single_sign_on=account.subject is not None,
        disabled_at=account.disabled_at,
        created_at=account.created_at,
        edition=account.edition,
    )


def _found(service: Service, account_id: str) -> Account:
    account = service.accounts.find(account_id)
    if account is None:
        raise not_there("account")
    return account


@router.get("")
def accounts(request: Request, _who: Reader, after: After = None, limit: Limit = 100) -> Page[AccountSeen]:
    """Accounts by their address."""
    service: Service = request.app.state.service
    found = service.accounts.page(after=read_text(after), limit=limit)
    more = cursor(found[-1].email) if len(found) == limit else None
    return Page(items=[seen(one) for one in found], next=more)


@router.post("", status_code=201)
def add(request: Request, response: Response, asked: NewAccount, who: Changer) -> AccountSeen:
    """Make an account. It has no password: give out a code, or let its owner sign on elsewhere."""
    service: Service = request.app.state.service
    now = service.now()
    made = add_account(service.accounts, **asked.model_dump(), actor=who.name, now=now, new_id=time_id(now))
    edition.tag(response, made.edition)
    response.headers["Location"] = f"/api/v1/accounts/{made.id}"
    return seen(made)


@router.get("/{account_id}")
def account(request: Request, response: Response, account_id: str, _who: Reader) -> AccountSeen:
    """One account."""
    found = _found(request.app.state.service, account_id)
    edition.tag(response, found.edition)
    return seen(found)


@router.patch("/{account_id}")
def change(
    request: Request,
    response: Response,
    account_id: str,
    asked: AccountChange,
    who: Changer,
    if_match: edition.IfMatch = None,
) -> AccountSeen:
    """Change an account. Its sessions end where its role, its teams or who it is become different."""
    service: Service = request.app.state.service
    read = edition.asked(if_match)
    found = _found(service, account_id)
    fields: dict[str, Any] = asked.model_dump(exclude_unset=True)
    changed = change_account(service.accounts, found, fields, actor=who.name, now=service.now(), edition=read)
    if changed is None:
        raise edition.stale()
    edition.tag(response, changed.edition)
    return seen(changed)


@router.post("/{account_id}/code", status_code=201)
def give_code(request: Request, account_id: str, who: Changer) -> Code:
    """Give out a code by which the owner sets a password, once and within a day; earlier ones are void."""
    service: Service = request.app.state.service
    now = service.now()
    value = make_reset(service.sessions, _found(service, account_id), actor=who.name, now=now)
    return Code(code=value, expires_at=now + RESET_LIFE)


@router.delete("/{account_id}/sessions", status_code=204)
def end_sessions(request: Request, account_id: str, who: Changer) -> Response:
    """End every session of an account."""
    service: Service = request.app.state.service
    found = _found(service, account_id)
    service.sessions.close(found.id, Event(who.name, "session.close", service.now(), object=found.id))
    return Response(status_code=204)


@router.get("/{account_id}/tokens")
def tokens(request: Request, account_id: str, _who: Reader) -> list[TokenSeen]:
    """The tokens of an account."""
    service: Service = request.app.state.service
    return [token_seen(one) for one in service.sessions.tokens(_found(service, account_id).id)]


@router.delete("/{account_id}/tokens/{token_id}", status_code=204)
def revoke(request: Request, account_id: str, token_id: str, who: Changer) -> Response:
    """End a token of an account."""
    service: Service = request.app.state.service
    event = Event(who.name, "token.revoke", service.now(), object=token_id)
    if service.sessions.revoke_token(account_id, token_id, event) is None:
        raise not_there("token")
    return Response(status_code=204)
