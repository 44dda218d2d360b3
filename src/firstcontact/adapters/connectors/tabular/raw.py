"""One file in the engine, as it is, whatever it was written in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from firstcontact.adapters.connectors.tabular import fault
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence, clause

LONGEST_RECORD = 64 << 20
"""Bytes that one record of a delimited file may have."""

FILE, ROW = "fc_file", "fc_row"
"""Columns beside the source's own: which file (from 1), and which of its records (from 1)."""


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What a person decided about how files are written; empty means: find out."""

    encoding: str = ""
    delimiter: str = ""
    quote: str | None = None
    header: bool | None = None
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not be told into columns."""

    row: int
    code: str
    raw: str


@dataclass(slots=True)
class Raw:
    """One file in the engine.

    Attributes:
        label: Its name for people.
        table: Query over its rows: `fc_row` and the source's columns.
        columns: Engine type by column name, in the file's order.
        rows: How many rows `table` has.
        rejects: Records beside them that could not be told into columns.
        facts: Encoding, delimiter, container, sheet: what it was found to be.
        findings: What is worth telling.
        typed: Whether columns have types of their own (Parquet, Excel).
        paths: For Parquet, the file itself, so that it can be sampled without reading it whole.
    """

    label: str
    table: str
    columns: dict[str, str]
    rows: int
    rejects: list[Reject] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    typed: bool = False
    path: Path | None = None


def unique_names(header: Sequence[str]) -> tuple[list[str], list[str]]:
    """Column names that differ even without regard to case; empty ones get a number.

    Returns:
        The names, and those among them that had to be renamed because they occurred twice.

    >>> unique_names(["id", "", "ID"])
    (['id', 'column_2', 'ID_2'], ['ID_2'])
    """
    names: list[str] = []
    renamed: list[str] = []
    taken: set[str] = {FILE, ROW}
    for position, cell in enumerate(header, start=1):
        plain = " ".join(cell.replace("\ufeff", "").split()) or f"column_{position}"
        name, again = plain, 1
        while name.casefold() in taken or name.lower() in taken:
            again += 1
            name = f"{plain}_{again}"
        if again > 1:
            renamed.append(name)
        taken |= {name.casefold(), name.lower()}
        names.append(name)
    return names, renamed


def about_names(label: str, renamed: list[str]) -> list[Finding]:
    """That column names occurred twice, where they did."""
    if not renamed:
        return []
    return [
        Finding(
            "columns",
            Sentence(
                "columns.twice",
                "{label}: column names occur twice; the later ones are called {names}.",
                label=label,
                names=", ".join(renamed),
            ),
            Sentence("columns.twice.rests", "compared without regard to case"),
            "warning",
            Sentence("columns.twice.cure", "use these names in the mapping, or rename the columns in the file"),
        )
    ]


def no_rows(label: str, columns: int) -> FirstcontactError:
    """The error of a table without rows."""
    return FirstcontactError(
        [
            fault.HEADER_ONLY.fault(
                where=label, saw=clause("{columns} columns and no row", columns=columns), allowed="at least one row",
                cure="check the period and filter of the export",
            )
        ]
    )  # fmt: skip
