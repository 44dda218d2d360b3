"""One record on its way into the store, and the one rule that decides whether it replaces what is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, false, or_, select

from firstcontact.adapters.stores.sql import schema
from firstcontact.contacts.record import Record
from firstcontact.services.ingest import Outcome

MOST_KEYS = 400
"""Most keys of one question; databases bound how many values a statement may hold."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One record with what its arrival gives it.

    Attributes:
        place: Its place among all that is stored in the same commit.
        record: The record.
        seq: Number of the change.
        now: When it was received.
        import_id: The import that brought it.
        counted: Where it comes again, because the import broke off before it had counted it: the last change that the
            import had counted. None where it comes for the first time, as far as anybody knows.
    """

    place: int
    record: Record
    seq: int
    now: datetime
    import_id: str | None
    counted: int | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """What every arriving record has, as columns."""
        return {
            "version": self.record.version,
            "digest": self.record.digest,
            "seq": self.seq,
            "received_at": self.now,
            "import_id": self.import_id,
        }

    def stored_before(self, there: Row[Any]) -> bool:
        """Whether what is there is this very record, stored by its import in the commit that it did not live to count.

        Args:
            there: The row of the same key that is kept.
        """
        return self.counted is not None and there.import_id == self.import_id and there.seq > self.counted


def rank(record: Record, there: Row[Any] | None) -> Outcome:
    """What becomes of a record.

    Args:
        record: What arrives.
        there: The row of the same key that is kept, with its version and digest; None where there is none.
    """
    if there is None:
        return Outcome.STORED
    if record.version < there.version:
        return Outcome.OLDER
    if record.digest == there.digest and record.version == there.version:
        return Outcome.UNCHANGED
    return Outcome.REPLACED


def in_parts(keys: Sequence[Any], size: int = MOST_KEYS) -> Iterator[Sequence[Any]]:
    """Keys, as many at a time as one question may hold."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def erased(connection: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bool]:
    """Contacts that are gone, and whether they were erased on somebody's behalf, which is for ever."""
    table = schema.contact_gone
    found: dict[tuple[str, str], bool] = {}
    for part in in_parts(keys):
        named = of_contact(table, part)
        for row in connection.execute(select(table.c.source, table.c.contact_id, table.c.cause).where(named)):
            found[row.source, row.contact_id] = row.cause == "erased"
    return found


def of_contact(table: Table, keys: Iterable[tuple[str, str]]) -> ColumnElement[bool]:
    """The condition that a row belongs to one of some contacts."""
    return of_pairs(table.c.source, table.c.contact_id, keys)


def of_pairs(
    first: ColumnElement[str], second: ColumnElement[str], pairs: Iterable[tuple[str, str]]
) -> ColumnElement[bool]:
    """The condition that two columns hold one of some pairs, in a form for which SQLite uses its index.

    Given rows of values it reads the whole table instead.
    """
    by_first: dict[str, list[str]] = defaultdict(list)
    for one, other in pairs:
        by_first[one].append(other)
    return or_(false(), *(and_(first == one, second.in_(others)) for one, others in by_first.items()))
