"""What was set aside: seen with its codes, corrected, taken in after all, or given up."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from firstcontact.doors.api.moment import Moment
from firstcontact.doors.api.page import After, Limit, Page, cursor, read_number
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.doors.api.routes.jobs import ON_DEMAND, JobSeen, job_seen
from firstcontact.kernel.clock import zone_exists
from firstcontact.services.access import Permission, Principal
from firstcontact.services.correction import COLUMN_NAMES, can_be_written
from firstcontact.services.ingest import Outcome
from firstcontact.services.mend import Aside, ended_already, replay
from firstcontact.services.mend_many import REPLAY
from firstcontact.services.service import Service
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


class Change(BaseModel):
    """What is changed in one column of each record."""

    model_config = ConfigDict(extra="forbid")

    column: str = Field(
        min_length=1, max_length=200, description="As the record has it: of the file for rows of a file, else as sent."
    )
    way: Literal["words", "moment", "column", "drop"] = Field(
        description="`words`: some values become others. `moment`: its moments are written otherwise than was "
        "understood. `column`: it is another column than was understood. `drop`: it says nothing."
    )
    words: dict[Annotated[str, Field(max_length=200)], Annotated[str, Field(max_length=200)]] = Field(
        default={}, max_length=100, description="Of `words`: what becomes of which value; nothing where empty."
    )
    format: str = Field(
        default="iso", max_length=64, description="Of `moment`: `iso`, or as Python's `strptime` has it."
    )
    zone: str = Field(default="UTC", max_length=64, description="Of `moment`: in which those without an offset are.")
    to: str = Field(default="", max_length=64, description="Of `column`: which of the table's columns it is.")

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        if not zone_exists(zone):
            raise ValueError
        return zone

    @field_validator("format")
    @classmethod
    def _written(cls, format: str) -> str:  # noqa: A002 - the field's name
        if format != "iso" and not ("%" in format and can_be_written(format)):
            raise ValueError
        return format

    @model_validator(mode="after")
    def _whole(self) -> Change:
        if (self.way == "words" and not self.words) or (self.way == "column" and self.to not in COLUMN_NAMES):
            raise ValueError
        return self


class Many(BaseModel):
    """Which records, and what is changed in each."""

    model_config = ConfigDict(extra="forbid")

    code: str | None = Field(None, pattern=r"^FC\d{4}$", description="Only with this code.")
    source: str | None = Field(None, max_length=200, description="Only of this system.")
    kind: str | None = Field(None, max_length=32, description="Only of this table.")
    import_id: str | None = Field(None, max_length=32, description="Only of this import.")
    correction: Change | None = Field(None, description="What is changed; nothing where null.")
    mapping: str | None = Field(
        None,
        max_length=100,
        description="Name of the mapping by which rows of files are read; their import's own else.",
    )
    look: bool = Field(False, description="Only look what would become of them.")


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


@router.post("/replay", status_code=202)
def replay_many(request: Request, response: Response, asked: Many, who: Mender) -> JobSeen:
    """Take many records in, corrected alike or as they arrived, or look first what would become of them; as a job.

    Its `result` says how many there were (`asked`): what would be or was taken in (`taken`, and `outcomes`), what still
    does not fit by its first code (`still`), what somebody else dealt with meanwhile (`left`); and some examples as
    patterns. Asked twice it is one job, and taken in twice it is taken in once.
    """
    service: Service = request.app.state.service
    if asked.import_id is not None and service.imports.find(asked.import_id) is None:
        raise not_there("the import")
    if asked.mapping is not None and service.imports.mapping(asked.mapping) is None:
        raise not_there("the mapping")
    plain = asked.model_dump()
    chosen = {name: plain[name] for name in ("code", "source", "kind", "import_id")}
    arguments = {name: plain[name] for name in ("correction", "mapping", "look")} | {"chosen": chosen}
    key = hashlib.sha256(json.dumps(arguments, sort_keys=True).encode()).hexdigest()
    detail = {"look": asked.look, "way": asked.correction.way if asked.correction else None}
    detail |= {name: value for name, value in chosen.items() if value is not None and name != "source"}
    now = service.now()
    with service.together():
        job = service.queue.ask(REPLAY, arguments, asked_by=who.name, now=now, key=key, priority=ON_DEMAND)
        service.audit.note(who.name, "quarantine.replay-many", now=now, object=job.id, detail=detail)
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    return job_seen(job)


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
