"""Files in, validated contacts out: the walk from paths to `contacts.loaded.Loaded`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstcontact.adapters.connectors import validate
from firstcontact.adapters.connectors.tabular import companion, fault, history, plan, remark, sql
from firstcontact.adapters.connectors.tabular import vocabulary as words
from firstcontact.adapters.connectors.tabular.duration import settle_units
from firstcontact.adapters.connectors.tabular.evidence import Guess
from firstcontact.adapters.connectors.tabular.expression import Reader
from firstcontact.adapters.connectors.tabular.guess import guess
from firstcontact.adapters.connectors.tabular.identity import without_idle_update
from firstcontact.adapters.connectors.tabular.inspect import complete, describe
from firstcontact.adapters.connectors.tabular.mapping import Mapping, bind, mapping_from, read_mapping
from firstcontact.adapters.connectors.tabular.opened import SOURCE, Opened, open_files
from firstcontact.adapters.connectors.tabular.project import project
from firstcontact.adapters.connectors.tabular.quarantine import QUARANTINE, nothing_left, write_quarantine
from firstcontact.adapters.connectors.tabular.raw import FILE, ROW, FileOptions
from firstcontact.adapters.connectors.tabular.source import Relation
from firstcontact.adapters.connectors.tabular.spelling import fold_reasons
from firstcontact.adapters.connectors.tabular.survey import with_scales
from firstcontact.contacts.inspection import Inspection
from firstcontact.contacts.ledger import RowLedger
from firstcontact.contacts.loaded import Loaded
from firstcontact.contacts.table import CONTACTS, EXTRA_PREFIX
from firstcontact.kernel.clock import zone_exists
from firstcontact.kernel.engine import Engine
from firstcontact.kernel.errors import Fault, FirstcontactError
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.progress import Progress, silent
from firstcontact.kernel.scratch import make_scratch, remove_scratch
from firstcontact.kernel.sentence import clause

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CONTACTS_TABLE = "contacts"


class TabularConnector:
    """Reads delimited text, Excel, Parquet and JSON lines; plain, in gzip or in zip; one file or several."""

    name = "tabular"

    def load(
        self,
        engine: Engine,
        paths: Sequence[Path],
        mapping: Mapping | dict[str, Any] | Path | None = None,
        *,
        zone: str | None = None,
        extra: Sequence[str] = (),
        progress: Progress = silent,
    ) -> Loaded:
        """Read files into validated contacts.

        Args:
            engine: Where the tables are kept.
            paths: Files and directories.
            mapping: What the columns mean: a mapping, its plain data, or the path of its file; guessed where None.
            zone: In which local times are understood; before the mapping's own, and UTC where neither says.
            extra: Further source columns to keep, as `x_<name>`.
            progress: Told what is being done.

        Returns:
            Engine tables, ledger, findings and the mapping in force. The ledger adds up.

        Raises:
            FirstcontactError: When files, mapping or all rows are unusable; every fault at once.
        """
        mapping = _as_mapping(mapping)
        _check_zone(zone)
        scratch = make_scratch()
        try:
            progress("reading files")
            # Texts with an offset become zoned moments on their way to UTC.
            engine.sql().execute("SET TimeZone = 'UTC'")
            opened = open_files(engine.sql(), paths, scratch, mapping.file if mapping else FileOptions())
            return _load(engine.sql(), opened, mapping, zone, tuple(extra), progress)
        finally:
            remove_scratch(scratch)

    def inspect(
        self,
        engine: Engine,
        paths: Sequence[Path],
        mapping: Mapping | dict[str, Any] | Path | None = None,
        *,
        zone: str | None = None,
        extra: Sequence[str] = (),
        show_values: bool = False,
        progress: Progress = silent,
    ) -> Inspection:
        """Find out how files would be understood, and what would become of their rows.

        What keeps the rows from being loaded is part of the answer, so that the mapping can be corrected by it.

        Args:
            engine: Where tables are kept meanwhile.
            paths: Files and directories.
            mapping: As for `load`.
            zone: As for `load`.
            extra: As for `load`.
            show_values: Whether samples are values rather than patterns of their characters.
            progress: Told what is being done.

        Raises:
            FirstcontactError: When the files cannot be read at all, or the mapping does not fit them.
        """
        given = _as_mapping(mapping)
        _check_zone(zone)
        scratch = make_scratch()
        try:
            progress("reading files")
            connection = engine.sql()
            connection.execute("SET TimeZone = 'UTC'")
            opened = open_files(connection, paths, scratch, given.file if given else FileOptions())
            return _inspect(connection, opened, given, zone, tuple(extra), show_values, progress)
        finally:
            remove_scratch(scratch)


def _as_mapping(mapping: Mapping | dict[str, Any] | Path | None) -> Mapping | None:
    if mapping is None or isinstance(mapping, Mapping):
        return mapping
    return mapping_from(mapping) if isinstance(mapping, dict) else read_mapping(Path(mapping))


def _inspect(
    connection: DuckDBPyConnection,
    opened: Opened,
    given: Mapping | None,
    zone: str | None,
    extra: tuple[str, ...],
    show_values: bool,
    progress: Progress,
) -> Inspection:
    progress("understanding columns")
    relation = opened.relation
    faults: tuple[Fault, ...] = ()
    if given is None:
        mapping, guesses = guess(connection, relation)
    else:
        mapping, guesses = understand(connection, opened, given, extra)
    in_force = zone or mapping.zone or "UTC"
    if zone is not None:
        mapping = replace(mapping, zone=zone)
    findings: list[Finding] = []
    ledger = None
    try:
        if relation.rows and "started_at" in mapping.columns:
            mapping = bind(mapping, relation.columns, relation.files[0], _own_names(relation, extra))
            whole, mapping = mapping, without_idle_update(connection, relation, mapping)
            dated = plan.plan_dates(connection, relation, mapping, in_force)
            mapping = replace(mapping, dates=dated.formats(), update=whole.update)
            reader = Reader(connection, relation, mapping, dated.guesses, in_force)
            mapping, _ = settle_units(reader, mapping, dated, guessed=given is None)
    except FirstcontactError as error:
        faults = error.faults
    described = describe(connection, relation, opened.raws, mapping, guesses, in_force, show_values=show_values)
    if not faults:
        try:
            loaded = _load(connection, opened, given, zone, extra, progress)
            findings, ledger = list(loaded.findings), loaded.ledger
        except FirstcontactError as error:
            faults = error.faults
    return complete(described, findings, ledger, faults)


def _check_zone(zone: str | None) -> None:
    if zone is not None and not zone_exists(zone):
        raise FirstcontactError(
            [
                fault.UNKNOWN_ZONE.fault(
                    where="--zone", saw="a name that is no zone", allowed="a name such as Europe/Sofia",
                    cure="correct the name",
                )
            ]
        )  # fmt: skip


def understand(
    connection: DuckDBPyConnection, opened: Opened, mapping: Mapping | None, extra: Sequence[str]
) -> tuple[Mapping, list[Guess]]:
    """The mapping in force: the person's, checked against the columns, or a guessed one.

    Raises:
        FirstcontactError: When the mapping does not fit the file, or no column says when a contact began.
    """
    relation = opened.relation
    where = relation.files[0]
    guesses: list[Guess] = []
    guessed = mapping is None
    if mapping is None:
        mapping, guesses = guess(connection, relation)
        if "started_at" not in mapping.columns:
            raise FirstcontactError(
                [
                    fault.NO_START.fault(
                        where=where,
                        saw=clause("{count} columns: {names}", count=len(relation.columns),
                                   names=", ".join(list(relation.columns)[:40])),
                        allowed="a column with dates, or one with dates and one with times of day",
                        cure="name it in a mapping: `firstcontact inspect FILE --write-mapping mapping.toml`",
                    )
                ]
            )  # fmt: skip
    else:
        guesses = [Guess(ours, source, "set in the mapping", 1.0) for ours, source in mapping.columns.items()]
    bound = bind(mapping, relation.columns, where, _own_names(relation, extra))
    return (bound if guessed else with_scales(connection, relation, bound)), guesses


def _own_names(relation: Relation, extra: Sequence[str]) -> list[str]:
    """Further columns as the source calls them: `region` also means `x_region`."""
    have = {name.casefold() for name in relation.columns}
    return [f"{EXTRA_PREFIX}{name}" if f"{EXTRA_PREFIX}{name}".casefold() in have else name for name in extra]


def _load(
    connection: DuckDBPyConnection,
    opened: Opened,
    mapping: Mapping | None,
    zone: str | None,
    extra: tuple[str, ...],
    progress: Progress,
) -> Loaded:
    progress("understanding columns")
    relation = opened.relation
    if not relation.rows:
        raise nothing_left(relation.files[0], Counter(reject.code for raw in opened.raws for reject in raw.rejects))
    guessed = mapping is None
    whole, _ = understand(connection, opened, mapping, extra)
    mapping = without_idle_update(connection, relation, whole)
    in_force = zone or mapping.zone or "UTC"
    findings = [finding for raw in opened.raws for finding in raw.findings] + list(relation.findings)
    dated = plan.plan_dates(connection, relation, mapping, in_force)
    mapping = replace(mapping, dates=dated.formats())
    findings += dated.findings
    first = Reader(connection, relation, mapping, dated.guesses, in_force)
    mapping, about_units = settle_units(first, mapping, dated, guessed=guessed)
    findings += about_units
    findings += remark.mapping_findings(connection, relation, mapping)
    reader = Reader(connection, relation, mapping, dated.guesses, in_force)
    read_rows = relation.rows
    absorbed: Counter[str] = Counter()
    progress("validating contacts")
    if mapping.kind == "ticket-update":
        moment = (
            dated.utc(reader, "updated_at", mapping.update["updated_at"]) if "updated_at" in mapping.update else "NULL"
        )
        history.order_updates(reader, moment)
        reader = replace(reader, relation=replace(relation, table=history.LAST))
    candidates = project(reader, dated, mapping)
    settled = validate.settle(connection, candidates.query, candidates.columns, CONTACTS_TABLE, clean=candidates.clean)
    if mapping.kind == "ticket-update":
        absorbed["update"] = _absorb_updates(connection, settled.bad)
    absorbed["duplicate"] = settled.duplicates
    absorbed["update"] += settled.earlier
    soft = candidates.soft_findings(connection, settled.rows)
    findings += soft + remark.word_findings(reader)
    if "reason" in candidates.columns:
        reasons = [column for column in ("reason", "first_reason") if column in candidates.columns]
        findings += fold_reasons(connection, settled.rows, reasons)
    present = [c.name for c in CONTACTS.columns if c.name in candidates.columns]
    validate.contacts_view(
        connection, settled.rows, CONTACTS_TABLE, present, list(candidates.extra),
        {"source": mapping.source or relation.files[0]},
    )  # fmt: skip
    tables = {"contacts": CONTACTS_TABLE}
    tables |= companion.from_rows(connection, settled.rows, mapping, candidates.columns)
    if mapping.kind == "ticket-update" and "updated_at" in mapping.update:
        history.write_case_events(connection, "case_events", settled.rows)
        tables["case_events"] = "case_events"
    elif mapping.kind == "ticket":
        tables |= companion.events_of_tickets(connection, settled.rows, candidates.columns)
    companion.read_all(connection, opened.companions, tables, mapping, in_force, absorbed, findings)
    read_rows += sum(raw.rows for raws in opened.companions.values() for raw in raws)
    rejects = [(raw.label, reject) for raw in opened.raws for reject in raw.rejects]
    rejects += [(raw.label, reject) for raws in opened.companions.values() for raw in raws for reject in raw.rejects]
    quarantined = write_quarantine(connection, relation, settled.bad, rejects)
    ledger = RowLedger(
        read_rows + len(rejects), settled.contacts,
        {cause: n for cause, n in absorbed.items() if n}, dict(sorted(quarantined.items())),
    )  # fmt: skip
    if not ledger.adds_up:
        raise AssertionError("the ledger of rows does not add up")
    _forget(connection)
    if settled.contacts == 0:
        raise nothing_left(relation.files[0], quarantined)
    findings += remark.set_aside_findings(quarantined, ledger.read)
    return Loaded(
        tables=tables,
        quarantine=QUARANTINE,
        ledger=ledger,
        findings=tuple(findings),
        mapping=replace(mapping, update=whole.update, zone=in_force).as_dict(),
        source_kind=mapping.kind,
        present=frozenset(present),
        zone=in_force,
        extra=candidates.extra,
        agent_columns=frozenset(name for name in relation.columns if words.names_an_agent(name)),
        inputs=opened.inputs,
    )


def _absorb_updates(connection: DuckDBPyConnection, bad: str) -> int:
    """A ticket whose last state is unfit goes aside whole; the earlier rows of the others are absorbed."""
    connection.execute(
        f"INSERT INTO {bad} SELECT u.{FILE}, u.{ROW}, b.{validate.FAULTS} FROM {history.UPDATES} u JOIN "
        f"(SELECT x.ticket, y.{validate.FAULTS} FROM {history.UPDATES} x JOIN {bad} y USING ({FILE}, {ROW})) b "
        "ON b.ticket = u.ticket WHERE NOT u.last"
    )
    row = connection.execute(
        f"SELECT count(*) FROM {history.UPDATES} u WHERE NOT last AND NOT EXISTS "
        f"(SELECT 1 FROM {bad} b WHERE b.{FILE} = u.{FILE} AND b.{ROW} = u.{ROW})"
    ).fetchone()
    return int(row[0]) if row else 0


def _forget(connection: DuckDBPyConnection) -> None:
    """Drop what was only needed to read: text copies of the rows take more room than the contacts."""
    connection.execute(f"DROP VIEW IF EXISTS {SOURCE}")
    for name in (history.UPDATES, history.LAST):
        connection.execute(f"DROP TABLE IF EXISTS {name}")
    tables = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE temporary AND starts_with(table_name, 'fc_raw_')"
    ).fetchall()
    for (table,) in tables:
        connection.execute(f"DROP TABLE IF EXISTS {sql.name(str(table))}")
