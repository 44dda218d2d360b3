"""Contacts that arrive: the row in force, its identifiers and its text, and behind it what it was before."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.arrival import Arrival, erased, in_parts, of_contact, rank
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.contacts.record import Record
from firstcontact.contacts.table import CONTACTS
from firstcontact.measurement.linking.identifier import OWN_ID
from firstcontact.measurement.reference.identifier import spell
from firstcontact.services.ingest import Outcome

DECISION = "decision"
"""The kind of identifier by which a person's decision joins contacts, or keeps one apart."""

Key = tuple[str, str]

_COLUMNS = tuple(name for name in CONTACTS.names if name not in {"source", "contact_id"})


class ContactArrival:
    """Stores contacts.

    Args:
        database: The operational store.
        region: Gives the country in which national telephone numbers are read.
    """

    def __init__(self, database: Database, region: Callable[[], str | None]) -> None:
        self._database = database
        self._region = region

    def take(self, connection: Connection, arrivals: Sequence[Arrival]) -> dict[int, Outcome]:
        """Store contacts, none of them twice.

        Args:
            connection: A writing transaction that holds the number of the change.
            arrivals: The contacts.

        Returns:
            What became of each, by its place.
        """
        keys = [_key(one.record) for one in arrivals]
        there = _rows(connection, keys)
        gone = erased(connection, [key for key in keys if key not in there])
        found: dict[int, Outcome] = {}
        groups: dict[Outcome, list[Arrival]] = defaultdict(list)
        for one, key in zip(arrivals, keys, strict=True):
            found[one.place] = Outcome.ERASED if gone.get(key) else rank(one.record, there.get(key))
            groups[found[one.place]].append(one)
        replaced = groups[Outcome.REPLACED]
        self._keep_before(connection, replaced, there)
        self._keep_older(connection, groups[Outcome.OLDER])
        if groups[Outcome.STORED]:
            back = [key for key, for_ever in gone.items() if not for_ever]
            for part in in_parts(back):
                connection.execute(delete(schema.contact_gone).where(of_contact(schema.contact_gone, part)))
            connection.execute(insert(schema.contact), [_row(one) for one in groups[Outcome.STORED]])
        if replaced:
            named = (schema.contact.c.source == bindparam("b_source")) & (
                schema.contact.c.contact_id == bindparam("b_contact_id")
            )
            rows = [_row(one) for one in replaced]
            for row in rows:
                row["b_source"], row["b_contact_id"] = row.pop("source"), row.pop("contact_id")
            connection.execute(update(schema.contact).where(named), rows)
        self._identify(connection, [*groups[Outcome.STORED], *replaced])
        found |= _brought_before(connection, groups[Outcome.UNCHANGED], there)
        return found

    def _keep_before(self, connection: Connection, replaced: list[Arrival], there: dict[Key, Row[Any]]) -> None:
        """Put what is replaced behind what replaces it, and take its identifiers and text out of force."""
        if not replaced:
            return
        keys = [_key(one.record) for one in replaced]
        pairs = pairs_of(connection, keys)
        texts: dict[Key, Row[Any]] = {}
        for part in in_parts(keys):
            for row in connection.execute(select(schema.text).where(of_contact(schema.text, part))):
                texts[row.source, row.contact_id] = row
        connection.execute(
            insert(schema.contact_before),
            [
                {
                    "source": key[0],
                    "contact_id": key[1],
                    "version": there[key].version,
                    "digest": there[key].digest,
                    "body": body_of(there[key]._mapping, pairs.get(key, ()), *_said(texts.get(key))),
                    "import_id": there[key].import_id,
                    "replaced_by": one.import_id,
                    "replaced_at": one.now,
                }
                for one, key in zip(replaced, keys, strict=True)
            ],
        )
        for part in in_parts(keys):
            connection.execute(delete(schema.identifier).where(of_contact(schema.identifier, part)))
            connection.execute(delete(schema.text).where(of_contact(schema.text, part)))

    def _keep_older(self, connection: Connection, older: list[Arrival]) -> None:
        """Put versions that come too late straight behind the one in force, once each."""
        table = schema.contact_before
        known: set[tuple[str, str, str]] = set()
        for part in in_parts([_key(one.record) for one in older]):
            asked = select(table.c.source, table.c.contact_id, table.c.digest).where(of_contact(table, part))
            known |= {(row.source, row.contact_id, row.digest) for row in connection.execute(asked)}
        rows = [
            {
                "source": one.record.source,
                "contact_id": one.record.key[0],
                "version": one.record.version,
                "digest": one.record.digest,
                "body": body_of(
                    {**one.record.values, "attributes": one.record.attributes},
                    one.record.identifiers,
                    one.record.text,
                    one.now,
                ),
                "import_id": one.import_id,
                "replaced_at": one.now,
            }
            for one in older
            if (one.record.source, one.record.key[0], one.record.digest) not in known
        ]
        if rows:
            connection.execute(insert(table), rows)

    def _identify(self, connection: Connection, arrivals: list[Arrival]) -> None:
        """Put identifiers and texts into force."""
        if not arrivals:
            return
        keys = [_key(one.record) for one in arrivals]
        apart = sent_apart(connection, keys)
        pairs = {
            key: {*one.record.identifiers, *apart.get(key, ())}
            | ({(OWN_ID, one.record.values["customer_id"])} if one.record.values.get("customer_id") else set())
            for one, key in zip(arrivals, keys, strict=True)
        }
        rows = identifier_rows(pairs, decisions_of(connection, keys), self._region())
        if rows:
            connection.execute(insert(schema.identifier), rows)
        texts = [
            {
                "text_ref": text_ref(one.record.source, one.record.key[0]),
                "source": one.record.source,
                "contact_id": one.record.key[0],
                "body": one.record.text,
                "redacted": one.record.redacted,
                "stored_at": one.now,
            }
            for one in arrivals
            if one.record.text is not None
        ]
        if texts:
            connection.execute(insert(schema.text), texts)


def _brought_before(connection: Connection, copies: list[Arrival], there: dict[Key, Row[Any]]) -> dict[int, Outcome]:
    """What became of records that their import stored before it broke off without having counted them: what it was
    then. Any other copy, be it within the file, is a copy.
    """
    again = [one for one in copies if one.stored_before(there[_key(one.record)])]
    table = schema.contact_before
    replaced: set[tuple[Key, str | None]] = set()
    for part in in_parts([_key(one.record) for one in again]):
        asked = select(table.c.source, table.c.contact_id, table.c.replaced_by).where(of_contact(table, part))
        replaced |= {((row.source, row.contact_id), row.replaced_by) for row in connection.execute(asked)}
    return {
        one.place: Outcome.REPLACED if (_key(one.record), one.import_id) in replaced else Outcome.STORED
        for one in again
    }


def identifier_rows(
    pairs: dict[Key, set[tuple[str, str]]], decisions: dict[Key, list[tuple[str, str]]], region: str | None
) -> list[dict[str, Any]]:
    """Identifiers as they stand in force.

    A contact that somebody split off is known by that decision and later ones alone: its own identifiers stay, but
    name nobody.

    Args:
        pairs: Kind and value, by contact.
        decisions: Id and verb of the decisions in force about a contact, oldest first.
        region: The country in which national telephone numbers are read.
    """
    rows = []
    for key, named in pairs.items():
        about = decisions.get(key, [])
        splits = [place for place, (_, verb) in enumerate(about) if verb == "split"]
        counted = about[splits[-1] :] if splits else about
        for kind, value in sorted(named):
            spelled = None if splits else spell(kind, value, region)
            rows.append({"source": key[0], "contact_id": key[1], "kind": kind, "value": value, "spelled": spelled})
        for decision, _ in counted:
            rows.append(
                {"source": key[0], "contact_id": key[1], "kind": DECISION, "value": decision, "spelled": decision}
            )
    return rows


def pairs_of(connection: Connection, keys: Sequence[Key]) -> dict[Key, list[tuple[str, str]]]:
    """Identifiers of contacts as they were sent."""
    table = schema.identifier
    found: dict[Key, list[tuple[str, str]]] = defaultdict(list)
    for part in in_parts(keys):
        asked = select(table).where(of_contact(table, part), table.c.kind != DECISION)
        for row in connection.execute(asked.order_by(table.c.kind, table.c.value)):
            found[row.source, row.contact_id].append((row.kind, row.value))
    return found


def sent_apart(connection: Connection, keys: Sequence[Key]) -> dict[Key, list[tuple[str, str]]]:
    """Identifiers of contacts that were sent by themselves, beside the contact."""
    table = schema.companion
    found: dict[Key, list[tuple[str, str]]] = defaultdict(list)
    for part in in_parts(keys):
        asked = select(table.c.source, table.c.contact_id, table.c.body)
        for row in connection.execute(asked.where(of_contact(table, part), table.c.kind == "identifiers")):
            found[row.source, row.contact_id].append((row.body["kind"], row.body["value"]))
    return found


def decisions_of(connection: Connection, keys: Sequence[Key]) -> dict[Key, list[tuple[str, str]]]:
    """Id and verb of the decisions in force about contacts, oldest first."""
    about, decision = schema.identity_override, schema.identity_decision
    found: dict[Key, list[tuple[str, str]]] = defaultdict(list)
    for part in in_parts(keys):
        asked = (
            select(about.c.source, about.c.contact_id, about.c.decision_id, about.c.verb)
            .join(decision, decision.c.id == about.c.decision_id)
            .where(of_contact(about, part), decision.c.undone_at.is_(None))
            .order_by(decision.c.decided_at, decision.c.id)
        )
        for row in connection.execute(asked):
            found[row.source, row.contact_id].append((row.decision_id, row.verb))
    return found


def body_of(
    values: Any, identifiers: Iterable[tuple[str, str]], text: str | None, text_at: datetime | None
) -> dict[str, Any]:
    """A contact as plain data, as `contact_before` keeps it; its text with the moment since when it has been kept."""
    columns = {name: values.get(name) for name in _COLUMNS}
    plain = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in columns.items()
        if value is not None
    }
    body: dict[str, Any] = {"columns": plain, "attributes": values.get("attributes") or {}}
    body["identifiers"] = [list(pair) for pair in identifiers]
    if text is not None:
        body["text"] = text
        body["text_at"] = text_at.isoformat() if text_at else None
    return body


def _said(row: Row[Any] | None) -> tuple[str | None, datetime | None]:
    """A text, and since when it has been kept."""
    return (row.body, row.stored_at) if row is not None else (None, None)


def text_ref(source: str, contact_id: str) -> str:
    """Where the text of a contact is kept."""
    return hashlib.sha256(f"{source}\0{contact_id}".encode()).hexdigest()


def _rows(connection: Connection, keys: Sequence[Key]) -> dict[Key, Row[Any]]:
    table = schema.contact
    found: dict[Key, Row[Any]] = {}
    for part in in_parts(keys):
        for row in connection.execute(select(table).where(of_contact(table, part))):
            found[row.source, row.contact_id] = row
    return found


def _key(record: Record) -> Key:
    return record.source, record.key[0]


def _row(one: Arrival) -> dict[str, Any]:
    record = one.record
    row: dict[str, Any] = {"source": record.source, "contact_id": record.key[0], "attributes": record.attributes}
    row |= {name: record.values.get(name) for name in _COLUMNS} | one.columns
    if record.text is not None:
        row["text_ref"] = text_ref(record.source, record.key[0])
    return row
