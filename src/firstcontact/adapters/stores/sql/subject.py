"""One person in the operational store: every row that is about them, or that quotes them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, Text, and_, cast, delete, false, func, insert, or_, select, text, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.arrival import in_parts, of_contact
from firstcontact.adapters.stores.sql.contact_arrival import DECISION
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.sql.release import carried, release
from firstcontact.measurement.linking.identifier import OWN_ID
from firstcontact.measurement.reference.identifier import spell
from firstcontact.services.erase import Found, Key, Subject

_contact, _identifier, _companion = schema.contact, schema.identifier, schema.companion

_BY_CONTACT: dict[str, Table] = {
    "contacts": schema.contact,
    "earlier_versions": schema.contact_before,
    "identifiers": schema.identifier,
    "texts": schema.text,
    "links": schema.link,
    "decisions": schema.identity_override,
}
"""Tables with a row or more for each contact, as an export calls them."""

ERASED = {"erased": True}
"""What stands where something was quoted."""


class SqlSubjects:
    """People in the operational store. Implements `services.erase.Subjects`.

    Args:
        database: The operational store.
        region: Gives the country in which national telephone numbers are read.
    """

    def __init__(self, database: Database, region: Callable[[], str | None] = lambda: None) -> None:
        self._database = database
        self._region = region

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
            return Found(
                tuple(people), _subject(connection, person, alone, {value} | ({spelled} if spelled else set()))
            )

    def by_number(self, person_id: int) -> Subject | None:
        with self._database.reading() as connection:
            found = _subject(connection, person_id, [], set())
        return found if found.keys else None

    def export(self, subject: Subject) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        with self._database.reading() as connection:
            for name, table in _BY_CONTACT.items():
                found[name] = []
                for part in in_parts(subject.keys):
                    found[name] += _dicts(connection, select(table).where(of_contact(table, part)))
            found["companions"] = _dicts(connection, select(_companion).where(_about(subject)))
            ids = self._quarantined(connection, subject)
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
        with self._database.writing() as connection:
            seq = self._database.next_seq(connection, 1)
            counts: dict[str, int] = {}
            counts["quarantine"] = 0
            for ids in in_parts(self._quarantined(connection, subject)):
                counts["quarantine"] += _gone(connection, schema.quarantine, schema.quarantine.c.id.in_(ids))
            counts["companions"] = self._erase_companions(connection, subject, now, seq)
            freed = carried(connection, subject.keys)
            for name, table in _BY_CONTACT.items():
                counts[name] = sum(_gone(connection, table, of_contact(table, part)) for part in in_parts(subject.keys))
            _mark_gone(connection, subject.keys, now, seq, "erased")
            release(self._database, connection, freed, now)
            person = subject.person_id
            if person is not None:
                keyed, proposal, seen = schema.person_key, schema.identity_proposal, schema.audit_event
                counts["names"] = _gone(connection, keyed, keyed.c.person_id == person)
                sides = or_(proposal.c.left_person == person, proposal.c.right_person == person)
                counts["proposals"] = _gone(connection, proposal, sides)
                blank = update(seen).where(seen.c.person_id == person).values(detail=ERASED, object=None)
                counts["audit"] = connection.execute(blank).rowcount
            counts["decided"] = _forget_in_decisions(connection, set(subject.keys))
            counts |= self._erase_quotes(connection, subject)
        return counts

    def erased(self) -> set[Key]:
        table = schema.contact_gone
        with self._database.reading() as connection:
            return set(_keys(connection, select(table.c.source, table.c.contact_id)))

    def expire(self, before: Mapping[str, datetime], now: datetime) -> dict[str, int]:
        counts: dict[str, int] = {}
        if "contacts" in before:
            counts["contacts"] = self._expire_contacts(before["contacts"], now)
        if "companions" in before:
            counts["companions"] = self._expire_companions(before["companions"], now)
        simple = {
            "texts": (schema.text, schema.text.c.stored_at),
            "earlier_versions": (schema.contact_before, schema.contact_before.c.replaced_at),
            "quarantine": (schema.quarantine, schema.quarantine.c.received_at),
            "jobs": (schema.job, schema.job.c.ended_at),
            "deliveries": (schema.delivery, schema.delivery.c.created_at),
            "audit": (schema.audit_event, schema.audit_event.c.at),
        }
        for name, (table, moment) in simple.items():
            if name in before:
                with self._database.writing() as connection:
                    counts[name] = _gone(connection, table, moment < before[name])
        return counts

    def settle(self, needles: Sequence[str]) -> None:
        if not self._database.is_sqlite:
            touched = (*_BY_CONTACT.values(), _companion, schema.quarantine, schema.audit_event, schema.job)
            with self._database.engine.connect() as connection:
                outside = connection.execution_options(isolation_level="AUTOCOMMIT")
                for table in touched:
                    outside.execute(text(f'VACUUM "{table.name}"'))
            return
        self._checkpoint()
        path = self._database.engine.url.database
        forms = [form.encode() for needle in needles for form in spellings(needle)]
        if path and forms and _stands_in(path, forms):
            # What moved between pages may have left a copy of itself where no row points any more.
            with self._database.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")
            self._checkpoint()

    def forget_arguments(self, job_id: str) -> None:
        with self._database.writing() as connection:
            connection.execute(update(schema.job).where(schema.job.c.id == job_id).values(arguments=ERASED))

    def backups(self) -> list[str]:
        seen = schema.audit_event
        asked = select(seen.c.at, seen.c.object).where(seen.c.action.like("backup%")).order_by(seen.c.id)
        with self._database.reading() as connection:
            return [f"{row.at.isoformat()}Z {row.object or ''}".strip() for row in connection.execute(asked)]

    def _checkpoint(self) -> None:
        """Empty the write-ahead log; readers that are at it may hold that up for a moment."""
        for _ in range(20):
            with self._database.engine.connect() as connection:
                raw = connection.execution_options(isolation_level="AUTOCOMMIT")
                busy = raw.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
            if not busy:
                return
            time.sleep(0.1)

    def _erase_companions(self, connection: Connection, subject: Subject, now: datetime, seq: int) -> int:
        asked = select(_companion.c.kind, _companion.c.record_key).where(_about(subject))
        return _drop_companions(
            connection, [(row.kind, row.record_key) for row in connection.execute(asked)], now, seq, "erased"
        )

    def _quarantined(self, connection: Connection, subject: Subject) -> list[int]:
        """Rows set aside that name one of the person's contacts, or quote a value of theirs in any spelling."""
        table = schema.quarantine
        keys, found = set(subject.keys), []
        needles = [form for needle in subject.needles for form in spellings(needle)]
        for row in connection.execute(select(table.c.id, table.c.source, table.c.raw)):
            if any(needle in row.raw for needle in needles) or self._names(row.source, row.raw, keys, subject.values):
                found.append(row.id)
        return found

    def _names(self, source: str | None, raw: str, keys: set[Key], values: frozenset[str]) -> bool:
        try:
            item = json.loads(raw)
        except ValueError:
            return False
        if not isinstance(item, dict):
            return False
        if (str(item.get("source", source)), str(item.get("contact_id"))) in keys:
            return True
        pairs = [(OWN_ID, item.get("customer_id")), *((column, item[column]) for column in item)]
        given = item.get("identifiers")
        for one in given if isinstance(given, list) else []:
            if isinstance(one, dict):
                pairs.append((str(one.get("kind")), one.get("value")))
        return any(
            isinstance(value, str) and (value in values or spell(kind, value, self._region()) in values)
            for kind, value in pairs
        )

    def _erase_quotes(self, connection: Connection, subject: Subject) -> dict[str, int]:
        """Blank what quotes a value of the person in rows that are about something else."""
        places: tuple[tuple[Table, str, Any], ...] = (
            (schema.job, "arguments", ERASED),
            (schema.job, "result", ERASED),
            (schema.job, "faults", []),
            (schema.audit_event, "detail", ERASED),
            (schema.audit_event, "object", None),
            (schema.delivery, "body", "{}"),
            (schema.import_, "preview", None),
            (schema.import_, "faults", []),
            (schema.identity_decision, "note", None),
            (schema.contact_before, "body", None),
        )
        counts: dict[str, int] = {}
        needles = [form for needle in subject.needles for form in spellings(needle)]
        for table, name, blank in places:
            column = cast(table.c[name], Text)
            holds = func.instr if self._database.is_sqlite else func.strpos
            for part in in_parts(needles, 50):
                quoted = or_(*(holds(column, needle) > 0 for needle in part))
                if table is schema.contact_before:  # a version of somebody else's contact that was once theirs
                    changed = _gone(connection, table, quoted)
                else:
                    changed = connection.execute(update(table).where(quoted).values({name: blank})).rowcount
                label = f"quoted_in_{table.name}"
                counts[label] = counts.get(label, 0) + changed
        return {name: count for name, count in counts.items() if count}

    def _expire_contacts(self, before: datetime, now: datetime) -> int:
        total = 0
        while True:
            with self._database.writing() as connection:
                old = (
                    select(_contact.c.source, _contact.c.contact_id).where(_contact.c.started_at < before).limit(2_000)
                )
                keys = _keys(connection, old)
                if not keys:
                    return total
                seq = self._database.next_seq(connection, 1)
                freed = carried(connection, keys)
                for part in in_parts(keys):
                    asked = select(_companion.c.kind, _companion.c.record_key).where(of_contact(_companion, part))
                    beside = [(row.kind, row.record_key) for row in connection.execute(asked)]
                    _drop_companions(connection, beside, now, seq, "expired")
                    for table in _BY_CONTACT.values():
                        if table is not schema.link:  # by which linking finds whom the contact leaves behind
                            _gone(connection, table, of_contact(table, part))
                _mark_gone(connection, keys, now, seq, "expired")
                release(self._database, connection, freed, now)
                total += len(keys)

    def _expire_companions(self, before: datetime, now: datetime) -> int:
        with self._database.writing() as connection:
            old = select(_companion.c.kind, _companion.c.record_key).where(_companion.c.received_at < before)
            seq = self._database.next_seq(connection, 1)
            return _drop_companions(
                connection, [(row.kind, row.record_key) for row in connection.execute(old)], now, seq, "expired"
            )


def spellings(value: str) -> tuple[str, ...]:
    """A value as it may stand in JSON, with and without escapes.

    >>> len(spellings("Дана")), len(spellings("Dana"))
    (2, 1)
    """
    return tuple(sorted({value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}))


def _subject(connection: Connection, person: int | None, alone: Sequence[Key], values: set[str]) -> Subject:
    keys = set(alone)
    if person is not None:
        for table in (_contact, schema.link):
            asked = select(table.c.source, table.c.contact_id).where(table.c.person_id == person)
            keys |= set(_keys(connection, asked))
    named = set(values)
    for part in in_parts(sorted(keys)):
        mine = select(_identifier.c.value, _identifier.c.spelled)
        for row in connection.execute(mine.where(of_contact(_identifier, part), _identifier.c.kind != DECISION)):
            named |= {row.value, row.spelled} - {None}
        own = select(_contact.c.customer_id).where(of_contact(_contact, part), _contact.c.customer_id.is_not(None))
        named |= set(connection.execute(own).scalars())
        before = schema.contact_before
        for (body,) in connection.execute(select(before.c.body).where(of_contact(before, part))):
            named |= {value for _, value in body["identifiers"]}
    if person is not None:
        keyed = schema.person_key
        named |= set(connection.execute(select(keyed.c.spelled).where(keyed.c.person_id == person)).scalars())
    return Subject(person, tuple(sorted(keys)), frozenset(named))


def _about(subject: Subject) -> Any:
    """The condition that a record beside the contacts is about a person."""
    by_contact = [of_contact(_companion, part) for part in in_parts(subject.keys)]
    by_customer = [_companion.c.customer_id.in_(part) for part in in_parts(sorted(subject.values))]
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


def _gone(connection: Connection, table: Table, condition: Any) -> int:
    return connection.execute(delete(table).where(condition)).rowcount


def _mark_gone(connection: Connection, keys: Iterable[Key], now: datetime, seq: int, cause: str) -> None:
    table = schema.contact_gone
    for part in in_parts(list(keys)):
        connection.execute(delete(table).where(of_contact(table, part)))
        rows = [{"source": one[0], "contact_id": one[1], "seq": seq, "cause": cause, "gone_at": now} for one in part]
        connection.execute(insert(table), rows)


def _drop_companions(
    connection: Connection, keys: Sequence[tuple[str, str]], now: datetime, seq: int, cause: str
) -> int:
    gone = schema.companion_gone
    for kind, key in keys:
        connection.execute(delete(_companion).where(_companion.c.kind == kind, _companion.c.record_key == key))
        connection.execute(delete(gone).where(gone.c.kind == kind, gone.c.record_key == key))
    if keys:
        rows = [{"kind": kind, "record_key": key, "seq": seq, "cause": cause, "gone_at": now} for kind, key in keys]
        connection.execute(insert(gone), rows)
    return len(keys)


def _forget_in_decisions(connection: Connection, keys: set[Key]) -> int:
    """Take contacts out of the decisions about who is whom."""
    table, changed = schema.identity_decision, 0
    for row in connection.execute(select(table.c.id, table.c.contacts)).all():
        left = [pair for pair in row.contacts if tuple(pair) not in keys]
        if len(left) != len(row.contacts):
            connection.execute(update(table).where(table.c.id == row.id).values(contacts=left, note=None))
            changed += 1
    return changed


def _stands_in(path: str, forms: Sequence[bytes]) -> bool:
    longest = max(len(form) for form in forms)
    with open(path, "rb") as file:  # noqa: PTH123 - the engine's own name of its file
        before = b""
        while block := file.read(1 << 22):
            if any(form in before + block for form in forms):
                return True
            before = block[-longest:]
    return False
