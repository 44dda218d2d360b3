"""Definitions: the same contacts under every published one, and those on which two do not agree."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.report.sections import definition
from firstcontact.doors.web.analysis import analysis
from firstcontact.doors.web.place import CLOSER, N_, Place
from firstcontact.services.access import Permission, Principal

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/definitions", N_("Definitions"), CLOSER, Permission.READ_FIGURES, of_all=True)

LEAD = N_(
    "Companies call different things first contact resolution. Here each judges the same contacts, so that a figure "
    "from elsewhere can be compared, or not."
)
LACKING = N_("This run applied no definition but the policy's. The settings can ask for all of them.")

Reader = Annotated[Principal, Depends(Permit(Permission.READ_FIGURES, of_all=True))]


@router.get(PLACE.path)
def definitions(request: Request, who: Reader) -> HTMLResponse:
    """The page."""
    return analysis(request, who, PLACE, (definition.write,), lead=LEAD, lacking=LACKING)
