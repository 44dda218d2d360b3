"""What stands on a page, line by line, as a sheet of a workbook: headings, takeaways, tables and tiles in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from babel import Locale
from babel.numbers import NumberFormatError, parse_decimal

from firstcontact.doors.workbook import Heading, Share, Value

_LEFT = frozenset({"svg", "script", "style", "form", "nav", "template", "aside", "footer", "button"})
_LEFT_CLASSES = frozenset({"unseen", "graph", "what", "take", "tour", "pager", "skip"})
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr", "col", "source"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4"})
_LINES = _HEADINGS | {"p", "li", "caption", "summary", "dt", "dd"}
_APART = frozenset({"div", "small"})
_CELLS = frozenset({"td", "th", "cell", "columnheader", "rowheader"})
_MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u2066\u2067\u2068\u2069"))
_BLANKS = re.compile(r"[ \t\r\n]+")
_LONGEST = 15
"""Digits that a number of a workbook keeps; longer ones are names."""


def as_shown(text: str, locale: Locale) -> Iterator[list[Value]]:
    """The lines of a page: one cell for what is told, one for each cell of a table, an empty line before a heading.

    Args:
        text: The page's HTML, the program's own.
        locale: How its numbers are written; a cell that is nothing but a number or a percentage becomes one.
    """
    reader = _Reader()
    reader.feed(text)
    reader.close()
    for heading, cells in reader.lines:
        if heading:
            yield []
        yield [Heading(bare(one)) if heading else _value(one, locale) for one in cells]


class _Reader(HTMLParser):
    """Collects lines between `<main>` and its end; what is drawn, typed or pressed is left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[tuple[bool, list[str]]] = []
        self._open: list[tuple[str, str]] = []
        self._row: list[str] | None = None
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            self.handle_data(" ")
            return
        given = dict(attrs)
        kind = self._kind(tag, given.get("role") or "", set((given.get("class") or "").split()))
        if kind == "row":
            self._row = []
        elif kind == "text" and self._text is None:
            self._text = []
        elif kind == "text":  # a paragraph inside a cell is of the cell
            self.handle_data(" ")
            kind = ""
        elif tag in _APART:
            self.handle_data(" ")
        self._open.append((tag, kind))

    def handle_endtag(self, tag: str) -> None:
        if not any(one == tag for one, _ in self._open):
            return
        while True:
            one, kind = self._open.pop()
            self._ended(kind, heading=one in _HEADINGS)
            if one == tag:
                return

    def handle_data(self, data: str) -> None:
        if self._text is not None and not self._left_out:
            self._text.append(data)

    @property
    def _left_out(self) -> bool:
        return any(kind == "left" for _, kind in self._open) or not any(tag == "main" for tag, _ in self._open)

    def _kind(self, tag: str, role: str, classes: set[str]) -> str:
        if tag in _LEFT or classes & _LEFT_CLASSES:
            return "left"
        if tag == "tr" or role == "row" or "tile" in classes:
            return "row"
        return "text" if tag in _CELLS or role in _CELLS or tag in _LINES else ""

    def _ended(self, kind: str, *, heading: bool) -> None:
        if kind == "row" and self._row is not None:
            if any(self._row) and not self._left_out:
                self.lines.append((False, self._row))
            self._row = None
        elif kind == "text" and self._text is not None:
            told = _BLANKS.sub(" ", "".join(self._text)).strip()
            self._text = None
            if self._left_out:
                return
            if self._row is not None:
                self._row.append(told)
            elif told:
                self.lines.append((heading, [told]))


def bare(text: str) -> str:
    """A text without the marks that keep parts of a line in order; a cell is one part."""
    return text.translate(_MARKS)


def _value(text: str, locale: Locale) -> Value:
    """A number where the cell is nothing else.

    >>> _value("1,234", Locale("en")), float(_value("77.5%", Locale("en"))), _value("76–78", Locale("en"))
    (1234, 0.775, '76–78')
    """
    text = bare(text)
    plain = text.replace("−", "-").replace("\u00a0%", "%").replace(" %", "%")
    part = re.fullmatch(r"[+-]?([\d.,\u00a0\u202f' ]*\d)(%?)", plain)
    if part is None or sum(map(str.isdigit, plain)) > _LONGEST:
        return text
    try:
        number = float(parse_decimal(plain.rstrip("%").lstrip("+"), locale=locale, strict=True))
    except NumberFormatError:
        return text
    if part[2]:
        return Share(round(number / 100, 12))
    return int(number) if number.is_integer() else number
