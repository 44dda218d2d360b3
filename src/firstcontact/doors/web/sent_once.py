"""A form is done once, however often it is sent: whoever sends it again is led to where it led."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

import anyio
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from firstcontact.doors.api.problem import CONFLICT, refuse
from firstcontact.services.sent_form import digest_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from firstcontact.services.service import Service

FIELD = "once"
"""The field of every form that carries the page's key."""

_KEY = re.compile(rb"(?:^|&)once=[0-9a-f]{32}(?:&|$)")
_KEY_ALONE = re.compile(r"[0-9a-f]{32}")

REPEATED = frozenset({"/logout", "/me/choice", "/me/toured"})
"""Forms whose answer brings a cookie, which a second click must bring as well; they may be done twice."""

_LOOKS, _PAUSE = 40, 0.25
"""How often, and after how many seconds each time, it is looked whether the first has ended."""


class SentOnce:
    """Does each form of a page once.

    What answers by a page that shows a secret says where a second sending leads, as `request.state.again`.

    Args:
        app: What comes next.
        service: What is served.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        digest = _digest(scope)
        if digest is None:
            await self._app(scope, receive, send)
        elif await begun(self._service, digest):
            await self._first(scope, receive, send, digest)
        else:
            await self._again(scope, receive, send, digest)

    async def _first(self, scope: Scope, receive: Receive, send: Send, digest: str) -> None:
        kept = False

        async def answered(message: Message) -> None:
            nonlocal kept
            if message["type"] == "http.response.start":
                place = _led(scope, message)
                if place:
                    await ended(self._service, digest, place)
                    kept = True
            await send(message)

        try:
            await self._app(scope, receive, answered)
        finally:
            if not kept:
                await ended(self._service, digest, "")

    async def _again(self, scope: Scope, receive: Receive, send: Send, digest: str) -> None:
        place = await led(self._service, digest)
        if place is None:
            fault = CONFLICT.fault(
                where="this form", saw="the same one, sent before, and not ended", allowed="one at a time",
                cure="open the page anew, and see what was done",
            )  # fmt: skip
            await refuse(scope, receive, send, [fault])
            return
        await RedirectResponse(place, status_code=HTTPStatus.SEE_OTHER)(scope, receive, send)


async def begun(service: Service, digest: str) -> bool:
    """Whether a form may be done: nobody sent it before."""
    return await run_in_threadpool(service.sent_forms.begin, digest, service.now())


async def led(service: Service, digest: str) -> str | None:
    """Where a form led that was sent before, as soon as that is known; None where it is not known for long."""
    for _ in range(_LOOKS):
        place = await run_in_threadpool(service.sent_forms.place, digest)
        if place is not None:
            return place
        await anyio.sleep(_PAUSE)
    return None


async def ended(service: Service, digest: str, place: str) -> None:
    """Say where a form led, whoever went away meanwhile; empty where nothing was done, so that it may be sent again."""
    forms = service.sent_forms
    with anyio.CancelScope(shield=True):
        await (run_in_threadpool(forms.end, digest, place) if place else run_in_threadpool(forms.forget, digest))


def key_of(fields: dict[str, str]) -> str:
    """The key of a form that is read piece by piece; empty where it has none."""
    given = fields.get(FIELD, "")
    return given if _KEY_ALONE.fullmatch(given) else ""


def _digest(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] != "POST" or scope["path"].startswith("/api/"):
        return None
    state = scope.get("state", {})
    body = state.get("body", b"")
    known = state.get("principal") is not None and scope["path"] not in REPEATED
    return digest_of(scope["path"], body) if known and _KEY.search(body) else None


def _led(scope: Scope, message: Message) -> str:
    """Where an answer leads; empty where nothing was done, and for a page that only shows something."""
    if message["status"] == HTTPStatus.SEE_OTHER:
        return next((value.decode("latin-1") for name, value in message["headers"] if name == b"location"), "")
    return str(scope.get("state", {}).get("again", "")) if message["status"] == HTTPStatus.OK else ""
