"""Saved views of contacts: kept, changed and dropped by the forms of the page of contacts."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from firstcontact.doors.api.routes import views as api
from firstcontact.doors.web.form import asked as read
from firstcontact.doors.web.form import on, wrongs
from firstcontact.doors.web.pages.contacts import PLACE, Reader, show
from firstcontact.doors.web.saved_views import Unsaved, address
from firstcontact.doors.web.snapshot import snapshot
from firstcontact.kernel.errors import FirstcontactError

router = APIRouter(include_in_schema=False, tags=["pages"])

Name = Annotated[str, Form(max_length=1000)]
Asked = Annotated[str, Form(max_length=60_000)]
Ticked = Annotated[bool, Form()]
Edition = Annotated[int, Form(ge=0, le=2**31)]


@router.post(f"{PLACE.path}/views")
def save(request: Request, who: Reader, name: Name = "", asked: Asked = "", shared: Ticked = False) -> Response:
    """Keep what is shown as a new view."""
    try:
        made = api.save(request, Response(), _wanted(name, asked, shared=shared), who)
    except FirstcontactError as error:
        return _again(request, who, name, asked, shared, error)
    return on(address(made), "saved")


@router.post(f"{PLACE.path}/views/{{view_id}}")
def change(
    request: Request,
    who: Reader,
    view_id: api.ViewId,
    edition: Edition,
    name: Name = "",
    asked: Asked = "",
    shared: Ticked = False,
) -> Response:
    """Keep what is shown in place of what one's own view was."""
    try:
        made = api.change(request, Response(), view_id, _wanted(name, asked, shared=shared), who, f'"{edition}"')
    except FirstcontactError as error:
        return _again(request, who, name, f"{asked}&view={view_id}", shared, error)
    return on(address(made), "changed")


@router.post(f"{PLACE.path}/views/{{view_id}}/drop")
def drop(request: Request, who: Reader, view_id: api.ViewId, edition: Edition) -> Response:
    """Drop one's own view."""
    api.drop(request, view_id, who, f'"{edition}"')
    return on(PLACE.path, "dropped")


def _wanted(name: str, asked: str, *, shared: bool) -> api.ViewAsked:
    pairs = parse_qsl(asked)
    return read(
        api.ViewAsked,
        name=name.strip(),
        filters=[{"name": one, "value": value} for one, value in pairs if one not in ("column", "order", "view")],
        columns=[value for one, value in pairs if one == "column"],
        order=[value for one, value in pairs if one == "order"],
        shared=shared,
    )


def _again(request: Request, who: Reader, name: str, asked: str, shared: bool, error: FirstcontactError) -> Response:
    """The page as it was, with why the view could not be saved."""
    now = snapshot(request)
    if now is None:
        return RedirectResponse(PLACE.path, status_code=HTTPStatus.SEE_OTHER)
    wrong = wrongs(error, request)
    return show(request, who, now, parse_qsl(asked), unsaved=Unsaved(name, shared, wrong))
