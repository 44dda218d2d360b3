"""Settings of the running service: what is redacted, how long things are kept, where webhooks may go."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from firstcontact.doors.api import edition
from firstcontact.doors.api.permit import Permit
from firstcontact.services.access import Permission, Principal
from firstcontact.services.setting import CHECKS, Setting, change_setting, read_setting

router = APIRouter(prefix="/api/v1/settings", tags=["settings"])

Name = Annotated[
    Literal["measurement", "redaction", "retention", "measurement", "webhooks"], Path(description="Which setting.")
]


class SettingAnswer(BaseModel):
    """A setting as it stands."""

    name: str
    value: dict[str, Any] = Field(description="Its value in full, defaults included.")
    edition: int = Field(description="Grows with every change; also the `ETag`.")


class SettingList(BaseModel):
    """All settings."""

    items: list[SettingAnswer]


@router.get("", dependencies=[Depends(Permit(Permission.READ_SETTINGS))])
def list_settings(request: Request) -> SettingList:
    """All settings as they stand."""
    settings = request.app.state.service.preferences
    return SettingList(items=[_answer(read_setting(settings, name)) for name in CHECKS])


@router.get("/{name}", dependencies=[Depends(Permit(Permission.READ_SETTINGS))])
def get_setting(request: Request, response: Response, name: Name) -> SettingAnswer:
    """One setting, with its edition as `ETag`."""
    found = read_setting(request.app.state.service.preferences, name)
    edition.tag(response, found.edition)
    return _answer(found)


@router.put("/{name}")
def put_setting(
    request: Request,
    response: Response,
    name: Name,
    who: Annotated[Principal, Depends(Permit(Permission.CHANGE_SETTINGS))],
    value: Annotated[dict[str, Any], Body(description="The value; what is left out is the default.")],
    if_match: edition.IfMatch = None,
) -> SettingAnswer:
    """Change a setting; the edition that was read must be named in `If-Match`."""
    service = request.app.state.service
    read = edition.asked(if_match)
    changed = change_setting(service.preferences, name, value, edition=read, actor=who.name, now=service.now())
    edition.tag(response, changed.edition)
    return _answer(changed)


def _answer(setting: Setting) -> SettingAnswer:
    return SettingAnswer(name=setting.name, value=setting.value, edition=setting.edition)
