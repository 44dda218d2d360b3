"""Customers who may be one, with both sides and why; decided here, and taken back here."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from firstcontact.doors.api.page import After, cursor, read_text
from firstcontact.doors.api.problem import not_there
from firstcontact.doors.api.routes import identities as joining
from firstcontact.doors.api.routes import people as api
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.form import Wrong, asked, on, wrongs
from firstcontact.doors.web.page import page, writer_of
from firstcontact.doors.web.pages.customer import (
    DECISIONS,
    PLACE,
    Decided,
    Joiner,
    OfDecision,
    Said,
    about,
    affected,
    decisions,
    identifiers,
    kind_name,
)
from firstcontact.doors.web.place import N_
from firstcontact.doors.web.timeline import Entry, timeline
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.access import Principal
from firstcontact.services.decide_identity import Affected, Proposal
from firstcontact.services.service import Service

router = APIRouter(include_in_schema=False, tags=["pages"])

HERE = f"{PLACE.path}/proposals"
PAGE = 50
SHOWN = 10
"""Contacts of each side that are shown."""

WHY: dict[str, str] = {
    "country": N_("One telephone number, once with its country and once without"),
    "mailbox": N_("One mailbox, once with dots or a tag"),
    "spelling": N_("One number, with separators or zeros in front"),
}
"""Why two customers may be one."""

STATES: dict[str, str] = {
    "open": N_("waits for somebody"),
    "accepted": N_("joined"),
    "declined": N_("not the same"),
    "stale": N_("no longer asked: one of them is gone"),
}
"""Where a proposal stands."""


@dataclass(frozen=True, slots=True)
class Line:
    """One proposal.

    Attributes:
        id: Its id.
        people: Numbers of both.
        kind: Kind of identifier that is alike.
        why: How.
        confidence: How likely it is, written.
        when: When it was made.
        state: Where it stands.
        open: Whether it waits.
    """

    id: str
    people: tuple[int, int]
    kind: str
    why: str
    confidence: str
    when: str
    state: str
    open: bool


@dataclass(frozen=True, slots=True)
class Proposals:
    """What the list shows.

    Attributes:
        lines: Those that wait, newest first.
        first: Where the list begins; empty where this is its beginning.
        more: Where further ones are.
        decisions: Decisions, newest first.
        decided_before: Where earlier ones are; empty where there are none.
        said: What was just done.
        now_called: Whose the contacts are at present that were just decided about.
        again: The page once more, with what was just done.
    """

    lines: tuple[Line, ...]
    first: str
    more: str
    decisions: tuple[Decided, ...]
    decided_before: str
    said: str
    now_called: Affected | None
    again: str


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two.

    Attributes:
        number: Their number.
        total: How many contacts they have, written.
        identifiers: (kind, value, other ways in which it was written).
        entries: Their latest contacts.
    """

    number: int
    total: str
    identifiers: tuple[tuple[str, str, tuple[str, ...]], ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class OneProposal:
    """What the page of one proposal shows.

    Attributes:
        line: It.
        sides: Both customers, those that are still there.
        wrong: Why it could not be decided.
    """

    line: Line
    sides: tuple[Side, ...]
    wrong: tuple[Wrong, ...]


@router.get(HERE)
def proposals(
    request: Request,
    _who: Joiner,
    after: After = None,
    decided: After = None,
    said: Said = "",
    decision: OfDecision = None,
) -> Response:
    """The list."""
    service: Service = request.app.state.service
    writer = writer_of(request)
    found = service.identities.proposals(state="open", before=read_text(after), limit=PAGE)
    latest = service.identities.decisions(before=read_text(decided), limit=DECISIONS + 1)
    more = f"{HERE}?{urlencode({'after': cursor(found[-1].id)})}" if len(found) == PAGE else ""
    it = Proposals(
        tuple(_line(one, writer) for one in found),
        HERE if after else "",
        more,
        *decisions(service, latest, HERE, writer),
        said,
        affected(service, decision),
        about(HERE, decision, said),
    )
    return page(request, "proposals", place=PLACE, it=it)


@router.get(f"{HERE}/{{proposal_id}}")
def proposal(request: Request, who: Joiner, proposal_id: joining.ProposalId) -> Response:
    """One proposal, both sides beside each other; each look is noted."""
    return _one(request, who, proposal_id)


@router.post(f"{HERE}/{{proposal_id}}/accept")
def accept(request: Request, who: Joiner, proposal_id: joining.ProposalId) -> Response:
    """They are one."""
    try:
        made = joining.accept_proposal(request, proposal_id, who)
    except FirstcontactError as error:
        return _one(request, who, proposal_id, _wrong(request, error))
    return on(about(HERE, made.id), "joined")


@router.post(f"{HERE}/{{proposal_id}}/decline")
def decline(request: Request, who: Joiner, proposal_id: joining.ProposalId) -> Response:
    """They are not."""
    try:
        joining.decline_proposal(request, proposal_id, who)
    except FirstcontactError as error:
        return _one(request, who, proposal_id, _wrong(request, error))
    return on(HERE, "declined")


def _wrong(request: Request, error: FirstcontactError) -> tuple[Wrong, ...]:
    return wrongs(error, request)


def _one(request: Request, who: Principal, proposal_id: str, wrong: tuple[Wrong, ...] = ()) -> Response:
    service: Service = request.app.state.service
    found = service.identities.proposal(proposal_id)
    if found is None:
        raise not_there("the proposal")
    writer = writer_of(request)
    sides = (_side(request, who, key, writer) for key in found.contacts)
    it = OneProposal(_line(found, writer), tuple(one for one in sides if one is not None), wrong)
    status = HTTPStatus.CONFLICT if wrong else HTTPStatus.OK
    return page(request, "proposal", place=PLACE, status=status, it=it)


def _side(request: Request, who: Principal, key: tuple[str, str], writer: Writer) -> Side | None:
    # What came from a source may be longer than what may be asked for.
    name = api.ContactName.model_construct(source=key[0], contact_id=key[1])
    told = api.look_up(request, asked(api.Question, contact=name, contacts=SHOWN), who)
    if told.person_id is None:
        return None
    service: Service = request.app.state.service
    beside = api.beside(service, [(one.source, one.contact_id) for one in told.contacts])
    return Side(
        told.person_id,
        writer.notation.count(told.total),
        identifiers(service, told, writer),
        timeline(told.contacts, beside, writer, service.now()),
    )


def _line(one: Proposal, writer: Writer) -> Line:
    why = str(one.grounds.get("why", ""))
    return Line(
        one.id,
        one.people,
        kind_name(str(one.grounds.get("kind", "")), writer),
        writer.say(WHY[why]) if why in WHY else writer.name(why),
        writer.notation.percent(one.confidence),
        writer.notation.moment(one.proposed_at),
        writer.say(STATES[one.state]),
        one.state == "open",
    )
