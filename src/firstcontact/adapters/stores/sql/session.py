"""Sessions, tokens, resets and failed log-ins in the operational store: hashes, never what they are hashes of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Table, bindparam, delete, insert, or_, select, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.account import read_account, store_password
from firstcontact.adapters.stores.sql.audit import write_event
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.services.access import Permission
from firstcontact.services.account import Account
from firstcontact.services.audit import Event
from firstcontact.services.session import Session, SignOn, Token

FIRST_LOCK = timedelta(seconds=30)
LONGEST_LOCK = timedelta(minutes=15)
"""A lock doubles with each failure up to this: some hundred guesses a day."""

FORGOTTEN_AFTER = timedelta(days=1)


NOTE_SECONDS = 0.2
"""How long a request waits to note that somebody was here; it is noted the next time where somebody else writes."""

_account, _session_of, _token_of = schema.account, schema.session, schema.api_token
_NOW = bindparam("now", type_=schema.Moment())

# Made once: every request asks one of them.
_BY_SESSION = (
    select(_account, *(one.label(f"session_{one.name}") for one in _session_of.c))
    .join(_session_of, _session_of.c.account_id == _account.c.id)
    .where(_session_of.c.token_hash == bindparam("hash"), _session_of.c.expires_at > _NOW)
    .where(_account.c.disabled_at.is_(None))
)
_BY_TOKEN = (
    select(_account, *(one.label(f"token_{one.name}") for one in _token_of.c))
    .join(_token_of, _token_of.c.account_id == _account.c.id)
    .where(_token_of.c.token_hash == bindparam("hash"), _token_of.c.revoked_at.is_(None))
    .where(or_(_token_of.c.expires_at.is_(None), _token_of.c.expires_at > _NOW), _account.c.disabled_at.is_(None))
)


class SqlSessions:
    """Sessions, tokens and resets in the operational store.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, session: Session, event: Event, *, instead_of: str | None) -> None:
        row = schema.session
        with self._database.writing() as connection:
            connection.execute(delete(row).where(row.c.expires_at <= event.at))
            if instead_of is not None:
                connection.execute(delete(row).where(row.c.token_hash == instead_of))
            connection.execute(insert(row).values(_values(row, session)))
            write_event(connection, event)

    def find(self, token_hash: str, now: datetime) -> tuple[Account, Session] | None:
        with self._database.asking() as connection:
            row = connection.execute(_BY_SESSION, {"hash": token_hash, "now": now}).one_or_none()
        if row is None:
            return None
        found = _session(_labelled(row, schema.session, "session_"))
        return (read_account(row), found) if _awake(found, now) else None

    def seen(self, token_hash: str, now: datetime) -> None:
        row = schema.session
        with self._database.writing(patience=NOTE_SECONDS) as connection:
            connection.execute(update(row).where(row.c.token_hash == token_hash).values(seen_at=now))

    def of(self, account_id: str, now: datetime) -> list[Session]:
        row = schema.session
        wanted = select(row).where(row.c.account_id == account_id, row.c.expires_at > now)
        with self._database.asking() as connection:
            found = [
                _session(dict(one._mapping)) for one in connection.execute(wanted.order_by(row.c.created_at.desc()))
            ]
        return [one for one in found if _awake(one, now)]

    def close(self, account_id: str, event: Event, *, token_hash: str | None = None, id: str | None = None) -> int:  # noqa: A002
        row = schema.session
        ended = delete(row).where(row.c.account_id == account_id)
        if token_hash is not None:
            ended = ended.where(row.c.token_hash == token_hash)
        if id is not None:
            ended = ended.where(row.c.id == id)
        with self._database.writing() as connection:
            count = connection.execute(ended).rowcount
            if count:
                write_event(connection, event)
        return count

    def add_token(self, token: Token, token_hash: str, event: Event) -> None:
        values = {
            "id": token.id,
            "token_hash": token_hash,
            "name": token.name,
            "account_id": token.account_id,
            "permissions": sorted(token.permissions),
            "created_at": token.created_at,
            "expires_at": token.expires_at,
        }
        with self._database.writing() as connection:
            connection.execute(insert(schema.api_token).values(values))
            write_event(connection, event)

    def find_token(self, token_hash: str, now: datetime) -> tuple[Account, Token] | None:
        with self._database.asking() as connection:
            row = connection.execute(_BY_TOKEN, {"hash": token_hash, "now": now}).one_or_none()
        if row is None:
            return None
        return read_account(row), _token(_labelled(row, schema.api_token, "token_"))

    def token_used(self, token_id: str, now: datetime) -> None:
        row = schema.api_token
        with self._database.writing(patience=NOTE_SECONDS) as connection:
            connection.execute(update(row).where(row.c.id == token_id).values(used_at=now))

    def tokens(self, account_id: str) -> list[Token]:
        row = schema.api_token
        wanted = select(row).where(row.c.account_id == account_id).order_by(row.c.created_at.desc(), row.c.id)
        with self._database.asking() as connection:
            return [_token(dict(one._mapping)) for one in connection.execute(wanted)]

    def revoke_token(self, account_id: str, token_id: str, event: Event) -> Token | None:
        row = schema.api_token
        mine = (row.c.account_id == account_id) & (row.c.id == token_id)
        with self._database.writing() as connection:
            ended = update(row).where(mine, row.c.revoked_at.is_(None)).values(revoked_at=event.at)
            if connection.execute(ended).rowcount:
                write_event(connection, event)
            found = connection.execute(select(row).where(mine)).one_or_none()
        return _token(dict(found._mapping)) if found is not None else None

    def add_reset(self, account_id: str, token_hash: str, expires_at: datetime, event: Event) -> None:
        row = schema.reset
        with self._database.writing() as connection:
            connection.execute(delete(row).where(row.c.account_id == account_id))
            connection.execute(insert(row).values(token_hash=token_hash, account_id=account_id, expires_at=expires_at))
            write_event(connection, event)

    def reset_account(self, token_hash: str, now: datetime) -> Account | None:
        account, reset = schema.account, schema.reset
        wanted = (
            select(account)
            .join(reset, reset.c.account_id == account.c.id)
            .where(reset.c.token_hash == token_hash, reset.c.expires_at > now, account.c.disabled_at.is_(None))
        )
        with self._database.asking() as connection:
            row = connection.execute(wanted).one_or_none()
        return read_account(row) if row is not None else None

    def use_reset(self, token_hash: str, password_hash: str, event: Event) -> Account | None:
        account, reset = schema.account, schema.reset
        taken = delete(reset).where(reset.c.token_hash == token_hash, reset.c.expires_at > event.at)
        with self._database.writing() as connection:
            account_id = connection.execute(taken.returning(reset.c.account_id)).scalar_one_or_none()
            if account_id is None:
                return None
            store_password(connection, account_id, password_hash, event.at, keep_session=None)
            # Whoever knew the old password may have made tokens with it.
            token = schema.api_token
            theirs = (token.c.account_id == account_id) & token.c.revoked_at.is_(None)
            connection.execute(update(token).where(theirs).values(revoked_at=event.at))
            write_event(connection, event)
            return read_account(connection.execute(select(account).where(account.c.id == account_id)).one())

    def attempt(self, keys: Mapping[str, int], now: datetime) -> bool:
        row = schema.attempt
        with self._database.writing() as connection:
            connection.execute(delete(row).where(row.c.at < now - FORGOTTEN_AFTER))
            for key in sorted(keys):  # in one order, so that two log-ins at once never wait for each other
                put = self._database.upsert(row).values(key=key, failures=1, at=now)
                put = put.on_conflict_do_update(
                    index_elements=["key"], set_={"failures": row.c.failures + 1, "at": now}
                )
                connection.execute(put)
            counted = connection.execute(select(row).where(row.c.key.in_(keys))).all()
            if any(one.locked_until is not None and one.locked_until > now for one in counted):
                # While locked nothing is judged, so nothing is learned, and no lock grows.
                uncounted = update(row).where(row.c.key.in_(keys)).values(failures=row.c.failures - 1)
                connection.execute(uncounted)
                return False
            for one in counted:
                over = one.failures - keys[one.key]
                if over >= 0:
                    lock = min(FIRST_LOCK * 2 ** min(over, 20), LONGEST_LOCK)
                    connection.execute(update(row).where(row.c.key == one.key).values(locked_until=now + lock))
            return True

    def forgive(self, keys: Collection[str]) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(schema.attempt).where(schema.attempt.c.key.in_(sorted(keys))))

    def begin_sign_on(self, pending: SignOn, now: datetime) -> None:
        row = schema.sign_on
        with self._database.writing() as connection:
            connection.execute(delete(row).where(row.c.expires_at <= now))
            connection.execute(insert(row).values(_values(row, pending)))

    def end_sign_on(self, state_hash: str, now: datetime) -> SignOn | None:
        row = schema.sign_on
        with self._database.writing() as connection:
            taken = delete(row).where(row.c.state_hash == state_hash, row.c.expires_at > now).returning(*row.c)
            found = connection.execute(taken).one_or_none()
        return SignOn(**dict(found._mapping)) if found is not None else None


def _values(table: Table, thing: Any) -> dict[str, Any]:
    return {column.name: getattr(thing, column.name) for column in table.c}


def _labelled(row: Row[Any], table: Table, prefix: str) -> dict[str, Any]:
    return {column.name: getattr(row, prefix + column.name) for column in table.c}


def _session(values: dict[str, Any]) -> Session:
    return Session(**values)


def _awake(session: Session, now: datetime) -> bool:
    return now < session.seen_at + timedelta(seconds=session.idle_seconds)


def _token(values: dict[str, Any]) -> Token:
    known = {one.value for one in Permission}
    permissions = frozenset(Permission(one) for one in values["permissions"] if one in known)
    values.pop("token_hash")
    return Token(**(values | {"permissions": permissions}))
