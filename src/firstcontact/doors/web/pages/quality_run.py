"""What waited to be corrected when the shown run was made: the rows that its ledger counts as set aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from firstcontact.doors.api.page import After, cursor, read_number
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.doors.web.link import WAITED
from firstcontact.doors.web.page import page
from firstcontact.doors.web.pages.quality import PAGE, PLACE, AsideLine, line_of, means
from firstcontact.doors.web.snapshot import snapshot
from firstcontact.services.access import Permission
from firstcontact.services.service import Service
from firstcontact.services.waited import page_waited

router = APIRouter(include_in_schema=False, tags=["pages"])


@dataclass(frozen=True, slots=True)
class Waited:
    """What the page shows.

    Attributes:
        lines: Records, newest first, as they are now.
        what: What is wrong with them; empty where with all that waited.
        total: How many there are on all pages, written.
        first: Where the list begins; empty where this is its beginning.
        more: Where further ones are; empty where there are none.
    """

    lines: tuple[AsideLine, ...]
    what: str
    total: str
    first: str
    more: str


@router.get(WAITED, dependencies=[Depends(Permit(Permission.READ_QUARANTINE))])
def waited(
    request: Request, code: Annotated[str, Query(pattern=r"^(FC\d{4})?$")] = "", after: After = None
) -> HTMLResponse:
    """Records that waited when the run was made, without their values."""
    shown = snapshot(request)
    if shown is None:
        raise not_there("a run")
    service: Service = request.app.state.service
    place = service.runs.place(shown.kept)
    found, total = page_waited(service.quarantine, place, code=code or None, before=read_number(after), limit=PAGE)
    asked = f"{WAITED}?{urlencode([('run', shown.kept.id), *([('code', code)] if code else [])])}"
    it = Waited(
        tuple(line_of(shown.writer, one) for one in found),
        means(shown.writer, code) if code else "",
        shown.writer.notation.count(total),
        asked if after else "",
        f"{asked}&{urlencode({'after': cursor(found[-1].id)})}" if len(found) == PAGE else "",
    )
    return page(request, "waited", place=PLACE, stamp=shown.stamp, it=it)
