"""What a browser is shown where something went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, urlencode, urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.access_words import ROLES, holders, permission
from firstcontact.doors.web.form import in_words
from firstcontact.doors.web.page import page, writer_of
from firstcontact.kernel.errors import Fault
from firstcontact.kernel.sentence import Sentence
from firstcontact.services.access import NOT_ALLOWED, Permission, Principal
from firstcontact.services.sign_on import safe_path


def problem_page(request: Request, status: int, code: str, faults: Sequence[Fault] = ()) -> Response:
    """The page of an error; who is not known is asked to log in.

    Args:
        request: What went wrong.
        status: Of HTTP.
        code: Of the error.
        faults: What is wrong; none where the address says it all.
    """
    if status == HTTPStatus.UNAUTHORIZED:
        # What a form would have done is not done after all; whoever logs in again comes to the page that it stands on.
        asked = str(request.url) if request.method == "GET" else request.headers.get("referer", "/")
        # A cookie that nobody is known by any more: a session was there, and has ended.
        ended = {"said": "ended"} if getattr(request.state, "cookie", None) else {}
        back = f"/login?{urlencode({'next': safe_path(_local(asked)), **ended}, quote_via=quote)}"
        return RedirectResponse(back, status_code=HTTPStatus.SEE_OTHER)
    told = () if status == HTTPStatus.NOT_FOUND else faults
    writer = writer_of(request)
    needed = next((name for one in told if one.kind is NOT_ALLOWED for name in _permission(one)), "")
    wrong = in_words((one.as_dict() for one in told if not needed), writer)
    asks = _asks(needed, getattr(request.state, "principal", None), writer) if needed else None
    return page(request, "problem", status=status, problem=status, code=code, wrong=wrong, asks=asks)


@dataclass(frozen=True, slots=True)
class Asks:
    """What a page asks of its visitors, for one whom it turned away.

    Attributes:
        permission: What it takes, in words.
        code: The same as tokens and answers call it.
        all: Roles that may, for everybody's data.
        part: Roles that may for their own teams, or for themselves.
        role: The visitor's.
        gives: Whether the visitor gives roles.
    """

    permission: str
    code: str
    all: str
    part: str
    role: str
    gives: bool


def _permission(fault: Fault) -> list[str]:
    """The permission that somebody lacked."""
    parts = fault.allowed.parts if isinstance(fault.allowed, Sentence) else {}
    return [name for name in [str(parts.get("name", ""))] if name in frozenset(Permission)]


def _asks(needed: str, who: Principal | None, writer: Writer) -> Asks:
    everybody, part = holders(needed, writer)
    role = writer.say(ROLES[who.role]) if who else ""
    gives = who is not None and who.may(Permission.CHANGE_ACCOUNTS)
    return Asks(permission(needed, writer), needed, everybody, part, role, gives)


def _local(address: str) -> str:
    """An address without its host; what is none leads to the start."""
    try:
        place = urlsplit(address)
    except ValueError:
        return "/"
    return place.path + (f"?{place.query}" if place.query else "")
