"""Saved views as rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, func, insert, or_, select, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.audit import write_event
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.services.audit import Event
from firstcontact.services.view import View

_view, _account = schema.contact_view, schema.account
_owner = func.coalesce(_account.c.name, "").label("owner")
_read = select(_view, _owner).outerjoin(_account, _account.c.id == _view.c.account_id)


class SqlViews:
    """Where views are kept. Implements `services.view.Views`.

    Args:
        database: The operational store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, view: View, event: Event, *, most: int) -> View | None:
        mine = select(func.count()).select_from(_view).where(_view.c.account_id == view.account_id)
        with self._database.writing() as connection:
            if connection.execute(mine).scalar_one() >= most:
                return None
            connection.execute(insert(_view).values(_row(view)))
            write_event(connection, event)
        return view

    def find(self, view_id: str) -> View | None:
        with self._database.reading() as connection:
            row = connection.execute(_read.where(_view.c.id == view_id)).first()
        return _made(row) if row is not None else None

    def of(self, account_id: str, *, after: str | None, limit: int) -> list[View]:
        asked = _read.where(or_(_view.c.account_id == account_id, _view.c.shared)).order_by(_view.c.id).limit(limit)
        if after is not None:
            asked = asked.where(_view.c.id > after)
        with self._database.reading() as connection:
            return [_made(row) for row in connection.execute(asked)]

    def change(self, view: View, event: Event) -> View | None:
        same = (_view.c.id == view.id) & (_view.c.edition == view.edition)
        values = _row(view) | {"edition": view.edition + 1}
        with self._database.writing() as connection:
            if connection.execute(update(_view).where(same).values(values)).rowcount == 0:
                return None
            write_event(connection, event)
            return _made(connection.execute(_read.where(_view.c.id == view.id)).one())

    def drop(self, view_id: str, edition: int, event: Event) -> bool:
        same = (_view.c.id == view_id) & (_view.c.edition == edition)
        with self._database.writing() as connection:
            if connection.execute(delete(_view).where(same)).rowcount == 0:
                return False
            write_event(connection, event)
        return True


def _row(view: View) -> dict[str, Any]:
    plain = ("id", "account_id", "name", "shared", "created_at", "changed_at", "edition")
    lists = {"asked": [list(pair) for pair in view.asked], "columns": list(view.columns), "sorting": list(view.order)}
    return {name: getattr(view, name) for name in plain} | lists


def _made(row: Row[Any]) -> View:
    return View(
        id=row.id,
        account_id=row.account_id,
        owner=row.owner,
        name=row.name,
        asked=tuple((name, value) for name, value in row.asked),
        columns=tuple(row.columns),
        order=tuple(row.sorting),
        shared=row.shared,
        created_at=row.created_at,
        changed_at=row.changed_at,
        edition=row.edition,
    )
