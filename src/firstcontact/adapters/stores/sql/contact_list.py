"""Contacts by team, reason and time, in the operational store."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select, tuple_

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.contacts.table import REASON_SEPARATOR
from firstcontact.services.list_contacts import Listed, Sought


class SqlContactList:
    """Contacts, latest first.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        sought: Sought,
        teams: frozenset[str] | None,
        *,
        before: tuple[datetime, str, str] | None,
        limit: int,
    ) -> list[Listed]:
        contact, link = schema.contact, schema.link
        names = ("source", "contact_id", "channel", "direction", "reason", "team", "queue", "started_at", "ended_at")
        same = and_(link.c.source == contact.c.source, link.c.contact_id == contact.c.contact_id)
        linked = (link.c.person_id, link.c.repeat_of, link.c.excluded_code)
        columns: Any = (*(contact.c[name] for name in names), *linked)
        wanted = _sought(select(*columns).outerjoin_from(contact, link, same), sought)
        if teams is not None:
            wanted = wanted.where(contact.c.team.in_(sorted(teams)))
        place = tuple_(contact.c.started_at, contact.c.source, contact.c.contact_id)
        if before is not None:
            wanted = wanted.where(place < before)
        wanted = wanted.order_by(*(column.desc() for column in place.clauses)).limit(limit)
        with self._database.asking() as connection:
            return [
                Listed(
                    **{name: getattr(row, name) for name in names},
                    repeat=None if row.person_id is None else row.repeat_of is not None,
                    excluded_code=row.excluded_code,
                )
                for row in connection.execute(wanted)
            ]


def _sought(wanted: Any, sought: Sought) -> Any:
    row, link = schema.contact.c, schema.link.c
    for name in ("team", "channel"):
        value = getattr(sought, name)
        if value is not None:
            wanted = wanted.where(row[name] == value)
    if sought.reason is not None:
        below = row.reason.startswith(f"{sought.reason}{REASON_SEPARATOR}", autoescape=True)
        wanted = wanted.where(or_(row.reason == sought.reason, below))
    if sought.since is not None:
        wanted = wanted.where(row.started_at >= sought.since)
    if sought.until is not None:
        wanted = wanted.where(row.started_at < sought.until)
    if sought.repeat is not None:
        wanted = wanted.where(link.repeat_of.is_not(None) if sought.repeat else link.repeat_of.is_(None))
    return wanted
