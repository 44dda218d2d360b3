"""Accounts in the operational store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.audit import write_event
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.access import Role
from firstcontact.services.account import ACCOUNT_LAST, ACCOUNT_WRONG, Account
from firstcontact.services.audit import Event

_ENDS_SESSIONS = frozenset({"role", "teams", "agent_id", "disabled_at", "email"})
"""What decides who somebody is: after it changed, they log in anew."""


def read_account(row: Row[Any]) -> Account:
    """An account from its row; that of another table may stand beside it."""
    return Account(
        id=row.id,
        email=row.email,
        name=row.name,
        role=Role(row.role),
        teams=tuple(row.teams),
        agent_id=row.agent_id,
        has_password=row.password_hash is not None,
        subject=row.subject,
        language=row.language,
        zone=row.zone,
        disabled_at=row.disabled_at,
        created_at=row.created_at,
        password_at=row.password_at,
        edition=row.edition,
    )


class SqlAccounts:
    """Accounts in the operational store.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, account: Account, password_hash: str | None, event: Event) -> Account:
        values = {
            "id": account.id,
            "email": account.email,
            "name": account.name,
            "role": account.role.value,
            "teams": list(account.teams),
            "agent_id": account.agent_id,
            "password_hash": password_hash,
            "password_at": event.at if password_hash else None,
            "subject": account.subject,
            "language": account.language,
            "zone": account.zone,
            "created_at": event.at,
            "edition": 1,
        }
        try:
            with self._database.writing() as connection:
                connection.execute(insert(schema.account).values(values))
                write_event(connection, event)
                return _only(connection, account.id)
        except IntegrityError:
            raise _taken() from None

    def find(self, account_id: str) -> Account | None:
        return self._one(schema.account.c.id == account_id)

    def find_email(self, email: str) -> Account | None:
        # PostgreSQL compares no text with what it could not keep.
        return self._one(schema.account.c.email == email) if "\x00" not in email else None

    def find_subject(self, subject: str) -> Account | None:
        return self._one(schema.account.c.subject == subject)

    def page(self, *, after: str | None, limit: int) -> list[Account]:
        wanted = select(schema.account).order_by(schema.account.c.email).limit(limit)
        if after is not None:
            wanted = wanted.where(schema.account.c.email > after)
        with self._database.reading() as connection:
            return [read_account(row) for row in connection.execute(wanted)]

    def change(
        self, account_id: str, fields: Mapping[str, Any], event: Event, *, edition: int | None
    ) -> Account | None:
        row = schema.account
        values = {name: _stored(value) for name, value in fields.items()}
        asked = update(row).where(row.c.id == account_id).values(**values, edition=row.c.edition + 1)
        if edition is not None:
            asked = asked.where(row.c.edition == edition)
        try:
            with self._database.writing() as connection:
                before = _administrators(connection)
                if connection.execute(asked).rowcount == 0:
                    return None
                if before and not _administrators(connection):
                    raise _last()
                if _ENDS_SESSIONS & set(values):
                    connection.execute(delete(schema.session).where(schema.session.c.account_id == account_id))
                write_event(connection, event)
                return _only(connection, account_id)
        except IntegrityError:
            raise _taken() from None

    def password_hash(self, account_id: str) -> str | None:
        wanted = select(schema.account.c.password_hash).where(schema.account.c.id == account_id)
        with self._database.reading() as connection:
            kept: str | None = connection.execute(wanted).scalar_one_or_none()
        return kept

    def set_password(self, account_id: str, password_hash: str, event: Event, *, keep_session: str | None) -> None:
        with self._database.writing() as connection:
            store_password(connection, account_id, password_hash, event.at, keep_session=keep_session)
            write_event(connection, event)

    def renew_hash(self, account_id: str, before: str, after: str) -> None:
        row = schema.account
        with self._database.writing() as connection:
            connection.execute(
                update(row).where(row.c.id == account_id, row.c.password_hash == before).values(password_hash=after)
            )

    def _one(self, condition: Any) -> Account | None:
        with self._database.reading() as connection:
            row = connection.execute(select(schema.account).where(condition)).one_or_none()
        return read_account(row) if row is not None else None


def store_password(
    connection: Connection, account_id: str, password_hash: str, now: datetime, *, keep_session: str | None
) -> None:
    """Set a password within a transaction: sessions end, but for the one named by its hash, and resets are void."""
    account, session, reset = schema.account, schema.session, schema.reset
    connection.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(password_hash=password_hash, password_at=now, edition=account.c.edition + 1)
    )
    ended = delete(session).where(session.c.account_id == account_id)
    if keep_session is not None:
        ended = ended.where(session.c.token_hash != keep_session)
    connection.execute(ended)
    connection.execute(delete(reset).where(reset.c.account_id == account_id))


def _stored(value: Any) -> Any:
    if isinstance(value, Role):
        return value.value
    return list(value) if isinstance(value, tuple) else value


def _only(connection: Connection, account_id: str) -> Account:
    return read_account(connection.execute(select(schema.account).where(schema.account.c.id == account_id)).one())


def _able(row: Any) -> Any:
    reachable = row.password_hash.is_not(None) | row.subject.is_not(None)
    return (row.role == Role.ADMINISTRATOR.value) & row.disabled_at.is_(None) & reachable


def _administrators(connection: Connection) -> int:
    # Their rows are held: two administrators who step down at the same moment must see one another.
    able = select(schema.account.c.id).where(_able(schema.account.c)).order_by("id").with_for_update()
    return len(connection.execute(able).all())


def _taken() -> FirstcontactError:
    fault = ACCOUNT_WRONG.fault(
        where="email",
        saw="an address that another account has",
        allowed="an address of its own",
        cure="change that account, or take another address",
    )
    return FirstcontactError([fault])


def _last() -> FirstcontactError:
    fault = ACCOUNT_LAST.fault(
        where="this account",
        saw="the only administrator who can log in",
        allowed="at least one",
        cure="make another administrator first",
    )
    return FirstcontactError([fault])
