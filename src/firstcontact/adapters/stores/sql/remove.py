"""Rows that go, and the marks by which whoever follows changes learns of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, insert

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.arrival import in_parts, of_contact, of_pairs

BY_CONTACT: dict[str, Table] = {
    "contacts": schema.contact,
    "earlier_versions": schema.contact_before,
    "identifiers": schema.identifier,
    "texts": schema.text,
    "links": schema.link,
    "decisions": schema.identity_override,
}
"""Tables with a row or more for each contact, as an export calls them."""


def remove(connection: Connection, table: Table, condition: Any) -> int:
    """Delete rows; gives how many there were."""
    return connection.execute(delete(table).where(condition)).rowcount


def mark_gone(connection: Connection, keys: Iterable[tuple[str, str]], now: datetime, seq: int, cause: str) -> None:
    """Say of contacts, by source and id, that they are no more."""
    table = schema.contact_gone
    for part in in_parts(list(keys)):
        connection.execute(delete(table).where(of_contact(table, part)))
        rows = [{"source": one[0], "contact_id": one[1], "seq": seq, "cause": cause, "gone_at": now} for one in part]
        connection.execute(insert(table), rows)


def drop_companions(
    connection: Connection, keys: Sequence[tuple[str, str]], now: datetime, seq: int, cause: str
) -> int:
    """Delete records beside the contacts, by kind and key, and say that they are no more."""
    table, gone = schema.companion, schema.companion_gone
    for part in in_parts(keys):
        remove(connection, table, of_pairs(table.c.kind, table.c.record_key, part))
        remove(connection, gone, of_pairs(gone.c.kind, gone.c.record_key, part))
        rows = [{"kind": kind, "record_key": key, "seq": seq, "cause": cause, "gone_at": now} for kind, key in part]
        connection.execute(insert(gone), rows)
    return len(keys)
