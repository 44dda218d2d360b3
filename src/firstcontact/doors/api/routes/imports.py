"""Imports: a file uploaded in parts, looked into, corrected, read in the background, and undone whole."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from firstcontact.doors.api.moment import Moment
from firstcontact.doors.api.page import After, Limit, Page, cursor, read_text
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.kernel.sentence import Sentence, clause
from firstcontact.kernel.time_id import time_id
from firstcontact.services.access import Permission, Principal
from firstcontact.services.queue import Job
from firstcontact.services.take_import import PREVIEW, RUN, UNDO, WHOLE
from firstcontact.services.upload import MOST_BYTES, MOST_PART, Import, ImportState, announced, receive, wrong_state

router = APIRouter(prefix="/api/v1", tags=["imports"])

Who = Annotated[Principal, Depends(Permit(Permission.IMPORT))]
ImportId = Annotated[str, Path(description="The import's id.", pattern="^[0-9a-f]{32}$")]
MAPPING_NAME = re.compile(r"^[\w .\-]{1,100}$")
MappingName = Annotated[str, Path(description="The mapping's name.", pattern=MAPPING_NAME.pattern)]

_WAITING: frozenset[ImportState] = frozenset({"uploaded", "failed", "cancelled"})


class NewImport(BaseModel):
    """A file that is about to be uploaded."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="Its plain name, without a path.", min_length=1, max_length=200)
    size: int = Field(description="Its bytes.", ge=1, le=MOST_BYTES)
    source: str = Field(description="The system its contacts come from.", min_length=1, max_length=200)
    digest: str | None = Field(None, description="Its SHA-256 in hexadecimal; compared when all has arrived.")


class ImportAnswer(BaseModel):
    """An import as it stands."""

    id: str
    name: str
    source: str
    size: int
    received: int = Field(description="Bytes that have arrived: where the next part begins.")
    digest: str | None
    state: str = Field(description="uploading, uploaded, running, done, failed, cancelled, undoing or undone.")
    mapping: dict[str, Any] | None = Field(description="What its columns mean; guessed where null.")
    preview: dict[str, Any] | None = Field(description="How it would be understood; samples are patterns.")
    counts: dict[str, Any] | None = Field(description="What became of its records.")
    faults: list[dict[str, str]] | None
    job_id: str | None = Field(description="The job that works on it, or did last.")
    created_by: str
    created_at: Moment
    ended_at: Moment | None


class Understanding(BaseModel):
    """How a file shall be understood."""

    model_config = ConfigDict(extra="forbid")

    mapping: dict[str, Any] | None = Field(default=None, description="A corrected mapping; guessed where null.")
    saved: str | None = Field(default=None, description="Name of a saved mapping to use.", max_length=100)
    source: str | None = Field(
        default=None,
        description="The system its contacts come from, where it was announced as another.",
        max_length=200,
    )


class Beginning(BaseModel):
    """How a file shall be taken in."""

    model_config = ConfigDict(extra="forbid")

    source: str | None = Field(
        default=None,
        description="The system its contacts come from, where it was announced as another.",
        max_length=200,
    )


class MappingList(BaseModel):
    """Names of saved mappings."""

    items: list[str]


class MappingAnswer(BaseModel):
    """A saved mapping."""

    name: str
    mapping: dict[str, Any]


@router.post("/imports", status_code=201)
def create_import(request: Request, response: Response, who: Who, body: NewImport) -> ImportAnswer:
    """Announce a file; its parts follow by PATCH."""
    service = request.app.state.service
    announced(body.name, body.source, body.size, body.digest)
    now = service.now()
    one = Import(
        id=time_id(now), name=body.name, source=body.source.strip(), size=body.size, received=0, digest=body.digest,
        state="uploading", mapping=None, preview=None, counts=None, faults=None, job_id=None, created_by=who.name,
        created_at=now, ended_at=None,
    )  # fmt: skip
    service.imports.add(one)
    response.headers["Location"] = f"/api/v1/imports/{one.id}"
    return _answer(one)


@router.get("/imports", dependencies=[Depends(Permit(Permission.IMPORT))])
def list_imports(request: Request, after: After = None, limit: Limit = 100) -> Page[ImportAnswer]:
    """Imports, newest first."""
    found = request.app.state.service.imports.page(before=read_text(after), limit=limit)
    more = cursor(found[-1].id) if len(found) == limit else None
    return Page(items=[_answer(one) for one in found], next=more)


@router.get("/imports/{import_id}", dependencies=[Depends(Permit(Permission.IMPORT))])
def get_import(request: Request, response: Response, import_id: ImportId) -> ImportAnswer:
    """One import; after an interruption `received` says where to go on."""
    one = find(request, import_id)
    response.headers["Upload-Offset"] = str(one.received)
    return _answer(one)


@router.patch("/imports/{import_id}")
def upload_part(
    request: Request,
    response: Response,
    who: Who,
    import_id: ImportId,
    offset: Annotated[int, Header(alias="Upload-Offset", description="Where the part begins.", ge=0, le=MOST_BYTES)],
    data: Annotated[
        bytes, Body(media_type="application/offset+octet-stream", max_length=MOST_PART, description="The part.")
    ] = b"",
) -> ImportAnswer:
    """Upload the next part, at most 8 MiB. It is durable when the answer comes; the last one makes the file whole.

    A file above 64 MiB is made whole in the background: until then all has arrived and the state is `uploading`.
    """
    service = request.app.state.service
    found = find(request, import_id)
    one = receive(
        service.imports, service.uploads, found, offset, data, later=lambda whole: job_of(request, WHOLE, whole, who)
    )
    response.headers["Upload-Offset"] = str(one.received)
    return _answer(one)


@router.post("/imports/{import_id}/preview", status_code=202)
def preview_import(request: Request, who: Who, import_id: ImportId, body: Understanding) -> ImportAnswer:
    """Have the file looked into, with a guessed, corrected or saved mapping; `preview` then says what was found."""
    service = request.app.state.service
    one = find(request, import_id)
    mapping = _mapping(request, body)
    if not service.uploads.there(one):
        raise wrong_state(one, clause("an import whose file is here"))
    values = {"state": "uploaded", "mapping": mapping, "preview": None, "faults": None}
    if body.source is not None:
        announced(one.name, body.source, one.size, None)
        values["source"] = body.source.strip()
    changed = _changed(request, one, _WAITING, clause("an import that is uploaded, failed or cancelled"), values)
    job = job_of(request, PREVIEW, one, who)
    return _answer(service.imports.change(one.id, frozenset({"uploaded"}), job_id=job.id) or changed)


@router.post("/imports/{import_id}/start", status_code=202)
def start_import(request: Request, who: Who, import_id: ImportId, body: Beginning | None = None) -> ImportAnswer:
    """Read the file into the service, in the background, with the mapping that was set."""
    among: frozenset[ImportState] = frozenset({"uploaded"})
    if body is not None and body.source is not None:
        one = find(request, import_id)
        announced(one.name, body.source, one.size, None)
        _changed(request, one, among, clause("an import that is uploaded"), {"source": body.source.strip()})
    return _run(request, who, import_id, RUN, "running", among, clause("an import that is uploaded"))


@router.post("/imports/{import_id}/undo", status_code=202)
def undo_import(request: Request, who: Who, import_id: ImportId) -> ImportAnswer:
    """Take back everything that an import brought, and put back what it had replaced."""
    # One whose undoing broke off goes on; taking back what is back already changes nothing.
    left: frozenset[ImportState] = frozenset({"done", "failed", "cancelled", "undoing"})
    return _run(request, who, import_id, UNDO, "undoing", left, clause("an import that has ended"))


@router.post("/imports/{import_id}/cancel", status_code=202)
def cancel_import(request: Request, who: Who, import_id: ImportId) -> ImportAnswer:
    """Stop an import. What it has brought so far stays, until it is undone; an upload is thrown away."""
    service = request.app.state.service
    one = find(request, import_id)
    now = service.now()
    values = {"state": "cancelled", "ended_at": now}
    open_states: frozenset[ImportState] = frozenset({"uploading", "uploaded", "running"})
    with service.together():
        changed = _changed(request, one, open_states, clause("an import that has not ended"), values)
        if one.job_id is not None:
            service.queue.cancel(one.job_id, now)
        service.audit.note(who.name, "import.cancel", now=now, object=one.id)
    if one.state in {"uploading", "uploaded"}:
        service.uploads.drop(one.id)
    return _answer(changed)


@router.get("/mappings", dependencies=[Depends(Permit(Permission.IMPORT))])
def list_mappings(request: Request) -> MappingList:
    """Names of saved mappings."""
    return MappingList(items=request.app.state.service.imports.mappings())


@router.get("/mappings/{name}", dependencies=[Depends(Permit(Permission.IMPORT))])
def get_mapping(request: Request, name: MappingName) -> MappingAnswer:
    """A saved mapping."""
    found = request.app.state.service.imports.mapping(name)
    if found is None:
        raise not_there("the mapping")
    return MappingAnswer(name=name, mapping=found)


@router.put("/mappings/{name}")
def put_mapping(
    request: Request,
    who: Who,
    name: MappingName,
    mapping: Annotated[dict[str, Any], Body(description="As a preview gives it, corrected.")],
) -> MappingAnswer:
    """Save a mapping under a name, in place of an earlier one."""
    service = request.app.state.service
    checked = service.file_reader.check(mapping)
    service.imports.save_mapping(name, checked, actor=who.name, now=service.now())
    return MappingAnswer(name=name, mapping=checked)


@router.delete("/mappings/{name}", status_code=204)
def delete_mapping(request: Request, who: Who, name: MappingName) -> None:
    """Forget a saved mapping."""
    service = request.app.state.service
    with service.together():
        if not service.imports.drop_mapping(name):
            raise not_there("the mapping")
        service.audit.note(who.name, "mapping.drop", now=service.now(), object=name)


def _run(
    request: Request,
    who: Principal,
    import_id: str,
    kind: str,
    state: ImportState,
    among: frozenset[ImportState],
    allowed: Sentence,
) -> ImportAnswer:
    service = request.app.state.service
    one = find(request, import_id)
    with service.together():
        changed = _changed(request, one, among, allowed, {"state": state, "faults": None, "ended_at": None})
        job = job_of(request, kind, one, who)
        service.audit.note(who.name, f"import.{state}", now=service.now(), object=one.id)
        changed = service.imports.change(one.id, frozenset({state}), job_id=job.id) or changed
    return _answer(changed)


def job_of(request: Request, kind: str, one: Import, who: Principal) -> Job:
    """Ask for a job about an import; asked twice it is one."""
    service = request.app.state.service
    # Somebody waits for what is brief; of the others the first asked for is the first done.
    priority = 10 if kind in {WHOLE, PREVIEW} else 0
    asked: Job = service.queue.ask(
        kind, {"import_id": one.id}, asked_by=who.name, now=service.now(), key=f"{kind} {one.id}", priority=priority
    )
    return asked


def _mapping(request: Request, body: Understanding) -> dict[str, Any] | None:
    service = request.app.state.service
    if body.saved is not None:
        found: dict[str, Any] | None = service.imports.mapping(body.saved)
        if found is None:
            raise not_there("the mapping")
        return found
    return service.file_reader.check(body.mapping) if body.mapping is not None else None


def _changed(
    request: Request, one: Import, among: frozenset[ImportState], allowed: Sentence, values: dict[str, Any]
) -> Import:
    changed: Import | None = request.app.state.service.imports.change(one.id, among, **values)
    if changed is None:
        raise wrong_state(one, allowed)
    return changed


def find(request: Request, import_id: str) -> Import:
    """One import.

    Raises:
        FirstcontactError: There is none (FC9302).
    """
    found: Import | None = request.app.state.service.imports.find(import_id)
    if found is None:
        raise not_there("the import")
    return found


def _answer(one: Import) -> ImportAnswer:
    return ImportAnswer(**asdict(one))
