"""Take in records that a program sends: read, redacted, stored before the answer is given, each exactly once.

A record is known by its source and key. An identical copy changes nothing; a newer version replaces an older one,
whatever the order in which they arrive; of two with one version the one that arrives later counts. What was erased
stays erased when it is sent again. What does not fit is set aside with its codes, to be corrected and replayed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from firstcontact.contacts.record import Record, Unfit, read_record, shape
from firstcontact.contacts.rule import NOT_AN_OBJECT

Redact = Callable[[str], tuple[str, dict[str, int]]]
"""Takes text; gives it without what must not be kept, and how many of each kind were taken out."""


class Outcome(StrEnum):
    """What became of a record."""

    STORED = "stored"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    OLDER = "older"
    ERASED = "erased"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record that cannot be used as it is.

    Attributes:
        table: The table it was meant for.
        source: The system it came from.
        raw: As it arrived, as JSON text, but for what free text must not hold.
        unfit: Everything that is wrong with it.
    """

    table: str
    source: str
    raw: str
    unfit: tuple[Unfit, ...]


@dataclass(frozen=True, slots=True)
class Garbled:
    """What was sent in the place of a record and cannot be read at all.

    Attributes:
        text: As it arrived.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of what was sent, in its order.

    Attributes:
        outcomes: For each record.
        unfit: For each record that was set aside, by its place, what is wrong with it.
        seq: Number of the latest change; whoever asks for changes after it misses nothing.
    """

    outcomes: tuple[Outcome, ...]
    unfit: dict[int, tuple[Unfit, ...]]
    seq: int


@dataclass(frozen=True, slots=True)
class Mended:
    """What was set aside and is taken in after all.

    Attributes:
        numbers: The number of each.
        actor: Who takes them in.
    """

    numbers: tuple[int, ...]
    actor: str


class Inbox(Protocol):
    """Where records are kept."""

    @property
    def waiting(self) -> int:
        """Records that are being stored at this moment, or wait for it."""

    def put(
        self,
        records: Sequence[Record | SetAside],
        *,
        now: datetime,
        import_id: str | None = None,
        mended: Mended | None = None,
        counted: int | None = None,
    ) -> tuple[tuple[Outcome, ...], int]:
        """Store records in one transaction; when it returns they are durable.

        Args:
            records: What was read, in the order in which it was sent; a later copy within the batch counts as later.
            now: The moment.
            import_id: The import they belong to.
            mended: What they are taken in from; all of it ends in the same transaction.
            counted: The last change that the import had counted when it broke off, where these are the records that it
                may have stored after that: those that it did count as they did then.

        Returns:
            What became of each, and the number of the latest change.

        Raises:
            FirstcontactError: The store does not answer (FC9102), the import is being undone (FC9454), or what was set
                aside has been dealt with already (FC9443).
        """


def ingest(
    inbox: Inbox,
    table: str,
    items: Sequence[Any],
    *,
    source: str,
    now: datetime,
    redact: Redact,
    import_id: str | None = None,
    counted: int | None = None,
) -> Receipt:
    """Take in records of one table.

    Args:
        inbox: Where they are kept.
        table: Name of the table in `contacts.table`.
        items: What was sent, as plain data, or `Garbled`.
        source: The system it came from, where a record does not say.
        now: The moment.
        redact: What free text goes through before it is kept.
        import_id: The import they belong to.
        counted: As `Inbox.put` takes it.

    Returns:
        What became of each.

    Raises:
        FirstcontactError: The store does not answer (FC9102); nothing of the batch was kept.
    """
    read: list[Record | SetAside] = []
    unfit: dict[int, tuple[Unfit, ...]] = {}
    for place, item in enumerate(items):
        if isinstance(item, Garbled):
            record: Record | tuple[Unfit, ...] = (Unfit(NOT_AN_OBJECT, "", shape(item.text), "a JSON object"),)
        else:
            record = read_record(table, item, source)
        if isinstance(record, Record):
            read.append(record)
        else:
            unfit[place] = record
            read.append(SetAside(table, source, _kept(item, redact), record))
    cleaned = [_cleaned(one, redact) for one in read]
    outcomes, seq = inbox.put(cleaned, now=now, import_id=import_id, counted=counted)
    return Receipt(outcomes, unfit, seq)


def as_sent(item: Any) -> str:
    """What was sent, as JSON text that every database keeps: half of a surrogate pair stays an escape."""
    return json.dumps(item, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


def _kept(item: Any, redact: Redact) -> str:
    """What is set aside as JSON text: free text without what must not be kept, and all of it where it is no record."""
    if isinstance(item, Garbled):
        return redact(item.text)[0]
    if not isinstance(item, dict):
        return redact(as_sent(item))[0]
    text = item.get("text")
    if text is None:
        return as_sent(item)
    return as_sent(item | {"text": redact(text if isinstance(text, str) else as_sent(text))[0]})


def _cleaned(record: Record | SetAside, redact: Redact) -> Record | SetAside:
    if isinstance(record, SetAside) or record.text is None:
        return record
    # The digest stays that of what was sent: redacting differently later does not make a copy a change.
    text, redacted = redact(record.text)
    return replace(record, text=text, redacted=redacted)
