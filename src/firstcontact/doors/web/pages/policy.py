"""Policy: what counts as settled, in words; drafted, tried on past data, compared, published, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from firstcontact.doors.api.page import After, cursor, read_number
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.routes import policies as api
from firstcontact.doors.web.form import Wrong, asked, on, wrongs
from firstcontact.doors.web.page import page, writer_of
from firstcontact.doors.web.place import CARE, N_, Place
from firstcontact.doors.web.policy_choice import Fields, fields_of, sent, written
from firstcontact.doors.web.policy_words import Differs, differences
from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, FirstcontactError
from firstcontact.kernel.sentence import Sentence, clause
from firstcontact.measurement.policy.explain import explain
from firstcontact.measurement.policy.model import Policy
from firstcontact.services.access import Permission, Principal
from firstcontact.services.choose_policy import headline_of
from firstcontact.services.compare_trial import sides_of
from firstcontact.services.measure_history import MEASURE
from firstcontact.services.policy_version import PolicyVersion, read_version
from firstcontact.services.queue import Job
from firstcontact.services.service import Service

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/policy", N_("Policy"), CARE, Permission.READ_POLICIES)

STATES: dict[str, str] = {
    "draft": N_("draft"),
    "published": N_("in force"),
    "retired": N_("was in force"),
    "dropped": N_("given up"),
}
TEXT_LENGTH = ErrorKind(
    "FC9520",
    "The text of the policy cannot be taken",
    EXIT_INPUT,
    "It is empty, or longer than a form can bring. Nothing was kept; what was typed still stands in the form.",
)

HISTORY = 50
"""Versions that are listed at once."""
LONGEST = 80_000
"""Characters of a policy that a form can bring, whatever its letters; a longer one goes through the interface."""

_FIRST = ("explain.return", "explain.window", "target.whole", "target.since")
"""Points that are said with the meaning: how long the windows are, and what is aimed at."""

Reader = Annotated[Principal, Depends(Permit(Permission.READ_POLICIES))]
Drafter = Annotated[Principal, Depends(Permit(Permission.DRAFT_POLICIES))]
Publisher = Annotated[Principal, Depends(Permit(Permission.PUBLISH_POLICIES))]
Toml = Annotated[str, Form()]
Chosen = Annotated[Fields, Depends(sent)]
Note = Annotated[str, Form(max_length=2_000)]
Edition = Annotated[int, Form(ge=0, le=2**31)]
Said = Annotated[str, Query(max_length=20)]


@dataclass(frozen=True, slots=True)
class Meaning:
    """A policy in the visitor's words.

    Attributes:
        sentences: What the figure means.
        note: What its author says of it, which no choice changes; empty where they say nothing.
        points: The other decisions behind it.
        aimless: Its headline measure, where no measure has a target; empty where one has.
    """

    sentences: tuple[str, ...]
    note: str
    points: tuple[str, ...]
    aimless: str


@dataclass(frozen=True, slots=True)
class History:
    """What the list shows.

    Attributes:
        version: The version in force.
        meaning: It, in words.
        versions: Some, latest first.
        first: Where the list begins; empty where this is its beginning.
        more: Where earlier ones are; empty where there are none.
        states: What states are called, in English.
        may_draft: Whether the visitor may draft.
    """

    version: PolicyVersion
    meaning: Meaning
    versions: tuple[PolicyVersion, ...]
    first: str
    more: str
    states: dict[str, str]
    may_draft: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """What the page of one version shows, or that of a new one.

    Attributes:
        version: It; None for a new one that nobody kept yet.
        toml: Its text, as kept or as typed.
        note: What whoever drafts it says of it.
        based_on: The version that it is made from.
        meaning: The text in words; None where it cannot be read.
        differs: Where it differs from the version in force; None where it cannot be read, or is that version.
        choices: The most common choices as fields; None where the text cannot be read.
        states: What states are called, in English.
        edition: The state of the draft that the visitor read, by which a change is asked for; 0 for a new one.
        in_force: Number of the version in force.
        trial: The job that tries it; None where none does.
        tried: Whether there is a trial to compare; of the version in force, whether there was another before it.
        may_draft: Whether the visitor may change it, while it is a draft.
        may_publish: Whether the visitor may put it into force.
        said: What was just done.
        wrong: What is wrong with what was sent.
    """

    version: PolicyVersion | None
    toml: str
    note: str
    based_on: int
    meaning: Meaning | None
    differs: tuple[Differs, ...] | None
    choices: Fields | None
    states: dict[str, str]
    edition: int
    in_force: int
    trial: Job | None
    tried: bool
    may_draft: bool
    may_publish: bool
    said: str
    wrong: tuple[Wrong, ...]

    @property
    def changed(self) -> bool:
        """Whether somebody else changed the draft since the visitor read it."""
        return self.version is not None and self.edition != self.version.edition


@router.get(PLACE.path)
def policy(request: Request, who: Reader, after: After = None) -> Response:
    """The policy in force, and its history."""
    service: Service = request.app.state.service
    version = service.policies.published()
    found = service.policies.page(before=read_number(after), limit=HISTORY + 1)
    more = f"{PLACE.path}?{urlencode({'after': cursor(found[HISTORY - 1].number)})}" if len(found) > HISTORY else ""
    it = History(
        version,
        _meaning(request, version.policy),
        tuple(found[:HISTORY]),
        PLACE.path if after else "",
        more,
        STATES,
        who.may(Permission.DRAFT_POLICIES),
    )
    return page(request, "policy", place=PLACE, it=it)


def _meaning(request: Request, found: Policy) -> Meaning:
    told = explain(found)
    say = writer_of(request).tell
    first = [one for one in told.points if one.code in _FIRST]
    return Meaning(
        tuple(say(one) for one in (*told.sentences, *first) if isinstance(one, Sentence)),
        " ".join(say(one) for one in told.sentences if not isinstance(one, Sentence)),
        tuple(say(one) for one in told.points if one not in first),
        "" if found.targets else headline_of(found),
    )


@router.get("/policy/new")
def new(request: Request, who: Drafter) -> Response:
    """A new draft, made from the version in force."""
    version = request.app.state.service.policies.published()
    return _draft_page(request, who, None, version.toml, "", version.number)


@router.post("/policy/new")
def keep_new(
    request: Request,
    who: Drafter,
    chosen: Chosen,
    based_on: Annotated[int, Form(ge=1, le=10**6)],
    toml: Toml = "",
    note: Note = "",
    look: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Look at what a text means, or keep it as a draft."""
    text = _text(request, toml, chosen)
    toml = text.toml
    if look or text.wrong or text.choices:
        return _draft_page(request, who, None, toml, note, based_on, text=text)
    try:
        made = api.draft(request, Response(), asked(api.Draft, toml=toml, note=note or None, based_on=based_on), who)
    except FirstcontactError as error:
        return _draft_page(request, who, None, toml, note, based_on, wrong=_wrong(request, error))
    return on(f"/policy/{made.number}", "kept")


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that was sent, with what was chosen written into it; the policy in it, or what is wrong with either."""

    toml: str
    policy: Policy | None = None
    wrong: tuple[Wrong, ...] = ()
    choices: Fields | None = None


def _text(request: Request, toml: str, chosen: Fields) -> _Text:
    size = len(toml)
    if not toml.strip() or size > LONGEST:
        short = TEXT_LENGTH.fault(
            where=clause("the policy"),
            saw=clause("{size} characters", size=size) if toml.strip() else clause("no text"),
            allowed=clause("up to {most} characters", most=LONGEST),
            cure=clause("shorten it, or send it through the interface")
            if toml.strip()
            else clause("begin with that of another version: every version shows its text"),
        )
        return _Text(toml, wrong=_wrong(request, FirstcontactError([short])))
    try:
        found = read_version(toml)
        toml, wrong = written(toml, chosen)
        return _Text(toml, found if wrong else read_version(toml), choices=wrong)
    except FirstcontactError as error:
        return _Text(toml, wrong=_wrong(request, error))


def _wrong(request: Request, error: FirstcontactError) -> tuple[Wrong, ...]:
    return wrongs(error, request)


def _draft_page(
    request: Request,
    who: Principal,
    version: PolicyVersion | None,
    toml: str,
    note: str,
    based_on: int,
    *,
    wrong: tuple[Wrong, ...] = (),
    text: _Text | None = None,
    said: str = "",
    edition: int | None = None,
) -> Response:
    service: Service = request.app.state.service
    if edition is None:
        edition = version.edition if version is not None else 0
    read = text.policy if text else None
    wrong = text.wrong if text else wrong
    if text is None:
        read = read_version(toml)
    in_force = service.policies.published()
    there = version is not None and version.number == in_force.number
    trial = trial_of(service, version.number) if version is not None and who.may(Permission.DRAFT_POLICIES) else None
    it = Draft(
        version,
        toml,
        note,
        based_on,
        _meaning(request, read) if read is not None else None,
        differences(in_force.policy, read, writer_of(request)) if read is not None and not there else None,
        (text and text.choices) or (fields_of(read) if read is not None else None),
        STATES,
        edition,
        in_force.number,
        trial,
        version is not None and sides_of(service.runs, version.number) is not None,
        who.may(Permission.DRAFT_POLICIES),
        who.may(Permission.PUBLISH_POLICIES),
        said,
        wrong,
    )
    faulty = wrong or (text is not None and text.choices is not None)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if faulty else HTTPStatus.OK
    return page(request, "policy_version", place=PLACE, status=status, it=it, longest=LONGEST)


def trial_of(service: Service, number: int) -> Job | None:
    """The job that tries a version and has not ended; None where none does."""
    for state in ("running", "waiting"):
        for job in service.queue.page(state=state, before=None, limit=50):
            if job.kind == MEASURE and job.arguments.get("policy") == number:
                return job
    return None


@router.get("/policy/{number}")
def version(request: Request, who: Reader, number: api.Number, said: Said = "") -> Response:
    """One version."""
    found = request.app.state.service.policies.find(number)
    return _draft_page(request, who, found, found.toml, found.note or "", found.based_on or found.number, said=said)


@router.post("/policy/{number}")
def change(
    request: Request,
    who: Drafter,
    number: api.Number,
    chosen: Chosen,
    edition: Edition,
    based_on: Annotated[int, Form(ge=1, le=10**6)],
    toml: Toml = "",
    note: Note = "",
    look: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Look at what a text means, or keep it in a draft that is still as it was read."""
    service: Service = request.app.state.service
    kept = service.policies.find(number)
    text = _text(request, toml, chosen)
    toml = text.toml
    if look or text.wrong or text.choices:
        return _draft_page(request, who, kept, toml, note, based_on, text=text, edition=edition)
    try:
        draft = asked(api.Draft, toml=toml, note=note or None, based_on=based_on)
        api.change(request, Response(), number, draft, who, f'"{edition}"')
    except FirstcontactError as error:
        kept = service.policies.find(number)
        return _draft_page(request, who, kept, toml, note, based_on, wrong=_wrong(request, error), edition=edition)
    return on(f"/policy/{number}", "kept")


def _tried(request: Request, who: Principal, number: int, do: Callable[[], Any], said: str) -> Response:
    """What comes of a button: the version's page anew, with what was done or what is wrong."""
    try:
        do()
    except FirstcontactError as error:
        found = request.app.state.service.policies.find(number)
        return _draft_page(
            request,
            who,
            found,
            found.toml,
            found.note or "",
            found.based_on or number,
            wrong=_wrong(request, error),
        )
    return on(f"/policy/{number}", said)


@router.post("/policy/{number}/try")
def try_on_past(request: Request, who: Drafter, number: api.Number) -> Response:
    """Measure everything under a version, beside the figures in force."""
    return _tried(request, who, number, lambda: api.try_on_past(request, Response(), number, who), "tried")


@router.post("/policy/{number}/publish")
def publish(request: Request, who: Publisher, number: api.Number, edition: Edition) -> Response:
    """Put a version into force."""
    return _tried(
        request, who, number, lambda: api.publish(request, Response(), number, who, f'"{edition}"'), "published"
    )


@router.post("/policy/{number}/drop")
def drop(request: Request, who: Drafter, number: api.Number, edition: Edition) -> Response:
    """Give up a draft."""
    return _tried(request, who, number, lambda: api.drop(request, Response(), number, who, f'"{edition}"'), "dropped")
