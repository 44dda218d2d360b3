"""Who did what, when, to what, and whose data they looked at: written with the change, read by administrators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was done, or looked at.

    Attributes:
        actor: Who: an account's e-mail address, `token:<name> of <address>`, or a part of the program.
        action: What, as noun and verb: `account.add`, `contact.look`.
        object: What it was done to, by an id that names no customer.
        person_id: Whose data were looked at or changed.
        detail: More, as plain data without any customer's value.
        at: When, UTC.
        id: Its number; 0 until it is written.
    """

    actor: str
    action: str
    at: datetime
    object: str | None = None
    person_id: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0


class Audit(Protocol):
    """Where events are kept; none is ever changed."""

    def note(
        self,
        actor: str,
        action: str,
        *,
        now: datetime,
        object: str | None = None,  # noqa: A002 - the audit's own word
        person_id: int | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Write an event; it is durable when this returns."""

    def page(
        self,
        *,
        actor: str | None = None,
        action: str | Sequence[str] | None = None,
        object: str | None = None,  # noqa: A002 - the audit's own word
        person_id: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Event]:
        """Events, newest first, from the one before `before` on.

        Args:
            actor: Only this one's.
            action: Only this, or all that begin with it where it ends with a dot; only one of these where there are
                several.
            object: Only what was done to this.
            person_id: Only about this customer.
            since: From this moment on.
            until: Before this moment.
            before: Number of the last event seen.
            limit: At most so many.
        """
