"""A person's data: found, given to them as a file, or erased after a second look and a typed confirmation."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.doors.api.routes import subjects as api
from firstcontact.doors.api.routes.jobs import JobId
from firstcontact.doors.web.form import Wrong, asked, on, wrongs
from firstcontact.doors.web.page import page, sentences
from firstcontact.doors.web.pages.jobs import JobLine, job_line
from firstcontact.doors.web.pages.settings import PLACE
from firstcontact.doors.web.place import N_
from firstcontact.doors.web.viewer import viewer
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.access import Permission, Principal
from firstcontact.services.erase import ERASE
from firstcontact.services.service import Service

router = APIRouter(include_in_schema=False, tags=["pages"])

HERE = "/settings/person"

KINDS: dict[str, str] = {
    "phone": N_("Telephone number"),
    "email": N_("E-mail address"),
    "customer": N_("Customer number"),
    "account": N_("Account number"),
}
"""Kinds of identifier that name somebody."""

REMOVED: dict[str, str] = {
    "contacts": N_("Contacts"),
    "earlier_versions": N_("Earlier versions of contacts"),
    "texts": N_("Texts"),
    "companions": N_("Records beside the contacts"),
    "quarantine": N_("Records that were set aside"),
    "identifiers": N_("Identifiers"),
    "links": N_("Links"),
    "proposals": N_("Proposals"),
    "decisions": N_("Decisions about who is who"),
    "decided": N_("Decisions that named them"),
    "names": N_("Names by which they were linked"),
    "jobs": N_("Jobs"),
    "audit": N_("Lines of the audit"),
}
"""What an erasure removes, by its name in the job's result."""

NOT_REACHED = frozenset(
    {
        N_("backups that were taken before: restore one only together with the list of erasures, or let it expire"),
        N_("results, files and webhooks that were already given out to others"),
        N_(
            "where the database is PostgreSQL: its own files until it reuses them, its write-ahead log, replicas and "
            "dumps"
        ),
    }
)
"""What `services.erase` names, word for word."""

Giver = Annotated[Principal, Depends(Permit(Permission.EXPORT_SUBJECT))]
Eraser = Annotated[Principal, Depends(Permit(Permission.ERASE_SUBJECT))]
Kind = Annotated[str, Form(max_length=200)]
Value = Annotated[str, Form(max_length=1_000)]
Number = Annotated[str, Form(max_length=20)]


@dataclass(frozen=True, slots=True)
class Person:
    """What the page shows.

    Attributes:
        kinds: Kinds of identifier, in English.
        named: How the person is named, as the forms carry it.
        found: How much is kept about them; None before anybody was looked for.
        may_erase: Whether the visitor may erase them.
        nobody: Whether nobody is known by what was typed.
        wrong: What is wrong with what was typed.
        unsure: Whether the typed confirmation was another number.
    """

    kinds: dict[str, str]
    named: dict[str, str]
    found: api.SubjectFound | None = None
    may_erase: bool = False
    nobody: bool = False
    wrong: tuple[Wrong, ...] = ()
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class ErasureSeen:
    """What the page of an erasure shows.

    Attributes:
        line: The job.
        removed: (what, how many) of what was removed.
        left: Where something of theirs was found again.
        uploads: Names of imports that were cancelled.
        not_reached: What no erasure inside the service reaches.
        others: Values of theirs that other people's contacts carry too.
    """

    line: JobLine
    removed: tuple[tuple[str, int], ...]
    left: tuple[str, ...]
    uploads: int
    not_reached: tuple[str, ...]
    others: int


@router.get(HERE)
def person(request: Request, _who: Giver) -> Response:
    """The form by which a person is found. Who it is comes in a form, so that it stands in no address and no log."""
    return _page(request, Person(KINDS, {}))


@router.post(HERE)
def find(request: Request, who: Giver, kind: Kind = "", value: Value = "", person_id: Number = "") -> Response:
    """Who is meant, and how much is kept about them. The look is noted."""
    return _second_look(request, who, _typed(kind, value, person_id))


@router.post(HERE + "/give")
def give(request: Request, who: Giver, kind: Kind = "", value: Value = "", person_id: Number = "") -> Response:
    """Everything that is kept about them, as a file."""
    typed = _typed(kind, value, person_id)
    try:
        return api.export(request, asked(api.Named, **_named(typed)), who)
    except FirstcontactError as error:
        return _wrong(request, typed, error)


@router.post(HERE + "/erase")
def erase(
    request: Request,
    who: Eraser,
    kind: Kind = "",
    value: Value = "",
    person_id: Number = "",
    count: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Erase them, where the number of their contacts was typed: whoever did has seen what goes."""
    typed = _typed(kind, value, person_id)
    try:
        named = asked(api.Named, **_named(typed))
        found = api.find(request, named, who)
    except FirstcontactError as error:
        return _wrong(request, typed, error)
    digits = "".join(one for one in count if one.isdecimal())  # as it stands there, with or without thousands apart
    if not digits or int(digits) != found.contacts:
        return _page(request, Person(KINDS, typed, found, may_erase=True, unsure=True))
    return on(f"{HERE}/erasures/{api.erase(request, named, who).job_id}")


@router.get(HERE + "/erasures/{job_id}")
def erasure(request: Request, _who: Eraser, job_id: JobId) -> Response:
    """How far an erasure is, and what came of it."""
    service: Service = request.app.state.service
    job = service.queue.find(job_id)
    if job is None or job.kind != ERASE:
        raise not_there("the job")
    result: dict[str, Any] = job.result or {}
    reached = result.get("not_reached", {})
    say = sentences(viewer(request).language).gettext
    it = ErasureSeen(
        job_line(request, job),
        tuple((name, count) for name, count in result.get("removed", {}).items() if count),
        tuple(result.get("found_again_in", ())),
        len(result.get("uploads_cancelled", ())),
        tuple(say(one) if one in NOT_REACHED else one for one in _all(reached)),
        int(result.get("values_of_others_too", 0)),
    )
    return page(request, "erasure", place=PLACE, it=it, called=REMOVED)


def _second_look(request: Request, who: Principal, typed: dict[str, str]) -> Response:
    try:
        found = api.find(request, asked(api.Named, **_named(typed)), who)
    except FirstcontactError as error:
        return _wrong(request, typed, error)
    # Where linking gave a number, it names them from here on, and the identifier stands in no further page.
    named = typed if found.person_id is None else {"person_id": str(found.person_id)}
    return _page(request, Person(KINDS, named, found, who.may(Permission.ERASE_SUBJECT)))


def _wrong(request: Request, typed: dict[str, str], error: FirstcontactError) -> Response:
    if error.faults[0].kind.code == "FC9302":
        return _page(request, Person(KINDS, typed, nobody=True))
    return _page(request, Person(KINDS, typed, wrong=wrongs(error, request)))


def _page(request: Request, it: Person) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if it.wrong or it.nobody or it.unsure else HTTPStatus.OK
    return page(request, "subject", place=PLACE, status=status, it=it)


def _all(reached: dict[str, Any]) -> list[str]:
    return [str(one) for name in ("always", "backups") for one in reached.get(name, ())]


def _typed(kind: str, value: str, person_id: str) -> dict[str, str]:
    return {"person_id": person_id.strip()} if person_id.strip() else {"kind": kind, "value": value.strip()}


def _named(typed: dict[str, str]) -> dict[str, Any]:
    """A person as the interface has them named."""
    number = typed.get("person_id")
    return {"person_id": number} if number else {name: said for name, said in typed.items() if said}
