"""Links follow whatever happens to contacts: erased, undone, read in another country, or another's decision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database, sqlite_url
from firstcontact.adapters.stores.sql.imports import SqlImports
from firstcontact.adapters.stores.sql.inbox import SqlInbox
from firstcontact.adapters.stores.sql.link_store import SqlLinks
from firstcontact.adapters.stores.sql.people import SqlPeople
from firstcontact.adapters.stores.sql.subject import SqlSubjects
from firstcontact.measurement.fit.declared import Fit
from firstcontact.measurement.policy.model import Exclusion, Policy
from firstcontact.services.ingest import ingest
from firstcontact.services.link_person import Rules
from firstcontact.services.relink import relink

NOW = datetime(2026, 1, 10, 12)  # noqa: DTZ001 - UTC, as everywhere inside


class Store:
    """A store with its parts, and a country that can be changed."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.region: str | None = None
        self.inbox = SqlInbox(database, lambda: self.region)
        self.links = SqlLinks(database, lambda: self.region)
        self.policy = Policy()

    def send(self, *items: dict[str, Any], import_id: str | None = None) -> None:
        ingest(self.inbox, "contacts", items, source="pbx", now=NOW, redact=lambda t: (t, {}), import_id=import_id)

    def link(self, tell: Callable[[str], None] = lambda _: None, **parts: int) -> int:
        """Link what changed; gives how many contacts that were."""
        return relink(self.links, lambda: Rules(self.policy, Fit(())), lambda: NOW, tell, **parts).contacts

    def people(self) -> set[frozenset[str]]:
        """Contacts by customer."""
        found: dict[int, set[str]] = {}
        with self.database.reading() as connection:
            for row in connection.execute(select(schema.contact.c.contact_id, schema.contact.c.person_id)):
                if row.person_id is not None:
                    found.setdefault(row.person_id, set()).add(row.contact_id)
        return {frozenset(group) for group in found.values()}

    def number(self, contact_id: str) -> int | None:
        """The number of a contact's customer."""
        asked = select(schema.contact.c.person_id).where(schema.contact.c.contact_id == contact_id)
        with self.database.reading() as connection:
            found: int | None = connection.execute(asked).scalar_one()
        return found

    def begin_import(self) -> str:
        """An import that can be undone."""
        given = {"name": "f", "source": "pbx", "size": 1, "created_by": "t", "created_at": NOW, "state": "done"}
        with self.database.writing() as connection:
            connection.execute(schema.import_.insert().values(id="i1", **given))
        return "i1"

    def named(self) -> set[str]:
        """Identifiers that name somebody."""
        with self.database.reading() as connection:
            return set(connection.execute(select(schema.person_key.c.spelled)).scalars())


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    opened = Database(database_url or sqlite_url(tmp_path / "store.sqlite3"))
    schema.metadata.create_all(opened.engine)
    yield Store(opened)
    opened.close()


class EnoughError(Exception):
    """Linking stops before all is done."""


def only(steps: int) -> Callable[[str], None]:
    """Lets so many steps be made, and no more."""
    left = iter(range(steps))

    def tell(_: str) -> None:
        if next(left, None) is None:
            raise EnoughError

    return tell


def contact(number: int, *pairs: tuple[str, str], **columns: Any) -> dict[str, Any]:
    named = [{"kind": kind, "value": value} for kind, value in pairs]
    return {"contact_id": str(number), "started_at": "2026-01-05T09:00:00Z", "identifiers": named, **columns}


SHARED = ("phone", "+15550000")


def groups(*names: str) -> set[frozenset[str]]:
    return {frozenset(name.split()) for name in names}


def test_erasing_one_frees_an_identifier_that_was_shared(store: Store) -> None:
    """A number beside six accounts joins nobody; beside the five that are left it joins them, as a whole run would."""
    store.send(*(contact(number, SHARED, ("account", f"acc {number}")) for number in range(6)))
    store.link()
    assert store.people() == groups(*"012345")
    found = SqlSubjects(store.database).by_identifier("account", "acc 3")
    assert found.subject is not None
    SqlSubjects(store.database).erase(found.subject, NOW)
    store.link()
    assert store.people() == groups("0 1 2 4 5")
    assert store.named() == {"+15550000", *(f"acc {number}" for number in (0, 1, 2, 4, 5))}


def test_undoing_an_import_takes_its_identifiers_back(store: Store) -> None:
    """Who was joined by what an import brought is parted again, and its names find nobody."""
    store.begin_import()
    store.send(contact(1, ("phone", "1234567")), contact(2, ("email", "a@x.org")))
    store.link()
    store.send(contact(2, ("email", "a@x.org"), ("phone", "1234567"), ("account", "brought")), import_id="i1")
    store.link()
    assert store.people() == groups("1 2")
    SqlImports(store.database).undo_some("i1", NOW, 100)
    store.link()
    assert store.people() == groups("1", "2")
    assert store.named() == {"1234567", "a@x.org"}


def test_another_country_reads_national_numbers_otherwise(store: Store) -> None:
    """Contacts that were two customers' become one's, and two again when it is taken back; once each."""
    store.send(contact(1, ("phone", "054-123-4567")), contact(2, ("phone", "+972541234567")))
    store.link()
    assert store.people() == groups("1", "2")
    store.region = "IL"
    assert (store.link(), store.people()) == (2, groups("1 2"))
    assert store.named() == {"+972541234567"}
    assert store.link() == 0
    store.region = None
    store.link()
    assert (store.people(), store.named()) == (groups("1", "2"), {"0541234567", "+972541234567"})


def test_another_policy_links_everything_again_once(store: Store) -> None:
    """An exclusion counts once its column is recorded, for those too who were linked before it was."""
    store.policy = Policy(exclude=(Exclusion("empty", "wrap_up", ("",)),))
    store.send(contact(1, ("phone", "1234567")), contact(2))
    assert store.link() == 2
    assert codes(store) == {"1": None, "2": "no_customer"}
    store.send(contact(3, ("phone", "7654321"), wrap_up="done"))
    store.link()
    assert codes(store) == {"1": "empty", "2": "empty", "3": None}
    store.policy = Policy()
    assert store.link() == 3
    assert (store.link(), codes(store)) == (0, {"1": None, "2": "no_customer", "3": None})


def codes(store: Store) -> dict[str, str | None]:
    with store.database.reading() as connection:
        rows = connection.execute(select(schema.link.c.contact_id, schema.link.c.excluded_code))
        return {row.contact_id: row.excluded_code for row in rows}


def test_two_that_link_the_same_changes_keep_them_once(store: Store) -> None:
    """The slower one's findings are dropped, and it goes on with what is left."""
    store.send(contact(1, ("phone", "1234567")))
    rules = Rules(Policy(), Fit(()))
    overtaken = False

    def hurried() -> Rules:
        nonlocal overtaken
        if not overtaken:
            overtaken = True
            store.link()
        return rules

    with store.links.view() as view:
        before = view.changes(10, 0)
    assert relink(store.links, hurried, lambda: NOW).contacts == 0
    from firstcontact.services.relink import Again, Outcome

    late = Outcome(before.after, before.upto, (), {}, (), frozenset(), frozenset(), "d")
    assert not store.links.keep(late, Again("d"), NOW)
    assert store.people() == groups("1")


def test_a_contact_that_goes_leaves_no_link(store: Store) -> None:
    """Expired with others of one change, however many: all their links go, and nobody is named by them."""
    store.send(*(contact(number, ("phone", f"12345{number:02d}")) for number in range(30)))
    store.link()
    expired = SqlSubjects(store.database).expire({"contacts": NOW}, NOW)
    assert expired["contacts"] == 30
    store.link()
    with store.database.reading() as connection:
        assert connection.execute(select(schema.link.c.contact_id)).first() is None
    assert store.named() == set()
    assert SqlPeople(store.database).unnamed([("phone", "1234501")]) == "unknown"


def test_a_customer_whose_contacts_wait_is_linked_once(store: Store) -> None:
    """Thirty contacts of three customers by turns, linked two at a time: each is linked with its customer, once."""
    store.send(*(contact(number, ("phone", f"123456{number % 3}")) for number in range(30)))
    assert store.link(at_once=2, newest=0) == 30
    assert store.people() == groups(*(" ".join(str(one) for one in range(start, 30, 3)) for start in range(3)))
    assert store.link() == 0


def test_what_arrives_does_not_wait_behind_a_large_import(store: Store) -> None:
    """The newest of many is linked with the first step, and found; the others follow in their order."""
    store.send(*(contact(number, ("phone", f"12345{number:02d}")) for number in range(30)))
    with pytest.raises(EnoughError):
        store.link(only(1), at_once=2, newest=1)
    assert store.people() == groups("0", "1", "29")
    assert "1234529" in store.named()
    store.send(contact(30, ("email", "new@example.org")))
    with pytest.raises(EnoughError):
        store.link(only(1), at_once=2, newest=1)
    assert store.people() == groups("0", "1", "2", "3", "29", "30")
    assert store.link() == 25


def test_what_was_linked_before_its_turn_and_changes_is_linked_again(store: Store) -> None:
    """A contact that was linked as the newest, and is corrected while others wait, counts as corrected."""
    store.send(*(contact(number, ("phone", f"12345{number:02d}")) for number in range(6)))
    with pytest.raises(EnoughError):
        store.link(only(1), at_once=1, newest=1)
    store.send(contact(5, ("phone", "1234500")))
    store.link(at_once=1, newest=0)
    assert store.people() == groups("0 5", "1", "2", "3", "4")
    assert store.named() == {f"12345{number:02d}" for number in range(5)}


def crowd(*numbers: int) -> list[dict[str, Any]]:
    """Contacts that share a number, each with an account of its own."""
    return [contact(number, SHARED, ("account", f"acc {number}")) for number in numbers]


def test_one_account_too_many_parts_whom_a_number_joined(store: Store) -> None:
    """Five accounts behind a number are one customer; with the sixth they are six, and the number names nobody."""
    store.send(*crowd(0, 1, 2, 3, 4))
    store.link()
    assert store.people() == groups("0 1 2 3 4")
    store.send(*crowd(5))
    store.link()
    assert store.people() == groups(*"012345")
    assert SHARED[1] not in store.named()


def test_a_shared_number_joins_nobody_when_another_identifier_returns(store: Store) -> None:
    """A contact by account alone belongs to that account's customer, and the number beside it stays nobody's."""
    store.send(*crowd(0, 1, 2, 3, 4, 5))
    store.link()
    store.send(contact(6, ("account", "acc 1")), contact(7, ("account", "acc 2")))
    store.link()
    assert store.people() == groups("0", "1 6", "2 7", "3", "4", "5")
    assert SHARED[1] not in store.named()


def test_a_number_that_is_shared_no_more_joins_within_the_same_step(store: Store) -> None:
    """Seen as shared first, then found to be so no longer by a correction that waits and is met on the way."""
    store.send(*crowd(0, 2, 3, 4, 5), contact(1, SHARED, ("account", "acc 1"), ("email", "e@example.org")))
    store.link()
    store.send(contact(6, ("account", "acc 1")), contact(5, SHARED, ("email", "e@example.org")))
    store.link(at_once=1, newest=0)
    assert store.people() == groups("0 1 2 3 4 5 6")


def test_a_contact_that_goes_parts_whom_it_joined(store: Store) -> None:
    """Two were one customer by a third contact alone; once its import is undone they are two again."""
    store.begin_import()
    store.send(contact(1, ("phone", "1234567")), contact(2, ("email", "a@x.org")))
    store.send(contact(3, ("phone", "1234567"), ("email", "a@x.org"), ("account", "brought")), import_id="i1")
    store.link()
    assert store.people() == groups("1 2 3")
    SqlImports(store.database).undo_some("i1", NOW, 100)
    store.link()
    assert store.people() == groups("1", "2")
    assert store.named() == {"1234567", "a@x.org"}


def test_who_is_joined_keeps_the_number_of_the_larger_part(store: Store) -> None:
    """Though only contacts of the smaller part have changed."""
    store.send(*crowd(0, 1, 2, 3, 4, 5), contact(6, ("account", "acc 2")), contact(7, ("account", "acc 2")))
    store.link()
    kept = store.number("2")
    store.send(contact(5, SHARED, ("account", "acc 4")))
    store.link()
    assert store.people() == groups("0 1 2 3 4 5 6 7")
    assert store.number("5") == kept


def test_what_waits_is_met_by_any_identifier_of_its_customer(store: Store) -> None:
    """And linked with them, once; likewise where nothing about its links is new."""
    store.send(contact(1, ("phone", "1234567"), ("email", "a@x.org")))
    store.link()
    store.send(contact(2, ("phone", "1234567")), contact(3, ("email", "a@x.org")))
    assert store.link(at_once=1, newest=0) == 3
    store.send(*(contact(number, ("phone", "1234567"), ("email", "a@x.org"), wrap_up="x") for number in (1, 2, 3)))
    assert store.link() == 3
    store.send(*(contact(number, ("phone", "1234567"), ("email", "a@x.org"), wrap_up="y") for number in (1, 2, 3)))
    assert store.link(at_once=1, newest=0) == 3
