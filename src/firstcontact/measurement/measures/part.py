"""Which contacts are counted at a time: where a cut has very many cells, those of some of them after the others.

All contacts of a cell are counted together, so a cell's figures are what they would be if all were counted at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.measures.cut import Cut, Slice
    from firstcontact.measurement.measures.reduce import Facts

CELLS = 10_000
"""About how many cells come into memory at once: sums of ten measures by bucket are then some hundred megabytes."""


@dataclass(slots=True)
class Parts:
    """Facts, to be counted in parts small enough for memory, however many contacts there are.

    Attributes:
        facts: All of them.
        week_start: First day of the week where days are put back to it, as `Facts.by_week` does; None where not.
        cells: About how many cells a part may hold.
    """

    facts: Facts
    week_start: str | None = None
    cells: int = CELLS
    _contacts: int | None = None
    _values: dict[str, tuple[ir.Table, dict[Any, int]]] = field(default_factory=dict)

    def several(self, cut: Cut) -> bool:
        """Whether a cut takes more than one part."""
        return self._along(cut) is not None

    def of(self, cut: Cut) -> Iterator[Facts]:
        """The facts in as many parts as a cut needs: each holds all contacts of some of its cells.

        A part is good until the next one is asked for.
        """
        along = self._along(cut)
        if along is None:
            yield self._prepared(self.facts)
            return
        known, _ = self._held(along.column)
        for values in self._groups(cut, along):
            # Days are put back to weeks after that: those of all facts, each time, would cost more than the sums.
            yield self._prepared(self.facts.only(along.column, values, known))

    def drop(self) -> None:
        """Give up what was kept of the columns."""
        for known, _ in self._values.values():
            self.facts.engine.drop(known.get_name())

    def _prepared(self, facts: Facts) -> Facts:
        return facts if self.week_start is None else facts.by_week(self.week_start)

    def _along(self, cut: Cut) -> Slice | None:
        """The dimension along which the cells are divided: the one with most values; None for all cells at once."""
        # There are no more cells than contacts: of a small table the columns are not even looked at.
        if not cut.slices or self._all <= self.cells or prod(map(self._size, cut.slices)) <= self.cells:
            return None
        return max(cut.slices, key=self._size)

    def _groups(self, cut: Cut, along: Slice) -> list[list[Any]]:
        """The values of a dimension's column, put together to parts; those of one label stay together."""
        others = prod(self._size(one) for one in cut.slices if one is not along)
        labels: dict[Any, list[Any]] = {}
        most: dict[Any, int] = {}
        for value, contacts in self._held(along.column)[1].items():
            label = along.label(value)
            labels.setdefault(label, []).append(value)
            most[label] = most.get(label, 0) + min(contacts, others)
        groups: list[list[Any]] = [[]]
        room = self.cells
        for label in sorted(labels):
            if groups[-1] and most[label] > room:
                groups.append([])
                room = self.cells
            groups[-1] += labels[label]
            room -= most[label]
        return groups

    def _size(self, one: Slice) -> int:
        """How many values a dimension has where it is counted."""
        _, held = self._held(one.column)
        return len({one.label(value) for value in held}) if one.name == "week" and self.week_start else len(held)

    @property
    def _all(self) -> int:
        if self._contacts is None:
            self._contacts = self.facts.contacts()
        return self._contacts

    def _held(self, column: str) -> tuple[ir.Table, dict[Any, int]]:
        """The different values of a column, as the engine keeps them, and how many contacts have each."""
        if column not in self._values:
            table, engine = self.facts.table, self.facts.engine
            each = table.group_by(column).aggregate(contacts=table.count())
            known = engine.materialise(each, f"fc_{self.week_start}_value_{len(self._values)}")
            rows = engine.execute(known)
            values = zip(rows[column].to_pylist(), rows["contacts"].to_pylist(), strict=True)
            self._values[column] = known, dict(values)
        return self._values[column]
