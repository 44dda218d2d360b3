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


def labels(names: list[str], codes: Array, present: Bools | None = None) -> pa.Array:
    """A word for each code; null where it is not present or the code is below 0."""
    missing = codes < 0 if present is None else ~present | (codes < 0)
    return pa.array(names, pa.string()).take(pa.array(codes.astype(np.int32), mask=missing))


def numbered(prefix: str, numbers: Array, digits: int = 0, present: Bools | None = None) -> pa.Array:
    """Names made of a prefix and a number, filled with zeros to a width."""
    text = pc.cast(pa.array(numbers, mask=None if present is None else ~present), pa.string())
    if digits:
        text = pc.utf8_lpad(text, width=digits, padding="0")
    return pc.binary_join_element_wise(prefix, text, "")


def moments(start: date, seconds: Floats, present: Bools | None = None) -> pa.Array:
    """Whole seconds since the log began as UTC timestamps; null where not present or not a number."""
    known = np.isfinite(seconds) if present is None else present & np.isfinite(seconds)
    whole = np.floor(np.where(known, seconds, 0.0)).astype(np.int64) * 1_000_000
    epoch = np.datetime64(start.isoformat(), "us").astype(np.int64)
    return pa.array((whole + epoch).view("datetime64[us]"), mask=~known)


def values(numbers: Array, present: Bools | None = None) -> pa.Array:
    """Numbers or truth values; null where not present."""
    return pa.array(numbers, mask=None if present is None else ~present)


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
