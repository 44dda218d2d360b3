"""Identifiers that too many shared and that name somebody again, because whoever shared them is gone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.arrival import in_parts, of_contact, of_pairs
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.sql.inbox import ask_to_link
from firstcontact.adapters.stores.sql.link_view import LinkView
from firstcontact.measurement.reference.identity import Node
from firstcontact.services.link_person import Key


def carried(connection: Connection, keys: Collection[Key]) -> set[Node]:
    """Identifiers of contacts that are about to go, as they are compared."""
    table = schema.identifier
    found: set[Node] = set()
    for part in in_parts(list(keys)):
        asked = select(table.c.kind, table.c.spelled).where(of_contact(table, part), table.c.spelled.is_not(None))
        found |= {(row.kind, row.spelled) for row in connection.execute(asked)}
    return found


def release(database: Database, connection: Connection, nodes: Collection[Node], now: datetime) -> int:
    """Have contacts linked anew whose shared identifier is no longer shared.

    Args:
        database: The operational store.
        connection: The writing transaction in which contacts went.
        nodes: What they carried.
        now: The moment.

    Returns:
        How many contacts.
    """
    view = LinkView(connection, None)
    forget_uncarried(connection, nodes)
    suspects = set(nodes) - view.people_named(nodes).keys()
    keys = sorted(view.carriers(suspects - view.crowded(suspects)))
    if keys:
        seq = database.next_seq(connection, len(keys))
        contact = schema.contact
        for place, key in enumerate(keys):
            named = (contact.c.source == key[0]) & (contact.c.contact_id == key[1])
            connection.execute(update(contact).where(named).values(seq=seq + place))
        ask_to_link(database, connection, now)
    return len(keys)


def forget_uncarried(connection: Connection, nodes: Collection[Node]) -> None:
    """Have identifiers name nobody any more that no contact carries."""
    table, named = schema.identifier, schema.person_key
    for part in in_parts(list(nodes)):
        asked = select(table.c.kind, table.c.spelled).where(of_pairs(table.c.kind, table.c.spelled, part)).distinct()
        left = set(part) - {(row.kind, row.spelled) for row in connection.execute(asked)}
        if left:
            connection.execute(delete(named).where(of_pairs(named.c.kind, named.c.spelled, sorted(left))))
