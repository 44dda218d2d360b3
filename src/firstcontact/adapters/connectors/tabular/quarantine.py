"""The table of rows set aside: where each was, why, and what it said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from firstcontact.adapters.connectors import validate
from firstcontact.adapters.connectors.tabular import fault, sql
from firstcontact.adapters.connectors.tabular.companion_table import STRAY_ROWS
from firstcontact.adapters.connectors.tabular.raw import FILE, ROW, Reject
from firstcontact.adapters.connectors.tabular.source import Relation
from firstcontact.contacts.rule import by_code
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.sentence import clause

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

QUARANTINE = "quarantine"


def write_quarantine(
    connection: DuckDBPyConnection, relation: Relation, bad: str, rejects: Sequence[tuple[str, Reject]]
) -> Counter[str]:
    """Write the rows set aside, with their raw content, and count them under the first of their codes.

    Those of companion tables stand in the engine already (`companion_table.STRAY_ROWS`).
    """
    counts = validate.tally(connection, bad)
    files = "[" + ", ".join(sql.text(name) for name in relation.files) + "]"
    packed = ", ".join(f"{sql.name(name)} := s.{sql.name(name)}" for name in relation.columns)
    if counts:
        body = (
            f"SELECT b.{ROW} AS row_number, {files}[b.{FILE}] AS file, "
            f"{validate.codes_query('b.' + validate.FAULTS)} AS codes, "
            f"CAST(to_json(struct_pack({packed})) AS VARCHAR) AS raw FROM {bad} b JOIN {relation.table} s "
            f"ON s.{FILE} = b.{FILE} AND s.{ROW} = b.{ROW}"
        )
    else:
        body = "SELECT 0::BIGINT AS row_number, '' AS file, ['']::VARCHAR[] AS codes, '' AS raw WHERE false"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {QUARANTINE} AS {body}")
    connection.execute(f"INSERT INTO {QUARANTINE} SELECT row_number, file, codes, raw FROM {STRAY_ROWS}")
    found = connection.execute(f"SELECT codes[1], count(*) FROM {STRAY_ROWS} GROUP BY 1").fetchall()
    counts.update({str(code): int(n) for code, n in found})
    if rejects:
        rows = pa.table(
            {
                "row_number": pa.array([reject.row for _, reject in rejects], pa.int64()),
                "file": pa.array([label for label, _ in rejects], pa.string()),
                "codes": pa.array([[reject.code] for _, reject in rejects], pa.list_(pa.string())),
                "raw": pa.array([reject.raw for _, reject in rejects], pa.string()),
            }
        )
        connection.register("fc_batch", rows)
        connection.execute(f"INSERT INTO {QUARANTINE} SELECT * FROM fc_batch")
        connection.unregister("fc_batch")
        counts.update(reject.code for _, reject in rejects)
    return counts


def nothing_left(label: str, quarantined: Counter[str]) -> FirstcontactError:
    """The error of a source of which no row can be used: one fault a cause, the commonest first."""
    return FirstcontactError(
        fault.NO_ROW_LEFT.fault(
            where=label, saw=clause("{n:,} rows {what} ({code})", n=n, what=clause(by_code(code).clause), code=code),
            allowed="at least one row that can be used", cure=by_code(code).cure,
        )
        for code, n in quarantined.most_common()
    )  # fmt: skip
