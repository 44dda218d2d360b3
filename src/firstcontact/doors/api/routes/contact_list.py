"""The contacts behind a number, latest first. They name no customer; who it was is looked up, which the audit notes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from firstcontact.doors.api.moment import AskedMoment, Moment
from firstcontact.doors.api.page import After, Limit, Page, cursor, no_cursor, read_cursor
from firstcontact.doors.api.permit import Permit
from firstcontact.services.access import Permission, Principal
from firstcontact.services.list_contacts import Sought
from firstcontact.services.service import Service

router = APIRouter(prefix="/api/v1/contacts", tags=["contacts"])

Word = Annotated[str | None, Query(max_length=1000, pattern=r"^[^\x00-\x1f\x7f]+$")]


class ContactListed(BaseModel):
    """One contact of a list."""

    source: str
    contact_id: str
    channel: str | None
    direction: str | None
    reason: str | None
    team: str | None
    queue: str | None
    started_at: Moment
    ended_at: Moment | None
    repeat: bool | None = Field(description="Whether it is a repeat; null where it is not linked.")
    excluded_code: str | None = Field(description="Why repeat measures leave it out; null where they do not.")


@router.get("")
def list_contacts(
    request: Request,
    who: Annotated[Principal, Depends(Permit(Permission.READ_CONTACTS))],
    team: Word = None,
    reason: Annotated[Word, Query(description="This reason, or one below it.")] = None,
    channel: Word = None,
    since: Annotated[AskedMoment | None, Query(description="Begun at this moment or later.")] = None,
    until: Annotated[AskedMoment | None, Query(description="Begun before this moment.")] = None,
    repeat: Annotated[Literal["yes", "no"] | None, Query(description="Only repeats, or only others.")] = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[ContactListed]:
    """Contacts, latest first. Who sees only some teams gets the contacts of those teams."""
    service: Service = request.app.state.service
    sought = Sought(team, reason, channel, since, until, None if repeat is None else repeat == "yes")
    teams = who.visible_teams(Permission.READ_CONTACTS)
    found = service.contact_list.page(sought, teams, before=_place(after), limit=limit)
    last = found[-1] if len(found) == limit else None
    more = cursor([last.started_at.isoformat(), last.source, last.contact_id]) if last else None
    items = [ContactListed(**{name: getattr(one, name) for name in ContactListed.model_fields}) for one in found]
    return Page(items=items, next=more)


def _place(after: str | None) -> tuple[datetime, str, str] | None:
    if after is None:
        return None
    match read_cursor(after):
        case [str(moment), str(source), str(contact_id)] if "\x00" not in source + contact_id:
            try:
                found = datetime.fromisoformat(moment)
            except ValueError:
                raise no_cursor(len(after)) from None
            if found.tzinfo is None:
                return found, source, contact_id
    raise no_cursor(len(after))
