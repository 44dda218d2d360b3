"""A file as records that could have been sent: what an import reads, through the tabular connector."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstcontact.adapters.connectors.tabular.fault import NO_ROW_LEFT
from firstcontact.adapters.connectors.tabular.load import TabularConnector
from firstcontact.adapters.connectors.tabular.mapping import mapping_from
from firstcontact.adapters.connectors.tabular.quarantine import QUARANTINE
from firstcontact.contacts.table import EXTRA_PREFIX, TABLES
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.scratch import make_scratch, remove_scratch
from firstcontact.kernel.sentence import Sentence, kept
from firstcontact.services.mend_many import NUMBER
from firstcontact.services.take_import import BATCH, Batch

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from firstcontact.contacts.inspection import Inspection
    from firstcontact.contacts.loaded import Loaded
    from firstcontact.kernel.engine import Engine

_SPECS = {spec.name: spec for spec in TABLES}
_INSIDE = {"contacts", "identifiers"}


class FileReader:
    """Reads files. Implements `services.take_import.FileReader` and `services.mend_many.Again`.

    Args:
        engine: Opens an engine for the length of a block.
    """

    def __init__(self, engine: Callable[[], AbstractContextManager[Engine]]) -> None:
        self._engine = engine
        self._connector = TabularConnector()

    def check(self, mapping: dict[str, Any]) -> dict[str, Any]:
        return mapping_from(mapping).as_dict()

    def preview(self, path: Path, mapping: dict[str, Any] | None, tell: Callable[[str], None]) -> dict[str, Any]:
        with self._engine() as engine:
            found = self._connector.inspect(engine, [path], mapping, progress=tell)
        return {
            "rows": found.rows,
            "kind": found.kind,
            "zone": found.zone,
            "files": [asdict(one) for one in found.files],
            "columns": [asdict(one) for one in found.columns],
            "unused": [asdict(one) for one in found.unused],
            "missing": [asdict(one) for one in found.missing],
            "words": [asdict(one) for one in found.words],
            "findings": [one.as_dict() for one in found.findings],
            "ledger": found.ledger.as_dict() if found.ledger else None,
            "faults": [fault.as_dict() for fault in found.faults],
            "mapping": found.mapping,
            "sentences": _sentences(found),
        }

    def read(
        self, path: Path, mapping: dict[str, Any] | None, tell: Callable[[str], None], unnamed: str
    ) -> Generator[Batch | dict[str, Any], None, None]:
        with self._engine() as engine:
            loaded = self._connector.load(engine, [path], mapping, progress=tell)
            yield {"ledger": loaded.ledger.as_dict(), "mapping": loaded.mapping}
            connection = engine.sql()
            tables = ["contacts", *(name for name in loaded.tables if name not in _INSIDE)]
            sizes = {name: _count(connection, loaded.tables[name]) for name in tables}
            sizes["quarantine"] = _count(connection, loaded.quarantine)
            whole, done = max(1, sum(sizes.values())), 0
            prefix = "" if "contact_id" in loaded.present else f"{unnamed}-"
            for name in tables:
                for rows in _rows(connection, _query(name, loaded)):
                    done += len(rows)
                    yield Batch(name, [_item(name, row, loaded.extra, prefix) for row in rows], [], done / whole)
            for rows in _rows(connection, f"SELECT row_number, codes, raw FROM {loaded.quarantine}"):
                done += len(rows)
                raw, codes, numbers = ([row[name] for row in rows] for name in ("raw", "codes", "row_number"))
                yield Batch("contacts", raw, codes, done / whole, numbers)

    def again(
        self, rows: Sequence[tuple[int, Mapping[str, Any]]], mapping: dict[str, Any], tell: Callable[[str], None]
    ) -> tuple[list[Batch], dict[int, list[str]]]:
        """Read rows as if they were a file.

        Args:
            rows: Each with a number, by which it is known.
            mapping: What their columns mean.
            tell: Told what is done; raises where the reading shall stop.

        Returns:
            The records, each contact with the number of its row, and of each row that does not fit its codes.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        names = dict.fromkeys(name for _, row in rows for name in row)
        table: dict[str, list[str | None]] = {name: [_text(row.get(name)) for _, row in rows] for name in names}
        numbers: list[str | None] = [str(number) for number, _ in rows]
        # What rows without ids get in their place stands in the name of its column: `services.mend_many.changed`.
        own = str(mapping.get("columns", {}).get("contact_id", ""))
        if own.startswith(f"{NUMBER}_"):
            table[own] = [f"{own.removeprefix(f'{NUMBER}_')}-aside-{number}" for number in numbers]
        table[NUMBER] = numbers
        known = mapping | {"extra": [*(mapping.get("extra") or ()), NUMBER]}
        scratch = make_scratch()
        try:
            path = scratch / "rows.parquet"
            pq.write_table(pa.table(table, schema=pa.schema([(name, pa.string()) for name in table])), path)
            with self._engine() as engine:
                return self._again(engine, path, known, tell)
        finally:
            remove_scratch(scratch)

    def _again(
        self, engine: Engine, path: Path, mapping: dict[str, Any], tell: Callable[[str], None]
    ) -> tuple[list[Batch], dict[int, list[str]]]:
        batches: list[Batch] = []
        connection, aside = engine.sql(), QUARANTINE
        try:
            loaded = self._connector.load(engine, [path], mapping, progress=tell)
        except FirstcontactError as error:
            if any(fault.kind is not NO_ROW_LEFT for fault in error.faults):
                raise
        else:
            aside = loaded.quarantine
            for name in ("contacts", *(one for one in loaded.tables if one not in _INSIDE)):
                for rows in _rows(connection, _query(name, loaded)):
                    batches.append(Batch(name, [_known(_item(name, row, loaded.extra, "")) for row in rows], [], 1.0))
        unfit = {}
        for codes, raw in connection.execute(f"SELECT codes, raw FROM {aside}").fetchall():
            unfit[int(json.loads(raw)[NUMBER])] = list(codes)
        return batches, unfit


def _text(value: Any) -> str | None:
    """A value as a file of text has it."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _known(item: dict[str, Any]) -> dict[str, Any]:
    """A record by the number of its row, which is none of its own columns."""
    attributes = item.get("attributes", {})
    if NUMBER in attributes:
        item[NUMBER] = attributes.pop(NUMBER)
        if not attributes:
            item.pop("attributes")
    return item


def _sentences(found: Inspection) -> dict[str, Any]:
    """Of what each text of the program was made, so that a door can say it in another language."""
    texts = [column.rests_on for column in found.columns]
    for one in found.findings:
        texts += [one.text, one.rests_on, one.override]
    return {str(text): kept(text) for text in texts if isinstance(text, Sentence)}


def _count(connection: DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


def _query(name: str, loaded: Loaded) -> str:
    table = loaded.tables[name]
    if name != "contacts" or "identifiers" not in loaded.tables:
        return f"SELECT * FROM {table}"
    pairs = (
        "SELECT contact_id, list({'kind': kind, 'value': value}) AS identifiers "
        f"FROM {loaded.tables['identifiers']} GROUP BY contact_id"
    )
    return f"SELECT c.*, i.identifiers FROM {table} c LEFT JOIN ({pairs}) i USING (contact_id)"


def _rows(connection: DuckDBPyConnection, query: str) -> Generator[list[dict[str, Any]], None, None]:
    reader = connection.execute(query).to_arrow_reader(BATCH)
    for batch in reader:
        rows: list[dict[str, Any]] = batch.to_pylist()
        # The engine's own batches may be longer than asked.
        for start in range(0, len(rows), BATCH):
            yield rows[start : start + BATCH]


def _item(table: str, row: dict[str, Any], extra: dict[str, str], prefix: str) -> dict[str, Any]:
    names = _SPECS[table].names
    item = {name: _plain(row[name]) for name in names if name != "source" and row.get(name) is not None}
    if prefix and item.get("contact_id") is not None:
        item["contact_id"] = f"{prefix}{item['contact_id']}"
    if table == "contacts":
        item.pop("text_ref", None)  # names a text that is not here
        if row.get("identifiers"):
            item["identifiers"] = row["identifiers"]
        attributes = {
            extra.get(name, name): str(value)
            for name, value in row.items()
            if name.startswith(EXTRA_PREFIX) and value is not None
        }
        if attributes:
            item["attributes"] = attributes
    return item


def _plain(value: Any) -> Any:
    return f"{value.isoformat()}+00:00" if isinstance(value, datetime) else value
