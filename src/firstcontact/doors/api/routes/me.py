"""Who one is: what one may do, one's own name, password and sessions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, SecretStr

from firstcontact.doors.api.moment import Moment
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.doors.api.rate import client_address
from firstcontact.services.access import GRANTS, Permission, Principal, Role, Scope
from firstcontact.services.account import Account, check_choice
from firstcontact.services.audit import Event
from firstcontact.services.log_in import change_password
from firstcontact.services.service import Service
from firstcontact.services.session import csrf_of

router = APIRouter(prefix="/api/v1/me", tags=["me"])


class Me(BaseModel):
    """Who asks."""

    id: str = Field(description="Of the account.")
    name: str = Field(description="What one is called; `PATCH` changes it.")
    audited_as: str = Field(description="What the audit calls who asks: the address, or a token and its owner's.")
    role: Role
    teams: list[str]
    agent_id: str | None = Field(description="As contacts name this person.")
    permissions: dict[Permission, Scope] = Field(description="What may be done, and whose data it reaches.")
    csrf: str | None = Field(
        description="What changes carry as `X-CSRF-Token` where a browser's session asks; null for a token."
    )


class Choice(BaseModel, extra="forbid"):
    """What one chooses for oneself."""

    name: str | None = Field(None, max_length=200, description="What one is called.")
    language: str | None = Field(None, max_length=16, description="Language of pages, as `en` or `zh-Hant`.")
    zone: str | None = Field(None, max_length=64, description="Time zone of pages, as `Europe/Sofia`.")


class NewPassword(BaseModel, extra="forbid"):
    """A change of one's password."""

    current: SecretStr = Field(max_length=1000)
    new: SecretStr = Field(max_length=1000)


class OpenSession(BaseModel):
    """Somewhere one is logged in."""

    id: str
    device: str | None = Field(description="What the browser calls itself.")
    created_at: Moment
    seen_at: Moment = Field(description="Last use, to the minute.")
    expires_at: Moment
    present: bool = Field(description="Whether this request belongs to it.")


def describe(who: Principal, account: Account | None, cookie: str | None) -> Me:
    """The answer about who asks; of an account that has just gone, what its session still says."""
    return Me(
        id=who.account_id,
        name=who.name if account is None else account.name,
        audited_as=who.name,
        role=who.role,
        teams=sorted(who.teams),
        agent_id=who.agent_id,
        permissions={one: GRANTS[who.role][one] for one in sorted(who.permissions)},
        csrf=csrf_of(cookie) if who.session is not None and cookie else None,
    )


def own_account(service: Service, who: Principal) -> Account:
    """The account of who asks.

    Raises:
        ProblemError: It is gone.
    """
    account = service.accounts.find(who.account_id)
    if account is None:
        raise not_there("account")
    return account


@router.get("")
def me(request: Request, who: Annotated[Principal, Depends(Permit(Permission.READ_SELF))]) -> Me:
    """Who asks, and what they may do."""
    account = request.app.state.service.accounts.find(who.account_id)
    return describe(who, account, getattr(request.state, "cookie", None))


@router.patch("")
def choose(request: Request, choice: Choice, who: Annotated[Principal, Depends(Permit(Permission.OWN_ACCOUNT))]) -> Me:
    """Change one's own name, language or zone; what is left out stays."""
    service: Service = request.app.state.service
    account = own_account(service, who)
    fields = choice.model_dump(exclude_unset=True)
    check_choice(fields)
    changed = {name: value for name, value in fields.items() if value != getattr(account, name)}
    if changed:
        event = Event(who.name, "account.choose", service.now(), object=account.id, detail={"fields": sorted(changed)})
        service.accounts.change(account.id, changed, event, edition=None)
    return describe(who, own_account(service, who), getattr(request.state, "cookie", None))


@router.post("/password", status_code=204)
def set_password(
    request: Request,
    asked: NewPassword,
    who: Annotated[Principal, Depends(Permit(Permission.OWN_ACCOUNT, in_person=True))],
) -> Response:
    """Change one's own password. Every other session ends. Not for tokens."""
    service: Service = request.app.state.service
    change_password(
        service.accounts,
        service.sessions,
        service.passwords,
        own_account(service, who),
        current=asked.current.get_secret_value(),
        new=asked.new.get_secret_value(),
        session=who.session,
        place=client_address(request.scope, service.settings.proxies),
        now=service.now(),
    )
    return Response(status_code=204)


@router.get("/sessions")
def sessions(request: Request, who: Annotated[Principal, Depends(Permit(Permission.OWN_ACCOUNT))]) -> list[OpenSession]:
    """Where one is logged in, latest first."""
    service: Service = request.app.state.service
    return [
        OpenSession(
            id=one.id,
            device=one.device,
            created_at=one.created_at,
            seen_at=one.seen_at,
            expires_at=one.expires_at,
            present=one.token_hash == who.session,
        )
        for one in service.sessions.of(who.account_id, service.now())
    ]


@router.delete("/sessions/{session_id}", status_code=204)
def end_session(
    request: Request, session_id: str, who: Annotated[Principal, Depends(Permit(Permission.OWN_ACCOUNT))]
) -> Response:
    """End one of one's own sessions."""
    service: Service = request.app.state.service
    event = Event(who.name, "session.close", service.now(), object=session_id)
    if not service.sessions.close(who.account_id, event, id=session_id):
        raise not_there("session")
    return Response(status_code=204)
