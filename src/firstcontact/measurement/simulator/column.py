"""From arrays to typed Arrow columns, without a Python object a row."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firstcontact.contacts.table import TableSpec
from firstcontact.measurement.simulator.stream import Array, Bools, Floats, Ints

ARROW_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "timestamp": pa.timestamp("us"),
    "float64": pa.float64(),
    "int64": pa.int64(),
    "boolean": pa.bool_(),
    "list<string>": pa.list_(pa.string()),
}


def array(kind: pa.DataType, numbers: Array, present: Bools | None = None) -> pa.Array:
    """Numbers (8 bytes each) or truth values as they lie in memory; null where not present."""
    validity = None if present is None else pa.py_buffer(np.packbits(present, bitorder="little"))
    data = np.packbits(numbers, bitorder="little") if pa.types.is_boolean(kind) else np.ascontiguousarray(numbers)
    return pa.Array.from_buffers(kind, len(numbers), [validity, pa.py_buffer(data)])


def rows(places: Array) -> pa.Array:
    """Row numbers to take; null where below 0."""
    return array(pa.int64(), places.astype(np.int64), None if places.min(initial=0) >= 0 else places >= 0)


def named(names: pa.Array, places: Array) -> pa.Array:
    """The name at each row number; null where below 0."""
    return names.take(rows(places))


def labels(names: list[str], codes: Array, present: Bools | None = None) -> pa.Array:
    """A word for each code; null where it is not present or the code is below 0."""
    known = codes >= 0 if present is None else present & (codes >= 0)
    return pa.array(names, pa.string()).take(array(pa.int64(), codes.astype(np.int64), known))


def numbered(prefix: str, numbers: Array, digits: int = 0, present: Bools | None = None) -> pa.Array:
    """Names made of a prefix and a number, filled with zeros to a width."""
    text = pc.cast(array(pa.int64(), numbers.astype(np.int64), present), pa.string())
    if digits:
        text = pc.utf8_lpad(text, width=digits, padding="0")
    return pc.binary_join_element_wise(prefix, text, "")


def moments(start: date, seconds: Floats, present: Bools | None = None) -> pa.Array:
    """Whole seconds since the log began as UTC timestamps; null where not present or not a number."""
    known = np.isfinite(seconds) if present is None else present & np.isfinite(seconds)
    whole = np.floor(np.where(known, seconds, 0.0)).astype(np.int64) * 1_000_000
    epoch = np.datetime64(start.isoformat(), "us").astype(np.int64)
    return array(ARROW_TYPES["timestamp"], whole + epoch, known)


def values(numbers: Array, present: Bools | None = None) -> pa.Array:
    """Numbers or truth values; null where not present."""
    if numbers.dtype == np.bool_:
        return array(pa.bool_(), numbers, present)
    if numbers.dtype.kind == "f":
        return array(pa.float64(), numbers.astype(np.float64), present)
    return array(pa.int64(), numbers.astype(np.int64), present)


def table(spec: TableSpec, columns: dict[str, pa.Array], count: int) -> pa.Table:
    """A table exactly as its spec has it; columns that are not given are null throughout."""
    unknown = set(columns) - set(spec.names)
    if unknown:
        raise KeyError(f"{spec.name} has no column {', '.join(sorted(unknown))}")
    arrays: list[Any] = []
    for column in spec.columns:
        kind = ARROW_TYPES[column.type]
        given = columns.get(column.name)
        arrays.append(pa.nulls(count, kind) if given is None else given.cast(kind))
    return pa.Table.from_arrays(arrays, schema=schema(spec))


def schema(spec: TableSpec) -> pa.Schema:
    """The Arrow schema of a table."""
    return pa.schema([pa.field(column.name, ARROW_TYPES[column.type]) for column in spec.columns])


def unique_numbers(keys: Array) -> Ints:
    """A number of at most 18 digits for each key, no two alike."""
    numbers = (keys >> np.uint64(5)).astype(np.int64)
    while True:
        order = np.argsort(numbers, kind="stable")
        again = np.flatnonzero(np.diff(numbers[order]) == 0)
        if not len(again):
            return numbers
        numbers[order[again + 1]] += 1
