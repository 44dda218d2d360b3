"""One record as a program sends it: read by its table's columns, all faults at once, nothing guessed.

Files of other systems go through a connector, which infers. What is sent to the interface was written for it, so it is
held to the columns as they are documented: moments with a zone, seconds, yes and no as JSON has them.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from firstcontact.contacts.rule import (
    ANSWER_IMPOSSIBLE,
    EARLIEST,
    END_BEFORE_START,
    ID_MISSING,
    IMPLAUSIBLE,
    LATEST,
    NOT_AN_OBJECT,
    START_MISSING,
    STRAY,
    VALUE_UNREADABLE,
    RowRule,
)
from firstcontact.contacts.table import DIRECTIONS, SURVEYS, TABLES, Column, TableSpec
from firstcontact.kernel.sentence import Sentence, clause

MAX_TEXT = 10_000
"""Longest value of a text column, in characters."""

MAX_NAME = 200
"""Longest value that names something, in characters: what is longer could not be asked for."""

MAX_ATTRIBUTES = 100
"""Most further columns of one contact."""

BESIDE = frozenset({"identifiers", "attributes", "version", "text"})
"""What a contact may carry beside its columns."""

SPECS: dict[str, TableSpec] = {spec.name: spec for spec in TABLES}


@dataclass(frozen=True, slots=True)
class Record:
    """One record, read.

    Attributes:
        table: Its table.
        source: The system it came from.
        key: Values of the table's key columns, as text.
        values: Every column of the table but those it does not have.
        version: Newer versions replace older ones; 0 where not said.
        identifiers: Pairs of kind and value, of a contact.
        attributes: Further columns by their own name, of a contact.
        text: Free text of a contact, not yet redacted.
        redacted: How many of each kind were taken out of it.
        digest: SHA-256 of all of it.
    """

    table: str
    source: str
    key: tuple[str, ...]
    values: dict[str, Any]
    version: int
    identifiers: tuple[tuple[str, str], ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    redacted: dict[str, int] = field(default_factory=dict)
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Unfit:
    """What is wrong with one value of a record. What was seen is a type and a length, never the value.

    Attributes:
        rule: The rule broken.
        column: Where.
        saw: What stood there, by its shape.
        allowed: What may stand there.
    """

    rule: RowRule
    column: str
    saw: str
    allowed: str

    def as_dict(self) -> dict[str, str]:
        """As plain data, in the shape that answers and the quarantine share."""
        return {
            "code": self.rule.code,
            "title": self.rule.kind.title,
            "where": self.column,
            "saw": self.saw,
            "allowed": self.allowed,
            "cure": self.rule.cure,
        }


def read_record(table: str, item: Any, source: str) -> Record | tuple[Unfit, ...]:
    """Read one record.

    Args:
        table: Name of its table in `contacts.table`.
        item: What was sent: an object with the table's columns; a contact may carry `identifiers` (a list of objects
            with `kind` and `value`), `attributes`, `version` and `text`.
        source: The system it came from, where the record does not say.

    Returns:
        The record, or everything that is wrong with it.

    >>> sent = {"contact_id": "1", "started_at": "2026-01-05T09:00:00+01:00"}
    >>> read_record("contacts", sent, "pbx").values["started_at"]
    datetime.datetime(2026, 1, 5, 8, 0)
    >>> [unfit.rule.code for unfit in read_record("contacts", {"contact_id": ""}, "pbx")]
    ['FC2001', 'FC2002']
    """
    spec = SPECS[table]
    if not isinstance(item, Mapping):
        return (Unfit(NOT_AN_OBJECT, "", shape(item), "an object"),)
    unfit: list[Unfit] = []
    known = set(spec.names) | {"source"} | (BESIDE if table == "contacts" else {"version"})
    for name in item:
        if name not in known:
            unfit.append(
                Unfit(
                    VALUE_UNREADABLE,
                    _named(name),
                    "a column that is not known",
                    clause("columns of {table}", table=table),
                )
            )
    values = _columns(spec, item, unfit)
    origin = source if item.get("source") is None else item["source"]
    if not _short(origin):
        unfit.append(
            Unfit(
                VALUE_UNREADABLE,
                "source",
                shape(origin),
                clause("text of 1 to {most} characters", most=MAX_NAME),
            )
        )
    # A program that has no version says null.
    version = item.get("version")
    version = 0 if version is None else version
    if isinstance(version, bool) or not isinstance(version, int) or not 0 <= version < 2**62:
        unfit.append(Unfit(VALUE_UNREADABLE, "version", shape(version), "a whole number, 0 or more"))
    identifiers, attributes, text = _beside(item, unfit) if table == "contacts" else ((), {}, None)
    if unfit:
        return tuple(unfit)
    key = tuple(_as_text(values.get(name, "")) for name in spec.key)
    record = Record(table, origin.strip(), key, values, version, identifiers, attributes, text)
    return replace(record, digest=_digest(record))


def _columns(spec: TableSpec, item: Mapping[str, Any], unfit: list[Unfit]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for column in spec.columns:
        if column.name == "source":
            continue
        given = item.get(column.name)
        given = given.strip() or None if isinstance(given, str) else given
        if given is None:
            if column.required:
                unfit.append(_absent(column, spec.name))
            continue
        value = _read(spec, column, given)
        if isinstance(value, Unfit):
            unfit.append(value)
        else:
            values[column.name] = value
    start, end = values.get("started_at"), values.get("ended_at")
    if start is not None and end is not None and end < start:
        unfit.append(Unfit(END_BEFORE_START, "ended_at", "a moment before started_at", "started_at or later"))
    return values


def shape(value: Any) -> Sentence:
    """What a value is, without what it says.

    >>> shape("Miriam"), shape(3), shape([1, 2]), shape(None)
    ('text of 6 characters', 'a number', 'a list of 2', 'nothing')
    """
    if value is None:
        return clause("nothing")
    if isinstance(value, bool):
        return clause("yes or no")
    if isinstance(value, (int, float)):
        return clause("a number")
    if isinstance(value, str):
        return clause("text of {count} characters", count=len(value))
    if isinstance(value, list):
        return clause("a list of {count}", count=len(value))
    return clause("an object")


def _named(name: Any) -> str:
    # A key may be a customer's value that slipped; only what looks like a column's name is repeated.
    text = str(name)
    return text if text.isidentifier() and len(text) <= 40 else f"a name of {len(text)} characters"


def _absent(column: Column, table: str) -> Unfit:
    rule = STRAY
    if table == "contacts":
        rule = ID_MISSING if column.name == "contact_id" else START_MISSING
    return Unfit(rule, column.name, "nothing", column.meaning)


def _read(spec: TableSpec, column: Column, given: Any) -> Any:
    names = column.type == "string" and (column.name in spec.key or column.name.endswith("_id"))
    allowed = _NAME if names else _ALLOWED[column.type]
    value: Any = _text(given, MAX_NAME) if names else _READERS[column.type](given)
    if value is None:
        return Unfit(_misfit(spec, column), column.name, shape(given), column.bounds or allowed)
    if column.least is not None and not column.holds(value):
        return Unfit(_misfit(spec, column), column.name, "a number out of range", column.bounds)
    if column.name == "direction" and value not in DIRECTIONS:
        return Unfit(VALUE_UNREADABLE, column.name, shape(given), " or ".join(DIRECTIONS))
    if column.type == "timestamp" and not EARLIEST <= value < LATEST:
        return Unfit(
            IMPLAUSIBLE,
            column.name,
            "a moment far off",
            clause("{first} to {last}", first=str(EARLIEST.year), last=str(LATEST.year - 1)),
        )
    return value


def _misfit(spec: TableSpec, column: Column) -> RowRule:
    """The rule that files are judged by too: a row beside the contacts is stray as a whole."""
    if spec.name == "contacts":
        return VALUE_UNREADABLE
    return ANSWER_IMPOSSIBLE if spec is SURVEYS and column.least is not None else STRAY


def _text(given: Any, longest: int = MAX_TEXT) -> str | None:
    """Any text but NUL, unpaired surrogates and excess length, which databases refuse."""
    if not isinstance(given, str) or len(given) > longest or "\x00" in given:
        return None
    try:
        given.encode("utf-8")
    except UnicodeEncodeError:
        return None
    return given


def _moment(given: Any) -> datetime | None:
    if not isinstance(given, str) or len(given) > 40:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    try:
        return moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        return None


def _number(given: Any) -> float | None:
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        return None
    try:
        number = float(given)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _whole(given: Any) -> int | None:
    if isinstance(given, bool) or not isinstance(given, int):
        return None
    return given if -(2**62) < given < 2**62 else None


def _yes_no(given: Any) -> bool | None:
    return given if isinstance(given, bool) else None


def _texts(given: Any) -> list[str] | None:
    if not isinstance(given, list) or len(given) > 1000:
        return None
    read = [_text(one) for one in given]
    return [one for one in read if one is not None] if None not in read else None


_READERS: dict[str, Any] = {
    "string": _text,
    "timestamp": _moment,
    "float64": _number,
    "int64": _whole,
    "boolean": _yes_no,
    "list<string>": _texts,
}
_NAME = clause("text of at most {most:,} characters", most=MAX_NAME)
_ALLOWED: dict[str, Sentence] = {
    "string": clause("text of at most {most:,} characters", most=MAX_TEXT),
    "timestamp": clause("a moment with its zone, as 2026-01-05T09:00:00+01:00"),
    "float64": clause("a number"),
    "int64": clause("a whole number"),
    "boolean": clause("true or false"),
    "list<string>": clause("a list of texts"),
}


def _beside(
    item: Mapping[str, Any], unfit: list[Unfit]
) -> tuple[tuple[tuple[str, str], ...], dict[str, str], str | None]:
    pairs: list[tuple[str, str]] = []
    given = item.get("identifiers") or []
    if not isinstance(given, list) or len(given) > MAX_ATTRIBUTES:
        unfit.append(
            Unfit(
                VALUE_UNREADABLE,
                "identifiers",
                shape(given),
                clause("a list of at most {most}", most=MAX_ATTRIBUTES),
            )
        )
        given = []
    for place, one in enumerate(given):
        kind = one.get("kind") if isinstance(one, Mapping) else None
        value = one.get("value") if isinstance(one, Mapping) else None
        right = isinstance(one, Mapping) and set(one) <= {"kind", "value"}
        if not right or not _short(kind) or not _short(value):
            unfit.append(
                Unfit(
                    VALUE_UNREADABLE,
                    f"identifiers[{place}]",
                    shape(one),
                    clause("kind and value, 1 to {most} characters each", most=MAX_NAME),
                )
            )
        else:
            pairs.append((str(kind).strip(), str(value).strip()))
    attributes: dict[str, str] = {}
    extra = item.get("attributes") or {}
    if not isinstance(extra, Mapping) or len(extra) > MAX_ATTRIBUTES:
        unfit.append(
            Unfit(
                VALUE_UNREADABLE,
                "attributes",
                shape(extra),
                clause("an object of at most {most} names", most=MAX_ATTRIBUTES),
            )
        )
        extra = {}
    for name, value in extra.items():
        if value is None:
            continue
        said = _as_text(value) if isinstance(value, (str, int, float, bool)) else None
        if not _short(name) or said is None or _text(said) is None:
            unfit.append(Unfit(VALUE_UNREADABLE, "attributes", shape(value), "text, a number, true or false"))
        else:
            attributes[str(name).strip()] = said
    text = item.get("text")
    if text is not None and _text(text, 100 * MAX_TEXT) is None:
        unfit.append(
            Unfit(
                VALUE_UNREADABLE,
                "text",
                shape(text),
                clause("text of at most {most:,} characters", most=100 * MAX_TEXT),
            )
        )
        text = None
    return tuple(sorted(set(pairs))), attributes, text or None


def _short(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= MAX_NAME and _text(value) is not None


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _digest(record: Record) -> str:
    content = [
        record.table,
        record.source,
        {name: _as_text(value) if isinstance(value, datetime) else value for name, value in record.values.items()},
        record.identifiers,
        record.attributes,
        record.text,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
