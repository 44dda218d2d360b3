"""Reasons: which cost most, what moved the figure last, and how late customers come back for each."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.report.sections import cut, driver, returning
from firstcontact.doors.web.analysis import analysis
from firstcontact.doors.web.place import ANSWERS, N_, Place
from firstcontact.services.access import Permission, Principal

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/reasons", N_("Reasons"), ANSWERS, Permission.READ_FIGURES, of_all=True)

LEAD = N_(
    "In the order of what they cost: volume times failure. Each has a window of its own, learned from how late "
    "its customers come back."
)
LACKING = N_("The data name no reasons. Map a column to the reason to see where returns come from.")

Reader = Annotated[Principal, Depends(Permit(Permission.READ_FIGURES, of_all=True))]


@router.get(PLACE.path)
def reasons(request: Request, who: Reader) -> HTMLResponse:
    """The page."""
    return analysis(request, who, PLACE, (cut.reasons, driver.write, returning.write), lead=LEAD, lacking=LACKING)
