"""Brings each file into the engine as it is: text stays text, typed columns stay typed, every row keeps its number."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from firstcontact.adapters.connectors.tabular import fault, sniff, sql
from firstcontact.adapters.connectors.tabular.container import Part
from firstcontact.contacts.rule import NOT_AN_OBJECT, RAGGED
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.finding import Finding

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LONGEST_RECORD = 64 << 20
"""Bytes that one record of a delimited file may have."""

FILE, ROW = "fc_file", "fc_row"
"""Columns beside the source's own: which file (from 1), and which of its records (from 1)."""


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What a person decided about how files are written; empty means: find out."""

    encoding: str = ""
    delimiter: str = ""
    quote: str | None = None
    header: bool | None = None
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not be told into columns."""

    row: int
    code: str
    raw: str


@dataclass(slots=True)
class Raw:
    """One file in the engine.

    Attributes:
        label: Its name for people.
        table: Query over its rows: `fc_row` and the source's columns.
        columns: Engine type by column name, in the file's order.
        rows: How many rows `table` has.
        rejects: Records beside them that could not be told into columns.
        facts: Encoding, delimiter, container, sheet: what it was found to be.
        findings: What is worth telling.
        typed: Whether columns have types of their own (Parquet, Excel).
        paths: For Parquet, the file itself, so that it can be sampled without reading it whole.
    """

    label: str
    table: str
    columns: dict[str, str]
    rows: int
    rejects: list[Reject] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    typed: bool = False
    path: Path | None = None


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
            return _excel(connection, part, number, options)
        return [_json(connection, part, number, scratch)]
    except (duckdb.Error, pa.ArrowException) as error:
        # The engine's message may quote a row, so only its kind is passed on.
        raise FirstcontactError(
            [
                fault.DAMAGED.fault(
                    where=part.label, saw=f"{part.format} content that ends or breaks off ({type(error).__name__})",
                    allowed=f"a whole {part.format} file", cure="export or transfer the file again",
                )
            ]
        ) from None  # fmt: skip


def unique_names(header: Sequence[str]) -> tuple[list[str], list[str]]:
    """Column names that differ even without regard to case; empty ones get a number.

    Returns:
        The names, and those among them that had to be renamed because they occurred twice.

    >>> unique_names(["id", "", "ID"])
    (['id', 'column_2', 'ID_2'], ['ID_2'])
    """
    names: list[str] = []
    renamed: list[str] = []
    taken: set[str] = {FILE, ROW}
    for position, cell in enumerate(header, start=1):
        plain = " ".join(cell.replace("\ufeff", "").split()) or f"column_{position}"
        name, again = plain, 1
        while name.casefold() in taken or name.lower() in taken:
            again += 1
            name = f"{plain}_{again}"
        if again > 1:
            renamed.append(name)
        taken |= {name.casefold(), name.lower()}
        names.append(name)
    return names, renamed


def _about_names(label: str, renamed: list[str]) -> list[Finding]:
    if not renamed:
        return []
    return [
        Finding(
            "columns",
            f"{label}: column names occur twice; the later ones are called {', '.join(renamed)}.",
            "compared without regard to case",
            "warning",
            "use these names in the mapping, or rename the columns in the file",
        )
    ]


def _delimited(connection: DuckDBPyConnection, part: Part, number: int, scratch: Path, options: FileOptions) -> Raw:
    text = sniff.read_shape(
        part.path, part.label, scratch, encoding=options.encoding, delimiter=options.delimiter, quote=options.quote,
        header=options.header,
    )  # fmt: skip
    header = list(text.header) if text.header is not None else [f"column_{i + 1}" for i in range(text.width)]
    header += [""] * (text.width - len(header))
    names, renamed = unique_names(header)
    findings = _about_names(part.label, renamed)
    table = f"fc_raw_{number}"
    read = _by_engine(connection, text, names, table)
    if read is None or (text.records >= 0 and read[0] + len(read[1]) != text.records):
        read = _by_rules(connection, text, names, table)
        findings.append(
            Finding(
                "quoting",
                f"{part.label}: quotes are used irregularly, so it was read by the slower, more patient reader.",
                "the fast reader could not account for every record",
            )
        )
    rows, rejects = read
    if text.header is None:
        findings.append(
            Finding(
                "columns",
                f"{part.label}: no header was found; columns are called column_1, column_2 …",
                "the first row looks like the rows below it",
                "warning",
                "set header = true under [file] in the mapping if the first row holds names",
            )
        )
    if text.nuls:
        findings.append(
            Finding(
                "text", f"{part.label}: {text.nuls:,} NUL characters were taken out.", "they are no text", "warning"
            )
        )
    if text.replaced:
        findings.append(
            Finding(
                "encoding",
                f"{part.label}: {text.replaced:,} characters could not be read as {text.encoding}; they show as \ufffd.",
                text.encoding_rests_on,
                "warning",
                "set encoding under [file] in the mapping",
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
        f"max_line_size = {LONGEST_RECORD}, store_rejects = true, rejects_table = 'fc_reject', "
        "rejects_scan = 'fc_reject_scan', rejects_limit = 0)"
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
    except duckdb.Error:
        return None
    finally:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(forget)
    first = int(header) + text.skip
    return rows, [
        Reject(int(line) - first, RAGGED.code, json.dumps({"line": (raw or "").rstrip("\r\n")}, ensure_ascii=False))
        for line, raw in bad
    ]


def _numbered(table: str, rejects: list[Reject], names: list[str]) -> str:
    """Row numbers that count the rejected records too, so that they are those of the file."""
    # The k-th accepted row (from 0) has k + 1 + (rejects before it) as its number in the file.
    steps = [(reject.row - place, place + 1) for place, reject in enumerate(rejects)]
    values = ", ".join(f"({after}, {shift})" for after, shift in steps)
    columns = ", ".join("r." + sql.name(name) for name in names)
    return (
        f"SELECT r.number + coalesce(s.shift, 0) AS {ROW}, {columns} FROM (SELECT rowid + 1 AS number, * FROM {table}) r "
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
        for number, fields in enumerate(_records(text), start=1):
            if fields is None or len(fields) != len(names):
                raw = json.dumps({"fields": fields}, ensure_ascii=False)
                rejects.append(Reject(number, RAGGED.code, raw))
                continue
            batch.append(fields)
            if len(batch) == 50_000:
                keep(batch)
                batch = []
        keep(batch)
    finally:
        csv.field_size_limit(previous)
        connection.execute("SET preserve_insertion_order = false")
    return rows, rejects


def _records(text: sniff.Text) -> Iterator[list[str] | None]:
    with text.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for _ in range(text.skip):
            file.readline()
        escape = text.escape if text.escape != text.quote else None
        reader = csv.reader(
            file, delimiter=text.delimiter, quotechar=text.quote or None, escapechar=escape, doublequote=escape is None,
            quoting=csv.QUOTE_MINIMAL if text.quote else csv.QUOTE_NONE,
        )  # fmt: skip
        header_due = text.header is not None
        while True:
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield None
                continue
            if not fields:
                continue
            if header_due:
                header_due = False
                continue
            yield fields


def _parquet(connection: DuckDBPyConnection, part: Part) -> Raw:
    import pyarrow.parquet as pq

    described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({sql.text(str(part.path))})").fetchall()
    metadata = pq.read_metadata(part.path)
    columns = {str(row[0]): str(row[1]) for row in described}
    if metadata.num_rows == 0:
        raise _no_rows(part.label, len(columns))
    return Raw(
        part.label,
        f"SELECT file_row_number + 1 AS {ROW}, * EXCLUDE (file_row_number) "
        f"FROM read_parquet({sql.text(str(part.path))}, file_row_number = true)",
        columns, metadata.num_rows, facts={"format": "Parquet", "container": part.container}, typed=True, path=part.path,
    )  # fmt: skip


def _no_rows(label: str, columns: int) -> FirstcontactError:
    return FirstcontactError(
        [
            fault.HEADER_ONLY.fault(
                where=label, saw=f"{columns} columns and no row", allowed="at least one row",
                cure="check the period and filter of the export",
            )
        ]
    )  # fmt: skip


def _excel(connection: DuckDBPyConnection, part: Part, number: int, options: FileOptions) -> list[Raw]:
    import fastexcel

    try:
        book = fastexcel.read_excel(part.path.read_bytes())
        sheets = [options.sheet] if options.sheet else [
            name for name in book.sheet_names if book.load_sheet(name, n_rows=1).width > 0
        ]  # fmt: skip
        loaded = [(name, book.load_sheet(name, schema_sample_rows=None).to_arrow()) for name in sheets]
    except fastexcel.FastExcelError as error:
        kind = fault.ENCRYPTED if "password" in str(error).lower() else fault.DAMAGED
        raise FirstcontactError(
            [
                kind.fault(
                    where=part.label, saw="a workbook that cannot be opened, or has no such sheet",
                    allowed="an open workbook with a header row", cure="save it again as .xlsx, without a password",
                )
            ]
        ) from None  # fmt: skip
    filled = [(name, rows) for name, rows in loaded if rows.num_rows and rows.num_columns > 1]
    if not filled:
        raise _no_rows(part.label, max((rows.num_columns for _, rows in loaded), default=0))
    # Sheets of another shape (a legend, a pivot) are left out and said; sheets of the same shape go on from each other.
    main = max(filled, key=lambda item: item[1].num_rows)[1].column_names
    raws: list[Raw] = []
    for position, (name, rows) in enumerate(filled):
        if rows.column_names != main:
            continue
        names, renamed = unique_names([str(column) for column in rows.column_names])
        table = f"fc_raw_{number}_{position}"
        connection.register("fc_batch", pa.table(dict(zip(names, _plain(rows), strict=True))))
        connection.execute("SET preserve_insertion_order = true")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM fc_batch")
        connection.execute("SET preserve_insertion_order = false")
        connection.unregister("fc_batch")
        described = connection.execute(f"DESCRIBE {table}").fetchall()
        label = part.label if len(filled) == 1 else f"{part.label} [{name}]"
        raws.append(
            Raw(
                label, f"SELECT rowid + 1 AS {ROW}, * FROM {table}", {str(r[0]): str(r[1]) for r in described},
                rows.num_rows, facts={"format": "Excel", "container": part.container, "sheet": name},
                findings=_about_names(label, renamed), typed=True,
            )
        )  # fmt: skip
    left = [name for name, rows in loaded if rows.column_names != main]
    if left:
        raws[0].findings.append(
            Finding(
                "sheets",
                f"{part.label}: {len(left)} of {len(loaded)} sheets have other columns and were left out.",
                "the sheet with most rows decides",
                override="set sheet under [file] in the mapping",
            )
        )
    return raws


def _plain(rows: Any) -> list[pa.Array]:
    """Columns without a value come as nulls without a type; the engine wants text."""
    return [column.cast(pa.string()) if pa.types.is_null(column.type) else column for column in pa.table(rows).columns]


def _json(connection: DuckDBPyConnection, part: Part, number: int, scratch: Path) -> Raw:
    """JSON lines, or one array of objects. Objects inside an object become `outer.inner` columns."""
    lines = f"fc_lines_{number}"
    rejects: list[Reject] = []
    connection.execute("SET preserve_insertion_order = true")
    try:
        if part.format == "json":
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {lines} AS SELECT json::VARCHAR AS line FROM "
                f"read_json_objects({sql.text(str(part.path))}, format = 'array', maximum_object_size = {LONGEST_RECORD})"
            )
        else:
            path = part.path
            with path.open("rb") as file:
                if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
                    path, _, _ = sniff._transcode(path, "utf-16", part.label, scratch)
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {lines} AS SELECT line FROM read_csv({sql.text(str(path))}, "
                "auto_detect = false, columns = {'line': 'VARCHAR'}, header = false, delim = '\x01', quote = '', "
                f"escape = '', max_line_size = {LONGEST_RECORD}) WHERE trim(line) <> ''"
            )
        good = "CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END"
        bad = connection.execute(f"SELECT rowid + 1, line FROM {lines} WHERE NOT ({good})").fetchall()
        rejects = [
            Reject(int(row), NOT_AN_OBJECT.code, json.dumps({"line": line}, ensure_ascii=False)) for row, line in bad
        ]
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {lines}_good AS SELECT rowid + 1 AS n, line FROM {lines} WHERE {good}"
        )
        paths = _json_paths(connection, f"{lines}_good")
        rows = _count(connection, f"{lines}_good")
        if rows == 0 or not paths:
            raise _no_rows(part.label, 0) if not rejects else FirstcontactError(
                [
                    fault.BINARY.fault(
                        where=part.label, saw=f"{len(rejects):,} lines and no JSON object", allowed="one object a line",
                        cure="export as JSON lines",
                    )
                ]
            )  # fmt: skip
        names, renamed = unique_names([".".join(path) for path in paths])
        table = f"fc_raw_{number}"
        values = ", ".join(
            "nullif(json_extract_string(line, "
            + sql.text("$" + "".join("." + json.dumps(step, ensure_ascii=False) for step in path))
            + f"), 'null') AS {sql.name(name)}"
            for path, name in zip(paths, names, strict=True)
        )
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT n AS {ROW}, {values} FROM {lines}_good")
    finally:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"DROP TABLE IF EXISTS {lines}; DROP TABLE IF EXISTS {lines}_good")
    return Raw(
        part.label, f"SELECT * FROM {table}", dict.fromkeys(names, "VARCHAR"), rows, rejects,
        {"format": "JSON lines" if part.format == "jsonl" else "JSON array", "container": part.container},
        _about_names(part.label, renamed),
    )  # fmt: skip


def _json_paths(connection: DuckDBPyConnection, table: str) -> list[tuple[str, ...]]:
    """Every key that any object has, in order of first appearance; two levels deep."""
    found = connection.execute(
        f"SELECT key, bool_or(json_type(line, '$.\"' || replace(key, '\"', '\\\"') || '\"') = 'OBJECT') AS nested "
        f"FROM (SELECT line, unnest(json_keys(line)) AS key, n FROM {table}) GROUP BY key ORDER BY min(n), key"
    ).fetchall()
    paths: list[tuple[str, ...]] = []
    for key, nested in found:
        if not nested:
            paths.append((key,))
            continue
        at = sql.text("$." + json.dumps(key, ensure_ascii=False))
        inner = connection.execute(
            f"SELECT DISTINCT unnest(json_keys(line, {at})) FROM {table} WHERE json_type(line, {at}) = 'OBJECT' ORDER BY 1"
        ).fetchall()
        paths += [(key, str(row[0])) for row in inner]
    return paths
