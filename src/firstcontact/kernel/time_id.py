"""Ids that nobody can guess and that sort by when they were made."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


def time_id(now: datetime) -> str:
    """An id of 32 hexadecimal digits: twelve of the moment in milliseconds, twenty random ones.

    Args:
        now: The moment, UTC.

    >>> earlier, later = time_id(datetime(2026, 1, 5)), time_id(datetime(2026, 1, 6))
    >>> len(earlier), earlier < later
    (32, True)
    """
    moment = now if now.tzinfo else now.replace(tzinfo=UTC)
    return f"{int(moment.timestamp() * 1000):012x}{secrets.token_hex(10)}"
