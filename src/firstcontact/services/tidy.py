"""Clear away what a killed process left half made: files that nothing names and that nobody has touched for a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from firstcontact.services.work import Task

TIDY = "tidy"
"""The kind of job."""

AGE = timedelta(days=1)
"""How long a file may be in the making."""


class Swept(Protocol):
    """A place of files that a list names, or of rows that wait for a job."""

    def sweep(self, before: datetime) -> None:
        """Remove what no list names and nobody has written to since a moment; end what waits for a job that is gone."""


@dataclass(frozen=True, slots=True)
class Tidying:
    """Does the job.

    Attributes:
        places: What may be left over.
        now: The clock: UTC, without zone information.
    """

    places: Sequence[Swept]
    now: Callable[[], datetime]

    def __call__(self, task: Task) -> dict[str, Any]:
        """Clear every place."""
        for number, place in enumerate(self.places):
            task.tell("clearing away", number / len(self.places))
            place.sweep(self.now() - AGE)
        return {}
