"""Columns of a segment: those of its table, with the record's source and the number of its change."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pyarrow as pa

from firstcontact.contacts.table import CONTACTS, TABLES, ColumnType, TableSpec

TYPES: dict[ColumnType, pa.DataType] = {
    "string": pa.string(),
    "timestamp": pa.timestamp("us"),
    "float64": pa.float64(),
    "int64": pa.int64(),
    "boolean": pa.bool_(),
    "list<string>": pa.list_(pa.string()),
}
PAIRS = pa.list_(pa.struct([("kind", pa.string()), ("value", pa.string())]))

COMPANIONS: dict[str, TableSpec] = {spec.name: spec for spec in TABLES if spec.name not in {"contacts", "identifiers"}}
"""Tables beside the contacts that have segments; identifiers go with their contact."""


def form_of(kind: str) -> pa.Schema:
    """The columns of a segment of one kind.

    >>> form_of("surveys").names[-3:]
    ['source', 'record_key', 'seq']
    """
    spec = CONTACTS if kind == "contacts" else COMPANIONS[kind]
    fields = [pa.field(column.name, TYPES[column.type]) for column in spec.columns if column.name != "source"]
    own = [("attributes", pa.string()), ("identifiers", PAIRS)] if kind == "contacts" else []
    key = [] if kind == "contacts" else [("record_key", pa.string())]
    return pa.schema([*fields, *own, ("source", pa.string()), *key, ("seq", pa.int64())])


def companion_row(spec: TableSpec, body: dict[str, Any]) -> dict[str, Any]:
    """A record as it was kept, with its moments as moments."""
    row: dict[str, Any] = {}
    for column in spec.columns:
        value = body.get(column.name)
        if column.type == "timestamp" and isinstance(value, str):
            value = datetime.fromisoformat(value)
        row[column.name] = value
    return row


def packed(attributes: dict[str, str]) -> str | None:
    """Further columns as one text, the same for the same content; None where there are none."""
    return json.dumps(attributes, ensure_ascii=False, sort_keys=True) if attributes else None
