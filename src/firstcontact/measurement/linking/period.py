"""Days, weeks and months in the business zone, as whole numbers that any engine computes alike."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import ibis

from firstcontact.kernel.clock import offsets
from firstcontact.measurement.linking.portable import DAY_US, SECOND_US

if TYPE_CHECKING:
    import ibis.expr.types as ir

_EPOCH = date(1970, 1, 1)
WEEK_STARTS = {"monday": 0, "saturday": 5, "sunday": 6}
"""By a policy's word: the day of the week, 0 for Monday."""


def local_day(start_us: ir.IntegerValue, zone: str, first: datetime, last: datetime) -> ir.IntegerValue:
    """Number of the local day since 1970-01-01.

    Args:
        start_us: Microseconds since 1970, UTC.
        zone: The business zone.
        first: No value is earlier, naive UTC.
        last: No value is later, naive UTC.

    Returns:
        int64 day numbers.
    """
    return (local_time(start_us, zone, first, last) / DAY_US).floor().cast("int64")


def local_time(start_us: ir.IntegerValue, zone: str, first: datetime, last: datetime) -> ir.IntegerValue:
    """Microseconds since the local midnight that began 1970, by the clock of the business zone.

    Takes what `local_day` takes.
    """
    steps = offsets(zone, first, last)
    branches = [(start_us >= _us(step.start_utc), step.seconds * SECOND_US) for step in reversed(steps[1:])]
    shift = ibis.cases(*branches, else_=steps[0].seconds * SECOND_US) if branches else steps[0].seconds * SECOND_US
    return start_us + shift


def week_of(day: int, week_start: str) -> date:
    """First day of the week in which a day lies.

    >>> week_of(19724, "monday"), week_of(19724, "sunday")
    (datetime.date(2024, 1, 1), datetime.date(2023, 12, 31))
    """
    moment = _EPOCH + timedelta(days=day)
    return moment - timedelta(days=(moment.weekday() - WEEK_STARTS[week_start]) % 7)


def week_begin(day: ir.IntegerValue, week_start: str) -> ir.IntegerValue:
    """`week_of` as an expression: the number of the day on which the week of a day begins."""
    # Day 0 was a Thursday. The whole weeks that are added keep what is divided above 0.
    into = (day + _EPOCH.weekday() - WEEK_STARTS[week_start] + 7 * 100_000) % 7
    return (day - into).cast("int64")


def month_of(day: int) -> date:
    """First day of the month in which a day lies.

    >>> month_of(19724)
    datetime.date(2024, 1, 1)
    """
    return (_EPOCH + timedelta(days=day)).replace(day=1)


def _us(moment: datetime) -> int:
    since = moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1)
