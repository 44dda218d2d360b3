"""Subscriptions and deliveries as rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, exists, insert, or_, select, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.audit import write_event
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.sql.queue import ask_within
from firstcontact.services.announce import DELIVER, Delivery, DeliveryState, Subscription
from firstcontact.services.audit import Event

_subscription, _delivery = schema.subscription, schema.delivery

_TOLD = "repeat_told"
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC without zone, as everywhere inside


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

    def put(self, some: Sequence[Delivery]) -> frozenset[str]:
        kept: set[str] = set()
        with self._database.writing() as connection:
            for one in some:
                values = {name: getattr(one, name) for name in Delivery.__dataclass_fields__}
                new = self._database.upsert(_delivery).values(values)
                new = new.on_conflict_do_nothing(index_elements=["subscription_id", "event", "key"])
                if connection.execute(new.returning(_delivery.c.id)).first() is not None:
                    kept.add(one.id)
                    self._ask(connection, one.id, one.created_at, one.created_at)
        return frozenset(kept)

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

    def tried(self, delivery_id: str, *, now: datetime, again_at: datetime | None = None, **values: Any) -> None:
        with self._database.writing() as connection:
            connection.execute(update(_delivery).where(_delivery.c.id == delivery_id).values(values))
            if again_at is not None:
                self._ask(connection, delivery_id, now, again_at)

    def _ask(self, connection: Connection, delivery_id: str, now: datetime, due_at: datetime) -> None:
        ask_within(
            self._database, connection, DELIVER, {"delivery_id": delivery_id}, asked_by="announce", now=now,
            key=delivery_id, priority=5, due_at=due_at,
        )  # fmt: skip

    def sweep(self, before: datetime) -> None:
        """Give up deliveries that wait since a moment for a job that is no more: cancelled, or whose workers died."""
        job = schema.job
        lives = select(job.c.id).where(
            job.c.kind == DELIVER, job.c.key == _delivery.c.id, job.c.state.in_(["waiting", "running"])
        )
        lost = and_(_delivery.c.state == "waiting", _delivery.c.created_at < before, ~exists(lives))
        given_up = {"state": "dead", "failure": "its job ended", "ended_at": before}
        with self._database.writing() as connection:
            connection.execute(update(_delivery).where(lost).values(given_up))

    def told_until(self, begin: datetime) -> datetime:
        # The moment as a whole number of microseconds, beside the other numbers that only grow.
        table = schema.sequence
        first = self._database.upsert(table).values(name=_TOLD, value=_number(begin))
        with self._database.writing() as connection:
            connection.execute(first.on_conflict_do_nothing(index_elements=["name"]))
            value = connection.execute(select(table.c.value).where(table.c.name == _TOLD)).scalar_one()
        return _EPOCH + timedelta(microseconds=int(value))

    def tell_until(self, moment: datetime) -> None:
        table = schema.sequence
        with self._database.writing() as connection:
            connection.execute(update(table).where(table.c.name == _TOLD).values(value=_number(moment)))

    def repeats(
        self, linked: datetime, started: datetime, after: tuple[datetime, str, str] | None, limit: int
    ) -> list[dict[str, Any]]:
        link, contact = schema.link, schema.contact
        place = (link.c.linked_at, link.c.source, link.c.contact_id)
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
                link.c.linked_at,
            )
            .join(contact, same)
            .where(link.c.repeat_of.is_not(None), link.c.linked_at >= linked, contact.c.started_at >= started)
            .order_by(*place)
            .limit(limit)
        )
        if after is not None:
            when, source, contact_id = after
            later = and_(link.c.source == source, link.c.contact_id > contact_id)
            asked = asked.where(
                or_(link.c.linked_at > when, and_(link.c.linked_at == when, or_(link.c.source > source, later)))
            )
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(asked).mappings()]


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _read(row: Row[Any]) -> Subscription:
    values = {name: getattr(row, name) for name in Subscription.__dataclass_fields__}
    return Subscription(**values | {"events": tuple(row.events), "secret": bytes(row.secret)})


def _read_delivery(row: Row[Any]) -> Delivery:
    return Delivery(**{name: getattr(row, name) for name in Delivery.__dataclass_fields__})
