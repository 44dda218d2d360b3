"""Bring a file by a form: it is kept as it arrives, whatever its size, and then looked into."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from firstcontact.doors.api.body import streams
from firstcontact.doors.api.origin import foreign
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import ProblemError
from firstcontact.doors.api.routes import imports as api
from firstcontact.doors.web.form_stream import FormStream, broken_off
from firstcontact.doors.web.page import page, sentences
from firstcontact.doors.web.pages.imports import PAGE, PLACE, stem
from firstcontact.doors.web.place import N_
from firstcontact.doors.web.sent_once import begun, ended, key_of, led
from firstcontact.doors.web.viewer import viewer
from firstcontact.kernel.errors import Fault, FirstcontactError
from firstcontact.kernel.sentence import clause
from firstcontact.services.access import Permission, Principal
from firstcontact.services.sent_form import digest_of
from firstcontact.services.service import Service
from firstcontact.services.session import csrf_right
from firstcontact.services.take_import import WHOLE
from firstcontact.services.upload import Import
from firstcontact.services.upload_stream import MOST_STREAM, UploadStream

router = APIRouter(include_in_schema=False, tags=["pages"])

PIECE = 1 << 20
"""Bytes that are handed on at once; each hand-over waits for a thread."""


@dataclass(frozen=True, slots=True)
class Bring:
    """What the form for a file shows.

    Attributes:
        source: As it was typed.
        sources: Systems that files came from before.
        most: Largest file without scripts, in MiB.
        faults: What is wrong, by field.
    """

    source: str
    sources: tuple[str, ...]
    most: int
    faults: dict[str, str]


@router.get("/imports/new", dependencies=[Depends(Permit(Permission.IMPORT))])
def ask_file(request: Request) -> HTMLResponse:
    """The form that a file is brought by."""
    return _ask(request, "", {})


def _ask(request: Request, source: str, faults: dict[str, str]) -> HTMLResponse:
    service: Service = request.app.state.service
    known = dict.fromkeys(one.source for one in service.imports.page(before=None, limit=PAGE))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK
    it = Bring(source, tuple(known), MOST_STREAM >> 20, faults)
    return page(request, "import_new", place=PLACE, status=status, it=it)


@router.post("/imports/new")
@streams
async def bring(request: Request, who: Annotated[Principal, Depends(Permit(Permission.IMPORT))]) -> Response:
    """Take a file that a form brings, as it arrives; then have it looked into."""
    form = FormStream(request)
    fields = await form.fields()
    cookie: str | None = getattr(request.state, "cookie", None)
    if who.session is not None and not (cookie and csrf_right(cookie, fields.get("csrf", ""))):
        raise ProblemError([foreign(clause("no token, or another session's"))], {"Connection": "close"})
    service: Service = request.app.state.service
    name = PurePath((form.file_name or "").replace("\\", "/")).name
    # The same form with the same file, as far as that is told before the file has arrived.
    digest = digest_of(request.url.path, repr((sorted(fields.items()), name)).encode()) if key_of(fields) else None
    if digest is not None and not await begun(service, digest):
        await form.skip()
        return RedirectResponse(await led(service, digest) or PLACE.path, status_code=HTTPStatus.SEE_OTHER)
    source = fields.get("source", "").strip() or stem(name)
    place = ""
    try:
        one = await _receive(request, service, form, who, name=name, source=source[:200])
        if one.state == "uploaded":
            await run_in_threadpool(api.preview_import, request, who, one.id, api.Understanding())
        place = f"/imports/{one.id}"
        return RedirectResponse(place, status_code=HTTPStatus.SEE_OTHER)
    except FirstcontactError as error:
        await form.skip()
        if error.faults[0].kind.code != "FC9451":
            raise
        faults = {fault.where: _told(request, fault) for fault in error.faults}
        return await run_in_threadpool(_ask, request, fields.get("source", "")[:200], faults)
    finally:
        if digest is not None:
            await ended(service, digest, place)


async def _receive(
    request: Request, service: Service, form: FormStream, who: Principal, *, name: str, source: str
) -> Import:
    """The file of a form, kept as it arrives; nothing is left of one that breaks off."""
    made = await run_in_threadpool(
        lambda: UploadStream(
            service.imports, service.uploads, name=name, source=source or "file", actor=who.name, now=service.now()
        )
    )
    whole = False
    try:
        gathered = bytearray()
        async for data in form.data():
            gathered += data
            if len(gathered) >= PIECE:
                await run_in_threadpool(made.write, bytes(gathered))
                gathered.clear()
        await run_in_threadpool(made.write, bytes(gathered))
        one = await run_in_threadpool(made.end, lambda late: api.job_of(request, WHOLE, late, who))
        whole = True
        return one
    except ClientDisconnect:
        raise broken_off() from None
    finally:
        if not whole:
            await run_in_threadpool(made.abandon, service.now())


def _told(request: Request, fault: Fault) -> str:
    say = sentences(viewer(request).language).gettext
    known = {
        "name": N_("Choose a file with a plain name."),
        "size": N_("This file is too large."),
        "source": N_("A name of 1 to 200 characters."),
    }
    if fault.where == "file":
        return str(say(N_("This file is empty.") if fault.saw == "0 bytes" else N_("This file is too large.")))
    return str(say(known[fault.where])) if fault.where in known else str(say(fault.kind.title))
