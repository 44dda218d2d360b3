"""What the twin reads: the columns of a contact that decide something, as plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One thing that happened to a contact's record: when (naive UTC), what kind, and who did it."""

    at: datetime
    kind: str
    agent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """What the customer answered; None where not asked or not answered."""

    resolved: bool | None = None
    contacts_needed: int | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact. Columns mean what `contacts.table` says; `customer` is who it was once identities are resolved.

    Attributes:
        extra: Columns that only exclusions may ask for, by name: further ones (`x_...`), and of the contact columns
            those that decide nothing else.
        events: Its case events, in any order.
        survey: The answered survey about it.
    """

    contact_id: str
    customer: str | None
    started_at: datetime
    ended_at: datetime | None = None
    reason: str | None = None
    channel: str | None = None
    direction: str | None = None
    queued_at: datetime | None = None
    answered_at: datetime | None = None
    agent_id: str | None = None
    queue: str | None = None
    transfers: int | None = None
    escalated_to: str | None = None
    settled: bool | None = None
    agent_says_resolved: bool | None = None
    abandoned: bool | None = None
    extra: dict[str, str | None] = field(default_factory=dict)
    events: tuple[CaseEvent, ...] = ()
    survey: Survey | None = None

    def column(self, name: str) -> Any:
        """The value of a column by name; None where it is missing or not held."""
        return self.extra[name] if name in self.extra else getattr(self, name, None)


def microseconds(moment: datetime) -> int:
    """A moment (naive UTC) as whole microseconds since 1970.

    >>> microseconds(datetime(1970, 1, 2))
    86400000000
    """
    return (moment - EPOCH) // MICROSECOND
