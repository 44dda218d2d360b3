"""What the measurement asks of an analytical engine. No engine is named here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa


class Engine(Protocol):
    """A place where table expressions run.

    Expressions are lazy descriptions of tables; an engine executes them, keeps them under a name, or finds connected
    components, which no expression can say. Everything an engine keeps is temporary and ends with `close`.
    """

    name: str

    def expect(self, rows: int) -> None:
        """Be told how many rows the largest table to come has, and take no more of the machine than they are worth."""

    def table(self, name: str) -> ir.Table:
        """The table kept under a name."""

    def execute(self, expression: ir.Table) -> pa.Table:
        """Run an expression and bring its rows into memory."""

    def materialise(self, expression: ir.Table, name: str) -> ir.Table:
        """Run an expression once and keep the rows under a name, replacing what was there."""

    def drop(self, name: str) -> None:
        """Give up the rows kept under a name, where there are any: nothing that builds on them may be asked again."""

    def view(self, expression: ir.Table, name: str) -> ir.Table:
        """Give an expression a name without running it, replacing what had the name: what builds on it stays short."""

    def dictionary(self, table: ir.Table, columns: Sequence[str], name: str) -> ir.Table:
        """A view of a table in which some text columns take little room where they hold few different values.

        They are text to every expression; how the engine keeps them is its own affair, and so is "few".
        """

    def register(self, rows: pa.Table, name: str) -> ir.Table:
        """Keep rows that are in memory under a name."""

    def read_parquet(self, paths: list[Path], name: str) -> ir.Table:
        """Make Parquet files readable under a name, without loading them."""

    def write_parquet(self, expression: ir.Table, path: Path) -> int:
        """Write an expression's rows to one Parquet file; returns how many."""

    def write_csv(self, expression: ir.Table, path: Path) -> int:
        """Write an expression's rows to one CSV file; returns how many."""

    def components(self, edges: ir.Table, name: str) -> ir.Table:
        """Connected components of an undirected graph.

        Args:
            edges: Two int64 columns, `left` and `right`.
            name: Under which to keep the answer.

        Returns:
            Columns `node` and `component` (the smallest node in it), both int64, one row a node that has an edge.
        """

    def sql(self) -> Any:
        """The engine's own connection, for the connector that lives beside it."""

    def interrupt(self) -> None:
        """Stop the statement that is running, from any thread; nothing where none is, or the engine is closed."""

    def close(self) -> None:
        """Give back memory and temporary files."""
