"""Who asks: the secret of a cookie or of `Authorization: Bearer` becomes the principal of the request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response

from firstcontact.doors.api import problem
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.session import WALLBOARD_LONGEST, recognise, still

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from firstcontact.services.access import Principal
    from firstcontact.services.service import Service

UNASKED = frozenset({"/health"})
"""Paths of which nobody asks who wants to know: they answer while the store does not."""

WAITING = frozenset({"/live"})
"""Paths that a page asks for by itself, again and again: asking is no use, and keeps no session alive."""

_KEPT_SECONDS = int(WALLBOARD_LONGEST.total_seconds())


def cookie_name(secure: bool) -> str:
    """What the session's cookie is called; the prefix makes browsers refuse it from other hosts and without TLS."""
    return "__Host-firstcontact" if secure else "firstcontact"


def cookie_of(headers: Headers, secure: bool) -> str | None:
    """The secret that the browser sends, where it sends exactly one."""
    name = cookie_name(secure)
    found = []
    for line in headers.getlist("cookie"):
        for part in line.split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                found.append(value)
    return found[0] if len(found) == 1 and 0 < len(found[0]) <= 100 else None


def bearer_of(headers: Headers) -> str | None:
    """The token that a program sends; empty where its header cannot be meant."""
    given = headers.getlist("authorization")
    if not given:
        return None
    scheme, _, value = given[0].partition(" ")
    return value.strip() if len(given) == 1 and scheme.lower() == "bearer" and len(value) <= 200 else ""


class Recognise:
    """Sets `request.state.principal` before anything else looks at the request.

    Args:
        app: What comes next.
        service: Where sessions and tokens are kept.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope.setdefault("state", {}) if scope["type"] == "http" else None
        if state is not None and "principal" not in state and scope["path"] not in UNASKED:
            headers = Headers(scope=scope)
            token = bearer_of(headers)
            cookie = cookie_of(headers, self._service.settings.secure)
            state["cookie"] = cookie
            if token is not None or cookie is not None:
                try:
                    state["principal"] = await run_in_threadpool(self._who, scope["path"], token, cookie)
                except FirstcontactError as error:
                    await problem.refuse(scope, receive, send, error.faults)
                    return
        await self._app(scope, receive, send)

    def _who(self, path: str, token: str | None, cookie: str | None) -> Principal | None:
        service = self._service
        return (still if path in WAITING else recognise)(
            service.sessions, token=token, cookie=cookie, now=service.now()
        )


def set_cookie(response: Response, token: str, secure: bool) -> None:
    """Give the browser a session's secret, for this host alone and out of reach of scripts.

    The store decides how long it is worth anything, and shortens it when it must; the browser keeps it for as long as a
    wallboard may stay logged in.
    """
    response.set_cookie(
        cookie_name(secure), token, max_age=_KEPT_SECONDS, path="/", secure=secure, httponly=True, samesite="lax"
    )


def clear_cookie(response: Response, secure: bool) -> None:
    """Take it from the browser."""
    response.delete_cookie(cookie_name(secure), path="/", secure=secure, httponly=True, samesite="lax")
