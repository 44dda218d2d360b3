"""What was deleted does not stay readable in the store's own files."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database, explained
from firstcontact.services.mention import spellings

SHORTEST = 5
"""Shorter values would be found in every file; what is deleted is overwritten in any case."""


def settle(database: Database, values: frozenset[str]) -> list[str]:
    """Overwrite what was deleted.

    Every row of a store that was deleted from has been overwritten, but what moved between pages may have left a copy
    of itself where no row points any more. A page does not say where one value ends and the next begins, so wherever
    the characters of a value occur at all, the file is written anew from the rows that are there.

    Args:
        database: The operational store.
        values: What was deleted; nothing is searched for where it is empty.

    Returns:
        Names of files in which it may still be read: a log that a reader holds.

    Raises:
        FirstcontactError: The database does not answer (FC9102).
    """
    if not database.is_sqlite:
        with explained(), database.engine.connect() as connection:
            outside = connection.execution_options(isolation_level="AUTOCOMMIT")
            for table in schema.metadata.sorted_tables:
                outside.execute(text(f'VACUUM "{table.name}"'))
        return []
    with _bare(database) as connection:
        emptied = _empty_log(connection)
        name = database.engine.url.database
        forms = [form.encode() for one in values if len(one) >= SHORTEST for form in spellings(one)]
        if not name or not forms:
            return []
        if _stands_in(Path(name), forms):
            # Beside the file, not in memory, which a large store would fill.
            connection.execute("PRAGMA temp_store=FILE")
            connection.execute("VACUUM")
            connection.execute("PRAGMA temp_store=MEMORY")
            emptied = _empty_log(connection)
        log = Path(f"{name}-wal")
        return [] if emptied or not _stands_in(log, forms) else [log.name]


@contextmanager
def _bare(database: Database) -> Iterator[Any]:
    """The driver's own connection, outside of any transaction: within one, a file cannot be written anew."""
    with explained():
        pooled = database.engine.raw_connection()
        try:
            yield pooled.driver_connection
        except sqlite3.OperationalError as error:
            raise OperationalError("VACUUM", None, error) from None
        finally:
            pooled.close()


def _empty_log(connection: Any) -> bool:
    """Empty the write-ahead log; readers that are at it may hold that up for a moment. Whether it was emptied."""
    for _ in range(20):
        if not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            return True
        time.sleep(0.1)
    return False


def _stands_in(path: Path, forms: Sequence[bytes]) -> bool:
    longest, before = max(len(form) for form in forms), b""
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 22):
                held = before + block
                if any(form in held for form in forms):
                    return True
                before = held[-longest:]
    except FileNotFoundError:
        pass  # there is no log
    return False
