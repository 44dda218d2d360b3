"""Take along: the figures of a page as an Excel workbook, and the page as PDF where this installation makes one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.doors.report.sections import root_cause
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web import page
from firstcontact.doors.web.as_shown import as_shown, bare
from firstcontact.doors.web.contact_words import cause, measure_name
from firstcontact.doors.web.paper import page_itself, page_pdf
from firstcontact.doors.web.place import N_
from firstcontact.doors.web.snapshot import Snapshot, snapshot
from firstcontact.doors.workbook import Share, Sheet, Value, workbook
from firstcontact.kernel.result import Refusal, Unit
from firstcontact.measurement.measures.row import ResultRow, slice_of
from firstcontact.services.access import Permission, Principal, Scope, refused
from firstcontact.services.run import Run

router = APIRouter(include_in_schema=False, tags=["pages"])

KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Pick = Callable[[Run], Iterable[ResultRow]]
Seen = Annotated[Principal, Depends(Permit(Permission.READ_SELF))]


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

STATES: dict[str, str] = {
    "final": N_("final"),
    "provisional": N_("provisional"),
    "unsettled": N_("the policy leaves cases open"),
    "refused": N_("refused"),
}
UNITS: dict[Unit, str] = {
    "share": N_("percent"),
    "score": N_("of 100"),
    "count": N_("how many"),
    "seconds": N_("seconds"),
    "days": N_("days"),
    "money": N_("money"),
}

REASON, DEFINITIONS, QUALITY = "/reason", "/definitions", "/quality"
page.TAKEN.update({*PICKS, REASON, DEFINITIONS, QUALITY})

Of = Literal["/", "/reasons", "/reason", "/causes", "/downstream", "/channels", "/teams", "/definitions", "/quality"]


@router.get("/take.xlsx")
async def take(
    request: Request,
    who: Seen,
    of: Of = "/",
    name: Annotated[str, Query(max_length=20_000)] = "",
) -> Response:
    """A page as a workbook: what stands there, its figures one by one, and what they rest on."""
    status, headers, body = await page_itself(request, of, _asked(request))
    if status != HTTPStatus.OK or not headers.get("content-type", "").startswith("text/html"):
        return Response(body, status_code=status, headers=dict(headers.items()))
    return await run_in_threadpool(_book, request, who, of, name, body.decode())


def _book(request: Request, who: Principal, of: str, name: str, text: str) -> Response:
    shown = snapshot(request)
    if shown is None:
        raise not_there("the run: nothing was measured yet")
    rows = _seen(shown.run, who, of, name)
    sheet = {DEFINITIONS: _definitions, QUALITY: _ledgers}.get(of)
    writer = shown.writer
    page_sheet = Sheet(writer.say("The page"), (), as_shown(text, writer.notation.locale), (44, 18, 18, 18), writer.rtl)
    book = workbook([page_sheet, sheet(shown) if sheet else _figures(rows, shown), _stamp(shown, of, name)])
    file = f"firstcontact-{of.strip('/') or 'overview'}-{shown.kept.id}.xlsx"
    return Response(book, media_type=KIND, headers={"Content-Disposition": f'attachment; filename="{file}"'})


def _asked(request: Request) -> list[tuple[str, str]]:
    """What the page itself is asked."""
    return [(name, value) for name, value in request.query_params.multi_items() if name not in ("of", "said")]


@router.get("/take.pdf", dependencies=[Depends(Permit(Permission.READ_SELF))])
async def take_pdf(request: Request, of: Of = "/", run: Annotated[str, Query(max_length=200)] = "") -> Response:
    """A page as PDF, with whatever else its address asks; the page itself decides who may see it."""
    plain = "".join(one for one in run if one.isascii() and (one.isalnum() or one == "-"))[:80]
    name = of.strip("/") or "overview"
    file = "-".join(("firstcontact", name, *([plain] if plain else []))) + ".pdf"
    return await page_pdf(request, of, _asked(request), file)


def _seen(run: Run, who: Principal, of: str, name: str) -> list[ResultRow]:
    """The rows of a page that its visitor may see, by the rules of the page itself."""
    if not who.may(Permission.READ_BOARD):
        raise refused(Permission.READ_BOARD)
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
    channel, shared = cell.get("channel"), cell.get("cause")
    where[1] = None if channel is None else bare(writer.name(channel, translate=True))
    where[5] = None if shared is None else bare(root_cause.named(shared, writer))
    start: list[Value] = [measure_name(row.measure, writer), *where, row.period_start]
    counted = writer.tell(result.estimand) if result.estimand else ""
    closed = Share(result.maturity)
    if isinstance(result, Refusal):
        why: list[Value] = [writer.say(STATES["refused"]), writer.tell(result.reason), writer.tell(result.would_help)]
        return [*start, None, None, None, None, result.n, None, closed, *why, counted, row.measure]
    value, low, high = (_number(one, result.unit) for one in (result.value, result.low, result.high))
    # What was counted whole has no interval.
    between: list[Value] = [None, None, None] if result.level == 1 else [low, high, Share(result.level)]
    rest: list[Value] = [result.n, writer.say(UNITS[result.unit]), closed, writer.say(STATES[result.status])]
    return [*start, value, *between, *rest, None, None, counted, row.measure]


def _number(value: float, unit: Unit) -> Value:
    """As the pages show it: shares in percent, scores of 100."""
    if unit == "share":
        return Share(value)
    if unit == "score":
        return round(100 * value, 6)
    return int(value) if unit == "count" and float(value).is_integer() else value


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
            line += [None, None, None, result.n, writer.say(STATES["refused"])]
            why: list[Value] = [writer.tell(result.reason), writer.tell(result.would_help)]
        else:
            line += [_number(one, result.unit) for one in (result.value, result.low, result.high)]
            line += [result.n, writer.say(STATES[result.status])]
            why = [None, None]
        differ: tuple[Value, Value] = row.differs or (None, None)
        lines.append([*line, row.resolved, row.unsettled, *differ, *why])
    return Sheet(writer.say("Definitions"), [writer.say(one) for one in named], lines, (26, 60, 40), writer.rtl)


def _ledgers(shown: Snapshot) -> Sheet:
    """Where every row and every contact went: a line a cause."""
    writer, run = shown.writer, shown.run
    rows = run.row_ledger
    ends = {"read": writer.say("Rows read"), "contacts": writer.say("Contacts")}
    ends["counted"] = writer.say("Counted in the figure")
    parts: list[tuple[str, int]] = [("read", rows.read), *rows.absorbed.items(), *rows.quarantined.items()]
    lines: list[list[Value]] = [
        [writer.say("From rows to contacts"), ends.get(code) or cause(code, writer), count]
        for code, count in [*parts, ("erased", rows.erased), ("contacts", rows.contacts)]
    ]
    for ledger in run.measure_ledgers:
        told = [("contacts", ledger.contacts), *ledger.excluded.items()]
        told += [(name, getattr(ledger, name)) for name in ("not_opener", "left_censored", "immature", "counted")]
        name = measure_name(ledger.measure, writer)
        lines += [[name, ends.get(code) or cause(code, writer), count] for code, count in told]
    named = [writer.say("Ledger"), writer.say("Cause"), writer.say("How many")]
    return Sheet(writer.say("What was left out, and why")[:31], named, lines, (40, 24, 12), writer.rtl)


def _stamp(shown: Snapshot, of: str, name: str) -> Sheet:
    """What every figure rests on."""
    writer, run = shown.writer, shown.run
    said: list[tuple[str, Value]] = [
        (writer.say("Page"), of + (f" {name}" if name else "")),
        (writer.say("Run"), shown.kept.id),
        (writer.say("Data up to"), shown.stamp.cutoff),
        (writer.say("Measured"), shown.stamp.made),
        (writer.say("Zone of the days"), run.zone),
        (writer.say("Policy"), f"{run.policy.name} {run.policy.version}"),
        (writer.say("What it counts"), writer.tell(run.policy.title)),
        (writer.say("Its hash"), run.policy_hash),
        (writer.say("Version of firstcontact"), run.version),
    ]
    note = writer.say(
        "Shares are in percent, scores of 100. A text that begins like a formula has an apostrophe before it. A figure "
        "that the data do not support is refused, not 0."
    )
    return Sheet(writer.say("What they rest on"), (), [*said, (note,)], (26, 80), writer.rtl)
