"""Subscriptions and deliveries as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, insert, select, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.audit import write_event
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.services.announce import Delivery, DeliveryState, Subscription
from firstcontact.services.audit import Event

_subscription, _delivery = schema.subscription, schema.delivery


class SqlSubscriptions:
    """Where subscriptions are kept. Implements `services.announce.Subscriptions`.

    Args:
        database: The operational store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, one: Subscription) -> None:
        values = {name: getattr(one, name) for name in Subscription.__dataclass_fields__}
        with self._database.writing() as connection:
            connection.execute(insert(_subscription).values(values | {"events": list(one.events)}))
            write_event(connection, Event(one.created_by, "subscription.create", one.created_at, one.id))

    def find(self, subscription_id: str) -> Subscription | None:
        with self._database.reading() as connection:
            row = connection.execute(select(_subscription).where(_subscription.c.id == subscription_id)).first()
        return _read(row) if row is not None else None

    def page(self, *, before: str | None, limit: int) -> list[Subscription]:
        asked = select(_subscription).order_by(_subscription.c.id.desc()).limit(limit)
        if before is not None:
            asked = asked.where(_subscription.c.id < before)
        with self._database.reading() as connection:
            return [_read(row) for row in connection.execute(asked)]

    def change(self, subscription_id: str, **values: Any) -> Subscription | None:
        changed = update(_subscription).where(_subscription.c.id == subscription_id).values(values)
        with self._database.writing() as connection:
            row = connection.execute(changed.returning(_subscription)).first()
        return _read(row) if row is not None else None

    def drop(self, subscription_id: str) -> bool:
        with self._database.writing() as connection:
            connection.execute(delete(_delivery).where(_delivery.c.subscription_id == subscription_id))
            gone = connection.execute(delete(_subscription).where(_subscription.c.id == subscription_id))
        return gone.rowcount > 0

    def of(self, event: str) -> list[Subscription]:
        asked = select(_subscription).where(_subscription.c.disabled_at.is_(None))
        with self._database.reading() as connection:
            return [one for one in map(_read, connection.execute(asked)) if event in one.events]

    def put(self, one: Delivery) -> bool:
        values = {name: getattr(one, name) for name in Delivery.__dataclass_fields__}
        kept = self._database.upsert(_delivery).values(values)
        kept = kept.on_conflict_do_nothing(index_elements=["subscription_id", "event", "key"])
        with self._database.writing() as connection:
            return connection.execute(kept.returning(_delivery.c.id)).first() is not None

    def delivery(self, delivery_id: str) -> Delivery | None:
        with self._database.reading() as connection:
            row = connection.execute(select(_delivery).where(_delivery.c.id == delivery_id)).first()
        return _read_delivery(row) if row is not None else None

    def deliveries(
        self, *, subscription_id: str | None, state: DeliveryState | None, before: str | None, limit: int
    ) -> list[Delivery]:
        asked = select(_delivery).order_by(_delivery.c.id.desc()).limit(limit)
        if subscription_id is not None:
            asked = asked.where(_delivery.c.subscription_id == subscription_id)
        if state is not None:
            asked = asked.where(_delivery.c.state == state)
        if before is not None:
            asked = asked.where(_delivery.c.id < before)
        with self._database.reading() as connection:
            return [_read_delivery(row) for row in connection.execute(asked)]

    def tried(self, delivery_id: str, **values: Any) -> None:
        with self._database.writing() as connection:
            connection.execute(update(_delivery).where(_delivery.c.id == delivery_id).values(values))

    def repeats_since(self, linked: datetime, started: datetime, limit: int) -> list[dict[str, Any]]:
        link, contact = schema.link, schema.contact
        same = and_(link.c.source == contact.c.source, link.c.contact_id == contact.c.contact_id)
        asked = (
            select(
                link.c.source,
                link.c.contact_id,
                link.c.repeat_of_source,
                link.c.repeat_of,
                link.c.issue_source,
                link.c.issue_id,
                contact.c.reason,
                contact.c.team,
                contact.c.started_at,
            )
            .join(contact, same)
            .where(link.c.repeat_of.is_not(None), link.c.linked_at >= linked, contact.c.started_at >= started)
            .order_by(contact.c.started_at)
            .limit(limit)
        )
        with self._database.reading() as connection:
            rows = [dict(row) for row in connection.execute(asked).mappings()]
        return [row | {"started_at": f"{row['started_at'].isoformat()}Z"} for row in rows]


def _read(row: Row[Any]) -> Subscription:
    values = {name: getattr(row, name) for name in Subscription.__dataclass_fields__}
    return Subscription(**values | {"events": tuple(row.events), "secret": bytes(row.secret)})


def _read_delivery(row: Row[Any]) -> Delivery:
    return Delivery(**{name: getattr(row, name) for name in Delivery.__dataclass_fields__})
