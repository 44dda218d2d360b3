"""What a program sends is held to the same ranges, with the same codes, as the rows of a file."""

from __future__ import annotations

from typing import Any

import pytest

from firstcontact.contacts.record import Record, read_record
from firstcontact.contacts.table import TABLES

CONTACT = {"contact_id": "1", "started_at": "2026-01-05T09:00:00Z"}
PAYMENT = {"customer_id": "1", "at": "2026-01-05T09:00:00Z", "kind": "payment"}
REVIEW = {"contact_id": "1", "reviewer": "r"}


def codes(table: str, item: dict[str, Any]) -> list[tuple[str, str]]:
    read = read_record(table, item, "pbx")
    return [] if isinstance(read, Record) else [(one.rule.code, one.column) for one in read]


@pytest.mark.parametrize(
    ("table", "item", "name", "within", "outside", "code"),
    [
        ("contacts", CONTACT, "handle_seconds", [0, 300.5], [-500, 1e300], "FC2008"),
        ("contacts", CONTACT, "hold_seconds", [0, 30], [-1], "FC2008"),
        ("contacts", CONTACT, "transfers", [0, 3], [-3, 10**9], "FC2008"),
        ("contacts", CONTACT, "cost", [0, 2.5], [1e300], "FC2008"),
        ("surveys", {"contact_id": "1"}, "csat", [0, 0.75, 1], [7.0, -0.1], "FC2014"),
        ("surveys", {"contact_id": "1"}, "ces", [0, 1], [-3], "FC2014"),
        ("surveys", {"contact_id": "1"}, "nps", [0, 10], [99, -1], "FC2014"),
        ("surveys", {"contact_id": "1"}, "contacts_needed", [1, 4], [0, -4], "FC2014"),
        ("reviews", REVIEW, "sampling_probability", [0.01, 1], [0, 5.0], "FC2012"),
        ("contact_agents", {"contact_id": "1", "agent_id": "a"}, "handle_seconds", [0], [-1], "FC2012"),
        ("assets", {"asset_id": "1"}, "cost", [99], [-1e300], "FC2012"),
        ("customers", {"customer_id": "1"}, "value", [99], [1e300], "FC2012"),
        ("crm_events", PAYMENT, "amount", [-9], [1e300], "FC2012"),
    ],
)  # fmt: skip
def test_a_figure_out_of_range_sets_its_record_aside(
    table: str, item: dict[str, Any], name: str, within: list[float], outside: list[float], code: str
) -> None:
    """What lies within is taken; what cannot be is said by column and code."""
    assert [codes(table, item | {name: figure}) for figure in within] == [[] for _ in within]
    assert [codes(table, item | {name: figure}) for figure in outside] == [[(code, name)] for _ in outside]


def test_every_figure_has_its_range() -> None:
    """No column of figures is without least and most, so that none can carry a value that no sum bears."""
    figures = [column for spec in TABLES for column in spec.columns if column.type in ("int64", "float64")]
    assert len(figures) > 10
    assert [column.name for column in figures if column.least is None or column.most is None] == []


def test_a_version_that_is_null_is_none() -> None:
    """Programs write null for what they do not have; so may the source."""
    read = read_record("contacts", {**CONTACT, "version": None, "source": None}, "pbx")
    assert isinstance(read, Record)
    assert (read.version, read.source) == (0, "pbx")


@pytest.mark.parametrize(
    ("table", "item"), [("contacts", CONTACT), ("surveys", {}), ("identifiers", {"kind": "phone"})]
)
def test_a_name_longer_than_can_be_asked_for_is_set_aside(table: str, item: dict[str, Any]) -> None:
    """An id of 200 characters can be looked up, merged and split; a longer one is not taken."""
    value = {"value": "1"} if table == "identifiers" else {}
    assert codes(table, item | value | {"contact_id": "x" * 200}) == []
    code = "FC2008" if table == "contacts" else "FC2012"
    assert codes(table, item | value | {"contact_id": "x" * 201}) == [(code, "contact_id")]
