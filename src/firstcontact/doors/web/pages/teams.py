"""Teams: on their own mix of work, what is the system's doing, and whether anybody may be compared at all."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.report.section import Section
from firstcontact.doors.report.sections import cut, satisfaction, team
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.analysis import analysis
from firstcontact.doors.web.place import ANSWERS, N_, Place
from firstcontact.services.access import Permission, Principal
from firstcontact.services.run import Run

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/teams", N_("Teams"), ANSWERS, Permission.READ_FIGURES, of_all=True)

LEAD = N_(
    "Most of what differs between teams is what they are asked. This is no league table, and it never becomes one."
)
LACKING = N_("The data name no teams.")

Reader = Annotated[Principal, Depends(Permit(Permission.READ_FIGURES, of_all=True))]


@router.get(PLACE.path)
def teams(request: Request, who: Reader) -> HTMLResponse:
    """The page."""
    return analysis(request, who, PLACE, (team.write, _teams, satisfaction.write), lead=LEAD, lacking=LACKING)


def _teams(run: Run, writer: Writer) -> list[Section]:
    return cut.cuts(run, writer, only=frozenset({"team"}))
