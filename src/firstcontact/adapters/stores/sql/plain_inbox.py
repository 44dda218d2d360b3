"""Records as rows, each exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.contacts.record import Record
from firstcontact.services.ingest import Outcome, SetAside


class PlainInbox:
    """Where contacts are kept. Implements `services.ingest.Inbox`.

    Args:
        database: The operational store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(
        self, records: Sequence[Record | SetAside], *, now: datetime, import_id: str | None = None
    ) -> tuple[tuple[Outcome, ...], int]:
        """Store contacts that are not there yet."""
        outcomes: list[Outcome] = []
        table = schema.contact
        with self._database.writing() as connection:
            for one in records:
                if isinstance(one, SetAside):
                    outcomes.append(Outcome.QUARANTINED)
                    continue
                key = (table.c.source == one.source) & (table.c.contact_id == one.key[0])
                known = connection.execute(select(table.c.digest).where(key)).scalar_one_or_none()
                if known is not None:
                    outcomes.append(Outcome.UNCHANGED if known == one.digest else Outcome.OLDER)
                    continue
                row: dict[str, Any] = dict(one.values) | {
                    "source": one.source, "attributes": one.attributes, "version": one.version,
                    "digest": one.digest, "seq": self._database.next_seq(connection), "received_at": now,
                    "import_id": import_id,
                }  # fmt: skip
                connection.execute(insert(table).values(row))
                for kind, value in one.identifiers:
                    pair = {"source": one.source, "contact_id": one.key[0], "kind": kind, "value": value}
                    connection.execute(insert(schema.identifier).values(pair))
                outcomes.append(Outcome.STORED)
            return tuple(outcomes), self._database.last_seq(connection)
