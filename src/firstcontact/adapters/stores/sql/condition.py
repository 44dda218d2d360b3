"""Counts the operational store's rows: how the service is."""

from __future__ import annotations

import time
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.sql.migrate import form_of
from firstcontact.services.condition import Condition

LINKED = "linked"
"""The row of `sequence` with the number of the last change that is linked."""

COUNTED_SECONDS = 60.0
"""How long a count of all contacts is told before they are counted again."""

_CLOCK = text("SELECT clock_timestamp() AT TIME ZONE 'UTC'")


class SqlConditions:
    """Implements `services.condition.Conditions`.

    Args:
        database: The operational store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counted: tuple[float, int] | None = None

    def look(self, now: datetime) -> Condition:
        job, run = schema.job, schema.run
        with self._database.reading() as connection:
            waiting = select(func.count()).select_from(schema.quarantine).where(schema.quarantine.c.state == "open")
            states = connection.execute(select(job.c.state, func.count()).group_by(job.c.state)).all()
            due = select(func.min(job.c.due_at)).where(job.c.state == "waiting", job.c.due_at <= now)
            current = connection.execute(select(run.c.seq, run.c.created_at).where(run.c.state == "current")).first()
            linked = select(schema.sequence.c.value).where(schema.sequence.c.name == LINKED)
            return Condition(
                contacts=self._contacts(connection),
                seq=self._database.last_seq(connection),
                measured_seq=int(current.seq or 0) if current is not None else 0,
                linked_seq=int(connection.execute(linked).scalar_one_or_none() or 0),
                quarantined=int(connection.execute(waiting).scalar_one()),
                jobs={str(state): int(count) for state, count in states},
                oldest_due=connection.execute(due).scalar_one_or_none(),
                measured_at=current.created_at if current is not None else None,
                schema=form_of(connection),
                clock=None if self._database.is_sqlite else connection.execute(_CLOCK).scalar_one(),
            )

    def _contacts(self, connection: Connection) -> int:
        # It goes through all of them, and whoever watches asks several times a minute.
        if self._counted is None or time.monotonic() - self._counted[0] >= COUNTED_SECONDS:
            asked = select(func.count()).select_from(schema.contact)
            self._counted = (time.monotonic(), int(connection.execute(asked).scalar_one()))
        return self._counted[1]
