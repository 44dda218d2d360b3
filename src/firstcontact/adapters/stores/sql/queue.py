"""Jobs as rows: leased by one worker at a time, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, update
from sqlalchemy.exc import IntegrityError

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.kernel.errors import EXIT_INTERNAL, ErrorKind
from firstcontact.kernel.sentence import clause
from firstcontact.kernel.time_id import time_id
from firstcontact.services.queue import LEASE_SECONDS, MAX_ATTEMPTS, Job, State

WORKER_LOST = ErrorKind(
    "FC9501",
    "The workers of a job died one after another",
    EXIT_INTERNAL,
    "Whoever took the job fell silent each time, so it is not tried again. Most often the machine lacks memory: the "
    "system ends the process that takes most. `firstcontact doctor` says how much there is.",
)

_job = schema.job
_LONGEST_WAIT = timedelta(minutes=10)


class SqlQueue:
    """Where jobs wait. Implements `services.queue.Queue`.

    Args:
        database: The operational store.
        told: Called when a job may be due, so that a worker in this process need not wait for its next look.
    """

    def __init__(self, database: Database, told: Callable[[], None] | None = None) -> None:
        self._database = database
        self._told = told or (lambda: None)

    def ask(
        self,
        kind: str,
        arguments: dict[str, Any],
        *,
        asked_by: str,
        now: datetime,
        key: str | None = None,
        priority: int = 0,
        due_at: datetime | None = None,
    ) -> Job:
        with self._database.writing() as connection:
            row = ask_within(
                self._database, connection, kind, arguments, asked_by=asked_by, now=now, key=key, priority=priority,
                due_at=due_at,
            )  # fmt: skip
            same = _job.c.id == row["id"]
            if key is not None:
                same = and_(_job.c.kind == kind, _job.c.key == key, _job.c.state == "waiting")
            found = connection.execute(select(_job).where(same)).one()
        self._told()
        return _read(found)

    def take(self, worker: str, kinds: Sequence[str], now: datetime) -> Job | None:
        due = and_(_job.c.kind.in_(list(kinds)), _due(now))
        # A look costs no writer's turn.
        with self._database.asking() as connection:
            if connection.execute(select(_job.c.id).where(due).limit(1)).first() is None:
                return None
        with self._database.writing() as connection:
            while True:
                first = select(_job).where(due).order_by(_job.c.priority.desc(), _job.c.due_at, _job.c.id).limit(1)
                row = connection.execute(first.with_for_update(skip_locked=True)).first()
                if row is None:
                    return None
                taken = _take(connection, row, worker, now)
                if taken is not None:
                    return _read(taken)

    def renew(self, job_id: str, worker: str, now: datetime, step: str | None, share: float | None) -> bool:
        # Longer than others wait: a job whose lease runs out is done twice.
        with self._database.writing(LEASE_SECONDS) as connection:
            kept = (
                update(_job)
                .where(_mine(job_id, worker))
                .values(lease_until=now + timedelta(seconds=LEASE_SECONDS), step=step, share=share)
                .returning(_job.c.cancel_asked)
            )
            asked = connection.execute(kept).scalar_one_or_none()
        return asked is not None and not asked

    def end(
        self,
        job_id: str,
        worker: str,
        state: State,
        now: datetime,
        *,
        result: dict[str, Any] | None = None,
        faults: list[dict[str, str]] | None = None,
        spared: bool = False,
    ) -> bool:
        with self._database.writing(LEASE_SECONDS) as connection:
            row = connection.execute(select(_job).where(_mine(job_id, worker)).with_for_update()).first()
            if row is None:
                return False
            values: dict[str, Any] = {"result": result, "faults": faults, "lease_until": None}
            tried = row.attempts - spared
            if state == "waiting" and not row.cancel_asked and _given_back(connection, row, values, tried, now):
                return True
            # One that was to be tried again goes where it was cancelled, or where the same was asked for meanwhile.
            ended = "cancelled" if state == "waiting" else state
            values |= {"state": ended, "ended_at": now, "share": 1.0 if ended == "done" else row.share}
            connection.execute(update(_job).where(_job.c.id == job_id).values(values))
        return True

    def cancel(self, job_id: str, now: datetime) -> Job | None:
        with self._database.writing() as connection:
            row = connection.execute(select(_job).where(_job.c.id == job_id).with_for_update()).first()
            if row is None:
                return None
            values: dict[str, Any] = {}
            if row.state == "waiting":
                values = {"state": "cancelled", "ended_at": now, "cancel_asked": True}
            elif row.state == "running":
                values = {"cancel_asked": True}
            if values:
                connection.execute(update(_job).where(_job.c.id == job_id).values(values))
            return _read(connection.execute(select(_job).where(_job.c.id == job_id)).one())

    def find(self, job_id: str) -> Job | None:
        with self._database.asking() as connection:
            row = connection.execute(select(_job).where(_job.c.id == job_id)).first()
        return _read(row) if row is not None else None

    def page(self, *, state: State | None, before: str | None, limit: int) -> list[Job]:
        asked = select(_job).order_by(_job.c.id.desc()).limit(limit)
        if state is not None:
            asked = asked.where(_job.c.state == state)
        if before is not None:
            asked = asked.where(_job.c.id < before)
        with self._database.asking() as connection:
            return [_read(row) for row in connection.execute(asked)]


def ask_within(
    database: Database,
    connection: Connection,
    kind: str,
    arguments: dict[str, Any],
    *,
    asked_by: str,
    now: datetime,
    key: str | None,
    priority: int = 0,
    due_at: datetime | None = None,
) -> dict[str, Any]:
    """Ask for a job in the transaction of what it is about, so that neither is there without the other."""
    row = {
        "id": time_id(now), "kind": kind, "arguments": arguments, "key": key, "state": "waiting",
        "priority": priority, "due_at": due_at or now, "attempts": 0, "cancel_asked": False,
        "asked_by": asked_by, "created_at": now,
    }  # fmt: skip
    asked = database.upsert(_job).values(row)
    if key is not None:
        # The partial unique index holds the promise where two ask at once; the earliest wish counts.
        asked = asked.on_conflict_do_update(
            index_elements=["kind", "key"],
            index_where=schema.JOB_WAITS_BY_KEY,
            set_={"due_at": asked.excluded.due_at},
            where=asked.excluded.due_at < _job.c.due_at,
        )
    connection.execute(asked)
    return row


def _due(now: datetime) -> ColumnElement[bool]:
    waiting = and_(_job.c.state == "waiting", _job.c.due_at <= now)
    return or_(waiting, and_(_job.c.state == "running", _job.c.lease_until < now))


def _mine(job_id: str, worker: str) -> ColumnElement[bool]:
    return and_(_job.c.id == job_id, _job.c.worker == worker, _job.c.state == "running")


def _take(connection: Connection, row: Row[Any], worker: str, now: datetime) -> Row[Any] | None:
    """Lease a job that is due; None where it ends here, because nobody shall or can do it."""
    values: dict[str, Any]
    if row.state == "running" and (row.cancel_asked or row.attempts >= MAX_ATTEMPTS):
        values = {"state": "cancelled", "ended_at": now, "lease_until": None}
        if not row.cancel_asked:
            fault = WORKER_LOST.fault(
                where=clause("the job {kind}", kind=row.kind),
                saw=clause("{attempts} workers that fell silent", attempts=row.attempts),
                allowed="one that ends the job",
                cure="see `firstcontact doctor`, then ask for it again",
            )
            values |= {"state": "failed", "faults": [fault.as_dict()]}
    else:
        values = {
            "state": "running", "worker": worker, "attempts": row.attempts + 1, "started_at": row.started_at or now,
            "lease_until": now + timedelta(seconds=LEASE_SECONDS), "step": None, "share": None,
        }  # fmt: skip
    taken = connection.execute(update(_job).where(_job.c.id == row.id).values(values).returning(_job)).one()
    return taken if taken.state == "running" else None


def _given_back(connection: Connection, row: Row[Any], values: dict[str, Any], tried: int, now: datetime) -> bool:
    """Let a job wait for its next try; False where the same waits already, seen or not."""
    due = now + _patience(row.attempts)
    waiting = values | {"state": "waiting", "due_at": due, "worker": None, "attempts": tried}
    try:
        # Whoever asks for the same in a transaction of its own is invisible until the index speaks.
        with connection.begin_nested():
            connection.execute(update(_job).where(_job.c.id == row.id).values(waiting))
    except IntegrityError:
        return False
    return True


def _patience(attempts: int) -> timedelta:
    """How long a job that ended badly waits for its next try: 2 s, 4 s, 8 s ..."""
    return min(timedelta(seconds=2**attempts), _LONGEST_WAIT)


def _read(row: Row[Any]) -> Job:
    return Job(
        id=row.id, kind=row.kind, arguments=row.arguments, key=row.key, state=row.state, attempts=row.attempts,
        step=row.step, share=row.share, cancel_asked=row.cancel_asked, result=row.result, faults=row.faults,
        asked_by=row.asked_by, created_at=row.created_at, started_at=row.started_at, ended_at=row.ended_at,
        due_at=row.due_at,
    )  # fmt: skip
