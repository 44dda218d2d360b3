"""Log in and out, and set a password by a code."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, SecretStr

from firstcontact.doors.api.permit import Permit, is_open
from firstcontact.doors.api.rate import client_address
from firstcontact.doors.api.recognise import clear_cookie, set_cookie
from firstcontact.doors.api.routes.me import Me, describe
from firstcontact.services.access import Permission, Principal
from firstcontact.services.account import Account
from firstcontact.services.audit import Event
from firstcontact.services.log_in import log_in, reset_password
from firstcontact.services.service import Service
from firstcontact.services.session import open_session, recognise

router = APIRouter(prefix="/api/v1", tags=["session"])


class LogIn(BaseModel, extra="forbid"):
    """What one types to log in."""

    email: str = Field(max_length=200)
    password: SecretStr = Field(max_length=1000)


class Reset(BaseModel, extra="forbid"):
    """A new password, by the code that an administrator gave out."""

    code: SecretStr = Field(max_length=200)
    new: SecretStr = Field(max_length=1000)


def begin(request: Request, response: Response, account: Account, how: str) -> str:
    """Log an account in, in the browser that asks: a new secret, and the end of the session it had.

    Returns:
        The secret.
    """
    service: Service = request.app.state.service
    now = service.now()
    before = getattr(request.state, "cookie", None)
    device = request.headers.get("user-agent")
    token = open_session(service.sessions, account, device=device, now=now, how=how, instead_of=before)
    set_cookie(response, token, service.settings.secure)
    return token


def end(request: Request, response: Response, who: Principal) -> None:
    """Log out."""
    service: Service = request.app.state.service
    if who.session is not None:
        event = Event(who.name, "session.close", service.now())
        service.sessions.close(who.account_id, event, token_hash=who.session)
    clear_cookie(response, service.settings.secure)


@router.post("/session")
@is_open
def open_(request: Request, response: Response, asked: LogIn) -> Me:
    """Log in by password. The answer sets a cookie, and says what changes carry as `X-CSRF-Token`."""
    service: Service = request.app.state.service
    now = service.now()
    account = log_in(
        service.accounts,
        service.sessions,
        service.passwords,
        email=asked.email,
        password=asked.password.get_secret_value(),
        place=client_address(request.scope, service.settings.proxies),
        now=now,
    )
    token = begin(request, response, account, "password")
    who = recognise(service.sessions, token=None, cookie=token, now=now)
    assert who is not None  # noqa: S101 - opened a moment ago
    return describe(who, account, token)


@router.delete("/session", status_code=204)
def close(request: Request, who: Annotated[Principal, Depends(Permit(Permission.READ_SELF))]) -> Response:
    """Log out."""
    response = Response(status_code=204)
    end(request, response, who)
    return response


@router.post("/password", status_code=204)
@is_open
def reset(request: Request, asked: Reset) -> Response:
    """Set a password by a code, once and within a day of its being given out. Every session of the account ends."""
    service: Service = request.app.state.service
    reset_password(
        service.sessions,
        service.passwords,
        token=asked.code.get_secret_value(),
        new=asked.new.get_secret_value(),
        now=service.now(),
    )
    return Response(status_code=204)
