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
from firstcontact.measurement.explain.root_cause.pattern import Pattern

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
