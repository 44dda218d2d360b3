"""Bring the operational store to the form that this version writes, forward only."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from firstcontact.adapters.stores.sql.database import Database
from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, FirstcontactError

NEWER_STORE = ErrorKind(
    "FC9105",
    "The operational store was written by a newer firstcontact",
    EXIT_USAGE,
    "Its tables have a form that this version does not know. Install the newer version again, or restore a backup that "
    "this one made.",
)

_LOCK = 4_811_092_640
"""Number of the lock that whoever migrates on PostgreSQL holds."""


def migrate(database: Database) -> None:
    """Make or bring up the tables. Of several processes that start at once, one does it and the others wait.

    Args:
        database: The operational store; empty, or written by this or an earlier version.

    Raises:
        FirstcontactError: A newer version wrote it (FC9105), or it does not answer (FC9102).
    """
    with database.writing() as connection:
        if not database.is_sqlite:  # on SQLite the transaction itself is the lock
            connection.execute(text("SET LOCAL lock_timeout = 0"))  # however long the other takes
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        if form_of(connection) == newest_form():
            return
        try:
            command.upgrade(configuration(connection), "head")
        except CommandError:
            raise newer_store() from None


def form_of(connection: Connection) -> str:
    """The form of the tables as they are; empty where there are none."""
    return MigrationContext.configure(connection).get_current_revision() or ""


@cache
def newest_form() -> str:
    """The form that this version writes."""
    return ScriptDirectory.from_config(configuration(None)).get_current_head() or ""


@cache
def known_forms() -> frozenset[str]:
    """Every form that this version can read."""
    return frozenset(one.revision for one in ScriptDirectory.from_config(configuration(None)).walk_revisions())


def newer_store() -> FirstcontactError:
    """The error for tables, or a backup of them, of a form that is not known here."""
    fault = NEWER_STORE.fault(
        where="the operational store",
        saw="a form that is not known here",
        allowed=f"form {newest_form()} or an earlier one",
        cure="install the newer version again",
    )
    return FirstcontactError([fault])


def configuration(connection: Connection | None) -> Config:
    """What Alembic needs to know, without a file of its own.

    Args:
        connection: The transaction in which tables are changed.
    """
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    attributes: dict[str, Any] = found.attributes
    attributes["connection"] = connection
    return found
