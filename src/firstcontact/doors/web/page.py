"""Make a page: a template, in the reader's language, with every value escaped, inside the frame of all pages."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from firstcontact.doors.font import fonts
from firstcontact.doors.pdf import pdf_made
from firstcontact.doors.report.theme import themes
from firstcontact.doors.report.translation import translations as report_translations
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.place import GROUPS, Place
from firstcontact.doors.web.tour import stop
from firstcontact.doors.web.translation import languages, locale, translations
from firstcontact.doors.web.viewer import THEMES, Viewer, viewer
from firstcontact.services.access import Principal
from firstcontact.services.sent_form import form_key
from firstcontact.services.session import csrf_of

HERE = Path(__file__).parent
STATIC = HERE / "static"
PLACES: list[Place] = []
"""The menu; `catalog` fills it, so that pages may import this file."""
TAKEN: set[str] = set()
"""Addresses of pages whose figures can be taken along; `pages.take` fills it."""

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Pages may run this service's own script files and nothing that stands in the page itself."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every figure of a page rests on, said once at its foot.

    Attributes:
        run: The run's id.
        state: `current`: it is the one in force; `earlier`; `trial`: what a policy would have measured.
        rows_kept: Whether its contacts are kept, so that its counts lead to them.
        cutoff: End of the data.
        policy: The policy's name and version.
        made: When it was measured.
        week_start: The day on which its weeks begin, 0 for Monday.
        zone: The business's, in which its days are and both moments here are written.
    """

    run: str
    state: str
    rows_kept: bool
    cutoff: str
    policy: str
    made: str
    week_start: int
    zone: str


def page(
    request: Request,
    template: str,
    *,
    place: Place | None = None,
    stamp: Stamp | None = None,
    status: int = 200,
    **values: Any,
) -> HTMLResponse:
    """A page as an answer.

    Args:
        request: Whose answer it is.
        template: Its template's name, without ending.
        place: Where in the menu it stands; None for pages outside.
        stamp: What its figures rest on; None where it shows none.
        status: Of HTTP.
        values: What the template shows.
    """
    seen = viewer(request)
    text = (
        environment(seen.language)
        .get_template(f"{template}.html.j2")
        .render(
            language=seen.language,
            direction=locale(seen.language).text_direction,
            viewer=seen,
            who=seen.who,
            csrf_token=token(request),
            form_key=form_key(),
            menu=menu(seen),
            here=place,
            path=request.url.path,
            address=partial(address, request, place),
            answers=request.method not in {"GET", "HEAD"},
            stamp=stamp,
            taken=taken(request, stamp),
            on_paper=on_paper(request, stamp),
            tour=stop(request, seen.who),
            number=seen.notation,
            asset=asset,
            languages=[(tag, locale(tag).get_display_name()) for tag in languages()],
            themes=THEMES,
            wrong_at=_wrong_at(values),
            **values,
        )
    )
    return HTMLResponse(
        text.encode(errors="replace"),  # a name may hold half a character, which no page can
        status_code=status,
        headers={
            "Content-Language": seen.language,
            "Content-Security-Policy": PAGE_POLICY,
            "Vary": "Accept-Language, Cookie",
        },
    )


def _wrong_at(values: dict[str, Any]) -> dict[str, Any]:
    """What is wrong with a form, by the field that it stands beside."""
    found = [one for shown in values.values() for one in getattr(shown, "wrong", None) or ()]
    return {one.where.rpartition(".")[2]: one for one in reversed(found) if hasattr(one, "where")}


def address(request: Request, place: Place | None, run: str = "") -> str:
    """The address of a page as it is shown, of a run; of the one in force where none is named.

    Args:
        request: Whose answer the page is.
        place: The page in the menu that it belongs to: what answers a form has no address of its own.
        run: The run's id.
    """
    if request.method not in {"GET", "HEAD"}:
        here = "/" if place is None else place.path
        return here + (f"?{urlencode({'run': run})}" if run else "")
    asked = [(name, value) for name, value in request.query_params.multi_items() if name not in ("run", "said")]
    asked += [("run", run)] if run else []
    return request.url.path + (f"?{urlencode(asked)}" if asked else "")


def taken(request: Request, stamp: Stamp | None) -> str:
    """Where the figures of a page are to be had as a workbook; empty where there are none to take along."""
    if stamp is None or request.url.path not in TAKEN:
        return ""
    name = request.query_params.get("name", "")
    asked = [("of", request.url.path), ("run", stamp.run), *([("name", name)] if name else [])]
    return f"/take.xlsx?{urlencode(asked)}"


def on_paper(request: Request, stamp: Stamp | None) -> str:
    """Where the page is to be had as PDF; empty where there is nothing to take along, or nothing that makes one."""
    if stamp is None or request.url.path not in TAKEN or not pdf_made():
        return ""
    asked = [one for one in request.query_params.multi_items() if one[0] not in ("run", "said", "of")]
    return f"/take.pdf?{urlencode([('of', request.url.path), ('run', stamp.run), *asked], errors='replace')}"


def token(request: Request) -> str:
    """What every form of a page carries in its field `csrf`; empty before log-in."""
    cookie = getattr(request.state, "cookie", None)
    who: Principal | None = getattr(request.state, "principal", None)
    return csrf_of(cookie) if cookie and who is not None and who.session is not None else ""


def menu(seen: Viewer) -> list[tuple[str, list[Place]]]:
    """The places that somebody may go to, under their headings."""
    if seen.who is None:
        return []
    who = seen.who
    grouped = [(group, [one for one in PLACES if one.group == group and one.open_to(who)]) for group in GROUPS]
    return [(group, places) for group, places in grouped if places]


@lru_cache
def sentences(language: str) -> Any:
    """The sentences of the pages, and those of the report for what the pages take from it."""
    made = copy(translations(language))
    made.add_fallback(report_translations(language))
    return made


def writer_of(request: Request) -> Writer:
    """What puts things into the visitor's words: the sentences of the pages and the report's, in the visitor's zone.

    Args:
        request: Theirs.
    """
    seen = viewer(request)
    return Writer(seen.notation, sentences(seen.language))


@lru_cache
def environment(language: str) -> Environment:
    """What fills templates in a language: those of the pages, and the report's pieces."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader("firstcontact.doors.web"), PackageLoader("firstcontact.doors.report")]),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(sentences(language), newstyle=True)  # type: ignore[attr-defined]
    return made


@lru_cache
def static(name: str) -> bytes:
    """A file that pages ask for: the style sheet with its colours, or a script.

    Raises:
        OSError: There is no such file.
    """
    if name == "style.css":
        pieces = (HERE.parent / "report" / "style.css").read_text(encoding="utf-8")
        return (themes() + fonts() + pieces + (STATIC / name).read_text(encoding="utf-8")).encode()
    return (STATIC / name).read_bytes()


@lru_cache
def asset(name: str) -> str:
    """The address of such a file, which changes whenever its text does."""
    return f"/static/{name}?v={edition(name)}"


@lru_cache
def edition(name: str) -> str:
    """A hash of such a file's text."""
    return sha256(static(name)).hexdigest()[:12]
