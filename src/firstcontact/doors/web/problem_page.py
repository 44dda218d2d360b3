"""What a browser is shown where something went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import quote, urlencode, urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from firstcontact.doors.web.form import in_words
from firstcontact.doors.web.page import page, writer_of
from firstcontact.kernel.errors import Fault
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
        back = f"/login?{urlencode({'next': safe_path(_local(asked))}, quote_via=quote)}"
        return RedirectResponse(back, status_code=HTTPStatus.SEE_OTHER)
    told = () if status == HTTPStatus.NOT_FOUND else faults
    wrong = in_words((one.as_dict() for one in told), writer_of(request))
    return page(request, "problem", status=status, problem=status, code=code, wrong=wrong)


def _local(address: str) -> str:
    """An address without its host; what is none leads to the start."""
    try:
        place = urlsplit(address)
    except ValueError:
        return "/"
    return place.path + (f"?{place.query}" if place.query else "")
