"""Contacts of one run: those behind a figure, by the figure's own cell; by filter; as a page, as CSV, as Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from firstcontact.doors.api.page import After, Limit, Page, cursor, read_number
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.doors.api.routes.runs import CSV, PARQUET, RunId
from firstcontact.services.access import Permission, Principal
from firstcontact.services.ask_contacts import LONGEST, question_of
from firstcontact.services.find_contacts import (
    CONTACTS_FILE,
    FoundContacts,
    Show,
    find_contacts,
)
from firstcontact.services.publish import harmless
from firstcontact.services.service import Service

router = APIRouter(prefix="/api/v1/runs/{run_id}", tags=["contacts"])

Reader = Annotated[Principal, Depends(Permit(Permission.READ_CONTACTS))]
Text = Annotated[str | None, Query(max_length=LONGEST, pattern=r"^[^\x00-\x1f\x7f]*$")]
Pairs = Annotated[list[str] | None, Query(max_length=20, description="Each `name=value`.")]
YesNo = Literal["yes", "no"] | None


class RunContacts(Page[dict[str, Any]]):
    """Contacts of one run, page by page; each item has the columns that were asked for."""

    run: str = Field(description="The run they are of.")
    total: int = Field(description="How many there are, exactly, on all pages together.")
    limited: bool = Field(description="Whether only contacts of some teams may be seen, so that a figure counts more.")


class ContactColumn(BaseModel):
    """A column of a run's contacts."""

    name: str
    kind: str = Field(description="`text`, `number`, `boolean`, `moment` or `day`.")


class ContactColumns(BaseModel):
    """What can be asked of a run's contacts, and shown."""

    items: list[ContactColumn]


@router.get("/contact-columns")
def contact_columns(request: Request, run_id: RunId, _: Reader) -> ContactColumns:
    """Columns of a run's contacts: `in_<measure>` says how each enters a measure, `by_<definition>` what one says."""
    service: Service = request.app.state.service
    _run, place = _found(service, run_id)
    held = service.kept_contacts.columns(place / CONTACTS_FILE)
    return ContactColumns(items=[ContactColumn(name=name, kind=kind) for name, kind in held.items()])


@router.get(
    "/contacts",
    response_model=RunContacts,
    responses={200: {"content": {CSV: {}, PARQUET: {}}, "description": "The contacts."}},
)
def run_contacts(
    request: Request,
    run_id: RunId,
    who: Reader,
    measure: Annotated[Text, Query(description="Id of a measure: its contacts.")] = None,
    part: Annotated[
        str,
        Query(
            pattern=r"^(n|followed|counted|met|not_met|open|unanswered|out|excluded|all|out:[\w.-]{1,80})$",
            description="Which of them: `n`, as many as the figure's n; `followed`, the same for single weeks of "
            "openers; `counted` by the ledger; `met`, `not_met`, `open`; `unanswered`; `out`, `out:<code>`, "
            "`excluded`; `all`.",
        ),
    ] = "n",
    cell: Annotated[
        Pairs,
        Query(
            description="The figure's cell, each `slice=value`: `reason_1=billing`; of a root cause, an opportunity or "
            "a pair of reasons as its own columns have it: `cause=hour: 09-12`, `reason=billing`."
        ),
    ] = None,
    period_grain: Annotated[Literal["week", "month"] | None, Query(description="The figure's period.")] = None,
    period_start: Annotated[date | None, Query(description="Its first day.")] = None,
    reason: Annotated[Text, Query(description="This reason, or one below it.")] = None,
    channel: Text = None,
    team: Text = None,
    queue: Text = None,
    since: Annotated[date | None, Query(description="Begun on this day of the business zone or later.")] = None,
    until: Annotated[date | None, Query(description="Begun before this day.")] = None,
    repeat: YesNo = None,
    returned: YesNo = None,
    known: Annotated[YesNo, Query(description="Whether it is known who the customer is.")] = None,
    verdict: Literal["yes", "no", "unsettled", "left_out", "none"] | None = None,
    excluded_code: Text = None,
    text: Annotated[Text, Query(description="Part of the id or of the reason.")] = None,
    cause: Annotated[
        Text, Query(description="A root cause of the results that stands out: the contacts drawn from it to be read.")
    ] = None,
    says: Annotated[
        Pairs, Query(description="What definitions say, each `definition=state`; `judged`: yes or no.")
    ] = None,
    differ: Annotated[
        list[str] | None,
        Query(max_length=2, description="Two definitions that judge it, and not alike; `own` is the run's policy."),
    ] = None,
    column: Annotated[list[str] | None, Query(max_length=100, description="Columns to show, in this order.")] = None,
    order: Annotated[
        list[str] | None, Query(max_length=5, description="Sort by these; `-` before falling ones.")
    ] = None,
    format: Annotated[  # noqa: A002 - what it is called outside
        Literal["json", "csv", "parquet"], Query(description="CSV and Parquet come whole; the audit notes it.")
    ] = "json",
    after: After = None,
    limit: Limit = 50,
) -> Any:
    """Contacts of a run. Who sees only some teams gets the contacts of those teams; nobody's identifiers are shown."""
    service: Service = request.app.state.service
    run, place = _found(service, run_id)
    given: dict[str, str | date | list[str] | None] = {
        "measure": measure, "part": part, "cell": cell, "period_grain": period_grain, "period_start": period_start,
        "reason": reason, "channel": channel, "team": team, "queue": queue, "since": since, "until": until,
        "repeat": repeat, "returned": returned, "known": known, "verdict": verdict, "excluded_code": excluded_code,
        "text": text, "cause": cause, "says": says, "differ": differ,
    }  # fmt: skip
    question = question_of(_pairs(given))
    teams = who.visible_teams(Permission.READ_CONTACTS)
    start = 0 if format != "json" else read_number(after) or 0
    show = Show(tuple(column or ()), tuple(order or ()), start, limit if format == "json" else None)
    found = find_contacts(service.kept_contacts, place, question, show, teams)
    if format != "json":
        detail = {"contacts": found.total, "format": format, "measure": measure, "part": part}
        service.audit.note(who.name, "contact.export", object=run, detail=detail, now=service.now())
        return _file(found, f"contacts-{run}.{format}", format)
    more = cursor(start + limit) if start + limit < found.total else None
    items = found.rows.to_pylist()
    return RunContacts(items=items, next=more, run=run, total=found.total, limited=teams is not None)


def _found(service: Service, run_id: str) -> tuple[str, FilePath]:
    kept = service.runs.current() if run_id == "current" else service.runs.find(run_id)
    if kept is None:
        raise not_there("the run")
    place = service.runs.place(kept)
    if not (place / CONTACTS_FILE).is_file():
        raise not_there("the contacts of this run")
    return kept.id, place


def _pairs(given: Mapping[str, str | date | list[str] | None]) -> Iterator[tuple[str, str]]:
    """What was given, as it stands in an address: pages ask by the same words."""
    for name, value in given.items():
        if value is not None:
            yield from ((name, str(one)) for one in (value if isinstance(value, list) else [value]))


def _file(found: FoundContacts, name: str, form: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if form == "csv":
        return StreamingResponse(_lines(found), media_type=CSV, headers=headers)
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(found.rows, sink, compression="zstd")
    return Response(sink.getvalue(), media_type=PARQUET, headers=headers)


def _lines(found: FoundContacts) -> Iterator[str]:
    """CSV in pieces, none of which is large."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(found.rows.column_names)
    text_before = "\ufeff"
    for batch in found.rows.to_batches(max_chunksize=5_000):
        columns = [column.to_pylist() for column in batch.columns]
        writer.writerows([harmless(value) for value in row] for row in zip(*columns, strict=True))
        yield text_before + text.getvalue()
        text_before = ""
        text.seek(0)
        text.truncate()
    yield text_before + text.getvalue()
