"""What was found out about a source before anything is measured: plain data that any door can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from firstcontact.contacts.ledger import RowLedger
from firstcontact.contacts.loaded import SourceKind
from firstcontact.kernel.errors import Fault
from firstcontact.kernel.finding import Finding


@dataclass(frozen=True, slots=True)
class InspectedFile:
    """One file: its name, rows, rows that could not be told into columns, and how it is written."""

    name: str
    rows: int
    rejected: int
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class InspectedColumn:
    """One column of ours and where it comes from.

    Attributes:
        ours: Column of a table of ours; `surveys.csat` and the like beside the contacts.
        source: Source columns, as a person reads them.
        rests_on: Why; empty where nothing was guessed.
        confidence: 0 to 1.
        samples: Patterns of values, or the values where they were asked for.
    """

    ours: str
    source: str
    rests_on: str
    confidence: float
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnusedColumn:
    """A source column that nothing is read from; `filled` is the share of sampled rows with a value."""

    name: str
    filled: float
    distinct: int
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a column whose words mean something.

    Attributes:
        word: As the source has it.
        count: How often it occurs in the sample.
        means: What it is taken to mean; None where nobody knows.
    """

    word: str
    count: int
    means: str | None


@dataclass(frozen=True, slots=True)
class ColumnWords:
    """The words of a column, where they are few and none of them looks like somebody's.

    Attributes:
        ours: The column of ours whose meanings they have.
        words: They, commonest first.
    """

    ours: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class MissingToken:
    """A value that is read as missing: where, and how often over the whole of those columns."""

    token: str
    columns: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything worth knowing about a source.

    Attributes:
        files: What was read.
        rows: Rows of contacts in all files.
        kind: What one row is.
        zone: In which local times are understood.
        columns: What is read from where.
        unused: Columns that nothing is read from.
        missing: Values read as missing.
        findings: What was inferred and noticed, formats of dates among it.
        ledger: What would become of the rows; None where loading is not possible yet.
        faults: Why it is not.
        mapping: The mapping as plain data.
        mapping_file: The same as the text of a mapping file, with comments for the person who corrects it.
        words: Words of the columns whose words mean something.
    """

    files: tuple[InspectedFile, ...]
    rows: int
    kind: SourceKind
    zone: str
    columns: tuple[InspectedColumn, ...]
    unused: tuple[UnusedColumn, ...]
    missing: tuple[MissingToken, ...]
    findings: tuple[Finding, ...]
    ledger: RowLedger | None
    faults: tuple[Fault, ...]
    mapping: dict[str, Any]
    mapping_file: str
    words: tuple[ColumnWords, ...] = ()
