"""What a door is given when the service runs: its settings and its parts, each behind a protocol of the use case.

A new part is a protocol beside the use case that needs it, a field here, and a line in `bootstrap.open_service`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from firstcontact.kernel.service_settings import ServiceSettings

if TYPE_CHECKING:
    from firstcontact.services.ingest import Inbox
    from firstcontact.services.queue import Queue


@dataclass(frozen=True, slots=True)
class Service:
    """The running service's parts.

    Attributes:
        settings: What its surroundings told it.
        now: The clock: UTC, without zone information.
        inbox: Takes in records, durably.
        queue: What is to be done in the background.
        alive: Raises where the operational store does not answer.
        close: Gives everything back.
    """

    settings: ServiceSettings
    now: Callable[[], datetime]
    inbox: Inbox
    queue: Queue
    alive: Callable[[], None]
    close: Callable[[], None]
