"""Outgoing webhooks: who is told what, what was delivered, and what nobody took."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from firstcontact.doors.api.moment import Moment
from firstcontact.doors.api.page import After, Limit, Page, cursor, read_text
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import CONFLICT, ProblemError, not_there
from firstcontact.kernel.time_id import time_id
from firstcontact.services.access import Permission, Principal
from firstcontact.services.announce import Delivery, DeliveryState, Subscription
from firstcontact.services.setting import read_setting
from firstcontact.services.webhook_address import check_url

router = APIRouter(prefix="/api/v1", tags=["webhooks"])

Who = Annotated[Principal, Depends(Permit(Permission.HOOKS))]
SubscriptionId = Annotated[str, Path(description="The subscription's id.", pattern="^[0-9a-f]{32}$")]
DeliveryId = Annotated[str, Path(description="The delivery's id.", pattern="^[0-9a-f]{32}$")]
EventName = Literal["run.finished", "import.finished", "contact.repeat", "subject.erased"]


class NewSubscription(BaseModel):
    """Who wants to be told what."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(description="Where to: https://host/path.", min_length=1, max_length=2000)
    events: list[EventName] = Field(description="Of what.", min_length=1, max_length=20)


class ChangedSubscription(BaseModel):
    """What shall be otherwise; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    url: str | None = Field(None, min_length=1, max_length=2000)
    events: list[EventName] | None = Field(None, min_length=1, max_length=20)
    disabled: bool | None = Field(None, description="Whether it rests.")


class SubscriptionAnswer(BaseModel):
    """A subscription."""

    id: str
    url: str
    events: list[str]
    created_by: str
    created_at: Moment
    disabled_at: Moment | None


class SubscriptionMade(SubscriptionAnswer):
    """A new subscription, with what signs it: shown this once."""

    secret: str = Field(description="HMAC-SHA256 key of `Firstcontact-Signature`, as text.")


class DeliveryAnswer(BaseModel):
    """One thing told to one subscription."""

    id: str
    subscription_id: str
    event: str
    body: str = Field(description="As it is sent.")
    state: str = Field(description="waiting, delivered or dead.")
    attempts: int
    status: int | None = Field(description="HTTP status of the last answer.")
    failure: str | None
    created_at: Moment
    ended_at: Moment | None


@router.post("/subscriptions", status_code=201)
def create_subscription(request: Request, response: Response, who: Who, body: NewSubscription) -> SubscriptionMade:
    """Subscribe to events. The secret in the answer is not shown again."""
    service = request.app.state.service
    _check(request, body.url)
    now, secret = service.now(), secrets.token_urlsafe(32)
    sealed = service.seal.close(secret.encode())
    one = Subscription(time_id(now), body.url, sealed, tuple(dict.fromkeys(body.events)), who.name, now)
    service.subscriptions.add(one)
    response.headers["Location"] = f"/api/v1/subscriptions/{one.id}"
    return SubscriptionMade(**_fields(one), secret=secret)


@router.get("/subscriptions", dependencies=[Depends(Permit(Permission.HOOKS))])
def list_subscriptions(request: Request, after: After = None, limit: Limit = 100) -> Page[SubscriptionAnswer]:
    """Subscriptions, newest first."""
    found = request.app.state.service.subscriptions.page(before=read_text(after), limit=limit)
    more = cursor(found[-1].id) if len(found) == limit else None
    return Page(items=[SubscriptionAnswer(**_fields(one)) for one in found], next=more)


@router.get("/subscriptions/{subscription_id}", dependencies=[Depends(Permit(Permission.HOOKS))])
def get_subscription(request: Request, subscription_id: SubscriptionId) -> SubscriptionAnswer:
    """One subscription."""
    return SubscriptionAnswer(**_fields(_find(request, subscription_id)))


@router.patch("/subscriptions/{subscription_id}")
def change_subscription(
    request: Request, who: Who, subscription_id: SubscriptionId, body: ChangedSubscription
) -> SubscriptionAnswer:
    """Change where to, of what, or whether it rests."""
    service = request.app.state.service
    one = _find(request, subscription_id)
    values: dict[str, Any] = {}
    if body.url is not None:
        _check(request, body.url)
        values["url"] = body.url
    if body.events is not None:
        values["events"] = list(dict.fromkeys(body.events))
    if body.disabled is not None:
        values["disabled_at"] = service.now() if body.disabled else None
    # Where to, but not the path, which may hold a secret.
    detail = {"host": urlsplit(body.url).hostname, "before": urlsplit(one.url).hostname} if body.url is not None else {}
    with service.together():
        changed = service.subscriptions.change(one.id, **values) if values else one
        if changed is None:
            raise not_there("the subscription")
        service.audit.note(who.name, "subscription.change", now=service.now(), object=one.id, detail=detail)
    return SubscriptionAnswer(**_fields(changed))


@router.delete("/subscriptions/{subscription_id}", status_code=204)
def delete_subscription(request: Request, who: Who, subscription_id: SubscriptionId) -> None:
    """End a subscription and forget its deliveries."""
    service = request.app.state.service
    with service.together():
        if not service.subscriptions.drop(subscription_id):
            raise not_there("the subscription")
        service.audit.note(who.name, "subscription.drop", now=service.now(), object=subscription_id)


@router.post("/subscriptions/{subscription_id}/ping", status_code=202)
def ping(request: Request, who: Who, subscription_id: SubscriptionId) -> DeliveryAnswer:
    """Send a `ping`, to see whether it arrives."""
    service = request.app.state.service
    to = _find(request, subscription_id)
    if to.disabled_at is not None:
        fault = CONFLICT.fault(
            where="the subscription", saw="one that rests", allowed="one that is told things",
            cure="let it rest no longer (`disabled`: false), then try it",
        )  # fmt: skip
        raise ProblemError([fault])
    return _delivery(service.announcer.ping(to, who.account_id))


@router.get("/deliveries", dependencies=[Depends(Permit(Permission.HOOKS))])
def list_deliveries(
    request: Request,
    state: DeliveryState | None = None,
    subscription_id: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$")] = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[DeliveryAnswer]:
    """Deliveries, newest first; `state=dead` lists what nobody took."""
    found = request.app.state.service.subscriptions.deliveries(
        subscription_id=subscription_id, state=state, before=read_text(after), limit=limit
    )
    more = cursor(found[-1].id) if len(found) == limit else None
    return Page(items=[_delivery(one) for one in found], next=more)


@router.get("/deliveries/{delivery_id}", dependencies=[Depends(Permit(Permission.HOOKS))])
def get_delivery(request: Request, delivery_id: DeliveryId) -> DeliveryAnswer:
    """One delivery."""
    return _delivery(_found_delivery(request, delivery_id))


@router.post("/deliveries/{delivery_id}/redeliver", status_code=202)
def redeliver(request: Request, who: Who, delivery_id: DeliveryId) -> DeliveryAnswer:
    """Deliver again what was given up, or was taken and lost."""
    service = request.app.state.service
    with service.together():
        service.announcer.again(_found_delivery(request, delivery_id))
        service.audit.note(who.name, "delivery.again", now=service.now(), object=delivery_id)
    return _delivery(_found_delivery(request, delivery_id))


def _check(request: Request, url: str) -> None:
    settings = request.app.state.service.preferences
    check_url(url, read_setting(settings, "webhooks").value["private_hosts"])


def _find(request: Request, subscription_id: str) -> Subscription:
    found: Subscription | None = request.app.state.service.subscriptions.find(subscription_id)
    if found is None:
        raise not_there("the subscription")
    return found


def _found_delivery(request: Request, delivery_id: str) -> Delivery:
    found: Delivery | None = request.app.state.service.subscriptions.delivery(delivery_id)
    if found is None:
        raise not_there("the delivery")
    return found


def _fields(one: Subscription) -> dict[str, Any]:
    names = ("id", "url", "created_by", "created_at", "disabled_at")
    return {name: getattr(one, name) for name in names} | {"events": list(one.events)}


def _delivery(one: Delivery) -> DeliveryAnswer:
    return DeliveryAnswer(**{name: getattr(one, name) for name in DeliveryAnswer.model_fields})
