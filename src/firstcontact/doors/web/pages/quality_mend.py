"""Many records that were set aside, corrected alike: choose them, say what is wrong, look, and take them in."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from firstcontact.contacts.table import TABLES
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.doors.api.routes import quarantine as api
from firstcontact.doors.api.routes.jobs import JobId
from firstcontact.doors.report.notation import shown
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.column_words import COLUMNS, DATES
from firstcontact.doors.web.page import page, writer_of
from firstcontact.doors.web.pages.jobs import JobLine, job_line
from firstcontact.doors.web.pages.quality import ASIDE, PLACE, TABLE_NAMES, means
from firstcontact.doors.web.place import N_
from firstcontact.doors.web.viewer import viewer
from firstcontact.kernel.clock import zone_exists, zone_names
from firstcontact.services.access import Permission, Principal
from firstcontact.services.correction import ColumnSeen, can_be_written, columns_seen
from firstcontact.services.mend_many import REPLAY, Chosen
from firstcontact.services.queue import Job
from firstcontact.services.service import Service

router = APIRouter(include_in_schema=False, tags=["pages"])

HERE = f"{ASIDE}/many"

SAMPLE = 300
"""Records of which the columns are shown."""

WAYS: dict[str, str] = {
    "moment": N_("Its moments are written in another way than was understood"),
    "words": N_("Some of its values mean another word, or nothing"),
    "column": N_("It is another column than was understood"),
    "drop": N_("What it says is of no use: leave it out"),
    "": N_("Nothing: read them again as they are"),
}
"""What may be corrected."""

Mender = Annotated[Principal, Depends(Permit(Permission.MEND_QUARANTINE))]
Short = Annotated[str, Form(max_length=200)]


@dataclass(frozen=True, slots=True)
class ManyAside:
    """What the form shows.

    Attributes:
        count: How many records are meant.
        sampled: Of how many of them, the newest, the columns are shown.
        chosen: (what the filter is called, its value in words), of each that is set.
        asked: The filters as the address has them.
        columns: Columns of the records.
        ways: What may be corrected, in English.
        dates: Known ways of writing a moment, each with one written so.
        zones: Names of zones.
        ours: (name, what it is called) of columns that a column may be.
        mappings: Mappings that are kept, where some of the records are rows of files.
        typed: What stands in the form.
        wrong: What is wrong, by field.
        listed: Where the records are listed.
    """

    count: int
    sampled: int
    chosen: tuple[tuple[str, str], ...]
    asked: dict[str, str]
    columns: tuple[ColumnSeen, ...]
    ways: dict[str, str]
    dates: dict[str, str]
    zones: tuple[str, ...]
    ours: tuple[tuple[str, str], ...]
    mappings: tuple[str, ...]
    typed: dict[str, str]
    wrong: dict[str, str]
    listed: str


@dataclass(frozen=True, slots=True)
class ManyMendedSeen:
    """What came of a look, or of taking them in.

    Attributes:
        line: The job.
        look: Whether nothing was taken in yet.
        result: What came of it; empty before it ended.
        still: (what is wrong, its code, how many) of those that do not fit.
        examples: Some of the records, as patterns, each with what is wrong with it.
        again: Where the form stands as it was filled in.
        listed: Where the records are listed.
    """

    line: JobLine
    look: bool
    result: dict[str, Any]
    still: tuple[tuple[str, str, int], ...]
    examples: tuple[dict[str, Any], ...]
    again: str
    listed: str


@dataclass(slots=True)
class _Asked:
    """What a form asks for, and what is wrong with it."""

    correction: dict[str, Any] | None = None
    wrong: dict[str, str] = field(default_factory=dict)


@router.get(HERE)
def choose(
    request: Request,
    _who: Mender,
    code: Annotated[str, Query(pattern=r"^(FC\d{4})?$")] = "",
    source: Annotated[str, Query(max_length=200)] = "",
    kind: Annotated[str, Query(max_length=32)] = "",
    import_id: Annotated[str, Query(max_length=32)] = "",
    job: Annotated[str, Query(pattern="^([0-9a-f]{32})?$")] = "",
) -> HTMLResponse:
    """The form; as it was filled in where a job names what was asked for."""
    chosen = {"code": code, "source": source, "kind": kind, "import_id": import_id}
    typed: dict[str, str] = {}
    if job:
        arguments = _job(request, job).arguments
        chosen = {name: value or "" for name, value in arguments["chosen"].items()}
        typed = _typed(arguments)
    return _form(request, chosen, typed, {})


@router.post(HERE)
def look(
    request: Request,
    who: Mender,
    code: Annotated[str, Form(pattern=r"^(FC\d{4})?$")] = "",
    source: Short = "",
    kind: Annotated[str, Form(max_length=32)] = "",
    import_id: Annotated[str, Form(max_length=32)] = "",
    column: Short = "",
    way: Literal["", "moment", "words", "column", "drop"] = Form(""),
    words: Annotated[str, Form(max_length=40_000)] = "",
    format: Annotated[str, Form(max_length=64)] = "",  # noqa: A002 - the field's name
    zone: Annotated[str, Form(max_length=64)] = "",
    to: Annotated[str, Form(max_length=64)] = "",
    mapping: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """See what would become of them; nothing is taken in."""
    chosen = {"code": code, "source": source, "kind": kind, "import_id": import_id}
    typed = {
        "column": column, "way": way, "words": words, "format": format.strip(), "zone": zone.strip(), "to": to,
        "mapping": mapping,
    }  # fmt: skip
    found = _correction(typed)
    if found.wrong:
        return _form(request, chosen, typed, found.wrong)
    try:
        plain = {name: value or None for name, value in (chosen | {"mapping": mapping}).items()}
        asked = api.Many.model_validate(plain | {"correction": found.correction, "look": True})
    except ValidationError:
        return _form(request, chosen, typed, {"way": N_("This cannot be.")})
    job = api.replay_many(request, Response(), asked, who)
    return RedirectResponse(f"{HERE}/{job.id}", status_code=HTTPStatus.SEE_OTHER)


@router.get(HERE + "/{job_id}")
def seen(request: Request, _who: Mender, job_id: JobId) -> HTMLResponse:
    """How far it is, and what came of it."""
    job = _job(request, job_id)
    writer = _writer(request)
    result = job.result or {}
    chosen = {name: value for name, value in job.arguments["chosen"].items() if value}
    it = ManyMendedSeen(
        job_line(request, job),
        bool(job.arguments["look"]),
        result,
        tuple((means(writer, code), code, count) for code, count in result.get("still", {}).items()),
        tuple(
            one | {"wrong": [(means(writer, code), code) for code in dict.fromkeys(one["codes"])]}
            for one in result.get("examples", ())
        ),
        f"{HERE}?{urlencode({'job': job.id})}",
        f"{ASIDE}?{urlencode({'state': 'open'} | chosen)}",
    )
    return page(request, "mend_seen", place=PLACE, it=it)


@router.post(HERE + "/{job_id}")
def take(request: Request, who: Mender, job_id: JobId) -> Response:
    """Take in what was looked at: what fits by now."""
    arguments = _job(request, job_id).arguments
    named = {name: arguments[name] for name in ("correction", "mapping")}
    asked = api.Many.model_validate(arguments["chosen"] | named)
    job = api.replay_many(request, Response(), asked, who)
    return RedirectResponse(f"{HERE}/{job.id}", status_code=HTTPStatus.SEE_OTHER)


def _form(request: Request, chosen: dict[str, str], typed: dict[str, str], wrong: dict[str, str]) -> HTMLResponse:
    service: Service = request.app.state.service
    writer = _writer(request)
    asked = Chosen(**{name: value or None for name, value in chosen.items()})
    among: dict[str, Any] = {name: getattr(asked, name) for name in chosen}
    some = service.quarantine.page(state="open", before=None, limit=SAMPLE, **among)
    kinds = {one.kind for one in some} or {"contacts"}
    names = {
        "code": means(writer, chosen["code"]) if chosen["code"] else "",
        "source": shown(chosen["source"]),
        "kind": writer.say(TABLE_NAMES.get(chosen["kind"], chosen["kind"])) if chosen["kind"] else "",
        "import_id": writer.say(N_("one file")) if chosen["import_id"] else "",
    }
    called = {"code": N_("What is wrong"), "source": N_("From"), "kind": N_("Kind"), "import_id": N_("Brought by")}
    ours = dict.fromkeys(one for table in TABLES if table.name in kinds for one in table.names if one != "source")
    it = ManyAside(
        service.quarantine.count(state="open", **among),
        len(some),
        tuple((called[name], names[name]) for name in called if names[name]),
        chosen,
        columns_seen(some),
        WAYS,
        DATES,
        tuple(zone_names()),
        tuple((one, COLUMNS[f"columns.{one}"][0] if f"columns.{one}" in COLUMNS else "") for one in ours),
        tuple(service.imports.mappings()) if any(one.import_id for one in some) else (),
        {"zone": viewer(request).zone} | typed,
        wrong,
        f"{ASIDE}?{urlencode({'state': 'open'} | {name: value for name, value in chosen.items() if value})}",
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return page(request, "mend_many", place=PLACE, status=status, it=it)


def _correction(typed: dict[str, str]) -> _Asked:
    """What a form asks for."""
    found = _Asked()
    way = typed["way"]
    if not way:
        return found
    if not typed["column"]:
        found.wrong["column"] = N_("Choose the column.")
    made: dict[str, Any] = {"column": typed["column"], "way": way}
    if way == "words":
        lines = [line.partition("=") for line in typed["words"].splitlines() if line.strip()]
        if not lines or not all(sign and before.strip() for before, sign, _ in lines):
            found.wrong["words"] = N_("One a line: what stands there, an equals sign, and what it means.")
        elif len(lines) > 100 or any(len(part.strip()) > 200 for line in lines for part in line):
            found.wrong["words"] = N_("At most 100 lines, each word of at most 200 characters.")
        made["words"] = {before.strip(): after.strip() for before, _, after in lines}
    elif way == "moment":
        form = next((way for way, written in DATES.items() if written == typed["format"]), typed["format"]) or "iso"
        if form != "iso" and not ("%" in form and can_be_written(form)):
            found.wrong["format"] = N_("Choose one of the list, or write it with the same signs.")
        if not zone_exists(typed["zone"] or "UTC"):
            found.wrong["zone"] = N_("There is no such zone.")
        made |= {"format": form, "zone": typed["zone"] or "UTC"}
    elif way == "column":
        if not typed["to"]:
            found.wrong["to"] = N_("Choose what it is.")
        made["to"] = typed["to"]
    found.correction = made
    return found


def _typed(arguments: dict[str, Any]) -> dict[str, str]:
    """A form as it was filled in."""
    found = arguments["correction"] or {"way": ""}
    typed = {name: str(found[name]) for name in ("column", "way", "format", "zone", "to") if name in found}
    typed["words"] = "\n".join(f"{before} = {after}" for before, after in found.get("words", {}).items())
    typed["mapping"] = arguments["mapping"] or ""
    return typed


def _job(request: Request, job_id: str) -> Job:
    service: Service = request.app.state.service
    job = service.queue.find(job_id)
    if job is None or job.kind != REPLAY:
        raise not_there("the job")
    return job


def _writer(request: Request) -> Writer:
    return writer_of(request)
