"""Contacts: those behind a figure, as many as its n, or those that fit a filter; of one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from firstcontact.doors.api.page import After, cursor, read_number
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.report import words
from firstcontact.doors.report.notation import Notation
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web import asked_words
from firstcontact.doors.web.contact_words import COLUMNS, VERDICT_NEEDS, VERDICTS, came_of, heading, value
from firstcontact.doors.web.form import Wrong, wrongs
from firstcontact.doors.web.link import contacts_link
from firstcontact.doors.web.page import page
from firstcontact.doors.web.place import CLOSER, N_, Place
from firstcontact.doors.web.saved_views import Unsaved, saved_views
from firstcontact.doors.web.sections import links
from firstcontact.doors.web.snapshot import Snapshot, snapshot
from firstcontact.doors.web.viewer import viewer
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.access import Permission, Principal
from firstcontact.services.ask_contacts import NAMES, question_of
from firstcontact.services.contact_question import Question
from firstcontact.services.explained import PART_OF
from firstcontact.services.find_contacts import (
    CONTACTS_FILE,
    NOT_NOTED,
    TOO_FEW_TO_SHOW,
    USUAL,
    FoundContacts,
    Show,
    find_contacts,
)
from firstcontact.services.run import Run
from firstcontact.services.service import Service

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/contacts", N_("Contacts"), CLOSER, Permission.READ_CONTACTS)

PAGE = 50
MOST_NAMES = 200
"""Names that a field of the filter proposes."""

MOST_COLUMNS = 30
"""Columns that the list draws, each head of which is an address with all of them; files hold as many as are chosen."""

FORM = (
    "reason",
    "channel",
    "team",
    "since",
    "until",
    "text",
    "queue",
    "verdict",
    "returned",
    "repeat",
    "excluded_code",
)
"""What the form asks for, the last five folded away; whatever else is asked stays as it is."""

Reader = Annotated[Principal, Depends(Permit(Permission.READ_CONTACTS))]


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column.

    Attributes:
        name: The column.
        label: What it is called.
        href: Where the list stands sorted by it, the other way round where it is so already.
        sorted: `ascending`, `descending`, or empty.
    """

    name: str
    label: str
    href: str
    sorted: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a contact.

    Attributes:
        text: It, written; empty where there is none.
        why: What is said below it.
        href: Where it leads.
        code: Whether it is an id, which runs from left to right.
        moment: Whether it is a moment, which stays in one line.
    """

    text: str
    why: str = ""
    href: str = ""
    code: bool = False
    moment: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """The form above the list.

    Attributes:
        typed: Value by name, as asked.
        kept: (name, value) that stay as they are.
        all: The same with what is typed, for the choice of columns.
        parts: (value, label) of the parts of a measure; none where no measure is asked for.
        reasons: Reasons to choose from.
        channels: (value, label).
        teams: Teams to choose from; none where any may be typed.
        queues: Queues to choose from.
        verdicts: (value, label).
        causes: (value, label).
        answers: (value, label) of yes and no.
        columns: (name, label, whether it is shown) of all columns.
        further: Whether anything is asked that the form folds away.
    """

    typed: Mapping[str, str]
    kept: tuple[tuple[str, str], ...]
    all: tuple[tuple[str, str], ...]
    parts: tuple[tuple[str, str], ...]
    reasons: tuple[str, ...]
    channels: tuple[tuple[str, str], ...]
    teams: tuple[str, ...]
    queues: tuple[str, ...]
    verdicts: tuple[tuple[str, str], ...]
    causes: tuple[tuple[str, str], ...]
    answers: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str, bool], ...]
    further: bool


@dataclass(frozen=True, slots=True)
class Contacts:
    """What the page shows.

    Attributes:
        which: How many contacts, and which of a measure: the title.
        about: The measure, its cell, its period; each a piece of a sentence.
        figure: The figure they are behind, written; empty where there is none.
        narrowed: What narrows them further.
        part: Which of a measure's, as the address has it.
        total: How many there are, on all pages together.
        first: Number of the first one shown.
        filter: The form.
        headings: Columns.
        unshown: How many columns are chosen beyond those.
        rows: Their cells, contact by contact.
        newer: Where the rows before are; empty where these are the first.
        older: Where further ones are.
        exports: (label, address) of the whole list as files.
        plainly: Where all contacts are listed; empty where they are.
        limited: Whether only contacts of the visitor's teams are shown.
        counted: How many contacts made the figure, where some are gone since; else 0.
        refused: `few` where the cell is suppressed, `not noted` where the run does not say; else empty.
        wrong: What cannot be asked so.
    """

    which: str
    about: tuple[str, ...]
    figure: str
    narrowed: tuple[str, ...]
    part: str
    total: int
    first: int
    filter: Filter
    headings: tuple[Heading, ...]
    unshown: int
    rows: tuple[tuple[Cell, ...], ...]
    newer: str
    older: str
    exports: tuple[tuple[str, str], ...]
    plainly: str
    limited: bool
    counted: int
    refused: str = ""
    wrong: tuple[Wrong, ...] = ()


@router.get(PLACE.path)
def contacts(
    request: Request, who: Reader, after: After = None, said: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """The page."""
    shown = snapshot(request)
    if shown is None:
        return page(request, "contacts", place=PLACE, it=None, saved=None, said="")
    return show(request, who, shown, request.query_params.multi_items(), start=read_number(after) or 0, said=said)


def show(
    request: Request,
    who: Principal,
    shown: Snapshot,
    given: Sequence[tuple[str, str]],
    *,
    start: int = 0,
    said: str = "",
    unsaved: Unsaved | None = None,
) -> Response:
    """The page of what an address asks for.

    Args:
        request: Whose answer it is.
        who: Its visitor.
        shown: The run.
        given: Names and values of the address.
        start: So many contacts stand before the first one shown.
        said: What was just done.
        unsaved: A view that could not be saved, and why.
    """
    asked = Asked.of(request, shown, given)
    refused, question = "", Question()
    wrong: tuple[Wrong, ...] = ()
    found: FoundContacts | None = None
    try:
        question = question_of(asked.pairs)
        found = _found(request, shown, who, question, Show(asked.read, asked.order, start, PAGE))
        if start >= found.total > 0:  # the list has become shorter: its last page
            start = (found.total - 1) // PAGE * PAGE
            found = _found(request, shown, who, question, Show(asked.read, asked.order, start, PAGE))
    except FirstcontactError as error:
        codes = {fault.kind.code for fault in error.faults}
        refused = {TOO_FEW_TO_SHOW.code: "few", NOT_NOTED.code: "not noted"}.get(min(codes), "")
        wrong = () if refused else wrongs(error, request)
    it = _told(shown, who, asked, question, found, start, refused, wrong)
    saved = saved_views(request, who, asked.view, urlencode(asked.chosen_pairs), unsaved)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong or unsaved else HTTPStatus.OK
    return page(request, "contacts", place=PLACE, stamp=shown.stamp, status=status, it=it, saved=saved, said=said)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for.

    Attributes:
        run: The run's id.
        pairs: Names and values of the question.
        held: Columns of the run's contacts.
        columns: Those that are shown, in order.
        chosen: Whether the address names them.
        order: Those that rows are sorted by.
        clock: Writes moments in the visitor's zone.
        view: Id of the saved view that one came from; empty where from none.
    """

    run: str
    pairs: tuple[tuple[str, str], ...]
    held: tuple[str, ...]
    columns: tuple[str, ...]
    chosen: bool
    order: tuple[str, ...]
    clock: Notation
    view: str

    @classmethod
    def of(cls, request: Request, shown: Snapshot, given: Iterable[tuple[str, str]]) -> Asked:
        """What a request asks for; columns that the run does not have are passed over."""
        service: Service = request.app.state.service
        path = service.runs.place(shown.kept) / CONTACTS_FILE
        held = tuple(service.kept_contacts.columns(path)) if path.is_file() else ()
        some = list(given)
        wanted = tuple(dict.fromkeys(text for name, text in some if name == "column" and text in held))
        columns = wanted or tuple(name for name in USUAL if name in held and name not in _TOLD)
        order = tuple(dict.fromkeys(text for name, text in some if name == "order" and text.removeprefix("-") in held))
        pairs = tuple((name, text) for name, text in some if name in NAMES and text)
        view = next((text for name, text in some if name == "view"), "")
        return cls(shown.kept.id, pairs, held, columns, bool(wanted), order[:5], viewer(request).notation, view)

    @property
    def drawn(self) -> tuple[str, ...]:
        """Columns of the list, where more are chosen for the files than a page can hold."""
        return self.columns[:MOST_COLUMNS]

    @property
    def read(self) -> tuple[str, ...]:
        """Columns that are read so that those that are shown can be told."""
        needed = ("source", "contact_id", *(VERDICT_NEEDS if {"verdict", "returned"} & {*self.drawn} else ()))
        return tuple(dict.fromkeys((*self.drawn, *(name for name in needed if name in self.held))))

    def address(self, path: str = PLACE.path, *, order: tuple[str, ...] | None = None, after: int = 0) -> str:
        """The address of the same contacts, sorted so, from a place on."""
        some = [("run", self.run), *self.pairs]
        some += [("column", name) for name in self.columns] if self.chosen else []
        some += [("order", name) for name in (self.order if order is None else order)]
        some += [("view", self.view)] if self.view else []
        some += [("after", cursor(after))] if after else []
        return f"{path}?{urlencode(some)}"

    @property
    def chosen_pairs(self) -> list[tuple[str, str]]:
        """What a saved view keeps of it."""
        columns = [("column", name) for name in self.columns] if self.chosen else []
        return [*self.pairs, *columns, *(("order", name) for name in self.order)]

    def file(self, form: str) -> str:
        """Where the interface gives all of them as a file; it notes so in the audit."""
        some = [*self.pairs, *(("column", name) for name in self.columns if self.chosen)]
        some += [*(("order", name) for name in self.order), ("format", form)]
        return f"/api/v1/runs/{self.run}/contacts?{urlencode(some)}"


def _found(request: Request, shown: Snapshot, who: Principal, question: Question, show: Show) -> FoundContacts:
    service: Service = request.app.state.service
    teams = who.visible_teams(Permission.READ_CONTACTS)
    return find_contacts(service.kept_contacts, service.runs.place(shown.kept), question, show, teams)


def _told(
    shown: Snapshot,
    who: Principal,
    asked: Asked,
    question: Question,
    found: FoundContacts | None,
    start: int,
    refused: str,
    wrong: tuple[Wrong, ...],
) -> Contacts:
    writer = shown.writer
    teams = who.visible_teams(Permission.READ_CONTACTS)
    total = found.total if found else 0
    row = asked_words.figure_of(question, shown.run)
    return Contacts(
        which=asked_words.which(question, total, writer) if found else "",
        about=tuple(asked_words.about(question, shown.run, writer)),
        figure=_figure(shown, who, question, row),
        narrowed=tuple(asked_words.narrowed(question, writer)),
        part=question.part,
        total=total,
        first=start + 1 if total else 0,
        filter=_filter(shown, who, asked, question),
        headings=tuple(_heading(shown, asked, name) for name in asked.drawn),
        unshown=len(asked.columns) - len(asked.drawn),
        rows=_rows(shown, who, asked, found),
        newer=asked.address(after=max(0, start - PAGE)) if start else "",
        older=asked.address(after=start + PAGE) if start + PAGE < total else "",
        exports=(("CSV", asked.file("csv")), ("Parquet", asked.file("parquet"))) if total else (),
        plainly=f"{PLACE.path}?{urlencode([('run', asked.run)])}" if asked.pairs else "",
        limited=teams is not None,
        counted=row.result.n if found and row and teams is None and _fewer(shown, question, row, total) else 0,
        refused=refused,
        wrong=wrong,
    )


def _fewer(shown: Snapshot, question: Question, row: ResultRow, total: int) -> bool:
    """Whether the contacts behind a figure are fewer by now than they were."""
    run = shown.kept.id
    return total < row.result.n and links(shown, linked=True).rows(row) == contacts_link(run, question)


def _figure(shown: Snapshot, who: Principal, question: Question, row: ResultRow | None) -> str:
    """The figure as it stands where one came from; only whoever may see it reads it here."""
    reach = who.visible_teams(Permission.READ_FIGURES) if who.may(Permission.READ_FIGURES) else frozenset()
    if reach is not None and question.cell.get("team") not in reach:
        return ""
    told = shown.writer.figure(row.result) if row is not None else None
    return f"{told.value} ({told.interval})" if told and told.value and told.interval else told.value if told else ""


def _heading(shown: Snapshot, asked: Asked, name: str) -> Heading:
    first = asked.order[0] if asked.order else "-started_at"
    now = ("descending" if first.startswith("-") else "ascending") if first.removeprefix("-") == name else ""
    turned = f"-{name}" if now == "ascending" or (name == "started_at" and not now) else name
    return Heading(name, heading(name, shown.writer), asked.address(order=(turned,)), now)


def _rows(shown: Snapshot, who: Principal, asked: Asked, found: FoundContacts | None) -> tuple[tuple[Cell, ...], ...]:
    if found is None:
        return ()
    people = who.may(Permission.READ_PEOPLE)
    return tuple(
        tuple(_cell(shown, asked, row, name, people=people) for name in asked.drawn) for row in found.rows.to_pylist()
    )


def _cell(shown: Snapshot, asked: Asked, row: Mapping[str, Any], name: str, *, people: bool) -> Cell:
    if name == "verdict":
        return Cell(*came_of(row, shown.writer))
    if name == "returned" and row[name] is False and row.get("mature") is False:
        return Cell(shown.writer.say("not so far"))
    text = value(name, row[name], shown.writer, asked.clock)
    if name == "contact_id" and people and row.get("source") is not None:
        named = urlencode({"source": row["source"], "contact_id": row["contact_id"]})
        return Cell(text, href=f"/customers/of-contact?{named}", code=True)
    return Cell(text, code=name in _CODES, moment=isinstance(row[name], date))


_PARTS = ("n", "counted", "met", "not_met", "open", "out", "all")
_TOLD = frozenset({"source", "excluded_code", "returned"})
"""Usual columns of files that the list tells beside others."""
_CODES = frozenset({"contact_id", "source", "customer", "issue_id", "repeat_of", "leg_of"})


def _filter(shown: Snapshot, who: Principal, asked: Asked, question: Question) -> Filter:
    writer, run = shown.writer, shown.run
    mine = who.visible_teams(Permission.READ_CONTACTS)
    typed = dict.fromkeys(FORM, "") | {name: text for name, text in asked.pairs if name in FORM}
    kept = [(name, text) for name, text in asked.pairs if name not in FORM and name != "part"]
    kept = [("run", asked.run), *kept, *(("order", name) for name in asked.order)]
    kept += [("column", name) for name in asked.columns if asked.chosen]
    kept += [("view", asked.view)] if asked.view else []
    names: dict[str, tuple[str, ...]] = {"team": (), "queue": (), "reason": ()}
    if mine is None:
        # Names of other teams' reasons and queues are not proposed to who sees only some.
        names = {by: _names(shown, by) for by in ("team", "queue")}
        names["reason"] = _names(shown, "reason_1") + _names(shown, "reason_2")
    parts = dict.fromkeys((*PART_OF.get(question.measure, _PARTS), question.part)) if question.measure else {}
    return Filter(
        typed,
        tuple(kept),
        (("run", asked.run), *asked.pairs, *(("order", name) for name in asked.order), ("view", asked.view)),
        tuple((part, asked_words.said(part, writer)) for part in parts),
        names["reason"][:MOST_NAMES],
        tuple((one, writer.name(one, translate=True)) for one in _names(shown, "channel")),
        tuple(sorted(mine)) if mine is not None else names["team"],
        names["queue"],
        tuple((word, writer.say(label)) for word, label in VERDICTS.items()),
        tuple((code, writer.say(label)) for code, label in words.CAUSES.items() if code in _causes(run)),
        (("yes", writer.say("yes")), ("no", writer.say("no"))),
        tuple((name, heading(name, writer), name in asked.columns) for name in _sorted(asked.held)),
        any(typed[name] for name in FORM[6:]),
    )


def _sorted(held: Iterable[str]) -> list[str]:
    """Columns with a name of their own first."""
    places = {name: place for place, name in enumerate(COLUMNS)}
    return sorted(held, key=lambda name: (places.get(name, len(places)), name))


def _names(shown: Snapshot, by: str) -> tuple[str, ...]:
    found: tuple[str, ...] = shown.piece(partial(_known, by=by), ("names", by))
    return found


def _known(run: Run, _writer: Writer, *, by: str) -> tuple[str, ...]:
    rows = run.slices(run.headline_measure, by)
    return tuple(dict.fromkeys(row.cell[by] for row in rows if by in row.cell))[:MOST_NAMES]


def _causes(run: Any) -> frozenset[str]:
    return frozenset(code for ledger in run.measure_ledgers for code in ledger.excluded)
