"""The inbox: each record exactly once, the newest version in force, in whatever order they come."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.arrival import of_contact
from firstcontact.adapters.stores.sql.database import Database, sqlite_url
from firstcontact.adapters.stores.sql.inbox import SqlInbox
from firstcontact.services.ingest import Outcome, ingest

NOW = datetime(2026, 1, 10, 12)  # noqa: DTZ001 - UTC, as everywhere inside
STORED, REPLACED, UNCHANGED, OLDER = Outcome.STORED, Outcome.REPLACED, Outcome.UNCHANGED, Outcome.OLDER
TABLES = ("contact", "contact_before", "contact_gone", "identifier", "companion", "text", "quarantine", "job")


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    """A store with its tables, empty, on each kind of database."""
    opened = Database(database_url or sqlite_url(tmp_path / "store.sqlite3"))
    schema.metadata.create_all(opened.engine)
    yield opened
    opened.close()


@pytest.fixture
def inbox(database: Database) -> SqlInbox:
    return SqlInbox(database)


def contact(number: str = "1", **columns: Any) -> dict[str, Any]:
    return {"contact_id": number, "started_at": "2026-01-05T09:00:00Z", **columns}


def send(inbox: SqlInbox, *items: Any, table: str = "contacts", source: str = "pbx", **given: Any) -> list[Outcome]:
    redact = given.pop("redact", lambda text: (text, {}))
    return list(ingest(inbox, table, items, source=source, now=NOW, redact=redact, **given).outcomes)


def rows(database: Database, table: Any, *columns: str) -> list[Any]:
    with database.reading() as connection:
        asked = select(*(table.c[name] for name in columns))
        return sorted((tuple(row) for row in connection.execute(asked)), key=repr)


def test_a_contact_is_stored_once(database: Database, inbox: SqlInbox) -> None:
    """A copy, in the same batch or later, changes nothing."""
    assert send(inbox, contact(), contact()) == [STORED, UNCHANGED]
    assert send(inbox, contact()) == [UNCHANGED]
    assert rows(database, schema.contact, "source", "contact_id") == [("pbx", "1")]


def test_one_id_of_two_sources_is_two_contacts(database: Database, inbox: SqlInbox) -> None:
    """A contact is known by source and id together."""
    assert send(inbox, contact()) + send(inbox, contact(), source="chat") == [STORED, STORED]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1), (3, 2, 1)])
def test_the_newest_version_is_in_force_whatever_the_order(
    database: Database, inbox: SqlInbox, order: tuple[int, ...]
) -> None:
    """Versions that come late go behind the newer one, once each."""
    for version in (*order, *order):
        send(inbox, contact(version=version, reason=f"r{version}", identifiers=[{"kind": "phone", "value": "1234567"}]))
    assert rows(database, schema.contact, "version", "reason") == [(3, "r3")]
    assert rows(database, schema.contact_before, "version") == [(1,), (2,)]
    with database.reading() as connection:
        bodies = connection.execute(select(schema.contact_before.c.body)).scalars().all()
    assert sorted(body["columns"]["reason"] for body in bodies) == ["r1", "r2"]
    assert all(body["identifiers"] == [["phone", "1234567"]] for body in bodies)


def test_without_versions_the_later_arrival_counts(database: Database, inbox: SqlInbox) -> None:
    """A correction without a version replaces what was there."""
    assert send(inbox, contact(reason="a"), contact(reason="b"), contact(reason="b")) == [STORED, REPLACED, UNCHANGED]
    assert rows(database, schema.contact, "reason") == [("b",)]


def test_identifiers_are_those_of_the_version_in_force(database: Database, inbox: SqlInbox) -> None:
    """A corrected number leaves nothing behind in force; the customer's own id stands among them."""
    send(inbox, contact(customer_id=" K7 ", identifiers=[{"kind": "phone", "value": "+1 555 123 4567"}]))
    send(inbox, contact(customer_id="K7", identifiers=[{"kind": "phone", "value": "anonymous"}]))
    found = rows(database, schema.identifier, "kind", "value", "spelled")
    assert found == [("customer", "K7", "K7"), ("phone", "anonymous", None)]


def test_identifiers_sent_apart_meet_their_contact_in_either_order(database: Database, inbox: SqlInbox) -> None:
    """They count once the contact is there, and outlive its next version."""
    apart = {"contact_id": "1", "kind": "email", "value": "Dana@example.com"}
    assert send(inbox, apart, table="identifiers") == [STORED]
    assert rows(database, schema.identifier, "value") == []
    send(inbox, contact(), contact(reason="b"))
    late = {"contact_id": "1", "kind": "phone", "value": "1234567"}
    assert send(inbox, late, late, table="identifiers") == [STORED, UNCHANGED]
    assert rows(database, schema.identifier, "kind", "spelled") == [("email", "dana@example.com"), ("phone", "1234567")]


def test_every_companion_table_is_kept_by_its_key(database: Database, inbox: SqlInbox) -> None:
    """One record a key; a newer version replaces, an older does not."""
    event = {"contact_id": "1", "at": "2026-01-05T10:00:00Z", "kind": "reopen"}
    person = {"customer_id": "K7", "segment": "gold", "version": 2}
    assert send(inbox, event, {**event, "kind": "settled"}, event, table="case_events") == [STORED, STORED, UNCHANGED]
    older = {**person, "segment": "new", "version": 1}
    newer = {**person, "segment": "lead", "version": 3}
    assert send(inbox, person, older, newer, table="customers") == [STORED, OLDER, REPLACED]
    with database.reading() as connection:
        kept = connection.execute(select(schema.companion).where(schema.companion.c.kind == "customers")).one()
    assert (kept.customer_id, kept.body["segment"], kept.version) == ("K7", "lead", 3)


def test_text_is_kept_apart_and_redacted(database: Database, inbox: SqlInbox) -> None:
    """The contact says where its text is; the text is what redaction left, and a new version takes its place."""

    def redact(text: str) -> tuple[str, dict[str, int]]:
        return text.replace("4111", "[card]"), {"card": text.count("4111")}

    send(inbox, contact(text="card 4111"), redact=redact)
    assert rows(database, schema.text, "body") == [("card [card]",)]
    assert rows(database, schema.contact, "text_ref") == rows(database, schema.text, "text_ref")
    assert send(inbox, contact(text="card 4111"), redact=redact) == [UNCHANGED]
    send(inbox, contact(text="nothing"), redact=redact)
    assert rows(database, schema.text, "body") == [("nothing",)]


def test_what_does_not_fit_is_set_aside_once(database: Database, inbox: SqlInbox) -> None:
    """With its codes and as it arrived; half a surrogate pair harms nothing; the others are stored."""
    bad = {"contact_id": "", "started_at": "yesterday", "note": "\ud800\x00"}
    assert send(inbox, bad, contact(), bad, 7) == ["quarantined", "stored", "quarantined", "quarantined"]
    send(inbox, bad)
    assert [codes for (codes,) in rows(database, schema.quarantine, "codes")] == [["FC2001", "FC2008"], ["FC2011"]]


def test_what_was_erased_stays_erased(database: Database, inbox: SqlInbox) -> None:
    """Sent again, it is not kept, nor what belongs to it; what was merely undone comes back."""
    with database.writing() as connection:
        for number, cause in (("1", "erased"), ("2", "undone")):
            connection.execute(
                insert(schema.contact_gone).values(source="pbx", contact_id=number, seq=1, cause=cause, gone_at=NOW)
            )
    assert send(inbox, contact("1"), contact("2")) == ["erased", "stored"]
    assert send(inbox, {"contact_id": "1", "kind": "phone", "value": "1234567"}, table="identifiers") == ["erased"]
    assert rows(database, schema.contact_gone, "contact_id") == [("1",)]


def test_changes_are_numbered_in_the_order_sent(database: Database, inbox: SqlInbox) -> None:
    """Whoever asks for changes after the number of the answer misses nothing."""
    first = ingest(inbox, "contacts", [contact("1"), contact("2")], source="pbx", now=NOW, redact=lambda t: (t, {}))
    send(inbox, contact("1", reason="b"))
    assert rows(database, schema.contact, "seq", "contact_id") == [(2, "2"), (3, "1")]
    assert first.seq == 2


def test_an_import_marks_what_it_brought_and_what_it_replaced(database: Database, inbox: SqlInbox) -> None:
    """So that the whole import can be undone."""
    send(inbox, contact("1"), contact("2"))
    send(inbox, contact("1", reason="b"), import_id="i1")
    assert rows(database, schema.contact, "contact_id", "import_id") == [("1", "i1"), ("2", None)]
    assert rows(database, schema.contact_before, "import_id", "replaced_by") == [(None, "i1")]


def test_what_arrives_asks_to_be_linked_once(database: Database, inbox: SqlInbox) -> None:
    """One job waits, however much arrives before somebody does it; a copy asks for none."""
    send(inbox, contact("1"))
    send(inbox, contact("2"))
    assert rows(database, schema.job, "kind", "state") == [("link", "waiting")]
    with database.writing() as connection:
        connection.execute(delete(schema.job))
    send(inbox, contact("2"))
    assert rows(database, schema.job, "kind") == []


def test_many_at_once_are_all_kept(database: Database, inbox: SqlInbox) -> None:
    """Callers who send at the same moment each get their own answer, and nothing is lost or doubled."""
    answers: dict[int, list[Outcome]] = {}

    def call(number: int) -> None:
        answers[number] = send(inbox, contact(str(number)), contact("shared"))

    threads = [threading.Thread(target=call, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answers[number][0] == STORED for number in range(16))
    assert sum(answers[number][1] == STORED for number in range(16)) == 1
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(schema.contact)).scalar_one() == 17


def test_two_processes_may_begin_at_the_same_moment(database: Database) -> None:
    """Each with connections of its own, on a store in which nothing ever arrived; numbers are given once."""
    url = database.engine.url.render_as_string(hide_password=False)
    opened = [Database(url) for _ in range(4)]
    barrier = threading.Barrier(len(opened))
    answers: dict[int, list[Outcome]] = {}

    def call(place: int, inbox: SqlInbox) -> None:
        barrier.wait()
        answers[place] = send(inbox, contact(str(place)), contact("shared"))

    threads = [threading.Thread(target=call, args=(place, SqlInbox(one))) for place, one in enumerate(opened)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in opened:
        one.close()
    assert sorted(one for found in answers.values() for one in found) == [STORED] * 5 + [UNCHANGED] * 3
    assert len({seq for (seq,) in rows(database, schema.contact, "seq")}) == 5


def test_one_that_cannot_be_stored_harms_no_other(database: Database, inbox: SqlInbox) -> None:
    """Its sender is told; those who share its commit are not."""
    whole = ingest(inbox, "contacts", [contact("1")], source="pbx", now=NOW, redact=lambda t: (t, {}))
    assert whole.outcomes == (STORED,)
    barrier = threading.Barrier(4)
    failures: list[str] = []

    def call(number: int) -> None:
        barrier.wait()
        try:
            # A moment that no database column takes stands for whatever cannot be stored.
            given = {"now": "never"} if number == 0 else {"now": NOW}
            ingest(inbox, "contacts", [contact(f"n{number}")], source="pbx", redact=lambda t: (t, {}), **given)  # type: ignore[arg-type]
        except Exception as failure:
            failures.append(type(failure).__name__)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) == 1
    assert rows(database, schema.contact, "contact_id") == [("1",), ("n1",), ("n2",), ("n3",)]


VERSIONS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 3), st.booleans()), min_size=1, max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=VERSIONS, data=st.data())
def test_the_order_and_the_number_of_copies_do_not_matter(
    sqlite_store: Database, sent: list[tuple[str, int, bool]], data: st.DataObject
) -> None:
    """Versions of contacts, shuffled, doubled and cut into batches, leave the same contacts in force."""
    with sqlite_store.writing() as connection:
        for name in TABLES:  # one store for all examples
            connection.execute(delete(schema.metadata.tables[name]))
    inbox = SqlInbox(sqlite_store)
    items = [contact(number, version=version, reason=f"{number}{version}") for number, version, _ in sent]
    items += [item for item, (_, _, twice) in zip(items, sent, strict=True) if twice]
    items = data.draw(st.permutations(items))
    cut = data.draw(st.integers(0, len(items)))
    for part in (items[:cut], items[cut:]):
        if part:
            send(inbox, *part)
    newest = {number: max(version for one, version, _ in sent if one == number) for number, _, _ in sent}
    assert dict(rows(sqlite_store, schema.contact, "contact_id", "version")) == newest
    assert all(
        reason == f"{number}{newest[number]}"
        for number, reason in rows(sqlite_store, schema.contact, "contact_id", "reason")
    )
    before = rows(sqlite_store, schema.contact_before, "contact_id", "version")
    assert before == sorted({(number, version) for number, version, _ in sent if version < newest[number]})


@pytest.fixture(scope="module")
def sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database(sqlite_url(tmp_path_factory.mktemp("store") / "store.sqlite3"))
    schema.metadata.create_all(opened.engine)
    yield opened
    opened.close()


def test_moments_stay_what_they_are(database: Database, inbox: SqlInbox) -> None:
    """A moment with a zone is kept as UTC, to the microsecond."""
    send(inbox, contact(started_at="2026-01-05T09:00:00.123456+02:00", ended_at="2026-01-05T08:00:00Z"))
    start, end = rows(database, schema.contact, "started_at", "ended_at")[0]
    assert start.isoformat() == "2026-01-05T07:00:00.123456"
    assert end - start == timedelta(hours=1, microseconds=-123456)


@pytest.mark.parametrize("keys", [[("pbx", "1")], [("pbx", "1"), ("pbx", "2")], [("pbx", "1"), ("chat", "2")]])
@pytest.mark.parametrize("table", [schema.contact, schema.identifier, schema.link, schema.contact_before])
def test_asking_for_some_contacts_reads_no_whole_table(
    sqlite_store: Database, table: Any, keys: list[tuple[str, str]]
) -> None:
    """However large the store: each of them is found by an index."""
    asked = select(table).where(of_contact(table, keys))
    sql = asked.compile(sqlite_store.engine, compile_kwargs={"literal_binds": True})
    with sqlite_store.reading() as connection:
        steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]
    assert steps
    assert not [step for step in steps if step.startswith("SCAN")]
