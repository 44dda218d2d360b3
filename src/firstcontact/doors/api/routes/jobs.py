"""What is done in the background: asked for, seen, cancelled."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from firstcontact.doors.api.moment import Moment
from firstcontact.doors.api.page import After, Limit, Page, cursor, read_text
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.services.access import Permission, Principal
from firstcontact.services.measure_history import MEASURE
from firstcontact.services.queue import Job
from firstcontact.services.service import Service

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Id of a job.")]
JobState = Literal["waiting", "running", "done", "failed", "cancelled"]

ON_DEMAND = 10
"""Priority of what somebody waits for, over what recurs."""


class JobSeen(BaseModel):
    """A job, as it stands."""

    id: str
    kind: str
    state: JobState
    step: str | None = Field(description="What it does at the moment.")
    share: float | None = Field(description="How much is done, 0 to 1; null where that is not known.")
    attempts: int = Field(description="How often it was begun.")
    cancel_asked: bool
    result: dict[str, Any] | None = Field(description="What came of it.")
    faults: list[dict[str, str]] | None = Field(description="What went wrong.")
    asked_by: str
    created_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    due_at: Moment | None = Field(description="Before when it is not begun.")


class Asked(BaseModel):
    """A job to be done."""

    kind: Literal["measure"] = Field(description="`measure`: measure everything that has arrived, now.")


@router.get("", dependencies=[Depends(Permit(Permission.READ_JOBS))])
def jobs(request: Request, state: JobState | None = None, after: After = None, limit: Limit = 100) -> Page[JobSeen]:
    """Jobs, latest first."""
    service: Service = request.app.state.service
    found = service.queue.page(state=state, before=read_text(after), limit=limit)
    more = cursor(found[-1].id) if len(found) == limit else None
    return Page(items=[job_seen(one) for one in found], next=more)


@router.get("/{job_id}", dependencies=[Depends(Permit(Permission.READ_JOBS))])
def job(request: Request, job_id: JobId) -> JobSeen:
    """One job, with how far it is."""
    service: Service = request.app.state.service
    found = service.queue.find(job_id)
    if found is None:
        raise not_there("the job")
    return job_seen(found)


@router.post("", status_code=202)
def ask(
    request: Request,
    response: Response,
    asked: Asked,
    who: Annotated[Principal, Depends(Permit(Permission.RUN_JOBS))],
) -> JobSeen:
    """Ask for a job. Where the same waits already, that one is meant."""
    service: Service = request.app.state.service
    now = service.now()
    with service.together():
        found = service.queue.ask(asked.kind, {}, asked_by=who.name, now=now, key=f"{MEASURE}:now", priority=ON_DEMAND)
        service.audit.note(who.name, "job.ask", now=now, object=found.id, detail={"kind": found.kind})
    response.headers["Location"] = f"/api/v1/jobs/{found.id}"
    return job_seen(found)


@router.post("/{job_id}/cancel", status_code=202)
def cancel(request: Request, job_id: JobId, who: Annotated[Principal, Depends(Permit(Permission.RUN_JOBS))]) -> JobSeen:
    """Ask a job to stop; what it did so far is left unpublished. One that ended stays as it is."""
    service: Service = request.app.state.service
    now = service.now()
    with service.together():
        found = service.queue.cancel(job_id, now)
        if found is None:
            raise not_there("the job")
        service.audit.note(who.name, "job.cancel", now=now, object=job_id, detail={"kind": found.kind})
    return job_seen(found)


def job_seen(found: Job) -> JobSeen:
    """A job as the interface shows it."""
    return JobSeen(**{name: getattr(found, name) for name in JobSeen.model_fields})
