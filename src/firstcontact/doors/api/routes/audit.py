"""The audit: who changed what, and who looked at whom."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from firstcontact.doors.api.moment import AskedMoment, Moment
from firstcontact.doors.api.page import After, Limit, Page, cursor, read_number
from firstcontact.doors.api.permit import Permit
from firstcontact.services.access import Permission
from firstcontact.services.service import Service

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

Action = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Word = Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class EventSeen(BaseModel):
    """One thing that was done, or looked at."""

    id: int
    at: Moment
    actor: str = Field(description="An account's address, `token:<name> of <address>`, or a part of the program.")
    action: str
    object: str | None = Field(description="What it was done to, by an id that names no customer.")
    person_id: int | None = Field(description="Whose data were looked at or changed.")
    detail: dict[str, Any]


@router.get("", dependencies=[Depends(Permit(Permission.READ_AUDIT))])
def events(
    request: Request,
    actor: Word = None,
    action: Annotated[list[Action] | None, Query(max_length=20)] = None,
    object: Word = None,  # noqa: A002 - the audit's own word
    person_id: Annotated[int | None, Query(ge=-(2**62), le=2**62)] = None,
    since: AskedMoment | None = None,
    until: AskedMoment | None = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[EventSeen]:
    """Events, latest first. `action` may end with a dot: `account.` finds all that is done to accounts; and
    may be given several times.
    """
    service: Service = request.app.state.service
    found = service.audit.page(
        actor=actor,
        action=action,
        object=object,
        person_id=person_id,
        since=since,
        until=until,
        before=read_number(after),
        limit=limit,
    )
    more = cursor(found[-1].id) if len(found) == limit else None
    items = [
        EventSeen(
            id=one.id,
            at=one.at,
            actor=one.actor,
            action=one.action,
            object=one.object,
            person_id=one.person_id,
            detail=dict(one.detail),
        )
        for one in found
    ]
    return Page(items=items, next=more)
