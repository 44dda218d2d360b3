"""One person's data: found, given out, erased. Every look is noted in the audit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.services.access import Permission, Principal
from firstcontact.services.erase import Subject, export_subject, find_subject

router = APIRouter(prefix="/api/v1/subjects", tags=["privacy"])

MOST_NUMBER = 2**62


class Named(BaseModel):
    """Who is meant: by an identifier of theirs, or by the number that linking gave."""

    model_config = ConfigDict(extra="forbid")

    kind: str | None = Field(None, description="`phone`, `email`, `customer`, ...", min_length=1, max_length=200)
    value: str | None = Field(None, description="The identifier.", min_length=1, max_length=200)
    person_id: int | None = Field(None, description="The number, instead.", ge=1, lt=MOST_NUMBER)

    @model_validator(mode="after")
    def _one_way(self) -> Named:
        if (self.person_id is None) == (self.kind is None or self.value is None):
            raise ValueError("name a person by kind and value, or by person_id")
        if "\x00" in f"{self.kind}{self.value}":
            raise ValueError("a NUL character")
        return self


class SubjectFound(BaseModel):
    """How much is known about the person who is meant."""

    person_id: int | None = Field(description="Null where nothing of theirs is linked yet.")
    contacts: int
    names: int = Field(description="How many values name them.")


class ErasureAsked(BaseModel):
    """An erasure that was asked for."""

    job_id: str = Field(description="The job that does it; its result says what was erased and what cannot be.")


@router.post("/find")
def find(
    request: Request, named: Named, who: Annotated[Principal, Depends(Permit(Permission.EXPORT_SUBJECT))]
) -> SubjectFound:
    """Who is meant, and how much is kept about them, before anything is done."""
    subject = _found(request, named)
    _note(request, who, "subject.find", subject)
    return SubjectFound(person_id=subject.person_id, contacts=len(subject.keys), names=len(subject.values))


@router.post(
    "/export",
    response_class=Response,
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)
def export(
    request: Request, named: Named, who: Annotated[Principal, Depends(Permit(Permission.EXPORT_SUBJECT))]
) -> Response:
    """Everything that is kept about one person, as a zip of JSON files to hand to them."""
    subject = _found(request, named)
    packed = export_subject(request.app.state.service.subjects, subject)
    _note(request, who, "subject.export", subject)
    headers = {"Content-Disposition": 'attachment; filename="subject.zip"', "Cache-Control": "no-store"}
    return Response(packed, media_type="application/zip", headers=headers)


@router.post("/erase", status_code=202)
def erase(
    request: Request, named: Named, who: Annotated[Principal, Depends(Permit(Permission.ERASE_SUBJECT))]
) -> ErasureAsked:
    """Erase one person everywhere the service keeps data. It cannot be undone."""
    subject = _found(request, named)
    service = request.app.state.service
    with service.together():
        job_id = service.erasure.ask(subject, asked_by=who.name)
        _note(request, who, "subject.erase", subject)
    return ErasureAsked(job_id=job_id)


def _found(request: Request, named: Named) -> Subject:
    subject = find_subject(
        request.app.state.service.subjects, kind=named.kind, value=named.value, person_id=named.person_id
    )
    if subject is None:
        raise not_there("the person")
    return subject


def _note(request: Request, who: Principal, action: str, subject: Subject) -> None:
    service = request.app.state.service
    detail = {"contacts": len(subject.keys)}
    service.audit.note(who.name, action, now=service.now(), person_id=subject.person_id, detail=detail)
