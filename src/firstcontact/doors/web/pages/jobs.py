"""Jobs: what is done in the background, how far it is, what came of it; and the one to ask for, which measures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from firstcontact.doors.api.page import After, cursor, read_text
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.doors.api.routes import jobs as api
from firstcontact.doors.web.form import Wrong, in_words
from firstcontact.doors.web.job_words import STATES, kind_words, step_words
from firstcontact.doors.web.page import page, writer_of
from firstcontact.doors.web.place import N_, RUNNING, Place
from firstcontact.services.access import Permission, Principal
from firstcontact.services.measure_history import MEASURE
from firstcontact.services.queue import Job
from firstcontact.services.service import Service

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/jobs", N_("Jobs"), RUNNING, Permission.READ_JOBS)

PAGE = 50
UNFINISHED = frozenset({"waiting", "running"})

Reader = Annotated[Principal, Depends(Permit(Permission.READ_JOBS))]
Runner = Annotated[Principal, Depends(Permit(Permission.RUN_JOBS))]


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job as a page shows it.

    Attributes:
        job: It.
        kind: What it is called.
        step: What it does at the moment.
        open: Whether it has not ended.
        file: Id of the import that it works on; empty where it works on none.
        run: Id of the run that it made; empty where it made none.
        faults: What went wrong.
        due: When it is begun, where that is still to come.
    """

    job: Job
    kind: str
    step: str
    open: bool
    file: str
    run: str
    faults: tuple[Wrong, ...]
    due: datetime | None


@dataclass(frozen=True, slots=True)
class JobList:
    """What the list shows.

    Attributes:
        lines: Jobs, latest first.
        states: (word in the address, what it is called), for the filter.
        state: The one that is asked for; empty for all.
        first: Where the list begins; empty where this is its beginning.
        more: Where further ones are; empty where there are none.
        may_run: Whether the visitor may ask for jobs and cancel them.
        said: What was just done.
    """

    lines: tuple[JobLine, ...]
    states: tuple[tuple[str, str], ...]
    state: str
    first: str
    more: str
    may_run: bool
    said: str


@dataclass(frozen=True, slots=True)
class OneJob:
    """What the page of one job shows.

    Attributes:
        line: The job.
        may_run: Whether the visitor may cancel it.
        said: What was just done.
    """

    line: JobLine
    may_run: bool
    said: str


def job_line(request: Request, job: Job) -> JobLine:
    """A job in the visitor's words."""
    writer = writer_of(request)
    service: Service = request.app.state.service
    result: dict[str, Any] = job.result or {}
    file = job.arguments.get("import_id", "") if job.kind.startswith("import.") else ""
    run = result.get("run", "") if job.kind == MEASURE else ""
    return JobLine(
        job,
        kind_words(job.kind, writer.say),
        step_words(job.step, writer.say),
        job.state in UNFINISHED,
        str(file),
        str(run),
        in_words(job.faults, writer),
        job.due_at if job.state == "waiting" and job.due_at and job.due_at > service.now() else None,
    )


@router.get("/jobs")
def jobs(
    request: Request,
    who: Reader,
    state: Literal["", "waiting", "running", "done", "failed", "cancelled"] = "",
    after: After = None,
    said: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """The list."""
    service: Service = request.app.state.service
    found = service.queue.page(state=state or None, before=read_text(after), limit=PAGE)
    more = ""
    if len(found) == PAGE:
        asked = {"state": state} if state else {}
        more = "/jobs?" + urlencode(asked | {"after": cursor(found[-1].id)})
    it = JobList(
        tuple(job_line(request, one) for one in found),
        (("", N_("All")), *STATES.items()),
        state,
        ("/jobs?" + urlencode({"state": state}) if state else "/jobs") if after else "",
        more,
        who.may(Permission.RUN_JOBS),
        said,
    )
    return page(request, "jobs", place=PLACE, it=it)


@router.get("/jobs/{job_id}")
def job(
    request: Request, who: Reader, job_id: api.JobId, said: Annotated[str, Query(max_length=20)] = ""
) -> HTMLResponse:
    """One job."""
    service: Service = request.app.state.service
    found = service.queue.find(job_id)
    if found is None:
        raise not_there("the job")
    it = OneJob(job_line(request, found), who.may(Permission.RUN_JOBS), said)
    return page(request, "job", place=PLACE, it=it)


@router.post("/jobs")
def ask(request: Request, who: Runner) -> Response:
    """Measure now; twice is once, as long as the first waits."""
    asked = api.ask(request, Response(), api.Asked(kind="measure"), who)
    return RedirectResponse(f"/jobs/{asked.id}", status_code=HTTPStatus.SEE_OTHER)


@router.post("/jobs/{job_id}/cancel")
def cancel(request: Request, who: Runner, job_id: api.JobId) -> Response:
    """Ask a job to stop."""
    api.cancel(request, job_id, who)
    return RedirectResponse(f"/jobs/{job_id}?said=cancel", status_code=HTTPStatus.SEE_OTHER)
