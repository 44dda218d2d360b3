"""Of several segments the newest version of each record that is still there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def newest(connection: DuckDBPyConnection, kind: str, files: Sequence[Path], gone: pa.Table, upto: int) -> str:
    """SQL of the records of one kind that are in force.

    Args:
        connection: An engine; what is gone is registered there.
        kind: `contacts`, or a table beside them.
        files: The segments.
        gone: What is no more: `source`, `contact_id` and `seq` for contacts, `kind`, `record_key` and `seq` otherwise.
        upto: Number of the last change that counts.
    """
    key = ["source", "contact_id"] if kind == "contacts" else ["record_key"]
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
    connection.register(f"fc_gone_{kind}", gone)
    same = " AND ".join(f"g.{name} = s.{name}" for name in key)
    same += "" if kind == "contacts" else f" AND g.kind = '{kind}'"
    return (
        f"SELECT * FROM read_parquet([{listed}], union_by_name = true) s WHERE s.seq <= {upto} "
        f"AND NOT EXISTS (SELECT 1 FROM fc_gone_{kind} g WHERE {same} AND g.seq > s.seq) "
        f"QUALIFY row_number() OVER (PARTITION BY {', '.join(key)} ORDER BY seq DESC) = 1"
    )


def merge(kind: str, files: Sequence[Path], contacts: pa.Table, companions: pa.Table, target: Path) -> int:
    """Write what is in force of some segments to one; gives how many records.

    Raises:
        OSError: A segment is not there any more, or there is no room on disk.
    """
    connection = duckdb.connect()
    try:
        connection.execute("SET threads = 1")
        gone = contacts if kind == "contacts" else companions
        query = newest(connection, kind, files, gone, 2**62)
        place = str(target).replace("'", "''")
        row = connection.execute(
            f"COPY (SELECT * FROM ({query}) ORDER BY seq) TO '{place}' (FORMAT parquet, COMPRESSION zstd)"
        ).fetchone()
    except duckdb.IOException as error:
        raise OSError(type(error).__name__) from None
    finally:
        connection.close()
    return int(row[0]) if row else 0
