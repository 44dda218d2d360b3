"""Versions of the policy: drafted, tried on past data, compared, published, and taken back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from firstcontact import bootstrap
from firstcontact.doors.api import edition
from firstcontact.doors.api.moment import Moment
from firstcontact.doors.api.page import After, Limit, Page, cursor, read_number
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import CONFLICT, ProblemError
from firstcontact.doors.api.routes.jobs import ON_DEMAND, JobSeen, job_seen
from firstcontact.kernel.sentence import clause
from firstcontact.services.access import Permission, Principal
from firstcontact.services.compare_trial import Trial, compare_trial
from firstcontact.services.measure_history import MEASURE
from firstcontact.services.policy_version import PolicyVersion
from firstcontact.services.service import Service

router = APIRouter(prefix="/api/v1/policies", tags=["policies"])

Number = Annotated[int, Path(ge=1, le=10**6, description="Number of a version.")]
Drafter = Annotated[Principal, Depends(Permit(Permission.DRAFT_POLICIES))]
Publisher = Annotated[Principal, Depends(Permit(Permission.PUBLISH_POLICIES))]
READING = [Depends(Permit(Permission.READ_POLICIES))]


class VersionSeen(BaseModel):
    """A version of the policy."""

    number: int
    state: Literal["draft", "published", "retired", "dropped"]
    name: str = Field(description="The name that the policy gives itself.")
    policy_hash: str
    note: str | None = Field(description="What whoever drafted it says of it.")
    based_on: int | None
    created_by: str
    created_at: Moment
    published_by: str | None
    published_at: Moment | None
    edition: int = Field(description="Grows with every change; also the `ETag`.")


class VersionWhole(VersionSeen):
    """A version of the policy with its text, and what it means in words."""

    toml: str
    meaning: list[str] = Field(description="What it decides, sentence by sentence.")


class Draft(BaseModel):
    """A new version, or what one shall become."""

    toml: str = Field(max_length=200_000, description="The policy as in a policy file.")
    note: str | None = Field(None, max_length=2_000, pattern=r"^[^\x00]*$")
    based_on: int | None = Field(
        None, ge=1, le=10**6, description="The version it was made from; the one in force where not said."
    )


@router.get("", dependencies=READING)
def versions(request: Request, after: After = None, limit: Limit = 100) -> Page[VersionSeen]:
    """Versions of the policy, latest first."""
    service: Service = request.app.state.service
    found = service.policies.page(before=read_number(after), limit=limit)
    more = cursor(found[-1].number) if len(found) == limit else None
    return Page(items=[_seen(one) for one in found], next=more)


@router.get("/published", dependencies=READING)
def published(request: Request, response: Response) -> VersionWhole:
    """The version in force."""
    service: Service = request.app.state.service
    return _whole(service.policies.published(), response)


@router.get("/{number}", dependencies=READING)
def version(request: Request, response: Response, number: Number) -> VersionWhole:
    """One version, with its edition as `ETag`."""
    service: Service = request.app.state.service
    return _whole(service.policies.find(number), response)


@router.post("", status_code=201)
def draft(request: Request, response: Response, sent: Draft, who: Drafter) -> VersionWhole:
    """Keep a new draft. Everything that is wrong with it is said at once, each with its line."""
    service: Service = request.app.state.service
    now = service.now()
    with service.together():
        found = service.policies.draft(sent.toml, note=sent.note, based_on=sent.based_on, by=who.name, now=now)
        service.audit.note(who.name, "policy.draft", now=now, object=str(found.number))
    response.headers["Location"] = f"/api/v1/policies/{found.number}"
    return _whole(found, response)


@router.put("/{number}")
def change(
    request: Request,
    response: Response,
    number: Number,
    sent: Draft,
    who: Drafter,
    if_match: edition.IfMatch = None,
) -> VersionWhole:
    """Change a draft; the edition that was read must be named in `If-Match`."""
    service: Service = request.app.state.service
    with service.together():
        found = service.policies.change(number, edition.asked(if_match), sent.toml, sent.note, sent.based_on)
        service.audit.note(who.name, "policy.change", now=service.now(), object=str(number))
    return _whole(found, response)


@router.post("/{number}/try", status_code=202)
def try_on_past(request: Request, response: Response, number: Number, who: Drafter) -> JobSeen:
    """Measure everything under this version, beside the figures in force."""
    service: Service = request.app.state.service
    service.policies.find(number)
    now = service.now()
    with service.together():
        job = service.queue.ask(
            MEASURE, {"policy": number}, asked_by=who.name, now=now, key=f"try:{number}", priority=ON_DEMAND
        )
        service.audit.note(who.name, "policy.try", now=now, object=str(number))
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    return job_seen(job)


@router.get("/{number}/comparison", dependencies=[Depends(Permit(Permission.DRAFT_POLICIES))])
def comparison(request: Request, number: Number) -> dict[str, Any]:
    """What the latest trial of this version says, beside the figures in force: what moved, and why.

    `same_contacts` says whether both rest on the same contacts. Where they do not, contacts arrived between the two,
    and what moved is not the policy's doing alone: measure the one that knows less again. The version in force is
    compared with the last figures under another version.
    """
    found = compared(request, number)
    told = found.difference.as_dict()
    # What to type at a command line names directories of this machine, and is of no use here.
    told["attribution"].pop("commands", None)
    return {**told, "before": found.before.id, "after": found.after.id, "same_contacts": found.same_contacts}


def compared(request: Request, number: int) -> Trial:
    """The latest trial of a version beside the figures in force.

    Raises:
        FirstcontactError: There is no such version (FC9511); there is no trial of it, or nothing in force (FC9303).
    """
    service: Service = request.app.state.service
    service.policies.find(number)
    found = compare_trial(service.runs, bootstrap.run_reader(), number)
    if found is None:
        fault = CONFLICT.fault(
            where=f"policy version {number}",
            saw="no figures in force" if service.runs.current() is None else "no trial of it",
            allowed="a measurement in force and a trial",
            cure=clause("POST /api/v1/policies/{number}/try, and wait for the job", number=number),
        )
        raise ProblemError([fault])
    return found


@router.post("/{number}/publish")
def publish(
    request: Request, response: Response, number: Number, who: Publisher, if_match: edition.IfMatch = None
) -> VersionWhole:
    """Put a draft into force, or a retired version again. Everything is measured anew under it.

    A draft that was made from a version that is no longer in force must be based on the present one first.
    """
    service: Service = request.app.state.service
    now = service.now()
    with service.together():
        found = service.policies.publish(number, edition.asked(if_match), by=who.name, now=now)
        service.queue.ask(MEASURE, {}, asked_by=who.name, now=now, key=f"{MEASURE}:now", priority=ON_DEMAND)
        service.audit.note(who.name, "policy.publish", now=now, object=str(number), detail={"hash": found.policy_hash})
    return _whole(found, response)


@router.post("/{number}/drop")
def drop(
    request: Request, response: Response, number: Number, who: Drafter, if_match: edition.IfMatch = None
) -> VersionWhole:
    """Give up a draft."""
    service: Service = request.app.state.service
    with service.together():
        found = service.policies.drop(number, edition.asked(if_match))
        service.audit.note(who.name, "policy.drop", now=service.now(), object=str(number))
    return _whole(found, response)


def _seen(found: PolicyVersion) -> VersionSeen:
    return VersionSeen(**_values(found))


def _values(found: PolicyVersion) -> dict[str, Any]:
    names = [name for name in VersionSeen.model_fields if name != "name"]
    return {name: getattr(found, name) for name in names} | {"name": found.policy.name}


def _whole(found: PolicyVersion, response: Response) -> VersionWhole:
    from firstcontact.measurement.policy.explain import explain

    edition.tag(response, found.edition)
    meaning = [str(sentence) for sentence in explain(found.policy).sentences]
    return VersionWhole(**_values(found), toml=found.toml, meaning=meaning)
