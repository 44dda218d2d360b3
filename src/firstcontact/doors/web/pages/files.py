"""The files that pages ask for: the style sheet, the script, the mark. They hold nothing that is anybody's."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from firstcontact.doors.api.permit import is_open
from firstcontact.doors.web.page import edition, static

router = APIRouter(include_in_schema=False, tags=["pages"])

KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


@router.get("/static/{name}")
@is_open
def file(name: Literal["style.css", "app.js", "mark.svg"], v: Annotated[str, Query(max_length=40)] = "") -> Response:
    """One of them. Its address holds a hash of its text, so that a browser may keep it for good; not where it asks for
    another text, which another version of this service has, whose turn may come at any moment.
    """
    kept = "public, max-age=31536000, immutable" if v == edition(name) else "no-cache"
    return Response(
        static(name),
        media_type=KINDS[name.rpartition(".")[2]],
        headers={"Cache-Control": kept},
    )
