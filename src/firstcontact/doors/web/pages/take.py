"""Take along: the figures of a page as an Excel workbook, and the page as PDF where this installation makes one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.doors.report import words
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web import page
from firstcontact.doors.web.paper import page_pdf
from firstcontact.doors.web.place import N_
from firstcontact.doors.web.snapshot import Snapshot, snapshot
from firstcontact.doors.workbook import Sheet, Value, workbook
from firstcontact.kernel.result import Refusal
from firstcontact.measurement.measures.catalog import TITLES
from firstcontact.measurement.measures.row import ResultRow, slice_of
from firstcontact.services.access import Permission, Principal, Scope, refused
from firstcontact.services.run import Run

router = APIRouter(include_in_schema=False, tags=["pages"])

KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Pick = Callable[[Run], Iterable[ResultRow]]
Seen = Annotated[Principal, Depends(Permit(Permission.READ_BOARD))]


def _overview(run: Run) -> list[ResultRow]:
    weeks = [*run.slices(run.headline_measure, "week"), *run.select("r_fcr", by="week")]
    return [*run.select(by=""), *weeks, *run.select("opportunity")]


def _reasons(run: Run) -> list[ResultRow]:
    cuts = sorted(by for by in run.cuts if by.startswith("reason_") and "," not in by)
    return [row for by in cuts for row in run.select(by=by)]


def _channels(run: Run) -> list[ResultRow]:
    return [*run.select(by="channel"), *run.select(by="queue"), *run.select("channel_path")]


def _causes(run: Run) -> list[ResultRow]:
    return run.select("root_cause", "root_cause_contacts", "root_cause_pair", "root_cause_looked_at")


def _downstream(run: Run) -> list[ResultRow]:
    names = ("", "_share", "_pairs", "_excess", "_delay", "_cost", "_count")
    return run.select(*(f"downstream{name}" for name in names))


def _teams(run: Run) -> list[ResultRow]:
    return [*run.select(by="team"), *run.slices(run.headline_measure, "team,week")]


PICKS: dict[str, Pick] = {
    "/": _overview,
    "/reasons": _reasons,
    "/causes": _causes,
    "/downstream": _downstream,
    "/channels": _channels,
    "/teams": _teams,
}
"""What each page's figures are."""

REASON, DEFINITIONS, QUALITY = "/reason", "/definitions", "/quality"
page.TAKEN.update({*PICKS, REASON, DEFINITIONS, QUALITY})

Of = Literal["/", "/reasons", "/reason", "/causes", "/downstream", "/channels", "/teams", "/definitions", "/quality"]


@router.get("/take.xlsx")
def take(
    request: Request,
    who: Seen,
    of: Of = "/",
    name: Annotated[str, Query(max_length=20_000)] = "",
) -> Response:
    """The figures of a page, as far as its visitor may see them there."""
    shown = snapshot(request)
    if shown is None:
        raise not_there("the run: nothing was measured yet")
    rows = _seen(shown.run, who, of, name)
    if of == REASON and not rows:
        raise not_there("the reason in this run")
    sheet = {DEFINITIONS: _definitions, QUALITY: _ledgers}.get(of)
    figures = workbook([sheet(shown) if sheet else _figures(rows, shown), _stamp(shown, of, name)])
    file = f"firstcontact-{of.strip('/') or 'overview'}-{shown.kept.id}.xlsx"
    return Response(figures, media_type=KIND, headers={"Content-Disposition": f'attachment; filename="{file}"'})


@router.get("/take.pdf", dependencies=[Depends(Permit(Permission.READ_SELF))])
async def take_pdf(request: Request, of: Of = "/", run: Annotated[str, Query(max_length=200)] = "") -> Response:
    """A page as PDF, with whatever else its address asks; the page itself decides who may see it."""
    asked = [(name, value) for name, value in request.query_params.multi_items() if name not in ("of", "said")]
    plain = "".join(one for one in run if one.isascii() and (one.isalnum() or one == "-"))[:80]
    name = of.strip("/") or "overview"
    return await page_pdf(request, of, asked, "-".join(("firstcontact", name, *([plain] if plain else []))) + ".pdf")


def _seen(run: Run, who: Principal, of: str, name: str) -> list[ResultRow]:
    """The rows of a page that its visitor may see, by the rules of the page itself."""
    scope = who.scope(Permission.READ_FIGURES)
    if of == "/" and scope is not Scope.ALL:
        # What `GET /api/v1/board` shows everybody.
        return [*run.select(by=""), *run.slices(run.headline_measure, "week")]
    if scope is None or (scope is not Scope.ALL and of != "/teams"):
        raise refused(Permission.READ_FIGURES)
    rows = run.about("reason", name) if of == REASON else list(PICKS[of](run)) if of in PICKS else []
    teams = who.visible_teams(Permission.READ_FIGURES)
    return rows if teams is None else [row for row in rows if row.cell.get("team") in teams]


COLUMNS: tuple[tuple[str, int], ...] = (
    (N_("What"), 34),
    (N_("Reason"), 28),
    (N_("Channel"), 14),
    (N_("Team"), 18),
    (N_("Queue"), 18),
    (N_("Next reason"), 24),
    (N_("What they share"), 28),
    (N_("Period from"), 12),
    (N_("Value"), 10),
    (N_("Interval from"), 12),
    (N_("Interval to"), 12),
    (N_("Level of the interval"), 10),
    (N_("Rests on (n)"), 12),
    (N_("Unit"), 9),
    (N_("Windows closed"), 12),
    (N_("State"), 12),
    (N_("Why there is none"), 44),
    (N_("What would change it"), 44),
    (N_("What is counted"), 60),
    (N_("Its name in the interface"), 22),
)
"""Headings and widths of the sheet of figures."""


def _figures(rows: list[ResultRow], shown: Snapshot) -> Sheet:
    writer = shown.writer
    columns = [writer.say(name) for name, _ in COLUMNS]
    widths = [width for _, width in COLUMNS]
    cells = [_cells(row, writer) for row in rows]
    return Sheet(writer.say("Figures"), columns, cells, widths, writer.rtl)


def _cells(row: ResultRow, writer: Writer) -> list[Value]:
    result, cell = row.result, {slice_of(name): value for name, value in row.cell.items()}
    where: list[Value] = [cell.get(name) for name in ("reason", "channel", "team", "queue", "next_reason", "cause")]
    start: list[Value] = [_title(row.measure, writer), *where, row.period_start]
    counted = writer.tell(result.estimand) if result.estimand else ""
    if isinstance(result, Refusal):
        why: list[Value] = ["refused", writer.tell(result.reason), writer.tell(result.would_help)]
        return [*start, None, None, None, None, result.n, None, result.maturity, *why, counted, row.measure]
    value: list[Value] = [result.value, result.low, result.high, result.level, result.n, result.unit, result.maturity]
    return [*start, *value, result.status, None, None, counted, row.measure]


def _title(measure: str, writer: Writer) -> str:
    if measure in words.MEASURES:
        return writer.say(words.MEASURES[measure][0])
    if measure in TITLES:
        return writer.say(TITLES[measure])
    return writer.say(words.UNKNOWNS[measure]) if measure in words.UNKNOWNS else measure.replace("_", " ")


def _definitions(shown: Snapshot) -> Sheet:
    """A line a definition."""
    writer = shown.writer
    named = (
        N_("Definition"), N_("What is counted"), N_("Source"), N_("Value"), N_("Interval from"), N_("Interval to"),
        N_("Rests on (n)"), N_("State"), N_("Settled"), N_("Does not say"), N_("Settled only here"),
        N_("Settled only by the policy"), N_("Why there is none"), N_("What would change it"),
    )  # fmt: skip
    lines: list[list[Value]] = []
    for row in shown.run.definitions:
        result = row.result
        line: list[Value] = [row.preset, writer.tell(row.title), row.source]
        if isinstance(result, Refusal):
            line += [None, None, None, result.n, "refused"]
            why: list[Value] = [writer.tell(result.reason), writer.tell(result.would_help)]
        else:
            line += [result.value, result.low, result.high, result.n, result.status]
            why = [None, None]
        differ: tuple[Value, Value] = row.differs or (None, None)
        lines.append([*line, row.resolved, row.unsettled, *differ, *why])
    return Sheet(writer.say("Definitions"), [writer.say(one) for one in named], lines, (26, 60, 40), writer.rtl)


def _ledgers(shown: Snapshot) -> Sheet:
    """Where every row and every contact went: a line a cause."""
    writer, run = shown.writer, shown.run
    rows = run.row_ledger
    parts: list[tuple[str, int]] = [("read", rows.read), *rows.absorbed.items(), *rows.quarantined.items()]
    lines: list[list[Value]] = [
        [writer.say("From rows to contacts"), cause, count]
        for cause, count in [*parts, ("erased", rows.erased), ("contacts", rows.contacts)]
    ]
    for ledger in run.measure_ledgers:
        told = [("contacts", ledger.contacts), *ledger.excluded.items()]
        told += [(name, getattr(ledger, name)) for name in ("not_opener", "left_censored", "immature", "counted")]
        lines += [[_title(ledger.measure, writer), cause, count] for cause, count in told]
    named = [writer.say("Ledger"), writer.say("Cause"), writer.say("How many")]
    return Sheet(writer.say("What was left out, and why")[:31], named, lines, (40, 24, 12), writer.rtl)


def _stamp(shown: Snapshot, of: str, name: str) -> Sheet:
    """What every figure rests on."""
    writer, run = shown.writer, shown.run
    said: list[tuple[str, Value]] = [
        (writer.say("Page"), of + (f" {name}" if name else "")),
        (writer.say("Run"), shown.kept.id),
        (writer.say("Data up to"), run.frame.cutoff.isoformat() + "Z"),
        (writer.say("Measured"), run.created_at.isoformat()),
        (writer.say("Zone of the days"), run.zone),
        (writer.say("Policy"), f"{run.policy.name} {run.policy.version}"),
        (writer.say("What it counts"), writer.tell(run.policy.title)),
        (writer.say("Its hash"), run.policy_hash),
        (writer.say("Version of firstcontact"), run.version),
    ]
    note = writer.say(
        "Shares are written from 0 to 1. A text that begins like a formula has an apostrophe before it. A figure that "
        "the data do not support is refused, not 0."
    )
    return Sheet(writer.say("What they rest on"), (), [*said, (note,)], (26, 80), writer.rtl)
