"""What comes next: issues that bring another one later, told apart from repeats."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.report.sections import downstream
from firstcontact.doors.web.analysis import analysis
from firstcontact.doors.web.place import ANSWERS, N_, Place
from firstcontact.services.access import Permission, Principal

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/downstream", N_("What comes next"), ANSWERS, Permission.READ_FIGURES, of_all=True)

LEAD = N_(
    "Some issues bring others later. Settling the next one in the same contact spares it; it is no repeat of the first."
)
LACKING = N_("To tell what follows from what needs customers who come for several reasons, over some months.")

Reader = Annotated[Principal, Depends(Permit(Permission.READ_FIGURES, of_all=True))]


@router.get(PLACE.path)
def what_comes_next(request: Request, who: Reader) -> HTMLResponse:
    """The page."""
    return analysis(request, who, PLACE, (downstream.write,), lead=LEAD, lacking=LACKING)
