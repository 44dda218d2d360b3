"""How big and how deep a request may be, before anything reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers

from firstcontact.doors.api import problem
from firstcontact.doors.api.permit import routes
from firstcontact.kernel.errors import Fault

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 16 * 2**20
MOST_UNKNOWN_BYTES = 2**20
"""From whom nobody knows: what a webhook sends, and more than any log-in."""

MOST_FORM_BYTES = 64 * 2**10
"""Of a form from whom nobody knows."""

MOST_OWN_FORM_BYTES = 5 * 2**18
"""Of a form from whoever is logged in: the longest policy, of letters that take twelve bytes each in a form."""

_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})

DEEPEST = 32
_SMALL = 64 * 2**10
STREAMS = "streams"


def streams(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a route's function as one that reads its body piece by piece, and itself sees to how long it is."""
    endpoint.__dict__[STREAMS] = True
    return endpoint


class Body:
    """Reads a body up to what is allowed, refuses what no honest program sends, and hands it on as it came.

    JSON is refused where a name stands twice in an object, since two readers may then see two things.

    Args:
        app: What comes next.
        api: The application, whose routes may be marked as streaming.
    """

    def __init__(self, app: ASGIApp, api: FastAPI) -> None:
        self._app = app
        self._api = api
        self._streaming: list[tuple[str, re.Pattern[str]]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            await problem.refuse(scope, receive, send, [_unreadable("the address", "a NUL character")])
            return
        if self._streams(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        known = bool(scope.get("state", {}).get("principal"))
        most = MOST_BYTES if known else MOST_UNKNOWN_BYTES
        if kind == "application/x-www-form-urlencoded":
            most = MOST_OWN_FORM_BYTES if known else MOST_FORM_BYTES
        body = await _read(receive, headers, most)
        if body is None:
            await problem.refuse(scope, receive, send, [_too_large(most)], {"Connection": "close"})
            return
        fault = None
        if body and (kind == "application/json" or kind.endswith("+json")):
            fault = _judge(body) if len(body) <= _SMALL else await run_in_threadpool(_judge, body)
        elif kind in _FORMS and (b"\x00" in body or b"%00" in body):
            fault = _unreadable("body", "a NUL character", "a form without it")  # not every database keeps it
        if fault is not None:
            await problem.refuse(scope, receive, send, [fault])
            return
        scope.setdefault("state", {})["body"] = body
        await self._app(scope, _again(body, receive), send)

    def _streams(self, method: str, path: str) -> bool:
        if self._streaming is None:
            self._streaming = [
                (rule.method, _pattern(rule.path))
                for rule in routes(self._api)
                if rule.endpoint is not None and rule.endpoint.__dict__.get(STREAMS)
            ]
        return any(method == one and pattern.fullmatch(path) for one, pattern in self._streaming)


def _pattern(path: str) -> re.Pattern[str]:
    from starlette.routing import compile_path

    return compile_path(path)[0]


async def _read(receive: Receive, headers: Headers, most: int) -> bytes | None:
    """The body; None where it is longer than allowed, without reading on."""
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        return None
    parts: list[bytes] = []
    length = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""  # the caller went away
        part = message.get("body", b"")
        length += len(part)
        if length > most:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """What was read, once more; afterwards whatever comes."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


class _TwiceError(ValueError):
    """A name stands twice in an object."""


def _judge(body: bytes) -> Fault | None:
    """What is wrong with a body that says it is JSON."""
    try:
        found = json.loads(body, object_pairs_hook=_once, parse_constant=_constant)
    except _TwiceError:
        return _unreadable("body", "a name that stands twice in one object")
    except (ValueError, RecursionError):  # the latter where it is nested without end
        return _unreadable("body", "no JSON, or nested without end")
    if _too_deep(found):
        return _unreadable("body", f"values nested more than {DEEPEST} deep")
    return None


def _too_deep(value: Any) -> bool:
    """Whether lists and objects are nested deeper than allowed, looked at level by level."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(DEEPEST):
        parts = (part for one in level for part in (one.values() if isinstance(one, dict) else one))
        level = [part for part in parts if isinstance(part, (dict, list))]
    return bool(level)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError
    return found


def _constant(_name: str) -> Any:
    raise ValueError  # NaN and Infinity are no JSON


def _unreadable(where: str, saw: str, allowed: str = "") -> Fault:
    return problem.REQUEST_UNREADABLE.fault(
        where=where,
        saw=saw,
        allowed=allowed or f"JSON, each name once in an object, at most {DEEPEST} deep",
        cure="see /api/v1/openapi.json",
    )


def _too_large(most: int) -> Fault:
    return problem.TOO_LARGE.fault(
        where="body", saw="more", allowed=f"at most {most:,} bytes", cure="send it in parts, or as an import"
    )
