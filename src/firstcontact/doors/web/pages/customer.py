"""Customers: found by an identifier; one of them on a timeline, joined with another, or split."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from firstcontact.doors.api.page import After, cursor, read_cursor, read_text
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.doors.api.routes import identities as joining
from firstcontact.doors.api.routes import people as api
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.asked_words import path
from firstcontact.doors.web.form import Wrong, asked, on, wrongs
from firstcontact.doors.web.page import page, sentences, writer_of
from firstcontact.doors.web.place import CLOSER, N_, Place
from firstcontact.doors.web.timeline import Entry, anchor, timeline
from firstcontact.doors.web.viewer import viewer
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.access import Permission, Principal, Scope
from firstcontact.services.decide_identity import NOTHING_LEFT, Affected, Decision, Verb
from firstcontact.services.link_person import Key
from firstcontact.services.look_up import each_once
from firstcontact.services.service import Service

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/customers", N_("Customers"), CLOSER, Permission.READ_PEOPLE)

PAGE = 50
DECISIONS = 20
"""Decisions that are shown at once."""

KINDS: dict[str, str] = {
    "": N_("Any of these"),
    "phone": N_("Telephone number"),
    "email": N_("E-mail address"),
    "customer": N_("Customer number"),
    "account": N_("Account number"),
}
"""Kinds of identifier that name somebody."""

STATES: dict[str, tuple[str, str]] = {
    "several": (
        N_("This may be one of several customers"),
        N_("The identifier stands on contacts of each of them. Open one, and join them if they are the same person."),
    ),
    "shared": (
        N_("Too many share this identifier"),
        N_("It names nobody: a switchboard, a shared mailbox. Ask for another one."),
    ),
    "waiting": (
        N_("This contact has just arrived"),
        N_("It is linked to its customer in a moment. Ask again."),
    ),
    "parted": (
        N_("This names nobody any more"),
        N_("The contacts that carry it were split off. A next contact with it would be a new customer's."),
    ),
    "unknown": (
        N_("Nobody is known by this"),
        N_("It was never seen on a contact, or not on one of your teams. Look for a typing error, or try another."),
    ),
}
"""Why a look-up shows no customer: title, and what to do."""

Reader = Annotated[Principal, Depends(Permit(Permission.READ_PEOPLE))]
Joiner = Annotated[Principal, Depends(Permit(Permission.JOIN_PEOPLE, of_all=True))]
Number = api.Number
Text = Annotated[str, Form(max_length=1000)]
Name = Annotated[str, Query(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]
Said = Annotated[str, Query(max_length=20)]
OfDecision = Annotated[str | None, Query(pattern="^[0-9a-f]{32}$")]
Former = Annotated[int | None, Query(ge=1, lt=2**62)]


@dataclass(frozen=True, slots=True)
class LookUp:
    """What the page of the look-up shows.

    Attributes:
        kinds: Kinds of identifier, by the word of the form.
        kind: The one that was asked for.
        value: What was typed.
        state: (title, what to do) where nobody is shown.
        candidates: Numbers of those it may be.
        may_join: Whether the visitor may decide about proposals.
        wrong: What cannot be asked so.
    """

    kinds: dict[str, str]
    kind: str
    value: str
    state: tuple[str, str] | None
    candidates: tuple[int, ...]
    may_join: bool
    wrong: tuple[Wrong, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision about who is who.

    Attributes:
        id: Its id.
        verb: `merge` or `split`.
        when: When it was made.
        actor: By whom.
        note: Why.
        undone: When it was taken back; empty while it counts.
        now: Whose its contacts are at present.
    """

    id: str
    verb: str
    when: str
    actor: str
    note: str
    undone: str
    now: Affected


@dataclass(frozen=True, slots=True)
class Customer:
    """What the page of one customer shows.

    Attributes:
        number: Their number.
        total: How many contacts of theirs may be seen, written.
        identifiers: (kind, value, other ways in which it was written).
        facts: (name, value) of what the sources say of the customer.
        now: What a contact that begins now would be, each a sentence.
        entries: The timeline, newest first.
        older: Where earlier contacts are; empty where there are none.
        newest: Where the newest are; empty where these are they.
        decisions: What was decided about who this is, newest first.
        decided_before: Where earlier decisions are; empty where there are none.
        may_join: Whether the visitor may join and split.
        limited: Whether only contacts of the visitor's teams are shown.
        said: What was just done.
        wrong: What is wrong with what was sent.
        typed: What was typed, and in which `form`: `merge` or `split`.
        was: A number of theirs that went away, from which the visitor comes.
        now_called: Whose the contacts are at present that were just decided about.
        again: The page once more, with what was just done.
    """

    number: int
    total: str
    identifiers: tuple[tuple[str, str, tuple[str, ...]], ...]
    facts: tuple[tuple[str, str], ...]
    now: tuple[str, ...]
    entries: tuple[Entry, ...]
    older: str
    newest: str
    decisions: tuple[Decided, ...]
    decided_before: str
    may_join: bool
    limited: bool
    said: str
    wrong: tuple[Wrong, ...] = ()
    typed: dict[str, Any] | None = None
    was: int | None = None
    now_called: Affected | None = None
    again: str = ""


@router.get(PLACE.path)
def customers(request: Request, who: Reader) -> Response:
    """The look-up."""
    return _look_up(request, who)


def _look_up(request: Request, who: Principal, status: int = HTTPStatus.OK, **told: Any) -> Response:
    shown = {"kind": "", "value": "", "state": None, "candidates": ()} | told
    it = LookUp(KINDS, may_join=_joins(who), **shown)
    return page(request, "customers", place=PLACE, status=status, it=it)


@router.post(PLACE.path)
def look_up(
    request: Request, who: Reader, kind: Annotated[str, Form(max_length=200)] = "", value: Text = ""
) -> Response:
    """Look somebody up. The identifier comes in the form, so that it stands in no address and no log."""
    value = value.strip()
    if not value or kind not in KINDS:
        return _unfit(request, who, kind, value, N_("Type an identifier"))
    try:
        question = asked(api.Question, kind=kind or None, value=value, contacts=1)
    except FirstcontactError:
        return _unfit(request, who, kind, value, N_("No identifier looks like this: it is too long, or no plain text"))
    found = api.look_up(request, question, who)
    if found.person_id is not None:
        return on(f"{PLACE.path}/{found.person_id}")
    return _look_up(request, who, kind=kind, value=value, state=STATES[found.state], candidates=tuple(found.candidates))


def _unfit(request: Request, who: Principal, kind: str, value: str, why: str) -> Response:
    wrong = (_amiss(request, "value", why),)
    return _look_up(request, who, HTTPStatus.UNPROCESSABLE_ENTITY, kind=kind, value=value, wrong=wrong)


FIELDS: dict[str, str] = {
    "value": N_("Identifier"),
    "other": N_("Number of the other customer"),
    "note": N_("Why"),
    "note-split": N_("Why"),
    "contact": N_("Timeline"),
}
"""What fields are called in which something may be wrong."""

NOTHING = N_("All contacts of this customer are ticked, so that nothing would stay. Leave one at least")
"""Why not all contacts of a customer are split off."""


def _amiss(request: Request, field: str, why: str, code: str = "FC9301") -> Wrong:
    """What is wrong with a field, where the interface has no such field."""
    say = sentences(viewer(request).language).gettext
    return Wrong(field, say(why), code, "", "", "", say(FIELDS[field]))


@router.get(f"{PLACE.path}/of-contact")
def of_contact(request: Request, who: Reader, source: Name, contact_id: Name) -> Response:
    """Go to the customer of a contact, to its place on the timeline."""
    service: Service = request.app.state.service
    key = (source, contact_id)
    with service.looking():
        seen = service.people.visible({key}, who.visible_teams(Permission.READ_PEOPLE))
        _there, number = service.people.of_contact(key) if seen else (False, None)
    if not seen:
        raise not_there("the contact")
    if number is None:
        return _look_up(request, who, state=STATES["waiting"])
    after = _before(service, number, key, who.visible_teams(Permission.READ_PEOPLE))
    query = f"?{urlencode({'after': after})}" if after else ""
    place = f"{PLACE.path}/{number}{query}#{anchor(*key)}"
    return RedirectResponse(place, status_code=HTTPStatus.SEE_OTHER)


def _before(service: Service, number: int, key: Key, teams: frozenset[str] | None) -> str:
    """Where a page of contacts begins that holds a certain one; empty where it is among the newest."""
    person = service.people.person(number, teams, PAGE)
    began = service.people.began(key)
    if person is None or began is None or any(one.key == key for one in person.contacts):
        return ""
    return cursor([(began + timedelta(microseconds=1)).isoformat(), *key])


@router.post(f"{PLACE.path}/merge")
def merge(
    request: Request, who: Joiner, person_id: Annotated[int, Form(ge=1, lt=2**62)], other: Text = "", note: Text = ""
) -> Response:
    """Decide that this customer and another one are the same person."""
    typed = {"form": "merge", "other": other.strip(), "note": note}
    wrong = []
    digits = other.strip()
    second = _newest(request, int(digits)) if digits.isascii() and digits.isdigit() and len(digits) < 18 else None
    first = _newest(request, person_id)
    if second is None or first is None or second == first:
        wrong.append(_amiss(request, "other", N_("Give the number of the other customer"), "FC9302"))
    if not note.strip():
        wrong.append(_amiss(request, "note", N_("Say why")))
    if wrong or first is None or second is None:
        return _one(request, who, person_id, wrong=tuple(wrong), typed=typed)
    return _decide(request, who, person_id, "merge", [first, second], note, typed)


@router.post(f"{PLACE.path}/split")
def split(
    request: Request,
    who: Joiner,
    person_id: Annotated[int, Form(ge=1, lt=2**62)],
    contact: Annotated[list[str], Form(max_length=500)] = [],  # noqa: B006 - FastAPI copies it
    note: Text = "",
) -> Response:
    """Decide that some contacts are another person's."""
    keys = [key for key in map(_key, contact) if key is not None]
    wrong = []
    if not keys or len(keys) < len(contact):
        wrong.append(_amiss(request, "contact", N_("Choose contacts on the timeline")))
    if not note.strip():
        wrong.append(_amiss(request, "note-split", N_("Say why")))
    typed = {"form": "split", "note_split": note, "contact": contact}
    if wrong:
        return _one(request, who, person_id, wrong=tuple(wrong), typed=typed)
    return _decide(request, who, person_id, "split", keys, note, typed)


def _decide(
    request: Request, who: Principal, person_id: int, verb: Verb, keys: list[Key], note: str, typed: dict[str, Any]
) -> Response:
    names = [{"source": source, "contact_id": contact_id} for source, contact_id in keys]
    try:
        if verb == "merge":
            made = joining.merge(request, asked(joining.Merge, contacts=names, note=note.strip()), who)
        else:
            made = joining.split(request, asked(joining.Split, contacts=names, note=note.strip()), who)
    except FirstcontactError as error:
        nothing = error.faults[0].kind is NOTHING_LEFT
        found = (_amiss(request, "contact", NOTHING, NOTHING_LEFT.code),) if nothing else wrongs(error, request)
        return _one(request, who, person_id, wrong=found, typed=typed)
    return on(about(f"{PLACE.path}/{person_id}", made.id), "joined" if verb == "merge" else "split")


def about(path: str, decision_id: str | None, said: str = "") -> str:
    """The address of a page that says of a decision whose its contacts are now."""
    asked = {"decision": decision_id, "said": said}
    return f"{path}?{urlencode({name: one for name, one in asked.items() if one})}"


@router.post(f"{PLACE.path}/decisions/{{decision_id}}/undo")
def undo(request: Request, who: Joiner, decision_id: joining.DecisionId, back: Text = "") -> Response:
    """Take a decision back."""
    joining.undo(request, decision_id, who)
    path = f"{PLACE.path}/{back}" if back.isascii() and back.isdigit() else f"{PLACE.path}/proposals"
    return on(about(path, decision_id), "undone")


@router.get(f"{PLACE.path}/{{person_id}}")
def customer(
    request: Request,
    who: Reader,
    person_id: Number,
    after: After = None,
    decided: After = None,
    said: Said = "",
    decision: OfDecision = None,
    was: Former = None,
) -> Response:
    """One customer; a number that went away leads to theirs."""
    return _one(request, who, person_id, after=after, decided=decided, said=said, decision=decision, was=was)


def _one(
    request: Request,
    who: Principal,
    person_id: int,
    *,
    after: str | None = None,
    decided: str | None = None,
    said: str = "",
    decision: str | None = None,
    was: int | None = None,
    wrong: tuple[Wrong, ...] = (),
    typed: dict[str, Any] | None = None,
) -> Response:
    service: Service = request.app.state.service
    writer = writer_of(request)
    found = api.look_up(request, asked(api.Question, person_id=person_id, contacts=PAGE), who)
    if found.person_id is None:
        raise not_there("the customer")
    if found.person_id != person_id and not wrong:
        # What pages of another number were, and where they began, means nothing here.
        led = {"was": person_id, "said": said, "decision": decision}
        return on(f"{PLACE.path}/{found.person_id}?{urlencode({name: one for name, one in led.items() if one})}")
    person_id = found.person_id
    contacts, older = found.contacts, ""
    if after is not None:
        further = api.contacts(request, person_id, who, after, PAGE)
        contacts, more = further.items, further.next
        older = _page_of(person_id, more) if more else ""
    elif found.total > len(contacts):
        last = contacts[-1]
        older = _page_of(person_id, cursor([last.started_at.isoformat(), last.source, last.contact_id]))
    keys = [(one.source, one.contact_id) for one in contacts]
    wide = who.scope(Permission.READ_PEOPLE) is Scope.ALL
    it = Customer(
        person_id,
        writer.notation.count(found.total),
        identifiers(service, found, writer),
        tuple(_facts(found.facts, writer)),
        tuple(_now(one, writer) for one in found.now),
        timeline(contacts, api.beside(service, keys), writer, service.now()),
        older,
        f"{PLACE.path}/{person_id}" if after else "",
        *(_decisions(service, person_id, decided, writer) if _joins(who) else ((), "")),
        _joins(who),
        not wide,
        said,
        wrong,
        {"form": "", "other": "", "note": "", "note_split": "", "contact": []} | (typed or {}),
        was if was != person_id else None,
        affected(service, decision) if _joins(who) else None,
        about(f"{PLACE.path}/{person_id}", decision, said),
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return page(request, "customer", place=PLACE, status=status, it=it)


def _joins(who: Principal) -> bool:
    return who.scope(Permission.JOIN_PEOPLE) is Scope.ALL


def _page_of(person_id: int, after: str) -> str:
    return f"{PLACE.path}/{person_id}?{urlencode({'after': after})}"


def _newest(request: Request, number: int) -> Key | None:
    service: Service = request.app.state.service
    person = service.people.person(number, None, 1) if 0 < number < 2**62 else None
    return person.contacts[0].key if person is not None and person.contacts else None


def _key(token: str) -> Key | None:
    try:
        found = read_cursor(token)
    except FirstcontactError:
        return None
    if not isinstance(found, list) or len(found) != 2 or not all(isinstance(one, str) for one in found):
        return None
    return found[0], found[1]


def identifiers(
    service: Service, found: api.PersonAnswer, writer: Writer
) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """A customer's identifiers, each once: its kind's name, its value, and other ways in which it was written."""
    pairs = [(one.kind, one.value) for one in found.identifiers]
    once = each_once(pairs, service.rules.region())
    return tuple((kind_name(kind, writer), value, others) for kind, value, others in once)


def kind_name(kind: str, writer: Writer) -> str:
    """What a kind of identifier is called."""
    return writer.say(KINDS[kind]) if KINDS.get(kind) else writer.name(kind)


def _facts(facts: list[dict[str, Any]], writer: Writer) -> list[tuple[str, str]]:
    """What sources say of the customer, without the number that stands among the identifiers."""
    told = []
    for one in facts:
        for name, value in one.items():
            if name != "customer_id" and value is not None:
                label = writer.say(FACTS[name]) if name in FACTS else writer.name(name)
                told.append((label, _fact(value, writer)))
    return told


FACTS: dict[str, str] = {
    "segment": N_("Segment"),
    "place": N_("Place"),
    "language": N_("Language"),
    "value": N_("Worth a year"),
    "joined_at": N_("Customer since"),
}
"""What sources say of a customer."""


def _fact(value: Any, writer: Writer) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return writer.notation.decimal(value)
    try:
        return writer.notation.day(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return writer.name(str(value))


def _now(one: api.BeginningAnswer, writer: Writer) -> str:
    reason = path(one.reason, writer) if one.reason else writer.say("no reason given")
    if not one.repeat:
        return writer.say("%(reason)s: a contact now would be a new issue", reason=writer.notation.apart(reason))
    days = writer.notation.decimal(one.days_since or 0, 1)
    told: str = writer.say(
        "%(reason)s: a contact now would be a repeat, %(days)s days after the one before",
        reason=writer.notation.apart(reason),
        days=days,
    )
    return told


def _decisions(service: Service, number: int, after: str | None, writer: Writer) -> tuple[tuple[Decided, ...], str]:
    """Decisions about a customer, and where earlier ones are."""
    found = service.identities.decisions(before=read_text(after), limit=DECISIONS + 1, person=number)
    return decisions(service, found, f"{PLACE.path}/{number}", writer)


def affected(service: Service, decision_id: str | None) -> Affected | None:
    """Whose the contacts of a decision are at present; None where there is none."""
    found = service.identities.affected([decision_id]) if decision_id else {}
    return next((one for one in found.values() if one.people), None)


def decisions(service: Service, found: list[Decision], path: str, writer: Writer) -> tuple[tuple[Decided, ...], str]:
    """Decisions of a page in words, and where earlier ones are; empty where these are all.

    Args:
        service: The service.
        found: One more than a page holds, where there are so many.
        path: The page.
        writer: Speaks the visitor's language.
    """
    shown = found[:DECISIONS]
    more = f"{path}?{urlencode({'decided': cursor(shown[-1].id)})}#decided" if len(found) > DECISIONS else ""
    now = service.identities.affected([one.id for one in shown])
    return tuple(in_words(one, now[one.id], writer) for one in shown), more


def in_words(one: Decision, now: Affected, writer: Writer) -> Decided:
    """A decision in words."""
    moment = writer.notation.moment
    undone = moment(one.undone_at) if one.undone_at else ""
    note = "" if one.note is None else writer.name(one.note)
    return Decided(one.id, one.verb, moment(one.decided_at), one.actor, note, undone, now)
