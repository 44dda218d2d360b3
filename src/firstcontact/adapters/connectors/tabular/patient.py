"""Reads delimited text whose quoting is broken, and loses nothing: Python's own reader, one record at a time.

A quote that opens and never closes would swallow everything up to the next quote, or to the end of the file. A record
of several lines that does not have the right number of fields is therefore read again without its first line, and so is
one that holds whole rows in a cell.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from firstcontact.adapters.connectors.tabular.raw import LONGEST_RECORD
from firstcontact.adapters.connectors.tabular.swallow import swallows, usual_shapes

if TYPE_CHECKING:
    from firstcontact.adapters.connectors.tabular.sniff import Text


class _Lines:
    """The lines of a file, with those of the record that is being read at hand, to be read again."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self._length = 0

    def begin(self) -> None:
        """A new record begins with the next line."""
        self.taken, self._length = [], 0

    def put_back(self) -> None:
        """Only the first line of the record belongs to it."""
        self._again.extendleft(reversed(self.taken[1:]))

    def __iter__(self) -> Iterator[str]:
        while self._length <= LONGEST_RECORD:
            line = self._again.popleft() if self._again else self._file.readline()
            if not line:
                return
            self.taken.append(line)
            self._length += len(line)
            yield line


def records(text: Text, width: int) -> Iterator[list[str] | str]:
    """Every record below the header.

    Args:
        text: The file.
        width: Number of fields of a good record.

    Yields:
        The fields; or the text of a record that cannot be told into so many.
    """
    escape = text.escape if text.escape != text.quote else None
    first = text.skip + int(text.header is not None)
    shapes = usual_shapes(text.path, first, width, text.delimiter, text.quote) if text.quote else []
    with text.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for _ in range(text.skip):
            file.readline()
        lines = _Lines(file)
        header_due = text.header is not None
        reader = None
        while True:
            lines.begin()
            if reader is None:
                reader = csv.reader(
                    lines, delimiter=text.delimiter, quotechar=text.quote or None, escapechar=escape,
                    doublequote=escape is None, quoting=csv.QUOTE_MINIMAL if text.quote else csv.QUOTE_NONE,
                )  # fmt: skip
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error:
                fields, reader = [], None
            if not lines.taken or (reader is not None and not fields):
                continue
            if header_due:
                header_due = False
                continue
            joined = len(lines.taken) > 1 and len(fields) == width and swallows(fields, text.delimiter, shapes)
            if len(fields) == width and not joined:
                yield fields
                continue
            lines.put_back()
            reader = None
            yield lines.taken[0].rstrip("\r\n")
