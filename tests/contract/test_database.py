"""Writers of one store take turns: nobody waits longer than for the one before, and nobody for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text
from sqlalchemy.exc import OperationalError

from firstcontact.adapters.stores.sql import condition, schema
from firstcontact.adapters.stores.sql import database as module
from firstcontact.adapters.stores.sql.audit import SqlAudit
from firstcontact.adapters.stores.sql.condition import SqlConditions
from firstcontact.adapters.stores.sql.database import Database, explained, sqlite_url
from firstcontact.adapters.stores.sql.people import SqlPeople
from firstcontact.adapters.stores.sql.subscription import SqlSubscriptions
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.service import Service
from tests.service_fixture import Cluster

MOMENT = datetime(2026, 1, 5, 9)  # noqa: DTZ001 - UTC, as everywhere inside


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    """One SQLite file opened twice, as by two processes."""
    opened = tuple(Database(sqlite_url(tmp_path / "store.sqlite3")) for _ in range(2))
    schema.metadata.create_all(opened[0].engine)
    yield opened[0], opened[1]
    for one in opened:
        one.close()


def hold(database: Database, name: str, until: Callable[[], object]) -> threading.Thread:
    """Begin to write, and end once something has happened."""
    began = threading.Event()

    def write() -> None:
        with database.writing() as connection:
            connection.execute(insert(schema.sequence).values(name=name, value=1))
            began.set()
            until()

    thread = threading.Thread(target=write)
    thread.start()
    assert began.wait(10)
    return thread


@pytest.mark.parametrize("other", [0, 1], ids=["same process", "another process"])
def test_who_writes_second_waits_for_the_first(pair: tuple[Database, Database], other: int) -> None:
    """And sees what the first has written."""
    over = threading.Event()

    def end() -> None:
        time.sleep(0.05)
        over.set()

    first = hold(pair[0], "first", end)
    with pair[other].writing() as connection:
        assert over.is_set()
        assert connection.execute(select(schema.sequence.c.name)).scalars().all() == ["first"]
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 1000 * module.WAIT_SECONDS
    first.join()


@pytest.mark.parametrize("other", [0, 1], ids=["same process", "another process"])
def test_who_waits_too_long_is_told_to_come_again(pair: tuple[Database, Database], other: int) -> None:
    """FC9102; afterwards the store is written as before."""
    enough = threading.Event()
    first = hold(pair[0], "first", lambda: enough.wait(10))
    with pytest.raises(FirstcontactError) as caught, pair[other].writing(patience=0.1):
        pytest.fail("two wrote at once")
    assert caught.value.faults[0].kind.code == "FC9102"
    enough.set()
    first.join()
    hold(pair[other], "second", lambda: None).join()
    with pair[0].reading() as connection:
        assert set(connection.execute(select(schema.sequence.c.name)).scalars()) == {"first", "second"}


def test_a_look_at_a_person_reads_no_whole_table(pair: tuple[Database, Database]) -> None:
    """However large the store: contacts, links, identifiers and facts of one customer are found by indexes."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        asked.append((statement, given))

    people = SqlPeople(pair[0])
    with pair[0].writing() as connection:
        columns = {"version": 0, "digest": "d", "seq": 1, "received_at": MOMENT}
        connection.execute(
            insert(schema.contact).values(
                source="pbx", contact_id="1", started_at=MOMENT, customer_id="c", person_id=1, **columns
            )
        )
    event.listen(pair[0].engine, "before_cursor_execute", note)
    person = people.person(1, None, 20)
    assert person is not None
    assert person.total == 1
    people.latest(1, 200)
    people.named([("phone", "1234567")])
    people.unnamed([("phone", "1234567")])
    people.visible([("pbx", "1")], None)
    people.first_moment()
    questions = [(sql, given) for sql, given in asked if sql.startswith("SELECT")]
    assert len(questions) >= 7
    with pair[1].reading() as connection:
        for sql, given in questions:
            steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)]
            assert not [step for step in steps if step.startswith("SCAN") and "VIRTUAL TABLE" not in step], steps
            if "companion" in sql:
                assert any("ix_companion_customer (customer_id=? AND kind=?)" in step for step in steps), steps


def test_who_is_told_of_repeats_reads_no_whole_table(pair: tuple[Database, Database]) -> None:
    """The newest repeats are found by when they were found, whatever the planner knows of the tables."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        asked.append((statement, given))

    event.listen(pair[0].engine, "before_cursor_execute", note)
    subscriptions = SqlSubscriptions(pair[0])
    for after in (None, (MOMENT, "pbx", "1")):
        assert subscriptions.repeats(MOMENT, MOMENT, after, 100) == []
    questions = [(sql, given) for sql, given in asked if sql.startswith("SELECT")]
    assert len(questions) == 2
    with pair[1].reading() as connection:
        for sql, given in questions:
            steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)]
            assert any("ix_link_linked_at (linked_at>?)" in step for step in steps), steps
            assert not [step for step in steps if step.startswith("SCAN")], steps


def test_contacts_are_counted_once_a_minute(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A count goes through all of them; everything else about the service is as it is now."""
    database = Database(service.settings.database or sqlite_url(service.settings.data / "store.sqlite3"))
    conditions = SqlConditions(database)
    assert conditions.look(MOMENT).contacts == 0
    columns = {"version": 0, "digest": "d", "seq": 1, "received_at": MOMENT, "attributes": {}}
    with database.writing() as connection:
        connection.execute(
            insert(schema.contact).values(source="pbx", contact_id="1", started_at=MOMENT, **columns),
        )
        database.next_seq(connection)
    found = conditions.look(MOMENT)
    assert (found.contacts, found.seq) == (0, 1)
    monkeypatch.setattr(condition, "COUNTED_SECONDS", 0)
    assert conditions.look(MOMENT).contacts == 1
    database.close()


def test_what_is_looked_at_together_is_one_state(service: Service) -> None:
    """What somebody else writes between two questions is not seen; what this thread writes then goes its own way."""
    database = Database(service.settings.database or sqlite_url(service.settings.data / "store.sqlite3"))
    audit = SqlAudit(database)
    with database.looking():
        assert audit.page() == []
        service.audit.note("other", "person.look", now=MOMENT)
        audit.note("own", "person.look", now=MOMENT)
        with database.looking():
            assert audit.page() == []
    assert [one.actor for one in audit.page()] == ["own", "other"]
    with database.asking() as connection:
        assert connection.execute(select(schema.audit_event.c.actor)).first() is not None
    database.close()


def test_a_connection_that_lay_idle_is_tried_before_it_is_used(
    postgresql: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server may have ended it meanwhile: nobody notices. One used just now is not tried, and fails once."""
    url = postgresql.database()
    database, other = Database(url), Database(url)
    own = text("SELECT pg_backend_pid()")

    def end_it() -> None:
        with database.asking() as connection:
            pid = connection.execute(own).scalar_one()
        with other.asking() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    monkeypatch.setattr(module, "FRESH_SECONDS", 0)
    end_it()
    database.alive()
    monkeypatch.setattr(module, "FRESH_SECONDS", 60)
    end_it()
    with pytest.raises(FirstcontactError) as caught:
        database.alive()
    assert caught.value.faults[0].kind.code == "FC9102"
    database.alive()
    database.close()
    other.close()
    postgresql.give_back(url)


@pytest.mark.parametrize("state", ["53100", "58030"])
def test_a_disk_that_is_full_is_said(state: str) -> None:
    """FC9111, as PostgreSQL says it, and nothing of what it quotes."""

    class FullError(Exception):
        sqlstate = state

    with pytest.raises(FirstcontactError) as caught, explained():
        raise OperationalError("INSERT", None, FullError("Miriam"))
    assert caught.value.faults[0].kind.code == "FC9111"
    assert "Miriam" not in str(caught.value)
