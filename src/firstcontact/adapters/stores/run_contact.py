"""Single contacts in the files of runs: those that are gone are taken out, row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection

from firstcontact.adapters.stores.sql.change import gone
from firstcontact.adapters.stores.sql.run import FIGURES
from firstcontact.contacts.name import BETWEEN

CONTACTS = "contacts.parquet"
"""The one file that tells sources apart: by it is known which contact a run calls how."""

GROUP_ROWS = 122_880
"""Rows that a file holds together, as the engine writes them: who looks for few contacts reads few groups."""

_MENTIONS = ("issue_id", "repeat_of", "leg_of")


def names_gone(connection: Connection) -> pa.Array:
    """What contacts that are gone may be called in a run, each after its source and a NUL."""
    contacts, _ = gone(connection)
    source, name = contacts["source"], contacts["contact_id"]
    plain = pc.binary_join_element_wise(source, name, "\0")
    led = pc.binary_join_element_wise(source, pc.binary_join_element_wise(source, name, BETWEEN), "\0")
    return pa.concat_arrays([*plain.chunks, *led.chunks]) if len(contacts) else pa.array([], pa.string())


def without(run: Path, gone: pa.Array) -> int:
    """Rewrite a run's files without the rows of contacts that are gone, and without mention of them.

    Args:
        run: The run's directory.
        gone: What `names_gone` gives.

    Returns:
        How many files changed.
    """
    contacts = run / CONTACTS
    if not contacts.is_file() or not len(gone):
        return 0
    known = pq.read_table(contacts, columns=["source", "contact_id"])
    left = pc.is_in(pc.binary_join_element_wise(known["source"], known["contact_id"], "\0"), value_set=gone)
    names = pc.unique(known["contact_id"].filter(pc.fill_null(left, False)))
    if not len(names):
        return 0
    others = [path for path in sorted(run.glob("*.parquet")) if path.name not in FIGURES | {CONTACTS}]
    # The contacts last: until they are rewritten, whoever tries again finds by them what to take out.
    return sum(_rewrite(path, names) for path in [*others, contacts])


def _rewrite(path: Path, names: pa.Array) -> bool:
    columns = pq.read_schema(path).names
    key = next((name for name in ("contact_id", "issue_id") if name in columns), None)
    if key is None:
        return False
    table = pq.read_table(path)
    kept = table.filter(pc.invert(_among(table[key], names)))
    for name in _MENTIONS:
        if name in columns and name != key:
            place = columns.index(name)
            field = kept.schema.field(place)
            cleared = pc.if_else(_among(kept.column(place), names), pa.scalar(None, field.type), kept.column(place))
            kept = kept.set_column(place, field, cleared)
    if kept.equals(table):
        return False
    partial = path.with_name(f"{path.name}.partial")
    pq.write_table(kept, partial, compression="zstd", row_group_size=GROUP_ROWS)
    partial.chmod(0o600)
    partial.replace(path)
    return True


def _among(column: Any, names: pa.Array) -> Any:
    return pc.fill_null(pc.is_in(column.cast(pa.string()), value_set=names), False)
