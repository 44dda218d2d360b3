"""The audit of linking and coding on the page of data quality: hand its form out, take it back, give it up."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from firstcontact.doors.api.body import streams
from firstcontact.doors.api.origin import foreign
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import ProblemError
from firstcontact.doors.api.routes import linkage_audit as api
from firstcontact.doors.web.audit_section import Faulty
from firstcontact.doors.web.form import on, wrongs
from firstcontact.doors.web.form_stream import FormStream
from firstcontact.doors.web.page import sentences
from firstcontact.doors.web.pages.quality import show
from firstcontact.doors.web.place import N_
from firstcontact.doors.web.sent_once import begun, ended, key_of, led
from firstcontact.doors.web.viewer import viewer
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.sentence import clause
from firstcontact.services.access import Permission, Principal
from firstcontact.services.draw_audit import NOTHING_TO_AUDIT, WRONG_SIZE
from firstcontact.services.linkage_audit import MOST_FORM
from firstcontact.services.sent_form import digest_of
from firstcontact.services.service import Service
from firstcontact.services.session import csrf_right

router = APIRouter(include_in_schema=False, tags=["pages"])

FORM_AT = "/quality/linkage-audit"

Drawer = Annotated[Principal, Depends(Permit(Permission.READ_CONTACTS, of_all=True))]
Taker = Annotated[Principal, Depends(Permit(Permission.MEND_QUARANTINE, of_all=True))]


@router.get(FORM_AT + ".csv")
def draw(request: Request, who: Drawer, size: Annotated[str, Query(max_length=20)] = "") -> Response:
    """The form to fill in, of contacts of the run in force."""
    say = sentences(viewer(request).language).gettext
    digits = size.strip()
    if not (digits.isascii() and digits.isdigit()):
        return show(request, who, faulty=Faulty(size, say(N_("Write how many contacts, in digits."))))
    try:
        return api.draw_linkage_form(request, who, int(digits))
    except FirstcontactError as error:
        kind = error.faults[0].kind
        if kind not in (WRONG_SIZE, NOTHING_TO_AUDIT):
            raise
        return show(request, who, faulty=Faulty(size, say(kind.title)))


@router.post(FORM_AT)
@streams
async def take(request: Request, who: Taker) -> Response:
    """Take a filled form; where only a look was asked for, nothing of it is kept."""
    form = FormStream(request)
    fields = await form.fields()
    cookie: str | None = getattr(request.state, "cookie", None)
    if who.session is not None and not (cookie and csrf_right(cookie, fields.get("csrf", ""))):
        raise ProblemError([foreign(clause("no token, or another session's"))], {"Connection": "close"})
    data = bytearray()
    try:
        if form.file_name is not None:
            async for piece in form.data():
                data += piece
                if len(data) > MOST_FORM:
                    await form.skip()
                    break
    except ClientDisconnect:
        raise ProblemError([foreign(clause("a form that breaks off"))]) from None
    if "look" in fields or not key_of(fields):
        return await run_in_threadpool(_take, request, who, bytes(data), keep="look" not in fields)
    service: Service = request.app.state.service
    digest, place = digest_of(request.url.path, repr(sorted(fields.items())).encode() + data), ""
    if not await begun(service, digest):
        return RedirectResponse(await led(service, digest) or "/quality", status_code=HTTPStatus.SEE_OTHER)
    try:
        response = await run_in_threadpool(_take, request, who, bytes(data), keep=True)
        place = response.headers.get("location", "")
        return response
    finally:
        await ended(service, digest, place)


def _take(request: Request, who: Principal, data: bytes, *, keep: bool) -> Response:
    service: Service = request.app.state.service
    try:
        answer = api.take_linkage_form(request, who, data, keep)
    except FirstcontactError as error:
        if error.faults[0].kind.code not in {"FC4020", "FC4021", "FC4022", "FC9304"}:
            raise
        found = wrongs(error, request)
        return show(request, who, faulty=Faulty(form=found))
    if answer.taken_at is not None:
        return on("/quality", "audit-kept")
    return show(request, who, looked=api.read_form(service, data))


@router.post(FORM_AT + "/remove")
def remove(request: Request, who: Taker) -> Response:
    """Have measurements take no audit in any more."""
    api.drop_linkage_audit(request, who)
    return on("/quality", "audit-dropped")
