"""Contacts of kept runs, read by the engine from the Parquet file of each run, where it lies."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from firstcontact.contacts.table import REASON_SEPARATOR
from firstcontact.kernel.sentence import clause
from firstcontact.services.contact_question import Condition
from firstcontact.services.find_contacts import FoundContacts, Show, not_noted
from firstcontact.services.publish import DAY

if TYPE_CHECKING:
    from firstcontact.kernel.engine import Engine

REMEMBERED = 2_000
"""So many counts are remembered, each of one condition on one file as it was written."""

_SECRET = secrets.token_bytes(32)
"""Of this process: what is remembered tells nobody what was asked for."""


class ParquetContacts:
    """Reads contacts of runs. Implements `services.find_contacts.KeptContacts`.

    Args:
        opened: Opens an engine: the one that reads, when it is first asked, which lives as long as this; and others.
    """

    def __init__(self, opened: Callable[[], Engine]) -> None:
        self._opened = opened
        self._engine: Engine | None = None
        self._opening = Lock()
        self._totals: dict[bytes, int] = {}

    def columns(self, path: Path) -> dict[str, str]:
        with _there(path):
            return _columns(path, *_edition(path))

    def find(self, path: Path, conditions: Sequence[Condition], show: Show) -> FoundContacts:
        with _there(path), closing(self._cursor()) as cursor:
            where, values = self._where(cursor, path, conditions)
            total = self._number(cursor, path, where, values)
            chosen = ", ".join(map(_quoted, show.columns))
            # The place in the file last, so that no row stands on two pages or on none.
            order = ", ".join(map(_ordered, (*(show.order or self._usual(path)), "file_row_number")))
            limit = "" if show.limit is None else f" LIMIT {int(show.limit)} OFFSET {int(show.offset)}"
            source = "read_parquet(?, file_row_number = true)"
            asked = f"SELECT {chosen} FROM {source} {where} ORDER BY {order}{limit}"
            rows = cursor.execute(asked, [str(path), *values]).to_arrow_table()
        return FoundContacts(total, rows)

    def count(self, path: Path, conditions: Sequence[Condition]) -> int:
        with _there(path), closing(self._cursor()) as cursor:
            return self._number(cursor, path, *self._where(cursor, path, conditions))

    def engine(self) -> AbstractContextManager[Engine]:
        return closing(self._opened())

    def close(self) -> None:
        """Give the engine back."""
        with self._opening:
            if self._engine is not None:
                self._engine.close()
                self._engine = None

    def _cursor(self) -> Any:
        """A connection of one's own to the one engine: requests come in several threads."""
        with self._opening:
            if self._engine is None:
                self._engine = self._opened()
                self._engine.sql().execute("SET parquet_metadata_cache = true")
            return self._engine.sql().cursor()

    def _usual(self, path: Path) -> tuple[str, ...]:
        """Latest first; nothing to sort where the file stands so."""
        return () if DAY in self.columns(path) else ("-started_at", "contact_id")

    def _number(self, cursor: Any, path: Path, where: str, values: list[Any]) -> int:
        """How many rows fulfil a condition; remembered, for every page of a list asks it again."""
        asked_for = repr((path, *_edition(path), where, *values))
        known = blake2b(asked_for.encode(errors="surrogatepass"), key=_SECRET).digest()
        total = self._totals.get(known)
        if total is None:
            asked = f"SELECT count(*) FROM read_parquet(?) {where}"
            total = int(cursor.execute(asked, [str(path), *values]).fetchone()[0])
            if len(self._totals) >= REMEMBERED:
                self._totals.clear()
            self._totals[known] = total
        return total

    def _where(self, cursor: Any, path: Path, conditions: Sequence[Condition]) -> tuple[str, list[Any]]:
        held = self.columns(path)
        told, values = [], []
        for one in conditions:
            parts = []
            for column in one.columns:
                known = one.values
                if held[column] != "text" and all(isinstance(value, str) for value in known if value is not None):
                    known = _as_held(path, column, frozenset(known), *_edition(path), cursor=cursor)
                text, given = _condition(column, one.kind, known)
                parts.append(text)
                values += given
            told.append(f"{'NOT ' if one.negated else ''}({' OR '.join(parts)})")
        return f"WHERE {' AND '.join(told)}" if told else "", values


@contextmanager
def _there(path: Path) -> Iterator[None]:
    """A run's contacts go when a later run comes into force: then they are no longer noted, whoever just asks."""
    try:
        yield
    except Exception as error:
        if path.is_file():
            raise
        raise not_noted("its contacts", clause("no such file")) from error


def _condition(column: str, kind: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
    """One column's part of a condition, and the values it asks for."""
    name, known = _quoted(column), [value for value in values if value is not None]
    missing = [f"{name} IS NULL"] if len(known) < len(values) else []
    if kind == "is":
        among = [f"{name} IN ({', '.join('?' * len(known))})"] if known else []
        return " OR ".join(among + missing) or "false", known
    if kind == "under":
        below = [f"{name} = ? OR starts_with({name}, ?)"] * len(known)
        return " OR ".join(below + missing), [end for one in known for end in (one, one + REASON_SEPARATOR)]
    if kind == "begins":
        return " OR ".join([f"starts_with({name}, ?)"] * len(known)), known
    if kind == "has":
        return " OR ".join([f"contains(lower({name}), lower(?))"] * len(known)), known
    return f"{name} {'>=' if kind == 'from' else '<'} ?", known


def _as_held(
    path: Path, column: str, texts: frozenset[str | None], _written: int, _size: int, *, cursor: Any
) -> tuple[Any, ...]:
    """The values of a column that is no text whose texts are asked for: cells of results have texts only."""
    asked = f"SELECT DISTINCT {_quoted(column)} FROM read_parquet(?)"
    found = [row[0] for row in cursor.execute(asked, [str(path)]).fetchall()]
    return tuple(one for one in found if (str(one) if one is not None else None) in texts)


@lru_cache(maxsize=16)
def _columns(path: Path, _written: int, _size: int) -> dict[str, str]:
    return {field.name: _kind(field.type) for field in pq.read_schema(path)}


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_timestamp(kind):
        return "moment"
    if pa.types.is_date(kind):
        return "day"
    return "number" if pa.types.is_integer(kind) or pa.types.is_floating(kind) else "text"


def _edition(path: Path) -> tuple[int, int]:
    seen = path.stat()
    return seen.st_mtime_ns, seen.st_size


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _ordered(column: str) -> str:
    return f"{_quoted(column.removeprefix('-'))} {'DESC' if column.startswith('-') else 'ASC'} NULLS LAST"
