"""One shape for everything that goes wrong (RFC 9457): the four clauses of each fault, and never a customer's value."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from firstcontact.doors.api.response_headers import ALWAYS
from firstcontact.kernel.errors import EXIT_INPUT, INTERNAL, ErrorKind, Fault, FirstcontactError
from firstcontact.kernel.sentence import clause
from firstcontact.services.access import NOT_ALLOWED, NOT_KNOWN

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

REQUEST_UNREADABLE = ErrorKind(
    "FC9301",
    "The request does not fit the interface",
    EXIT_INPUT,
    "A parameter or the body is missing, of the wrong type, or out of range. `/api/v1/openapi.json` describes every "
    "request.",
)
NOT_THERE = ErrorKind("FC9302", "There is nothing here", EXIT_INPUT, "No resource has this address or this id.")
CONFLICT = ErrorKind(
    "FC9303",
    "It has changed meanwhile",
    EXIT_INPUT,
    "Somebody else changed it since it was read, or it is in a state in which this cannot be done. Read it again.",
)
TOO_LARGE = ErrorKind("FC9304", "The request is too large", EXIT_INPUT, "Send it in parts, or as an import.")
TOO_MANY = ErrorKind(
    "FC9305",
    "Too many requests",
    EXIT_INPUT,
    "Wait as long as `Retry-After` says, then send it again; nothing is lost.",
)

STATUS: dict[str, int] = {
    NOT_ALLOWED.code: HTTPStatus.FORBIDDEN,
    NOT_KNOWN.code: HTTPStatus.UNAUTHORIZED,
    REQUEST_UNREADABLE.code: HTTPStatus.UNPROCESSABLE_ENTITY,
    NOT_THERE.code: HTTPStatus.NOT_FOUND,
    CONFLICT.code: HTTPStatus.CONFLICT,
    TOO_LARGE.code: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TOO_MANY.code: HTTPStatus.TOO_MANY_REQUESTS,
    "FC9442": HTTPStatus.CONFLICT,
    "FC9443": HTTPStatus.CONFLICT,
    "FC9711": HTTPStatus.FORBIDDEN,
    "FC9712": HTTPStatus.FORBIDDEN,
    "FC9713": HTTPStatus.CONFLICT,
    "FC9452": HTTPStatus.CONFLICT,
    "FC9454": HTTPStatus.CONFLICT,
    "FC9611": HTTPStatus.CONFLICT,
    "FC9702": HTTPStatus.CONFLICT,
    "FC9455": HTTPStatus.INSUFFICIENT_STORAGE,
    "FC9306": HTTPStatus.PRECONDITION_REQUIRED,
    "FC9307": HTTPStatus.PRECONDITION_FAILED,
    "FC9602": HTTPStatus.PRECONDITION_FAILED,
    "FC9203": HTTPStatus.UNAUTHORIZED,
    "FC9206": HTTPStatus.CONFLICT,
    "FC9207": HTTPStatus.FORBIDDEN,
    "FC9208": HTTPStatus.MISDIRECTED_REQUEST,
    "FC9209": HTTPStatus.UNAUTHORIZED,
    "FC9801": HTTPStatus.NOT_IMPLEMENTED,
    "FC9803": HTTPStatus.SERVICE_UNAVAILABLE,
    "FC9102": HTTPStatus.SERVICE_UNAVAILABLE,
    "FC9111": HTTPStatus.SERVICE_UNAVAILABLE,
    "FC9511": HTTPStatus.NOT_FOUND,
    "FC9512": HTTPStatus.PRECONDITION_FAILED,
    INTERNAL.code: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""HTTP status by error code; any other fault is the caller's (422). A code that means another status is added here."""

MEDIA_TYPE = "application/problem+json"

_log = logging.getLogger("firstcontact.api")


class Problem(BaseModel):
    """What went wrong: RFC 9457, with every fault found."""

    type: str = Field(description="Identifies the kind of problem: `urn:firstcontact:error:FC9301`.")
    title: str
    status: int
    detail: str
    code: str = Field(description="Permanent code of the first fault.")
    faults: list[dict[str, str]] = Field(description="Everything that is wrong, all at once.")


class ProblemError(FirstcontactError):
    """A fault with the headers its answer needs.

    Args:
        faults: What is wrong.
        headers: For example `Retry-After`.
    """

    def __init__(self, faults: Sequence[Fault], headers: dict[str, str] | None = None) -> None:
        super().__init__(faults)
        self.headers = headers or {}


def not_there(what: str) -> ProblemError:
    """The error for a resource that does not exist, or that the caller may not know of."""
    return ProblemError([NOT_THERE.fault(where=what, saw="no such id", allowed="an existing one", cure="list them")])


def answer(faults: Sequence[Fault], headers: dict[str, str] | None = None) -> JSONResponse:
    """The response that says what is wrong."""
    first = faults[0]
    status = STATUS.get(first.kind.code, HTTPStatus.UNPROCESSABLE_ENTITY)
    body = Problem(
        type=f"urn:firstcontact:error:{first.kind.code}",
        title=first.kind.title,
        status=status,
        detail=str(first),
        code=first.kind.code,
        faults=[fault.as_dict() for fault in faults],
    )
    extra = dict(headers or {})
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        extra.setdefault("Retry-After", "5")
    if status == HTTPStatus.UNAUTHORIZED:
        extra.setdefault("WWW-Authenticate", "Bearer")
    return JSONResponse(body.model_dump(), status_code=status, media_type=MEDIA_TYPE, headers=extra)


def install(app: FastAPI, in_words: Callable[[Request, int, str, Sequence[Fault]], Response]) -> None:
    """Give an application this shape for every error.

    Args:
        app: The application.
        in_words: Makes a page of it, from its status, its code and what is wrong, where a browser asked for one.
    """
    app.state.in_words = in_words
    app.add_exception_handler(FirstcontactError, _ours)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(ValidationError, _unfit)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


async def refuse(
    scope: Scope, receive: Receive, send: Send, faults: Sequence[Fault], headers: dict[str, str] | None = None
) -> None:
    """Answer, in the place of what would come next, that a request is not taken.

    Nobody is asked who it is: the page has no menu, and costs no question to the store.

    Args:
        scope: The request.
        receive: Brings its body.
        send: Takes the answer.
        faults: What is wrong.
        headers: For example `Retry-After`.
    """
    found = answer(faults, headers)
    response = await _said(Request({**scope, "state": {}}), found, faults)
    await response(scope, receive, send)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, FirstcontactError)  # noqa: S101 - what the handler is registered for
    return await _said(request, answer(error.faults, getattr(error, "headers", None)), error.faults)


async def _said(request: Request, found: JSONResponse, faults: Sequence[Fault], code: str = "") -> Response:
    """The answer as it is, or as a page where a browser asked for one; its headers stay."""
    if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        return found
    # A page asks the store how its reader wants it, and drawing takes time: not in the loop that serves everybody.
    code = code or faults[0].kind.code
    page: Response = await run_in_threadpool(request.app.state.in_words, request, found.status_code, code, faults)
    for name, value in found.headers.items():
        if name not in {"content-type", "content-length"}:
            page.headers.setdefault(name, value)
    return page


async def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    faults = [_fault_of(one) for one in error.errors()]
    return await _said(request, answer(faults), faults)


async def _unfit(request: Request, error: Exception) -> Response:
    # A net: a page that fills in what the interface takes, from a form, catches this itself (`web.form.asked`).
    assert isinstance(error, ValidationError)  # noqa: S101 - as above
    faults = unfit(error).faults
    return await _said(request, answer(faults), faults)


def unfit(error: ValidationError) -> ProblemError:
    """What does not fit a model of the interface, without what was sent.

    Args:
        error: What the model raised.
    """
    found = error.errors(include_input=False, include_url=False)
    return ProblemError([_fault_of(one) for one in found])


def _fault_of(found: Mapping[str, Any]) -> Fault:
    # Pydantic's own message may quote what was sent, so only its kind is passed on, and the longest that may be.
    place = " > ".join(str(part) for part in found.get("loc", ()))
    most = (found.get("ctx") or {}).get("max_length")
    return REQUEST_UNREADABLE.fault(
        where=place[:200] or clause("the request"),
        saw=str(found.get("type", "something else")),
        allowed="what the interface's description says" if most is None else clause("at most {most}", most=most),
        cure="see /api/v1/openapi.json",
    )


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    kind = NOT_THERE if error.status_code == HTTPStatus.NOT_FOUND else REQUEST_UNREADABLE
    fault = kind.fault(
        where="the address",
        saw=HTTPStatus(error.status_code).phrase,
        allowed="see /api/v1/openapi.json",
        cure="correct it",
    )
    response = answer([fault], dict(error.headers or {}))
    response.status_code = error.status_code
    return await _said(request, response, (), kind.code)


async def _unforeseen(request: Request, error: Exception) -> Response:
    # The kind of error and where it arose; its text may hold a value.
    route = request.scope.get("route")
    _log.error("unforeseen error", extra={"error": type(error).__name__, "route": getattr(route, "path", "?")})
    fault = INTERNAL.fault(
        where="this request", saw=type(error).__name__, allowed="no defect", cure="report it with the time it happened"
    )
    # This answer leaves from outside of what adds them to every other.
    found = answer([fault], dict(ALWAYS))
    try:
        return await _said(request, found, [fault])
    except Exception as second:
        _log.error("no page for an error", extra={"error": type(second).__name__})
        return found
