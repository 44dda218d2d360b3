"""What is to be done in the background: asked for durably, done at least once, seen, and cancelled.

A job is a row. Whoever works takes the most urgent one by a lease; a worker that dies loses its lease and the job is
done again, so every job can be done twice without harm. Asking for a job that waits already, by the same key, is no
second job.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

State = Literal["waiting", "running", "done", "failed", "cancelled"]

LEASE_SECONDS = 30
"""How long a worker may be silent before its job is given to another."""

MAX_ATTEMPTS = 5
"""How often a job that ends badly, or whose worker dies, is tried."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job, as it stands.

    Attributes:
        id: Its id.
        kind: What is done: the name of a handler.
        arguments: With what, as plain data.
        key: What makes it the same as another that waits; None where it never is.
        state: Where it stands.
        attempts: How often it was begun.
        step: What it does at the moment.
        share: How much is done, 0 to 1; None where that is not known.
        cancel_asked: Whether somebody wants it to stop.
        result: What came of it.
        faults: What went wrong.
        asked_by: Who asked for it.
        created_at: When, UTC.
        started_at: When it was first begun.
        ended_at: When it ended.
        due_at: Before when it is not begun.
    """

    id: str
    kind: str
    arguments: dict[str, Any]
    key: str | None
    state: State
    attempts: int
    step: str | None
    share: float | None
    cancel_asked: bool
    result: dict[str, Any] | None
    faults: list[dict[str, str]] | None
    asked_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    due_at: datetime | None = None


class Queue(Protocol):
    """Where jobs wait."""

    def ask(
        self,
        kind: str,
        arguments: dict[str, Any],
        *,
        asked_by: str,
        now: datetime,
        key: str | None = None,
        priority: int = 0,
        due_at: datetime | None = None,
    ) -> Job:
        """Ask for a job, or find the one with this key that waits already."""

    def take(self, worker: str, kinds: Sequence[str], now: datetime) -> Job | None:
        """Lease the most urgent job that is due, including those whose worker fell silent; None where none is."""

    def renew(self, job_id: str, worker: str, now: datetime, step: str | None, share: float | None) -> bool:
        """Keep the lease and say how far it is. False where the job shall stop: cancelled, or given to another."""

    def end(
        self,
        job_id: str,
        worker: str,
        state: State,
        now: datetime,
        *,
        result: dict[str, Any] | None = None,
        faults: list[dict[str, str]] | None = None,
        spared: bool = False,
    ) -> bool:
        """Say how a job ended; `waiting` gives it back for another try. False where the lease was lost meanwhile.

        A try that is spared counts for none: the job broke off by no fault of its own.
        """

    def cancel(self, job_id: str, now: datetime) -> Job | None:
        """Ask a job to stop; one that waits ends at once. None where there is no such job."""

    def find(self, job_id: str) -> Job | None:
        """One job; None where there is no such job."""

    def page(self, *, state: State | None, before: str | None, limit: int) -> list[Job]:
        """Jobs, newest first, from the one after `before`."""


Stop = Callable[[], None]
"""Raises `CancelledError` where the job shall stop."""


class CancelledError(Exception):
    """The job was cancelled, or its lease went to another worker: what it did so far is left unpublished."""
