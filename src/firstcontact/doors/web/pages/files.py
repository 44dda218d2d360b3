"""The files that pages ask for: the style sheet, the script, the mark. They hold nothing that is anybody's."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import Response

from firstcontact.doors.api.permit import is_open
from firstcontact.doors.web.page import static

router = APIRouter(include_in_schema=False, tags=["pages"])

KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


@router.get("/static/{name}")
@is_open
def file(name: Literal["style.css", "app.js", "mark.svg"]) -> Response:
    """One of them. Its address holds a hash of its text, so that a browser may keep it for good."""
    return Response(
        static(name),
        media_type=KINDS[name.rpartition(".")[2]],
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )
