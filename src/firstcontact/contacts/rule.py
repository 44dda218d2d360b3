"""What makes a row unfit to be a contact: the rules as data. Connectors apply them; nothing here names an engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind

EARLIEST = datetime(1990, 1, 1)  # noqa: DTZ001 - all timestamps are UTC without zone
"""No contact record is older. What is older is a sentinel (1970, 1900) or a typing error."""

LATEST = datetime(2100, 1, 1)  # noqa: DTZ001 - as above
"""No contact record is younger. What is younger is a sentinel (2199, 9999) or a typing error."""


@dataclass(frozen=True, slots=True)
class RowRule:
    """One way in which a row can be unfit.

    Attributes:
        kind: Its permanent code and explanation.
        clause: What is wrong with the row, for a list with counts.
        cure: What a person can do about it.
        allowed: What a row may hold instead, for a single one.
    """

    kind: ErrorKind
    clause: str
    cure: str
    allowed: str

    @property
    def code(self) -> str:
        return self.kind.code


def _rule(code: str, title: str, about: str, clause: str, cure: str, allowed: str) -> RowRule:
    return RowRule(ErrorKind(code, title, EXIT_INPUT, about), clause, cure, allowed)


ID_MISSING = _rule(
    "FC2001",
    "a row has no contact id",
    "The file has a column with contact ids, but this row's is empty, so the row cannot be told from others.",
    "without a contact id",
    "fill in the id, or leave contact_id out of the mapping to number the rows",
    "an id in every row",
)
START_MISSING = _rule(
    "FC2002",
    "a row has no start",
    "A contact without a moment at which it began cannot be placed before or after another one.",
    "without a start",
    "fill in the start, or map started_at to a column that always has it",
    "a moment at which the contact began",
)
START_UNREADABLE = _rule(
    "FC2003",
    "a start cannot be read",
    "The value in the start column is not a moment in the format found for the column.",
    "with a start that is no date in the column's format",
    "correct the value, or add its format under [dates] in the mapping",
    "a moment in the format found for the column",
)
END_UNREADABLE = _rule(
    "FC2004",
    "an end cannot be read",
    "The value in the end column is neither empty nor a moment in the format found for the column.",
    "with an end that is no date in the column's format",
    "correct the value, or add its format under [dates] in the mapping",
    "nothing, or a moment in the format found for the column",
)
END_BEFORE_START = _rule(
    "FC2005",
    "a contact ends before it starts",
    "The end lies before the start. Usual causes: swapped columns, two zones, or a typing error.",
    "with an end before the start",
    "check that start and end stand in the right columns and in the same zone",
    "an end after the start, or at it",
)
IMPLAUSIBLE = _rule(
    "FC2006",
    "a date is not plausible",
    f"A start or end lies before {EARLIEST.year} or after {LATEST.year - 1}. Such values are placeholders "
    "(1970-01-01, 2199-12-31) or typing errors.",
    f"with a date outside {EARLIEST.year} to {LATEST.year - 1}",
    "correct the date, or name the placeholder under [missing.in] in the mapping",
    f"a date from {EARLIEST.year} to {LATEST.year - 1}",
)
ID_TAKEN = _rule(
    "FC2007",
    "a contact id occurs twice with different content",
    "Two rows carry the same contact id and say different things, and nothing tells which is the later. The first is "
    "kept; the others are set aside. Identical copies and earlier versions are absorbed, not set aside.",
    "whose contact id another row carries with different content",
    "remove the wrong row, or map a version or last-update column under [updates]",
    "the same content in every row of a contact id",
)
VALUE_UNREADABLE = _rule(
    "FC2008",
    "a value does not fit its column",
    "A mapping written by a person is obeyed: a value that is not a number, yes or no, or date where the mapping "
    'says so sets its row aside. With `bad_values = "missing"` it is read as missing instead.',
    "with a value that does not fit its column",
    'correct the value, map another column, or set bad_values = "missing" in the mapping',
    "nothing, or a value that fits the column",
)
RAGGED = _rule(
    "FC2009",
    "a row has too many or too few fields",
    "The row does not have as many fields as the header, so its values cannot be told to columns. Usual causes: an "
    "unquoted delimiter or line break inside a value, or a file cut off.",
    "with too many or too few fields, or broken quoting",
    "quote values that hold the delimiter, or export again",
    "as many fields as the header has",
)
DATE_ORDER = _rule(
    "FC2010",
    "a date is in another day and month order than its column",
    "Nearly all values of the column prove one order of day and month; this one is possible only in the other.",
    "with day and month in another order than the column's",
    "correct the value in the source",
    "day and month in the order of the column",
)
NOT_AN_OBJECT = _rule(
    "FC2011",
    "a line is not a JSON object",
    "Each line of a JSON lines file must hold one object. This one does not.",
    "without a JSON object",
    "export again; the line may be cut off",
    "one JSON object",
)
STRAY = _rule(
    "FC2012",
    "a row of a companion table cannot be used",
    "A row of a file beside the contacts (surveys, reviews, crm_events and so on) lacks a required value or holds one "
    "that cannot be read.",
    "of a companion table without a required value, or with an unreadable one",
    "fill in the required columns, and correct what cannot be read",
    "a readable value in each required column",
)

ORPHAN = _rule(
    "FC2013",
    "a row of a companion table is about a contact that is not there",
    "A row of the identifiers, surveys, case_events or reviews file names a contact that is not among the contacts "
    "read: it lies outside the export's period, was set aside itself, or has its id written otherwise.",
    "of a companion table about a contact that is not there",
    "export the same period, and the same column of ids, in both files",
    "a contact that is among those read",
)
ANSWER_IMPOSSIBLE = _rule(
    "FC2014",
    "an answer is not possible on its scale",
    "A row of the surveys file holds a figure outside its scale (satisfaction 55 of 1 to 5, likelihood to recommend "
    "-1), or a word that is none of the answers. The scale is found from the answers and shown.",
    "of surveys with an answer outside its scale",
    "correct the answer, or set the scale under [scales] in the mapping",
    "an answer on its scale",
)

RULES: tuple[RowRule, ...] = (
    ID_MISSING,
    START_MISSING,
    START_UNREADABLE,
    END_UNREADABLE,
    END_BEFORE_START,
    IMPLAUSIBLE,
    ID_TAKEN,
    VALUE_UNREADABLE,
    RAGGED,
    DATE_ORDER,
    NOT_AN_OBJECT,
    STRAY,
    ORPHAN,
    ANSWER_IMPOSSIBLE,
)
"""In order of their code. A row's faults are a number with one bit a rule: bit 0 is the first."""


def bit(rule: RowRule) -> int:
    """The number that stands for one rule in a row's faults.

    >>> bit(ID_MISSING), bit(START_UNREADABLE)
    (1, 4)
    """
    return 1 << RULES.index(rule)


def by_code(code: str) -> RowRule:
    """The rule with this code.

    >>> by_code("FC2005").clause
    'with an end before the start'
    """
    return next(rule for rule in RULES if rule.code == code)
