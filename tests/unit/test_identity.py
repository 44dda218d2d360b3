"""One customer across channels, and nobody joined by not being known."""

from __future__ import annotations

import hashlib
import random

import pyarrow as pa
import pytest

from firstcontact.contacts.table import CONTACTS, IDENTIFIERS
from firstcontact.measurement.linking.identity import SHARED_BY, identify
from firstcontact.measurement.linking.portable import BUCKETS
from firstcontact.measurement.simulator.generate import simulate
from firstcontact.measurement.simulator.world import World
from tests.drawn import on
from tests.engine_teller import rows


def _who(engine, drawn: dict[str, tuple[str | None, list[tuple[str, str]]]], region: str | None = None):
    """Who is behind each contact; contacts by name: (own id, [(kind, value)])."""
    own = {
        "contact_id": list(drawn),
        "customer_id": [customer for customer, _ in drawn.values()],
        "source": ["drawn"] * len(drawn),
        "started_at": [on(0)] * len(drawn),
    }
    contacts = engine.register(rows(CONTACTS, own, len(drawn)), "who_contacts")
    seen = [(name, kind, value) for name, (_, pairs) in drawn.items() for kind, value in pairs]
    listed = {column: [row[place] for row in seen] for place, column in enumerate(IDENTIFIERS.names)}
    identifiers = engine.register(rows(IDENTIFIERS, listed, len(seen)), "who_identifiers") if seen else None
    found = identify(engine, contacts, identifiers, region)
    table = engine.execute(found.contacts.select("contact_id", "customer", "bucket"))
    return found, {row["contact_id"]: (row["customer"], row["bucket"]) for row in table.to_pylist()}


def _groups(who: dict) -> set[frozenset[str]]:
    customers: dict[int, set[str]] = {}
    for name, (customer, _) in who.items():
        if customer is not None:
            customers.setdefault(customer, set()).add(name)
    return {frozenset(names) for names in customers.values()}


def test_a_chain_of_identifiers_is_one_customer(engine) -> None:
    """A call, an e-mail and a chat that share an identifier each with the next are one customer, whose split ids are
    said to have been joined."""
    found, who = _who(
        engine,
        {
            "call": ("K1", [("phone", "+1 555 123 4567")]),
            "mail": (None, [("phone", "0015551234567"), ("email", "Dana@Example.com")]),
            "chat": ("K2", [("email", "dana@example.com ")]),
            "other": ("K3", [("email", "ben@example.com")]),
            "nobody": (None, []),
        },
    )
    assert _groups(who) == {frozenset({"call", "mail", "chat"}), frozenset({"other"})}
    assert who["nobody"][0] is None
    assert (found.customers, found.known, found.joined, found.shared) == (2, 4, 1, 0)
    assert found.kinds == {"customer": 3, "email": 3, "phone": 2}


def test_placeholders_join_nobody(engine) -> None:
    """Ten contacts from `anonymous`, `000000` and `no-reply@…` are ten unknown customers, not one."""
    said = ["anonymous", "0000000", "withheld", "Unknown", "-"]
    found, who = _who(
        engine,
        {f"c{k}": ("unknown", [("phone", said[k % 5]), ("email", "no-reply@shop.example")]) for k in range(10)},
    )
    assert {customer for customer, _ in who.values()} == {None}
    assert (found.customers, found.known, found.kinds) == (0, 0, {})


@pytest.mark.parametrize(("people", "joined"), [(SHARED_BY, True), (SHARED_BY + 1, False)])
def test_a_switchboard_joins_nobody(engine, people: int, joined: bool) -> None:
    """A number that stands beside more than five customers is a shared one: not used, counted and said."""
    drawn = {f"c{k}": (f"K{k}", [("phone", "+15550000001")]) for k in range(people)}
    drawn["only the number"] = (None, [("phone", "+15550000001")])
    found, who = _who(engine, drawn)
    assert len(_groups(who)) == (1 if joined else people)
    assert (who["only the number"][0] is not None) is joined
    assert found.shared == (0 if joined else 1)
    assert bool(found.findings) is not joined


def test_a_region_joins_national_and_international_numbers(engine) -> None:
    """`054-1234567` and `+972 54 123 4567` are one customer in Israel, and two where no region is given."""
    drawn = {"a": (None, [("phone", "054-1234567")]), "b": (None, [("phone", "+972 54 123 4567")])}
    assert len(_groups(_who(engine, drawn, "IL")[1])) == 1
    assert len(_groups(_who(engine, drawn)[1])) == 2


def test_one_value_under_two_kinds_is_two_identifiers(engine) -> None:
    """An account number that happens to look like a telephone number is no telephone number."""
    drawn = {"a": (None, [("phone", "5551234567")]), "b": (None, [("account", "5551234567")])}
    assert len(_groups(_who(engine, drawn)[1])) == 2


def test_own_ids_mean_the_same_with_and_without_identifiers(engine) -> None:
    """Spaces around an own id and case inside it are read alike, whether or not the source has other identifiers."""
    own = {"a": ("K1", []), "b": (" K1 ", []), "c": ("k1", []), "d": ("000", []), "e": ("1111", [])}
    alone, beside = _who(engine, own)[1], _who(engine, own | {"f": (None, [("email", "a@b.example")])})[1]
    expected = {frozenset("ab"), frozenset("c"), frozenset("e")}
    assert _groups(alone) == expected
    assert _groups(beside) == expected | {frozenset("f")}
    assert {name: bucket for name, (_, bucket) in beside.items() if name in own} == {
        n: b for n, (_, b) in alone.items()
    }


def test_buckets_are_the_documented_ones(engine) -> None:
    """The bucket is made of the first four digits of the MD5 digest of the customer's smallest identifier, or of the
    contact where nobody is known; Python's own digest gives the same."""
    drawn = {f"c{k}": (f"K{k}" if k % 3 else None, []) for k in range(300)}
    _, who = _who(engine, drawn)
    for name, (_, bucket) in who.items():
        text = drawn[name][0] or name
        assert bucket == int(hashlib.md5(text.encode()).hexdigest()[:4], 16) % BUCKETS
    assert len({bucket for _, bucket in who.values()}) == BUCKETS


def test_neither_customers_nor_buckets_depend_on_the_order_of_rows(engine) -> None:
    """The same rows shuffled give the same groups of contacts, the same buckets and the same names."""
    tables = simulate(World(), contacts=1_500, seed=5).tables
    seen: dict[str, list[tuple[str, str]]] = {}
    for row in tables["identifiers"].to_pylist():
        seen.setdefault(row["contact_id"], []).append((row["kind"], row["value"]))
    contacts = tables["contacts"].select(["contact_id", "customer_id"]).to_pylist()
    drawn = {row["contact_id"]: (row["customer_id"], seen.get(row["contact_id"], [])) for row in contacts}
    names = list(drawn)
    random.Random(3).shuffle(names)
    shuffled = {name: (drawn[name][0], drawn[name][1][::-1]) for name in names}
    first, who = _who(engine, drawn)
    labels = set(engine.execute(first.labels)["label"].to_pylist())
    second, again = _who(engine, shuffled)
    assert _groups(who) == _groups(again)
    assert {name: bucket for name, (_, bucket) in who.items()} == {name: bucket for name, (_, bucket) in again.items()}
    assert labels == set(engine.execute(second.labels)["label"].to_pylist())
    assert (first.customers, first.known, first.joined, first.kinds) == (
        second.customers,
        second.known,
        second.joined,
        second.kinds,
    )
    assert first.joined > 0


def test_coverage_is_the_share_of_known_contacts(engine) -> None:
    """60 % of contacts without any identifier are still contacts: 40 % coverage."""
    found, _ = _who(engine, {f"c{k}": (f"K{k}" if k < 40 else None, []) for k in range(100)})
    assert (found.known, found.customers) == (40, 40)
    assert engine.execute(found.contacts).num_rows == 100
    assert pa.types.is_int64(engine.execute(found.contacts)["customer"].type)


def test_equal_digits_of_different_kinds_are_different_people(engine) -> None:
    """A telephone number and an account with the same digits name two customers, also in exports."""
    found, who = _who(engine, {"call": (None, [("phone", "5551234567")]), "web": (None, [("account", "5551234567")])})
    assert who["call"][0] != who["web"][0]
    assert sorted(engine.execute(found.labels)["label"].to_pylist()) == ["account:5551234567", "phone:5551234567"]


def test_a_customer_with_many_orders_keeps_the_telephone(engine) -> None:
    """Order numbers are many to a person; beside them a telephone number is no switchboard."""
    many = {f"call {k}": (None, [("phone", "+15551234567"), ("order", f"order {k}")]) for k in range(SHARED_BY + 3)}
    found, who = _who(engine, many)
    assert found.shared == 0
    assert len({customer for customer, _ in who.values()}) == 1


def test_numbers_that_a_spreadsheet_changed(engine) -> None:
    """`12.0` is customer 12; `1.23E+10` was somebody, and is nobody now."""
    _, who = _who(engine, {"a": ("12", []), "b": ("12.0", []), "c": ("1.23457E+10", []), "d": ("13", [])})
    assert who["a"][0] == who["b"][0] != who["d"][0]
    assert who["c"][0] is None


def test_telephones_written_both_ways_are_warned_of(engine) -> None:
    """National and international numbers beside each other, and no region named: returns between them are not seen."""
    both = {"a": (None, [("phone", "054-123-4567")]), "b": (None, [("phone", "+972 54 123 4567")])}
    found, _ = _who(engine, both)
    assert [finding.level for finding in found.findings] == ["warning"]
    assert _who(engine, both, "IL")[0].findings == ()
