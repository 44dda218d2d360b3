"""Ask for what is done again and again, at even times, once each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from firstcontact.services.queue import Queue

LOOK = timedelta(seconds=30)
"""How often a worker sees to it that what recurs is asked for."""

BY = "schedule"
"""Who asks, as the job and the audit have it."""

_EPOCH = datetime(2001, 1, 1)  # noqa: DTZ001 - UTC without zone information, as everywhere inside; a Monday


@dataclass(frozen=True, slots=True)
class Recurring:
    """Something done again and again.

    Attributes:
        kind: The kind of job.
        every: How often; asked each time, since people may decide otherwise.
        arguments: With what.
        priority: Higher goes first.
    """

    kind: str
    every: Callable[[], timedelta]
    arguments: dict[str, Any]
    priority: int = 0


class Schedule:
    """Asks for jobs. Several workers may ask at once: a job that waits by the same key is no second job.

    Args:
        queue: Where jobs wait.
        recurring: What is done again and again.
        now: The clock: UTC, without zone information.
    """

    def __init__(self, queue: Queue, recurring: Sequence[Recurring], now: Callable[[], datetime]) -> None:
        self._queue = queue
        self._recurring = recurring
        self._now = now
        self._next = _EPOCH

    def __call__(self) -> None:
        """See that the next of everything that recurs is asked for; does nothing most of the times it is called.

        Raises:
            FirstcontactError: The database does not answer (FC9102).
        """
        now = self._now()
        if now < self._next:
            return
        for one in self._recurring:
            due = following(now, one.every())
            self._queue.ask(one.kind, one.arguments, asked_by=BY, now=now, key=BY, priority=one.priority, due_at=due)
        self._next = now + LOOK


def following(now: datetime, every: timedelta) -> datetime:
    """The next even time: of a day the next midnight, of an hour the next full one, UTC.

    >>> following(datetime(2026, 1, 5, 9, 20), timedelta(hours=1))
    datetime.datetime(2026, 1, 5, 10, 0)
    """
    passed = (now - _EPOCH) // every
    return _EPOCH + (passed + 1) * every
