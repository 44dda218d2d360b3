"""Data quality: what was left out and why, how well customers are known, what was noticed, and what was set aside."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from firstcontact.contacts.table import TABLES
from firstcontact.doors.api.page import After, cursor, read_number
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.routes import quarantine as api
from firstcontact.doors.report.notation import shown
from firstcontact.doors.report.sections import account, method, noticed
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.audit_section import AuditSection, Faulty, audit_section
from firstcontact.doors.web.form import Wrong, in_words
from firstcontact.doors.web.page import page, writer_of
from firstcontact.doors.web.place import CARE, N_, Place
from firstcontact.doors.web.sections import links, sections
from firstcontact.doors.web.snapshot import Snapshot, snapshot
from firstcontact.kernel.errors import ErrorKind, FirstcontactError
from firstcontact.services.access import Permission, Principal, Scope
from firstcontact.services.linkage_audit import Filled
from firstcontact.services.mend import Aside
from firstcontact.services.service import Service
from firstcontact.services.waited import waited

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/quality", N_("Data quality"), CARE, Permission.READ_FIGURES, of_all=True)
ASIDE = "/quality/aside"

PAGE = 100
MOST_RAW = 30_000
"""Characters of a record that a form can bring back; a longer one is corrected through the interface."""

STATES: dict[str, str] = {
    "open": N_("To be decided"),
    "replayed": N_("Taken in after all"),
    "discarded": N_("Given up"),
}
"""Where a record that was set aside stands."""

TABLE_NAMES: dict[str, str] = {
    "contacts": N_("Contacts"),
    "case_events": N_("Case events"),
    "surveys": N_("Surveys"),
    "reviews": N_("Reviews"),
    "customers": N_("Customers"),
}
"""Tables that records are most often meant for."""

Reader = Annotated[Principal, Depends(Permit(Permission.READ_QUARANTINE))]
Mender = Annotated[Principal, Depends(Permit(Permission.MEND_QUARANTINE))]


@dataclass(frozen=True, slots=True)
class Quality:
    """What the page shows.

    Attributes:
        account: Both ledgers; empty before the first measurement.
        noticed: What was noticed and assumed.
        identity: (what, value) of how well customers are known.
        period: (what, value) of where the data begin and end.
        aside: The newest records that were set aside and are to be decided.
        more_aside: Whether there are more than are shown.
        sees_aside: Whether the visitor may see them.
        audit: How many returns the records miss, as people found it.
        said: What was just done.
    """

    account: Markup
    noticed: Markup
    identity: tuple[tuple[str, str], ...]
    period: tuple[tuple[str, str], ...]
    aside: tuple[AsideLine, ...]
    more_aside: bool
    sees_aside: bool
    audit: AuditSection
    said: str


@dataclass(frozen=True, slots=True)
class AsideLine:
    """A record that was set aside, without its values.

    Attributes:
        aside: It.
        kind: The table it was meant for.
        wrong: (what is wrong, its code), once each.
    """

    aside: Aside
    kind: str
    wrong: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AsideList:
    """What the list shows.

    Attributes:
        lines: Records, newest first.
        states: (word in the address, what it is called).
        kinds: The same of tables.
        codes: Codes with what they mean, of those in the list.
        asked: The filters, as they were asked for.
        first: Where the list begins; empty where this is its beginning.
        more: Where further ones are; empty where there are none.
        many: Where all that are meant can be corrected alike; empty where the visitor may not, or none is open.
        said: What was just done.
    """

    lines: tuple[AsideLine, ...]
    states: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, str], ...]
    codes: tuple[tuple[str, str], ...]
    asked: dict[str, str]
    first: str
    more: str
    many: str
    said: str


@dataclass(frozen=True, slots=True)
class OneAside:
    """What the page of one record shows.

    Attributes:
        line: It.
        faults: What is wrong with it, or with its correction.
        raw: The record, as it arrived or as somebody corrected it.
        columns: Columns that such a record may have.
        mendable: Whether the visitor may correct it here.
        long: Whether it is too long for a form.
        tried: Whether the faults are those of a correction.
    """

    line: AsideLine
    faults: tuple[Wrong, ...]
    raw: str
    columns: tuple[str, ...]
    mendable: bool
    long: bool
    tried: bool


@router.get("/quality")
def quality(
    request: Request,
    who: Annotated[Principal, Depends(Permit(Permission.READ_FIGURES, of_all=True))],
    said: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """What the figures rest on, and what they leave out."""
    return show(request, who, said=said)


def show(
    request: Request, who: Principal, *, said: str = "", faulty: Faulty | None = None, looked: Filled | None = None
) -> HTMLResponse:
    """The page.

    Args:
        request: Whose answer it is.
        who: Who looks.
        said: What was just done.
        faulty: What was wrong with what was asked for about an audit.
        looked: A filled form of an audit that is not kept.
    """
    service: Service = request.app.state.service
    found = snapshot(request)
    sees = who.may(Permission.READ_QUARANTINE)
    aside = (
        service.quarantine.page(state="open", kind=None, code=None, import_id=None, before=None, limit=6)
        if sees
        else []
    )
    writer = _writer(request)
    linked = who.scope(Permission.READ_CONTACTS) is Scope.ALL
    speaking = replace(found.writer, links=links(found, linked=linked)) if found else writer
    nothing = Markup("")
    it = Quality(
        sections(found, (account.write,), linked=linked, waited=_waited(service, found, sees)) if found else nothing,
        sections(found, (noticed.write,), linked=linked) if found else nothing,
        tuple(method.identity_lines(found.run, speaking)) if found else (),
        tuple(method.period_lines(found.run, found.writer)) if found else (),
        tuple(line_of(writer, one) for one in aside[:5]),
        len(aside) > 5,
        sees,
        audit_section(request, who, found, found.writer if found else writer, faulty=faulty, looked=looked),
        said,
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if faulty else HTTPStatus.OK
    return page(request, "quality", place=PLACE, stamp=found.stamp if found else None, status=status, it=it)


def _waited(service: Service, shown: Snapshot, sees: bool) -> frozenset[tuple[str, int]]:
    """How many records waited when a run was made, by code; nothing for who may not see them."""
    return frozenset(waited(service.runs.place(shown.kept)).items()) if sees else frozenset()


@router.get(ASIDE)
def aside_list(
    request: Request,
    who: Reader,
    state: Literal["", "open", "replayed", "discarded"] = "open",
    kind: Annotated[str, Query(max_length=32)] = "",
    code: Annotated[str, Query(pattern=r"^(FC\d{4})?$")] = "",
    source: Annotated[str, Query(max_length=200)] = "",
    import_id: Annotated[str, Query(max_length=32)] = "",
    after: After = None,
    said: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """Records that were set aside, without their values."""
    service: Service = request.app.state.service
    found = service.quarantine.page(
        state=state or None,
        kind=kind or None,
        code=code or None,
        import_id=import_id or None,
        before=read_number(after),
        limit=PAGE,
        source=source or None,
    )
    asked = {"state": state, "kind": kind, "code": code, "source": source, "import_id": import_id}
    kept = urlencode({name: value for name, value in asked.items() if value or name == "state"})
    writer = _writer(request)
    lines = tuple(line_of(writer, one) for one in found)
    codes = dict(sorted((found_code, text) for line in lines for text, found_code in line.wrong))
    if code:
        codes.setdefault(code, means(writer, code))
    it = AsideList(
        lines,
        (*STATES.items(), ("", N_("All"))),
        tuple((table.name, TABLE_NAMES.get(table.name, table.name)) for table in TABLES),
        tuple(codes.items()),
        asked,
        f"{ASIDE}?{kept}" if after else "",
        f"{ASIDE}?{kept}&{urlencode({'after': cursor(found[-1].id)})}" if len(found) == PAGE else "",
        f"{ASIDE}/many?{kept}" if lines and state == "open" and who.may(Permission.MEND_QUARANTINE) else "",
        said,
    )
    return page(request, "aside_list", place=PLACE, it=it)


@router.get(ASIDE + "/{number}")
def aside(request: Request, number: api.Number, who: Reader) -> HTMLResponse:
    """One record as it arrived. The look is noted in the audit."""
    api.get_quarantined(request, number, who)
    return _one(request, who, api.find(request, number))


@router.post(ASIDE + "/{number}/replay")
def replay(
    request: Request, number: api.Number, who: Mender, item: Annotated[str, Form(max_length=MOST_RAW * 2)] = ""
) -> Response:
    """Take it in as it was corrected."""
    try:
        given = json.loads(item) if item.strip() else None
    except (ValueError, RecursionError):
        return _one(request, who, api.find(request, number), typed=item, broken=True)
    try:
        api.replay_quarantined(request, number, api.Correction(item=given), who)
    except FirstcontactError as error:
        if error.faults[0].kind.code in {"FC9302", "FC9443"}:
            raise
        return _one(request, who, api.find(request, number), typed=item.strip() or None, error=error)
    return RedirectResponse(f"{ASIDE}?said=replayed", status_code=HTTPStatus.SEE_OTHER)


@router.post(ASIDE + "/{number}/discard")
def discard(request: Request, number: api.Number, who: Mender) -> Response:
    """Give it up."""
    api.discard_quarantined(request, number, who)
    return RedirectResponse(f"{ASIDE}?said=discarded", status_code=HTTPStatus.SEE_OTHER)


def _one(
    request: Request,
    who: Principal,
    one: Aside,
    *,
    typed: str | None = None,
    error: FirstcontactError | None = None,
    broken: bool = False,
) -> HTMLResponse:
    writer = _writer(request)
    found = [fault.as_dict() for fault in error.faults] if error is not None else [dict(each) for each in one.faults]
    tried = error is not None or broken
    columns = next((table.names for table in TABLES if table.name == one.kind), ())
    it = OneAside(
        line_of(writer, one),
        () if broken else in_words(found, writer),
        _pretty(one.raw) if typed is None else typed,
        tuple(columns),
        who.may(Permission.MEND_QUARANTINE) and one.state == "open",
        len(one.raw) > MOST_RAW,
        tried,
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if tried else HTTPStatus.OK
    return page(request, "aside", place=PLACE, status=status, it=it, broken=broken)


def line_of(writer: Writer, one: Aside) -> AsideLine:
    """A record that was set aside, in the visitor's words."""
    wrong = dict.fromkeys((means(writer, code), code) for code in one.codes)
    kind = writer.say(TABLE_NAMES[one.kind]) if one.kind in TABLE_NAMES else shown(one.kind)
    return AsideLine(one, kind, tuple(wrong))


def means(writer: Writer, code: str) -> str:
    """What a code means, in the visitor's words.

    Args:
        writer: Writes them.
        code: The code.
    """
    kind = ErrorKind.registry.get(code)
    text = writer.say(kind.title) if kind else shown(code)
    return text[:1].upper() + text[1:]


def _writer(request: Request) -> Writer:
    return writer_of(request)


def _pretty(raw: str) -> str:
    try:
        return json.dumps(json.loads(raw), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return raw
