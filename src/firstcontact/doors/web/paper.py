"""A page as PDF: what its visitor sees there at this moment, by the page's own rules, set on sheets."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders

from firstcontact.doors.font import STACKS
from firstcontact.doors.pdf import paper, pdf
from firstcontact.doors.web.page import static
from firstcontact.doors.web.translation import locale
from firstcontact.doors.web.viewer import viewer
from firstcontact.services.service import Service

if TYPE_CHECKING:
    from starlette.types import Message

KIND = "application/pdf"
_LETTERS = 'system-ui,"Noto Sans","Liberation Sans",sans-serif'


async def page_pdf(request: Request, path: str, asked: list[tuple[str, str]], file: str) -> Response:
    """A page as PDF. Where the page answers otherwise, with a refusal or the way to another page, so does this.

    Args:
        request: Who asks, and in which language.
        path: The page's address.
        asked: The questions that stand behind it in the address.
        file: What the file is called, of plain letters.

    Raises:
        FirstcontactError: As `doors.pdf.pdf`.
    """
    status, headers, body = await page_itself(request, path, asked)
    if status != 200 or not headers.get("content-type", "").startswith("text/html"):
        return Response(body, status_code=status, headers=dict(headers.items()))
    service: Service = request.app.state.service
    language = viewer(request).language
    made = await run_in_threadpool(
        pdf,
        body.decode(),
        static("style.css").decode() + paper(locale(language).text_direction),
        base=f"{service.settings.url}{path}",
        letters=STACKS.get(language, (_LETTERS,))[0],
    )
    said = {"Content-Disposition": f'attachment; filename="{file}"', "Content-Language": language}
    return Response(made, media_type=KIND, headers=said | {"Vary": "Accept-Language, Cookie"})


async def page_itself(request: Request, path: str, asked: list[tuple[str, str]]) -> tuple[int, MutableHeaders, bytes]:
    """Asks the page, as whoever asks for the file: what it asks of its visitors it asks of them.

    Returns:
        Its status, headers and body.
    """
    query = urlencode(asked, errors="replace").encode()
    scope = {**request.scope, "path": path, "raw_path": path.encode(), "query_string": query}
    scope["state"] = dict(request.scope.get("state", {}))
    for name in ("endpoint", "route", "path_params"):
        scope.pop(name, None)
    said: list[Message] = []

    async def take(message: Message) -> None:
        said.append(message)

    await request.app.router(scope, request.receive, take)
    first, *parts = said
    headers = MutableHeaders(raw=list(first["headers"]))
    return first["status"], headers, b"".join(part.get("body", b"") for part in parts)
