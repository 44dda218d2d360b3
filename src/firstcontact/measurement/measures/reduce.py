"""From linked contacts to sums: one pass a slice for all measures, cut by customer bucket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from firstcontact.contacts.ledger import MeasureLedger
from firstcontact.measurement.linking.portable import BUCKETS

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from numpy.typing import NDArray

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.measures.measure import Measure, Reduction
    from firstcontact.measurement.policy.model import Policy

COLUMN_CODES = ("excluded_code", "outside", "outcome_code")
"""Cause codes that stand for the value of the linked column of that name."""

_LEDGER_PLACES = ("not_opener", "left_censored", "immature")


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of one measure, by cell and customer bucket; all arrays have shape (cells, buckets).

    Attributes:
        count: Counted contacts.
        total: Sum of their scores.
        open: Counted contacts on which the definition does not say.
        immature: Contacts left out because their window has not closed.
    """

    count: NDArray[np.float64]
    total: NDArray[np.float64]
    open: NDArray[np.float64]
    immature: NDArray[np.float64]

    def pooled(self, into: NDArray[np.int64], cells: int) -> Sums:
        """Add cells up: `into` gives each cell's new cell."""

        def add(array: NDArray[np.float64]) -> NDArray[np.float64]:
            out = np.zeros((cells, array.shape[1]))
            np.add.at(out, into, array)
            return out

        return Sums(add(self.count), add(self.total), add(self.open), add(self.immature))


@dataclass(frozen=True, slots=True)
class Reduced:
    """Sums of all measures for one cut.

    Attributes:
        cells: The values of the cut's columns, one tuple a cell; None for a missing value.
        sums: By measure id.
    """

    cells: list[tuple[Any, ...]]
    sums: dict[str, Sums]


def cause_of(linked: ir.Table, reduction: Reduction) -> ir.StringValue:
    """Why a contact is not counted; NULL for a counted one."""
    branches = [
        (condition.fill_null(False), linked[code] if code in COLUMN_CODES else ibis.literal(code))
        for code, condition in reduction.causes
    ]
    return ibis.cases(*branches, else_=ibis.null("string"))


def reduce(engine: Engine, linked: ir.Table, measures: list[Measure], policy: Policy, columns: list[str]) -> Reduced:
    """Sum all measures by some columns and by customer bucket.

    Args:
        engine: Where it runs.
        linked: Linked contacts with `bucket`.
        measures: Measures that the data support.
        policy: The policy.
        columns: Columns of `linked` to cut by; empty for the whole.

    Returns:
        The sums.
    """
    prepared = {}
    for measure in measures:
        reduction = measure.reduce(linked, policy)
        cause = cause_of(linked, reduction)
        prepared[f"{measure.id}__counted"] = cause.isnull()
        prepared[f"{measure.id}__immature"] = cause == "immature"
        prepared[f"{measure.id}__score"] = reduction.score
        if reduction.open is not None:
            prepared[f"{measure.id}__open"] = reduction.open
    facts = linked.select(*columns, "bucket", **prepared)
    sums = {}
    for measure in measures:
        counted = facts[f"{measure.id}__counted"]
        sums[f"{measure.id}__n"] = counted.sum()
        sums[f"{measure.id}__s"] = facts[f"{measure.id}__score"].sum(where=counted)
        sums[f"{measure.id}__i"] = facts[f"{measure.id}__immature"].sum()
        if f"{measure.id}__open" in prepared:
            sums[f"{measure.id}__o"] = (facts[f"{measure.id}__open"] & counted).sum()
    rows = engine.execute(facts.group_by([*columns, "bucket"]).aggregate(**sums))
    return _by_cell(rows, measures, columns)


def _by_cell(rows: pa.Table, measures: list[Measure], columns: list[str]) -> Reduced:
    keys = list(zip(*(rows[column].to_pylist() for column in columns), strict=True)) if columns else [()] * len(rows)
    cells = sorted(set(keys), key=lambda cell: tuple((value is not None, value) for value in cell))
    place = {cell: number for number, cell in enumerate(cells)}
    row = np.array([place[key] for key in keys], dtype=np.int64)
    bucket = rows["bucket"].to_numpy().astype(np.int64)

    def spread(name: str) -> NDArray[np.float64]:
        out = np.zeros((len(cells), BUCKETS))
        if name in rows.column_names:
            values = rows[name].to_numpy(zero_copy_only=False).astype(float)
            np.add.at(out, (row, bucket), np.nan_to_num(values))
        return out

    sums = {
        measure.id: Sums(*(spread(f"{measure.id}__{part}") for part in ("n", "s", "o", "i"))) for measure in measures
    }
    return Reduced(cells, sums)


def ledger(engine: Engine, linked: ir.Table, measure: Measure, policy: Policy) -> MeasureLedger:
    """Where each contact stands in one measure.

    Args:
        engine: Where it runs.
        linked: Linked contacts.
        measure: A measure that the data support.
        policy: The policy.

    Returns:
        The ledger; it adds up by construction, since each contact has one cause.
    """
    cause = cause_of(linked, measure.reduce(linked, policy))
    counts = engine.execute(linked.select(cause=cause).group_by("cause").aggregate(n=ibis._.count()))
    by_cause = dict(zip(counts["cause"].to_pylist(), counts["n"].to_pylist(), strict=True))
    counted = by_cause.pop(None, 0)
    places = {place: by_cause.pop(place, 0) for place in _LEDGER_PLACES}
    total = counted + sum(places.values()) + sum(by_cause.values())
    return MeasureLedger(measure.id, total, counted, dict(sorted(by_cause.items())), **places)


def largest_customer(
    engine: Engine,
    linked: ir.Table,
    measures: list[Measure],
    policy: Policy,
    columns: list[str],
    members: list[tuple[tuple[Any, ...], int]],
) -> dict[str, dict[int, int]]:
    """How many counted contacts the largest customer has in some cells.

    Only called for cells in which one bucket holds so much that one customer might dominate.

    Args:
        engine: Where it runs.
        linked: Linked contacts with `customer`.
        measures: Measures to look at.
        policy: The policy.
        columns: The columns of `linked` that the cells are made of.
        members: (values of the columns, number of the cell they belong to).

    Returns:
        By measure id and number of the cell.
    """
    import pyarrow as pa

    names = [f"asked_{number}" for number in range(len(columns))]
    types = engine.execute(linked.select(columns).limit(0)).schema
    asked_rows = {
        name: pa.array([values[number] for values, _ in members], types.field(columns[number]).type)
        for number, name in enumerate(names)
    }
    asked_rows["cell"] = pa.array([cell for _, cell in members], pa.int64())
    asked = engine.register(pa.table(asked_rows), "fc_asked_cell")
    table = linked.filter(linked.customer.notnull())
    table = table.join(asked, [table[c].identical_to(asked[n]) for c, n in zip(columns, names, strict=True)])
    counted = {measure.id: cause_of(table, measure.reduce(table, policy)).isnull() for measure in measures}
    facts = table.select("cell", "customer", **counted)
    each = facts.group_by(["cell", "customer"]).aggregate(**{m.id: facts[m.id].sum() for m in measures})
    most = engine.execute(each.group_by("cell").aggregate(**{m.id: each[m.id].max() for m in measures}))
    cells = most["cell"].to_pylist()
    return {m.id: dict(zip(cells, most[m.id].to_pylist(), strict=True)) for m in measures}
