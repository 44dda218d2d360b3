"""Saved views of contacts: one's own, and those that are shared with everybody who may see contacts."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from firstcontact.doors.api import edition
from firstcontact.doors.api.moment import Moment
from firstcontact.doors.api.page import After, Limit, Page, cursor, read_text
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.kernel.time_id import time_id
from firstcontact.services.access import Permission, Principal
from firstcontact.services.ask_contacts import LONGEST
from firstcontact.services.audit import Event
from firstcontact.services.service import Service
from firstcontact.services.view import View, change_view, save_view

router = APIRouter(prefix="/api/v1/views", tags=["contacts"])

Reader = Annotated[Principal, Depends(Permit(Permission.READ_CONTACTS))]
ViewId = Annotated[str, Path(description="The view's id.", pattern="^[0-9a-f]{32}$")]


class Filter(BaseModel, extra="forbid"):
    """One thing that contacts are asked for by."""

    name: str = Field(max_length=40, description="As in `GET /api/v1/runs/{run_id}/contacts`: `reason`, `cell`, ...")
    value: str = Field(max_length=LONGEST)


class ViewAsked(BaseModel, extra="forbid"):
    """A view as it shall be."""

    name: str = Field(max_length=200, description="What it is called.")
    filters: list[Filter] = Field(default=[], max_length=60)
    columns: list[str] = Field(default=[], max_length=100, description="Columns to show; the usual ones where empty.")
    order: list[str] = Field(default=[], max_length=5, description="Sort by these; `-` before falling ones.")
    shared: bool = Field(
        False, description="Whether everybody may use it who may see contacts, and the teams that it names."
    )


class ViewSeen(BaseModel):
    """A view."""

    id: str
    name: str
    owner: str = Field(description="What the account is called whose it is.")
    mine: bool = Field(description="Whether it is the caller's own, who alone may change it.")
    filters: list[Filter]
    columns: list[str]
    order: list[str]
    shared: bool
    created_at: Moment
    changed_at: Moment
    edition: int = Field(description="Also the `ETag`, which a change carries as `If-Match`.")


@router.get("")
def views(request: Request, who: Reader, after: After = None, limit: Limit = 100) -> Page[ViewSeen]:
    """One's own views and those that are shared, in the order in which they were made."""
    service: Service = request.app.state.service
    found = service.views.of(who.account_id, after=read_text(after), limit=limit)
    teams = who.visible_teams(Permission.READ_CONTACTS)
    items = [_seen(one, who) for one in found if one.open_to(who.account_id, teams)]
    return Page(items=items, next=cursor(found[-1].id) if len(found) == limit else None)


@router.post("", status_code=201)
def save(request: Request, response: Response, asked: ViewAsked, who: Reader) -> ViewSeen:
    """Save a view."""
    service: Service = request.app.state.service
    now = service.now()
    account = service.accounts.find(who.account_id)
    view = View(
        id=time_id(now),
        account_id=who.account_id,
        owner=account.name if account else who.name,
        name=asked.name,
        asked=tuple((one.name, one.value) for one in asked.filters),
        columns=tuple(asked.columns),
        order=tuple(asked.order),
        shared=asked.shared,
        created_at=now,
        changed_at=now,
    )
    kept = save_view(service.views, view, actor=who.name)
    edition.tag(response, kept.edition)
    response.headers["Location"] = f"/api/v1/views/{kept.id}"
    return _seen(kept, who)


@router.get("/{view_id}")
def view(request: Request, response: Response, view_id: ViewId, who: Reader) -> ViewSeen:
    """One view."""
    found = _found(request, view_id, who)
    edition.tag(response, found.edition)
    return _seen(found, who)


@router.put("/{view_id}")
def change(
    request: Request,
    response: Response,
    view_id: ViewId,
    asked: ViewAsked,
    who: Reader,
    if_match: edition.IfMatch = None,
) -> ViewSeen:
    """Change one of one's own views."""
    service: Service = request.app.state.service
    read = edition.asked(if_match)
    wanted = replace(
        _own(request, view_id, who),
        name=asked.name,
        asked=tuple((one.name, one.value) for one in asked.filters),
        columns=tuple(asked.columns),
        order=tuple(asked.order),
        shared=asked.shared,
        edition=read,
    )
    changed = change_view(service.views, wanted, actor=who.name, now=service.now())
    if changed is None:
        raise edition.stale()
    edition.tag(response, changed.edition)
    return _seen(changed, who)


@router.delete("/{view_id}", status_code=204)
def drop(request: Request, view_id: ViewId, who: Reader, if_match: edition.IfMatch = None) -> Response:
    """Drop one of one's own views."""
    service: Service = request.app.state.service
    read = edition.asked(if_match)
    _own(request, view_id, who)
    if not service.views.drop(view_id, read, Event(who.name, "view.drop", service.now(), object=view_id)):
        raise edition.stale()
    return Response(status_code=204)


def _found(request: Request, view_id: str, who: Principal) -> View:
    service: Service = request.app.state.service
    found = service.views.find(view_id)
    if found is None or not found.open_to(who.account_id, who.visible_teams(Permission.READ_CONTACTS)):
        raise not_there("the view")
    return found


def _own(request: Request, view_id: str, who: Principal) -> View:
    """A view to be changed: somebody else's is not there for that."""
    found = _found(request, view_id, who)
    if found.account_id != who.account_id:
        raise not_there("a view of one's own")
    return found


def _seen(one: View, who: Principal) -> ViewSeen:
    return ViewSeen(
        id=one.id,
        name=one.name,
        owner=one.owner,
        mine=one.account_id == who.account_id,
        filters=[Filter(name=name, value=value) for name, value in one.asked],
        columns=list(one.columns),
        order=list(one.order),
        shared=one.shared,
        created_at=one.created_at,
        changed_at=one.changed_at,
        edition=one.edition,
    )
