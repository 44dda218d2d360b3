"""Root causes: what issues that failed have in common, beyond comparable ones."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.report.sections import root_cause
from firstcontact.doors.web.analysis import analysis
from firstcontact.doors.web.place import ANSWERS, N_, Place
from firstcontact.services.access import Permission, Principal

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/causes", N_("Root causes"), ANSWERS, Permission.READ_FIGURES, of_all=True)

LEAD = N_(
    "When they come, which queue they reached first, why they were passed on, which channel could not finish, "
    "which process asks for a second contact."
)
LACKING = N_(
    "Root causes need issues that failed and something to tell them apart by: queues, transfers, escalations, "
    "promised call-backs, channels."
)

Reader = Annotated[Principal, Depends(Permit(Permission.READ_FIGURES, of_all=True))]


@router.get(PLACE.path)
def causes(request: Request, who: Reader) -> HTMLResponse:
    """The page."""
    return analysis(request, who, PLACE, (root_cause.write,), lead=LEAD, lacking=LACKING)
