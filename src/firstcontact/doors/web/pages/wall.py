"""The wallboard: one figure at a time, readable from five metres, of the whole centre and of nobody in particular."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.report import words
from firstcontact.doors.report.figure import Figure
from firstcontact.doors.report.sections.course import Course, course
from firstcontact.doors.report.target import brief
from firstcontact.doors.web.page import page
from firstcontact.doors.web.place import ANSWERS, N_, Place
from firstcontact.doors.web.snapshot import Snapshot, snapshot
from firstcontact.services.access import Permission, Principal

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/wall", N_("Wallboard"), ANSWERS, Permission.READ_BOARD)

SECONDS = 20
"""How long each panel stays."""

COMPANIONS = ("service_level", "abandonment_rate", "transfer_rate", "reopen_rate", "csat")
"""What hangs on a wall beside the headline: figures of the centre, not of what people do."""


@dataclass(frozen=True, slots=True)
class Wall:
    """What the page shows: one panel.

    Attributes:
        panel: Number of the panel, from 0.
        panels: How many there are; 0 before the first measurement.
        name: What the figure is called.
        about: What it counts, in a few words.
        figure: The figure of the panel; None for that of the weeks.
        target: What is aimed at, in a few words; empty where nothing is.
        against: How the figure stands against it, in two or three words.
        course: The weeks; None for the other panels.
        seconds: How long it stays; 0 until somebody goes on.
        cutoff: End of the data.
    """

    panel: int
    panels: int
    name: str
    about: str
    figure: Figure | None
    target: str
    against: str
    course: Course | None
    seconds: int
    cutoff: str


@router.get(PLACE.path)
def wall(
    request: Request,
    _who: Annotated[Principal, Depends(Permit(Permission.READ_BOARD))],
    panel: Annotated[int, Query(ge=0, le=99)] = 0,
    stay: bool = False,
) -> HTMLResponse:
    """The next panel; each leads to the one after it by itself, unless somebody wants it to stay."""
    shown = snapshot(request)
    if shown is None:
        return page(request, "wall", it=Wall(0, 0, "", "", None, "", "", None, SECONDS, ""))
    figures = _figures(shown)
    place = panel % (len(figures) + 1)
    writer = shown.writer
    one = figures[0 if place < 2 else place - 1]
    weeks = place == 1
    it = Wall(
        place,
        len(figures) + 1,
        one.name,
        one.about,
        None if weeks else one.figure,
        one.target,
        "" if weeks else one.against,
        shown.piece(course, "wall") if weeks else None,
        0 if stay else SECONDS,
        writer.notation.moment(shown.run.frame.cutoff),
    )
    return page(request, "wall", it=it)


@dataclass(frozen=True, slots=True)
class _Panel:
    """One figure, as in `Wall`."""

    name: str
    about: str
    figure: Figure
    target: str
    against: str


def _figures(shown: Snapshot) -> list[_Panel]:
    """The headline, and what stands beside it where there is a figure."""
    run, writer = shown.run, shown.writer
    rows = {row.measure: row for row in run.select(by="")}
    level = run.policy.service_level
    parts = {"seconds": writer.notation.count(level.seconds), "goal": writer.notation.percent(level.goal)}
    found = []
    for measure in (run.headline_measure, *COMPANIONS):
        name, about = words.MEASURES[measure]
        told = writer.figure(rows[measure].result) if measure in rows else None
        if told is not None and (told.refused is None or measure == run.headline_measure):
            meaning = writer.say(about, **parts) if measure == "service_level" else writer.say(about)
            found.append(_Panel(writer.say(name), meaning, told, *brief(run, measure, writer)))
    return found
