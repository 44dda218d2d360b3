"""All patterns, in the order in which they are looked for. A new one is a file beside this one and a line here."""

from __future__ import annotations

from firstcontact.measurement.explain.root_cause import (
    asset,
    channel,
    escalation,
    event,
    misplaced,
    routing,
    waiting,
    when,
)
from firstcontact.measurement.explain.root_cause.pattern import SEPARATOR, Pattern

PATTERNS: tuple[Pattern, ...] = (
    when.HOUR,
    when.WEEKDAY,
    event.PATTERN,
    routing.WRONG_PLACE,
    routing.TO_AND_FRO,
    misplaced.QUEUE,
    misplaced.REASON,
    escalation.PATTERN,
    channel.PATTERN,
    waiting.WAITING,
    waiting.CALL_BACK,
    asset.PATTERN,
)


def column_of(cause: str) -> str | None:
    """The column of a run's contacts that says which of them show a root cause; None for no pattern's name.

    Args:
        cause: As results name it.

    >>> column_of("hour: 09-12"), column_of("wrong queue first: a -> b"), column_of("luck: bad")
    ('shows_hour', 'shows_wrong_queue_first_pair', None)
    """
    name, _, variant = cause.partition(SEPARATOR)
    pattern = next((one for one in PATTERNS if one.id == name), None)
    if pattern is None or not variant:
        return None
    return (pattern.by_pair if pattern.pair and variant != misplaced.CHANGED else pattern).column
