"""One person in the operational store: every row that is about them, or that quotes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, false, or_, select, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.arrival import in_parts, of_contact
from firstcontact.adapters.stores.sql.contact_arrival import DECISION
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.sql.expire import Expiry
from firstcontact.adapters.stores.sql.quote import ERASED, Quotes
from firstcontact.adapters.stores.sql.release import carried, release
from firstcontact.adapters.stores.sql.remove import BY_CONTACT, drop_companions, mark_gone, remove
from firstcontact.adapters.stores.sql.settle import settle
from firstcontact.measurement.linking.identifier import OWN_ID
from firstcontact.measurement.reference.identifier import spell
from firstcontact.services.erase import Found, Key, Subject

_contact, _identifier, _companion = schema.contact, schema.identifier, schema.companion


class SqlSubjects:
    """People in the operational store. Implements `services.erase.Subjects`.

    Args:
        database: The operational store.
        region: Gives the country in which national telephone numbers are read.
    """

    def __init__(self, database: Database, region: Callable[[], str | None] = lambda: None) -> None:
        self._database = database
        self._region = region
        self._quotes = Quotes(database, region)

    def by_identifier(self, kind: str, value: str) -> Found:
        spelled = spell(kind, value, self._region())
        named = and_(_identifier.c.kind == kind, or_(_identifier.c.value == value, _identifier.c.spelled == spelled))
        with self._database.reading() as connection:
            keys = _keys(connection, select(_identifier.c.source, _identifier.c.contact_id).where(named).distinct())
            people: set[int] = set()
            alone: list[Key] = []
            for part in in_parts(keys):
                asked = select(_contact.c.source, _contact.c.contact_id, _contact.c.person_id)
                for row in connection.execute(asked.where(of_contact(_contact, part))):
                    if row.person_id is None:
                        alone.append((row.source, row.contact_id))
                    else:
                        people.add(row.person_id)
            beside = kind == OWN_ID and _has(connection, _companion, _companion.c.customer_id == value)
            if len(people) > 1 or not (people or alone or beside):
                return Found(tuple(sorted(people)), None)
            person = next(iter(people), None)
            found = _subject(connection, person, alone, {value} | ({spelled} if spelled else set()))
            if kind == OWN_ID:
                found = replace(found, customer_ids=found.customer_ids | {value})
            return Found(tuple(people), found)

    def by_number(self, person_id: int) -> Subject | None:
        with self._database.reading() as connection:
            found = _subject(connection, person_id, [], set())
        return found if found.keys else None

    def export(self, subject: Subject) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        with self._database.reading() as connection:
            for name, table in BY_CONTACT.items():
                found[name] = []
                for part in in_parts(subject.keys):
                    found[name] += _dicts(connection, select(table).where(of_contact(table, part)))
            found["companions"] = _dicts(connection, select(_companion).where(_about(subject)))
            ids = self._quotes.set_aside(connection, _alone(connection, subject))
            found["quarantine"] = []
            for part in in_parts(ids):
                found["quarantine"] += _dicts(
                    connection, select(schema.quarantine).where(schema.quarantine.c.id.in_(part))
                )
            if subject.person_id is not None:
                seen = schema.audit_event
                found["audit"] = _dicts(connection, select(seen).where(seen.c.person_id == subject.person_id))
        return found

    def erase(self, subject: Subject, now: datetime) -> dict[str, int]:
        counts: dict[str, int] = {}
        with self._database.writing() as connection:
            seq = self._database.next_seq(connection, 1)
            counts["companions"] = self._erase_companions(connection, subject, now, seq)
            freed = carried(connection, subject.keys)
            for name, table in BY_CONTACT.items():
                counts[name] = sum(
                    remove(connection, table, of_contact(table, part)) for part in in_parts(subject.keys)
                )
            mark_gone(connection, subject.keys, now, seq, "erased")
            release(self._database, connection, freed, now)
            person = subject.person_id
            if person is not None:
                keyed, proposal, seen = schema.person_key, schema.identity_proposal, schema.audit_event
                counts["names"] = remove(connection, keyed, keyed.c.person_id == person)
                sides = or_(proposal.c.left_person == person, proposal.c.right_person == person)
                counts["proposals"] = remove(connection, proposal, sides)
                blank = update(seen).where(seen.c.person_id == person).values(detail=ERASED, object=None)
                counts["audit"] = connection.execute(blank).rowcount
            counts["decided"] = _forget_in_decisions(connection, set(subject.keys))
        # Nothing of theirs comes in any more, so what quotes them is looked for while others write.
        return counts | self._quotes.erase(self.alone(subject))

    def alone(self, subject: Subject) -> Subject:
        with self._database.reading() as connection:
            return _alone(connection, subject)

    def expire(self, before: Mapping[str, datetime], now: datetime) -> dict[str, int]:
        return Expiry(self._database).expire(before, now)

    def settle(self, values: frozenset[str]) -> list[str]:
        return settle(self._database, values)

    def search(self, subject: Subject) -> list[str]:
        with self._database.reading() as connection:
            return self._quotes.search(connection, subject)

    def forget_arguments(self, job_id: str, result: dict[str, Any]) -> None:
        with self._database.writing() as connection:
            done = update(schema.job).where(schema.job.c.id == job_id)
            connection.execute(done.values(arguments=ERASED | {"result": result}))

    def backups(self) -> list[str]:
        seen = schema.audit_event
        asked = select(seen.c.at, seen.c.object).where(seen.c.action.like("backup%")).order_by(seen.c.id)
        with self._database.reading() as connection:
            return [f"{row.at.isoformat()}Z {row.object or ''}".strip() for row in connection.execute(asked)]

    def _erase_companions(self, connection: Connection, subject: Subject, now: datetime, seq: int) -> int:
        asked = select(_companion.c.kind, _companion.c.record_key).where(_about(subject))
        return drop_companions(
            connection, [(row.kind, row.record_key) for row in connection.execute(asked)], now, seq, "erased"
        )


def _subject(connection: Connection, person: int | None, alone: Sequence[Key], values: set[str]) -> Subject:
    keys = set(alone)
    if person is not None:
        for table in (_contact, schema.link):
            asked = select(table.c.source, table.c.contact_id).where(table.c.person_id == person)
            keys |= set(_keys(connection, asked))
    named, own_ids = set(values), set()
    for part in in_parts(sorted(keys)):
        mine = select(_identifier.c.kind, _identifier.c.value, _identifier.c.spelled)
        for row in connection.execute(mine.where(of_contact(_identifier, part), _identifier.c.kind != DECISION)):
            named |= {row.value, row.spelled} - {None}
            own_ids |= {row.value} if row.kind == OWN_ID else set()
        own = select(_contact.c.customer_id).where(of_contact(_contact, part), _contact.c.customer_id.is_not(None))
        own_ids |= set(connection.execute(own).scalars())
        before = schema.contact_before
        for (body,) in connection.execute(select(before.c.body).where(of_contact(before, part))):
            named |= {value for _, value in body["identifiers"]}
            own_ids |= {body["columns"].get("customer_id")} - {None}
    if person is not None:
        keyed = schema.person_key
        named |= set(connection.execute(select(keyed.c.spelled).where(keyed.c.person_id == person)).scalars())
    return Subject(person, tuple(sorted(keys)), frozenset(named | own_ids), frozenset(own_ids))


def _alone(connection: Connection, subject: Subject) -> Subject:
    """A person by what names nobody else: without values that other contacts carry too."""
    keys, shared = set(subject.keys), set()
    for part in in_parts(sorted(subject.values)):
        for column in (_identifier.c.value, _identifier.c.spelled):
            asked = select(column, _identifier.c.source, _identifier.c.contact_id).where(column.in_(part))
            shared |= {row[0] for row in connection.execute(asked) if (row.source, row.contact_id) not in keys}
    return replace(subject, values=subject.values - shared)


def _about(subject: Subject) -> Any:
    """The condition that a record beside the contacts is about a person."""
    by_contact = [of_contact(_companion, part) for part in in_parts(subject.keys)]
    by_customer = [_companion.c.customer_id.in_(part) for part in in_parts(sorted(subject.customer_ids))]
    return or_(*by_contact, *by_customer) if by_contact or by_customer else false()


def _keys(connection: Connection, asked: Any) -> list[Key]:
    return [(row.source, row.contact_id) for row in connection.execute(asked)]


def _dicts(connection: Connection, asked: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(asked).mappings()]


def _has(connection: Connection, table: Table, condition: Any) -> bool:
    return (
        connection.execute(select(table.c[table.primary_key.columns.keys()[0]]).where(condition).limit(1)).first()
        is not None
    )


def _forget_in_decisions(connection: Connection, keys: set[Key]) -> int:
    """Take contacts out of the decisions about who is whom."""
    table, changed = schema.identity_decision, 0
    for row in connection.execute(select(table.c.id, table.c.contacts)).all():
        left = [pair for pair in row.contacts if tuple(pair) not in keys]
        if len(left) != len(row.contacts):
            connection.execute(update(table).where(table.c.id == row.id).values(contacts=left, note=None))
            changed += 1
    return changed
