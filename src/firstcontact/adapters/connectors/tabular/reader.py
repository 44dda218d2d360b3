"""Brings each file into the engine as it is: text stays text, typed columns stay typed, every row keeps its number."""

from __future__ import annotations

import csv
import errno
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from firstcontact.adapters.connectors.tabular import fault, json_lines, patient, sniff, sql, workbook
from firstcontact.adapters.connectors.tabular.container import Part
from firstcontact.adapters.connectors.tabular.raw import (
    LONGEST_RECORD,
    ROW,
    FileOptions,
    Raw,
    Reject,
    about_names,
    no_rows,
    unique_names,
)
from firstcontact.adapters.connectors.tabular.swallow import swallows, usual_shapes
from firstcontact.contacts.rule import RAGGED
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence, clause

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_LONGEST_LINE = 16 << 20
"""Bytes that one record may have for the engine's reader, whose buffers grow with it; the patient one takes longer."""


def read(connection: DuckDBPyConnection, part: Part, number: int, scratch: Path, options: FileOptions) -> list[Raw]:
    """Read one file.

    Args:
        connection: The engine's own connection.
        part: The file.
        number: Its number, from 1; names the engine's tables.
        scratch: For a transcoded copy.
        options: What a person decided about the file.

    Returns:
        One relation; several for a workbook whose sheets hold the same columns.

    Raises:
        FirstcontactError: When nothing can be read.
    """
    try:
        if part.format == "delimited":
            return [_delimited(connection, part, number, scratch, options)]
        if part.format == "parquet":
            return [_parquet(connection, part)]
        if part.format == "excel":
            return workbook.read_sheets(connection, part, number, options)
        return [json_lines.read_objects(connection, part, number, scratch)]
    except duckdb.OutOfMemoryException:
        raise
    except (duckdb.Error, pa.ArrowException) as error:
        if os.strerror(errno.ENOSPC) in str(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
        # The engine's message may quote a row, so only its kind is passed on.
        raise FirstcontactError(
            [
                fault.DAMAGED.fault(
                    where=part.label,
                    saw=clause("{form} content that ends or breaks off ({error})", form=part.format,
                               error=type(error).__name__),
                    allowed=clause("a whole {form} file", form=part.format), cure="export or transfer the file again",
                )
            ]
        ) from None  # fmt: skip


def _delimited(connection: DuckDBPyConnection, part: Part, number: int, scratch: Path, options: FileOptions) -> Raw:
    text = sniff.read_shape(
        part.path, part.label, scratch, encoding=options.encoding, delimiter=options.delimiter, quote=options.quote,
        header=options.header,
    )  # fmt: skip
    header = list(text.header) if text.header is not None else [f"column_{i + 1}" for i in range(text.width)]
    header += [""] * (text.width - len(header))
    names, renamed = unique_names(header)
    findings = about_names(part.label, renamed)
    table = f"fc_raw_{number}"
    read = _by_engine(connection, text, names, table)
    if read is None or (text.records >= 0 and read[0] + len(read[1]) != text.records):
        read = _by_rules(connection, text, names, table)
        findings.append(
            Finding(
                "quoting",
                Sentence(
                    "quoting.irregular",
                    "{label}: quotes are used irregularly, so it was read by the slower, more patient reader.",
                    label=part.label,
                ),
                Sentence("quoting.irregular.rests", "the fast reader could not account for every record"),
            )
        )
    rows, rejects = read
    if text.header is None:
        findings.append(
            Finding(
                "columns",
                Sentence(
                    "columns.no-header",
                    "{label}: no header was found; columns are called {names} …",
                    label=part.label,
                    names="column_1, column_2",
                ),
                Sentence("columns.no-header.rests", "the first row looks like the rows below it"),
                "warning",
                Sentence(
                    "columns.no-header.cure",
                    "set header = true under [file] in the mapping if the first row holds names",
                ),
            )
        )
    if text.nuls:
        findings.append(
            Finding(
                "text",
                Sentence(
                    "text.nul",
                    "{label}: {count:,} NUL characters were taken out.",
                    "{label}: {count:,} NUL character was taken out.",
                    "count",
                    label=part.label,
                    count=text.nuls,
                ),
                Sentence("text.nul.rests", "they are no text"),
                "warning",
            )
        )
    if text.replaced:
        findings.append(
            Finding(
                "encoding",
                Sentence(
                    "encoding.unreadable",
                    "{label}: {count:,} characters could not be read as {encoding}; they show as {sign}.",
                    "{label}: {count:,} character could not be read as {encoding}; it shows as {sign}.",
                    "count",
                    label=part.label,
                    count=text.replaced,
                    encoding=text.encoding,
                    sign="\ufffd",
                ),
                text.encoding_rests_on,
                "warning",
                Sentence("encoding.unreadable.cure", "set encoding under [file] in the mapping"),
            )
        )
    shown = {"\t": "tab", " ": "space", "\x1f": "unit separator", "\x01": "SOH"}.get(text.delimiter, text.delimiter)
    facts = {
        "format": "delimited text",
        "container": part.container,
        "encoding": f"{text.encoding} ({text.encoding_rests_on})",
        "delimiter": shown,
    }
    if text.skip:
        facts["lines above the header"] = str(text.skip)
    return Raw(
        part.label, f"SELECT rowid + 1 AS {ROW}, * FROM {table}" if not rejects else _numbered(table, rejects, names),
        dict.fromkeys(names, "VARCHAR"), rows, rejects, facts, findings,
    )  # fmt: skip


def _by_engine(
    connection: DuckDBPyConnection, text: sniff.Text, names: list[str], table: str
) -> tuple[int, list[Reject]] | None:
    """The engine's parallel reader; None where it cannot make sense of the quoting."""
    columns = "{" + ", ".join(f"{sql.text(name)}: 'VARCHAR'" for name in names) + "}"
    header = text.header is not None
    query = (
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM read_csv({sql.text(str(text.path))}, "
        f"auto_detect = false, columns = {columns}, header = {header}, skip = {text.skip}, "
        f"delim = {sql.text(text.delimiter)}, quote = {sql.text(text.quote)}, escape = {sql.text(text.escape)}, "
        f"max_line_size = {_LONGEST_LINE}, buffer_size = {2 * _LONGEST_LINE}, store_rejects = true, "
        "rejects_table = 'fc_reject', rejects_scan = 'fc_reject_scan', rejects_limit = 0)"
    )
    forget = "DROP TABLE IF EXISTS fc_reject; DROP TABLE IF EXISTS fc_reject_scan"
    connection.execute(forget)
    # Only an insertion-ordered table numbers its rows as the file does.
    connection.execute("SET preserve_insertion_order = true")
    try:
        connection.execute(query)
        rows = _count(connection, table)
        bad = connection.execute(
            "SELECT line, any_value(csv_line) FROM fc_reject GROUP BY line ORDER BY line"
        ).fetchall()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        return None
    finally:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(forget)
    if text.inner and _swallowed(connection, text, names, table):
        return None
    if any("\n" in (raw or "").strip() for _, raw in bad):
        return None  # a quote that does not close may have swallowed good records
    first = int(header) + text.skip
    return rows, [
        Reject(int(line) - first, RAGGED.code, json.dumps({"line": (raw or "").rstrip("\r\n")}, ensure_ascii=False))
        for line, raw in bad
    ]


def _swallowed(connection: DuckDBPyConnection, text: sniff.Text, names: list[str], table: str) -> bool:
    """Whether two stray quotes have joined rows into a cell, as far as the numbers of delimiters let one suspect it."""
    if not text.quote:
        return False
    ends = "(length({c}) - length(replace({c}, chr(10), '')))"
    marks = f"(length({{c}}) - length(replace({{c}}, {sql.text(text.delimiter)}, '')))"
    test = f"(contains({{c}}, chr(10)) AND {marks} = {len(names) - 1} * {ends})"
    tests = " OR ".join(test.replace("{c}", sql.name(name)) for name in names)
    # Prose hits the numbers once in a while; so many rows are looked at closely, and one is enough.
    rows = connection.execute(f"SELECT * FROM {table} WHERE {tests} LIMIT 1000").fetchall()
    first = text.skip + int(text.header is not None)
    shapes = usual_shapes(text.path, first, len(names), text.delimiter, text.quote) if rows else []
    return any(swallows([str(cell or "") for cell in row], text.delimiter, shapes) for row in rows)


def _numbered(table: str, rejects: list[Reject], names: list[str]) -> str:
    """Row numbers that count the rejected records too, so that they are those of the file."""
    # The k-th accepted row (from 0) has k + 1 + (rejects before it) as its number in the file.
    steps = [(reject.row - place, place + 1) for place, reject in enumerate(rejects)]
    values = ", ".join(f"({after}, {shift})" for after, shift in steps)
    columns = ", ".join("r." + sql.name(name) for name in names)
    return (
        f"SELECT r.number + coalesce(s.shift, 0) AS {ROW}, {columns} FROM (SELECT rowid + 1 AS number, * FROM "
        f"{table}) r "
        f"ASOF LEFT JOIN (SELECT col0 AS after, max(col1) AS shift FROM (VALUES {values}) GROUP BY 1) s "
        "ON r.number >= s.after"
    )


def _count(connection: DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


def _by_rules(
    connection: DuckDBPyConnection, text: sniff.Text, names: list[str], table: str
) -> tuple[int, list[Reject]]:
    """Python's reader, which loses nothing whatever the quoting; used only where the engine's own gives up."""
    rejects: list[Reject] = []
    first = True
    rows = 0

    def keep(batch: list[list[str]]) -> None:
        nonlocal first, rows
        columns = list(zip(*batch, strict=True)) if batch else [()] * len(names)
        arrow = pa.table({name: pa.array(values, pa.string()) for name, values in zip(names, columns, strict=True)})
        connection.register("fc_batch", arrow)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM fc_batch" if first
            else f"INSERT INTO {table} SELECT * FROM fc_batch"
        )  # fmt: skip
        connection.unregister("fc_batch")
        first, rows = False, rows + len(batch)

    connection.execute("SET preserve_insertion_order = true")
    previous = csv.field_size_limit(LONGEST_RECORD)
    try:
        batch: list[list[str]] = []
        for number, record in enumerate(patient.records(text, len(names)), start=1):
            if isinstance(record, str):
                rejects.append(Reject(number, RAGGED.code, json.dumps({"line": record}, ensure_ascii=False)))
                continue
            batch.append(record)
            if len(batch) == 50_000:
                keep(batch)
                batch = []
        keep(batch)
    finally:
        csv.field_size_limit(previous)
        connection.execute("SET preserve_insertion_order = false")
    return rows, rejects


def _parquet(connection: DuckDBPyConnection, part: Part) -> Raw:
    import pyarrow.parquet as pq

    described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({sql.text(str(part.path))})").fetchall()
    metadata = pq.read_metadata(part.path)
    columns = {str(row[0]): str(row[1]) for row in described}
    if metadata.num_rows == 0:
        raise no_rows(part.label, len(columns))
    return Raw(
        part.label,
        f"SELECT file_row_number + 1 AS {ROW}, * EXCLUDE (file_row_number) "
        f"FROM read_parquet({sql.text(str(part.path))}, file_row_number = true)",
        columns, metadata.num_rows, facts={"format": "Parquet", "container": part.container}, typed=True,
        path=part.path,
    )  # fmt: skip
