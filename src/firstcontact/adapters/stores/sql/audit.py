"""Events of the audit in the operational store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select

from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.sql.schema import audit_event
from firstcontact.services.audit import Event


def write_event(connection: Connection, event: Event) -> None:
    """Write an event within the transaction of the change that it is about."""
    connection.execute(
        insert(audit_event).values(
            at=event.at,
            actor=event.actor,
            action=event.action,
            object=event.object,
            person_id=event.person_id,
            detail=dict(event.detail),
        )
    )


class SqlAudit:
    """The audit in the operational store.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(
        self,
        actor: str,
        action: str,
        *,
        now: datetime,
        object: str | None = None,  # noqa: A002 - the audit's own word
        person_id: int | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        with self._database.writing(single=True) as connection:
            write_event(connection, Event(actor, action, now, object, person_id, detail or {}))

    def page(
        self,
        *,
        actor: str | None = None,
        action: str | Sequence[str] | None = None,
        object: str | None = None,  # noqa: A002 - the audit's own word
        person_id: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Event]:
        row = audit_event.c
        wanted = select(audit_event).order_by(row.id.desc()).limit(limit)
        if actor is not None:
            wanted = wanted.where(row.actor == actor)
        if action is not None:
            words = [action] if isinstance(action, str) else action
            wanted = wanted.where(
                or_(
                    *(
                        row.action.startswith(word, autoescape=True) if word.endswith(".") else row.action == word
                        for word in words
                    )
                )
            )
        if object is not None:
            wanted = wanted.where(row.object == object)
        if person_id is not None:
            wanted = wanted.where(row.person_id == person_id)
        if since is not None:
            wanted = wanted.where(row.at >= since)
        if until is not None:
            wanted = wanted.where(row.at < until)
        if before is not None:
            wanted = wanted.where(row.id < before)
        with self._database.asking() as connection:
            return [
                Event(one.actor, one.action, one.at, one.object, one.person_id, one.detail, one.id)
                for one in connection.execute(wanted)
            ]
