"""From linked contacts to sums: one pass to see how each enters all measures, then one narrow pass a cut."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from firstcontact.contacts.ledger import MeasureLedger
from firstcontact.measurement.linking.period import week_begin
from firstcontact.measurement.linking.portable import BUCKETS
from firstcontact.measurement.measures.pattern import CAUSES, OPEN, SCORED, Asked, Patterns, term_column

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from numpy.typing import NDArray

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.measures.measure import Measure
    from firstcontact.measurement.policy.model import Policy

Members = list[tuple[tuple[Any, ...], int]]

LEARNED = "learned_window"
"""Column of linked contacts: whether the window was learned. Facts hold it where a run has windows of both origins."""

_LEDGER_PLACES = ("not_opener", "left_censored", "immature")
_SPARSE = 20
"""Numbers that leave more out than this many times their rows are sorted."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of one measure, by cell and customer bucket; all arrays have shape (cells, buckets).

    Attributes:
        count: Counted contacts.
        total: Sum of their scores.
        open: Counted contacts on which the definition does not say.
        immature: Contacts left out because their window has not closed.
        terms: Sums of the terms of a measure that corrects, by name.
        learned: Contacts, counted or immature, whose window was learned; None where all windows have one origin.
        astray: For each cell of which no contact is counted or immature, why its contacts are left out: all codes.
    """

    count: NDArray[np.float64]
    total: NDArray[np.float64]
    open: NDArray[np.float64]
    immature: NDArray[np.float64]
    terms: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    learned: NDArray[np.float64] | None = None
    astray: dict[int, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reduced:
    """Sums of all measures for one cut.

    Attributes:
        cells: The values of the cut's columns, one tuple a cell; None for a missing value.
        sums: By measure id.
    """

    cells: list[tuple[Any, ...]]
    sums: dict[str, Sums]


@dataclass(frozen=True, slots=True)
class Counted:
    """Contacts counted by some columns and by pattern.

    Attributes:
        rows: The columns, the patterns, `contacts`, and sums of the scores that do not fit into a pattern.
        digits: The digit of each measure, by row.
        patterns: What the digits mean.
    """

    rows: pa.Table
    digits: dict[str, NDArray[np.int16]]
    patterns: Patterns

    @property
    def contacts(self) -> NDArray[np.float64]:
        """How many contacts each row stands for."""
        return np.asarray(self.rows["contacts"].to_numpy(), dtype=np.float64)

    def place(self, columns: list[str]) -> Placed:
        """The cells that some of the columns make, and the cell of each row; no columns for the whole."""
        at, size = np.zeros(len(self.rows), dtype=np.int64), 1
        named: list[tuple[list[Any], NDArray[np.int64]]] = []
        for column in columns:
            values, codes = _numbered(self.rows[column])
            named.append((values, codes))
            at, size = _renumbered(at * len(values) + codes, size * len(values))
        # Any row of a cell tells its values.
        member = np.zeros(size if len(at) else 0, dtype=np.int64)
        member[at] = np.arange(len(at))
        each = [[values[code] for code in codes[member].tolist()] for values, codes in named]
        return Placed(self, list(zip(*each, strict=True)) if columns else [()] * len(member), at)

    def added(self, column: str) -> NDArray[np.float64]:
        """Sums of a column beside the patterns; 0 where nothing was added."""
        return np.nan_to_num(np.asarray(self.rows[column].to_numpy(zero_copy_only=False), dtype=np.float64))

    def ledgers(self) -> dict[str, MeasureLedger]:
        """Where each contact stands in every measure; each adds up by construction, for a contact has one cause."""
        books = {}
        for name, digit in self.digits.items():
            by_digit = np.bincount(digit, self.contacts, CAUSES + len(self.patterns.codes)).astype(int).tolist()
            by_cause = {code: n for code, n in zip(self.patterns.codes, by_digit[CAUSES:], strict=True) if n}
            places = {place: by_cause.pop(place, 0) for place in _LEDGER_PLACES}
            counted = sum(by_digit[:CAUSES])
            total = counted + sum(places.values()) + sum(by_cause.values())
            books[name] = MeasureLedger(name, total, counted, dict(sorted(by_cause.items())), **places)
        return books


@dataclass(frozen=True, slots=True)
class Placed:
    """Counted contacts with the cells that some of their columns make.

    Attributes:
        counted: The contacts.
        cells: As in `Reduced`.
        at: Number of the cell of each row.
    """

    counted: Counted
    cells: list[tuple[Any, ...]]
    at: NDArray[np.int64]

    def sums(self, into: NDArray[np.int64] | None = None, cells: int | None = None) -> dict[str, Sums]:
        """Sums of all measures, by id.

        Args:
            into: For each cell the number of a coarser cell; the cells themselves where not given. Rows are added up
                into these at once: the finer cells may be very many.
            cells: How many coarser cells there are.
        """
        own, number = self.counted, len(self.cells) if cells is None else cells
        cell = self.at if into is None else into[self.at]
        where, contacts = cell * BUCKETS + own.rows["bucket"].to_numpy(), own.contacts

        def spread(weights: NDArray[np.float64]) -> NDArray[np.float64]:
            # Most sums of most measures are of nothing: no definition leaves much open.
            if not weights.any():
                return np.zeros((number, BUCKETS))
            added = np.bincount(where, weights, number * BUCKETS)
            return np.asarray(added, dtype=np.float64).reshape(number, BUCKETS)

        sums = {}
        for name, digit in own.digits.items():
            counted, asked = digit < CAUSES, own.patterns.asked[name]
            if asked.share or asked.reduction.terms:
                total = contacts * (digit == SCORED)
            else:
                total = own.added(name) * counted
            young = digit == own.patterns.digit_of("immature")
            known = counted | young
            count, immature = spread(contacts * counted), spread(contacts * young)
            sums[name] = Sums(
                count,
                spread(total),
                spread(contacts * (digit == OPEN)),
                immature,
                {term: spread(own.added(term_column(name, term)) * counted) for term in asked.reduction.terms},
                spread(own.added(LEARNED) * known) if LEARNED in own.rows.column_names else None,
                _astray(digit, cell, (count + immature).sum(axis=1) > 0, own.patterns.codes),
            )
        return sums


def _astray(
    digit: NDArray[np.int16], cell: NDArray[np.int64], held: NDArray[np.bool_], codes: list[str]
) -> dict[int, frozenset[str]]:
    """Why the contacts of empty cells are left out."""
    if held.all():
        return {}
    rows = ~held[cell]
    found: dict[int, set[str]] = {}
    for pair in np.unique(cell[rows] * len(codes) + digit[rows] - CAUSES).tolist():
        found.setdefault(pair // len(codes), set()).add(codes[pair % len(codes)])
    return {number: frozenset(causes) for number, causes in found.items()}


def _renumbered(codes: NDArray[np.int64], size: int) -> tuple[NDArray[np.int64], int]:
    """Numbers below a size as numbers without gaps, in the same order, and how many different ones there are."""
    if size > _SPARSE * max(len(codes), 1):
        found, codes = np.unique(codes, return_inverse=True)
        return codes.ravel(), len(found)
    # Where most numbers occur, ticking them off is ten times as fast as sorting.
    occurs = np.zeros(size, dtype=bool)
    occurs[codes] = True
    return (np.cumsum(occurs) - 1)[codes], int(occurs.sum())


def _numbered(column: pa.ChunkedArray) -> tuple[list[Any], NDArray[np.int64]]:
    """The different values in order after a missing one, and for each row the number of its value among them."""
    encoded = column.combine_chunks().dictionary_encode()
    values = encoded.dictionary.to_pylist()
    order = sorted(range(len(values)), key=values.__getitem__)
    place = np.zeros(len(values) + 1, dtype=np.int64)
    place[order] = np.arange(1, len(values) + 1)
    return [None, *(values[number] for number in order)], place[encoded.indices.fill_null(len(values)).to_numpy()]


@dataclass(frozen=True, slots=True)
class Facts:
    """One narrow row a contact: the columns to cut by, `bucket`, `customer`, and how it enters every measure.

    Attributes:
        engine: Where it runs.
        table: The rows.
        patterns: What their patterns mean.
    """

    engine: Engine
    table: ir.Table
    patterns: Patterns

    def drop(self) -> None:
        """Give up the rows: nothing can be counted any more."""
        self.engine.drop(self.table.get_name())

    def by_week(self, week_start: str) -> Facts:
        """The same facts with every `local_day` put back to the first day of its week: fewer cells to bring over.

        Args:
            week_start: First day of the week.
        """
        return replace(self, table=self.table.mutate(local_day=week_begin(self.table.local_day, week_start)))

    def only(self, column: str, values: list[Any], known: ir.Table) -> Facts:
        """The facts of contacts that have one of some values in a column, until this is asked again.

        Args:
            column: The column.
            values: Its values, None for a missing one.
            known: Every value of the column, as the engine keeps it: names as text would be compared letter by letter.
        """
        import pyarrow as pa

        kind = known.select(column).schema().to_pyarrow().field(0).type
        part = self.engine.register(pa.table({"value": pa.array(values, kind)}), "fc_part")
        own, few = self.table, known.semi_join(part, [known[column].identical_to(part.value)])
        alike = own[column].identical_to(few[column]) if None in values else own[column] == few[column]
        return replace(self, table=own.semi_join(few, [alike]))

    def contacts(self) -> int:
        """How many contacts there are."""
        return int(self.engine.execute(self.table.aggregate(contacts=self.table.count()))["contacts"][0].as_py())

    def count(self, by: list[str]) -> Counted:
        """Count contacts by some columns and by pattern."""
        grouped = self.table.group_by([*by, *self.patterns.packed])
        beside = [*self.patterns.summed, *(name for name in (LEARNED,) if name in self.table.columns)]
        scores = {name: self.table[name].sum() for name in beside}
        rows = self.engine.execute(grouped.aggregate(contacts=self.table.count(), **scores))
        return Counted(rows, self.patterns.digits(rows), self.patterns)

    def place(self, columns: list[str]) -> Placed:
        """Count contacts by some columns and by customer bucket; no columns for the whole."""
        return self.count([*columns, "bucket"]).place(columns)

    def largest_customer(self, columns: list[str], members: Members) -> dict[str, dict[int, int]]:
        """How many counted contacts the largest customer has in some cells.

        Only asked for cells in which one bucket holds so much that one customer might dominate.

        Args:
            columns: The columns that the cells are made of.
            members: Values of the columns, and number of the cell they belong to.

        Returns:
            By measure id and number of the cell.
        """
        import pyarrow as pa

        types = self.table.select(columns).schema().to_pyarrow()
        names = [f"asked_{number}" for number in range(len(columns))]
        asked = {
            name: pa.array([values[number] for values, _ in members], types.field(number).type)
            for number, name in enumerate(names)
        }
        asked["cell"] = pa.array([cell for _, cell in members], pa.int64())
        cells = self.engine.register(pa.table(asked), "fc_asked_cell")
        known = self.table.filter(self.table.customer.notnull())
        known = known.join(cells, [known[c].identical_to(cells[n]) for c, n in zip(columns, names, strict=True)])
        each = known.group_by(["cell", "customer", *self.patterns.packed]).aggregate(contacts=known.count())
        rows = self.engine.execute(each)
        pairs = np.stack([rows["cell"].to_numpy(), rows["customer"].to_numpy()])
        (cell_of, _), pair = np.unique(pairs, axis=1, return_inverse=True)
        largest = {}
        for name, digit in self.patterns.digits(rows).items():
            counted = np.bincount(pair.ravel(), rows["contacts"].to_numpy() * (digit < CAUSES), len(cell_of)).astype(
                int
            )
            most: dict[int, int] = {}
            for cell, n in zip(cell_of.tolist(), counted.tolist(), strict=True):
                most[cell] = max(n, most.get(cell, 0))
            largest[name] = most
        return largest


def gather(
    engine: Engine,
    linked: ir.Table,
    measures: list[Measure],
    policy: Policy,
    columns: list[str],
    name: str = "fc_fact",
) -> Facts:
    """Find out once how each contact enters all measures.

    Args:
        engine: Where it runs.
        linked: Linked contacts with `bucket` and `customer`.
        measures: Measures that the data support.
        policy: The policy.
        columns: Columns of `linked` that figures will be cut by.
        name: Under which the engine keeps the facts.

    Returns:
        The facts, to be cut in several ways.
    """
    facts, patterns = _facts(linked, measures, policy, columns)
    return Facts(engine, engine.materialise(facts, name), patterns)


def columns_read(linked: ir.Table, measures: list[Measure], policy: Policy, columns: list[str]) -> frozenset[str]:
    """The columns of linked contacts that `gather` reads, given the same."""
    from ibis.expr import operations

    facts, _ = _facts(linked, measures, policy, columns)
    return frozenset(one.name for one in facts.op().find(operations.Field) if one.rel == linked.op())


def _facts(linked: ir.Table, measures: list[Measure], policy: Policy, columns: list[str]) -> tuple[ir.Table, Patterns]:
    asked = {one.id: Asked(one.reduce(linked, policy), policy, one.kind == "share") for one in measures}
    patterns = Patterns(asked)
    return linked.select(*dict.fromkeys((*columns, "bucket", "customer")), **patterns.columns(linked)), patterns


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
    placed = gather(engine, linked, measures, policy, columns).place(columns)
    return Reduced(placed.cells, placed.sums())


def ledger(engine: Engine, linked: ir.Table, measure: Measure, policy: Policy) -> MeasureLedger:
    """Where each contact stands in one measure.

    Args:
        engine: Where it runs.
        linked: Linked contacts.
        measure: A measure that the data support.
        policy: The policy.

    Returns:
        The ledger.
    """
    return gather(engine, linked, [measure], policy, []).count([]).ledgers()[measure.id]
