"""Addresses at which other programs send records, as rows; and the signatures that arrived lately."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.audit import write_event
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.services.audit import Event
from firstcontact.services.take_webhook import WINDOW_SECONDS, WebhookSource

_source, _seen = schema.webhook_source, schema.webhook_seen


class SqlWebhookSources:
    """Implements `services.take_webhook.WebhookSources`.

    Args:
        database: The operational store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, one: WebhookSource) -> None:
        values = {name: getattr(one, name) for name in WebhookSource.__dataclass_fields__}
        with self._database.writing() as connection:
            connection.execute(insert(_source).values(values))
            write_event(connection, Event(one.created_by, "webhook.create", one.created_at, one.id))

    def find(self, source_id: str) -> WebhookSource | None:
        with self._database.reading() as connection:
            row = connection.execute(select(_source).where(_source.c.id == source_id)).first()
        return None if row is None else _read(row)

    def page(self, *, before: str | None, limit: int) -> list[WebhookSource]:
        asked = select(_source).order_by(_source.c.id.desc()).limit(limit)
        if before is not None:
            asked = asked.where(_source.c.id < before)
        with self._database.reading() as connection:
            return [_read(row) for row in connection.execute(asked)]

    def disable(self, source_id: str, *, actor: str, now: datetime) -> WebhookSource | None:
        with self._database.writing() as connection:
            changed = update(_source).where(_source.c.id == source_id, _source.c.disabled_at.is_(None))
            if connection.execute(changed.values(disabled_at=now)).rowcount:
                write_event(connection, Event(actor, "webhook.disable", now, source_id))
            row = connection.execute(select(_source).where(_source.c.id == source_id)).first()
        return None if row is None else _read(row)

    def seen(self, source_id: str, signature: str) -> bool:
        asked = select(_seen.c.at).where(_seen.c.webhook_id == source_id, _seen.c.signature == signature)
        with self._database.reading() as connection:
            return connection.execute(asked).first() is not None

    def see(self, source_id: str, signature: str, now: datetime) -> None:
        old = now - timedelta(seconds=3 * WINDOW_SECONDS)
        with self._database.writing() as connection:
            kept = self._database.upsert(_seen).values(webhook_id=source_id, signature=signature, at=now)
            connection.execute(kept.on_conflict_do_nothing(index_elements=["webhook_id", "signature"]))
            connection.execute(delete(_seen).where(_seen.c.at < old))


def _read(row: Row[Any]) -> WebhookSource:
    values = {name: getattr(row, name) for name in WebhookSource.__dataclass_fields__}
    return WebhookSource(**values | {"secret": bytes(row.secret)})
