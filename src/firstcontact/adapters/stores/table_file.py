"""Tables as files in a directory that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from firstcontact.kernel.errors import EXIT_OUTPUT, ErrorKind, FirstcontactError

DIRECTORY_EXISTS = ErrorKind(
    "FC7009",
    "The output directory exists already",
    EXIT_OUTPUT,
    "Nothing is overwritten unasked. `--force` replaces an earlier output of the same kind, and nothing else.",
)
CANNOT_WRITE = ErrorKind(
    "FC7010",
    "The output directory cannot be written",
    EXIT_OUTPUT,
    "The place is read-only, full, or inside something that is not a directory. Nothing was left behind.",
)


class TableFolder:
    """A directory of tables. It is written beside its place and moved there when complete.

    Args:
        folder: The directory.
        force: Whether an earlier output there may be replaced. A directory with anything else in it never is.
        mark: A file, relative to the directory, by which an earlier output is known.
    """

    def __init__(self, folder: Path, *, force: bool = False, mark: str) -> None:
        self._folder = folder
        self._force = force
        self._mark = mark

    def check(self) -> None:
        """Raise if the directory may not be written.

        Raises:
            FirstcontactError: Something is there that may not be replaced (FC7009), or the place is no place (FC7010).
        """
        folder = self._folder
        if folder.is_dir():
            earlier = (folder / self._mark).is_file()
            if any(folder.iterdir()) and not (self._force and earlier):
                cure = "Choose another directory" + (", or add --force to replace it." if earlier else ".")
                saw = "an earlier output" if earlier else "files that are not an earlier output"
                allowed = "a directory that is empty or not there yet"
                raise FirstcontactError(
                    [DIRECTORY_EXISTS.fault(where=str(folder), saw=saw, allowed=allowed, cure=cure)]
                )
        elif folder.exists():
            raise self._unwritable("a file of that name")

    def write(self, tables: Mapping[str, pa.Table], texts: Mapping[str, str], form: Literal["parquet", "csv"]) -> None:
        """Write everything, or nothing.

        Args:
            tables: By path within the directory, without the ending.
            texts: By path within the directory.
            form: `parquet` or `csv`. CSV files have a header, empty cells for missing values and UTC times.

        Raises:
            FirstcontactError: As `check`; or the disk is full or read-only (FC7010).
        """
        self.check()
        partial = self._folder.with_name(f"{self._folder.name}.partial-{os.getpid()}")
        try:
            partial.mkdir(mode=0o700, parents=True)
            for path in (*tables, *texts):
                (partial / path).parent.mkdir(mode=0o700, exist_ok=True)
            with ThreadPoolExecutor(max_workers=2) as pool:
                targets = [partial / f"{path}.{form}" for path in tables]
                list(pool.map(_write_table, tables.values(), targets))
            for path, text in texts.items():
                (partial / path).write_text(text, encoding="utf-8")
            self._move(partial)
        except OSError as error:
            raise self._unwritable(error.strerror or "an error of the file system") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _move(self, partial: Path) -> None:
        """Put the complete directory in its place; an earlier one goes only once the new one stands."""
        earlier = self._folder.with_name(f"{self._folder.name}.earlier-{os.getpid()}")
        replaces = self._folder.exists()
        if replaces:
            self._folder.rename(earlier)
        try:
            partial.rename(self._folder)
        except OSError:
            if replaces:
                earlier.rename(self._folder)
            raise
        shutil.rmtree(earlier, ignore_errors=True)

    def _unwritable(self, saw: str) -> FirstcontactError:
        where, allowed = str(self._folder), "a place where you may write, with room enough"
        cure = "Choose another directory or make room."
        return FirstcontactError([CANNOT_WRITE.fault(where=where, saw=saw, allowed=allowed, cure=cure)])


def _write_table(table: pa.Table, target: Path) -> None:
    if target.suffix == ".parquet":
        pq.write_table(table, target, compression="zstd", compression_level=1, row_group_size=250_000)
        return
    flat = [pc.binary_join(column, ";") if pa.types.is_list(column.type) else column for column in table.columns]
    pc_csv.write_csv(pa.table(flat, names=table.column_names), target)
