"""Sent one after another, doubled, corrected and late, contacts are linked as one file of them is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database, sqlite_url
from firstcontact.adapters.stores.sql.inbox import SqlInbox
from firstcontact.adapters.stores.sql.link_store import SqlLinks
from firstcontact.contacts.table import CONTACTS, IDENTIFIERS
from firstcontact.measurement.linking.identity import identify
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.reference.contact import Contact
from firstcontact.services.ingest import ingest
from firstcontact.services.link_person import Link, Rules
from firstcontact.services.relink import relink
from firstcontact.services.standing import stand
from tests.engine_teller import rows
from tests.generative.strategy import BASE, Invented, invented

NUMBERS = {"ann": "+15550001", "bob": "+15550002", "cid": "0541234567", "dot": "15550004"}
GIVEN = (
    "ended_at reason channel direction queued_at answered_at agent_id queue transfers escalated_to settled "
    "agent_says_resolved abandoned"
).split()
SAME = (
    "issue_id issue_start opener repeat_of leg_of returned redialled previous_gap_days next_gap_days window_days "
    "left_censored mature index_eligible excluded_code"
).split()


@dataclass(frozen=True)
class Sent:
    """A contact as it is sent: its columns, and by what its customer is known."""

    contact: Contact
    customer_id: str | None
    identifiers: tuple[tuple[str, str], ...]

    def item(self, version: int) -> dict[str, Any]:
        """What the program sends."""
        columns = {name: self.contact.column(name) for name in GIVEN}
        moments = {name: f"{value.isoformat()}Z" for name, value in columns.items() if hasattr(value, "isoformat")}
        return {
            **{name: value for name, value in columns.items() if value is not None},
            **moments,
            "contact_id": self.contact.contact_id,
            "started_at": f"{self.contact.started_at.isoformat()}Z",
            "customer_id": self.customer_id,
            "identifiers": [{"kind": kind, "value": value} for kind, value in self.identifiers],
            "attributes": {"spam": self.contact.extra.get("x_spam")},
            "version": version,
        }


@st.composite
def known_by(draw: st.DrawFn, contact: Contact) -> Sent:
    """By what the customer of a contact is known: their own id, a number, an address, or what many share."""
    name = contact.customer
    own = draw(st.sampled_from([name, name, None])) if name else draw(st.sampled_from([None, "0", "anonymous"]))
    pairs: list[tuple[str, str]] = []
    if name:
        person = name.partition("-")[2] or name
        pairs += draw(st.sampled_from([[], [("phone", NUMBERS[person])], [("email", f"{name}@example.org")]]))
    crowd = draw(st.sampled_from([None, None, None, *range(8)]))
    if crowd is not None:
        # A switchboard: beside few it joins them, beside many it joins nobody.
        pairs += [("phone", "+15559999"), ("account", f"acc {crowd}")]
    return Sent(contact, own, tuple(dict.fromkeys(pairs)))


@st.composite
def streams(draw: st.DrawFn) -> tuple[Invented, list[Sent], list[list[dict[str, Any]]]]:
    """A history as it is in the end, and batches in which it came: shuffled, doubled, with earlier versions."""
    question = draw(invented((1,)))
    final = [draw(known_by(contact)) for contact in question.contacts]
    items = []
    for sent in final:
        items.append(sent.item(2))
        if draw(st.sampled_from([True, False, False])):
            items.append(sent.item(2))
        if draw(st.sampled_from([True, False, False])):
            earlier = replace(
                sent.contact,
                reason=draw(st.sampled_from([None, "bill", "repair"])),
                started_at=sent.contact.started_at - timedelta(seconds=draw(st.sampled_from([0, 60, 86_400]))),
            )
            other = draw(known_by(replace(earlier, customer=draw(st.sampled_from([sent.contact.customer, "h0-bob"])))))
            items.append(other.item(1))
    items = draw(st.permutations(items))
    cuts = sorted(draw(st.lists(st.integers(0, len(items)), max_size=3)))
    edges = [0, *cuts, len(items)]
    return question, final, [items[a:b] for a, b in pairwise(edges) if a < b]


SOME = st.sampled_from([0, 1])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database(sqlite_url(tmp_path_factory.mktemp("store") / "store.sqlite3"))
    schema.metadata.create_all(opened.engine)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def one_engine() -> Iterator[DuckDBEngine]:
    opened = DuckDBEngine(threads=1)
    yield opened
    opened.close()


@settings(
    max_examples=settings.default.max_examples // 5,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(stream=streams(), in_parts=st.fixed_dictionaries({"at_once": st.sampled_from([2, 300]), "newest": SOME}))
def test_live_equals_batch(
    store: Database,
    one_engine: DuckDBEngine,
    stream: tuple[Invented, list[Sent], list[list[dict[str, Any]]]],
    in_parts: dict[str, int],
) -> None:
    """The same customers, and every column of links the same, under any policy and period."""
    question, final, batches = stream
    event(f"{len(batches)} batches")
    rules = Rules(question.policy, question.fit, question.frame.source_kind)
    live = by_live(store, batches, rules, question, in_parts)
    batch = by_batch(one_engine, final, question)
    assert live.keys() == batch.keys()
    assert not [
        f"{name}.{key}: live {live[name][key]!r}, batch {batch[name][key]!r}"
        for name in live
        for key in SAME
        if live[name][key] != batch[name][key]
    ]
    assert groups(live) == groups(batch)


def groups(found: dict[str, dict[str, Any]]) -> set[frozenset[str]]:
    """Contacts by customer, whatever customers are called; one of nobody stands in none."""
    named: dict[Any, set[str]] = {}
    for name, row in found.items():
        if row["customer"] is not None:
            named.setdefault(row["customer"], set()).add(name)
    return {frozenset(names) for names in named.values()}


def by_live(
    store: Database, batches: list[list[dict[str, Any]]], rules: Rules, question: Invented, in_parts: dict[str, int]
) -> dict[str, dict[str, Any]]:
    with store.writing() as connection:
        for table in reversed(schema.metadata.sorted_tables):  # one store for all examples
            connection.execute(delete(table))
    inbox, links = SqlInbox(store), SqlLinks(store)
    for batch in batches:
        receipt = ingest(inbox, "contacts", batch, source="pbx", now=BASE, redact=lambda text: (text, {}))
        assert not receipt.unfit
        relink(links, lambda: rules, lambda: BASE, **in_parts)
    with store.reading() as connection:
        asked = select(schema.link, schema.contact.c.started_at).join(
            schema.contact,
            (schema.contact.c.source == schema.link.c.source)
            & (schema.contact.c.contact_id == schema.link.c.contact_id),
        )
        found = connection.execute(asked).mappings().all()
    return {row["contact_id"]: read(dict(row), question) for row in found}


def read(row: dict[str, Any], question: Invented) -> dict[str, Any]:
    link = Link(
        issue=None,
        repeat_of=None,
        leg_of=None,
        **{name: row[name] for name in Link.__slots__ if name not in {"issue", "repeat_of", "leg_of"}},
    )
    standing = stand(link, row["started_at"], question.policy, question.frame)
    own = {name: getattr(standing, name) for name in standing.__slots__}
    return {**row, **own, "customer": row["person_id"]}


def by_batch(engine: DuckDBEngine, final: list[Sent], question: Invented) -> dict[str, dict[str, Any]]:
    columns: dict[str, list[Any]] = {
        name: [sent.contact.column(name) for sent in final] for name in ("contact_id", "started_at", *GIVEN)
    }
    columns |= {"source": ["pbx"] * len(final), "customer_id": [sent.customer_id for sent in final]}
    table = rows(CONTACTS, columns, len(final))
    import pyarrow as pa

    table = table.append_column("x_spam", pa.array([sent.contact.extra.get("x_spam") for sent in final], pa.string()))
    pairs = [(sent.contact.contact_id, kind, value) for sent in final for kind, value in sent.identifiers]
    seen = None
    if pairs:
        named = {name: [pair[place] for pair in pairs] for place, name in enumerate(("contact_id", "kind", "value"))}
        seen = engine.register(rows(IDENTIFIERS, named, len(pairs)), "sent_identifiers")
    identity = identify(engine, engine.register(table, "sent_contacts"), seen)
    linked = link(engine, {"contacts": identity.contacts}, question.policy, question.fit, question.frame, signals=())
    from firstcontact.measurement.linking.portable import DAY_US
    from firstcontact.services.gap import gap_days

    shown = linked.mutate(
        previous_gap_days=gap_days(linked, "previous"),
        next_gap_days=gap_days(linked, "next"),
        window_days=linked.window_us / DAY_US,
    )
    found = engine.execute(shown.select("contact_id", "customer", *SAME)).to_pylist()
    return {row["contact_id"]: row for row in found}
