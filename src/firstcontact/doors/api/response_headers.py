"""What every answer tells the browser: run, frame and keep nothing; pages and their files say otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
"""No script at all; pages may run the service's own file (`doors.web.page.PAGE_POLICY`)."""

ALWAYS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not `no-referrer`: with it browsers hide the origin of forms from their own server as well.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}
_TLS = {"strict-transport-security": "max-age=31536000; includeSubDomains"}


class ResponseHeaders:
    """Adds them to every answer, where a route does not say something of its own.

    Args:
        app: What comes next.
        secure: Whether browsers reach the service through TLS, and shall never try without.
    """

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self._app = app
        self._headers = ALWAYS | _TLS if secure else ALWAYS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)
