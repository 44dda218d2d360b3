"""An Excel workbook (.xlsx): plain sheets of texts and numbers, for figures to be taken along. No cell is a formula."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from firstcontact.services.publish import harmless

Value = str | int | float | bool | date | None


class Share(float):
    """A number that is shown in percent."""


LONGEST_TEXT = 32_767
"""Characters that a cell may hold."""
MOST_ROWS = 1_048_575
"""Rows that a sheet may hold below its heading."""

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FIGURES = re.compile(r"[\d\s.,…%()+−–-]+")
_MADE = datetime(1980, 1, 1)  # noqa: DTZ001 - no moment: the same sheets give the same bytes


class Heading(str):
    """A text that stands out."""

    __slots__ = ()


_LOOKS: dict[str, dict[str, Any]] = {
    "heading": {"bold": True},
    "day": {"num_format": 14},
    "moment": {"num_format": "yyyy-mm-dd hh:mm"},
    "share": {"num_format": "0.0%"},
    "count": {"num_format": "#,##0"},
    "number": {"num_format": "#,##0.0##"},
}
"""Of cells, by what they hold; programs write them as their reader's country does."""


@dataclass(frozen=True, slots=True)
class Sheet:
    r"""One sheet.

    Attributes:
        name: What it is called; Excel takes 31 characters, and none of `[]:*?/\`, which become blanks.
        columns: Headings; no heading row where empty.
        rows: Cells: texts, numbers, days; empty ones where None.
        widths: Of the columns, in characters; the usual one for those that are not named.
        rtl: Whether it runs from right to left.
    """

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Value]]
    widths: Sequence[int] = ()
    rtl: bool = False


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """A workbook as the bytes of its file; the same sheets give the same bytes.

    Args:
        sheets: At least one.

    Raises:
        ValueError: A number is not finite, or a sheet has more rows than Excel takes.
    """
    import xlsxwriter  # at the point of use: few visitors take anything along

    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        book.set_properties({"created": _MADE})
        looks = {name: book.add_format(look) for name, look in _LOOKS.items()}
        for sheet in sheets:
            _write(book.add_worksheet(_named(sheet.name)), sheet, looks)
    return sink.getvalue()


def _named(name: str) -> str:
    """What Excel takes as the name of a sheet."""
    return "".join(" " if one in "[]:*?/\\" else one for one in name).strip().strip("'")[:31] or "1"


def _write(page: Any, sheet: Sheet, looks: dict[str, Any]) -> None:
    if sheet.rtl:
        page.right_to_left()
    for place, width in enumerate(sheet.widths):
        page.set_column(place, place, width)
    for place, name in enumerate(sheet.columns):
        page.write_string(0, place, _text(name), looks["heading"])
    first = 1 if sheet.columns else 0
    page.freeze_panes(first, 0)
    for number, row in enumerate(sheet.rows, first):
        if number > MOST_ROWS:
            raise ValueError(f"a sheet holds {MOST_ROWS:,} rows")
        for place, value in enumerate(row):
            _cell(page, number, place, value, looks)


def _cell(page: Any, row: int, place: int, value: Value, looks: dict[str, Any]) -> None:
    """By kind, never by what a text looks like: the library would take some for formulas and addresses."""
    if value is None or value == "":
        return
    if isinstance(value, bool):
        page.write_boolean(row, place, value)
    elif isinstance(value, int | float):
        if not math.isfinite(value):
            raise ValueError("a cell holds a number that is not finite")
        look = "share" if isinstance(value, Share) else "count" if isinstance(value, int) else "number"
        page.write_number(row, place, value, looks[look])
    elif isinstance(value, date):
        page.write_datetime(row, place, value, looks["moment" if isinstance(value, datetime) else "day"])
    else:
        page.write_string(row, place, _text(value), looks["heading"] if isinstance(value, Heading) else None)


def _text(value: str) -> str:
    """A text as a cell holds it; what no XML may hold becomes a sign. Numbers and their signs begin no formula."""
    safe = value if _FIGURES.fullmatch(value) else str(harmless(value))
    return _UNFIT.sub("\ufffd", safe[:LONGEST_TEXT])
