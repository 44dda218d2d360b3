"""Customers: who is this, what happened, and is it a repeat, of what. Every look is noted in the audit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from firstcontact.doors.api.moment import Moment
from firstcontact.doors.api.page import After, Limit, Page, cursor, no_cursor, read_cursor
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.measurement.linking.frame import Frame
from firstcontact.services.access import Permission, Principal
from firstcontact.services.link_person import Key, Rules
from firstcontact.services.look_up import (
    Beginning,
    Beside,
    Person,
    Seen,
    begin_now,
    find_person,
    hidden,
    names_of,
    standing_of,
)
from firstcontact.services.service import Service

router = APIRouter(prefix="/api/v1/people", tags=["people"])

Who = Annotated[Principal, Depends(Permit(Permission.READ_PEOPLE))]
Number = Annotated[int, Path(description="The number that linking gave.", ge=1, lt=2**62)]
Word = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class ContactName(BaseModel):
    """A contact by its name."""

    model_config = ConfigDict(extra="forbid")

    source: Word = Field(description="The system it came from.")
    contact_id: Word = Field(description="Its id there.")


class Question(BaseModel):
    """Who is meant: by any identifier, by a contact, or by number. And what they want now, if that is known."""

    model_config = ConfigDict(extra="forbid")

    kind: Word | None = Field(
        None, description="`phone`, `email`, `customer`, `account`, ...; any of these where null."
    )
    value: Word | None = Field(None, description="The identifier.")
    contact: ContactName | None = Field(None, description="A contact of theirs.")
    person_id: int | None = Field(
        None,
        description="Their number. One that went away when somebody joined or parted customers leads to the customer's "
        "present one, which the answer has.",
        ge=1,
        lt=2**62,
    )
    reason: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] | None = Field(
        None, description="The reason of the contact that begins now, if it is known."
    )
    channel: Word | None = Field(None, description="Its channel; that of the latest contact where null.")
    contacts: int = Field(20, description="How many of the latest contacts to show.", ge=1, le=100)

    @model_validator(mode="after")
    def _one_way(self) -> Question:
        if sum(one is not None for one in (self.value, self.contact, self.person_id)) != 1:
            raise ValueError("name a person by value, by contact, or by person_id")
        return self


class IdentifierAnswer(BaseModel):
    """An identifier as the source has it."""

    kind: str
    value: str


class ContactAnswer(BaseModel):
    """One contact, and what linking found about it."""

    source: str
    contact_id: str
    channel: str | None
    direction: str | None
    started_at: Moment
    ended_at: Moment | None
    reason: str | None
    team: str | None
    queue: str | None
    transfers: int | None
    escalated_to: str | None
    wrap_up: str | None
    agent_says_resolved: bool | None
    settled: bool | None
    abandoned: bool | None
    case_id: str | None
    linked: bool = Field(description="Whether it is linked yet; what follows is null until then.")
    issue: ContactName | None = Field(description="The contact that began its issue; null where it may not be seen.")
    repeat: bool | None = Field(description="Whether it is a repeat.")
    repeat_of: ContactName | None = Field(description="Of which contact; null where it may not be seen.")
    returned: bool | None = Field(description="Whether the customer came back.")
    days_since_previous: float | None
    days_until_next: float | None
    window_days: float | None = Field(description="The window of its reason.")
    mature_at: Moment | None = Field(description="From when it is known whether the customer came back.")
    judged: bool | None = Field(description="Whether the policy judges it, once it is mature.")
    excluded_code: str | None = Field(description="Why it is not judged.")


class BesideAnswer(BaseModel):
    """What a source says of a contact beside it."""

    contact: ContactName
    table: str = Field(description="`case_events` or `surveys`.")
    at: Moment | None = Field(description="When it happened, or was answered.")
    values: dict[str, Any] = Field(description="The rest: kind and channel of an event, the answers of a survey.")


class BeginningAnswer(BaseModel):
    """What a contact that begins now would be."""

    reason: str | None = Field(description="For this reason.")
    repeat: bool
    repeat_of: ContactName | None = Field(description="Of which contact; null where it may not be seen.")
    issue: ContactName | None = Field(description="The contact that began the issue; likewise.")
    days_since: float | None = Field(description="Days since the contact before.")
    window_days: float


class PersonAnswer(BaseModel):
    """Who it is, what happened, and whether a contact now is a repeat."""

    state: Literal["known", "several", "shared", "waiting", "parted", "unknown"] = Field(
        description="`several`: the identifier may be of several customers, whose numbers are in `candidates`. "
        "`shared`: too many stand behind it for it to name anybody. `waiting`: it has just arrived, and is linked in a "
        "moment. `parted`: the contacts that carry it were split off, so that it names nobody; whose they are is in "
        "`candidates`. `unknown`: it was never seen, or not by the caller's teams."
    )
    person_id: int | None
    candidates: list[int]
    identifiers: list[IdentifierAnswer]
    facts: list[dict[str, Any]] = Field(description="What the sources say of the customer.")
    contacts: list[ContactAnswer] = Field(description="The latest ones, newest first.")
    total: int = Field(description="How many there are that may be seen.")
    now: list[BeginningAnswer] = Field(
        description="For each reason that the customer came for lately, or the one asked."
    )


@router.post("/look-up")
def look_up(request: Request, question: Question, who: Who) -> PersonAnswer:
    """Who is this, what happened, and would a contact now be a repeat, of what."""
    service: Service = request.app.state.service
    with service.looking():
        answer = _answer(service, question, who.visible_teams(Permission.READ_PEOPLE))
    if answer.person_id is not None:
        service.audit.note(who.name, "person.look", now=service.now(), person_id=answer.person_id)
    return answer


def _answer(service: Service, question: Question, teams: frozenset[str] | None) -> PersonAnswer:
    state, numbers = _numbers(service, question)
    seen = numbers
    if len(numbers) > 1 and teams is not None:
        seen = tuple(one for one in numbers if service.people.person(one, teams, 1) is not None)
    if state == "parted":
        seen = tuple(one for one in numbers if service.people.person(one, teams, 1) is not None)
        return _nobody("parted" if seen else "unknown", seen)
    if len(seen) != 1:
        return _nobody("several" if seen else "unknown" if numbers else state, seen)
    person = service.people.person(seen[0], teams, question.contacts)
    if person is None and question.person_id is not None:
        later = service.identities.now_called(question.person_id)
        person = None if later is None else service.people.person(later, teams, question.contacts)
    if person is None:
        return _nobody("unknown")
    rules, frame = _within(service)
    asked = (question.reason, question.channel)
    shown = None if teams is None else person.contacts
    begun = begin_now(service.people, person.number, rules, service.now(), *asked, seen=shown)
    named = {one for beginning in begun for one in (beginning.repeat_of, beginning.issue) if one is not None}
    visible = _visible(service, person.contacts, teams, named)
    return PersonAnswer(
        state="known",
        person_id=person.number,
        candidates=[],
        identifiers=[IdentifierAnswer(kind=kind, value=value) for kind, value in person.identifiers],
        facts=[dict(one) for one in person.facts],
        contacts=_contacts(person, rules, frame, visible),
        total=person.total,
        now=[_beginning(hidden(one, visible)) for one in begun],
    )


@router.get("/{person_id}/contacts")
def contacts(
    request: Request, person_id: Number, who: Who, after: After = None, limit: Limit = 100
) -> Page[ContactAnswer]:
    """A customer's contacts, newest first. A number that went away is not found; a look-up leads from it to theirs."""
    service: Service = request.app.state.service
    teams = who.visible_teams(Permission.READ_PEOPLE)
    with service.looking():
        person = service.people.person(person_id, teams, limit, _place(after))
        if person is None:
            raise not_there("the customer")
        visible = _visible(service, person.contacts, teams, set())
        items = _contacts(person, *_within(service), visible)
    service.audit.note(who.name, "person.look", now=service.now(), person_id=person_id)
    return Page(items=items, next=_further(person, limit))


@router.get("/{person_id}/records")
def records(
    request: Request, person_id: Number, who: Who, after: After = None, limit: Limit = 100
) -> Page[BesideAnswer]:
    """Events and surveys of a customer's contacts; its pages are those of the contacts, newest first."""
    service: Service = request.app.state.service
    with service.looking():
        person = service.people.person(person_id, who.visible_teams(Permission.READ_PEOPLE), limit, _place(after))
        if person is None:
            raise not_there("the customer")
        items = beside(service, [one.key for one in person.contacts])
    service.audit.note(who.name, "person.look", now=service.now(), person_id=person_id)
    return Page(items=items, next=_further(person, limit))


def beside(service: Service, keys: Collection[Key]) -> list[BesideAnswer]:
    """What sources say of contacts beside them, those of one contact in the order in which they happened."""
    found = [_beside(one) for one in service.people.beside(keys)]
    places = {key: place for place, key in enumerate(keys)}
    first = datetime.min  # noqa: DTZ901 - UTC without zone, as everywhere inside
    return sorted(found, key=lambda one: (places[one.contact.source, one.contact.contact_id], one.at or first))


def _beside(one: Beside) -> BesideAnswer:
    told = dict(one.columns)
    at = told.pop("at", None) or told.pop("answered_at", None)
    told.pop("answered_at", None)
    name = ContactName.model_construct(source=one.key[0], contact_id=one.key[1])
    return BesideAnswer(contact=name, table=one.table, at=datetime.fromisoformat(at) if at else None, values=told)


def _further(person: Person, limit: int) -> str | None:
    last = person.contacts[-1] if len(person.contacts) == limit else None
    return cursor([last.columns["started_at"].isoformat(), *last.key]) if last else None


def _nobody(state: Any, candidates: Sequence[int] = ()) -> PersonAnswer:
    return PersonAnswer(
        state=state, person_id=None, candidates=list(candidates), identifiers=[], facts=[], contacts=[], total=0, now=[]
    )


def _numbers(service: Service, question: Question) -> tuple[Any, tuple[int, ...]]:
    if question.person_id is not None:
        return "known", (question.person_id,)
    if question.contact is not None:
        there, number = service.people.of_contact((question.contact.source, question.contact.contact_id))
        return ("known", (number,)) if number is not None else ("waiting" if there else "unknown", ())
    nodes = names_of(question.kind, question.value or "", service.rules.region())
    return find_person(service.people, nodes)


def _visible(service: Service, seen: Collection[Seen], teams: frozenset[str] | None, further: set[Key]) -> set[Key]:
    named = set(further)
    for one in seen:
        named |= {key for key in (one.link and one.link.issue, one.link and one.link.repeat_of) if key}
    known = named & {one.key for one in seen}
    return known | service.people.visible(named - known, teams)


def _within(service: Service) -> tuple[Rules, Frame]:
    return service.rules.within(lambda: service.people.first_moment() or service.now())


def _contacts(person: Person, rules: Rules, frame: Frame, visible: set[Key]) -> list[ContactAnswer]:
    found = []
    for one in person.contacts:
        link, standing = one.link, standing_of(one, rules, frame)
        found.append(
            ContactAnswer(
                source=one.key[0],
                contact_id=one.key[1],
                **one.columns,
                linked=link is not None,
                issue=_name(link.issue if link else None, visible),
                repeat=None if link is None else link.repeat_of is not None,
                repeat_of=_name(link.repeat_of if link else None, visible),
                returned=link.returned if link else None,
                days_since_previous=link.previous_gap_days if link else None,
                days_until_next=link.next_gap_days if link else None,
                window_days=link.window_days if link else None,
                mature_at=link.matures_at if link else None,
                judged=standing.index_eligible if standing else None,
                excluded_code=standing.excluded_code if standing else None,
            )
        )
    return found


def _beginning(one: Beginning) -> BeginningAnswer:
    return BeginningAnswer(
        reason=one.reason,
        repeat=one.repeat,
        repeat_of=_name(one.repeat_of, {one.repeat_of} if one.repeat_of else set()),
        issue=_name(one.issue, {one.issue} if one.issue else set()),
        days_since=one.days_since,
        window_days=one.window_days,
    )


def _name(key: Key | None, visible: set[Key]) -> ContactName | None:
    # What came from a source may be longer than what may be asked for.
    return ContactName.model_construct(source=key[0], contact_id=key[1]) if key in visible and key else None


def _place(after: str | None) -> tuple[datetime, Key] | None:
    if after is None:
        return None
    place = read_cursor(after)
    if not isinstance(place, list) or len(place) != 3 or not all(isinstance(one, str) for one in place):
        raise no_cursor(len(after))
    try:
        moment = datetime.fromisoformat(place[0])
    except ValueError:
        raise no_cursor(len(after)) from None
    if moment.tzinfo is not None or "\x00" in "".join(place):
        raise no_cursor(len(after))
    return moment, (place[1], place[2])
