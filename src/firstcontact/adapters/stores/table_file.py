"""Tables as files in a directory that appears whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from firstcontact.adapters.stores.folder import WholeFolder


class TableFolder(WholeFolder):
    """A directory of tables and texts."""

    def write(self, tables: Mapping[str, pa.Table], texts: Mapping[str, str], form: Literal["parquet", "csv"]) -> None:
        """Write everything, or nothing.

        Args:
            tables: By path within the directory, without the ending.
            texts: By path within the directory.
            form: `parquet` or `csv`. CSV files have a header, empty cells for missing values and UTC times.

        Raises:
            FirstcontactError: As `check`; or the disk is full or read-only (FC6002).
        """
        with self.writing() as partial:
            for path in (*tables, *texts):
                (partial / path).parent.mkdir(mode=0o700, exist_ok=True)
            with ThreadPoolExecutor(max_workers=2) as pool:
                targets = [partial / f"{path}.{form}" for path in tables]
                list(pool.map(_write_table, tables.values(), targets))
            for path, text in texts.items():
                (partial / path).write_text(text, encoding="utf-8")


def _write_table(table: pa.Table, target: Path) -> None:
    if target.suffix == ".parquet":
        pq.write_table(table, target, compression="zstd", compression_level=1, row_group_size=250_000)
        return
    flat = [pc.binary_join(column, ";") if pa.types.is_list(column.type) else column for column in table.columns]
    pc_csv.write_csv(pa.table(flat, names=table.column_names), target)
