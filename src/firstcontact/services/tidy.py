"""Clear away what a killed process left half made, and uploads that nobody ended or started."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from firstcontact.services.work import Task

TIDY = "tidy"
"""The kind of job."""

AGE = timedelta(hours=6)
"""How long a file may be in the making; what is left over is looked for as often."""

PATIENCE = timedelta(days=30)
"""How long an upload may wait for its next part or its start, from when it was announced."""


class Swept(Protocol):
    """A place of files that a list names, or of rows that wait for a job."""

    def sweep(self, before: datetime) -> None:
        """Remove what no list names and nobody has written to since a moment; end what waits for a job that is gone."""


class Waiting(Protocol):
    """Uploads that wait for somebody."""

    def abandon_uploads(self, before: datetime, now: datetime) -> int:
        """Cancel those announced before a moment and never started, their files too; gives how many."""


@dataclass(frozen=True, slots=True)
class Tidying:
    """Does the job.

    Attributes:
        places: What may be left over.
        waiting: What waits for somebody.
        now: The clock: UTC, without zone information.
    """

    places: Sequence[Swept]
    waiting: Waiting
    now: Callable[[], datetime]

    def __call__(self, task: Task) -> dict[str, Any]:
        """Clear every place; gives how many uploads were waited for no longer."""
        for number, place in enumerate(self.places):
            task.tell("clearing away", number / len(self.places))
            place.sweep(self.now() - AGE)
        now = self.now()
        return {"uploads_cancelled": self.waiting.abandon_uploads(now - PATIENCE, now)}
