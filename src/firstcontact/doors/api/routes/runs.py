"""Measured figures as data: runs, their results as JSON, CSV and Parquet, what was restated, and the board."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from firstcontact.doors.api.edition import UNCHANGED, IfNoneMatch, is_known, unchanged, version_of
from firstcontact.doors.api.moment import Moment
from firstcontact.doors.api.page import After, Limit, Page, cursor, read_number, read_text
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.kernel.settings import VERSION
from firstcontact.services.access import Permission, Principal
from firstcontact.services.ask_contacts import asked_pairs
from firstcontact.services.behind import LEARNED_FROM, NotContacts, behind, learned_reasons
from firstcontact.services.find_contacts import CONTACTS_FILE
from firstcontact.services.measure_history import KeptRun
from firstcontact.services.publish import harmless
from firstcontact.services.reach import target_of_row
from firstcontact.services.read_results import Wanted, check_wanted, read_results
from firstcontact.services.restate import HISTORY_FILE
from firstcontact.services.service import Service

router = APIRouter(prefix="/api/v1", tags=["figures"])

RunId = Annotated[
    str, Path(pattern=r"^[0-9A-Za-z-]{1,64}$", description="Id of a run, or `current` for the one in force.")
]
Reader = Annotated[Principal, Depends(Permit(Permission.READ_FIGURES))]
Whole = Depends(Permit(Permission.READ_FIGURES, of_all=True))
"""For what tells of all teams together, and so is nothing for who sees some of them only."""

Value = Annotated[str | None, Query(max_length=400, pattern=r"^[^\x00-\x1f\x7f]*$")]

CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"


class TargetSeen(BaseModel):
    """What a measure of the whole centre is to reach, and whether it does."""

    at_least: float | None = Field(description="The share aimed at, of a measure of which more is better.")
    at_most: float | None = Field(description="The same of one of which less is better.")
    tolerance: float = Field(description="So far beside it still counts as reached.")
    since: date | None = Field(description="It holds from this day on; null for the whole period.")
    state: Literal["better", "reached", "missed", "open", "young", "later", "none"] = Field(
        description="Told by the whole interval: `better` than the target and its tolerance, `reached`, `missed`, or "
        "`open`, for it cannot be told. Compared with nothing are the `young`, of which too few windows have closed; "
        "what covers time before the target (`later`); and what has no figure (`none`)."
    )


class Headline(BaseModel):
    """The one figure of a run, or why there is none."""

    measure: str
    n: int = Field(description="How many contacts or issues it rests on.")
    maturity: float = Field(description="Share of the population whose window has closed, 0 to 1.")
    status: str = Field(description="`final`, `provisional`, `unsettled` or `refused`.")
    value: float | None = None
    low: float | None = Field(None, description="Lower end of the interval.")
    high: float | None = Field(None, description="Upper end of the interval.")
    level: float | None = Field(None, description="Confidence level of the interval.")
    code: str | None = Field(None, description="Why it was refused.")
    reason: str | None = Field(None, description="The same in a sentence.")
    target: TargetSeen | None = Field(None, description="Null where none is set.")


class RunSeen(BaseModel):
    """A run: figures as of one moment, under one version of the policy."""

    id: str
    state: Literal["current", "earlier", "trial"]
    created_at: Moment
    cutoff: Moment | None = Field(description="End of complete data.")
    policy_number: int | None = Field(description="Version of the policy.")
    policy_hash: str | None = Field(description="Hash of policy and fit.")
    code_version: str = Field(description="Version of firstcontact.")
    seq: int | None = Field(description="Number of the last change in it.")
    job_id: str | None
    headline: Headline
    contacts: int
    quarantined: int
    erased: int
    zone: str = Field(description="Zone of business days.")


class Figure(BaseModel):
    """A figure, or the reason why there is none."""

    measure: str
    by: str = Field(description="What the cell was cut by, joined by commas; empty for the whole.")
    cell: dict[str, str | int] = Field(description="The cell: values by slice.")
    period_grain: str = Field(description="`all`, `week` or `month`.")
    period_start: date | None
    value: float | None = Field(description="In `unit`; null when refused.")
    low: float | None
    high: float | None
    level: float | None
    n: int | None
    maturity: float | None
    status: str
    unit: str | None
    estimand: str | None
    refusal_code: str | None
    refusal_reason: str | None
    would_help: str | None
    q_value: float | None
    windows: str | None
    target: TargetSeen | None = Field(
        None, description="Of figures of the whole centre and of its weeks; null where none is set."
    )


class FigureBehind(Figure):
    """A figure, and which contacts it rests on."""

    contacts: str | None = Field(
        description="What to ask of `/api/v1/runs/{run_id}/contacts` for the contacts it rests on, as many as its `n`; "
        "null where there is no such list."
    )
    no_contacts: str | None = Field(description="Why there is none; null where there is one.")


class Results(Page[FigureBehind]):
    """Figures of one run, page by page."""

    run: str = Field(description="The run they are of.")
    policy_hash: str | None
    cutoff: Moment | None


class Restated(BaseModel):
    """What one run said of one week."""

    measure: str
    period_start: date
    value: float | None
    low: float | None
    high: float | None
    n: int
    maturity: float
    status: str
    run_id: str
    created_at: Moment
    cutoff: Moment
    policy_hash: str


class Board(BaseModel):
    """What hangs on the wall: the whole centre's figures, nobody's in particular."""

    run: str
    cutoff: Moment | None
    headline: Headline
    figures: list[Figure] = Field(description="Each measure for all contacts together.")
    weeks: list[Figure] = Field(description="The headline week by week.")


@router.get("/runs", dependencies=[Depends(Permit(Permission.READ_FIGURES))])
def runs(
    request: Request,
    state: Literal["current", "earlier", "trial"] | None = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[RunSeen]:
    """Runs, latest first."""
    service: Service = request.app.state.service
    found = service.runs.page(state=state, before=read_text(after), limit=limit)
    more = cursor(found[-1].id) if len(found) == limit else None
    return Page(items=[_seen(one) for one in found], next=more)


@router.get(
    "/runs/{run_id}",
    response_model=RunSeen,
    responses=UNCHANGED,
    dependencies=[Depends(Permit(Permission.READ_FIGURES))],
)
def run(request: Request, response: Response, run_id: RunId, if_none_match: IfNoneMatch = None) -> Any:
    """One run."""
    seen = _seen(_found(request, run_id))
    version = version_of(seen)
    if is_known(if_none_match, version):
        return unchanged(version)
    response.headers["ETag"] = version
    return seen


@router.get(
    "/runs/{run_id}/results",
    response_model=Results,
    responses={200: {"content": {CSV: {}, PARQUET: {}}, "description": "The figures."}, **UNCHANGED},
)
def results(
    request: Request,
    response: Response,
    run_id: RunId,
    who: Reader,
    measure: Annotated[
        list[str] | None, Query(max_length=50, description="Ids of measures; all where left out.")
    ] = None,
    by: Value = None,
    reason: Value = None,
    channel: Value = None,
    team: Value = None,
    queue: Value = None,
    since: Annotated[date | None, Query(description="Periods from this day on.")] = None,
    until: Annotated[date | None, Query(description="Periods that begin before this day.")] = None,
    status: Literal["final", "provisional", "unsettled", "refused"] | None = None,
    format: Annotated[  # noqa: A002 - what it is called outside
        Literal["json", "csv", "parquet"], Query(description="CSV and Parquet come whole, not by page.")
    ] = "json",
    after: After = None,
    limit: Limit = 100,
    if_none_match: IfNoneMatch = None,
) -> Any:
    """Figures of a run. Who sees only some teams gets the cells of those teams, and no others."""
    kept = _found(request, run_id)
    wanted = Wanted(tuple(measure or ()), by, reason, channel, team, queue, since, until, status)
    place = _place(request, kept)
    check_wanted(place, wanted)
    teams = who.visible_teams(Permission.READ_FIGURES)
    start = read_number(after) or 0
    # The figures of a run never change; what a version of the program makes of them may.
    version = version_of(VERSION, kept.id, wanted, teams and sorted(teams), format, start, limit)
    if is_known(if_none_match, version):
        return unchanged(version)
    response.headers["ETag"] = version
    table = read_results(place, wanted, teams)
    if format != "json":
        return _file(table, f"results-{kept.id}.{format}", format, version)
    rows = table.slice(start, limit)
    asked = _behind(request, place)
    more = cursor(start + limit) if start + limit < table.num_rows else None
    return Results(
        items=[asked(row, _figure(row, kept)) for row in rows.to_pylist()],
        next=more,
        run=kept.id,
        policy_hash=kept.policy_hash,
        cutoff=kept.cutoff,
    )


@router.get("/runs/{run_id}/ledger", dependencies=[Whole])
def ledger(request: Request, run_id: RunId) -> dict[str, Any]:
    """Where every record and every contact of a run went; both levels add up."""
    place = _place(request, _found(request, run_id))
    found: dict[str, Any] = json.loads((place / "ledger.json").read_text(encoding="utf-8"))
    return found


@router.get("/runs/{run_id}/details", dependencies=[Whole])
def details(request: Request, run_id: RunId) -> dict[str, Any]:
    """Everything about a run but its figures: policy, period, findings, definitions side by side."""
    place = _place(request, _found(request, run_id))
    found: dict[str, Any] = json.loads((place / "run.json").read_text(encoding="utf-8"))
    return found


@router.get("/runs/{run_id}/report", response_class=FileResponse, dependencies=[Whole])
def report(request: Request, run_id: RunId) -> FileResponse:
    """The report as one HTML page, to be kept or sent on."""
    kept = _found(request, run_id)
    path = _place(request, kept) / "report.html"
    if not path.is_file() or not path.stat().st_size:
        raise not_there("the report of this run")
    return FileResponse(path, media_type="text/html", filename=f"report-{kept.id}.html")


@router.get("/runs/{run_id}/history", dependencies=[Whole])
def history(
    request: Request,
    run_id: RunId,
    measure: Value = None,
    week: Annotated[date | None, Query(description="First day of a week.")] = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[Restated]:
    """What this run and those before it said of the same weeks, earlier runs first."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(_place(request, _found(request, run_id)) / HISTORY_FILE)
    if measure is not None:
        table = table.filter(pc.equal(table["measure"], measure))
    if week is not None:
        table = table.filter(pc.equal(table["period_start"], week))
    start = read_number(after) or 0
    more = cursor(start + limit) if start + limit < table.num_rows else None
    return Page(items=[Restated(**row) for row in table.slice(start, limit).to_pylist()], next=more)


@router.get("/board", dependencies=[Depends(Permit(Permission.READ_BOARD))])
def board(request: Request) -> Board:
    """The whole centre's figures in force, as a wallboard shows them."""
    kept = _found(request, "current")
    place = _place(request, kept)
    headline = _headline(kept)
    whole = read_results(place, Wanted(by=""), None).to_pylist()
    weeks = read_results(place, Wanted(measures=(headline.measure,), by="week"), None).to_pylist()
    return Board(
        run=kept.id,
        cutoff=kept.cutoff,
        headline=headline,
        figures=[_figure(row, kept) for row in whole],
        weeks=[_figure(row, kept) for row in weeks],
    )


def _found(request: Request, run_id: str) -> KeptRun:
    service: Service = request.app.state.service
    found = service.runs.current() if run_id == "current" else service.runs.find(run_id)
    if found is None:
        raise not_there("the run: nothing was measured yet" if run_id == "current" else "the run")
    return found


def _place(request: Request, kept: KeptRun) -> FilePath:
    service: Service = request.app.state.service
    place = service.runs.place(kept)
    if not (place / "results.parquet").is_file():
        raise not_there("the files of this run")
    return place


def _seen(kept: KeptRun) -> RunSeen:
    summary = kept.summary
    names = ("id", "state", "created_at", "cutoff", "policy_number", "policy_hash", "code_version", "seq", "job_id")
    return RunSeen(
        **{name: getattr(kept, name) for name in names},
        headline=_headline(kept),
        **{name: summary[name] for name in ("contacts", "quarantined", "erased", "zone")},
    )


def _headline(kept: KeptRun) -> Headline:
    told = kept.summary["headline"]
    return Headline(**told, target=_targets(kept).get(told["measure"]))


def _targets(kept: KeptRun) -> dict[str, Any]:
    """The targets of a run; none of one that a version without targets measured."""
    found: dict[str, Any] = kept.summary.get("targets", {})
    return found


_CELL = ("reason", "reason_level", "channel", "team", "queue", "next_reason", "cause")


def _behind(request: Request, place: FilePath) -> Callable[[dict[str, Any], Figure], FigureBehind]:
    """What adds to a figure which contacts it rests on, or why there is no list of them."""
    service: Service = request.app.state.service
    path = place / CONTACTS_FILE
    noted = frozenset(service.kept_contacts.columns(path)) if path.is_file() else frozenset[str]()
    learned = learned_reasons(read_results(place, Wanted(LEARNED_FROM), None).to_pylist())

    def tell(row: dict[str, Any], figure: Figure) -> FigureBehind:
        found = behind(row, learned, noted)
        if isinstance(found, NotContacts):
            return FigureBehind(**dict(figure), contacts=None, no_contacts=str(found.reason))
        asked = urlencode(asked_pairs(found), errors="replace")
        return FigureBehind(**dict(figure), contacts=asked, no_contacts=None)

    return tell


def _figure(row: dict[str, Any], kept: KeptRun) -> Figure:
    further = [name for name in row if name.startswith("x_")]
    cell = {name: row[name] for name in (*_CELL, *further) if row[name] is not None}
    target = target_of_row(_targets(kept), row)
    names = [name for name in Figure.model_fields if name not in ("cell", "target")]
    return Figure(cell=cell, target=TargetSeen(**target) if target else None, **{name: row[name] for name in names})


def _file(table: Any, name: str, form: str, version: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "ETag": version}
    if form == "csv":
        import csv

        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(table.column_names)
        writer.writerows([harmless(value) for value in row.values()] for row in table.to_pylist())
        return Response("\ufeff" + text.getvalue(), media_type=CSV, headers=headers)
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return Response(sink.getvalue(), media_type=PARQUET, headers=headers)
