"""From files to contacts that are ready to be linked: read, know who, and find where the data can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from ibis import _

from firstcontact.contacts.loaded import Loaded
from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, FirstcontactError
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.progress import Progress, silent
from firstcontact.kernel.sentence import clause
from firstcontact.measurement.fit.declared import Fit
from firstcontact.measurement.linking.censor import find_frame
from firstcontact.measurement.linking.identity import Identity, identify
from firstcontact.measurement.linking.shared import Shared
from firstcontact.measurement.linking.source_end import apart_sources
from firstcontact.measurement.measures.cut import further_columns, refuse_people
from firstcontact.measurement.measures.twin import refuse_twins
from firstcontact.measurement.policy.model import Policy
from firstcontact.services.check_names import check_names
from firstcontact.services.check_options import check_options, check_period

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.linking.frame import Frame
    from firstcontact.services.read_audit import Audit

NO_CONTACTS = ErrorKind(
    "FC2100",
    "No contact is left to measure",
    EXIT_INPUT,
    "Every row was quarantined or absorbed. `firstcontact inspect` shows how the columns were understood; a mapping "
    "file corrects it.",
)


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
        fit: A saved fit to use again; the policy's declared windows where None.
        audit: What a filled audit of these files found, to correct R-FCR by; none where None.
        definitions: Whether to apply every known definition.
        explanations: Whether to explain: downstream issues, causes, teams, movements.
        detail: Whether to name issues and earlier contacts, for per-contact exports.
        members: Whether to keep which contacts explanations and definitions rest on, for exports that name them.
    """

    policy: Policy
    mapping: Any = None
    zone: str | None = None
    cutoff: datetime | None = None
    since: datetime | None = None
    by: tuple[str, ...] = ()
    region: str | None = None
    fit: Fit | None = None
    audit: Audit | None = None
    definitions: bool = True
    explanations: bool = True
    detail: bool = True
    members: bool = False

    def as_dict(self) -> dict[str, Any]:
        """What `Run.options` keeps of it."""
        given = {name: getattr(self, name) is not None for name in ("cutoff", "since", "fit")}
        audit = {"audit": self.audit.digest} if self.audit else {}
        return {"region": self.region, "zone": self.zone, "by": list(self.by), **given, **audit}


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
                    saw=clause(
                        "{read:,} rows, {quarantined:,} quarantined", read=loaded.ledger.read, quarantined=quarantined
                    ),
                    allowed="at least one valid contact",
                    cure="run firstcontact inspect on the file and correct the mapping",
                )
            ]
        )
    engine.expect(loaded.ledger.read)
    tables = {name: engine.table(table) for name, table in loaded.tables.items()}
    refuse_twins(engine, tables["contacts"], options.by, loaded.extra)
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
        check_period(found.frame, extent(engine, tables["contacts"])[1])
    shared = Shared(engine, tables)
    named = check_names(engine, options.policy, tables["contacts"], list(shared.reasons))
    apart = apart_sources(engine, tables["contacts"], found.frame.cutoff)
    findings = (*loaded.findings, *identity.findings, *found.findings, *apart, *named)
    return Prepared(loaded, tables, identity, shared.has, found.frame, zone, shared.reasons, findings, shared)


def extent(engine: Engine, contacts: ir.Table) -> tuple[datetime, datetime]:
    """When the first and the last of some contacts began, UTC."""
    row = engine.execute(contacts.aggregate(first=_.started_at.min(), last=_.started_at.max()))
    return row["first"][0].as_py(), row["last"][0].as_py()


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
