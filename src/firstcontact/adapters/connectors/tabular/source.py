"""All files of one kind of row as one relation in the engine, with a bounded sample of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstcontact.adapters.connectors.tabular import fault, sql
from firstcontact.adapters.connectors.tabular.raw import FILE, ROW, Raw
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence, clause

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SAMPLE = 4000
"""Rows that guesses look at; what a guess rests on is then counted over whole columns where it matters."""


@dataclass(slots=True)
class Relation:
    """Rows of the same kind from one or several files.

    Attributes:
        table: Name of the engine view: `fc_file`, `fc_row` and the source's columns.
        columns: Engine type by column.
        rows: How many.
        files: Labels, in the order of `fc_file` (from 1).
        typed: Whether all files have typed columns.
        sample: Counts of the values in the sample, as text and trimmed, by column; missing values left out.
        sampled: Rows in the sample.
        untidy: Columns with a value in the sample that has blanks at its edges.
        tidy: Columns of which it is known that no value has blanks at its edges.
        findings: What was noticed while putting files together.
    """

    table: str
    columns: dict[str, str]
    rows: int
    files: list[str]
    typed: bool
    sample: dict[str, Counter[str]] = field(default_factory=dict)
    sampled: int = 0
    untidy: frozenset[str] = frozenset()
    tidy: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


def unite(connection: DuckDBPyConnection, raws: Sequence[Raw], table: str) -> Relation:
    """Put files on top of each other by column name; a column that one lacks is missing there, and that is said.

    Raises:
        FirstcontactError: FC1011 when two files share no column.
    """
    columns: dict[str, str] = {}
    spelt: dict[str, str] = {}
    for raw in raws:
        for name, kind in raw.columns.items():
            own = spelt.setdefault(name.casefold(), name)
            if own not in columns:
                columns[own] = kind
            elif columns[own] != kind:
                columns[own] = _wider(columns[own], kind)
    findings: list[Finding] = []
    first = {name.casefold() for name in raws[0].columns}
    selects = []
    for number, raw in enumerate(raws, start=1):
        have = {name.casefold(): name for name in raw.columns}
        if number > 1 and not first & set(have):
            raise FirstcontactError(
                [
                    fault.SEVERAL_SHAPES.fault(
                        where=raw.label,
                        saw=clause("none of the {count} columns of {file}", count=len(first), file=raws[0].label),
                        allowed="files with the same kind of rows", cure="read it in a run of its own",
                    )
                ]
            )  # fmt: skip
        lacking = [own for folded, own in spelt.items() if folded not in have]
        if lacking:
            findings.append(
                Finding(
                    "files",
                    Sentence(
                        "files.lacking",
                        "{label} lacks {count} columns that other files have: {columns}; they are missing there.",
                        "{label} lacks {count} column that other files have: {columns}; it is missing there.",
                        "count",
                        label=raw.label, count=len(lacking),
                        columns=", ".join(lacking[:8]) + (" …" if len(lacking) > 8 else ""),
                    ),
                    Sentence("files.lacking.rests", "columns are matched by name"),
                    "warning",
                )
            )  # fmt: skip
        items = [f"{number} AS {FILE}", ROW]
        for folded, own in spelt.items():
            if folded not in have:
                items.append(f"CAST(NULL AS {columns[own]}) AS {sql.name(own)}")
            elif raw.columns[have[folded]] == columns[own]:
                items.append(f"{sql.name(have[folded])} AS {sql.name(own)}")
            else:
                items.append(f"CAST({sql.name(have[folded])} AS {columns[own]}) AS {sql.name(own)}")
        selects.append(f"SELECT {', '.join(items)} FROM ({raw.table})")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS {' UNION ALL '.join(selects)}")
    relation = Relation(
        table, columns, sum(raw.rows for raw in raws), [raw.label for raw in raws], all(raw.typed for raw in raws),
        findings=findings,
    )  # fmt: skip
    _sample(connection, raws, relation, spelt)
    return relation


def find_tidy(connection: DuckDBPyConnection, relation: Relation, columns: Sequence[str]) -> None:
    """Learn in one pass which text columns have no blanks at their edges, so that nothing has to trim them."""
    texts = [
        column
        for column in columns
        if relation.columns[column] == "VARCHAR" and column not in relation.untidy and column not in relation.tidy
    ]
    if relation.typed or not texts:
        return
    tests = ", ".join(f"bool_or({sql.untidy(column)})" for column in texts)
    row = connection.execute(f"SELECT {tests} FROM {relation.table}").fetchone() or ()
    relation.tidy |= {column for column, found in zip(texts, row, strict=True) if not found}


def _wider(one: str, other: str) -> str:
    numbers = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE")
    if one in numbers and other in numbers:
        return "DOUBLE" if "DOUBLE" in (one, other) or "FLOAT" in (one, other) else "BIGINT"
    moments = ("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP", "DATE")
    return "TIMESTAMP" if one in moments and other in moments else "VARCHAR"


def _sample(connection: DuckDBPyConnection, raws: Sequence[Raw], relation: Relation, spelt: dict[str, str]) -> None:
    """Rows spread evenly over each file, the same ones in every run."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in relation.columns}
    untidy: set[str] = set()
    share = max(200, SAMPLE // len(raws))
    for raw in raws[:30]:
        if raw.rows == 0:
            continue
        columns = _spread_parquet(raw.path, share) if raw.path is not None else _spread(connection, raw, share)
        taken = 0
        for name, values in columns.items():
            taken = len(values)
            own = spelt[name.casefold()]
            there = [value for value in values if value is not None]
            # Texts are counted before they are looked at; what else a column holds may be no key.
            same = there if there and isinstance(there[0], str) else map(_text, there)
            for value, n in Counter(same).items():
                text = _text(value)
                trimmed = text.strip()
                counts[own][trimmed] += n
                if trimmed != text:
                    untidy.add(own)
        relation.sampled += taken
    relation.sample = counts
    relation.untidy = frozenset(untidy)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value if len(value) <= 400 else value[:400]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _spread(connection: DuckDBPyConnection, raw: Raw, share: int) -> dict[str, list[Any]]:
    step = max(1, raw.rows // share)
    query = f"SELECT * EXCLUDE ({ROW}) FROM ({raw.table}) WHERE ({ROW} - 1) % {step} = 0 ORDER BY {ROW}"
    return _columns(connection.execute(query).to_arrow_table())


def _columns(rows: Any) -> dict[str, list[Any]]:
    import pyarrow as pa

    found: dict[str, list[Any]] = {}
    for name in rows.column_names:
        column = rows.column(name)
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.string())
        found[name] = column.to_pylist()
    return found


def _spread_parquet(path: Path, share: int) -> dict[str, list[Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        groups = file.metadata.num_row_groups
        chosen = sorted({0, groups // 2, groups - 1})
        batches = [
            next(file.iter_batches(batch_size=max(100, share // len(chosen)), row_groups=[group]), None)
            for group in chosen
        ]
        filled = [batch for batch in batches if batch is not None]
        return _columns(pa.Table.from_batches(filled)) if filled else {}
