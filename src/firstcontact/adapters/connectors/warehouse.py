"""Reads the service's own history: what was sent needs no guessing, only the newest version of each record."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from firstcontact.adapters.connectors.tabular.vocabulary import names_an_agent
from firstcontact.adapters.connectors.validate import (
    ENGINE_TYPES,
    FAULTS,
    LAST_ANSWER,
    clear_impossible,
    codes,
    contacts_view,
    fault_bits,
)
from firstcontact.adapters.stores.warehouse.form import COMPANIONS
from firstcontact.adapters.stores.warehouse.merge import newest
from firstcontact.adapters.stores.warehouse.store import Holding, Warehouse
from firstcontact.contacts.ledger import RowLedger
from firstcontact.contacts.loaded import Loaded, SourceKind
from firstcontact.contacts.name import BETWEEN
from firstcontact.contacts.table import CONTACTS, EXTRA_PREFIX, SURVEYS
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.progress import Progress, silent
from firstcontact.kernel.sentence import Sentence
from firstcontact.services.measuring import Measuring

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from firstcontact.kernel.engine import Engine

QUARANTINE = "fc_quarantine"
_ROWS = "fc_history"


@dataclass(frozen=True, slots=True)
class WarehouseConnector:
    """Implements `services.prepare.Connector` over a history.

    Attributes:
        holding: The history as it stood at one moment.
        source_kind: What one contact is: tickets measure gaps from their start.
    """

    holding: Holding
    source_kind: SourceKind = "contact"

    def load(
        self,
        engine: Engine,
        paths: Sequence[Path],  # noqa: ARG002 - the protocol's
        mapping: Any,  # noqa: ARG002 - as above
        *,
        zone: str | None,
        extra: Sequence[str] = (),
        progress: Progress = silent,
    ) -> Loaded:
        """Bring the history into the engine.

        Args:
            engine: Where it runs.
            paths: Not used: the history knows its files.
            mapping: Not used: what was sent is in columns already.
            zone: The business zone; UTC where None.
            extra: Further columns of contacts to bring along, by their own name.
            progress: Told about each step.

        Returns:
            The contacts and what is known beside them.
        """
        progress("reading the history")
        connection = engine.sql()
        cleared: Counter[str] = Counter()
        unfit, double = self._contacts(connection, extra, cleared)
        count = _count(connection, _ROWS)
        names = {f"{EXTRA_PREFIX}{name}": name for name in extra}
        present = _present(connection)
        contacts_view(connection, _ROWS, "contacts", present, list(names))
        tables = {"contacts": "contacts"} | self._identifiers(connection) | self._companions(connection, cleared)
        engine.register(_aside(self.holding.aside), QUARANTINE)
        quarantined = dict(sorted((Counter(code for _, code in self.holding.aside) + unfit).items()))
        erased = self.holding.erased
        ledger = RowLedger(count + sum(quarantined.values()) + erased, count, {}, quarantined, erased)
        return Loaded(
            tables=tables,
            quarantine=QUARANTINE,
            ledger=ledger,
            findings=(*_findings(double), *_about_figures(cleared)),
            mapping={},
            source_kind=self.source_kind,
            present=frozenset(present),
            zone=zone or "UTC",
            extra=names,
            agent_columns=frozenset(name for name in _attributes(connection) if names_an_agent(name)),
            inputs=(self._input(),),
        )

    def _contacts(
        self, connection: DuckDBPyConnection, extra: Sequence[str], cleared: Counter[str]
    ) -> tuple[Counter[str], int]:
        """Keep the contacts in force; gives how many are unfit, by code, and how many ids occur in several sources."""
        files = self.holding.files.get("contacts", [])
        if files:
            query = newest(connection, "contacts", files, self.holding.gone_contacts, self.holding.seq)
        else:
            typed = ", ".join(f"CAST(NULL AS {ENGINE_TYPES[one.type]}) AS {one.name}" for one in CONTACTS.columns)
            query = (
                f"SELECT {typed}, CAST(NULL AS VARCHAR) AS attributes, "
                "CAST(NULL AS STRUCT(kind VARCHAR, value VARCHAR)[]) AS identifiers, 0::BIGINT AS seq WHERE false"
            )
        connection.execute(f"CREATE OR REPLACE TEMP TABLE fc_newest AS {query}")
        unfit = _drop_unfit(connection)
        cleared.update(clear_impossible(connection, "fc_newest", CONTACTS))
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE fc_double AS SELECT contact_id FROM fc_newest GROUP BY 1 "
            "HAVING count(DISTINCT source) > 1"
        )
        further = "".join(f", {_attribute(name)} AS {_quoted(EXTRA_PREFIX + name)}" for name in extra)
        own_id = f"{_unique('n')} AS contact_id"
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {_ROWS} AS SELECT n.* REPLACE ({own_id}){further} FROM fc_newest n "
            "LEFT JOIN fc_double d ON d.contact_id = n.contact_id"
        )
        connection.execute("DROP TABLE fc_newest")
        return unfit, _count(connection, "fc_double")

    def _identifiers(self, connection: DuckDBPyConnection) -> dict[str, str]:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE identifiers AS SELECT contact_id, p.kind AS kind, p.value AS value FROM "
            f"(SELECT contact_id, unnest(identifiers) AS p FROM {_ROWS} WHERE len(identifiers) > 0)"
        )
        return {"identifiers": "identifiers"} if _count(connection, "identifiers") else {}

    def _companions(self, connection: DuckDBPyConnection, cleared: Counter[str]) -> dict[str, str]:
        found = {}
        for kind, spec in COMPANIONS.items():
            files = self.holding.files.get(kind, [])
            if not files:
                continue
            query = newest(connection, kind, files, self.holding.gone_companions, self.holding.seq)
            columns = ", ".join(f"n.{column.name}" for column in spec.columns if column.name != "contact_id")
            if "contact_id" in spec.names:
                # Nothing is known beside a contact that is not there.
                connection.execute(
                    f"CREATE OR REPLACE TEMP TABLE {kind} AS SELECT {_unique('n')} AS contact_id, {columns} "
                    f"FROM ({query}) n LEFT JOIN fc_double d ON d.contact_id = n.contact_id "
                    f"WHERE EXISTS (SELECT 1 FROM {_ROWS} c WHERE c.contact_id = {_unique('n')})"
                )
                if spec is SURVEYS:
                    connection.execute(f"CREATE OR REPLACE TEMP TABLE {kind} AS SELECT * FROM {kind} {LAST_ANSWER}")
            else:
                connection.execute(f"CREATE OR REPLACE TEMP TABLE {kind} AS SELECT {columns} FROM ({query}) n")
            cleared.update({f"{kind}.{name}": n for name, n in clear_impossible(connection, kind, spec).items()})
            if _count(connection, kind):
                found[kind] = kind
        return found

    def _input(self) -> dict[str, Any]:
        """What was read, in the shape in which files are named: the segments and the last change."""
        files = [path for paths in self.holding.files.values() for path in paths]
        digest = hashlib.sha256("\n".join([str(self.holding.seq), *sorted(path.name for path in files)]).encode())
        size = sum(path.stat().st_size for path in files)
        return {"name": f"history up to change {self.holding.seq}", "bytes": size, "sha256": digest.hexdigest()}


def _aside(waiting: Sequence[tuple[int, str]]) -> pa.Table:
    """What waits to be corrected, in the form of rows set aside: its number and code, and nothing of what it says."""
    return pa.table(
        {
            "row_number": pa.array([number for number, _ in waiting], pa.int64()),
            "file": pa.array([""] * len(waiting), pa.string()),
            "codes": pa.array([[code] for _, code in waiting], pa.list_(pa.string())),
            "raw": pa.array([""] * len(waiting), pa.string()),
        }
    )


def _present(connection: DuckDBPyConnection) -> list[str]:
    """Contact columns that hold anything."""
    counted = ", ".join(f"count({column.name})" for column in CONTACTS.columns)
    row = connection.execute(f"SELECT {counted} FROM {_ROWS}").fetchone()
    always = {"contact_id", "source", "started_at"}
    counts = row or ()
    return [column.name for column, n in zip(CONTACTS.columns, counts, strict=False) if n or column.name in always]


def _unique(table: str) -> str:
    """SQL of a contact's id, led by its source where several sources use the same id."""
    led = f"{table}.source || '{BETWEEN}' || {table}.contact_id"  # `contacts.name.led_by_source` as SQL
    return f"CASE WHEN d.contact_id IS NULL THEN {table}.contact_id ELSE {led} END"


def _attribute(name: str) -> str:
    path = '$."' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"json_extract_string(n.attributes, '{path.replace(chr(39), chr(39) * 2)}')"


def _attributes(connection: DuckDBPyConnection) -> list[str]:
    """Names of the further columns that contacts carry."""
    rows = connection.execute(
        f"SELECT DISTINCT unnest(json_keys(attributes)) FROM {_ROWS} WHERE attributes IS NOT NULL"
    ).fetchall()
    return [str(name) for (name,) in rows]


def _drop_unfit(connection: DuckDBPyConnection) -> Counter[str]:
    """Drop contacts that no file could bring either, whichever version of the service took them in; gives the codes."""
    bits = fault_bits(CONTACTS.names)
    judged = f"SELECT rowid AS id, {bits} AS faults FROM (SELECT *, rowid, 0::BIGINT AS {FAULTS} FROM fc_newest)"
    rows = connection.execute(f"SELECT faults, count(*) FROM ({judged}) WHERE faults <> 0 GROUP BY 1").fetchall()
    unfit: Counter[str] = Counter()
    for faults, n in rows:
        unfit[codes(int(faults))[0]] += int(n)
    if unfit:
        connection.execute(f"DELETE FROM fc_newest WHERE rowid IN (SELECT id FROM ({judged}) WHERE faults <> 0)")
    return unfit


def _about_figures(cleared: Counter[str]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            "values",
            Sentence(
                "values.impossible",
                "{column}: {count:,} figures are not possible and are read as missing.",
                "{column}: {count:,} figure is not possible and is read as missing.",
                "count",
                column=column,
                count=count,
            ),
            Sentence("values.impossible.rests", "the range of the column in the reference"),
            "warning",
        )
        for column, count in sorted(cleared.items())
    )


def _findings(double: int) -> tuple[Finding, ...]:
    if not double:
        return ()
    text = Sentence(
        "sources.same-id",
        "{count:,} contact ids occur in more than one source; the source stands before the id.",
        "{count:,} contact id occurs in more than one source; the source stands before the id.",
        "count",
        count=double,
    )
    return (Finding("contacts", text),)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _count(connection: DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


class ServiceHistory:
    """The contacts that the service has. Implements `services.measure_history.History`.

    Args:
        warehouse: Where they are kept for measuring.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def catch_up(self, now: datetime, measuring: Measuring) -> tuple[WarehouseConnector, int]:
        """What reads everything up to the newest change, and that change's number."""
        holding = self._warehouse.catch_up(now)
        return WarehouseConnector(holding, measuring.source_kind), holding.seq
