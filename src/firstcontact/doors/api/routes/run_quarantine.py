"""What waited to be corrected when a run was made: the records that its ledger counts as set aside."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from firstcontact.doors.api.page import After, Limit, Page, cursor, read_number
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.doors.api.routes.quarantine import AsideAnswer
from firstcontact.doors.api.routes.runs import RunId
from firstcontact.services.access import Permission
from firstcontact.services.service import Service
from firstcontact.services.waited import page_waited

router = APIRouter(prefix="/api/v1/runs/{run_id}", tags=["quarantine"])


class RunQuarantine(Page[AsideAnswer]):
    """Records that waited when a run was made, as they are now."""

    run: str = Field(description="The run.")
    total: int = Field(description="How many there are on all pages together; those removed since are not among them.")


@router.get("/quarantine", dependencies=[Depends(Permit(Permission.READ_QUARANTINE))])
def run_quarantine(
    request: Request,
    run_id: RunId,
    code: Annotated[str | None, Query(description="Only those of which it is the first.", pattern=r"^FC\d{4}$")] = None,
    after: After = None,
    limit: Limit = 100,
) -> RunQuarantine:
    """Records that were set aside and waited to be corrected when the run was made, newest first, without values."""
    service: Service = request.app.state.service
    kept = service.runs.current() if run_id == "current" else service.runs.find(run_id)
    if kept is None:
        raise not_there("the run")
    place = service.runs.place(kept)
    found, total = page_waited(service.quarantine, place, code=code, before=read_number(after), limit=limit)
    names = AsideAnswer.model_fields
    items = [AsideAnswer(**{name: getattr(one, name) for name in names}) for one in found]
    more = cursor(found[-1].id) if len(found) == limit else None
    return RunQuarantine(items=items, next=more, run=kept.id, total=total)
