"""The engine told a story: the same question that `measurement.reference.tell.tell` answers on the twin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from firstcontact.contacts.table import CASE_EVENTS, CONTACTS, SURVEYS, TableSpec
from firstcontact.kernel.engine import Engine
from firstcontact.measurement.fit.declared import Fit
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.reference.contact import Contact
from firstcontact.measurement.reference.tell import Seen
from firstcontact.measurement.signals.catalog import SIGNALS

TYPES = {
    "string": pa.string(),
    "timestamp": pa.timestamp("us"),
    "float64": pa.float64(),
    "int64": pa.int64(),
    "boolean": pa.bool_(),
    "list<string>": pa.list_(pa.string()),
}


def engine_teller(engine: Engine, *, all_signals: bool = True) -> Any:
    """A teller that links and judges on an engine."""

    def tell(contacts: Sequence[Contact], policy: Policy, fit: Fit, frame: Frame) -> list[Seen]:
        tables = {"contacts": engine.register(contact_rows(contacts), "told_contacts")}
        events = [(contact, event) for contact in contacts for event in contact.events]
        if events:
            columns = {
                "contact_id": [contact.contact_id for contact, _ in events],
                "at": [event.at for _, event in events],
                "kind": [event.kind for _, event in events],
                "agent_id": [event.agent_id for _, event in events],
            }
            tables["case_events"] = engine.register(rows(CASE_EVENTS, columns, len(events)), "told_events")
        answered = [contact for contact in contacts if contact.survey is not None]
        if answered:
            columns = {
                "contact_id": [contact.contact_id for contact in answered],
                "resolved": [contact.survey and contact.survey.resolved for contact in answered],
                "contacts_needed": [contact.survey and contact.survey.contacts_needed for contact in answered],
            }
            tables["surveys"] = engine.register(rows(SURVEYS, columns, len(answered)), "told_surveys")
        wanted = tuple(SIGNALS) if all_signals else ()
        linked = link(engine, tables, policy, fit, frame, signals=wanted)
        by_id = {row["contact_id"]: row for row in engine.execute(linked).to_pylist()}
        assert len(by_id) == len(contacts)
        return [_seen(by_id[contact.contact_id], wanted) for contact in contacts]

    return tell


def contact_rows(contacts: Sequence[Contact]) -> pa.Table:
    """Contacts as the connector would hand them over, customers as numbers."""
    numbers = {name: n for n, name in enumerate(sorted({c.customer for c in contacts if c.customer is not None}))}
    extra = sorted({name for contact in contacts for name in contact.extra})
    given = (
        "contact_id started_at ended_at reason channel direction queued_at answered_at agent_id queue transfers "
        "escalated_to settled agent_says_resolved abandoned"
    ).split()
    columns: dict[str, list[Any]] = {name: [contact.column(name) for contact in contacts] for name in given}
    columns["source"] = ["story"] * len(contacts)
    table = rows(CONTACTS, columns, len(contacts))
    customers = [None if c.customer is None else numbers[c.customer] for c in contacts]
    table = table.append_column("customer", pa.array(customers, pa.int64()))
    for name in extra:
        table = table.append_column(name, pa.array([contact.extra.get(name) for contact in contacts], pa.string()))
    return table


def rows(spec: TableSpec, columns: dict[str, list[Any]], length: int) -> pa.Table:
    """A table with every column of its spec, those not given missing."""
    return pa.table({c.name: pa.array(columns.get(c.name, [None] * length), TYPES[c.type]) for c in spec.columns})


def _seen(row: dict[str, Any], wanted: tuple[str, ...]) -> Seen:
    renamed = {name.removesuffix("_us") if name.endswith("_gap_us") else name: value for name, value in row.items()}
    fields = {name: renamed[name] for name in Seen.__slots__ if name != "signals"}
    return Seen(**fields, signals={name: row[name] for name in wanted})
