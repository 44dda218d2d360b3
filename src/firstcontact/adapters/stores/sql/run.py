"""Runs: rows that say which is in force, and a directory each, which stands before its row does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Select, and_, insert, select, update

from firstcontact.adapters.stores.folder import WholeFolder
from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.measure_history import KeptRun, RunState
from firstcontact.services.publish import RUN_FILE

_run = schema.run
_CURRENT = select(_run).where(_run.c.state == "current").order_by(_run.c.id.desc()).limit(1)
_EARLIER = (
    select(_run.c.id, _run.c.folder)
    .where(_run.c.state == "earlier")
    .order_by(_run.c.created_at.desc(), _run.c.id.desc())  # ids of one second are in no order
)

FORMER = 1
"""So many runs that were in force keep their contacts, so that pages that still show them lead to their rows."""

FIGURES = frozenset({"results.parquet", "results.csv", "history.parquet"})


class _Destination:
    """A new directory that takes over the history of the run in force. Implements `services.publish.Destination`."""

    def __init__(self, folder: Path, before: Path | None) -> None:
        self._whole = WholeFolder(folder, mark=RUN_FILE)
        self._before = before

    def check(self) -> None:
        self._whole.check()

    @contextmanager
    def writing(self) -> Iterator[Path]:
        with self._whole.writing() as partial:
            yield partial

    def earlier(self, name: str) -> Path | None:
        path = self._before / name if self._before is not None else None
        return path if path is not None and path.is_file() else None


class SqlRuns:
    """Where runs are kept. Implements `services.measure_history.Runs`.

    Args:
        database: The operational store.
        folder: Where directories of runs are.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def current(self) -> KeptRun | None:
        return self._first(_CURRENT)

    def find(self, run_id: str) -> KeptRun | None:
        return self._one(_run.c.id == run_id)

    def of_job(self, job_id: str) -> KeptRun | None:
        return self._one(_run.c.job_id == job_id)

    def trial_of(self, policy_number: int) -> KeptRun | None:
        return self._one(and_(_run.c.state == "trial", _run.c.policy_number == policy_number))

    def page(self, *, state: RunState | None, before: str | None, limit: int) -> list[KeptRun]:
        asked = select(_run).order_by(_run.c.id.desc()).limit(limit)
        if state is not None:
            asked = asked.where(_run.c.state == state)
        if before is not None:
            asked = asked.where(_run.c.id < before)
        with self._database.asking() as connection:
            return [_read(row) for row in connection.execute(asked)]

    def destination(self, folder: str) -> _Destination:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = self.current()
        return _Destination(self._folder / folder, self.place(before) if before is not None else None)

    def add(self, run: KeptRun) -> None:
        with self._database.writing() as connection:
            # Of two runs that end at once, both see the other.
            self._database.next_seq(connection, 0)
            state = run.state
            before = None
            if state == "current":
                before = connection.execute(select(_run).where(_run.c.state == "current")).first()
                if before is not None and (before.seq or 0) > (run.seq or 0):
                    state, before = "earlier", None  # one that knows more was faster
                else:
                    connection.execute(update(_run).where(_run.c.state == "current").values(state="earlier"))
            values = {name: getattr(run, name) for name in KeptRun.__dataclass_fields__}
            purpose = "trial" if state == "trial" else "figures"
            row = values | {"state": state, "purpose": purpose, "ended_at": run.created_at}
            connection.execute(insert(_run).values(row))
        if before is not None:
            with self._database.reading() as connection:
                older = connection.execute(_EARLIER.offset(FORMER).limit(FORMER)).all()
            for one in older:
                _thin(self._folder / (one.folder or one.id))

    def discard(self, folder: str) -> None:
        # Where the database went away while the run was added, it may have been: then the row decides, later.
        with suppress(FirstcontactError):
            if self._one(_run.c.folder == folder) is None:
                shutil.rmtree(self._folder / folder, ignore_errors=True)

    def place(self, run: KeptRun) -> Path:
        return self._folder / (run.folder or run.id)

    def sweep(self, before: datetime) -> None:
        """Remove directories that no row names and that are older than a moment: a killed worker left them.

        Of earlier runs but the last it leaves the figures only, where whoever put them among the earlier died before
        it did.
        """
        if not self._folder.is_dir():
            return
        # Listed first: a run that is added meanwhile is named by its row.
        there = list(self._folder.iterdir())
        with self._database.reading() as connection:
            named = set(connection.execute(select(_run.c.folder)).scalars())
            earlier = [row.folder for row in connection.execute(_EARLIER)]
        for path in there:
            if path.name in named:
                if path.name in earlier[FORMER:]:
                    _thin(path)
            elif path.stat().st_mtime < before.replace(tzinfo=UTC).timestamp():
                shutil.rmtree(path, ignore_errors=True)

    def _one(self, condition: Any) -> KeptRun | None:
        return self._first(select(_run).where(condition).order_by(_run.c.id.desc()).limit(1))

    def _first(self, asked: Select[Any]) -> KeptRun | None:
        with self._database.asking() as connection:
            row = connection.execute(asked).first()
        return _read(row) if row is not None else None


def _thin(place: Path) -> None:
    """Leave of a run that was in force long ago its figures, and nothing about single contacts."""
    for path in place.glob("*.parquet"):
        if path.name not in FIGURES:
            path.unlink(missing_ok=True)


def _read(row: Row[Any]) -> KeptRun:
    values = {name: getattr(row, name) for name in KeptRun.__dataclass_fields__}
    return KeptRun(**values | {"summary": row.summary or {}})
