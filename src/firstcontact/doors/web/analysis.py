"""A page that shows parts of the report of one run: most pages of the analysis are one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from firstcontact.doors.web.page import page
from firstcontact.doors.web.place import Place
from firstcontact.doors.web.sections import Write, sections
from firstcontact.doors.web.snapshot import snapshot
from firstcontact.services.access import Permission, Principal, Scope


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the page shows.

    Attributes:
        title: Its heading, in English; it is translated where it is shown.
        lead: What one finds here, in a sentence, likewise.
        body: Parts of the report; empty where the run has none of them.
        lacking: What the data must hold so that there is something, likewise.
        measured: Whether anything was measured at all.
    """

    title: str
    lead: str
    body: Markup
    lacking: str
    measured: bool


def analysis(
    request: Request, who: Principal, place: Place, writes: Sequence[Write], *, lead: str, lacking: str
) -> HTMLResponse:
    """The page.

    Args:
        request: Whose answer it is.
        who: Its visitor.
        place: Which page.
        writes: What makes its parts; functions of modules, by which what they make is remembered.
        lead: What one finds there, marked for translation.
        lacking: What the data must hold, likewise.
    """
    shown = snapshot(request)
    linked = who.scope(Permission.READ_CONTACTS) is Scope.ALL
    body = sections(shown, writes, linked=linked) if shown is not None else Markup("")
    it = Analysis(place.title, lead, body, lacking, shown is not None)
    return page(request, "analysis", place=place, stamp=shown.stamp if shown else None, it=it)
