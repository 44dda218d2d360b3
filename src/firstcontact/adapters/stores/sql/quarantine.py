"""Records that were set aside, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Text, cast, func, select, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.audit import write_event
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.services.audit import Event
from firstcontact.services.mend import Aside, AsideState

_aside = schema.quarantine
AT_ONCE = 5_000
"""Numbers of one question."""


class SqlQuarantine:
    """Implements `services.mend.Quarantine`.

    Args:
        database: The operational store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, number: int) -> Aside | None:
        with self._database.reading() as connection:
            row = connection.execute(select(_aside).where(_aside.c.id == number)).first()
        return None if row is None else _read(row)

    def page(
        self,
        *,
        state: AsideState | None,
        kind: str | None,
        code: str | None,
        import_id: str | None,
        before: int | None,
        limit: int,
        source: str | None = None,
    ) -> list[Aside]:
        asked = select(_aside).where(*_among(state, kind, code, import_id, source))
        if before is not None:
            asked = asked.where(_aside.c.id < before)
        with self._database.reading() as connection:
            return [_read(row) for row in connection.execute(asked.order_by(_aside.c.id.desc()).limit(limit))]

    def count(
        self,
        *,
        state: AsideState | None = None,
        kind: str | None = None,
        code: str | None = None,
        import_id: str | None = None,
        source: str | None = None,
    ) -> int:
        asked = select(func.count()).select_from(_aside).where(*_among(state, kind, code, import_id, source))
        with self._database.asking() as connection:
            return int(connection.execute(asked).scalar_one())

    def some(self, numbers: Sequence[int]) -> list[Aside]:
        asked = select(_aside).where(_aside.c.id.in_(numbers)).order_by(_aside.c.id.desc())
        with self._database.reading() as connection:
            return [_read(row) for row in connection.execute(asked)]

    def kept(self, numbers: Sequence[int]) -> list[int]:
        found: list[int] = []
        with self._database.reading() as connection:
            for start in range(0, len(numbers), AT_ONCE):
                asked = select(_aside.c.id).where(_aside.c.id.in_(numbers[start : start + AT_ONCE]))
                found += connection.execute(asked).scalars()
        return sorted(found, reverse=True)

    def end(self, number: int, state: AsideState, *, actor: str, now: datetime) -> bool:
        with self._database.writing() as connection:
            return end_aside(connection, number, state, actor, now)


def _among(
    state: AsideState | None, kind: str | None, code: str | None, import_id: str | None, source: str | None
) -> list[ColumnElement[bool]]:
    """Which ones are meant."""
    wanted = (
        (_aside.c.state, state),
        (_aside.c.kind, kind),
        (_aside.c.import_id, import_id),
        (_aside.c.source, source),
    )
    asked = [column == value for column, value in wanted if value is not None]
    if code is not None:
        asked.append(cast(_aside.c.codes, Text).contains(f'"{code}"', autoescape=True))
    return asked


def end_aside(connection: Connection, number: int, state: AsideState, actor: str, now: datetime) -> bool:
    """Say what became of what was set aside, and note it; False where it is not open any more."""
    open_one = (_aside.c.id == number) & (_aside.c.state == "open")
    changed = update(_aside).where(open_one).values(state=state, ended_at=now, ended_by=actor)
    ended = connection.execute(changed).rowcount > 0
    if ended:
        write_event(connection, Event(actor, f"quarantine.{state}", now, str(number)))
    return ended


def _read(row: Row[Any]) -> Aside:
    return Aside(**{name: getattr(row, name) for name in Aside.__dataclass_fields__})
