"""Applies the rules of `contacts.rule` inside the engine: every row becomes a contact, is absorbed, or is set aside.

All connectors share it. A connector brings candidate rows: canonical columns, where each row came from, and the faults
it found while reading; what remains (dates, order of start and end, ids that occur twice) is judged here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from firstcontact.contacts.rule import (
    DATE_ORDER,
    EARLIEST,
    END_BEFORE_START,
    ID_MISSING,
    ID_TAKEN,
    IMPLAUSIBLE,
    LATEST,
    RULES,
    START_MISSING,
    START_UNREADABLE,
    bit,
)
from firstcontact.contacts.table import CONTACTS, ColumnType, TableSpec

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FILE, ROW, FAULTS, VERSION = "fc_file", "fc_row", "fc_faults", "fc_version"
LAST_ANSWER = (
    "QUALIFY row_number() OVER (PARTITION BY contact_id "
    "ORDER BY answered_at DESC NULLS LAST, resolved, contacts_needed, csat, nps, ces) = 1"
)
"""SQL that keeps of each contact the answer given last: a contact has one survey."""

ENGINE_TYPES: dict[ColumnType, str] = {
    "string": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "float64": "DOUBLE",
    "int64": "BIGINT",
    "boolean": "BOOLEAN",
    "list<string>": "VARCHAR[]",
}


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of the candidate rows.

    Attributes:
        contacts: How many became contacts.
        duplicates: Identical copies that were absorbed.
        earlier: Rows of a contact of which a later version was kept.
        bad: Engine table of the rows set aside: `fc_file`, `fc_row`, `fc_faults`; one row each.
        rows: Engine table behind the contacts view, with every candidate column.
    """

    contacts: int
    duplicates: int
    earlier: int
    bad: str
    rows: str


def settle(
    connection: DuckDBPyConnection, candidates: str, columns: Sequence[str], table: str, *, clean: bool
) -> Settled:
    """Judge candidate rows and keep the fit ones as the contacts table.

    Args:
        connection: The engine's own connection.
        candidates: Query with `fc_file`, `fc_row`, `fc_faults` (bits of `contacts.rule`), perhaps `fc_version`, and
            the columns.
        columns: Names of the candidate columns, canonical ones and others that go along.
        table: Engine name under which the contacts table (a view with every column of its spec) is kept.
        clean: Whether reading could not find faults (typed columns). Then the rows are first looked at in one pass,
            and where all are fit they are kept without the columns that would say otherwise.

    Returns:
        Counts and where things are.
    """
    rows, bad = f"{table}_rows", f"{table}_bad"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {bad} ({FILE} INTEGER, {ROW} BIGINT, {FAULTS} BIGINT)")
    listed = ", ".join(_name(column) for column in columns)
    found = fault_bits(columns)
    if clean and _all_fit(connection, candidates, found):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {rows} AS SELECT {listed} FROM ({candidates})")
        if not _repeated(connection, rows, "true"):
            return Settled(_count(connection, rows), 0, 0, bad, rows)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {rows} AS SELECT * REPLACE ({FAULTS} | ({found}) AS {FAULTS}) FROM "
        f"({candidates})"
    )
    connection.execute(f"INSERT INTO {bad} SELECT {FILE}, {ROW}, {FAULTS} FROM {rows} WHERE {FAULTS} <> 0")
    duplicates, earlier = _drop_repeated(connection, rows, bad, columns)
    connection.execute(f"DELETE FROM {rows} WHERE {FAULTS} <> 0")
    return Settled(_count(connection, rows), duplicates, earlier, bad, rows)


def fault_bits(columns: Sequence[str]) -> str:
    """SQL of the faults that can be seen in the canonical columns alone, as a number with one bit a rule."""
    unread = f"{bit(START_UNREADABLE)}"
    parts = [f"CASE WHEN contact_id IS NULL THEN {bit(ID_MISSING)} ELSE 0 END"]
    # A start that was there but could not be read is not also missing.
    parts.append(
        f"CASE WHEN started_at IS NULL AND ({FAULTS} & {unread}) = 0 AND ({FAULTS} & {bit(DATE_ORDER)}) = 0 "
        f"THEN {bit(START_MISSING)} ELSE 0 END"
    )
    ends = "ended_at" in columns
    outside = _outside("started_at") + (f" OR {_outside('ended_at')}" if ends else "")
    parts.append(f"CASE WHEN {outside} THEN {bit(IMPLAUSIBLE)} ELSE 0 END")
    if ends:
        parts.append(f"CASE WHEN ended_at < started_at THEN {bit(END_BEFORE_START)} ELSE 0 END")
    return " | ".join(f"({part})" for part in parts)


def clear_impossible(connection: DuckDBPyConnection, table: str, spec: TableSpec) -> dict[str, int]:
    """Make figures out of their column's range missing.

    Args:
        connection: The engine's own connection.
        table: Table with the rows.
        spec: What they are.

    Returns:
        How many, by column.
    """
    tests = {
        column.name: f"({column.name} {'<=' if column.above else '<'} {column.least} OR {column.name} > {column.most})"
        for column in spec.columns
        if column.least is not None
    }
    if not tests:
        return {}
    counted = ", ".join(f"count(*) FILTER ({test})" for test in tests.values())
    row = connection.execute(f"SELECT {counted} FROM {table}").fetchone()
    found = {name: int(n) for name, n in zip(tests, row or (), strict=True) if n}
    for name in found:
        connection.execute(f"UPDATE {table} SET {name} = NULL WHERE {tests[name]}")
    return found


def _outside(column: str) -> str:
    return f"({column} < TIMESTAMP '{EARLIEST}' OR {column} >= TIMESTAMP '{LATEST}')"


def _all_fit(connection: DuckDBPyConnection, candidates: str, found: str) -> bool:
    row = connection.execute(f"SELECT 1 FROM ({candidates}) WHERE ({FAULTS} | {found}) <> 0 LIMIT 1").fetchone()
    return row is None


def _count(connection: DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


def _repeated(connection: DuckDBPyConnection, rows: str, where: str) -> list[int]:
    """Hashes of contact ids that may occur more than once; none means that none does.

    Sorting 64-bit numbers is several times faster than counting distinct texts.
    """
    hashes = connection.execute(f"SELECT hash(contact_id) AS h FROM {rows} WHERE {where}").fetchnumpy()["h"]
    hashes.sort()
    again = hashes[1:][hashes[1:] == hashes[:-1]]
    return [int(value) for value in dict.fromkeys(again.tolist())]


def _drop_repeated(connection: DuckDBPyConnection, rows: str, bad: str, columns: Sequence[str]) -> tuple[int, int]:
    """Keep one row of each contact id: the latest version where there is one, else the first in the files.

    Returns:
        How many identical copies, and how many earlier versions, were absorbed.
    """
    hashes = _repeated(connection, rows, f"{FAULTS} = 0")
    if not hashes:
        return 0, 0
    connection.register("fc_hashes", pa.table({"h": pa.array(hashes, pa.uint64())}))
    described = {str(row[0]) for row in connection.execute(f"DESCRIBE {rows}").fetchall()}
    latest = f"{VERSION} DESC NULLS LAST, " if VERSION in described else ""
    content = ", ".join(_name(column) for column in columns)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE fc_again AS SELECT id, {FILE}, {ROW}, content = first_value(content) "
        f"OVER w AS same, coalesce({VERSION} < first_value({VERSION}) OVER w, false) AS earlier, "
        f"row_number() OVER w AS place FROM (SELECT rowid AS id, contact_id, {FILE}, {ROW}, hash({content}) "
        "AS content, "
        f"{VERSION if latest else 'NULL'} AS {VERSION} FROM {rows} WHERE {FAULTS} = 0 AND hash(contact_id) IN "
        "(SELECT h FROM fc_hashes)) "
        f"WINDOW w AS (PARTITION BY contact_id ORDER BY {latest}{FILE}, {ROW})"
    )
    connection.unregister("fc_hashes")
    connection.execute(
        f"INSERT INTO {bad} SELECT {FILE}, {ROW}, {bit(ID_TAKEN)} FROM fc_again "
        "WHERE place > 1 AND NOT same AND NOT earlier"
    )
    row = connection.execute(
        "SELECT count(*) FILTER (same), count(*) FILTER (earlier AND NOT same) FROM fc_again WHERE place > 1"
    ).fetchone()
    connection.execute(f"DELETE FROM {rows} WHERE rowid IN (SELECT id FROM fc_again WHERE place > 1)")
    connection.execute("DROP TABLE fc_again")
    return (int(row[0]), int(row[1])) if row else (0, 0)


def contacts_view(
    connection: DuckDBPyConnection,
    rows: str,
    table: str,
    present: Sequence[str],
    extra: Sequence[str] = (),
    constants: Mapping[str, str] | None = None,
) -> None:
    """The contacts table as a view: columns that the source lacks cost nothing, and are missing with their type.

    Args:
        connection: The engine's own connection.
        rows: Table with the contacts.
        table: Name of the view.
        present: Contact columns that `rows` has.
        extra: Further columns to show.
        constants: Texts that are the same on every row, by contact column.
    """
    items = []
    for column in CONTACTS.columns:
        if column.name in present:
            items.append(f'"{column.name}"')
        elif constants and column.name in constants:
            same = constants[column.name].replace("'", "''")
            items.append(f"CAST('{same}' AS VARCHAR) AS \"{column.name}\"")
        else:
            items.append(f'CAST(NULL AS {ENGINE_TYPES[column.type]}) AS "{column.name}"')
    items += [_name(name) for name in extra]
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS SELECT {', '.join(items)} FROM {rows}")


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def codes(faults: int) -> list[str]:
    """The codes behind a row's faults, in the order of the rules.

    >>> codes(5)
    ['FC2001', 'FC2003']
    """
    return [rule.code for place, rule in enumerate(RULES) if faults >> place & 1]


def tally(connection: DuckDBPyConnection, bad: str) -> Counter[str]:
    """How many rows were set aside, each under the first of its codes."""
    counts: Counter[str] = Counter()
    for faults, n in connection.execute(f"SELECT {FAULTS}, count(*) FROM {bad} GROUP BY 1").fetchall():
        counts[codes(int(faults))[0]] += int(n)
    return counts


def codes_query(faults: str) -> str:
    """SQL that makes the list of codes of a row's faults."""
    listed = ", ".join(
        f"CASE WHEN {faults} & {1 << place} <> 0 THEN '{rule.code}' END" for place, rule in enumerate(RULES)
    )
    return f"list_filter([{listed}], lambda code: code IS NOT NULL)"
