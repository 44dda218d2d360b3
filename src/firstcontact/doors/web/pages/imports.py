"""Files: brought, understood, corrected, taken in, and taken back whole; a wizard from the file to the first figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import PurePath
from typing import Annotated, Any
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from firstcontact.doors.api.page import After, cursor, read_text
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.routes import imports as api
from firstcontact.doors.report import words
from firstcontact.doors.report.notation import shown
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.column_words import DATES, FACTS, KINDS
from firstcontact.doors.web.form import Wrong, asked, in_words
from firstcontact.doors.web.mapping_form import MappingForm, columns_of, form_of, mapping_of, same
from firstcontact.doors.web.meaning_form import UNITS
from firstcontact.doors.web.page import page, sentences, writer_of
from firstcontact.doors.web.pages.jobs import JobLine, job_line
from firstcontact.doors.web.place import CARE, N_, Place
from firstcontact.doors.web.viewer import viewer
from firstcontact.kernel.clock import zone_names
from firstcontact.kernel.errors import ErrorKind, FirstcontactError
from firstcontact.kernel.sentence import restored
from firstcontact.services.access import Permission, Principal
from firstcontact.services.service import Service
from firstcontact.services.take_import import RUN
from firstcontact.services.upload import Import
from firstcontact.services.upload_stream import MOST_STREAM

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/imports", N_("Bring a file"), CARE, Permission.IMPORT)

PAGE = 50
STATES: dict[str, tuple[str, str]] = {
    "uploading": (N_("Arriving"), "note"),
    "uploaded": (N_("To be checked"), "note"),
    "running": (N_("Being taken in"), "note"),
    "done": (N_("Taken in"), "good"),
    "failed": (N_("Failed"), "bad"),
    "cancelled": (N_("Cancelled"), ""),
    "undoing": (N_("Being taken back"), "note"),
    "undone": (N_("Taken back"), ""),
}
"""By state of an import: in words, and how it is coloured."""

OUTCOMES: dict[str, str] = {
    "stored": N_("New"),
    "replaced": N_("Newer than what was there, and put in its place"),
    "unchanged": N_("Here already, the same"),
    "older": N_("Older than what is here"),
    "erased": N_("Of people who were erased"),
    "quarantined": N_("Set aside, to be corrected"),
}
"""What became of records."""

Who = Annotated[Principal, Depends(Permit(Permission.IMPORT))]
Said = Annotated[str, Query(max_length=20)]


@dataclass(frozen=True, slots=True)
class ImportLine:
    """An import in the list.

    Attributes:
        one: It.
        state: Where it stands, in English.
        tone: How that is coloured.
        records: Records that it brought; None before it ended.
        aside: Of these, how many were set aside.
        job: The job that works on it; None where none does.
        undoable: Whether it brought anything that can be taken back.
    """

    one: Import
    state: str
    tone: str
    records: int | None
    aside: int
    job: JobLine | None
    undoable: bool


@dataclass(frozen=True, slots=True)
class ImportList:
    """What the list shows.

    Attributes:
        lines: Imports, newest first.
        first: Where the list begins; empty where this is its beginning.
        more: Where further ones are; empty where there are none.
        said: What was just done.
    """

    lines: tuple[ImportLine, ...]
    first: str
    more: str
    said: str


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something that was noticed about a file.

    Attributes:
        text: What.
        rests_on: The evidence.
        warning: Whether it may make figures mislead.
    """

    text: str
    rests_on: str
    warning: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """A line of a ledger.

    Attributes:
        name: What was counted.
        count: How many.
        href: Where those of the rows are that are kept; empty where they are nowhere to be seen.
        total: Whether it is the whole or what remains.
    """

    name: str
    count: int
    href: str = ""
    total: bool = False


@dataclass(frozen=True, slots=True)
class ImportPage:
    """What the page of one import shows.

    Attributes:
        line: The import.
        step: Where in the wizard it is, from 1.
        form: How it is understood, as a form; None where that is not to be decided.
        there: Whether the file itself is still here.
        share: How much of it has arrived; None where nobody said how much there is.
        source: The system its contacts come from, as the form has it.
        rows: From rows read to contacts.
        outcomes: What became of the records.
        made: How many records there were, and how many of them are contacts; empty where all are.
        noticed: What was noticed.
        mappings: Names of saved mappings.
        kinds: What a row may be.
        units: In what lengths of time may be counted.
        facts: What the facts about a file are called.
        dates: Ways of writing moments.
        zones: Names of zones.
        may_measure: Whether the visitor may ask for a measurement.
        faults: Why it failed.
        said: What was just done.
        wrong: What kept something from being done.
    """

    line: ImportLine
    step: int
    form: MappingForm | None
    there: bool
    share: float | None
    source: str
    rows: tuple[Counted, ...]
    outcomes: tuple[Counted, ...]
    made: str
    noticed: tuple[Noticed, ...]
    mappings: tuple[str, ...]
    kinds: dict[str, str]
    units: dict[str, str]
    facts: dict[str, str]
    dates: dict[str, str]
    zones: tuple[str, ...]
    may_measure: bool
    faults: tuple[Wrong, ...]
    said: str
    wrong: str


@router.get("/imports", dependencies=[Depends(Permit(Permission.IMPORT))])
def imports(request: Request, after: After = None, said: Said = "") -> HTMLResponse:
    """The list."""
    service: Service = request.app.state.service
    found = service.imports.page(before=read_text(after), limit=PAGE)
    more = f"/imports?{urlencode({'after': cursor(found[-1].id)})}" if len(found) == PAGE else ""
    it = ImportList(tuple(_line(request, one) for one in found), "/imports" if after else "", more, said)
    return page(request, "imports", place=PLACE, it=it)


@router.get("/imports/{import_id}")
def one_import(request: Request, who: Who, import_id: api.ImportId, said: Said = "") -> HTMLResponse:
    """One import, wherever it stands."""
    return _show(request, who, api.find(request, import_id), said=said)


@router.post("/imports/{import_id}/preview")
def look(request: Request, who: Who, import_id: api.ImportId) -> Response:
    """Have the file looked into again, as the form says, by a saved mapping, or as guessed."""
    one, given = api.find(request, import_id), _given(request)
    try:
        if given.get("way") in {"guess", None}:
            wanted = api.Understanding()
        elif given["way"] == "saved":
            wanted = asked(api.Understanding, saved=given.get("saved", ""))
        else:
            mapping = _mapping(request, one, given)
            wanted = asked(api.Understanding, mapping=mapping, source=given.get("source", "").strip() or None)
        api.preview_import(request, who, one.id, wanted)
    except FirstcontactError as error:
        return _refused(request, who, one, given, error)
    return _on(f"/imports/{one.id}")


@router.post("/imports/{import_id}/start")
def start(request: Request, who: Who, import_id: api.ImportId) -> Response:
    """Take the file in; where the form says something else than what was looked into, that is looked into first."""
    one, given = api.find(request, import_id), _given(request)
    try:
        if one.state == "uploaded" and given.get("way") == "form" and one.preview is not None:
            mapping = _mapping(request, one, given)
            source = given.get("source", "").strip() or one.source
            if not same(mapping, one.preview.get("mapping")):
                api.preview_import(request, who, one.id, asked(api.Understanding, mapping=mapping, source=source))
                return _on(f"/imports/{one.id}?said=changed")
        if one.state not in {"running", "done"}:  # pressed twice is pressed once
            api.start_import(request, who, one.id, asked(api.Beginning, source=given.get("source", "").strip() or None))
    except FirstcontactError as error:
        return _refused(request, who, one, given, error)
    return _on(f"/imports/{one.id}")


@router.post("/imports/{import_id}/mapping")
def keep_mapping(request: Request, who: Who, import_id: api.ImportId) -> Response:
    """Keep the mapping that the file was looked into with, under a name."""
    one, given = api.find(request, import_id), _given(request)
    name = given.get("name", "").strip()
    mapping = (one.preview or {}).get("mapping") or one.mapping
    if not api.MAPPING_NAME.fullmatch(name) or mapping is None:
        return _show(request, who, one, wrong="name", status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        api.put_mapping(request, who, name, mapping)
    except FirstcontactError as error:
        return _refused(request, who, one, given, error)
    return _on(f"/imports/{one.id}?said=kept")


@router.post("/imports/{import_id}/cancel")
def cancel(request: Request, who: Who, import_id: api.ImportId) -> Response:
    """Stop an import."""
    one = api.find(request, import_id)
    if one.state in {"uploading", "uploaded", "running"}:
        api.cancel_import(request, who, one.id)
    return _on(f"/imports/{one.id}")


@router.get("/imports/{import_id}/undo", dependencies=[Depends(Permit(Permission.IMPORT))])
def ask_undo(request: Request, import_id: api.ImportId) -> HTMLResponse:
    """Ask whether all that an import brought shall be taken back."""
    one = api.find(request, import_id)
    return page(request, "import_undo", place=PLACE, it=_line(request, one))


@router.post("/imports/{import_id}/undo")
def undo(request: Request, who: Who, import_id: api.ImportId) -> Response:
    """Take it back."""
    one = api.find(request, import_id)
    if one.state not in {"undoing", "undone"}:
        api.undo_import(request, who, one.id)
    return _on(f"/imports/{one.id}")


def stem(name: str) -> str:
    """What a file is called without its endings: the system's name where nobody gave one."""
    return PurePath(name).stem.partition(".")[0]


def _line(request: Request, one: Import) -> ImportLine:
    service: Service = request.app.state.service
    job = service.queue.find(one.job_id) if one.job_id else None
    line = job_line(request, job) if job is not None else None
    outcomes: dict[str, int] = (one.counts or {}).get("outcomes") or {}
    state, tone = STATES[one.state]
    return ImportLine(
        one,
        state,
        tone,
        sum(outcomes.values()) if one.counts else None,
        outcomes.get("quarantined", 0),
        line if line is not None and line.open else None,
        one.state in {"done", "failed", "cancelled"} and job is not None and job.kind == RUN,
    )


def _show(
    request: Request,
    who: Principal,
    one: Import,
    *,
    said: str = "",
    wrong: str = "",
    given: dict[str, str] | None = None,
    faults: list[dict[str, str]] | None = None,
    status: int = HTTPStatus.OK,
) -> HTMLResponse:
    service: Service = request.app.state.service
    line = _line(request, one)
    writer = writer_of(request)
    preview = one.preview or {}
    form = None
    if one.state == "uploaded" and one.preview is not None:
        mapping = preview.get("mapping") or one.mapping or {}
        wrongs = in_words(faults if faults is not None else one.faults, writer)
        form = form_of(preview, mapping, wrongs, given or {}, _teller(writer, preview))
    named = (preview.get("mapping") or {}).get("source")
    source = named if named and one.source == stem(one.name) else one.source
    source = (given or {}).get("source", source)
    it = ImportPage(
        line,
        {"uploading": 1, "uploaded": 2, "running": 3}.get(one.state, 4),
        form,
        service.uploads.there(one),
        one.received / one.size if one.size != MOST_STREAM else None,
        source,
        _rows(writer, (one.counts or preview).get("ledger")),
        _outcomes(request, writer, who, one),
        _made(request, writer, one),
        _noticed(writer, preview),
        tuple(service.imports.mappings()) if form is not None else (),
        KINDS,
        UNITS,
        FACTS,
        DATES,
        zone_names() if form is not None else (),
        who.may(Permission.RUN_JOBS),
        in_words(one.faults, writer),
        said,
        wrong,
    )
    return page(request, "import", place=PLACE, status=status, it=it)


def _refused(
    request: Request, who: Principal, one: Import, given: dict[str, str], error: FirstcontactError
) -> HTMLResponse:
    """The page again, with what was chosen and what is wrong with it."""
    faults = [fault.as_dict() for fault in error.faults]
    if faults[0]["code"] == "FC9454":  # somebody else was here meanwhile
        return _show(request, who, api.find(request, one.id), wrong="state", status=HTTPStatus.CONFLICT)
    return _show(request, who, one, given=given, faults=faults, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _mapping(request: Request, one: Import, given: dict[str, str]) -> dict[str, Any]:
    """The mapping that a form asks for, checked."""
    preview = one.preview or {}
    extra = tuple(_all(request).get("extra", ()))
    service: Service = request.app.state.service
    base = preview.get("mapping") or one.mapping or {}
    return service.file_reader.check(mapping_of(base, columns_of(preview), given, extra, preview))


def _rows(writer: Writer, ledger: dict[str, Any] | None) -> tuple[Counted, ...]:
    """From rows read to contacts."""
    if not ledger:
        return ()
    taken = [
        Counted(writer.say(words.CAUSES[name]) if name in words.CAUSES else shown(name), count)
        for name, count in ledger["absorbed"].items()
    ]
    taken += [Counted(_code(writer, code), count) for code, count in ledger["quarantined"].items()]
    return (
        Counted(writer.say("Rows read"), ledger["read"], total=True),
        *taken,
        Counted(writer.say("Contacts"), ledger["contacts"], total=True),
    )


def _outcomes(request: Request, writer: Writer, who: Principal, one: Import) -> tuple[Counted, ...]:
    """What became of the records, those set aside by what is wrong with them."""
    counts = one.counts or {}
    say = sentences(viewer(request).language).gettext
    seen = who.may(Permission.READ_QUARANTINE)
    found = []
    outcomes: dict[str, int] = counts.get("outcomes") or {}
    for name in (*OUTCOMES, *sorted(set(outcomes) - set(OUTCOMES))):
        if name != "quarantined" and name in outcomes:
            found.append(Counted(say(OUTCOMES[name]) if name in OUTCOMES else name, outcomes[name]))
    for code, count in (counts.get("set_aside") or {}).items():
        href = f"/quality/aside?{urlencode({'state': '', 'import_id': one.id, 'code': code})}" if seen else ""
        found.append(Counted(_code(writer, code), count, href))
    return tuple(found)


def _made(request: Request, writer: Writer, one: Import) -> str:
    """How the records add up: the contacts, what stands beside them, and what was set aside."""
    counts = one.counts or {}
    outcomes: dict[str, int] = counts.get("outcomes") or {}
    beside = sum(sum(found.values()) for found in (counts.get("beside") or {}).values())
    if not beside:
        return ""
    total, aside = sum(outcomes.values()), outcomes.get("quarantined", 0)
    said: str = sentences(viewer(request).language).gettext(
        "%(total)s records came of the file: %(contacts)s contacts, %(beside)s that stand beside them (steps of cases, "
        "surveys and the like), and %(aside)s that were set aside."
    )
    number = writer.notation.count
    return said % {
        "total": number(total), "contacts": number(total - beside - aside), "beside": number(beside),
        "aside": number(aside),
    }  # fmt: skip


def _code(writer: Writer, code: str) -> str:
    kind = ErrorKind.registry.get(code)
    return f"{writer.say(kind.title)} ({code})" if kind else code


def _noticed(writer: Writer, preview: dict[str, Any]) -> tuple[Noticed, ...]:
    told = _teller(writer, preview)
    return tuple(
        Noticed(told(one["text"]), told(one["rests_on"]) if one["rests_on"] else "", one["level"] == "warning")
        for one in preview.get("findings") or ()
    )


def _teller(writer: Writer, preview: dict[str, Any]) -> Callable[[str], str]:
    """What puts a sentence of a preview into the visitor's words."""
    how = preview.get("sentences") or {}
    return lambda text: writer.tell(restored(text, how.get(text)))


def _all(request: Request) -> dict[str, list[str]]:
    """Every field of the form."""
    body: bytes = getattr(request.state, "body", b"")
    try:
        return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=1_000)
    except ValueError:
        return {}


def _given(request: Request) -> dict[str, str]:
    """The fields of the form that stand in it once."""
    return {name: values[0][:4_000] for name, values in _all(request).items() if len(values) == 1}


def _on(place: str) -> Response:
    return RedirectResponse(place, status_code=HTTPStatus.SEE_OTHER)
