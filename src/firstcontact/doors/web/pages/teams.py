"""Teams: on their own mix of work, what is the system's doing, and whether anybody may be compared at all.

Who sees only some teams sees those, each against itself and no other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.report.section import Section
from firstcontact.doors.report.sections import course, cut, satisfaction, team
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.analysis import analysis
from firstcontact.doors.web.page import page
from firstcontact.doors.web.place import ANSWERS, N_, Place
from firstcontact.doors.web.sections import sections
from firstcontact.doors.web.snapshot import Snapshot, snapshot
from firstcontact.doors.web.tiles import Tiles, tiles
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.access import Permission, Principal, Scope
from firstcontact.services.run import Run

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/teams", N_("Teams"), ANSWERS, Permission.READ_FIGURES)

LEAD = N_(
    "Most of what differs between teams is what they are asked. This is no league table, and it never becomes one."
)
LACKING = N_("The data name no teams.")

Reader = Annotated[Principal, Depends(Permit(Permission.READ_FIGURES))]


@dataclass(frozen=True, slots=True)
class OwnTeam:
    """One of the visitor's own teams.

    Attributes:
        name: What it is called.
        tiles: Every measure of it.
        body: Its weeks, and what can be said of it beside others.
    """

    name: str
    tiles: Tiles
    body: Markup


@dataclass(frozen=True, slots=True)
class OwnTeams:
    """What the page shows who sees only some teams.

    Attributes:
        measured: Whether anything was measured.
        teams: Their teams that the data name.
        unknown: Names of their teams that the data do not hold.
    """

    measured: bool
    teams: tuple[OwnTeam, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfTeam:
    """What is shown of one team. As a key it stands for its team.

    Attributes:
        team: Its name in the data.
    """

    team: str

    def __call__(self, run: Run, writer: Writer) -> list[Section]:
        """The sections, under names that no other team's bear."""
        own = sha256(self.team.encode()).hexdigest()[:8]
        found = course.of_team(run, writer, self.team) + team.of_team(run, writer, self.team)
        return [replace(section, id=f"{section.id}-{own}") for section in found]


@router.get(PLACE.path)
def teams(request: Request, who: Reader) -> HTMLResponse:
    """The page, of all teams or of one's own."""
    if who.scope(Permission.READ_FIGURES) is Scope.ALL:
        writes = (team.write, _teams, satisfaction.write)
        return analysis(request, who, PLACE, writes, lead=LEAD, lacking=LACKING)
    shown = snapshot(request)
    if shown is None:
        return page(request, "teams", place=PLACE, it=OwnTeams(False, (), ()))
    own = sorted(who.visible_teams(Permission.READ_FIGURES) or ())
    linked = who.may(Permission.READ_CONTACTS)
    found = [(name, _own(shown, name, linked=linked)) for name in own]
    it = OwnTeams(
        True,
        tuple(one for _, one in found if one is not None),
        tuple(shown.writer.name(name) for name, one in found if one is None),
    )
    return page(request, "teams", place=PLACE, stamp=shown.stamp, it=it)


def _own(shown: Snapshot, name: str, *, linked: bool) -> OwnTeam | None:
    rows = shown.piece(partial(_rows, name=name), ("rows of a team", name))
    if not rows:
        return None
    return OwnTeam(
        shown.writer.name(name), tiles(shown, rows, linked=linked), sections(shown, (OfTeam(name),), linked=linked)
    )


def _rows(run: Run, _writer: Writer, *, name: str) -> list[ResultRow]:
    return [row for row in run.about("team", name) if set(row.cell) == {"team"} and row.period_start is None]


def _teams(run: Run, writer: Writer) -> list[Section]:
    return cut.cuts(run, writer, only=frozenset({"team"}))
