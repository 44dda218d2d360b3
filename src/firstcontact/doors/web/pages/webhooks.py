"""Outgoing webhooks: who is told what, tried, rested and removed; what was delivered, and what nobody took."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from firstcontact.doors.api.page import After, cursor, read_text
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.routes import subscriptions as api
from firstcontact.doors.web.form import Wrong, asked, on, wrongs
from firstcontact.doors.web.page import page
from firstcontact.doors.web.pages.settings import PLACE
from firstcontact.doors.web.place import N_
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.access import Permission, Principal
from firstcontact.services.announce import Delivery, DeliveryState
from firstcontact.services.service import Service

router = APIRouter(include_in_schema=False, tags=["pages"])

HERE = "/settings/outgoing"
PAGE = 50

EVENTS: dict[str, str] = {
    "run.finished": N_("Figures were measured"),
    "import.finished": N_("A file was taken in, failed, or was taken back"),
    "contact.repeat": N_("A contact of the last two days turned out to be a repeat"),
    "subject.erased": N_("A person was erased"),
    "ping": N_("A try"),
}
"""What can be told; the last only when somebody tries."""

STATES: dict[str, str] = {
    "waiting": N_("On its way"),
    "delivered": N_("Delivered"),
    "dead": N_("Given up"),
}
"""Where a delivery stands."""

Who = Annotated[Principal, Depends(Permit(Permission.HOOKS))]
Said = Annotated[str, Query(max_length=20)]
Url = Annotated[str, Form(max_length=2_000)]
Events = Annotated[list[str], Form(max_length=20)]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What the list shows.

    Attributes:
        subscriptions: Who is told, newest first.
        events: What can be told, in English.
        lost: The newest of what nobody took.
        first: Where the list begins; empty where this is its beginning.
        more: Where further ones are; empty where there are none.
        secret: What signs a new one, shown this once.
        said: What was just done.
        wrong: What is wrong with what was typed.
        url: As it was typed.
        chosen: Events, as they were chosen.
    """

    subscriptions: tuple[api.SubscriptionAnswer, ...]
    events: dict[str, str]
    lost: tuple[Delivery, ...]
    first: str
    more: str
    secret: str = ""
    said: str = ""
    wrong: tuple[Wrong, ...] = ()
    url: str = ""
    chosen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OneOutgoing:
    """What the page of one subscription shows.

    Attributes:
        one: It.
        events: What can be told, in English.
        deliveries: What it was told, newest first.
        states: Where deliveries stand, in English.
        state: Which of them are shown; empty for all.
        first: Where their list begins; empty where this is its beginning.
        more: Where further ones are; empty where there are none.
        said: What was just done.
        wrong: What is wrong with what was typed.
        url: As it is kept, or was typed.
        chosen: Events, likewise.
    """

    one: api.SubscriptionAnswer
    events: dict[str, str]
    deliveries: tuple[Delivery, ...]
    states: dict[str, str]
    state: str
    first: str
    more: str
    said: str
    wrong: tuple[Wrong, ...]
    url: str
    chosen: tuple[str, ...]


@router.get(HERE, dependencies=[Depends(Permit(Permission.HOOKS))])
def outgoing(request: Request, after: After = None, said: Said = "") -> Response:
    """The list."""
    return _list(request, after=after, said=said)


def _list(request: Request, *, after: str | None = None, **more: Any) -> Response:
    service: Service = request.app.state.service
    found = api.list_subscriptions(request, after, PAGE)
    lost = service.subscriptions.deliveries(subscription_id=None, state="dead", before=None, limit=10)
    onward = f"{HERE}?{urlencode({'after': found.next})}" if found.next else ""
    it = Outgoing(tuple(found.items), EVENTS, tuple(lost), HERE if after else "", onward, **more)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if it.wrong else HTTPStatus.OK
    return page(request, "webhooks", place=PLACE, status=status, it=it)


@router.post(HERE)
def add(request: Request, who: Who, url: Url = "", events: Events = []) -> Response:  # noqa: B006 - FastAPI copies it
    """Tell one more; what signs it stands on the page that answers, and nowhere else."""
    try:
        wanted = asked(api.NewSubscription, url=url.strip(), events=events)
        made = api.create_subscription(request, Response(), who, wanted)
    except FirstcontactError as error:
        return _list(request, wrong=wrongs(error, request), url=url.strip(), chosen=tuple(events))
    request.state.again = f"{HERE}?said=shown"
    return _list(request, secret=made.secret, said="made")


@router.get(HERE + "/{subscription_id}", dependencies=[Depends(Permit(Permission.HOOKS))])
def one(
    request: Request,
    subscription_id: api.SubscriptionId,
    state: Annotated[str, Query(pattern="^(|waiting|delivered|dead)$")] = "",
    after: After = None,
    said: Said = "",
) -> Response:
    """One of them, with what it was told."""
    return _one(request, subscription_id, state=state, after=after, said=said)


def _one(
    request: Request,
    subscription_id: str,
    *,
    state: str = "",
    after: str | None = None,
    said: str = "",
    wrong: tuple[Wrong, ...] = (),
    typed: tuple[str, tuple[str, ...]] | None = None,
) -> Response:
    service: Service = request.app.state.service
    found = api.get_subscription(request, subscription_id)
    wanted: DeliveryState | None = next((one for one in ("waiting", "delivered", "dead") if one == state), None)
    deliveries = service.subscriptions.deliveries(
        subscription_id=subscription_id, state=wanted, before=read_text(after), limit=PAGE
    )
    place, kept = f"{HERE}/{subscription_id}", {"state": state} if state else {}
    more = ""
    if len(deliveries) == PAGE:
        more = f"{place}?{urlencode(kept | {'after': cursor(deliveries[-1].id)})}"
    url, chosen = typed or (found.url, tuple(found.events))
    first = (f"{place}?{urlencode(kept)}" if kept else place) if after else ""
    it = OneOutgoing(found, EVENTS, tuple(deliveries), STATES, state, first, more, said, wrong, url, chosen)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return page(request, "webhook", place=PLACE, status=status, it=it)


@router.post(HERE + "/{subscription_id}")
def change(
    request: Request,
    who: Who,
    subscription_id: api.SubscriptionId,
    url: Url = "",
    events: Events = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Tell it somewhere else, or of something else."""
    try:
        wanted = asked(api.ChangedSubscription, url=url.strip(), events=events)
        api.change_subscription(request, who, subscription_id, wanted)
    except FirstcontactError as error:
        if error.faults[0].kind.code == "FC9302":
            raise
        typed = url.strip(), tuple(events)
        return _one(request, subscription_id, wrong=wrongs(error, request), typed=typed)
    return on(f"{HERE}/{subscription_id}", "changed")


@router.post(HERE + "/{subscription_id}/rest")
def rest(request: Request, who: Who, subscription_id: api.SubscriptionId) -> Response:
    """Tell it nothing for now."""
    api.change_subscription(
        request, who, subscription_id, api.ChangedSubscription(url=None, events=None, disabled=True)
    )
    return on(f"{HERE}/{subscription_id}", "rests")


@router.post(HERE + "/{subscription_id}/wake")
def wake(request: Request, who: Who, subscription_id: api.SubscriptionId) -> Response:
    """Tell it again."""
    api.change_subscription(
        request, who, subscription_id, api.ChangedSubscription(url=None, events=None, disabled=False)
    )
    return on(f"{HERE}/{subscription_id}", "wakes")


@router.post(HERE + "/{subscription_id}/ping")
def ping(request: Request, who: Who, subscription_id: api.SubscriptionId) -> Response:
    """Send it a try."""
    try:
        api.ping(request, who, subscription_id)
    except FirstcontactError as error:
        if error.faults[0].kind.code == "FC9302":
            raise
        return _one(request, subscription_id, wrong=wrongs(error, request))
    return on(f"{HERE}/{subscription_id}", "tried")


@router.post(HERE + "/{subscription_id}/drop")
def drop(request: Request, who: Who, subscription_id: api.SubscriptionId) -> Response:
    """Remove it, with what it was told."""
    api.delete_subscription(request, who, subscription_id)
    return on(HERE, "dropped")


@router.post(HERE + "/deliveries/{delivery_id}/again")
def again(request: Request, who: Who, delivery_id: api.DeliveryId) -> Response:
    """Deliver it again."""
    try:
        found = api.redeliver(request, who, delivery_id)
    except FirstcontactError as error:
        if error.faults[0].kind.code != "FC9702":  # it is on its way: pressed twice is pressed once
            raise
        found = api.get_delivery(request, delivery_id)
    return on(f"{HERE}/{found.subscription_id}", "again")
