"""Settings in the operational store, remembered for a moment: every arriving text asks for one."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.audit import write_event
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.services.audit import Event
from firstcontact.services.setting import Setting, changed_meanwhile

REMEMBERED_SECONDS = 1.0
"""How long another process may go on with what a setting was before."""


class SqlSettings:
    """Where settings are kept. Implements `services.setting.Settings`.

    Args:
        database: The operational store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[float, Setting | None]] = {}

    def get(self, name: str) -> Setting | None:
        known = self._known.get(name)
        if known is not None and time.monotonic() - known[0] < REMEMBERED_SECONDS:
            return known[1]
        table = schema.setting
        with self._database.asking() as connection:
            row = connection.execute(select(table.c.value, table.c.edition).where(table.c.name == name)).first()
        kept = Setting(name, row.value, row.edition) if row is not None else None
        self._known[name] = (time.monotonic(), kept)
        return kept

    def put(self, name: str, value: dict[str, Any], *, edition: int, actor: str, now: datetime) -> Setting:
        table = schema.setting
        new = {"value": value, "edition": edition + 1, "changed_by": actor, "changed_at": now}
        with self._database.writing() as connection:
            # Writers wait for each other here, so of two that read one edition the second finds it changed.
            self._database.next_seq(connection, 0)
            there = connection.execute(select(table.c.edition).where(table.c.name == name)).scalar_one_or_none()
            if (there or 0) != edition:
                raise changed_meanwhile(name)
            if there is None:
                connection.execute(insert(table).values(name=name, **new))
            else:
                connection.execute(update(table).where(table.c.name == name).values(**new))
            write_event(connection, Event(actor, "setting.change", now, name, None, {"value": value}))
        self._known.pop(name, None)
        return Setting(name, value, edition + 1)
