"""Who handled what, in the operational store."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database


class SqlHandled:
    """Contacts by who handled them.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def by(self, agent_id: str) -> Collection[tuple[str, str]]:
        row = schema.contact.c
        with self._database.reading() as connection:
            found = connection.execute(select(row.source, row.contact_id).where(row.agent_id == agent_id))
            return [(one.source, one.contact_id) for one in found]
