"""Tokens by which programs act for an account, within limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from firstcontact.doors.api.moment import Moment
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.services.access import Permission, Principal
from firstcontact.services.audit import Event
from firstcontact.services.service import Service
from firstcontact.services.session import Token, make_token

router = APIRouter(prefix="/api/v1/tokens", tags=["tokens"])


class NewToken(BaseModel, extra="forbid"):
    """A token to be made."""

    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$", description="What it is for.")
    permissions: list[Permission] = Field(min_length=1, max_length=100, description="What it is limited to.")
    days: int | None = Field(90, ge=1, le=3660, description="How long it lives; null for until it is revoked.")


class TokenSeen(BaseModel):
    """A token, without its secret."""

    id: str
    name: str
    permissions: list[Permission]
    created_at: Moment
    expires_at: Moment | None
    used_at: Moment | None = Field(description="Last use, to the minute.")
    revoked_at: Moment | None


class TokenMade(TokenSeen):
    """A new token."""

    token: str = Field(description="Its secret, shown this once: `Authorization: Bearer <token>`.")


def seen(token: Token) -> TokenSeen:
    """A token as answers have it."""
    return TokenSeen(
        id=token.id,
        name=token.name,
        permissions=sorted(token.permissions),
        created_at=token.created_at,
        expires_at=token.expires_at,
        used_at=token.used_at,
        revoked_at=token.revoked_at,
    )


@router.get("")
def tokens(request: Request, who: Annotated[Principal, Depends(Permit(Permission.OWN_TOKENS))]) -> list[TokenSeen]:
    """One's own tokens, latest first, also those that have ended."""
    service: Service = request.app.state.service
    return [seen(one) for one in service.sessions.tokens(who.account_id)]


@router.post("", status_code=201)
def make(
    request: Request, asked: NewToken, who: Annotated[Principal, Depends(Permit(Permission.OWN_TOKENS, in_person=True))]
) -> TokenMade:
    """Make a token with no more than one may do oneself. Not for tokens."""
    service: Service = request.app.state.service
    now = service.now()
    until = now + timedelta(days=asked.days) if asked.days is not None else None
    token, value = make_token(
        service.sessions, who, name=asked.name, permissions=asked.permissions, expires_at=until, now=now
    )
    return TokenMade(**dict(seen(token)), token=value)


@router.delete("/{token_id}", status_code=204)
def revoke(
    request: Request, token_id: str, who: Annotated[Principal, Depends(Permit(Permission.OWN_TOKENS))]
) -> Response:
    """End one of one's own tokens."""
    service: Service = request.app.state.service
    event = Event(who.name, "token.revoke", service.now(), object=token_id)
    if service.sessions.revoke_token(who.account_id, token_id, event) is None:
        raise not_there("token")
    return Response(status_code=204)
