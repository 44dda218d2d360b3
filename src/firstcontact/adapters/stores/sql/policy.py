"""Versions of the policy as rows; who changes one proves to have read it as it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.sql.inbox import ask_to_link
from firstcontact.services.policy_version import (
    PolicyState,
    PolicyVersion,
    check_base,
    check_state,
    first_text,
    no_such_version,
    read_version,
)

_version = schema.policy_version
_PUBLISHED = select(_version).where(_version.c.state == "published")


class SqlPolicies:
    """Where versions of the policy are kept. Implements `services.policy_version.Policies`.

    Args:
        database: The operational store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, now: datetime) -> None:
        """Put the first version into force where there is none."""
        with self._database.writing() as connection:
            self._alone(connection)
            if connection.execute(select(func.count()).select_from(_version)).scalar_one():
                return
            row = _new(1, first_text(), None, None, "firstcontact", now)
            row |= {"state": "published", "published_by": "firstcontact", "published_at": now}
            connection.execute(insert(_version).values(row))

    def published(self) -> PolicyVersion:
        with self._database.asking() as connection:
            return _read(connection.execute(_PUBLISHED).one())

    def find(self, number: int) -> PolicyVersion:
        with self._database.reading() as connection:
            return _found(connection, number)

    def page(self, *, before: int | None, limit: int) -> list[PolicyVersion]:
        asked = select(_version).order_by(_version.c.number.desc()).limit(limit)
        if before is not None:
            asked = asked.where(_version.c.number < before)
        with self._database.asking() as connection:
            return [_read(row) for row in connection.execute(asked)]

    def draft(self, toml: str, *, note: str | None, based_on: int | None, by: str, now: datetime) -> PolicyVersion:
        read_version(toml)
        with self._database.writing() as connection:
            self._alone(connection)
            if based_on is None:
                in_force = select(_version.c.number).where(_version.c.state == "published")
                based_on = connection.execute(in_force).scalar_one_or_none()
            else:
                _found(connection, based_on)
            last = connection.execute(select(func.max(_version.c.number))).scalar_one_or_none() or 0
            connection.execute(insert(_version).values(_new(last + 1, toml, note, based_on, by, now)))
            return _found(connection, last + 1)

    def change(
        self, number: int, edition: int, toml: str, note: str | None, based_on: int | None = None
    ) -> PolicyVersion:
        policy = read_version(toml, number)
        values: dict[str, Any] = {"toml": toml, "note": note, "policy_hash": policy.digest}
        if based_on is not None:
            self.find(based_on)
            values["based_on"] = based_on
        return self._update(number, edition, ["draft"], values)

    def publish(self, number: int, edition: int, *, by: str, now: datetime) -> PolicyVersion:
        with self._database.writing() as connection:
            self._alone(connection)
            found = _found(connection, number)
            check_state(found, edition, ["draft", "retired"])
            in_force = _version.c.state == "published"
            check_base(found, connection.execute(select(_version.c.number).where(in_force)).scalar_one_or_none())
            retired = {"state": "retired", "edition": _version.c.edition + 1}
            connection.execute(update(_version).where(in_force).values(retired))
            values = {"state": "published", "published_by": by, "published_at": now, "edition": edition + 1}
            connection.execute(update(_version).where(_version.c.number == number).values(values))
            # Links follow the policy: all contacts are linked again under it, and not only when the next arrives.
            ask_to_link(self._database, connection, now)
            return _found(connection, number)

    def drop(self, number: int, edition: int) -> PolicyVersion:
        return self._update(number, edition, ["draft"], {"state": "dropped"})

    def _update(
        self, number: int, edition: int, states: Sequence[PolicyState], values: dict[str, Any]
    ) -> PolicyVersion:
        with self._database.writing() as connection:
            self._alone(connection)
            check_state(_found(connection, number), edition, states)
            one = _version.c.number == number
            connection.execute(update(_version).where(one).values(values | {"edition": edition + 1}))
            return _found(connection, number)

    def _alone(self, connection: Connection) -> None:
        """Wait for whoever else changes something, so that what is read stays true until it is written."""
        self._database.next_seq(connection, 0)


def _found(connection: Connection, number: int) -> PolicyVersion:
    row = connection.execute(select(_version).where(_version.c.number == number)).first()
    if row is None:
        raise no_such_version()
    return _read(row)


def _new(number: int, toml: str, note: str | None, based_on: int | None, by: str, now: datetime) -> dict[str, Any]:
    return {
        "number": number, "state": "draft", "toml": toml, "policy_hash": read_version(toml, number).digest,
        "note": note, "based_on": based_on, "created_by": by, "created_at": now, "edition": 1,
    }  # fmt: skip


def _read(row: Row[Any]) -> PolicyVersion:
    return PolicyVersion(**row._mapping)
