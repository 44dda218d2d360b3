"""One reason: every figure of it, its weeks, when its customers come back, what fails in it, what it brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from markupsafe import Markup

from firstcontact.contacts.table import REASON_SEPARATOR
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.doors.report.section import Section
from firstcontact.doors.report.sections import cut, downstream, driver, opportunity, returning, root_cause, young
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.page import page
from firstcontact.doors.web.pages.reasons import PLACE
from firstcontact.doors.web.sections import links, sections
from firstcontact.doors.web.snapshot import snapshot
from firstcontact.doors.web.tiles import Tiles, tiles
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.access import Permission, Principal, Scope
from firstcontact.services.run import Run

router = APIRouter(include_in_schema=False, tags=["pages"])

Reader = Annotated[Principal, Depends(Permit(Permission.READ_FIGURES, of_all=True))]

PARTS: tuple[Callable[[Run, Writer, str], list[Section]], ...] = (
    opportunity.of_reason,
    young.of_reason,
    returning.of_reason,
    root_cause.of_reason,
    downstream.of_reason,
    driver.of_reason,
)


@dataclass(frozen=True, slots=True)
class OneReason:
    """What the page shows.

    Attributes:
        name: The reason's own name.
        above: (name, address) of the reasons that it is a part of, the widest first.
        tiles: Every measure of it.
        body: What is known of its course, returns, causes, and of what it brings.
        lacking: Whether nothing but its measures is known.
        contacts: Where all its contacts are listed; empty where they may not be seen.
    """

    name: str
    above: tuple[tuple[str, str], ...]
    tiles: Tiles
    body: Markup
    lacking: bool
    contacts: str


@dataclass(frozen=True, slots=True)
class OfReason:
    """All parts of the page that are made of blocks. As a key it stands for its reason.

    Attributes:
        reason: The reason's path.
    """

    reason: str

    def __call__(self, run: Run, writer: Writer) -> list[Section]:
        """The sections, those first that say what to do."""
        found = [section for write in PARTS for section in write(run, writer, self.reason)]
        return found + _below(run, writer, self.reason)


@router.get("/reason")
def reason(request: Request, who: Reader, name: Annotated[str, Query(min_length=1, max_length=20_000)]) -> Response:
    """The page."""
    shown = snapshot(request)
    rows = [row for row in shown.run.about("reason", name) if _whole(row)] if shown is not None else []
    if shown is None or not rows:
        raise not_there("the reason in this run")
    linked = who.scope(Permission.READ_CONTACTS) is Scope.ALL
    body = sections(shown, (OfReason(name),), linked=linked)
    lead = links(shown, linked=linked)
    level = max((int(key.removeprefix("reason_")) for row in rows for key in row.cell if key != "reason"), default=0)
    path = name.split(REASON_SEPARATOR)
    above = tuple(
        (shown.writer.name(path[depth - 1]), lead.reason(REASON_SEPARATOR.join(path[:depth])))
        for depth in range(1, len(path))
    )
    measures = [row for row in rows if f"reason_{level}" in row.cell]
    it = OneReason(
        shown.writer.name(path[-1]),
        above,
        tiles(shown, measures, linked=linked),
        body,
        not body,
        lead.contacts_of(name),
    )
    return page(request, "reason", place=PLACE, stamp=shown.stamp, it=it)


def _whole(row: ResultRow) -> bool:
    return len(row.cell) == 1 and row.period_start is None


def _below(run: Run, writer: Writer, name: str) -> list[Section]:
    """The reasons one level below."""
    level = name.count(REASON_SEPARATOR) + 2
    rows = [
        row
        for row in run.slices(run.headline_measure, f"reason_{level}")
        if row.cell.get(f"reason_{level}", "").startswith(name + REASON_SEPARATOR)
    ]
    if not rows:
        return []
    title = writer.say("The reasons in it")
    told = cut.listed(rows, writer, run.headline, title, writer.say("Reason"), f"reason_{level}")
    return [Section("below", title, part="cut", data=told)]
