"""Whoever arrives, in whatever order, corrected or not: customers are found as if all had been known at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database, sqlite_url
from firstcontact.adapters.stores.sql.inbox import SqlInbox
from firstcontact.adapters.stores.sql.link_store import SqlLinks
from firstcontact.measurement.fit.declared import Fit
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.reference.identity import Node, people, shared_nodes
from firstcontact.services.ingest import ingest
from firstcontact.services.link_person import Rules
from firstcontact.services.relink import relink
from tests.generative.strategy import BASE

Version = frozenset[Node]

# Two numbers that some share and six or more accounts beside them: they join people, then stop to, then do again.
PHONES = st.sampled_from([None, "1000001", "1000001", "1000001", "1000001", "1000001", "1000002"])
ACCOUNTS = st.sampled_from([f"acc {number}" for number in range(8)])
ADDRESSES = st.sampled_from([None, None, "a@x.org", "b@x.org"])


@st.composite
def versions(draw: st.DrawFn) -> Version:
    """By what the customer of one version of a contact is known."""
    given = {"phone": draw(PHONES), "account": draw(ACCOUNTS), "email": draw(ADDRESSES)}
    return frozenset((kind, value) for kind, value in given.items() if value is not None)


@st.composite
def arrivals(draw: st.DrawFn) -> list[tuple[str, Version]]:
    """Contacts, most of them once and some corrected, in the order in which they come."""
    names = [f"c{number}" for number in range(draw(st.integers(7, 13)))]
    first = [(name, draw(versions())) for name in draw(st.permutations(names))]
    later = draw(st.lists(st.tuples(st.sampled_from(names), versions()), min_size=4, max_size=10))
    return first + later


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database(sqlite_url(tmp_path_factory.mktemp("store") / "store.sqlite3"))
    schema.metadata.create_all(opened.engine)
    yield opened
    opened.close()


@settings(max_examples=settings.default.max_examples // 2, suppress_health_check=[HealthCheck.too_slow])
@given(sent=arrivals(), data=st.data())
def test_customers_are_found_as_if_all_had_been_known_at_once(
    store: Database, sent: list[tuple[str, Version]], data: st.DataObject
) -> None:
    """In whatever order: shared identifiers join nobody, corrections take people apart, no name is left behind."""
    with store.writing() as connection:
        for table in reversed(schema.metadata.sorted_tables):  # one store for all examples
            connection.execute(delete(table))
    inbox, links, rules = SqlInbox(store), SqlLinks(store), Rules(Policy(), Fit(()))
    known: dict[str, Version] = {}
    start, ever_shared = 0, set()
    while start < len(sent):
        batch = sent[start : start + data.draw(st.integers(1, 6))]
        start += len(batch)
        ingest(inbox, "contacts", [item(*one) for one in batch], source="pbx", now=BASE, redact=lambda t: (t, {}))
        known |= dict(batch)
        if start < len(sent) and data.draw(st.booleans()):
            continue  # changes wait for those that come later
        parts = {"at_once": data.draw(st.sampled_from([1, 2, 300])), "newest": data.draw(st.sampled_from([0, 1, 2]))}
        relink(links, lambda: rules, lambda: BASE, **parts)
        shared = shared_nodes(known)
        wanted = {frozenset(group) for group in people(known, shared)}
        found, names = kept(store)
        assert {frozenset(group) for group in found.values()} == wanted
        usable = {node for nodes in known.values() for node in nodes} - shared
        assert {node: frozenset(found[person]) for node, person in names.items()} == {
            node: next(group for group in wanted if any(node in known[name] for name in group)) for node in usable
        }
        event(f"shared: {len(shared)}, no longer shared: {bool(ever_shared - shared)}")
        ever_shared |= shared


def item(name: str, version: Version) -> dict[str, Any]:
    pairs = [{"kind": kind, "value": value} for kind, value in sorted(version)]
    return {"contact_id": name, "started_at": "2026-01-05T09:00:00Z", "identifiers": pairs}


def kept(store: Database) -> tuple[dict[int, set[str]], dict[Node, int]]:
    """Contacts by customer, and whom identifiers name."""
    with store.reading() as connection:
        found: dict[int, set[str]] = {}
        for row in connection.execute(select(schema.link.c.contact_id, schema.link.c.person_id)):
            if row.person_id is not None:
                found.setdefault(row.person_id, set()).add(row.contact_id)
        names = {(row.kind, row.spelled): row.person_id for row in connection.execute(select(schema.person_key))}
    return found, names
