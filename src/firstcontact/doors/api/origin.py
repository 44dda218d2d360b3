"""Where a request comes from: only pages of this service change anything in the name of who is logged in."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers

from firstcontact.doors.api import problem
from firstcontact.kernel.errors import EXIT_REFUSED, ErrorKind, Fault
from firstcontact.kernel.sentence import Sentence, clause
from firstcontact.services.session import csrf_right

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from firstcontact.kernel.service_settings import ServiceSettings

FOREIGN = ErrorKind(
    "FC9207",
    "The request does not come from a page of this service",
    EXIT_REFUSED,
    "A change that rests on a browser's session carries its token: the field `csrf` of a form, or the header "
    "`X-CSRF-Token` (`GET /api/v1/me` says it). It came without, or from another site. Programs use a token instead.",
)
HOST_UNKNOWN = ErrorKind(
    "FC9208",
    "This service is not called by that name",
    EXIT_REFUSED,
    "The request names another host than the service has. `FIRSTCONTACT_URL` says how browsers reach it.",
)

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BEFORE_LOG_IN = frozenset({("POST", path) for path in ("/api/v1/session", "/api/v1/password", "/login", "/password")})
READS_ITSELF = frozenset({("POST", "/imports/new"), ("POST", "/quality/linkage-audit")})
"""Forms that bring a file: their token is the first field of a body that nobody may keep whole, so the route compares
it (`csrf_right`) before it takes anything of the file. That they come from this site is seen to here."""
_LONG = 64 * 2**10
"""Bytes of a form from which on looking for its token is left to a thread."""

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_ANY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not listened on


class Origin:
    """Refuses requests for other hosts, and changes that another site's page asks a browser for.

    Args:
        app: What comes next.
        settings: How the service is reached.
    """

    def __init__(self, app: ASGIApp, settings: ServiceSettings) -> None:
        self._app = app
        self._own = urlsplit(settings.url)
        self._hosts = _HERE | {self._own.hostname or ""} | {settings.host}
        self._named = bool(settings.public_url)
        self._any = not settings.public_url and settings.host in _ANY_ADDRESS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            fault = self._host_fault(headers)
            if fault is None:
                long = len(scope.get("state", {}).get("body", b"")) > _LONG
                fault = (
                    await run_in_threadpool(self._foreign, scope, headers) if long else self._foreign(scope, headers)
                )
            if fault is not None:
                await problem.refuse(scope, receive, send, [fault])
                return
        await self._app(scope, receive, send)

    def _host_fault(self, headers: Headers) -> Fault | None:
        hosts = headers.getlist("host")
        name = _hostname(hosts[0]) if len(hosts) == 1 else None
        if name is not None and (self._any or name in self._hosts or _is_address(name)):
            return None
        return HOST_UNKNOWN.fault(
            where="the header Host",
            saw="another name",
            allowed="the host of FIRSTCONTACT_URL",
            cure="set FIRSTCONTACT_URL to how browsers reach the service",
        )

    def _foreign(self, scope: Scope, headers: Headers) -> Fault | None:
        if scope["method"] in SAFE:
            return None
        state = scope.get("state", {})
        principal, cookie = state.get("principal"), state.get("cookie")
        if principal is not None and principal.session is None:
            return None  # a token is sent on purpose, never by a browser of its own accord
        saw: Sentence | None = None
        if not self._same_site(headers):
            saw = clause("another site's page")
        elif (scope["method"], scope["path"]) in BEFORE_LOG_IN:
            return None  # whoever is logged in already is replaced
        elif (scope["method"], scope["path"]) in READS_ITSELF:
            return None
        elif principal is not None and not (cookie and csrf_right(cookie, _given(headers, state.get("body", b"")))):
            saw = clause("no token, or another session's")
        return foreign(saw) if saw is not None else None

    def _same_site(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is not None:
            return self._is_own(origin, headers)
        return headers.get("sec-fetch-site", "none") in {"same-origin", "none"}

    def _is_own(self, origin: str, headers: Headers) -> bool:
        try:
            given = urlsplit(origin)
        except ValueError:
            return False
        if (given.scheme, given.netloc) == (self._own.scheme, self._own.netloc):
            return True
        # Without a setting the service learns from the request by which of its own names it was called.
        return not self._named and given.netloc == headers.get("host") and given.scheme in {"http", "https"}


def foreign(saw: Sentence) -> Fault:
    """What is wrong with a change that does not come from a page of this session.

    Args:
        saw: What came instead.
    """
    return FOREIGN.fault(
        where="this change", saw=saw, allowed="the token of this session", cure="open the page anew, try again"
    )


def _hostname(host: str) -> str | None:
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    clean = parts.path == parts.query == parts.fragment == "" and "@" not in host
    return parts.hostname if clean else None


def _is_address(name: str) -> bool:
    # Nobody can make a browser call a foreign address by this one's number, so probes may use it.
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _given(headers: Headers, body: bytes) -> str:
    """The token of the header, or of a form."""
    header = headers.get("x-csrf-token")
    if header is not None:
        return header
    if not headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        return ""
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=1000)
    except ValueError:
        return ""
    values = fields.get("csrf", [])
    return values[0] if len(values) == 1 else ""
