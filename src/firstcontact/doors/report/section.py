"""What a part of the report is made of: a heading, and blocks that the page knows how to set.

A section is a file in `sections/` with one function, `write(run, writer)`, and a line in `sections/catalog.py`. It
hands over words, numbers as they are written, and drawings; whatever it says goes through `writer`, so that it can be
translated. A drawing never stands alone: its numbers are in a table beside or behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from markupsafe import Markup

from firstcontact.doors.report.charts.drawing import Drawing


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words. `about` explains a section, `more` says what is not shown, `strong` is what to take away."""

    kind: ClassVar[str] = "paragraph"
    text: str | Markup
    role: str = "about"


@dataclass(frozen=True, slots=True)
class Table:
    """A plain table: the first column names its rows.

    Attributes:
        columns: Headings.
        rows: As many cells each as there are headings, written.
        caption: What it holds; what one clicks on where it is folded.
        folded: Whether it opens on demand, as behind a drawing.
        words: Which columns, from 0 on, hold words and not figures.
    """

    kind: ClassVar[str] = "table"
    columns: Sequence[str]
    rows: Sequence[Sequence[str | Markup]]
    caption: str
    folded: bool = False
    words: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing as wide as the page, with its table behind it.

    Attributes:
        drawings: For a desk or paper, and for a phone.
        title: What it shows, in a few words.
        alternative: What one would see, in a sentence, for those who do not.
        table: The numbers.
        keys: (sign, words) of each sign that needs explaining: `line`, `dashed`, `neutral` (the dashed line of the
            whole), `band`, `dot`, `odd`, `open` (hatched); `line returned` and the like for another colour.
    """

    kind: ClassVar[str] = "chart"
    drawings: tuple[Drawing, Drawing]
    title: str
    alternative: str
    table: Table
    keys: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One row of drawn rows.

    Attributes:
        name: What the row is about.
        value: The figure, written.
        interval: Its interval, written.
        note: What it rests on, or what else is to be said.
        flag: Why it stands out; empty where it does not.
        href: Where its name leads; empty where it leads nowhere.
    """

    name: str
    value: str
    interval: str = ""
    note: str | Markup = ""
    flag: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """Figures one below the other, each with its mark (a dot or a bar with its interval) in the same row.

    Attributes:
        id: Names it on the page.
        columns: Headings of the names, the figures and the notes.
        lines: The rows.
        drawing: Made by `charts.dots` or `charts.bars` from the same rows.
        scale: Whether the first row of the drawing is the scale, as that of dots is.
        label: What the table holds, for those who do not see the heading.
    """

    kind: ClassVar[str] = "rows"
    id: str
    columns: tuple[str, str, str]
    lines: Sequence[Line]
    drawing: Drawing
    scale: bool
    label: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a matrix.

    Attributes:
        text: The number, written; empty where there is none.
        step: How strongly it is shaded, 0 (not at all) to 5; see `charts.matrix.steps`.
        title: The number in words, with its interval.
        flag: Whether it stands out; it is framed then, so that colour is not needed.
    """

    text: str
    step: int = 0
    title: str = ""
    flag: bool = False


@dataclass(frozen=True, slots=True)
class Matrix:
    """A table whose cells are shaded by size. It is its own table; on a phone it scrolls under its row names.

    Attributes:
        down: What the rows are.
        along: What the columns are.
        columns: Headings.
        rows: (name, cells), as many cells as headings.
        caption: What it holds.
    """

    kind: ClassVar[str] = "matrix"
    down: str
    along: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    caption: str


Block = Paragraph | Table | Chart | Rows | Matrix


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report.

    Attributes:
        id: Names it on the page; what a link to it ends with.
        title: Its heading.
        blocks: What it holds, from the top down.
        part: The template that sets it, `templates/section/<part>.html.j2`; most need none of their own.
        data: What that template reads as `it.data`.
    """

    id: str
    title: str | Markup
    blocks: Sequence[Block] = ()
    part: str = "blocks"
    data: Any = field(default=None)
