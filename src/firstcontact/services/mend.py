"""What was set aside: seen, corrected, taken in after all, or given up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Protocol

from firstcontact.contacts.record import Record, Unfit, read_record
from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, FirstcontactError
from firstcontact.kernel.sentence import clause
from firstcontact.services.ingest import Inbox, Mended, Outcome, Redact

ENDED_ALREADY = ErrorKind(
    "FC9443",
    "What was set aside has been dealt with already",
    EXIT_INPUT,
    "Somebody else has taken it in or given it up, or an earlier try did.",
)

AsideState = Literal["open", "replayed", "discarded"]


@dataclass(frozen=True, slots=True)
class Aside:
    """One record that was set aside.

    Attributes:
        id: Its number.
        kind: The table it was meant for.
        source: The system it came from.
        raw: As it arrived.
        codes: What is wrong with it.
        faults: The same in words, without its values.
        received_at: When it arrived.
        import_id: The import that brought it.
        state: Where it stands.
        ended_at: When it was taken in or given up.
        ended_by: By whom.
    """

    id: int
    kind: str
    source: str | None
    raw: str
    codes: Sequence[str]
    faults: Sequence[Mapping[str, str]]
    received_at: datetime
    import_id: str | None
    state: AsideState
    ended_at: datetime | None
    ended_by: str | None


class Quarantine(Protocol):
    """Where records are that were set aside."""

    def find(self, number: int) -> Aside | None:
        """One; None where there is none."""

    def page(
        self,
        *,
        state: AsideState | None,
        kind: str | None,
        code: str | None,
        import_id: str | None,
        before: int | None,
        limit: int,
        source: str | None = None,
    ) -> list[Aside]:
        """Records, newest first."""

    def count(
        self,
        *,
        state: AsideState | None = None,
        kind: str | None = None,
        code: str | None = None,
        import_id: str | None = None,
        source: str | None = None,
    ) -> int:
        """How many there are."""

    def some(self, numbers: Sequence[int]) -> list[Aside]:
        """Those of some numbers, newest first; those that are not there are passed over."""

    def kept(self, numbers: Sequence[int]) -> list[int]:
        """Of some numbers those that are there, newest first."""

    def end(self, number: int, state: AsideState, *, actor: str, now: datetime) -> bool:
        """Say what became of an open one, and note it in the audit; False where it is not open any more."""


def replay(inbox: Inbox, aside: Aside, item: Any | None, *, redact: Redact, actor: str, now: datetime) -> Outcome:
    """Take in what was set aside.

    Args:
        inbox: Where records are kept.
        aside: The record.
        item: The record as somebody corrected it; as it arrived where None.
        redact: What free text goes through before it is kept.
        actor: Who asks.
        now: The moment.

    Returns:
        What became of it.

    Raises:
        FirstcontactError: It still does not fit, every fault at once; or it has been dealt with already (FC9443).
    """
    if aside.state != "open":
        raise ended_already(aside.id)
    read = read_record(aside.kind, _given(aside.raw) if item is None else item, aside.source or "api")
    if not isinstance(read, Record):
        raise FirstcontactError([_fault(one) for one in read])
    if read.text is not None:
        text, redacted = redact(read.text)
        read = replace(read, text=text, redacted=redacted)
    outcomes, _ = inbox.put([read], now=now, import_id=aside.import_id, mended=Mended((aside.id,), actor))
    return outcomes[0]


def ended_already(number: int) -> FirstcontactError:
    """The error for what was dealt with already."""
    fault = ENDED_ALREADY.fault(
        where=clause("record {number} of the quarantine", number=number),
        saw="an end",
        allowed="one that is open",
        cure="read it again",
    )
    return FirstcontactError([fault])


def _given(raw: str) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _fault(one: Unfit) -> Any:
    return one.rule.kind.fault(
        where=one.column or clause("the record"), saw=one.saw, allowed=one.allowed, cure=one.rule.cure
    )
