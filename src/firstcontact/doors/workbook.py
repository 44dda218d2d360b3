"""An Excel workbook (.xlsx): plain sheets of texts and numbers, for figures to be taken along.

Of the format (ECMA-376, Office Open XML) only what such sheets need is written; no cell is ever a formula.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from xml.sax.saxutils import escape, quoteattr

from firstcontact.services.publish import harmless

Value = str | int | float | bool | date | None

LONGEST_TEXT = 32_767
"""Characters that a cell may hold."""
MOST_ROWS = 1_048_575
"""Rows that a sheet may hold below its heading."""

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKED = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_DAY_0 = date(1899, 12, 30)
_PLAIN, _STRONG, _DAY = 0, 1, 2


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
    parts = {"[Content_Types].xml": _types(len(sheets)), "_rels/.rels": _root()}
    parts |= {"xl/workbook.xml": _book(sheets), "xl/_rels/workbook.xml.rels": _book_links(len(sheets))}
    parts["xl/styles.xml"] = _styles()
    parts |= {f"xl/worksheets/sheet{number}.xml": _sheet(sheet) for number, sheet in enumerate(sheets, 1)}
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            packed.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text.encode(), zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def _types(count: int) -> str:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{kind}.worksheet+xml"/>'
        for number in range(1, count + 1)
    )
    return (
        f'{_HEAD}<Types xmlns="{_PACKED}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>{sheets}</Types>'
    )


def _root() -> str:
    return (
        f'{_HEAD}<Relationships xmlns="{_PACKED}/relationships">'
        f'<Relationship Id="rId1" Type="{_LINKED}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    )


def _book(sheets: Sequence[Sheet]) -> str:
    named = "".join(
        f'<sheet name={quoteattr(_named(sheet.name))} sheetId="{number}" r:id="rId{number}"/>'
        for number, sheet in enumerate(sheets, 1)
    )
    return f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_LINKED}"><sheets>{named}</sheets></workbook>'


def _named(name: str) -> str:
    """What Excel takes as the name of a sheet."""
    return "".join(" " if one in "[]:*?/\\" else one for one in name).strip().strip("'")[:31] or "1"


def _book_links(count: int) -> str:
    sheets = "".join(
        f'<Relationship Id="rId{number}" Type="{_LINKED}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, count + 1)
    )
    styles = f'<Relationship Id="rId{count + 1}" Type="{_LINKED}/styles" Target="styles.xml"/>'
    return f'{_HEAD}<Relationships xmlns="{_PACKED}/relationships">{sheets}{styles}</Relationships>'


def _styles() -> str:
    """Three looks: plain, heading, day."""
    look = '<xf numFmtId="{0}" fontId="{1}" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>'
    looks = look.format(0, 0) + look.format(0, 1) + look.format(14, 0)
    return (
        f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="3">{looks}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )


def _sheet(sheet: Sheet) -> str:
    lines = [_line([harmless(name) for name in sheet.columns], _STRONG)] if sheet.columns else []
    for row in sheet.rows:
        lines.append(_line(row, _PLAIN))
        if len(lines) > MOST_ROWS:
            raise ValueError(f"a sheet holds {MOST_ROWS:,} rows")
    held = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' if sheet.columns else ""
    turned = ' rightToLeft="1"' if sheet.rtl else ""
    view = f'<sheetViews><sheetView workbookViewId="0"{turned}>{held}</sheetView></sheetViews>'
    widths = "".join(
        f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
        for number, width in enumerate(sheet.widths, 1)
    )
    columns = f"<cols>{widths}</cols>" if widths else ""
    rows = "".join(lines)
    return f'{_HEAD}<worksheet xmlns="{_MAIN}">{view}{columns}<sheetData>{rows}</sheetData></worksheet>'


def _line(cells: Sequence[Value], look: int) -> str:
    return f"<row>{''.join(_cell(cell, look) for cell in cells)}</row>"


def _cell(value: Value, look: int) -> str:
    style = f' s="{look}"' if look else ""
    if value is None or value == "":
        return f"<c{style}/>"
    if isinstance(value, bool):
        return f'<c{style} t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise ValueError("a cell holds a number that is not finite")
        return f"<c{style}><v>{value!r}</v></c>"
    if isinstance(value, date):
        day = value.date() if isinstance(value, datetime) else value
        return f'<c s="{_DAY}"><v>{(day - _DAY_0).days}</v></c>'
    text = "".join(one if _held(one) else "\ufffd" for one in str(harmless(value))[:LONGEST_TEXT])
    return f'<c{style} t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _held(character: str) -> bool:
    """Whether XML may hold a character."""
    code = ord(character)
    return code in (9, 10, 13) or 32 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
