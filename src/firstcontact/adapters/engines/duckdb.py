"""The default engine: DuckDB in memory, spilling to a temporary directory when memory is short."""

from __future__ import annotations

import errno
import os
import re
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import ibis
import pyarrow as pa

from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, FirstcontactError, out_of_memory
from firstcontact.kernel.scratch import make_scratch, remove_scratch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import ibis.expr.types as ir
    from ibis.expr.operations import Node

MEMORY_SIZE = ErrorKind(
    "FC9002",
    "This is no amount of memory",
    EXIT_USAGE,
    "`--memory` is a number with a unit, and not less than the engine needs to work at all.",
)
LEAST_MEGABYTES = 64
USUAL_MEGABYTES = 3_000
"""What the engine takes where nobody said: the rest goes to disk, and the whole program stays under 4 GB."""
FEW_VALUES = 10_000
FEW_ROWS = 250_000
"""The engine hands out work in parts of some 120,000 rows: with fewer than two, threads only wake and wait."""
KEPT_QUERIES = 512
"""Some six runs ask so many; to write a question down takes Ibis longer than the engine needs to answer a small one."""
_MEGABYTES = {"MB": 1.0, "MIB": 1.05, "GB": 1e3, "GIB": 1074.0, "TB": 1e6, "TIB": 1.1e6}


class DuckDBEngine:
    """Runs expressions on one DuckDB connection. Implements `kernel.engine.Engine`.

    Args:
        memory_limit: For example `"1GB"`; 3 GB where not given, or 80 % of the memory there is where that is less.
        threads: How many; all cores where not given.
        temporary: Directory for spilled data; a private one that goes with the engine where not given.

    Raises:
        FirstcontactError: The memory limit is none (FC9002).
    """

    name = "duckdb"

    def __init__(
        self, memory_limit: str | None = None, threads: int | None = None, temporary: Path | None = None
    ) -> None:
        if memory_limit is not None:
            check_memory(memory_limit)
        self._spill = make_scratch(temporary)
        self._backend = ibis.duckdb.connect(
            temp_directory=str(self._spill),
            threads=threads or os.cpu_count() or 1,
            **({"memory_limit": memory_limit} if memory_limit else {}),
        )
        self._connection: duckdb.DuckDBPyConnection = self._backend.con
        if memory_limit is None:
            self._hold()
        self._connection.execute("SET preserve_insertion_order = false")
        self._connection.execute("SET enable_progress_bar = false")
        self._chooses = threads is None

    def _hold(self) -> None:
        """Take no more than usual. The engine's own limit is a share of the machine's memory, or of its container's."""
        row = self._connection.execute("SELECT current_setting('memory_limit')").fetchone()
        number, unit = str(row[0]).split() if row else ("0", "MB")
        if float(number) * _MEGABYTES.get(unit.upper(), 0.0) > USUAL_MEGABYTES:
            self._connection.execute(f"SET memory_limit = '{USUAL_MEGABYTES}MB'")

    def expect(self, rows: int) -> None:
        if self._chooses and rows <= FEW_ROWS:
            self._connection.execute("SET threads = 1")

    def table(self, name: str) -> ir.Table:
        # By its name and columns alone: so a question of another run's table is the same question.
        return ibis.table(self._backend.table(name).schema(), name=name)

    def _compile(self, expression: ir.Table) -> str:
        return _query(expression.op())

    def execute(self, expression: ir.Table) -> pa.Table:
        # The backend's own `to_pyarrow` imports pandas, which takes longer than most questions do.
        rows = self._connection.execute(self._compile(expression)).to_arrow_table()
        return rows.cast(expression.schema().to_pyarrow())

    def materialise(self, expression: ir.Table, name: str) -> ir.Table:
        query = self._compile(expression)
        self._connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {query}')
        # What the columns are is known; asking the engine again takes as long as many a small question.
        return ibis.table(expression.schema(), name=name)

    def drop(self, name: str) -> None:
        self._connection.execute(f'DROP TABLE IF EXISTS "{name}"')

    def view(self, expression: ir.Table, name: str) -> ir.Table:
        self._connection.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {self._compile(expression)}')
        return ibis.table(expression.schema(), name=name)

    def dictionary(self, table: ir.Table, columns: Sequence[str], name: str) -> ir.Table:
        """Columns with few different values become enumerations: a byte or two a row instead of sixteen and more."""
        run = self._connection.execute
        query = self._compile(table)
        replaced = []
        for column in columns:
            own = _name(column)
            run(
                f"CREATE OR REPLACE TEMP TABLE fc_value AS SELECT DISTINCT {own} AS value FROM ({query}) "
                f"WHERE {own} IS NOT NULL LIMIT {FEW_VALUES + 1}"
            )
            found = run("SELECT count(*) FROM fc_value").fetchone()
            if found and 0 < found[0] <= FEW_VALUES:
                kind = _name(f"{name}_{column}")
                run(f"CREATE OR REPLACE TEMP TYPE {kind} AS ENUM (SELECT value FROM fc_value ORDER BY value)")
                replaced.append(f"CAST({own} AS {kind}) AS {own}")
        run("DROP TABLE IF EXISTS fc_value")
        shorter = f"* REPLACE ({', '.join(replaced)})" if replaced else "*"
        run(f'CREATE OR REPLACE TEMP VIEW "{name}" AS SELECT {shorter} FROM ({query})')
        return self.table(name)

    def register(self, rows: pa.Table, name: str) -> ir.Table:
        self._connection.register("fc_rows", rows)
        self._connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT * FROM fc_rows')
        self._connection.unregister("fc_rows")
        return self.table(name)

    def read_parquet(self, paths: list[Path], name: str) -> ir.Table:
        self._backend.read_parquet([str(path) for path in paths], table_name=name)
        return self.table(name)

    def write_parquet(self, expression: ir.Table, path: Path) -> int:
        return self._copy(expression, path, "FORMAT parquet, COMPRESSION zstd")

    def write_csv(self, expression: ir.Table, path: Path) -> int:
        return self._copy(expression, path, "FORMAT csv, HEADER true")

    def _copy(self, expression: ir.Table, path: Path, options: str) -> int:
        query = self._compile(expression)
        target = str(path).replace("'", "''")
        try:
            row = self._connection.execute(f"COPY ({query}) TO '{target}' ({options})").fetchone()
        except duckdb.IOException as error:
            raise _no_room(error) from None
        return int(row[0]) if row else 0

    def components(self, edges: ir.Table, name: str) -> ir.Table:
        """Label propagation with pointer jumping: a handful of rounds whatever the shape of the graph."""
        run = self._connection.execute
        edge_query = self._compile(edges)
        run(
            f"CREATE OR REPLACE TEMP TABLE fc_edge AS SELECT DISTINCT * FROM ("
            f'SELECT "left" AS a, "right" AS b FROM ({edge_query}) UNION ALL '
            f'SELECT "right", "left" FROM ({edge_query}))'
        )
        run(
            f'CREATE OR REPLACE TEMP TABLE "{name}" AS '
            "SELECT a AS node, least(a, min(b)) AS component FROM fc_edge GROUP BY a"
        )
        while True:
            # A node takes the smallest component among its neighbours', then that component's own component.
            run(
                "CREATE OR REPLACE TEMP TABLE fc_heard AS "
                "SELECT n.component AS parent, min(m.component) AS heard FROM fc_edge e "
                f'JOIN "{name}" n ON n.node = e.a JOIN "{name}" m ON m.node = e.b '
                "GROUP BY 1 HAVING min(m.component) < n.component"
            )
            changed = run("SELECT count(*) FROM fc_heard").fetchone()
            if not changed or changed[0] == 0:
                break
            run(
                "CREATE OR REPLACE TEMP TABLE fc_next AS SELECT n.node, coalesce(h.heard, n.component) AS component "
                f'FROM "{name}" n LEFT JOIN fc_heard h ON h.parent = n.component'
            )
            run(
                f'CREATE OR REPLACE TEMP TABLE "{name}" AS '
                "SELECT x.node, coalesce(p.component, x.component) AS component "
                "FROM fc_next x LEFT JOIN fc_next p ON p.node = x.component"
            )
        for scratch in ("fc_edge", "fc_heard", "fc_next"):
            run(f"DROP TABLE IF EXISTS {scratch}")
        return self.table(name)

    def sql(self) -> duckdb.DuckDBPyConnection:
        return self._connection

    def interrupt(self) -> None:
        with suppress(duckdb.ConnectionException):  # closed meanwhile
            self._connection.interrupt()

    def close(self) -> None:
        self._backend.disconnect()
        remove_scratch(self._spill)


def check_memory(limit: str) -> None:
    """Refuse what is no amount of memory.

    Args:
        limit: A number and a unit: `500MB`, `1.5 GB`, `2GiB`.

    Raises:
        FirstcontactError: FC9002.
    """
    match = re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]{1,3})?)\s*([KMGT]I?B)\s*", limit.upper())
    if match is None:
        saw = "no number with a unit"
    elif float(match[1]) * _MEGABYTES.get(match[2], 1e-3) < LEAST_MEGABYTES:
        saw = f"{match[1]} {match[2]}"
    else:
        return
    allowed = f"at least {LEAST_MEGABYTES}MB, for example 500MB or 4GB"
    raise FirstcontactError(
        [MEMORY_SIZE.fault(where="--memory", saw=saw, allowed=allowed, cure="write a number and a unit")]
    )


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


@lru_cache(maxsize=KEPT_QUERIES)
def _query(operation: Node) -> str:
    """A question in the engine's words. The same one comes again with every run of a process, and is only looked up."""
    # The engine puts nested questions together by itself; that Ibis does so first takes a fifth of its time.
    with _unfused():
        query: str = ibis.duckdb.compile(operation.to_expr())
    return query


@contextmanager
def _unfused() -> Iterator[None]:
    """A block within which Ibis leaves nested questions nested; the setting is everybody's, so it is put back."""
    settings = ibis.options.sql
    before, settings.fuse_selects = settings.fuse_selects, False
    try:
        yield
    finally:
        settings.fuse_selects = before


@contextmanager
def explained() -> Iterator[None]:
    """Say in our words, within a block, that the engine lacks memory or room on disk.

    Raises:
        FirstcontactError: It lacks memory (FC9003).
        OSError: It lacks room on disk.
    """
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        # The engine counts the directory it spills to as memory.
        if "max_temp_directory_size" in str(error):
            raise _no_room(error) from None
        raise out_of_memory() from None
    except duckdb.IOException as error:
        raise _no_room(error) from None


def _no_room(error: Exception) -> OSError:
    """The operating system's reason, which the engine passes on inside a sentence."""
    known = {os.strerror(number): number for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)}
    number = next((number for text, number in known.items() if text in str(error)), errno.ENOSPC)
    return OSError(number, os.strerror(number))
