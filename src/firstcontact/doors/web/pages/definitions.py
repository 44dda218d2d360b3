"""Definitions: the same contacts under every published one, and two of them side by side with all their contacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.report.notation import shown as printable
from firstcontact.doors.report.sections import definition
from firstcontact.doors.web.link import contacts_link
from firstcontact.doors.web.page import page
from firstcontact.doors.web.place import CLOSER, N_, Place
from firstcontact.doors.web.sections import sections
from firstcontact.doors.web.snapshot import Snapshot, snapshot
from firstcontact.services.access import Permission, Principal, Scope
from firstcontact.services.contact_question import Question
from firstcontact.services.cross_definitions import SAID, asking, cross_definitions, definitions_of
from firstcontact.services.service import Service

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/definitions", N_("Definitions"), CLOSER, Permission.READ_FIGURES, of_all=True)

LEAD = N_(
    "Companies call different things first contact resolution. Here each judges the same contacts, so that a figure "
    "from elsewhere can be compared, or not."
)
LACKING = N_("This run applied no definition but the policy's. The settings can ask for all of them.")

SAYS: dict[str, str] = {
    "met": N_("settled"),
    "not_met": N_("not settled"),
    "open": N_("does not say"),
    "out": N_("leaves it out"),
}
"""What a definition says of a contact."""

Reader = Annotated[Principal, Depends(Permit(Permission.READ_FIGURES, of_all=True))]
Chosen = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two definitions side by side.

    Attributes:
        known: (name in the address, as it is shown) of those to choose from.
        run: The run's id.
        first: The one whose words stand at the rows.
        second: The one whose words stand at the columns.
        says: What a definition may say, in English.
        rows: (what the first says, (number, address) for each thing the second may say).
        judged: How many contacts both judge, written.
        both: Where those are listed.
        differ: On how many of them they say the opposite, written.
        share: The same as a share; empty where both judge none.
        differing: Where those are listed.
    """

    known: tuple[tuple[str, str], ...]
    run: str
    first: str
    second: str
    says: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    judged: str
    both: str
    differ: str
    share: str
    differing: str


@dataclass(frozen=True, slots=True)
class Definitions:
    """What the page shows.

    Attributes:
        title: Its heading, in English; it is translated where it is shown.
        lead: What one finds here, likewise.
        body: All definitions side by side; empty where the run has none.
        lacking: What to do so that there are some.
        measured: Whether anything was measured at all.
        pair: Two of them; None where contacts may not be seen, or the run did not note what they say.
    """

    title: str
    lead: str
    body: Markup
    lacking: str
    measured: bool
    pair: Pair | None


@router.get(PLACE.path)
def definitions(request: Request, who: Reader, first: Chosen = "", second: Chosen = "") -> HTMLResponse:
    """The page."""
    shown = snapshot(request)
    if shown is None:
        it = Definitions(PLACE.title, LEAD, Markup(""), LACKING, False, None)
        return page(request, "definitions", place=PLACE, it=it)
    linked = who.scope(Permission.READ_CONTACTS) is Scope.ALL
    body = sections(shown, (definition.write,), linked=linked)
    pair = _pair(request.app.state.service, shown, first, second) if linked else None
    it = Definitions(PLACE.title, LEAD, body, LACKING, True, pair)
    return page(request, "definitions", place=PLACE, stamp=shown.stamp, it=it)


def _pair(service: Service, shown: Snapshot, first: str, second: str) -> Pair | None:
    place, run, number = service.runs.place(shown.kept), shown.kept.id, shown.writer.notation
    known = definitions_of(service.kept_contacts, place)
    if len(known) < 2:
        return None
    ours = shown.run.policy.name
    first = first if first in known else ours if ours in known else known[0]
    if second not in known:
        second = next(one for one in known if one != first)
    counts = cross_definitions(service.kept_contacts, place, first, second)
    judged = sum(counts[one, two] for one in SAID[:2] for two in SAID[:2])
    differ = counts["met", "not_met"] + counts["not_met", "met"]

    def cell(said: str, says: str) -> tuple[str, str]:
        count = counts[said, says]
        return number.count(count), contacts_link(run, asking(first, said, second, says)) if count else ""

    return Pair(
        tuple((one, printable(one)) for one in known),
        run,
        first,
        second,
        tuple(SAYS[says] for says in SAID),
        tuple((SAYS[said], tuple(cell(said, says) for says in SAID)) for said in SAID),
        number.count(judged),
        contacts_link(run, asking(first, "judged", second, "judged")) if judged else "",
        number.count(differ),
        number.percent(differ / judged, 1) if judged else "",
        contacts_link(run, Question(differ=(first, second))) if differ else "",
    )
