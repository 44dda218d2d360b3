"""What the service tells while one looks, for the script of the pages: new figures, and jobs that go on."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.recognise import bearer_of
from firstcontact.doors.web.live import Listener, Live
from firstcontact.doors.web.page import sentences
from firstcontact.doors.web.pages.overview import draw
from firstcontact.doors.web.viewer import viewer
from firstcontact.services.access import Permission, Principal

router = APIRouter(include_in_schema=False, tags=["pages"])


@router.get("/live")
async def live(request: Request, who: Annotated[Principal, Depends(Permit(Permission.READ_SELF))]) -> Response:
    """Server-sent events; nothing, and no wish to be asked again, where an account listens often enough already."""
    hub = of(request)
    if not hub.takes(who.account_id):
        return Response(status_code=HTTPStatus.NO_CONTENT)
    language = (await run_in_threadpool(viewer, request)).language
    credential = (bearer_of(request.headers), getattr(request.state, "cookie", None))
    listener = Listener(who.account_id, credential, sentences(language).gettext, language)
    return StreamingResponse(
        hub.lines(listener),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def of(request: Request) -> Live:
    """The one of this process."""
    state = request.app.state
    if not hasattr(state, "live"):
        state.live = Live(state.service, draw=partial(draw, state.service))
    found: Live = state.live
    return found
