"""Imports and saved mappings as rows, and the way back from an import."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.arrival import of_contact
from firstcontact.adapters.stores.sql.audit import write_event
from firstcontact.adapters.stores.sql.contact_arrival import decisions_of, identifier_rows, sent_apart, text_ref
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.sql.release import carried, release
from firstcontact.contacts.table import CONTACTS
from firstcontact.measurement.linking.identifier import OWN_ID
from firstcontact.services.audit import Event
from firstcontact.services.upload import Import, ImportState

Key = tuple[str, str]

_import = schema.import_
_MOMENTS = {column.name for column in CONTACTS.columns if column.type == "timestamp"}
_COLUMNS = tuple(name for name in CONTACTS.names if name not in {"source", "contact_id"})


class SqlImports:
    """Where imports are kept. Implements `services.take_import.Imports`.

    Args:
        database: The operational store.
        region: Gives the country in which national telephone numbers are read.
    """

    def __init__(self, database: Database, region: Callable[[], str | None] = lambda: None) -> None:
        self._database = database
        self._region = region

    def add(self, one: Import) -> None:
        with self._database.writing() as connection:
            values = {name: getattr(one, name) for name in Import.__dataclass_fields__}
            connection.execute(insert(_import).values(values))
            write_event(connection, Event(one.created_by, "import.create", one.created_at, one.id))

    def find(self, import_id: str) -> Import | None:
        with self._database.reading() as connection:
            row = connection.execute(select(_import).where(_import.c.id == import_id)).first()
        return _read(row) if row is not None else None

    def page(self, *, before: str | None, limit: int) -> list[Import]:
        asked = select(_import).order_by(_import.c.id.desc()).limit(limit)
        if before is not None:
            asked = asked.where(_import.c.id < before)
        with self._database.reading() as connection:
            return [_read(row) for row in connection.execute(asked)]

    def receive(self, import_id: str, offset: int, length: int, keep: Callable[[], None]) -> bool:
        named = and_(_import.c.id == import_id, _import.c.received == offset, _import.c.state == "uploading")
        counted = update(_import).where(named).values(received=offset + length)
        with self._database.writing() as connection:
            # The row is locked from here on, so that of two parts for one place only one gets its name.
            if connection.execute(counted).rowcount != 1:
                return False
            keep()
        return True

    def change(self, import_id: str, among: frozenset[ImportState], **values: Any) -> Import | None:
        named = and_(_import.c.id == import_id, _import.c.state.in_(sorted(among)))
        with self._database.writing() as connection:
            row = connection.execute(update(_import).where(named).values(values).returning(_import)).first()
        return _read(row) if row is not None else None

    def undo_some(self, import_id: str, now: datetime, most: int) -> int:
        with self._database.writing() as connection:
            seq = self._database.next_seq(connection, 1)
            undone = self._contacts(connection, import_id, now, seq, most)
            undone += _companions(connection, import_id, now, seq, most - undone)
            if undone < most:
                # What was set aside by it, and what it had brought before something newer came.
                before = schema.contact_before
                connection.execute(delete(schema.quarantine).where(schema.quarantine.c.import_id == import_id))
                connection.execute(delete(before).where(before.c.import_id == import_id))
        return undone

    def _contacts(self, connection: Connection, import_id: str, now: datetime, seq: int, most: int) -> int:
        table = schema.contact
        asked = select(table.c.source, table.c.contact_id).where(table.c.import_id == import_id).limit(most)
        keys = [(row.source, row.contact_id) for row in connection.execute(asked)]
        for start in range(0, len(keys), 400):
            part = keys[start : start + 400]
            earlier = _earlier(connection, part, import_id)
            freed = carried(connection, part)
            for gone in (schema.identifier, schema.text, schema.contact):
                connection.execute(delete(gone).where(of_contact(gone, part)))
            self._restore(connection, earlier, seq, now)
            new = [key for key in part if key not in earlier]
            if new:
                rows = [
                    {"source": key[0], "contact_id": key[1], "seq": seq, "cause": "undone", "gone_at": now}
                    for key in new
                ]
                connection.execute(delete(schema.contact_gone).where(of_contact(schema.contact_gone, new)))
                connection.execute(insert(schema.contact_gone), rows)
            release(self._database, connection, freed, now)
        return len(keys)

    def _restore(self, connection: Connection, earlier: dict[Key, Row[Any]], seq: int, now: datetime) -> None:
        """Put versions that were replaced back into force, with their identifiers and their text."""
        if not earlier:
            return
        keys = list(earlier)
        rows: list[dict[str, Any]] = []
        texts: list[dict[str, Any]] = []
        pairs: dict[Key, set[tuple[str, str]]] = {}
        apart = sent_apart(connection, keys)
        for key, one in earlier.items():
            columns = {
                name: datetime.fromisoformat(value) if name in _MOMENTS and isinstance(value, str) else value
                for name, value in one.body["columns"].items()
            }
            rows.append(
                {name: columns.get(name) for name in _COLUMNS}
                | {
                    "source": key[0],
                    "contact_id": key[1],
                    "attributes": one.body["attributes"],
                    "version": one.version,
                    "digest": one.digest,
                    "seq": seq,
                    "received_at": one.replaced_at,
                    "import_id": one.import_id,
                }
            )
            named = {(str(kind), str(value)) for kind, value in one.body["identifiers"]} | set(apart.get(key, ()))
            own = columns.get("customer_id")
            pairs[key] = named | ({(OWN_ID, str(own))} if own else set())
            if "text" in one.body:
                rows[-1]["text_ref"] = text_ref(*key)
                texts.append(
                    {
                        "text_ref": text_ref(*key),
                        "source": key[0],
                        "contact_id": key[1],
                        "body": one.body["text"],
                        "redacted": {},
                        "stored_at": now,
                    }
                )
        connection.execute(insert(schema.contact), rows)
        found = identifier_rows(pairs, decisions_of(connection, keys), self._region())
        if found:
            connection.execute(insert(schema.identifier), found)
        if texts:
            connection.execute(insert(schema.text), texts)
        used = [one.id for one in earlier.values()]
        connection.execute(delete(schema.contact_before).where(schema.contact_before.c.id.in_(used)))

    def mapping(self, name: str) -> dict[str, Any] | None:
        table = schema.mapping
        with self._database.reading() as connection:
            return connection.execute(select(table.c.value).where(table.c.name == name)).scalar_one_or_none()

    def mappings(self) -> list[str]:
        with self._database.reading() as connection:
            return list(connection.execute(select(schema.mapping.c.name).order_by(schema.mapping.c.name)).scalars())

    def save_mapping(self, name: str, value: dict[str, Any], *, actor: str, now: datetime) -> None:
        new = {"value": value, "changed_by": actor, "changed_at": now}
        kept = self._database.upsert(schema.mapping).values(name=name, **new)
        with self._database.writing() as connection:
            connection.execute(kept.on_conflict_do_update(index_elements=["name"], set_=new))
            write_event(connection, Event(actor, "mapping.save", now, name))

    def drop_mapping(self, name: str) -> bool:
        with self._database.writing() as connection:
            return connection.execute(delete(schema.mapping).where(schema.mapping.c.name == name)).rowcount > 0


def _earlier(connection: Connection, keys: Sequence[Key], import_id: str) -> dict[Key, Row[Any]]:
    """Of each contact the newest version that another than this import had brought."""
    table = schema.contact_before
    asked = select(table).where(of_contact(table, keys)).order_by(table.c.version, table.c.id)
    return {
        (row.source, row.contact_id): row for row in connection.execute(asked) if row.import_id != import_id
    }  # the last of each counts


def _companions(connection: Connection, import_id: str, now: datetime, seq: int, most: int) -> int:
    if most <= 0:
        return 0
    table, gone = schema.companion, schema.companion_gone
    asked = select(table.c.kind, table.c.record_key).where(table.c.import_id == import_id).limit(most)
    keys = [(row.kind, row.record_key) for row in connection.execute(asked)]
    for kind, key in keys:
        connection.execute(delete(table).where(table.c.kind == kind, table.c.record_key == key))
        connection.execute(delete(gone).where(gone.c.kind == kind, gone.c.record_key == key))
    if keys:
        rows = [{"kind": kind, "record_key": key, "seq": seq, "cause": "undone", "gone_at": now} for kind, key in keys]
        connection.execute(insert(gone), rows)
    return len(keys)


def _read(row: Row[Any]) -> Import:
    return Import(**{name: getattr(row, name) for name in Import.__dataclass_fields__})
