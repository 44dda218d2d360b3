"""From files to figures: read, know who, link, judge, count, estimate."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from ibis import _

from firstcontact.contacts.ledger import MeasureLedger
from firstcontact.contacts.loaded import Loaded
from firstcontact.contacts.table import REASON_SEPARATOR
from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, FirstcontactError
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.progress import Progress, silent
from firstcontact.measurement.fit.declared import Fit, declare, effective_hash
from firstcontact.measurement.linking.censor import find_frame
from firstcontact.measurement.linking.identity import Identity, identify
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.linking.period import local_day
from firstcontact.measurement.linking.shared import Shared
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.measurement.measures.cut import asked, further_columns, refuse_people, standard
from firstcontact.measurement.measures.reduce import gather
from firstcontact.measurement.measures.row import DefinitionRow
from firstcontact.measurement.measures.tabulate import columns_of, tabulate
from firstcontact.measurement.policy.model import Policy, cut_reason
from firstcontact.services.check_options import check_options, check_period
from firstcontact.services.compare_definitions import compare_definitions, signals_beside
from firstcontact.services.run import IdentityCoverage, Run

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.linking.frame import Frame

NO_CONTACTS = ErrorKind(
    "FC2100",
    "No contact is left to measure",
    EXIT_INPUT,
    "Every row was quarantined or absorbed. `firstcontact inspect` shows how the columns were understood; a mapping "
    "file corrects it.",
)

DIFFERENCES_UP_TO = 2_000_000
"""Above this many contacts, `measure` gives each definition's figure but does not pair verdicts contact by contact."""


class Connector(Protocol):
    """What reads a source."""

    def load(
        self,
        engine: Engine,
        paths: Sequence[Path],
        mapping: Any,
        *,
        zone: str | None,
        extra: Sequence[str] = (),
        progress: Progress = silent,
    ) -> Loaded:
        """Read files into the engine."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may decide about a measurement.

    Attributes:
        policy: The policy.
        mapping: The mapping; guessed where None.
        zone: Zone of local times in the source, and the business zone; from the data where None.
        cutoff: End of complete data: with a zone, or in the business zone; found where None.
        since: From when contacts are judged, likewise.
        by: Further cuts, each a slice or several joined by commas.
        region: Country in which national telephone numbers are read.
        fit: A saved fit to reuse.
        definitions: Whether to apply every known definition.
        detail: Whether to name issues and earlier contacts, for per-contact exports.
    """

    policy: Policy
    mapping: Any = None
    zone: str | None = None
    cutoff: datetime | None = None
    since: datetime | None = None
    by: tuple[str, ...] = ()
    region: str | None = None
    fit: Fit | None = None
    definitions: bool = True
    detail: bool = True


@dataclass(frozen=True, slots=True)
class Measured:
    """A run, and the engine's tables behind it while the engine lives.

    Attributes:
        run: The figures and everything about them.
        linked: One row a contact, linked and judged.
        labels: `customer` and the identifier that stands for it.
        quarantine: Rows set aside.
        loaded: What was read.
    """

    run: Run
    linked: ir.Table
    labels: ir.Table
    quarantine: ir.Table
    loaded: Loaded


@dataclass(frozen=True, slots=True)
class Prepared:
    """Contacts that are ready to be linked under any policy."""

    loaded: Loaded
    tables: dict[str, ir.Table]
    identity: Identity
    has: frozenset[str]
    frame: Frame
    zone: str
    reasons: list[str | None]
    findings: tuple[Finding, ...]
    shared: Shared


class _Watch:
    """Says which step runs, and notes how long each took."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._began = time.perf_counter()
        self._step: str | None = None
        self.seconds: dict[str, float] = {}

    def __call__(self, step: str) -> None:
        self.stop()
        self._step, self._began = step, time.perf_counter()
        self._progress(step)

    def stop(self) -> None:
        """Note the step that ran."""
        if self._step is not None:
            self.seconds[self._step] = round(time.perf_counter() - self._began, 3)
            self._step = None


def prepare(
    engine: Engine, connector: Connector, paths: Sequence[Path], options: Options, progress: Progress = silent
) -> Prepared:
    """Read the files, find out who the customers are, and between which moments the data can be trusted.

    Args:
        engine: Where it runs.
        connector: What reads the files.
        paths: The files.
        options: What the user decided.
        progress: Told about each step.

    Returns:
        Everything that linking needs.

    Raises:
        FirstcontactError: What was typed cannot be meant, files cannot be read or mapped, or nothing is left.
    """
    check_options(options.cutoff, options.since, options.region)
    refuse_people(options.by)
    progress("reading")
    loaded = connector.load(
        engine, paths, options.mapping, zone=options.zone, extra=further_columns(list(options.by)), progress=progress
    )
    refuse_people(
        options.by, [*loaded.agent_columns, *_sources(loaded.mapping, "agent_id")], _of_customers(loaded.mapping)
    )
    if loaded.ledger.contacts == 0:
        quarantined = sum(loaded.ledger.quarantined.values())
        raise FirstcontactError(
            [
                NO_CONTACTS.fault(
                    where=", ".join(path.name for path in paths),
                    saw=f"{loaded.ledger.read:,} rows, {quarantined:,} quarantined",
                    allowed="at least one valid contact",
                    cure="run firstcontact inspect on the file and correct the mapping",
                )
            ]
        )
    tables = {name: engine.table(table) for name, table in loaded.tables.items()}
    progress("finding who the customers are")
    identity = identify(engine, tables["contacts"], tables.get("identifiers"), options.region)
    tables["contacts"] = identity.contacts
    calendar = options.policy.calendar
    zone = options.zone or (loaded.zone if calendar.zone == "auto" else calendar.zone)
    progress("finding where the data begin and end")
    found = find_frame(
        engine,
        tables["contacts"],
        zone,
        loaded.source_kind,
        cutoff=_utc(options.cutoff, zone),
        since=_utc(options.since, zone),
    )
    if options.cutoff or options.since:
        check_period(found.frame, _extent(engine, tables["contacts"])[1])
    shared = Shared(engine, tables)
    findings = (*loaded.findings, *identity.findings, *found.findings)
    return Prepared(loaded, tables, identity, shared.has, found.frame, zone, shared.reasons, findings, shared)


def measure(
    engine: Engine,
    connector: Connector,
    paths: Sequence[Path],
    options: Options,
    *,
    now: Callable[[], datetime],
    version: str,
    progress: Progress = silent,
) -> Measured:
    """Measure files under a policy.

    Args:
        engine: Where it runs.
        connector: What reads the files.
        paths: The files.
        options: What the user decided.
        now: The clock.
        version: Version of firstcontact, for the record.
        progress: Told about each step.

    Returns:
        The run, and the engine's tables behind it.

    Raises:
        FirstcontactError: The files cannot be read or mapped, nothing is left, or a slice is unknown or refused.
    """
    watch = _Watch(progress)
    prepared = prepare(engine, connector, paths, options, watch)
    policy, loaded, frame = options.policy, prepared.loaded, prepared.frame
    cuts = standard(_depth(prepared.reasons), set(prepared.has), policy.calendar.week_start)
    cuts += asked(list(options.by), loaded.extra, policy.calendar.week_start)

    watch("linking contacts into issues")
    fit = options.fit or declare(policy, _keys(prepared.reasons, policy))
    supported = [one for one in MEASURES.values() if not one.lacks(policy, prepared.has)]
    signals = {signal for one in supported for signal in one.signals} | {"repeat"}
    if options.definitions:
        signals |= signals_beside(policy, prepared.has)
    keep = {"customer", "bucket", *columns_of(cuts), *(column for one in supported for column in one.columns)}
    if options.detail:
        keep |= {"source", "reason", "channel", "team", "queue", "started_at", "ended_at", *loaded.extra}
    linked = link(
        engine,
        prepared.tables,
        policy,
        fit,
        frame,
        has=prepared.has,
        signals=signals,
        keep=keep,
        detail=options.detail,
        shared=prepared.shared,
    )
    first, last = _extent(engine, prepared.tables["contacts"])
    linked = linked.mutate(local_day=local_day(linked.start_us, prepared.zone, first, last))

    watch("counting")
    digest = effective_hash(policy, fit)
    stamp = {"policy": policy.name, "policy_hash": digest, "cutoff": frame.cutoff, "version": version}
    stamp["windows"] = fit.kind if policy.needs_customer else ""
    facts = gather(engine, linked, supported, policy, columns_of(cuts))
    rows = tabulate(facts, list(MEASURES.values()), prepared.has, policy, cuts, stamp)
    ledgers = tuple(facts.count([]).ledgers().values()) if supported else ()
    _check(ledgers, loaded.ledger.contacts)
    definitions: tuple[DefinitionRow, ...] = ()
    if options.definitions:
        watch("applying every definition")
        pair = loaded.ledger.contacts <= DIFFERENCES_UP_TO
        definitions = compare_definitions(engine, prepared, policy, linked, pair=pair, progress=silent)
    watch.stop()
    created = now()
    run = Run(
        run_id=f"{created:%Y%m%dT%H%M%SZ}-{digest}",
        created_at=created,
        version=version,
        inputs=loaded.inputs,
        mapping=loaded.mapping,
        policy=policy,
        fit=fit,
        policy_hash=digest,
        frame=frame,
        zone=prepared.zone,
        rows=tuple(rows),
        row_ledger=loaded.ledger,
        measure_ledgers=ledgers,
        findings=prepared.findings,
        identity=_coverage(engine, prepared),
        definitions=definitions,
        seconds=watch.seconds,
    )
    return Measured(run, linked, prepared.identity.labels, engine.table(loaded.quarantine), loaded)


def _check(ledgers: Sequence[MeasureLedger], contacts: int) -> None:
    """No contact may be lost or counted twice on the way; were it so, no figure could be believed."""
    astray = [ledger.measure for ledger in ledgers if ledger.contacts != contacts or not ledger.adds_up]
    if astray:
        raise AssertionError(f"the ledger of {', '.join(astray)} does not hold every contact once")


def _sources(mapping: dict[str, Any], column: str) -> list[str]:
    """The source's own names of what a contact column is made of."""
    named = mapping.get("columns", {}).get(column, [])
    if isinstance(named, str):
        return [named]
    return [name for names in named.values() for name in names] if isinstance(named, dict) else list(named)


def _of_customers(mapping: dict[str, Any]) -> list[str]:
    personal = ("customer_id", "contact_id", "text_ref")
    identifiers = [name for names in mapping.get("identifiers", {}).values() for name in names]
    return [name for column in personal for name in _sources(mapping, column)] + identifiers


def _utc(moment: datetime | None, zone: str) -> datetime | None:
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    return aware.astimezone(UTC).replace(tzinfo=None)


def _depth(reasons: list[str | None]) -> int:
    return max((reason.count(REASON_SEPARATOR) + 1 for reason in reasons if reason is not None), default=0)


def _keys(reasons: list[str | None], policy: Policy) -> list[str]:
    return sorted({cut_reason(reason, policy.link.reason_level) for reason in reasons})


def _extent(engine: Engine, linked: ir.Table) -> tuple[datetime, datetime]:
    row = engine.execute(linked.aggregate(first=_.started_at.min(), last=_.started_at.max()))
    return row["first"][0].as_py(), row["last"][0].as_py()


def _coverage(engine: Engine, prepared: Prepared) -> IdentityCoverage:
    identity, contacts = prepared.identity, prepared.tables["contacts"]
    each = contacts.filter(contacts.customer.notnull()).group_by("customer").aggregate(n=_.count())
    most = engine.execute(each.aggregate(n=_.n.max()))["n"][0].as_py() or 0
    return IdentityCoverage(
        contacts=prepared.loaded.ledger.contacts,
        known=identity.known,
        customers=identity.customers,
        joined=identity.joined,
        kinds=identity.kinds,
        shared=identity.shared,
        largest_share=most / identity.known if identity.known else 0.0,
    )
