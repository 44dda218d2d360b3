"""Overview: the answer in a sentence, how it went, what to do first, and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.report.figure import Figure
from firstcontact.doors.report.sections import course, first, opportunity, truth
from firstcontact.doors.web.link import rows_link
from firstcontact.doors.web.page import page
from firstcontact.doors.web.place import ANSWERS, N_, Place
from firstcontact.doors.web.sections import head, sections
from firstcontact.doors.web.snapshot import Snapshot, snapshot
from firstcontact.services.access import Permission, Principal, Role, Scope
from firstcontact.services.measure_history import MEASURE
from firstcontact.services.queue import Job
from firstcontact.services.service import Service

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/", N_("Overview"), ANSWERS, Permission.READ_SELF)


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page shows.

    Attributes:
        head: The answer in a sentence; empty before the first measurement.
        more: What follows: how it went week by week, what to do first, what it is worth.
        teams: Name and figure of the visitor's own teams, where they see no others; and where their rows are listed.
        next: What there is to do where nothing was measured yet: `import`, `measure` or nothing that one may.
        running: The measurement that goes on; None where none does.
    """

    head: Markup
    more: Markup
    teams: tuple[tuple[str, Figure, str], ...]
    next: str
    running: Job | None


@router.get("/")
def overview(request: Request, who: Annotated[Principal, Depends(Permit(Permission.READ_SELF))]) -> Response:
    """The page, as far as its visitor may see it."""
    if who.role is Role.WALLBOARD:
        return RedirectResponse("/wall", status_code=HTTPStatus.SEE_OTHER)
    shown = snapshot(request) if who.may(Permission.READ_BOARD) else None
    if shown is None:
        return page(request, "overview", place=PLACE, it=_nothing(request, who))
    whole = who.scope(Permission.READ_FIGURES) is Scope.ALL
    linked = who.scope(Permission.READ_CONTACTS) is Scope.ALL
    writes = (first.write, course.write, opportunity.write, truth.write) if whole else (course.write,)
    it = Overview(
        head(shown, linked=linked),
        sections(shown, writes, linked=linked),
        () if whole else _teams(shown, who),
        "",
        None,
    )
    return page(request, "overview", place=PLACE, stamp=shown.stamp, it=it)


def _teams(shown: Snapshot, who: Principal) -> tuple[tuple[str, Figure, str], ...]:
    """The figures of one's own teams."""
    if not who.may(Permission.READ_FIGURES):
        return ()
    seen = who.visible_teams(Permission.READ_FIGURES) or frozenset()
    rows = [row for row in shown.run.slices(shown.run.headline_measure, "team") if row.cell.get("team") in seen]
    linked = who.may(Permission.READ_CONTACTS)
    return tuple(
        (
            shown.writer.name(row.cell["team"]),
            shown.writer.figure(row.result),
            rows_link(shown.kept.id, row) if linked else "",
        )
        for row in rows
    )


def _nothing(request: Request, who: Principal) -> Overview:
    """What to do so that there is a figure."""
    service: Service = request.app.state.service
    running = None
    if who.may(Permission.READ_JOBS):
        running = next(
            (job for job in service.queue.page(state="running", before=None, limit=20) if job.kind == MEASURE), None
        )
    todo = "import" if who.may(Permission.IMPORT) else "measure" if who.may(Permission.RUN_JOBS) else ""
    return Overview(Markup(""), Markup(""), (), todo, running)
