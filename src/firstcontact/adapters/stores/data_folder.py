"""The data directory beside the store: rewritten where somebody's data go, and searched for what is left."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import delete, select

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.sql.subject import spellings
from firstcontact.adapters.stores.warehouse.store import Warehouse
from firstcontact.services.erase import Key

_NAMES_A_CONTACT = ("contact_id", "issue_id")
_ENDED = ("done", "failed", "cancelled", "undone")


class DataFolder:
    """Files of the service. Implements `services.erase.Files`.

    Args:
        folder: The data directory.
        database: The operational store, which says what files there are.
        warehouse: The history.
    """

    def __init__(self, folder: Path, database: Database, warehouse: Warehouse) -> None:
        self._folder = folder
        self._database = database
        self._warehouse = warehouse

    def rewrite_history(self, now: datetime) -> None:
        self._warehouse.rewrite(now)

    def rewrite_runs(self, gone: set[Key], needles: Sequence[str]) -> int:
        changed = 0
        runs = self._folder / "runs"
        for path in sorted(runs.rglob("*.parquet")) if runs.is_dir() else ():
            changed += _without(path, gone)
        forms = _forms(needles)
        for path in sorted(runs.rglob("*")) if runs.is_dir() and forms else ():
            # A page or a table of figures that quotes somebody is made anew by the next run.
            if path.is_file() and path.name != "run.json" and _holds(path, forms):
                path.unlink()
                changed += 1
        return changed

    def drop_uploads(self) -> tuple[int, list[str]]:
        table = schema.import_
        with self._database.reading() as connection:
            rows = connection.execute(select(table.c.id, table.c.name, table.c.state)).all()
        dropped = sum(self._drop_upload(row.id) for row in rows if row.state in _ENDED)
        return dropped, [row.id for row in rows if row.state not in _ENDED]

    def drop_runs(self, before: datetime) -> int:
        table = schema.run
        with self._database.writing() as connection:
            old = (table.c.state != "current") & (table.c.created_at < before)
            rows = connection.execute(select(table.c.id, table.c.folder).where(old)).all()
            connection.execute(delete(table).where(old))
        for row in rows:
            shutil.rmtree(self._folder / "runs" / (row.folder or row.id), ignore_errors=True)
        return len(rows)

    def drop_old_uploads(self, before: datetime) -> int:
        table = schema.import_
        with self._database.reading() as connection:
            old = table.c.state.in_(_ENDED) & (table.c.ended_at < before)
            ids = list(connection.execute(select(table.c.id).where(old)).scalars())
        return sum(self._drop_upload(one) for one in ids)

    def search(self, needles: Sequence[str]) -> list[str]:
        forms = _forms(needles)
        if not forms:
            return []
        found = [path for path in sorted(self._folder.rglob("*")) if path.is_file() and _holds(path, forms)]
        return [str(path.relative_to(self._folder)) for path in found]

    def _drop_upload(self, import_id: str) -> bool:
        folder = self._folder / "uploads" / import_id
        if not folder.is_dir():
            return False
        shutil.rmtree(folder, ignore_errors=True)
        return True


def _forms(needles: Sequence[str]) -> list[bytes]:
    return [form.encode() for needle in needles for form in spellings(needle)]


def _holds(path: Path, forms: Sequence[bytes]) -> bool:
    """Whether one of these stands in a file; the columns of Parquet are compressed, so they are read."""
    try:
        if path.suffix == ".parquet" and _column_holds(path, forms):
            return True
        longest, before = max(len(form) for form in forms), b""
        with path.open("rb") as file:
            while block := file.read(1 << 22):
                if any(form in before + block for form in forms):
                    return True
                before = block[-longest:]
    except FileNotFoundError:
        pass  # gone meanwhile
    return False


def _column_holds(path: Path, forms: Sequence[bytes]) -> bool:
    for batch in pq.ParquetFile(path).iter_batches():
        for column in batch.columns:
            said = "\n".join(_said(column)).encode()
            if any(form in said for form in forms):
                return True
    return False


def _said(column: Any) -> list[str]:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_dictionary(column.type):
        return [str(value) for value in pc.unique(column).to_pylist() if value is not None]
    if pa.types.is_nested(column.type):
        return [str(value) for value in column.to_pylist() if value]
    return []


def _without(path: Path, gone: set[Key]) -> bool:
    """Rewrite a file without the rows of contacts that are gone, and without mention of them; whether it changed."""
    names = pq.read_schema(path).names
    if not any(name in names for name in _NAMES_A_CONTACT):
        return False
    table = pq.read_table(path)
    ids = pa.array(sorted({one for _, one in gone}), pa.string())
    sources = table.column("source").to_pylist() if "source" in names else None
    keep = pa.array([True] * table.num_rows, pa.bool_())
    for name in _NAMES_A_CONTACT:
        if name not in names:
            continue
        hit = pc.fill_null(pc.is_in(table.column(name).cast(pa.string()), value_set=ids), False).to_pylist()
        if sources is not None:
            own = table.column(name).to_pylist()
            hit = [one and (source, value) in gone for one, source, value in zip(hit, sources, own, strict=True)]
        if name == "contact_id" or "contact_id" not in names:
            keep = pc.and_(keep, pc.invert(pa.array(hit, pa.bool_())))
    kept = table.filter(keep)
    for place, field in enumerate(kept.schema):
        if field.name not in {"contact_id", "source"} and pa.types.is_string(field.type):
            mention = pc.fill_null(pc.is_in(kept.column(place), value_set=ids), False)
            if field.name in {"issue_id", "repeat_of", "leg_of"} and pc.any(mention).as_py():
                kept = kept.set_column(
                    place, field, pc.if_else(mention, pa.scalar(None, field.type), kept.column(place))
                )
    if kept.equals(table):
        return False
    partial = path.with_name(f"{path.name}.partial")
    pq.write_table(kept, partial, compression="zstd")
    partial.chmod(0o600)
    partial.replace(path)
    return True
