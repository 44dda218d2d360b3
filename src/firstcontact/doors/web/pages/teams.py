"""Teams: on their own mix of work, what is the system's doing, and whether anybody may be compared at all.

Who sees only some teams sees those, each against itself and no other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.report.alphabet import in_order
from firstcontact.doors.report.difference import points
from firstcontact.doors.report.figure import Figure
from firstcontact.doors.report.section import Section
from firstcontact.doors.report.sections import course, cut, satisfaction, team
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.page import page
from firstcontact.doors.web.place import ANSWERS, N_, Place
from firstcontact.doors.web.sections import links, sections
from firstcontact.doors.web.snapshot import Snapshot, snapshot
from firstcontact.doors.web.tiles import Tiles, tiles
from firstcontact.kernel.result import SUPPRESSED, Estimate, Refusal
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.access import Permission, Principal, Scope
from firstcontact.services.run import Run

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/teams", N_("Teams"), ANSWERS, Permission.READ_FIGURES)

LEAD = N_(
    "Most of what differs between teams is what they are asked. This is no league table, and it never becomes one."
)
LACKING = N_("The data name no teams.")

LISTED = 50
"""Teams on one page of the table of all."""

Known = dict[str, tuple[ResultRow | None, ResultRow | None]]
"""The headline of each team, and how it stands to the others."""

Reader = Annotated[Principal, Depends(Permit(Permission.READ_FIGURES))]


@dataclass(frozen=True, slots=True)
class Listed:
    """One team in the table of all.

    Attributes:
        name: What it is called.
        figure: The headline of it; None where the run has none.
        points: How far it stands from the others on its own mix of work; empty where that is not said.
        interval: The interval of that.
        flag: Whether it stands above or below them by more than chance; empty where it does not.
        why: Why it is not set beside them, in a few words; empty where it is.
    """

    name: str
    figure: Figure | None
    points: str
    interval: str
    flag: str
    why: str


@dataclass(frozen=True, slots=True)
class AllTeams:
    """What the page shows who sees all teams.

    Attributes:
        title: Its heading, in English; it is translated where it is shown.
        lead: What one finds here, likewise.
        body: Parts of the report; empty where the run has none of them, or only the table is asked for.
        lacking: What the data must hold so that there is something, likewise.
        measured: Whether anything was measured at all.
        whole: Whether the drawings are asked for, and not a search or a further page of the table.
        asked: The text that the names of teams must hold.
        found: The teams on this page of the table, in the order of the alphabet.
        count: How many there are in all, in words; empty where there are none.
        first: The beginning of the table; empty where this is it.
        next: Its further rows; empty where there are none.
    """

    title: str
    lead: str
    body: Markup
    lacking: str
    measured: bool
    whole: bool
    asked: str = ""
    found: tuple[Listed, ...] = ()
    count: str = ""
    first: str = ""
    next: str = ""


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
def teams(
    request: Request,
    who: Reader,
    q: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> HTMLResponse:
    """The page, of all teams or of one's own."""
    shown = snapshot(request)
    if who.scope(Permission.READ_FIGURES) is Scope.ALL:
        if shown is None:
            return page(request, "teams_all", place=PLACE, it=AllTeams(PLACE.title, LEAD, Markup(""), "", False, True))
        every = _all(shown, q.casefold().strip(), after, linked=who.scope(Permission.READ_CONTACTS) is Scope.ALL)
        return page(request, "teams_all", place=PLACE, stamp=shown.stamp, it=replace(every, asked=q))
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


def _all(shown: Snapshot, sought: str, after: int, *, linked: bool) -> AllTeams:
    # Who turns pages or searches wants the table, not the drawings above it.
    whole = not sought and not after
    writes = (team.write, _teams, satisfaction.write) if whole else ()
    every: Known = shown.piece(_known, "teams in their order")
    names = [name for name in every if sought in name.casefold()]
    writer = replace(shown.writer, links=links(shown, linked=linked))
    return AllTeams(
        PLACE.title,
        LEAD,
        sections(shown, writes, linked=linked),
        LACKING,
        True,
        whole,
        found=tuple(_listed(name, *every[name], writer) for name in names[after : after + LISTED]),
        count=writer.say_many("%(number)s team", "%(number)s teams", len(names)) if names else "",
        first=_at(shown, sought, 0) if after else "",
        next=_at(shown, sought, after + LISTED) if len(names) > after + LISTED else "",
    )


def _known(run: Run, _writer: Writer) -> Known:
    """Every team in the order of the alphabet; those too small to be shown are not named."""
    effects = {row.cell["team"]: row for row in run.select(team.EFFECT) if "team" in row.cell}
    heads = {row.cell["team"]: row for row in run.slices(run.headline_measure, "team")}
    found = {name: (heads.get(name), effects.get(name)) for name in sorted({*effects, *heads}, key=in_order)}
    return {name: pair for name, pair in found.items() if not any(map(_hidden, pair))}


def _hidden(row: ResultRow | None) -> bool:
    return row is not None and isinstance(row.result, Refusal) and row.result.code == SUPPRESSED.code


def _listed(name: str, head: ResultRow | None, effect: ResultRow | None, writer: Writer) -> Listed:
    value = span = flag = why = ""
    if effect is not None and isinstance(effect.result, Estimate):
        value, span = points(effect.result, writer.notation, 1)
        flag = team.flag(effect, writer)
    elif effect is not None and (told := writer.figure(effect.result).refused):
        why = told.title
    return Listed(writer.name(name), writer.shown(head) if head is not None else None, value, span, flag, why)


def _at(shown: Snapshot, asked: str, after: int) -> str:
    """The address of a page of the table."""
    pairs = [("run", shown.kept.id), ("q", asked), ("after", str(after) if after else "")]
    return f"{PLACE.path}?{urlencode([pair for pair in pairs if pair[1]])}#all"


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
