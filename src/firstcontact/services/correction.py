"""A correction that many records have in common: what is changed in one column of each, and in which ways it may be."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from firstcontact.contacts.record import SPECS
from firstcontact.kernel.privacy import pattern
from firstcontact.services.ingest import as_sent
from firstcontact.services.mend import Aside

Way = Literal["words", "moment", "column", "drop"]

ISO = "iso"
"""A moment as ISO 8601 has it."""

COLUMN_NAMES = frozenset(column.name for spec in SPECS.values() for column in spec.columns) - {"source"}
"""What a column may be said to be."""


def can_be_written(form: str) -> bool:
    """Whether moments may be written like this: what is written so is read again.

    >>> can_be_written("%d.%m.%Y %H:%M"), can_be_written("%q")
    (True, False)
    """
    one = datetime(2026, 3, 31, 14, 5)  # noqa: DTZ001 - any moment
    try:
        datetime.strptime(one.strftime(form), form)  # noqa: DTZ007 - likewise
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Correction:
    """What is changed in each record.

    Attributes:
        column: The column, as the record has it: of the file for rows of a file, else as it was sent.
        way: `words`: some values become others; `moment`: its moments are written otherwise than was understood;
            `column`: it is another column than was understood; `drop`: it says nothing.
        words: What becomes of which value; of `words`.
        format: How its moments are written: `iso` or as `datetime.strptime` has it; of `moment`.
        zone: In which its moments without an offset are; of `moment`.
        to: Which of our columns it is; of `column`.
    """

    column: str
    way: Way
    words: Mapping[str, str] = field(default_factory=dict)
    format: str = ISO
    zone: str = "UTC"
    to: str = ""


def corrected(item: Mapping[str, Any], correction: Correction, table: str | None) -> dict[str, Any]:
    """A record as it is corrected.

    Args:
        item: As it arrived.
        correction: What is changed.
        table: Its table; None for a row of a file, whose mapping says what a column is.

    >>> corrected({"state": "zu", "n": 1}, Correction("state", "words", {"zu": "closed"}), None)
    {'state': 'closed', 'n': 1}
    >>> corrected({"at": "31.03.2026 14:05"}, Correction("at", "moment", {}, "%d.%m.%Y %H:%M", "Europe/Sofia"), None)
    {'at': '2026-03-31T14:05:00+03:00'}
    >>> corrected({"start": "x"}, Correction("start", "column", to="started_at"), "contacts")
    {'started_at': 'x'}
    """
    made, name = dict(item), correction.column
    if name not in made:
        return made
    value = made[name]
    if correction.way == "drop":
        made.pop(name)
        if table is None:
            made[name] = None  # a file has the column all the same
    elif correction.way == "column":
        if table is not None:
            made = {correction.to if key == name else key: each for key, each in made.items()}
    elif correction.way == "words":
        said = str(value).strip() if isinstance(value, (str, int, float)) else None
        if said is not None and said in correction.words:
            made[name] = _typed(correction.words[said], name, table)
    else:
        made[name] = _moment(value, correction)
    return made


def _typed(word: str, name: str, table: str | None) -> Any:
    """A word as its column has it: a number or yes and no where it is one of those."""
    if not word:
        return None
    column = next((one for one in SPECS[table].columns if one.name == name), None) if table is not None else None
    if column is None or column.type not in {"float64", "int64", "boolean"}:
        return word
    try:
        return json.loads(word)
    except ValueError:
        return word


def _moment(value: Any, correction: Correction) -> Any:
    """A moment with its offset; what is written otherwise stays as it is."""
    text = str(value).strip()
    try:
        if correction.format == ISO:
            found = datetime.fromisoformat(text)
        else:
            found = datetime.strptime(text, correction.format)  # noqa: DTZ007 - its zone is the next line's question
        return (found if found.tzinfo is not None else found.replace(tzinfo=ZoneInfo(correction.zone))).isoformat()
    except (ValueError, OverflowError):
        return value


def object_of(raw: str) -> dict[str, Any] | None:
    """A record as it arrived; None where it is none."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


@dataclass(frozen=True, slots=True)
class ColumnSeen:
    """A column of records that were set aside, without its values.

    Attributes:
        name: As the records have it.
        filled: How many have something there.
        samples: The commonest patterns of what is there.
        wrong: Whether something is wrong there, as far as that is known.
    """

    name: str
    filled: int
    samples: tuple[str, ...]
    wrong: bool


def columns_seen(some: Sequence[Aside], most: int = 200) -> tuple[ColumnSeen, ...]:
    """The columns of some records, those first of which something is wrong.

    Args:
        some: The records.
        most: So many columns at most.
    """
    filled: dict[str, Counter[str]] = {}
    wrong = {fault["where"] for one in some for fault in one.faults}
    for one in some:
        for name, value in (object_of(one.raw) or {}).items():
            counted = filled.setdefault(str(name), Counter())
            if value is not None and value != "" and value != []:
                counted[pattern(value if isinstance(value, (str, int, float)) else as_sent(value))] += 1
    seen = [
        ColumnSeen(name, found.total(), tuple(one for one, _ in found.most_common(3)), name in wrong)
        for name, found in filled.items()
    ]
    return tuple(sorted(seen, key=lambda one: not one.wrong)[:most])
