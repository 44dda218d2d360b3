"""The data directory beside the store: rewritten where somebody's data go, and searched for what is left."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pyarrow as pa
from sqlalchemy import delete, select, update

from firstcontact.adapters.stores.run_contact import names_gone, without
from firstcontact.adapters.stores.search import file_mentions, upload_may_mention
from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.audit import write_event
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.warehouse.store import Warehouse
from firstcontact.services.audit import Event
from firstcontact.services.erase import Dropped
from firstcontact.services.mention import Mention

_ENDED = ("done", "failed", "cancelled", "undone")
_NOT_STARTED = ("uploading", "uploaded")


class DataFolder:
    """Files of the service. Implements `services.erase.Files` and `services.tidy.Waiting`.

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

    def rewrite_runs(self, values: frozenset[str]) -> int:
        folder = self._folder / "runs"
        runs = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
        if not runs:
            return 0
        with self._database.reading() as connection:
            gone = names_gone(connection)
            named = set(connection.execute(select(schema.run.c.folder)).scalars())
        mention = Mention(values)
        changed = 0
        for run in runs:
            try:
                changed += _rewrite_run(run, gone, mention)
            except (pa.ArrowException, OSError):
                if run.name in named:
                    raise
                # Half made, and who is in it cannot be said: whoever still writes it measures again.
                shutil.rmtree(run, ignore_errors=True)
                changed += 1
        return changed

    def drop_uploads(self, values: frozenset[str], now: datetime) -> Dropped:
        mention = Mention(values)
        cancelled = [
            one
            for one in self._waiting()
            if self._upload_mentions(one, mention) and self._cancel(one, "erasure", "erasure", now)
        ]
        table = schema.import_
        with self._database.reading() as connection:
            rows = connection.execute(select(table.c.id, table.c.state)).all()
        ended = sum(self._drop_upload(row.id) for row in rows if row.state in _ENDED)
        return Dropped(ended, cancelled, [row.id for row in rows if row.state not in _ENDED])

    def abandon_uploads(self, before: datetime, now: datetime) -> int:
        return sum(self._cancel(one, "tidying", "never started", now) for one in self._waiting(before))

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

    def search(self, values: frozenset[str]) -> list[str]:
        mention = Mention(values)
        beside = (path for path in sorted(self._folder.rglob("*")) if path.is_file() and not _is_store(path))
        return [str(path.relative_to(self._folder)) for path in beside if _may_mention(path, mention)]

    def _waiting(self, before: datetime | None = None) -> list[str]:
        """Imports that nobody has started, announced before a moment if one is given."""
        table = schema.import_
        asked = select(table.c.id).where(table.c.state.in_(_NOT_STARTED))
        if before is not None:
            asked = asked.where(table.c.created_at < before)
        with self._database.reading() as connection:
            return list(connection.execute(asked).scalars())

    def _upload_mentions(self, import_id: str, mention: Mention) -> bool:
        paths = sorted(path for path in (self._folder / "uploads" / import_id).glob("*") if path.is_file())
        parts = [path for path in paths if path.suffix == ".part"]
        # A value may begin in one part and end in the next.
        together = [parts, *([path] for path in paths if path.suffix != ".part")]
        return any(upload_may_mention(some, mention) for some in together if some)

    def _cancel(self, import_id: str, actor: str, why: str, now: datetime) -> bool:
        """Cancel an import that nobody has started, and remove its file; False where somebody has meanwhile."""
        table = schema.import_
        named = (table.c.id == import_id) & table.c.state.in_(_NOT_STARTED)
        ended = update(table).where(named).values(state="cancelled", ended_at=now)
        with self._database.writing() as connection:
            if connection.execute(ended).rowcount != 1:
                return False
            write_event(connection, Event(actor, "import.cancel", now, import_id, detail={"why": why}))
        self._drop_upload(import_id)
        return True

    def _drop_upload(self, import_id: str) -> bool:
        folder = self._folder / "uploads" / import_id
        if not folder.is_dir():
            return False
        shutil.rmtree(folder, ignore_errors=True)
        return True


def _may_mention(path: Path, mention: Mention) -> bool:
    try:
        return file_mentions(path, mention)
    except pa.ArrowException:  # half written: named, since nobody can look into it
        return True


def _rewrite_run(run: Path, gone: pa.Array, mention: Mention) -> int:
    changed = without(run, gone)
    for path in run.glob("*.html"):
        # A page that quotes somebody is made anew by the next run.
        if file_mentions(path, mention):
            path.unlink()
            changed += 1
    return changed


def _is_store(path: Path) -> bool:
    """Whether a file is the operational store's own, whose rows are searched instead: its pages know no edges."""
    return path.name.startswith("store.sqlite3")
