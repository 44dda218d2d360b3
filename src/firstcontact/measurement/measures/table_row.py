"""Figures as they stand in `results.parquet`, made into rows only where somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from firstcontact.kernel.result import Estimate, Refusal, RefusalKind
from firstcontact.measurement.measures.cut import is_extra
from firstcontact.measurement.measures.result_table import RESULT_COLUMNS
from firstcontact.measurement.measures.row import FIXED_SLICES, ResultRow, Rows

if TYPE_CHECKING:
    from datetime import datetime

_AT_ONCE = 10_000
"""So many rows are made at a time where all are gone through."""

NEEDED = ("measure", "by")
"""Columns without which no figure can be told from another."""


class TableRows(Rows):
    """The figures of a run as a table. A row is made when it is asked for; two askings make two equal rows.

    Args:
        table: The columns of `result_table`; an earlier version's table may lack any but `NEEDED`.
        kind: From a code to the refusal.
        said: From a text to the sentence that it was; a text that no sentence is known of is given back.
        cutoff: Of rows in which none stands.

    Raises:
        KeyError: A column of `NEEDED` is not there.
    """

    def __init__(
        self,
        table: pa.Table,
        kind: Callable[[str], RefusalKind],
        said: Callable[[str], str],
        cutoff: datetime,
    ) -> None:
        for name in NEEDED:
            table.column(name)
        self._table = table.combine_chunks()
        self._kind = kind
        self._said = said
        self._cutoff = cutoff
        extra = sorted(name for name in table.column_names if is_extra(name))
        self._slices = (*FIXED_SLICES, *extra)
        self._columns = [
            name for name in (*(one for one, _, _ in RESULT_COLUMNS), *extra) if name in table.column_names
        ]

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @overload
    def __getitem__(self, place: int) -> ResultRow: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[ResultRow]: ...

    def __getitem__(self, place: int | slice) -> ResultRow | Sequence[ResultRow]:
        places = range(len(self))[place]
        if isinstance(places, int):
            return self._made(self._table.slice(places, 1))[0]
        return self._made(self._table.take(pa.array(places, pa.int64())))

    def __iter__(self) -> Iterator[ResultRow]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self._made(self._table.slice(start, _AT_ONCE))

    @property
    def cuts(self) -> frozenset[str]:
        return frozenset(by for _, by in self._places)

    def select(self, measures: Sequence[str] = (), by: str | None = None) -> list[ResultRow]:
        wanted = frozenset(measures)
        found = [
            places
            for (measure, cut), places in self._places.items()
            if (not wanted or measure in wanted) and (by is None or cut == by)
        ]
        if not found:
            return []
        places = np.sort(np.concatenate(found))
        first, size = int(places[0]), len(places)
        whole = int(places[-1]) - first + 1 == size
        return self._made(self._table.slice(first, size) if whole else self._table.take(pa.array(places)))

    def about(self, name: str, value: str) -> list[ResultRow]:
        if name not in self._columns:
            return []
        column = self._table.column(name).combine_chunks()
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        held = column.dictionary.index(pa.scalar(value, column.dictionary.type)).as_py()
        if held < 0:
            return []
        codes = column.indices.fill_null(-1).to_numpy()
        return self._made(self._table.take(pa.array(np.flatnonzero(codes == held))))

    @cached_property
    def _places(self) -> dict[tuple[str, str], NDArray[np.int64]]:
        """Where the rows of a measure and a cut stand, in the order of the run."""
        if not len(self):
            return {}
        names, codes = zip(*map(self._coded, NEEDED), strict=True)
        both = codes[0].astype(np.int64) * len(names[1]) + codes[1]
        order = np.argsort(both, kind="stable")
        values, starts = np.unique(both[order], return_index=True)
        parts = np.split(order, starts[1:])
        return {
            (names[0][value // len(names[1])], names[1][value % len(names[1])]): places
            for value, places in zip(values.tolist(), parts, strict=True)
        }

    def _coded(self, name: str) -> tuple[list[str], NDArray[Any]]:
        """The different texts of a column, and for each row which of them it holds; a missing one is empty."""
        column = self._table.column(name).combine_chunks()
        plain = column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
        coded = plain.fill_null("").dictionary_encode()
        return coded.dictionary.to_pylist(), coded.indices.to_numpy()

    def _made(self, part: pa.Table) -> list[ResultRow]:
        columns = {name: part.column(name).to_pylist() for name in self._columns}
        values = zip(*columns.values(), strict=True)
        return [self._row(dict(zip(columns, row, strict=True))) for row in values]

    def _row(self, flat: dict[str, Any]) -> ResultRow:
        by = flat["by"] or ""
        return ResultRow(
            flat["measure"],
            by,
            self._cell(flat, by),
            flat.get("period_grain") or "all",
            flat.get("period_start"),
            self._result(flat),
            flat.get("policy") or "",
            flat.get("policy_hash") or "",
            flat.get("cutoff") or self._cutoff,
            flat.get("version") or "",
            flat.get("windows") or "",
            flat.get("q_value"),
        )

    def _cell(self, flat: dict[str, Any], by: str) -> dict[str, str]:
        cell: dict[str, str] = {}
        for name in self._slices:
            value = flat.get(name)
            if value is not None:
                level = flat.get("reason_level") if name == "reason" else None
                cell[name if level is None else f"{name}_{level}"] = value
        if len(cell) < 2:
            return cell
        named = [name for name in by.split(",") if name in cell]
        return {name: cell[name] for name in (*named, *(other for other in cell if other not in named))}

    def _result(self, flat: dict[str, Any]) -> Estimate | Refusal:
        n, estimand = flat.get("n") or 0, self._said(flat.get("estimand") or "")
        maturity, value = flat.get("maturity"), flat.get("value")
        if value is None:
            kind = self._kind(flat.get("refusal_code") or "")
            reason, helps = (self._said(flat.get(name) or "") for name in ("refusal_reason", "would_help"))
            return Refusal(kind, reason, helps, n, estimand, 0.0 if maturity is None else maturity)
        return Estimate(
            value,
            _either(flat.get("low"), value),
            _either(flat.get("high"), value),
            _either(flat.get("level"), 0.95),
            n,
            estimand,
            flat.get("unit") or "share",
            _either(maturity, 1.0),
            flat.get("status") or "final",
        )


def _either(value: float | None, other: float) -> float:
    return other if value is None else value
