"""How the service is: what waits, how old its figures are, how much room there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Condition:
    """The service at one moment.

    Attributes:
        contacts: How many contacts are stored; may be a minute old.
        seq: Number of the latest change.
        measured_seq: Number of the last change in the figures in force; 0 before the first.
        linked_seq: Number of the last change that is linked.
        quarantined: Records that wait to be corrected.
        jobs: How many jobs are in each state.
        oldest_due: Since when the job waits that is due longest.
        measured_at: When the figures in force were made.
        schema: Form of the tables.
        clock: What the clock of the database's own machine says, UTC; None where it is this machine.
    """

    contacts: int
    seq: int
    measured_seq: int
    linked_seq: int
    quarantined: int
    jobs: dict[str, int]
    oldest_due: datetime | None
    measured_at: datetime | None
    schema: str
    clock: datetime | None = None


class Conditions(Protocol):
    """What looks at it."""

    def look(self, now: datetime) -> Condition:
        """The service as it is."""
