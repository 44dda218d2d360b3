"""When contacts come that fail: the hour, and the day of the week."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.root_cause.pattern import Pattern
from firstcontact.measurement.linking.period import local_time
from firstcontact.measurement.linking.portable import DAY_US, MINUTE_US

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.explain.explanation import Context

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def mark_hour(context: Context, contacts: ir.Table) -> ir.Table | None:
    """The hour in the business zone, as `09-12`: three hours each, for an hour alone says little."""
    frame = context.frame
    local = local_time(contacts.start_us, context.zone, frame.data_start, frame.cutoff)
    block = ((local % DAY_US) / (180 * MINUTE_US)).floor().cast("int64")
    names = [(block == number, f"{3 * number:02}-{3 * number + 3:02}") for number in range(8)]
    return contacts.mutate(shows=ibis.cases(*names, else_=ibis.null("string")))


def mark_weekday(_context: Context, contacts: ir.Table) -> ir.Table | None:
    """The day of the week in the business zone."""
    # 1 January 1970 was a Thursday.
    day = (contacts.local_day + 3) % 7
    return contacts.mutate(
        shows=ibis.cases(*((day == number, name) for number, name in enumerate(_DAYS)), else_=ibis.null("string"))
    )


HOUR = Pattern(
    "hour",
    Sentence("cause.hour", "the hour at which they come"),
    mark_hour,
    each_reason=False,
    others="contacts of the same reason and channel at other hours",
)
WEEKDAY = Pattern(
    "weekday",
    Sentence("cause.weekday", "the day on which they come"),
    mark_weekday,
    each_reason=False,
    others="contacts of the same reason and channel on other days",
)
