"""JSON lines, or one array of objects: each key is a column."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from firstcontact.adapters.connectors.tabular import fault, sniff, sql
from firstcontact.adapters.connectors.tabular.container import Part
from firstcontact.adapters.connectors.tabular.raw import (
    LONGEST_RECORD,
    ROW,
    Raw,
    Reject,
    about_names,
    no_rows,
    unique_names,
)
from firstcontact.contacts.rule import NOT_AN_OBJECT
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.sentence import clause

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def read_objects(connection: DuckDBPyConnection, part: Part, number: int, scratch: Path) -> Raw:
    """JSON lines, or one array of objects. Objects inside an object become `outer.inner` columns."""
    lines = f"fc_lines_{number}"
    rejects: list[Reject] = []
    connection.execute("SET preserve_insertion_order = true")
    try:
        if part.format == "json":
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {lines} AS SELECT json::VARCHAR AS line FROM "
                f"read_json_objects({sql.text(str(part.path))}, format = 'array', maximum_object_size = "
                f"{LONGEST_RECORD})"
            )
        else:
            path = part.path
            with path.open("rb") as file:
                if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
                    path, _, _ = sniff.transcode(path, "utf-16", part.label, scratch)
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {lines} AS SELECT line FROM read_csv({sql.text(str(path))}, "
                "auto_detect = false, columns = {'line': 'VARCHAR'}, header = false, delim = '\x01', quote = '', "
                f"escape = '', max_line_size = {LONGEST_RECORD}, buffer_size = {LONGEST_RECORD}) WHERE trim(line) <> ''"
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
        rows = len(connection.execute(f"SELECT n FROM {lines}_good").fetchnumpy()["n"])
        if rows == 0 or not paths:
            raise no_rows(part.label, 0) if not rejects else FirstcontactError(
                [
                    fault.BINARY.fault(
                        where=part.label, saw=clause("{count:,} lines and no JSON object", count=len(rejects)),
                        allowed="one object a line", cure="export as JSON lines",
                    )
                ]
            )  # fmt: skip
        found = {".".join(path): f"json_extract_string(line, {_at(path)})" for path in paths}
        if (_IDENTIFIERS,) in paths:
            pairs = _identifiers(connection, f"{lines}_good")
            found = {name: value for name, value in found.items() if name != _IDENTIFIERS or not pairs} | pairs
        names, renamed = unique_names(list(found))
        table = f"fc_raw_{number}"
        values = ", ".join(
            f"nullif({value}, 'null') AS {sql.name(name)}" for name, value in zip(names, found.values(), strict=True)
        )
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT n AS {ROW}, {values} FROM {lines}_good")
    finally:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"DROP TABLE IF EXISTS {lines}; DROP TABLE IF EXISTS {lines}_good")
    return Raw(
        part.label, f"SELECT * FROM {table}", dict.fromkeys(names, "VARCHAR"), rows, rejects,
        {"format": "JSON lines" if part.format == "jsonl" else "JSON array", "container": part.container},
        about_names(part.label, renamed),
    )  # fmt: skip


def _json_paths(connection: DuckDBPyConnection, table: str) -> list[tuple[str, ...]]:
    """Every key that any object has, in order of first appearance; two levels deep."""
    found = connection.execute(
        "SELECT key, bool_or(json_type(line, '/' || replace(replace(key, '~', '~0'), '/', '~1')) = 'OBJECT') AS nested "
        f"FROM (SELECT line, unnest(json_keys(line)) AS key, n FROM {table}) GROUP BY key ORDER BY min(n), key"
    ).fetchall()
    paths: list[tuple[str, ...]] = []
    for key, nested in found:
        if not nested:
            paths.append((key,))
            continue
        at = _at((key,))
        inner = connection.execute(
            f"SELECT DISTINCT unnest(json_keys(line, {at})) FROM {table} WHERE json_type(line, {at}) = "
            "'OBJECT' ORDER BY 1"
        ).fetchall()
        paths += [(key, str(row[0])) for row in inner]
    return paths


_IDENTIFIERS = "identifiers"
_PAIRS = "json_extract(line, '$.identifiers[*]')"
_MOST_OF_A_KIND = 5


def _identifiers(connection: DuckDBPyConnection, table: str) -> dict[str, str]:
    """Identifiers as the interface takes them, `[{"kind": .., "value": ..}]`, as a column for each of a kind.

    Gives the name of each column and the SQL of its value.
    """
    found = connection.execute(
        "SELECT kind, max(count) FROM (SELECT n, json_extract_string(pair, '$.kind') AS kind, count(*) AS count "
        f"FROM (SELECT n, unnest({_PAIRS}) AS pair FROM {table}) "
        "WHERE json_extract_string(pair, '$.value') IS NOT NULL GROUP BY ALL) "
        "WHERE kind IS NOT NULL GROUP BY kind ORDER BY kind"
    ).fetchall()
    columns: dict[str, str] = {}
    for kind, most in found:
        mine = f"list_filter({_PAIRS}, lambda pair: json_extract_string(pair, '$.kind') = {sql.text(kind)})"
        for place in range(1, min(most, _MOST_OF_A_KIND) + 1):
            name = f"{_IDENTIFIERS}.{kind}" + (f".{place}" if place > 1 else "")
            columns[name] = f"json_extract_string({mine}[{place}], '$.value')"
    return columns


def _at(path: tuple[str, ...]) -> str:
    """SQL of where a value lies, as a JSON pointer: any key can be written in one.

    >>> print(_at(("a", "b/c")))
    '/a/b~1c'
    """
    return sql.text("".join("/" + step.replace("~", "~0").replace("/", "~1") for step in path))
