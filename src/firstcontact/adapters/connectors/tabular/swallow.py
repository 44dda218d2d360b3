"""Tells a comment of several lines from rows that two stray quotes have joined into one cell.

A quote that opens by mistake closes at the next one, maybe rows later. What lies between is a legal cell, and
nothing is missing but the rows in it. It gives itself away: cut at its line ends, the record is whole rows, each with
the right number of fields, and those fields look like the others of their columns. Prose does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

_LINES = 3000
_ALIKE = 0.6
"""Share of the fields of each row that must look like others of their column."""

Shapes = list[set[str]]


def _shape(value: str) -> str:
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", value.strip()))[:40]


def usual_shapes(path: Path, skip: int, width: int, delimiter: str, quote: str) -> Shapes:
    """What the values of each column look like, from the first plain lines of a file.

    Args:
        path: UTF-8 text.
        skip: Lines before the table, the header included.
        width: Number of fields of a good record.
        delimiter: Between fields.
        quote: Lines that hold it are no plain ones.
    """
    shapes: Shapes = [set() for _ in range(width)]
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for number, line in enumerate(file):
            if number < skip:
                continue
            if number > skip + _LINES:
                break
            fields = line.rstrip("\r\n").split(delimiter)
            if len(fields) == width and quote not in line:
                for seen, value in zip(shapes, fields, strict=True):
                    seen.add(_shape(value))
    return shapes


def swallows(fields: Sequence[str], delimiter: str, shapes: Shapes) -> bool:
    r"""Whether a cell of a record holds rows of the same table.

    >>> shapes = [{"a9"}, {"9-9-9"}, {"a"}]
    >>> swallows(["T1", "2024-05-01", "x\nT2,2024-05-02,y\nT3,2024-05-03,z"], ",", shapes)
    True
    >>> swallows(["T1", "2024-05-01", "Hello, all\nthis, again, fails, as, it, did"], ",", shapes)
    False
    """
    last = len(fields) - 1
    for place, cell in enumerate(fields):
        if "\n" not in cell:
            continue
        lines = cell.replace("\r\n", "\n").split("\n")
        counts = [line.count(delimiter) for line in lines]
        if counts[0] != last - place or counts[-1] != place or any(count != last for count in counts[1:-1]):
            continue
        rows = [line.split(delimiter) for line in lines]
        rows[0] = [*fields[:place], *rows[0]]
        rows[-1] = [*rows[-1], *fields[place + 1 :]]
        if all(_alike(row, shapes) for row in rows[1:]):
            return True
    return False


def _alike(row: Sequence[str], shapes: Shapes) -> bool:
    """Whether a row looks like the others; one of its figures or dates must, for words look like words anywhere."""
    fits = [_shape(value) in seen for value, seen in zip(row, shapes, strict=True)]
    telling = any(fit and re.search(r"\d", value) for fit, value in zip(fits, row, strict=True))
    return sum(fits) >= _ALIKE * len(fits) and telling
