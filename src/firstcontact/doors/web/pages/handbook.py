"""Help: what each figure is, the words, and the handbook of this version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.doors.web.about import LIES
from firstcontact.doors.web.handbook import Chapter, chapter, chapters
from firstcontact.doors.web.page import page, sentences
from firstcontact.doors.web.place import CLOSER, N_, Place
from firstcontact.doors.web.viewer import viewer
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.services.access import Permission

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/help", N_("Help"), CLOSER, Permission.READ_SELF)

READING = [Depends(Permit(Permission.READ_SELF))]


@dataclass(frozen=True, slots=True)
class Told:
    """A measure, explained.

    Attributes:
        id: As results name it, and what a link to it ends with.
        title: What it is called.
        estimand: What is counted, of what.
        needs: What the data must hold.
        lies: How it would mislead.
    """

    id: str
    title: str
    estimand: str
    needs: str
    lies: str


@dataclass(frozen=True, slots=True)
class Help:
    """What the first page shows.

    Attributes:
        measures: Every measure.
        contents: Headings and pages of the handbook.
    """

    measures: tuple[Told, ...]
    contents: tuple[tuple[str, tuple[Chapter, ...]], ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """A page of the handbook.

    Attributes:
        title: Its heading.
        body: What stands below it.
    """

    title: str
    body: Markup


@router.get(PLACE.path, dependencies=READING)
def contents(request: Request) -> HTMLResponse:
    """What there is."""
    return page(request, "help", place=PLACE, it=Help(_measures(request), chapters()))


@router.get("/help/measures", dependencies=READING)
def measures(request: Request) -> HTMLResponse:
    """What each figure is, and how it would mislead."""
    return page(request, "help_measures", place=PLACE, it=_measures(request))


def _measures(request: Request) -> tuple[Told, ...]:
    words = sentences(viewer(request).language)
    return tuple(
        Told(
            one.id,
            words.gettext(one.title),
            words.gettext(one.estimand),
            words.gettext(one.needs) if one.needs else "",
            words.gettext(LIES[one.id]) if one.id in LIES else "",
        )
        for one in MEASURES.values()
    )


@router.get("/help/{name:path}", dependencies=READING)
def opened(request: Request, name: Annotated[str, Path(max_length=100)]) -> HTMLResponse:
    """A page of the handbook."""
    found = chapter(name)
    if found is None:
        raise not_there("this page of the handbook")
    return page(request, "handbook", place=PLACE, it=Opened(*found))
