"""What a connector hands over, whatever it read: tables kept in the engine, and an account of every row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from firstcontact.contacts.ledger import RowLedger
from firstcontact.kernel.finding import Finding

SourceKind = Literal["contact", "ticket", "ticket-update"]
"""What one row of the source is. Tickets measure gaps from their start, contacts from their end."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Validated records, ready to be linked.

    Attributes:
        tables: Engine table name by table of `contacts.table` (`contacts` always; others only when the source has
            them). The contacts table holds every column of its spec, missing ones as NULL, and `x_<name>` columns.
        quarantine: Engine table name of the rows set aside: `row_number`, `file`, `codes` (list of error codes),
            `raw` (the row as JSON text).
        ledger: Level one of the ledger.
        findings: What was inferred and noticed.
        mapping: The mapping in force, as plain data (what a mapping file would hold).
        source_kind: What one row of the source is.
        present: Contact columns that the source really has.
        zone: The zone in which the source's local times were understood; also the default business zone.
        extra: Own name of each further column, by its `x_` name.
        agent_columns: Columns of the source, by their own name, that hold agents, whether or not they are used.
        inputs: What was read: for each file its name, size in bytes and SHA-256.
    """

    tables: dict[str, str]
    quarantine: str
    ledger: RowLedger
    findings: tuple[Finding, ...]
    mapping: dict[str, Any]
    source_kind: SourceKind
    present: frozenset[str]
    zone: str = "UTC"
    extra: dict[str, str] = field(default_factory=dict)
    agent_columns: frozenset[str] = frozenset()
    inputs: tuple[dict[str, Any], ...] = ()
