"""Who is who, as people decide it: merges and splits that can be taken back, and proposals that wait for somebody."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from firstcontact.doors.api.moment import Moment
from firstcontact.doors.api.page import After, Limit, Page, cursor, read_text
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.doors.api.routes.people import ContactName
from firstcontact.kernel.time_id import time_id
from firstcontact.services.access import Permission, Principal
from firstcontact.services.decide_identity import Decision, Proposal, Verb, accept, decided_already

router = APIRouter(prefix="/api/v1", tags=["people"])

# A decision moves whole customers, so it is left to those who see all of them.
Joiner = Annotated[Principal, Depends(Permit(Permission.JOIN_PEOPLE, of_all=True))]
DecisionId = Annotated[str, Path(description="The decision's id.", pattern="^[0-9a-f]{32}$")]
ProposalId = Annotated[str, Path(description="The proposal's id.", pattern="^[0-9a-f]{32}$")]
Note = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")]


class Merge(BaseModel):
    """Contacts that are one customer's."""

    model_config = ConfigDict(extra="forbid")

    contacts: list[ContactName] = Field(description="One of each customer is enough.", min_length=2, max_length=5)
    note: Note | None = Field(None, description="Why.")


class Split(BaseModel):
    """Contacts that are another customer's."""

    model_config = ConfigDict(extra="forbid")

    contacts: list[ContactName] = Field(description="All that are the other's.", min_length=1, max_length=500)
    note: Note | None = Field(None, description="Why.")


class DecisionAnswer(BaseModel):
    """A decision."""

    id: str
    verb: Literal["merge", "split"]
    contacts: list[ContactName]
    note: str | None
    actor: str
    decided_at: Moment
    undone_at: Moment | None
    undone_by: str | None


class ProposalAnswer(BaseModel):
    """Two customers who may be one."""

    id: str
    people: list[int] = Field(description="Their numbers when it was made.")
    contacts: list[ContactName] = Field(description="A contact of each.")
    grounds: dict[str, Any] = Field(description="`kind` of identifier, and `why`: country, mailbox or spelling.")
    confidence: float
    state: Literal["open", "accepted", "declined", "stale"]
    proposed_at: Moment
    decided_at: Moment | None
    decided_by: str | None


@router.post("/people/merge", status_code=201)
def merge(request: Request, asked: Merge, who: Joiner) -> DecisionAnswer:
    """Decide that contacts are one customer's. Figures follow with the next measurement."""
    return _decide(request, "merge", asked.contacts, asked.note, who)


@router.post("/people/split", status_code=201)
def split(request: Request, asked: Split, who: Joiner) -> DecisionAnswer:
    """Decide that contacts are a customer's of their own, whatever identifiers they carry."""
    return _decide(request, "split", asked.contacts, asked.note, who)


@router.get("/identity-decisions", dependencies=[Depends(Permit(Permission.JOIN_PEOPLE, of_all=True))])
def list_decisions(
    request: Request,
    person_id: Annotated[
        int | None, Query(description="Only those about contacts of this customer.", ge=1, lt=2**62)
    ] = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[DecisionAnswer]:
    """Decisions, newest first."""
    found = request.app.state.service.identities.decisions(before=read_text(after), limit=limit, person=person_id)
    return Page(items=[_decision(one) for one in found], next=cursor(found[-1].id) if len(found) == limit else None)


@router.post("/identity-decisions/{decision_id}/undo")
def undo(request: Request, decision_id: DecisionId, who: Joiner) -> DecisionAnswer:
    """Take a decision back; whatever it joined or parted is as if it had never been made."""
    service = request.app.state.service
    undone = service.identities.undo(decision_id, actor=who.name, now=service.now())
    if undone is None:
        raise not_there("the decision")
    return _decision(undone)


@router.get("/identity-proposals", dependencies=[Depends(Permit(Permission.JOIN_PEOPLE, of_all=True))])
def list_proposals(
    request: Request,
    state: Annotated[
        Literal["open", "accepted", "declined", "stale"] | None, Query(description="Only these.")
    ] = "open",
    after: After = None,
    limit: Limit = 100,
) -> Page[ProposalAnswer]:
    """Customers who may be one, newest first."""
    found = request.app.state.service.identities.proposals(state=state, before=read_text(after), limit=limit)
    return Page(items=[_proposal(one) for one in found], next=cursor(found[-1].id) if len(found) == limit else None)


@router.post("/identity-proposals/{proposal_id}/accept", status_code=201)
def accept_proposal(request: Request, proposal_id: ProposalId, who: Joiner) -> DecisionAnswer:
    """Decide that the two are one."""
    service = request.app.state.service
    now = service.now()
    proposal = _find(request, proposal_id)
    return _decision(accept(service.identities, proposal, make_id=lambda: time_id(now), actor=who.name, now=now))


@router.post("/identity-proposals/{proposal_id}/decline", status_code=204)
def decline_proposal(request: Request, proposal_id: ProposalId, who: Joiner) -> None:
    """Decide that the two are not one; they are not proposed again."""
    service = request.app.state.service
    _find(request, proposal_id)
    if not service.identities.settle(proposal_id, "declined", actor=who.name, now=service.now()):
        raise decided_already(f"the proposal {proposal_id}")


def _decide(
    request: Request, verb: Verb, contacts: list[ContactName], note: str | None, who: Principal
) -> DecisionAnswer:
    service = request.app.state.service
    now = service.now()
    keys = tuple(dict.fromkeys((one.source, one.contact_id) for one in contacts))
    decision = Decision(time_id(now), verb, keys, note, who.name, now)
    service.identities.decide(decision)
    return _decision(decision)


def _find(request: Request, proposal_id: str) -> Proposal:
    proposal: Proposal | None = request.app.state.service.identities.proposal(proposal_id)
    if proposal is None:
        raise not_there("the proposal")
    return proposal


def _names(keys: tuple[tuple[str, str], ...]) -> list[ContactName]:
    return [ContactName.model_construct(source=source, contact_id=contact_id) for source, contact_id in keys]


def _decision(one: Decision) -> DecisionAnswer:
    fields = {name: getattr(one, name) for name in DecisionAnswer.model_fields if name != "contacts"}
    return DecisionAnswer(**fields, contacts=_names(one.contacts))


def _proposal(one: Proposal) -> ProposalAnswer:
    fields = {name: getattr(one, name) for name in ProposalAnswer.model_fields if name not in {"contacts", "people"}}
    return ProposalAnswer(**fields, contacts=_names(one.contacts), people=list(one.people))
