"""Moments in answers and questions: always with their zone, UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, PlainSerializer, WithJsonSchema


def written(moment: datetime) -> str:
    """A moment as answers have it.

    >>> written(datetime(2026, 1, 5, 9, 30))
    '2026-01-05T09:30:00Z'
    >>> written(datetime(2026, 1, 5, 9, 30, tzinfo=UTC))
    '2026-01-05T09:30:00Z'
    """
    return f"{(_naive(moment) if moment.tzinfo else moment).isoformat()}Z"


def _naive(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise ValueError("out of range") from None


Moment = Annotated[
    datetime,
    PlainSerializer(written, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A UTC moment in an answer."""

AskedMoment = Annotated[AwareDatetime, AfterValidator(_naive)]
"""A moment in a question, with its zone; the route is given it as UTC without one, as everywhere inside."""
