"""Excel and other workbooks, read by calamine: cells keep their types."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from firstcontact.adapters.connectors.tabular import fault
from firstcontact.adapters.connectors.tabular.container import Part
from firstcontact.adapters.connectors.tabular.raw import ROW, FileOptions, Raw, about_names, no_rows, unique_names
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TOP = 20
"""Rows among which a sheet's header is looked for."""


def read_sheets(connection: DuckDBPyConnection, part: Part, number: int, options: FileOptions) -> list[Raw]:
    """Every sheet that has the columns of the longest one, or the one that a person named."""
    import fastexcel

    # Its remarks about columns without a type would stand between our own lines.
    logging.getLogger("fastexcel").setLevel(logging.ERROR)
    try:
        book = fastexcel.read_excel(part.path.read_bytes())
        sheets = [options.sheet] if options.sheet else [
            name for name in book.sheet_names if book.load_sheet(name, n_rows=1).width > 0
        ]  # fmt: skip
        loaded = [(name, _load(book, name)) for name in sheets]
    except fastexcel.FastExcelError as error:
        kind = fault.ENCRYPTED if "password" in str(error).lower() else fault.DAMAGED
        raise FirstcontactError(
            [
                kind.fault(
                    where=part.label, saw="a workbook that cannot be opened, or has no such sheet",
                    allowed="an open workbook with a header row", cure="save it again as .xlsx, without a password",
                )
            ]
        ) from None  # fmt: skip
    filled = [(name, rows) for name, rows in loaded if rows.num_rows and rows.num_columns > 1]
    if not filled:
        raise no_rows(part.label, max((rows.num_columns for _, rows in loaded), default=0))
    # Sheets of another shape (a legend, a pivot) are left out and said; sheets of the same shape go on from each other.
    main = max(filled, key=lambda item: item[1].num_rows)[1].column_names
    raws: list[Raw] = []
    for position, (name, rows) in enumerate(filled):
        if rows.column_names != main:
            continue
        names, renamed = unique_names([str(column) for column in rows.column_names])
        table = f"fc_raw_{number}_{position}"
        connection.register("fc_batch", pa.table(dict(zip(names, _plain(rows), strict=True))))
        connection.execute("SET preserve_insertion_order = true")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM fc_batch")
        connection.execute("SET preserve_insertion_order = false")
        connection.unregister("fc_batch")
        described = connection.execute(f"DESCRIBE {table}").fetchall()
        label = part.label if len(filled) == 1 else f"{part.label} [{name}]"
        raws.append(
            Raw(
                label, f"SELECT rowid + 1 AS {ROW}, * FROM {table}", {str(r[0]): str(r[1]) for r in described},
                rows.num_rows, facts={"format": "Excel", "container": part.container, "sheet": name},
                findings=about_names(label, renamed), typed=True,
            )
        )  # fmt: skip
    left = [name for name, rows in loaded if rows.column_names != main]
    if left:
        raws[0].findings.append(
            Finding(
                "sheets",
                Sentence(
                    "sheets.left-out",
                    "{label}: {left} of {sheets} sheets have other columns and were left out.",
                    "{label}: {left} of {sheets} sheets has other columns and was left out.",
                    "left",
                    label=part.label,
                    left=len(left),
                    sheets=len(loaded),
                ),
                Sentence("sheets.left-out.rests", "the sheet with most rows decides"),
                override=Sentence("sheets.left-out.cure", "set sheet under [file] in the mapping"),
            )
        )
    return raws


def _load(book: Any, name: str) -> Any:
    """A sheet from its header on. Titles above it, merged over the columns, are left out.

    Where most columns of the first row have no name, the header is the first of the top rows that fills most columns.
    """
    rows = book.load_sheet(name, schema_sample_rows=None).to_arrow()
    nameless = sum(column.startswith("__UNNAMED__") for column in rows.column_names)
    if nameless <= len(rows.column_names) // 2:
        return rows
    top = book.load_sheet(name, header_row=None, skip_rows=0, n_rows=_TOP, dtypes="string").to_arrow()
    filled = [sum(bool(cell and cell.strip()) for cell in row.values()) for row in top.to_pylist()]
    return book.load_sheet(name, header_row=filled.index(max(filled)), schema_sample_rows=None).to_arrow()


def _plain(rows: Any) -> list[pa.Array]:
    """Columns without a value come as nulls without a type; the engine wants text."""
    return [column.cast(pa.string()) if pa.types.is_null(column.type) else column for column in pa.table(rows).columns]
