"""What was set aside: seen with its codes, corrected, taken in after all, or given up."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from firstcontact.doors.api.moment import Moment
from firstcontact.doors.api.page import After, Limit, Page, cursor, read_number
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.services.access import Permission, Principal
from firstcontact.services.ingest import Outcome
from firstcontact.services.mend import Aside, ended_already, replay
from firstcontact.services.setting import redactor

router = APIRouter(prefix="/api/v1/quarantine", tags=["quarantine"])

Reader = Annotated[Principal, Depends(Permit(Permission.READ_QUARANTINE))]
Mender = Annotated[Principal, Depends(Permit(Permission.MEND_QUARANTINE))]
Number = Annotated[int, Path(description="Its number.", ge=1, lt=2**62)]


class AsideAnswer(BaseModel):
    """A record that was set aside, without its values."""

    id: int
    kind: str = Field(description="The table it was meant for.")
    source: str | None
    codes: list[str]
    faults: list[dict[str, str]]
    received_at: Moment
    import_id: str | None
    state: Literal["open", "replayed", "discarded"]
    ended_at: Moment | None
    ended_by: str | None


class AsideRaw(AsideAnswer):
    """The same as it arrived."""

    raw: str


class Correction(BaseModel):
    """The record as it should have been."""

    model_config = ConfigDict(extra="forbid")

    item: Any = Field(None, description="The whole record, corrected; as it arrived where null.")


class Replayed(BaseModel):
    """What became of it."""

    outcome: Outcome


@router.get("", dependencies=[Depends(Permit(Permission.READ_QUARANTINE))])
def list_quarantine(
    request: Request,
    state: Annotated[Literal["open", "replayed", "discarded"] | None, Query(description="Only these.")] = "open",
    kind: Annotated[str | None, Query(description="Only of this table.", max_length=32)] = None,
    code: Annotated[str | None, Query(description="Only with this code.", pattern=r"^FC\d{4}$")] = None,
    import_id: Annotated[str | None, Query(description="Only of this import.", max_length=32)] = None,
    source: Annotated[str | None, Query(description="Only of this system.", max_length=200)] = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[AsideAnswer]:
    """Records that were set aside, newest first, without their values."""
    found = request.app.state.service.quarantine.page(
        state=state,
        kind=kind,
        code=code,
        import_id=import_id,
        before=read_number(after),
        limit=limit,
        source=source,
    )
    more = cursor(found[-1].id) if len(found) == limit else None
    return Page(items=[AsideAnswer(**_fields(one)) for one in found], next=more)


@router.get("/{number}")
def get_quarantined(request: Request, number: Number, who: Reader) -> AsideRaw:
    """One record as it arrived. The look is noted in the audit."""
    service = request.app.state.service
    aside = find(request, number)
    service.audit.note(who.name, "quarantine.look", now=service.now(), object=str(number))
    return AsideRaw(**_fields(aside), raw=aside.raw)


@router.post("/{number}/replay")
def replay_quarantined(request: Request, number: Number, correction: Correction, who: Mender) -> Replayed:
    """Take a record in, corrected or as it arrived. Where it still does not fit, all faults are said."""
    service = request.app.state.service
    outcome = replay(
        service.inbox, find(request, number), correction.item,
        redact=redactor(service.preferences), actor=who.name, now=service.now(),
    )  # fmt: skip
    return Replayed(outcome=outcome)


@router.post("/{number}/discard", status_code=204)
def discard_quarantined(request: Request, number: Number, who: Mender) -> None:
    """Give a record up; it stays to be seen until its time to be kept is over."""
    service = request.app.state.service
    find(request, number)
    if not service.quarantine.end(number, "discarded", actor=who.name, now=service.now()):
        raise ended_already(number)


def find(request: Request, number: int) -> Aside:
    """One record that was set aside.

    Raises:
        FirstcontactError: There is none (FC9302).
    """
    aside: Aside | None = request.app.state.service.quarantine.find(number)
    if aside is None:
        raise not_there("the record of the quarantine")
    return aside


def _fields(aside: Aside) -> dict[str, Any]:
    fields = {name: getattr(aside, name) for name in AsideAnswer.model_fields}
    return fields | {"faults": [dict(one) for one in aside.faults]}
