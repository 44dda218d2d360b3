"""A measured run as files: figures, ledger, contacts, issues, quarantine, policy, fit and report, all or none."""

from __future__ import annotations

import csv
import dataclasses
import json
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Protocol

import ibis
import pyarrow.parquet as pq

from firstcontact.kernel.privacy import KEY_BYTES, PSEUDONYM_DIGITS
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.explain.outcome import outcome
from firstcontact.measurement.fit.declared import linking_hash
from firstcontact.measurement.linking.portable import DAY_US
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.measurement.measures.member import COUNTED, NEW, PREFIX, member_columns
from firstcontact.measurement.measures.result_table import result_table
from firstcontact.measurement.policy.write import write_policy
from firstcontact.services.gap import gap_days
from firstcontact.services.record import RUN_FORMAT
from firstcontact.services.restate import HISTORY_FILE, history
from firstcontact.services.run import Run
from firstcontact.services.told import TOLD_FILE, told_data

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from firstcontact.kernel.engine import Engine
    from firstcontact.services.measure import Measured

RUN_FILE = "run.json"
"""The file by which a directory is known to hold a run."""

# What spreadsheets take for the beginning of a formula, full-width forms included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Destination(Protocol):
    """Where a run is kept."""

    def check(self) -> None:
        """Raise if it cannot be written, before any work is done."""

    def writing(self) -> AbstractContextManager[Path]:
        """A private directory to fill, which takes its place when the block ends well."""

    def earlier(self, name: str) -> Path | None:
        """A file of the run that will be replaced; None where there is none."""


@dataclasses.dataclass(frozen=True, slots=True)
class Exports:
    """What beside the figures is written.

    Attributes:
        contacts: Whether `contacts.parquet`, `issues.parquet` and what explanations name single contacts for are.
        identifiers: Whether customers stand there under their identifier instead of a pseudonym.
        key: Secret bytes that pseudonyms are made with; needed wherever customers get one.
        members: Whether `contacts.parquet` also says how each contact enters each measure, and stands latest first, so
            that the contacts behind any figure are found soon.
    """

    contacts: bool = True
    identifiers: bool = False
    key: bytes = b""
    members: bool = False

    def __post_init__(self) -> None:
        if self.contacts and not self.identifiers and len(self.key) < KEY_BYTES:
            raise ValueError(
                f"pseudonyms need a key of {KEY_BYTES} bytes: without one anybody could guess their way back"
            )


def publish(
    engine: Engine,
    measured: Measured,
    destination: Destination,
    render: Callable[[Run], str],
    exports: Exports,
) -> None:
    """Write a run.

    Args:
        engine: Where the run's tables are.
        measured: The run.
        destination: Where it goes.
        render: Makes the report.
        exports: What beside the figures is written.

    Raises:
        FirstcontactError: The place cannot be written, is full, or holds something else.
    """
    run = measured.run
    # The report takes the interpreter's time and the exports of contacts the engine's, so both are made at once.
    with destination.writing() as folder:
        report = _beside(lambda: render(run))
        figures = result_table(run.rows)
        pq.write_table(figures, folder / "results.parquet", compression="zstd")
        write_csv(figures, folder / "results.csv")
        pq.write_table(history(run, destination.earlier(HISTORY_FILE)), folder / HISTORY_FILE, compression="zstd")
        _write_json(folder / "ledger.json", ledger_data(run))
        _write_json(folder / "fit.json", run.fit.as_dict())
        _write_json(folder / RUN_FILE, run_data(run))
        _write_json(folder / TOLD_FILE, told_data(run), indent=None)
        (folder / "policy.toml").write_text(write_policy(run.policy), encoding="utf-8")
        engine.write_parquet(measured.quarantine, folder / "quarantine.parquet")
        if exports.contacts:
            named = name_customers(measured, exports)
            contacts = member_export(measured, named) if exports.members else contact_export(measured.linked, named)
            engine.write_parquet(contacts, folder / "contacts.parquet")
            engine.write_parquet(issue_export(measured.linked, named), folder / "issues.parquet")
            for name, table in measured.exports.items():
                engine.write_parquet(table, folder / f"{name}.parquet")
            for name, card in measured.cards.items():
                _write_json(folder / f"{name}.json", card)
        (folder / "report.html").write_text(report.result(), encoding="utf-8")


def _beside(work: Callable[[], str]) -> Future[str]:
    """Do something in a thread that nobody waits for when the program is interrupted."""
    promised: Future[str] = Future()

    def keep() -> None:
        try:
            promised.set_result(work())
        except BaseException as error:
            promised.set_exception(error)

    Thread(target=keep, daemon=True).start()
    return promised


def name_customers(measured: Measured, exports: Exports) -> ir.Table:
    """What customers are called in exports: `customer_number`, `customer_name`."""
    labels = measured.labels
    name = labels.label
    if not exports.identifiers:
        # `kernel.privacy.pseudonym` as an expression.
        name = ibis.literal(exports.key.hex()).concat(labels.label).hexdigest("sha256").substr(0, PSEUDONYM_DIGITS)
    return labels.select(customer_number=labels.customer, customer_name=name)


CONTACT_EXPORT: tuple[tuple[str, str], ...] = (
    ("contact_id", "The contact."),
    ("source", "Where it came from."),
    ("customer", "The customer: a keyed pseudonym, or the identifier where asked for. Missing when unknown."),
    ("channel", "Channel."),
    ("team", "Team."),
    ("queue", "Queue."),
    ("reason", "Path in the reason tree."),
    ("started_at", "Start, UTC."),
    ("ended_at", "End, UTC."),
    ("issue_id", "The contact that began its issue. Missing for contacts that take no part in linking."),
    ("issue_start", "Whether it began its issue."),
    ("opener", "Whether its issue was quiet for the whole look-back before it."),
    ("index_eligible", "Whether the policy judges it, once mature."),
    ("repeat_of", "The contact that it repeats."),
    ("leg_of", "The contact of which it is a transferred leg."),
    ("redialled", "Whether the customer came back shortly after leaving unanswered."),
    ("previous_gap_days", "Days since the previous contact of its chain; the related one's where that is shorter."),
    ("next_gap_days", "Days until the next one; the related one's where that is shorter."),
    ("window_days", "The window of its reason."),
    ("returned", "Whether the customer came back inside the window."),
    ("p_caused", "Probability that the previous contact of its chain caused it; missing where that is not known."),
    ("repeat", "Whether it is itself a return."),
    ("left_censored", "Whether it lies too close to the beginning of the data to be known as an opener."),
    ("mature", "Whether its window has closed at the cut-off."),
    ("excluded_code", "Why it is excluded from repeat measures; missing when it is not."),
    ("verdict", "`yes`, `no`, `unsettled`, `left_out`; missing when not judged."),
    ("verdict_code", "Why it was left out by the definition."),
    (
        "p_resolved",
        "Score of having been resolved, once its window has closed; empty without surveys, wrap-ups and reviews.",
    ),
    (
        "risk",
        "Probability, as could be known when it ended, that it brings its customer back. `risk.json` is its card.",
    ),
)
"""Columns of `contacts.parquet`, with their meaning. Further columns of the source follow as `x_<name>`."""

ISSUE_EXPORT: tuple[tuple[str, str], ...] = (
    ("issue_id", "The contact that began the issue."),
    ("customer", "The customer, as in `contacts.parquet`."),
    ("reason", "Reason of the contact that began it."),
    ("channel", "Channel of the contact that began it."),
    ("started_at", "Start of the first contact, UTC."),
    ("last_started_at", "Start of the last contact, UTC."),
    ("contacts", "How many contacts it took so far."),
    ("channels", "How many different channels."),
    ("opener", "Whether the issue was quiet for the whole look-back before."),
    ("index_eligible", "Whether the policy judges it, once mature."),
    ("mature", "Whether the window of the first contact has closed."),
    ("verdict", "Verdict of the first contact; missing when not judged."),
)
"""Columns of `issues.parquet`, with their meaning."""


def contact_export(linked: ir.Table, named: ir.Table) -> ir.Table:
    """One row a contact, in the columns of `CONTACT_EXPORT`."""
    shown, columns = _shown(linked, named)
    return shown.select(*columns).order_by("contact_id")


READ_BY_MEASURES: tuple[str, ...] = (
    "handle_seconds",
    "abandoned",
    "settled",
    "escalated",
    "transfers",
    "reopens",
    "survey_resolved",
    "survey_csat",
    "survey_nps",
    "survey_ces",
)
"""Further columns of `contacts.parquet` in the service, where the data hold them: what measures read of a contact."""

_EPOCH = datetime.fromisoformat("1970-01-01")
R_FCR = f"{PREFIX}r_fcr"
DAY, BY, COMPARED = "local_day", "by_", f"{PREFIX}comparison"
"""Column of the day in the business zone; before the name of a definition, the column of what it says of a contact;
column of whether a contact enters comparisons (`explain.outcome`), `counted` or missing."""


def member_export(measured: Measured, named: ir.Table) -> ir.Table:
    """One row a contact, latest first, in the columns of `CONTACT_EXPORT` and with how it enters each measure.

    Args:
        measured: The run.
        named: What customers are called.

    Returns:
        Beside what `contact_export` has: `local_day`, `READ_BY_MEASURES`, `in_comparison`, and the texts of
        `measures.member` as `in_<measure>`, and as `by_<definition>` where definitions were kept contact by contact.
    """
    run, linked = measured.run, measured.linked
    shown, columns = _shown(linked, named)
    counted = [MEASURES[ledger.measure] for ledger in run.measure_ledgers]
    told = member_columns(shown, counted, run.policy)
    if R_FCR in told:
        cutoff = (run.frame.cutoff - _EPOCH) // timedelta(microseconds=1)
        begun = shown.anchor_us < ibis.literal(cutoff, "int64")
        told[R_FCR] = ibis.ifelse((told[R_FCR] == COUNTED) & ~begun, NEW, told[R_FCR])
    read = [name for name in READ_BY_MEASURES if name in linked.columns and name not in columns]
    day = (ibis.literal(_EPOCH) + shown[DAY].as_interval("D")).date()
    table = shown.select(*columns, *read, day.name(DAY), **told)
    compared = outcome(linked, run.policy, fit=run.fit).contacts.select(
        "contact_id", **{COMPARED: ibis.literal("counted")}
    )
    table = table.left_join(compared, "contact_id").drop("contact_id_right")
    for told_of in measured.members:
        table = table.left_join(told_of, "contact_id").drop("contact_id_right")
    return table.order_by([table.started_at.desc(), table.contact_id])


def _shown(linked: ir.Table, named: ir.Table) -> tuple[ir.Table, list[str]]:
    """Linked contacts with what exports make of their columns, and the names of the columns to show."""
    joined = linked.left_join(named, linked.customer == named.customer_number)
    shown = joined.mutate(
        customer=joined.customer_name,
        previous_gap_days=gap_days(joined, "previous"),
        next_gap_days=gap_days(joined, "next"),
        window_days=joined.window_us / DAY_US,
    )
    columns = [name for name, _ in CONTACT_EXPORT if name in shown.columns]
    return shown, [*columns, *(name for name in linked.columns if name.startswith("x_"))]


def issue_export(linked: ir.Table, named: ir.Table) -> ir.Table:
    """One row an issue, in the columns of `ISSUE_EXPORT`."""
    part = linked.filter(linked.issue_id.notnull())
    sizes = part.group_by("issue_id").aggregate(
        contacts=part.count(), channels=part.channel.nunique(), last_started_at=part.started_at.max()
    )
    first = linked.filter(linked.issue_start)
    joined = first.drop("issue_id").join(sizes, first.contact_id == sizes.issue_id)
    joined = joined.left_join(named, joined.customer == named.customer_number)
    shown = joined.mutate(customer=joined.customer_name)
    return shown.select([name for name, _ in ISSUE_EXPORT]).order_by("issue_id")


def write_csv(table: pa.Table, path: Path) -> None:
    """Write a table so that a spreadsheet shows its text and runs none of it.

    A text that begins like a formula is preceded by an apostrophe. Numbers are written as they are.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.column_names)
        for batch in table.to_batches():
            columns = [column.to_pylist() for column in batch.columns]
            writer.writerows([harmless(value) for value in row] for row in zip(*columns, strict=True))


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula.

    >>> harmless("=1+1"), harmless(-0.5), harmless(None)
    ("'=1+1", -0.5, '')
    """
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def harmless_text(text: ir.StringValue) -> ir.StringValue:
    """`harmless` for a column in an engine; a missing text stays missing."""
    return ibis.ifelse(reduce(or_, [text.startswith(sign) for sign in _FORMULA]), ibis.literal("'") + text, text)


def ledger_data(run: Run) -> dict[str, Any]:
    """Both levels of the ledger as plain data."""
    return {"rows": run.row_ledger.as_dict(), "measures": [ledger.as_dict() for ledger in run.measure_ledgers]}


def run_data(run: Run) -> dict[str, Any]:
    """Everything about a run but its figures, as plain data."""
    return {
        "format": RUN_FORMAT,
        "run_id": run.run_id,
        "created_at": run.created_at,
        "version": run.version,
        "policy": {"name": run.policy.name, "version": run.policy.version, "hash": run.policy.digest},
        "effective_policy_hash": run.policy_hash,
        "linked_under": linking_hash(run.policy, run.fit),
        "frame": dataclasses.asdict(run.frame),
        "zone": run.zone,
        "inputs": list(run.inputs),
        "mapping": run.mapping,
        "options": run.options,
        **({"audit": run.audit} if run.audit else {}),
        "identity": dataclasses.asdict(run.identity) | {"coverage": run.identity.coverage},
        "headline": {"measure": run.headline_measure, **_result_data(run.headline)},
        "definitions": [
            {
                **{field: getattr(row, field) for field in _DEFINITION_FIELDS},
                "result": _result_data(row.result),
            }
            for row in run.definitions
        ],
        "findings": [finding.as_dict() for finding in run.findings],
        "seconds": run.seconds,
    }


_DEFINITION_FIELDS = (
    "preset",
    "title",
    "source",
    "reading_low",
    "reading_high",
    "counted",
    "resolved",
    "unsettled",
    "left_out",
    "differs",
)


def _result_data(result: Estimate | Refusal) -> dict[str, Any]:
    if isinstance(result, Estimate):
        return dataclasses.asdict(result)
    return {
        "status": "refused",
        "code": result.code,
        "reason": result.reason,
        "would_help": result.would_help,
        "n": result.n,
        "estimand": result.estimand,
        "maturity": result.maturity,
    }


def _write_json(path: Path, data: Any, indent: int | None = 2) -> None:
    def plain(value: Any) -> str:
        if isinstance(value, datetime | date):
            return value.isoformat()
        return str(value)

    path.write_text(json.dumps(data, indent=indent, ensure_ascii=False, default=plain) + "\n", encoding="utf-8")
