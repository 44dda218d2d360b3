"""Segments on disk: written whole, listed in the operational store, never changed, and rewritten where something goes.

A file counts only once it is listed; what a killed writer left behind is swept away later. Whoever measures reads the
files that were listed at one moment.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, delete, func, insert, select

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.change import changed, erased, gone, last_gone
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.warehouse.form import COMPANIONS, form_of
from firstcontact.adapters.stores.warehouse.merge import merge

KINDS = ("contacts", *COMPANIONS)

MOST_SEGMENTS = 24
"""Above this many segments of a kind they are made one: each costs an opening."""

_segment = schema.segment


@dataclass(frozen=True, slots=True)
class Holding:
    """The history as it stood at one moment.

    Attributes:
        files: Segments of each kind, oldest first.
        gone_contacts: `source`, `contact_id`, `seq` of contacts that are no more.
        gone_companions: `kind`, `record_key`, `seq` of records beside them that are no more.
        erased: How many contacts were erased on somebody's behalf.
        aside: Records that wait to be corrected: number and the first of its codes.
        seq: Number of the last change in it.
    """

    files: dict[str, list[Path]]
    gone_contacts: pa.Table
    gone_companions: pa.Table
    erased: int
    aside: tuple[tuple[int, str], ...]
    seq: int


class Warehouse:
    """The history, beside the operational store.

    Args:
        database: The operational store.
        folder: Where segments are.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def catch_up(self, now: datetime) -> Holding:
        """Write what changed since the last segment, and give the history as it then stands.

        Args:
            now: The moment.

        Returns:
            The history up to the newest change that was there at the beginning.

        Raises:
            FirstcontactError: The database does not answer (FC9102).
            OSError: There is no room on disk.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while (upto := self._write_new(now)) is None:
            pass  # another worker was first, or something went meanwhile
        with self._database.reading() as connection:
            crowded = _crowded(connection)
        if crowded:
            self.rewrite(now, crowded)
        return self.holding(upto)

    def holding(self, upto: int) -> Holding:
        """The history as it is listed, with nothing in it that came after a change."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(_segment).where(_segment.c.first_seq <= upto).order_by(_segment.c.last_seq)
            ).all()
            contacts, companions = gone(connection)
            forgotten = erased(connection)
            waiting = select(schema.quarantine.c.id, schema.quarantine.c.codes).where(
                schema.quarantine.c.state == "open"
            )
            aside = tuple((int(number), str(codes[0])) for number, codes in connection.execute(waiting) if codes)
        files: dict[str, list[Path]] = {}
        for row in rows:
            files.setdefault(row.kind, []).append(self._folder / row.name)
        return Holding(files, contacts, companions, forgotten, aside, upto)

    def rewrite(self, now: datetime, kinds: Iterable[str] = KINDS) -> None:
        """Make one segment of each kind, with the newest version of what is still there and nothing else.

        After it nothing that was erased stands in any segment.

        Args:
            now: The moment.
            kinds: Which.

        Raises:
            FirstcontactError: The database does not answer (FC9102).
            OSError: There is no room on disk.
        """
        for kind in kinds:
            while not self._rewrite(kind, now):
                pass  # another worker was first, or something went meanwhile

    def sweep(self, before: datetime) -> None:
        """Remove files that no list names and that nobody has written to since a moment: a killed writer left them."""
        with self._database.reading() as connection:
            listed = set(connection.execute(select(_segment.c.name)).scalars())
        for path in self._folder.glob("*.parquet"):
            with suppress(FileNotFoundError):
                if path.name not in listed and path.stat().st_mtime < before.replace(tzinfo=UTC).timestamp():
                    path.unlink()

    def _write_new(self, now: datetime) -> int | None:
        """Write and list what changed; gives up to which change, or None where it must be done again."""
        written: list[dict[str, Any]] = []
        with self._database.reading() as connection:
            upto = self._database.last_seq(connection)
            known, went = _last(connection), last_gone(connection)
            for kind in KINDS:
                batches = changed(connection, kind, known.get(kind, 0), upto)
                part = self._write(kind, batches, known.get(kind, 0), upto, now)
                written += [part] if part else []
        return upto if not written or self._list(written, known, went) else None

    def _rewrite(self, kind: str, now: datetime) -> bool:
        """Make one segment of a kind; False where what it was made from has changed meanwhile."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(_segment).where(_segment.c.kind == kind).order_by(_segment.c.last_seq)
            ).all()
            went = last_gone(connection)
            contacts, companions = gone(connection)
        if not rows:
            return True
        name = _name(kind, rows[0].first_seq, rows[-1].last_seq)
        try:
            kept = merge(kind, [self._folder / row.name for row in rows], contacts, companions, self._folder / name)
        except OSError:
            with self._database.reading() as connection:
                if _listed(connection, [row.name for row in rows]):
                    raise
            return False  # another worker was first, and has removed them
        _settle(self._folder / name)
        new = {
            "name": name, "kind": kind, "first_seq": rows[0].first_seq, "last_seq": rows[-1].last_seq,
            "rows": kept, "written_at": now,
        }  # fmt: skip
        names = [row.name for row in rows]
        with self._database.writing() as connection:
            # Who writes waits here for whoever else does: what goes from now on is not in anything listed before.
            self._database.next_seq(connection, 0)
            first = _listed(connection, names) and last_gone(connection) == went
            if first:
                connection.execute(delete(_segment).where(_segment.c.name.in_(names)))
                connection.execute(insert(_segment).values(new))
        for old in names if first else [name]:
            (self._folder / old).unlink(missing_ok=True)
        return first

    def _write(
        self, kind: str, batches: Iterable[pa.RecordBatch], after: int, upto: int, now: datetime
    ) -> dict[str, Any] | None:
        name = _name(kind, after + 1, upto)
        path = self._folder / name
        rows = 0
        writer: pq.ParquetWriter | None = None
        try:
            for batch in batches:
                writer = writer or pq.ParquetWriter(path, form_of(kind), compression="zstd")
                writer.write_batch(batch)
                rows += batch.num_rows
        finally:
            if writer is not None:
                writer.close()
        if writer is None:
            return None
        _settle(path)
        return {
            "name": name, "kind": kind, "first_seq": after + 1, "last_seq": upto, "rows": rows, "written_at": now,
        }  # fmt: skip

    def _list(self, written: list[dict[str, Any]], known: dict[str, int], went: int) -> bool:
        """List new segments, unless another worker has meanwhile written the same changes, or something went.

        What goes is taken out of segments that are listed; one that was not yet listed would bring it back.
        """
        with self._database.writing() as connection:
            # Who writes waits here for whoever else does, so that no change is listed twice.
            self._database.next_seq(connection, 0)
            first = _last(connection) == known and last_gone(connection) == went
            if first:
                connection.execute(insert(_segment), written)
        if not first:
            for one in written:
                (self._folder / one["name"]).unlink(missing_ok=True)
        return first


def _listed(connection: Connection, names: list[str]) -> bool:
    counted = select(func.count()).select_from(_segment).where(_segment.c.name.in_(names))
    return connection.execute(counted).scalar_one() == len(names)


def _last(connection: Connection) -> dict[str, int]:
    rows = connection.execute(select(_segment.c.kind, func.max(_segment.c.last_seq)).group_by(_segment.c.kind))
    return {str(kind): int(last) for kind, last in rows}


def _crowded(connection: Connection) -> list[str]:
    asked = select(_segment.c.kind).group_by(_segment.c.kind).having(func.count() > MOST_SEGMENTS)
    return list(connection.execute(asked).scalars())


def _name(kind: str, first: int, last: int) -> str:
    return f"{kind}-{first:012d}-{last:012d}-{secrets.token_hex(4)}.parquet"


def _settle(path: Path) -> None:
    """Make a file and its name durable before anything speaks of it."""
    path.chmod(0o600)
    for place in (path, path.parent):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
