"""Channels: how each does, and which could not finish what it began."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.report.section import Section
from firstcontact.doors.report.sections import cut, journey
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.analysis import analysis
from firstcontact.doors.web.place import ANSWERS, N_, Place
from firstcontact.services.access import Permission, Principal
from firstcontact.services.run import Run

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/channels", N_("Channels"), ANSWERS, Permission.READ_FIGURES, of_all=True)

LEAD = N_("Channels are asked different things: a low figure may be the question, not the channel.")
LACKING = N_("The data name no channels and no queues.")

Reader = Annotated[Principal, Depends(Permit(Permission.READ_FIGURES, of_all=True))]


@router.get(PLACE.path)
def channels(request: Request, who: Reader) -> HTMLResponse:
    """The page."""
    return analysis(request, who, PLACE, (_channels, journey.write, _queues), lead=LEAD, lacking=LACKING)


def _channels(run: Run, writer: Writer) -> list[Section]:
    return cut.cuts(run, writer, only=frozenset({"channel"}))


def _queues(run: Run, writer: Writer) -> list[Section]:
    return cut.cuts(run, writer, only=frozenset({"queue"}))
