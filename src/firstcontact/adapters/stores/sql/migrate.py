"""Bring the operational store to the form that this version writes, forward only."""

from __future__ import annotations

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database


def migrate(database: Database) -> None:
    """Make or bring up the tables.

    Args:
        database: The operational store; empty, or written by this or an earlier version.
    """
    with database.writing() as connection:
        schema.metadata.create_all(connection)
