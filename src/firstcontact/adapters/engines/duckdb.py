"""The default engine: DuckDB in memory, spilling to a temporary directory when memory is short."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

if TYPE_CHECKING:
    import duckdb
    import ibis.expr.types as ir


class DuckDBEngine:
    """Runs expressions on one DuckDB connection. Implements `kernel.engine.Engine`.

    Args:
        memory_limit: For example `"1GB"`; DuckDB's own default (80 % of memory) where not given.
        threads: How many; all cores where not given.
        temporary: Directory for spilled data; a private one that goes with the engine where not given.
    """

    name = "duckdb"

    def __init__(
        self, memory_limit: str | None = None, threads: int | None = None, temporary: Path | None = None
    ) -> None:
        self._spill = Path(tempfile.mkdtemp(prefix="firstcontact-", dir=temporary))
        self._backend = ibis.duckdb.connect(
            temp_directory=str(self._spill),
            threads=threads or os.cpu_count() or 1,
            **({"memory_limit": memory_limit} if memory_limit else {}),
        )
        self._connection: duckdb.DuckDBPyConnection = self._backend.con
        self._connection.execute("SET preserve_insertion_order = false")
        self._connection.execute("SET enable_progress_bar = false")

    def table(self, name: str) -> ir.Table:
        return self._backend.table(name)

    def execute(self, expression: ir.Table) -> pa.Table:
        return self._backend.to_pyarrow(expression)

    def materialise(self, expression: ir.Table, name: str) -> ir.Table:
        query = self._backend.compile(expression)
        self._connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {query}')
        return self._backend.table(name)

    def view(self, expression: ir.Table, name: str) -> ir.Table:
        self._connection.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {self._backend.compile(expression)}')
        return self._backend.table(name)

    def register(self, rows: pa.Table, name: str) -> ir.Table:
        self._connection.register("fc_rows", rows)
        self._connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT * FROM fc_rows')
        self._connection.unregister("fc_rows")
        return self._backend.table(name)

    def read_parquet(self, paths: list[Path], name: str) -> ir.Table:
        return self._backend.read_parquet([str(path) for path in paths], table_name=name)

    def write_parquet(self, expression: ir.Table, path: Path) -> int:
        return self._copy(expression, path, "FORMAT parquet, COMPRESSION zstd")

    def write_csv(self, expression: ir.Table, path: Path) -> int:
        return self._copy(expression, path, "FORMAT csv, HEADER true")

    def _copy(self, expression: ir.Table, path: Path, options: str) -> int:
        query = self._backend.compile(expression)
        target = str(path).replace("'", "''")
        row = self._connection.execute(f"COPY ({query}) TO '{target}' ({options})").fetchone()
        return int(row[0]) if row else 0

    def components(self, edges: ir.Table, name: str) -> ir.Table:
        """Label propagation with pointer jumping: a handful of rounds whatever the shape of the graph."""
        run = self._connection.execute
        edge_query = self._backend.compile(edges)
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
        """Stop the statement that is running."""
        self._connection.interrupt()

    def close(self) -> None:
        self._backend.disconnect()
        shutil.rmtree(self._spill, ignore_errors=True)
