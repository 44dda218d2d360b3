"""What a browser is shown where something went wrong."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote, urlencode, urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from firstcontact.doors.web.page import page
from firstcontact.services.sign_on import safe_path


def problem_page(request: Request, status: int, code: str) -> Response:
    """The page of an error; who is not known is asked to log in.

    Args:
        request: What went wrong.
        status: Of HTTP.
        code: Of the error.
    """
    if status == HTTPStatus.UNAUTHORIZED:
        # What a form would have done is not done after all; whoever logs in again comes to the page that it stands on.
        asked = str(request.url) if request.method == "GET" else request.headers.get("referer", "/")
        place = urlsplit(asked)
        asked = place.path + (f"?{place.query}" if place.query else "")
        back = f"/login?{urlencode({'next': safe_path(asked)}, quote_via=quote)}"
        return RedirectResponse(back, status_code=HTTPStatus.SEE_OTHER)
    return page(request, "problem", status=status, problem=status, code=code)
