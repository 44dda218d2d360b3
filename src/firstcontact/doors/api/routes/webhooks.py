"""Webhooks in: addresses at which other programs send records by themselves, each sending signed."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from firstcontact.doors.api.moment import Moment
from firstcontact.doors.api.page import After, Limit, Page, cursor, read_text
from firstcontact.doors.api.permit import Permit, is_open
from firstcontact.doors.api.problem import REQUEST_UNREADABLE, ProblemError, not_there
from firstcontact.doors.api.routes.contacts import MOST, Received, not_crowded, received, take
from firstcontact.doors.api.table_name import TableName
from firstcontact.kernel.time_id import time_id
from firstcontact.services.access import Permission, Principal
from firstcontact.services.take_webhook import WebhookSource, prove

router = APIRouter(prefix="/api/v1", tags=["webhooks"])

Who = Annotated[Principal, Depends(Permit(Permission.HOOKS))]
SourceId = Annotated[str, Path(description="The address's id.", pattern="^[0-9a-f]{32}$")]


class NewWebhookSource(BaseModel):
    """Which system will send what."""

    model_config = ConfigDict(extra="forbid")

    source: str = Field(
        description="The system that records come from.", min_length=1, max_length=200, pattern=r"^[^\x00]*\S[^\x00]*$"
    )
    kind: TableName = Field("contacts", description="The table of its records.")


class WebhookSourceAnswer(BaseModel):
    """An address at which a program sends records."""

    id: str
    url: str
    source: str
    kind: str
    created_by: str
    created_at: Moment
    disabled_at: Moment | None


class WebhookSourceMade(WebhookSourceAnswer):
    """A new address, with what signs: shown this once."""

    secret: str = Field(description="HMAC-SHA256 key of `Firstcontact-Signature`, as text.")


@router.post("/webhook-sources", status_code=201)
def create_webhook_source(request: Request, response: Response, asked: NewWebhookSource, who: Who) -> WebhookSourceMade:
    """Make an address. The secret in the answer is not shown again."""
    service = request.app.state.service
    now, secret = service.now(), secrets.token_urlsafe(32)
    one = WebhookSource(
        time_id(now), asked.source.strip(), asked.kind, service.seal.close(secret.encode()), who.name, now
    )
    service.webhook_sources.add(one)
    response.headers["Location"] = f"/api/v1/webhook-sources/{one.id}"
    return WebhookSourceMade(**_fields(request, one), secret=secret)


@router.get("/webhook-sources", dependencies=[Depends(Permit(Permission.HOOKS))])
def list_webhook_sources(request: Request, after: After = None, limit: Limit = 100) -> Page[WebhookSourceAnswer]:
    """Addresses, newest first."""
    found = request.app.state.service.webhook_sources.page(before=read_text(after), limit=limit)
    more = cursor(found[-1].id) if len(found) == limit else None
    return Page(items=[WebhookSourceAnswer(**_fields(request, one)) for one in found], next=more)


@router.get("/webhook-sources/{source_id}", dependencies=[Depends(Permit(Permission.HOOKS))])
def get_webhook_source(request: Request, source_id: SourceId) -> WebhookSourceAnswer:
    """One address."""
    found = request.app.state.service.webhook_sources.find(source_id)
    if found is None:
        raise not_there("the address")
    return WebhookSourceAnswer(**_fields(request, found))


@router.post("/webhook-sources/{source_id}/disable")
def disable_webhook_source(request: Request, source_id: SourceId, who: Who) -> WebhookSourceAnswer:
    """Take nothing more at an address, for good."""
    service = request.app.state.service
    found = service.webhook_sources.disable(source_id, actor=who.name, now=service.now())
    if found is None:
        raise not_there("the address")
    return WebhookSourceAnswer(**_fields(request, found))


@router.post("/hooks/{source_id}", status_code=202, dependencies=[Depends(not_crowded)])
@is_open
def take_webhook(
    request: Request,
    source_id: SourceId,
    items: Annotated[Any, Body(description=f"One record, or a list of at most {MOST}.")],
    timestamp: Annotated[
        str | None, Header(alias="Firstcontact-Timestamp", description="Whole seconds since 1970.", max_length=20)
    ] = None,
    signature: Annotated[
        str | None,
        Header(
            alias="Firstcontact-Signature",
            description="`v1=` and the HMAC-SHA256 of the timestamp, a full stop, and the body.",
            max_length=100,
        ),
    ] = None,
) -> Received:
    """Where another program sends records. They are durable when the answer comes."""
    service = request.app.state.service
    now = service.now()
    source = prove(
        service.webhook_sources, service.seal, source_id,
        timestamp=timestamp, signature=signature, body=request.state.body, now=now,
    )  # fmt: skip
    records = items if isinstance(items, list) else [items]
    if len(records) > MOST:
        fault = REQUEST_UNREADABLE.fault(
            where="body", saw=f"{len(records):,} records", allowed=f"at most {MOST:,}", cure="send them in several"
        )
        raise ProblemError([fault])
    receipt = take(service, source.kind, records, source.source)
    service.webhook_sources.see(source_id, signature or "", now)
    return received(receipt)


def _fields(request: Request, one: WebhookSource) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: getattr(one, name) for name in ("id", "source", "kind", "created_by", "created_at", "disabled_at")
    }
    return fields | {"url": f"{request.app.state.service.settings.url}/api/v1/hooks/{one.id}"}
