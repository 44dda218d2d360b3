"""What changed since a number, read in order as the warehouse keeps it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Column, Connection, and_, func, select

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.warehouse.form import COMPANIONS, companion_row, form_of, packed
from firstcontact.measurement.linking.identifier import OWN_ID

AT_ONCE = 20_000
"""Rows of one batch: bounds the memory that a long catching up takes."""


def changed(connection: Connection, kind: str, after: int, upto: int) -> Iterator[pa.RecordBatch]:
    """Records of one kind whose latest change lies after a number, in the order of changes.

    Args:
        connection: A reading transaction: all that it gives is of one moment.
        kind: `contacts`, or a table beside them.
        after: Number of the last change that is known.
        upto: Number of the last change that is wanted.

    Yields:
        Batches in the form of a segment.
    """
    read = _contacts if kind == "contacts" else _companions
    while after < upto:
        batch, last = read(connection, kind, after, upto)
        if batch is None:
            return
        yield batch
        after = last


def _contacts(connection: Connection, kind: str, after: int, upto: int) -> tuple[pa.RecordBatch | None, int]:
    table = schema.contact
    asked = select(table).where(table.c.seq > after, table.c.seq <= upto).order_by(table.c.seq).limit(AT_ONCE)
    answer = connection.execute(asked)
    names, found = list(answer.keys()), answer.all()
    if len(found) == AT_ONCE:
        # One change has one number for each record, so none is torn apart; were it shared, the rest would come next.
        found = found[: _whole(found)]
    if not found:
        return None, upto
    last = int(found[-1].seq)
    pairs = _identifiers(connection, after, last)
    # Column by column: a million rows as dictionaries take longer to make than to read.
    columns: dict[str, Any] = dict(zip(names, zip(*found, strict=True), strict=True))
    own = [pairs.get(key, ()) for key in zip(columns["source"], columns["contact_id"], strict=True)]
    # Whom a person split off, no identifier of the source names any more.
    named = [(OWN_ID, one) for one in columns["customer_id"]]
    columns["customer_id"] = [one[1] if one in some else None for one, some in zip(named, own, strict=True)]
    columns["identifiers"] = [
        [{"kind": kind, "value": value} for kind, value in some if (kind, value) != one]
        for one, some in zip(named, own, strict=True)
    ]
    columns["attributes"] = [packed(one) for one in columns["attributes"]]
    form = form_of(kind)
    return pa.RecordBatch.from_arrays([pa.array(columns[one.name], one.type) for one in form], schema=form), last


def _whole(found: Sequence[Any]) -> int:
    """How many rows to take so that all that share the number of one change come together."""
    last = found[-1].seq
    kept = next((place for place in range(len(found), 0, -1) if found[place - 1].seq != last), 0)
    return kept or len(found)


def _identifiers(connection: Connection, after: int, last: int) -> dict[tuple[str, str], list[tuple[str, str]]]:
    table, contact = schema.identifier, schema.contact
    same = and_(table.c.source == contact.c.source, table.c.contact_id == contact.c.contact_id)
    asked = (
        select(table.c.source, table.c.contact_id, table.c.kind, table.c.value)
        .select_from(table.join(contact, same))
        .where(contact.c.seq > after, contact.c.seq <= last, table.c.spelled.is_not(None))
        .order_by(table.c.kind, table.c.value)
    )
    found: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for row in connection.execute(asked):
        found[row.source, row.contact_id].append((row.kind, row.value))
    return found


def _companions(connection: Connection, kind: str, after: int, upto: int) -> tuple[pa.RecordBatch | None, int]:
    table = schema.companion
    asked = (
        select(table.c.source, table.c.record_key, table.c.seq, table.c.body)
        .where(table.c.kind == kind, table.c.seq > after, table.c.seq <= upto)
        .order_by(table.c.seq)
        .limit(AT_ONCE)
    )
    found = connection.execute(asked).all()
    if len(found) == AT_ONCE:
        found = found[: _whole(found)]
    if not found:
        return None, upto
    spec = COMPANIONS[kind]
    beside = ("source", "record_key", "seq")
    rows = [companion_row(spec, one.body) | {name: getattr(one, name) for name in beside} for one in found]
    return pa.RecordBatch.from_pylist(rows, schema=form_of(kind)), int(found[-1].seq)


def gone(connection: Connection) -> tuple[pa.Table, pa.Table]:
    """Contacts, and records beside them, that are no more: by what they were known, and when they went."""
    contact, companion = schema.contact_gone, schema.companion_gone
    return (
        _table(connection, contact.c.source, contact.c.contact_id, contact.c.seq),
        _table(connection, companion.c.kind, companion.c.record_key, companion.c.seq),
    )


def erased(connection: Connection) -> int:
    """How many contacts were erased on somebody's behalf; what was undone or grew too old is not among them."""
    table = schema.contact_gone
    return connection.execute(select(func.count()).where(table.c.cause == "erased")).scalar_one()


def last_gone(connection: Connection) -> int:
    """Number of the last change by which something went that must not be read again; 0 where nothing ever did."""
    marks = (schema.contact_gone, schema.companion_gone)
    asked = (select(func.max(table.c.seq)).where(table.c.cause != "undone") for table in marks)
    return max(int(connection.execute(one).scalar_one() or 0) for one in asked)


def _table(connection: Connection, *columns: Column[Any]) -> pa.Table:
    """Rows as a table, a batch at a time: as objects of their own, millions would not fit."""
    form = pa.schema([(one.name, pa.int64() if one.name == "seq" else pa.string()) for one in columns])
    answer = connection.execute(select(*columns).execution_options(yield_per=AT_ONCE))
    batches = [
        pa.RecordBatch.from_arrays(
            [pa.array(values, field.type) for values, field in zip(zip(*part, strict=True), form, strict=True)],
            schema=form,
        )
        for part in answer.partitions()
    ]
    return pa.Table.from_batches(batches, schema=form)
