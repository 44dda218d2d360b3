"""What has been kept for longer than it shall be goes, a part at a time, so that others write in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, Text, cast, func, select, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.arrival import in_parts, of_contact
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.sql.release import carried, release
from firstcontact.adapters.stores.sql.remove import BY_CONTACT, drop_companions, mark_gone, remove

AT_ONCE = 2_000
"""Rows of one transaction."""

_contact, _companion, _before, _text = schema.contact, schema.companion, schema.contact_before, schema.text

_BY_AGE: dict[str, tuple[Table, Any]] = {
    "earlier_versions": (_before, _before.c.replaced_at),
    "quarantine": (schema.quarantine, schema.quarantine.c.received_at),
    "jobs": (schema.job, schema.job.c.ended_at),
    "deliveries": (schema.delivery, schema.delivery.c.created_at),
    "audit": (schema.audit_event, schema.audit_event.c.at),
}
"""Tables whose rows go by themselves, and the moment that counts."""


class Expiry:
    """Removes from the operational store what is too old.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def expire(self, before: Mapping[str, datetime], now: datetime) -> dict[str, int]:
        """Remove what is older than its moment; gives how much there was of each."""
        counts: dict[str, int] = {}
        if "contacts" in before:
            counts["contacts"] = self._in_turns(lambda one: self._contacts(one, before["contacts"], now))
        if "companions" in before:
            counts["companions"] = self._in_turns(lambda one: self._companions(one, before["companions"], now))
        if "texts" in before:
            counts["texts"] = self._in_turns(lambda one: _texts(one, before["texts"]))
            counts["texts"] += self._earlier_texts(before["texts"])
        for name, (table, moment) in _BY_AGE.items():
            if name in before:
                counts[name] = self._rows(table, moment < before[name])
        return counts

    def _in_turns(self, some: Callable[[Connection], int]) -> int:
        total = 0
        while True:
            with self._database.writing() as connection:
                done = some(connection)
            if not done:
                return total
            total += done

    def _rows(self, table: Table, old: Any) -> int:
        def some(connection: Connection) -> int:
            named = list(connection.execute(select(table.c.id).where(old).limit(AT_ONCE)).scalars())
            return sum(remove(connection, table, table.c.id.in_(part)) for part in in_parts(named))

        return self._in_turns(some)

    def _contacts(self, connection: Connection, before: datetime, now: datetime) -> int:
        old = select(_contact.c.source, _contact.c.contact_id).where(_contact.c.started_at < before).limit(AT_ONCE)
        keys = [(row.source, row.contact_id) for row in connection.execute(old)]
        if not keys:
            return 0
        seq = self._database.next_seq(connection, 1)
        freed = carried(connection, keys)
        for part in in_parts(keys):
            asked = select(_companion.c.kind, _companion.c.record_key).where(of_contact(_companion, part))
            beside = [(row.kind, row.record_key) for row in connection.execute(asked)]
            drop_companions(connection, beside, now, seq, "expired")
            for table in BY_CONTACT.values():
                if table is not schema.link:  # by which linking finds whom the contact leaves behind
                    remove(connection, table, of_contact(table, part))
        mark_gone(connection, keys, now, seq, "expired")
        release(self._database, connection, freed, now)
        return len(keys)

    def _companions(self, connection: Connection, before: datetime, now: datetime) -> int:
        asked = select(_companion.c.kind, _companion.c.record_key).where(_companion.c.received_at < before)
        old = [(row.kind, row.record_key) for row in connection.execute(asked.limit(AT_ONCE))]
        return drop_companions(connection, old, now, self._database.next_seq(connection, 1), "expired") if old else 0

    def _earlier_texts(self, before: datetime) -> int:
        """Take texts out of earlier versions of contacts, which are kept by an age of their own."""
        total, last = 0, 0
        holds = func.instr if self._database.is_sqlite else func.strpos
        with_text = holds(cast(_before.c.body, Text), '"text":') > 0
        while True:
            asked = select(_before.c.id, _before.c.body, _before.c.replaced_at)
            asked = asked.where(with_text, _before.c.id > last).order_by(_before.c.id).limit(AT_ONCE)
            with self._database.reading() as connection:
                rows = connection.execute(asked).all()
            if not rows:
                return total
            last = rows[-1].id
            old = [row for row in rows if "text" in row.body and _text_at(row) < before]
            if old:
                with self._database.writing() as connection:
                    for row in old:
                        body = {name: value for name, value in row.body.items() if name not in {"text", "text_at"}}
                        body["columns"].pop("text_ref", None)
                        connection.execute(update(_before).where(_before.c.id == row.id).values(body=body))
            total += len(old)


def _texts(connection: Connection, before: datetime) -> int:
    asked = select(_text.c.source, _text.c.contact_id).where(_text.c.stored_at < before).limit(AT_ONCE)
    keys = [(row.source, row.contact_id) for row in connection.execute(asked)]
    for part in in_parts(keys):
        remove(connection, _text, of_contact(_text, part))
        connection.execute(update(_contact).where(of_contact(_contact, part)).values(text_ref=None))
    return len(keys)


def _text_at(row: Any) -> datetime:
    """Since when the text of an earlier version has been kept; at the latest since that version was replaced."""
    kept = row.body.get("text_at")
    return datetime.fromisoformat(kept) if kept else row.replaced_at
