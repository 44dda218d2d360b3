"""How many openers were followed until which lag, and how many of them saw a return: one group-by, however many rows.

The table has at most reasons x bins x buckets x 2 rows, so that everything after it costs the same for any number of
contacts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import ibis
import numpy as np

from firstcontact.measurement.fit.elsewhere import Elsewhere, elsewhere, nowhere
from firstcontact.measurement.fit.model import HORIZON_DAYS, HOURS, LAG_BINS, LAG_EDGES
from firstcontact.measurement.fit.season import Season, seasons
from firstcontact.measurement.linking.portable import BUCKETS, DAY_US, SECOND_US
from firstcontact.measurement.policy.model import Policy, cut_reason
from firstcontact.statistics.bucket import Array

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from numpy.typing import NDArray

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.linking.frame import Frame

LEAST_HISTORY_DAYS = 120
"""With fewer days of complete data nothing is learned: coincidence shows only at long lags."""
_HOUR_US = DAY_US // HOURS
_DAY_SECONDS = 86_400
_LONGEST_SECONDS = 30 * _DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Tally:
    """Openers by reason, lag bin and customer bucket; sparse, one entry a cell that holds anybody, by key.

    Attributes:
        reasons: Reason of each linking key, at the policy's level.
        key: Linking key of each entry.
        bucket: Customer bucket.
        bin: Bin of the last lag at which they were followed; `LAG_BINS` for those beyond the horizon.
        returned: Whether they left by returning; otherwise the data end there.
        count: How many openers.
        offset: Days they spent in that bin, together.
        during: Days from their start to the moment from which lags run, together: who comes then has a lag of 0.
        history_days: Length of the complete data.
        largest: By key, returns of the customer with most of them, where somebody may hold more than allowed.
        season: When known customers come more often, by reason.
        elsewhere: When customers come for other reasons.
    """

    reasons: dict[int, str]
    key: NDArray[np.int64]
    bucket: NDArray[np.int64]
    bin: NDArray[np.int64]
    returned: NDArray[np.bool_]
    count: Array
    offset: Array
    during: Array
    history_days: float
    largest: dict[int, int]
    season: Season
    elsewhere: Elsewhere = field(default_factory=nowhere)

    def _of(self, keys: list[int]) -> NDArray[np.int64]:
        """Where the entries of some keys stand; entries are sorted by key."""
        parts = [np.arange(*np.searchsorted(self.key, (key, key + 1))) for key in keys]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def table(self, keys: list[int]) -> tuple[Array, Array]:
        """Returns and days at risk of some keys together, two arrays of shape (`LAG_BINS`, `BUCKETS`)."""
        own = self._of(keys)
        shape = (LAG_BINS + 1, BUCKETS)
        where = self.bin[own] * BUCKETS + self.bucket[own]

        def spread(weights: Array) -> Array:
            return np.bincount(where, weights, shape[0] * shape[1]).reshape(shape).astype(float)

        events = spread(self.count[own] * self.returned[own])[:-1]
        left = spread(self.count[own])
        beyond = np.cumsum(left[::-1], axis=0)[::-1][1:]
        exposure = spread(self.offset[own])[:-1] + beyond * np.diff(LAG_EDGES)[:, None]
        return events, exposure

    def openers(self, keys: list[int]) -> Array:
        """Openers of some keys together, by bucket."""
        own = self._of(keys)
        return np.bincount(self.bucket[own], self.count[own], BUCKETS).astype(float)

    def days_before(self, keys: list[int]) -> Array:
        """Days at risk of some keys before lag 0, by bucket."""
        own = self._of(keys)
        return np.bincount(self.bucket[own], self.during[own], BUCKETS).astype(float)


def keys_of(reasons: list[str | None], policy: Policy) -> dict[int, str]:
    """Reason of each linking key, as `linking` numbers them."""
    keys: dict[str, int] = {}
    for reason in sorted(reasons, key=lambda text: (text is not None, text or "")):
        keys.setdefault(cut_reason(reason, policy.link.reason_level), len(keys))
    return {number: reason for reason, number in keys.items()}


def tally(engine: Engine, linked: ir.Table, policy: Policy, frame: Frame, reasons: list[str | None]) -> Tally:
    """Count the openers of linked contacts.

    Openers before `since` count too: what was learned from history holds for it.

    Args:
        engine: Where it runs.
        linked: Linked contacts with `bucket` and `customer`.
        policy: The policy.
        frame: The period.
        reasons: Every different reason in the data; None stands for contacts without one.

    Returns:
        The tally.
    """
    followed = follow(linked, frame)
    cells = followed.group_by(["key", "bucket", "lag_bin", "came"]).aggregate(
        n=followed.count(), seconds=followed.offset_seconds.sum(), during=followed.during_seconds.sum()
    )
    rows = engine.execute(cells.order_by(["key", "bucket", "lag_bin", "came"]))
    history = (frame.cutoff - frame.data_start) / timedelta(days=1)
    known = (
        elsewhere(engine, linked, _looked_at(linked, frame), int(_whole(rows, "n").sum()), frame)
        if history >= LEAST_HISTORY_DAYS
        else nowhere()
    )
    found = Tally(
        reasons=keys_of(reasons, policy),
        key=_whole(rows, "key"),
        bucket=_whole(rows, "bucket"),
        bin=_whole(rows, "lag_bin"),
        returned=np.asarray(rows["came"].to_numpy(zero_copy_only=False), dtype=np.bool_),
        count=_whole(rows, "n").astype(float),
        offset=_whole(rows, "seconds") / _DAY_SECONDS,
        during=_whole(rows, "during") / _DAY_SECONDS,
        history_days=history,
        largest={},
        season=seasons(engine, linked, followed, frame),
        elsewhere=known,
    )
    found.largest.update(_largest(engine, followed, found, policy.publish.dominance))
    return found


def follow(linked: ir.Table, frame: Frame) -> ir.Table:
    """Openers with `lag_bin`, `came`, `offset_seconds` and `during_seconds`: until when followed, how that ended."""
    cutoff, openers = _cutoff_us(frame), linked.filter(_looked_at(linked, frame))
    age = ibis.literal(cutoff, "int64") - openers.anchor_us
    horizon = ibis.literal(HORIZON_DAYS * DAY_US, "int64")
    gap = openers.next_gap_us.fill_null(2 * HORIZON_DAYS * DAY_US)
    came = (gap < age) & (gap < horizon)
    lag = ibis.least(gap, age, horizon)
    timed = openers.select("key", "bucket", "customer", "start_us", lag=lag, came=came, during_seconds=during(openers))
    binned = timed.mutate(lag_bin=lag_bin(timed.lag))
    hours = binned.lag_bin < HOURS
    start = ibis.ifelse(hours, binned.lag_bin * _HOUR_US, (binned.lag_bin - HOURS + 1) * DAY_US)
    return binned.mutate(offset_seconds=(binned.lag - start) // SECOND_US)


def _looked_at(linked: ir.Table, frame: Frame) -> ir.BooleanValue:
    """Which contacts returns are counted of."""
    index = linked.excluded_code.isnull() | (linked.excluded_code == "before_since")
    old_enough = linked.anchor_us < _cutoff_us(frame)
    return linked.takes_part & linked.opener & ~linked.left_censored & index & old_enough


def _cutoff_us(frame: Frame) -> int:
    return (frame.cutoff.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def during(linked: ir.Table) -> ir.IntegerValue:
    """Seconds from a contact's start to the moment from which its lags run, at most 30 days."""
    return ibis.least((linked.anchor_us - linked.start_us) // SECOND_US, ibis.literal(_LONGEST_SECONDS, "int64"))


def lag_bin(lag_us: ir.IntegerValue) -> ir.IntegerValue:
    """The bin of a lag in microseconds, at least 0; `LAG_BINS` from the horizon on."""
    by_hour = (lag_us // _HOUR_US).cast("int64")
    by_day = (lag_us // DAY_US).cast("int64") + (HOURS - 1)
    return ibis.least(ibis.ifelse(lag_us < DAY_US, by_hour, by_day), ibis.literal(LAG_BINS, "int64"))


def _largest(engine: Engine, followed: ir.Table, found: Tally, dominance: float) -> dict[int, int]:
    """Returns of the customer with most, for the keys in which one bucket holds more than one customer may."""
    came = found.returned
    cell = found.key[came] * BUCKETS + found.bucket[came]
    if not len(cell):
        return {}
    by_cell = np.bincount(cell, found.count[came], (int(found.key.max()) + 1) * BUCKETS).reshape(-1, BUCKETS)
    suspects = np.flatnonzero(by_cell.max(axis=1) > dominance * by_cell.sum(axis=1)).tolist()
    if not suspects:
        return {}
    returns = followed.filter(followed.came & followed.key.isin(suspects))
    each = returns.group_by(["key", "customer"]).aggregate(n=returns.count())
    rows = engine.execute(each.group_by("key").aggregate(most=each.n.max()))
    return dict(zip(rows["key"].to_pylist(), rows["most"].to_pylist(), strict=True))


def _whole(rows: pa.Table, name: str) -> NDArray[np.int64]:
    return np.asarray(rows[name].to_numpy(zero_copy_only=False), dtype=np.int64)
