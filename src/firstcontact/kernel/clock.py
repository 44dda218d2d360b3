"""Time: UTC inside, a business zone at the edges.

Zones are turned into a short table of constant offsets, so that any engine can convert a hundred million timestamps
with a few comparisons, and all engines agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

Now = Callable[[], datetime]


def now() -> datetime:
    """The present moment in UTC. Passed as an argument wherever a result depends on it."""
    return datetime.now(UTC)


def zone_exists(name: str) -> bool:
    """Whether a zone of this name is known, for example `Europe/Sofia`."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """Names of places whose clocks are known, for people to choose from, in order; before them `UTC`.

    >>> zone_names()[0], "Europe/Sofia" in zone_names(), "Etc/GMT+1" in zone_names()
    ('UTC', True, False)
    """
    places = (
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    )
    return ("UTC", *sorted(name for name in available_timezones() if name.partition("/")[0] in places))


@dataclass(frozen=True, slots=True)
class Offset:
    """From `start_utc` on (until the next row), local time is UTC plus `seconds`.

    `start_local` is the first wall-clock reading to be understood with this offset: in an hour that occurs twice the
    first occurrence is taken, and a reading that never occurred is moved by the length of the gap.
    """

    start_utc: datetime
    start_local: datetime
    seconds: int


def offsets(zone: str, first: datetime, last: datetime) -> list[Offset]:
    """The constant offsets of a zone between two moments (both naive UTC), earliest first.

    >>> [o.seconds for o in offsets("Europe/Sofia", datetime(2024, 1, 1), datetime(2024, 6, 1))]
    [7200, 10800]
    """
    tz = ZoneInfo(zone)

    def at(moment: datetime) -> int:
        delta = moment.replace(tzinfo=UTC).astimezone(tz).utcoffset()
        return int(delta.total_seconds()) if delta is not None else 0

    day = timedelta(days=1)
    # Whole seconds, so that bisecting ends on the second of the change.
    moment = (first - 2 * day).replace(microsecond=0)
    seconds = at(moment)
    found = [Offset(moment, moment + timedelta(seconds=seconds), seconds)]
    while moment <= last + 2 * day:
        following = moment + day
        if at(following) != seconds:
            change = _bisect(moment, following, lambda m, s=seconds: at(m) != s)  # type: ignore[misc]
            before, seconds = seconds, at(change)
            found.append(Offset(change, change + timedelta(seconds=max(before, seconds)), seconds))
        moment = following
    return found


def _bisect(low: datetime, high: datetime, changed: Callable[[datetime], bool]) -> datetime:
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        middle = middle.replace(microsecond=0)
        if changed(middle):
            high = middle
        else:
            low = middle
    return high
