"""Records beside the contacts that arrive: each once by its key, the newest version in force."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.arrival import Arrival, erased, in_parts, of_contact, of_pairs, rank
from firstcontact.adapters.stores.sql.contact_arrival import decisions_of, identifier_rows
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.contacts.record import Record
from firstcontact.services.ingest import Outcome

_CHANGED = ("contact_id", "customer_id", "body", "version", "digest", "seq", "received_at", "import_id")


class CompanionArrival:
    """Stores records of any table beside the contacts.

    Args:
        database: The operational store.
        region: Gives the country in which national telephone numbers are read.
    """

    def __init__(self, database: Database, region: Callable[[], str | None]) -> None:
        self._database = database
        self._region = region

    def take(self, connection: Connection, arrivals: Sequence[Arrival]) -> dict[int, Outcome]:
        """Store records, none of them twice.

        Args:
            connection: A writing transaction that holds the number of the change.
            arrivals: The records.

        Returns:
            What became of each, by its place.
        """
        table = schema.companion
        names = [(one.record.table, record_key(one.record)) for one in arrivals]
        there: dict[tuple[str, str], Any] = {}
        for part in in_parts(names):
            own = table.c
            asked = select(own.kind, own.record_key, own.version, own.digest, own.import_id, own.seq)
            for row in connection.execute(asked.where(of_pairs(table.c.kind, table.c.record_key, part))):
                there[row.kind, row.record_key] = row
        about = [(one.record.source, str(one.record.values["contact_id"])) for one in arrivals if _about(one.record)]
        gone = erased(connection, about)
        forgotten = _erased(connection, names)
        found: dict[int, Outcome] = {}
        kept: list[Arrival] = []
        for one, name in zip(arrivals, names, strict=True):
            outcome = rank(one.record, there.get(name))
            of_gone = _about(one.record) and gone.get((one.record.source, one.record.values["contact_id"]))
            if of_gone or name in forgotten:
                outcome = Outcome.ERASED
            if outcome in {Outcome.STORED, Outcome.REPLACED}:
                kept.append(one)
            elif outcome is Outcome.UNCHANGED and one.stored_before(there[name]):
                outcome = Outcome.STORED
            found[one.place] = outcome
        if kept:
            stored = self._database.upsert(table)
            stored = stored.on_conflict_do_update(
                index_elements=["kind", "record_key"], set_={name: stored.excluded[name] for name in _CHANGED}
            )
            connection.execute(stored, [_row(one) for one in kept])
            back = [(one.record.table, record_key(one.record)) for one in kept]
            for part in in_parts(back):
                named = of_pairs(schema.companion_gone.c.kind, schema.companion_gone.c.record_key, part)
                connection.execute(delete(schema.companion_gone).where(named))
        self._identify(connection, [one for one in kept if one.record.table == "identifiers"])
        return found

    def _identify(self, connection: Connection, arrivals: list[Arrival]) -> None:
        """Put identifiers that came by themselves into force, where their contact is there already."""
        pairs: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
        seqs: dict[tuple[str, str], int] = {}
        for one in arrivals:
            key = (one.record.source, str(one.record.values["contact_id"]))
            pairs[key].add((one.record.values["kind"], one.record.values["value"]))
            seqs[key] = one.seq
        contact = schema.contact
        for part in in_parts(list(pairs)):
            asked = select(contact.c.source, contact.c.contact_id).where(of_contact(contact, part))
            here = {(row.source, row.contact_id) for row in connection.execute(asked)}
            rows = identifier_rows(
                {key: pairs[key] for key in here}, decisions_of(connection, list(here)), self._region()
            )
            if rows:
                stored = self._database.upsert(schema.identifier)
                connection.execute(stored.on_conflict_do_nothing(), rows)
            for key in sorted(here):
                # It is a change of the contact: whoever follows contacts must see it.
                named = (contact.c.source == key[0]) & (contact.c.contact_id == key[1])
                connection.execute(update(contact).where(named).values(seq=seqs[key]))


def record_key(record: Record) -> str:
    """What a record beside the contacts is known by: SHA-256 of its source and the columns of its key."""
    return hashlib.sha256("\0".join((record.source, *record.key)).encode()).hexdigest()


def _erased(connection: Connection, names: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of some records, by kind and key, were erased on somebody's behalf, which is for ever."""
    table = schema.companion_gone
    found: set[tuple[str, str]] = set()
    for part in in_parts(names):
        named = of_pairs(table.c.kind, table.c.record_key, part)
        asked = select(table.c.kind, table.c.record_key).where(named, table.c.cause == "erased")
        found |= {(row.kind, row.record_key) for row in connection.execute(asked)}
    return found


def _about(record: Record) -> bool:
    return "contact_id" in record.values


def _row(one: Arrival) -> dict[str, Any]:
    record = one.record
    return {
        "kind": record.table,
        "record_key": record_key(record),
        "source": record.source,
        "contact_id": record.values.get("contact_id"),
        "customer_id": record.values.get("customer_id"),
        "body": {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in record.values.items()
        },
        **one.columns,
    }
