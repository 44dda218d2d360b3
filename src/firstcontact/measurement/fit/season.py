"""The season of coincidence: how often known customers came for a reason on each day, and what lags see of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from firstcontact.measurement.fit.model import LAG_EDGES
from firstcontact.measurement.linking.portable import DAY_US
from firstcontact.statistics.bucket import Array
from firstcontact.statistics.season import index_by_lag, relative_by_day

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.linking.frame import Frame

_COHORT_DAYS = 30
_QUIET_DAYS = 45
_SETTLED = _COHORT_DAYS + _QUIET_DAYS
_EDGES = np.array(LAG_EDGES)
_LAG = (_EDGES[1:] + _EDGES[:-1]) / 2


@dataclass(frozen=True, slots=True)
class Season:
    """Openers by reason and day, all and those of customers met in the first weeks; sparse, sorted by key.

    Attributes:
        begin_us: When day 0 begins, in microseconds since 1970.
        days: Days of complete data.
        key: Linking key of each entry.
        day: Its day, 0 to `days - 1`.
        met: Openers of customers who were met in the first 30 days.
        count: All openers.
        common: Relative rate of all reasons together, shape (days,).
    """

    begin_us: int
    days: int
    key: NDArray[np.int64]
    day: NDArray[np.int64]
    met: Array
    count: Array
    common: Array

    def by_day(self, keys: list[int]) -> Array:
        """Relative rate of some reasons together on each day, shape (days,); 1 on the mean day."""
        return relative_by_day(self._daily(keys, self.met), _SETTLED, self.common)

    def by_lag(self, keys: list[int]) -> Array:
        """The same as each lag bin sees it, shape (`LAG_BINS`,)."""
        return index_by_lag(self.by_day(keys), self._daily(keys, self.count), _LAG)

    def _daily(self, keys: list[int], weights: Array) -> Array:
        parts = [slice(*np.searchsorted(self.key, (key, key + 1)).tolist()) for key in keys]
        found = np.zeros(self.days)
        for own in parts:
            found += np.bincount(self.day[own], weights[own], self.days)
        return found


def seasons(engine: Engine, linked: ir.Table, followed: ir.Table, frame: Frame) -> Season:
    """Count the openers of each day.

    Args:
        engine: Where it runs.
        linked: Linked contacts with `customer`.
        followed: What `tally.follow` gave.
        frame: The period.

    Returns:
        The season; even where the data are too short to show one.
    """
    days = int((frame.cutoff - frame.data_start) / timedelta(days=1))
    begin = (frame.data_start.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    nothing = np.zeros(0, dtype=np.int64)
    if days <= _SETTLED:
        return Season(begin, max(days, 1), nothing, nothing, np.zeros(0), np.zeros(0), np.ones(max(days, 1)))
    early = linked.filter(
        linked.takes_part & (linked.start_us >= begin) & (linked.start_us < begin + _COHORT_DAYS * DAY_US)
    )
    early = early.select(met="customer").distinct()
    daily = followed.select("key", "customer", day=((followed.start_us - begin) // DAY_US).cast("int64"))
    known = daily.left_join(early, daily.customer == early.met)
    counted = known.group_by(["key", "day"]).aggregate(n=known.count(), met=known.met.count())
    rows = engine.execute(counted.order_by(["key", "day"]))
    day = _whole(rows, "day")
    inside = (day >= 0) & (day < days)
    key, day = _whole(rows, "key")[inside], day[inside]
    met, count = (_whole(rows, name)[inside].astype(float) for name in ("met", "n"))
    return Season(
        begin, days, key, day, met, count, relative_by_day(np.bincount(day, met, days).astype(float), _SETTLED)
    )


def _whole(rows: pa.Table, name: str) -> NDArray[np.int64]:
    return np.asarray(rows[name].to_numpy(zero_copy_only=False), dtype=np.int64)
