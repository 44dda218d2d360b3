"""The contacts behind a number: which they are, without whose; whoever wants to know that looks the customer up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Listed:
    """One contact of a list.

    Attributes:
        source: The system it came from.
        contact_id: Its id there.
        channel: Its channel.
        direction: Who began it.
        reason: Its reason.
        team: Who handled it.
        queue: Where it waited.
        started_at: When it began, UTC.
        ended_at: When it ended, UTC.
        repeat: Whether it is a repeat; None where it is not linked.
        excluded_code: Why repeat measures leave it out; None where they do not.
    """

    source: str
    contact_id: str
    channel: str | None
    direction: str | None
    reason: str | None
    team: str | None
    queue: str | None
    started_at: datetime
    ended_at: datetime | None
    repeat: bool | None
    excluded_code: str | None


@dataclass(frozen=True, slots=True)
class Sought:
    """Which contacts.

    Attributes:
        team: Of this team.
        reason: Of this reason or one below it.
        channel: Of this channel.
        since: Begun at this moment or later.
        until: Begun before this moment.
        repeat: Only repeats, or only those that are none.
    """

    team: str | None = None
    reason: str | None = None
    channel: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    repeat: bool | None = None


class ContactList(Protocol):
    """Contacts, latest first."""

    def page(
        self,
        sought: Sought,
        teams: frozenset[str] | None,
        *,
        before: tuple[datetime, str, str] | None,
        limit: int,
    ) -> list[Listed]:
        """Some contacts.

        Args:
            sought: Which.
            teams: Only of these teams; of all, and of none, where None.
            before: Start, source and id of the last one seen.
            limit: At most so many.
        """
