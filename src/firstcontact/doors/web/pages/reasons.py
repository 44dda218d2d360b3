"""Reasons: which cost most, what moved the figure last, and how late customers come back for each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.report.figure import Figure
from firstcontact.doors.report.sections import cut, driver, returning
from firstcontact.doors.web.page import page
from firstcontact.doors.web.place import ANSWERS, N_, Place
from firstcontact.doors.web.reasons import ranked
from firstcontact.doors.web.sections import links, sections
from firstcontact.doors.web.snapshot import Snapshot, snapshot
from firstcontact.services.access import Permission, Principal, Scope

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/reasons", N_("Reasons"), ANSWERS, Permission.READ_FIGURES, of_all=True)

LISTED = 50
"""Reasons on one page of the table of all."""

Reader = Annotated[Principal, Depends(Permit(Permission.READ_FIGURES, of_all=True))]


@dataclass(frozen=True, slots=True)
class Listed:
    """One reason in the table of all.

    Attributes:
        name: Its path.
        href: Where its page is.
        figure: The headline for it.
        returns: How many came back; empty where nobody knows.
        back: Where those are listed; empty where they are not.
    """

    name: str
    href: str
    figure: Figure
    returns: str
    back: str


@dataclass(frozen=True, slots=True)
class Reasons:
    """What the page shows.

    Attributes:
        body: Parts of the report; empty where nothing was measured.
        measured: Whether anything was measured.
        asked: The text that the names of reasons must hold.
        found: The reasons on this page of the table.
        count: How many there are in all, written; empty where there are none.
        many: The same as a number.
        whole: Whether they are all on this page, and nothing was asked.
        first: The beginning of the table; empty where this is it.
        next: Its further rows; empty where there are none.
    """

    body: Markup
    measured: bool
    asked: str
    found: tuple[Listed, ...]
    count: str
    many: int
    whole: bool
    first: str
    next: str


@router.get(PLACE.path)
def reasons(
    request: Request,
    who: Reader,
    q: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> HTMLResponse:
    """The page."""
    shown = snapshot(request)
    if shown is None:
        return page(request, "reasons", place=PLACE, it=Reasons(Markup(""), False, "", (), "", 0, True, "", ""))
    linked = who.scope(Permission.READ_CONTACTS) is Scope.ALL
    # Who turns pages or searches wants the table, not the drawings above it.
    writes = () if q or after else (cut.reasons, driver.write, returning.brief)
    body = sections(shown, writes, linked=linked)
    rows = ranked(shown, q) if shown.run.names_reasons else []
    writer = replace(shown.writer, links=links(shown, linked=linked))
    found = tuple(
        Listed(
            writer.name(path),
            writer.links.reason(path),
            writer.shown(row),
            writer.notation.count(cut.cost(row.result)) if cut.cost(row.result) else "",
            cut.back(row, writer),
        )
        for path, row in rows[after : after + LISTED]
    )
    more = len(rows) > after + LISTED
    it = Reasons(
        body,
        True,
        q,
        found,
        writer.notation.count(len(rows)) if rows else "",
        len(rows),
        not q and not after and not more,
        _at(shown, q, 0) if after else "",
        _at(shown, q, after + LISTED) if more else "",
    )
    return page(request, "reasons", place=PLACE, stamp=shown.stamp, it=it)


def _at(shown: Snapshot, asked: str, after: int) -> str:
    """The address of a page of the table."""
    pairs = [("run", shown.kept.id), ("q", asked), ("after", str(after) if after else "")]
    return f"{PLACE.path}?{urlencode([pair for pair in pairs if pair[1]])}#all"
