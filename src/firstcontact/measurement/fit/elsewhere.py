"""When customers come for other reasons: what nobody's contact caused, and so what tells how much customers differ."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import ibis
import numpy as np

from firstcontact.measurement.fit.model import HORIZON_DAYS
from firstcontact.measurement.linking.portable import BUCKETS, DAY_US, SECOND_US
from firstcontact.statistics.bucket import Array

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.linking.frame import Frame

ENOUGH_OPENERS = 100_000
"""Of so many openers the spread of customers is known to 0.02; of more, only some customers are looked at."""
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """First contacts for another reason than the opener's, one row a reason, one column a day after the opener.

    Attributes:
        events: Openers whose customer came for another reason on that day, and not before; shape (reasons, days).
        exposure: Days at risk, same shape.
    """

    events: Array
    exposure: Array

    @property
    def lag(self) -> Array:
        """Middle of each day."""
        return np.arange(HORIZON_DAYS, dtype=np.float64) + 0.5


def nowhere() -> Elsewhere:
    """Nothing is known of other reasons."""
    return Elsewhere(np.zeros((0, HORIZON_DAYS)), np.zeros((0, HORIZON_DAYS)))


def elsewhere(engine: Engine, linked: ir.Table, looked_at: ir.BooleanValue, openers: int, frame: Frame) -> Elsewhere:
    """Follow openers until their customer comes for another reason.

    Args:
        engine: Where it runs.
        linked: Linked contacts with `bucket` and `customer`.
        looked_at: Which of them are openers that returns are counted of.
        openers: How many these are.
        frame: The period.

    Returns:
        What came, of all customers or of so many that there are enough.
    """
    asked = min(BUCKETS, -(-BUCKETS * ENOUGH_OPENERS // max(openers, 1)))
    cutoff = (frame.cutoff.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    part = linked.filter(linked.takes_part & (linked.bucket < asked) & (linked.start_us < cutoff))
    part = part.select("customer", "key", "start_us", "anchor_us", asked=looked_at)
    order = [part.start_us, part.key]
    before = part.key.lag().over(ibis.window(group_by=part.customer, order_by=order))
    part = part.mutate(other_us=ibis.ifelse(part.key != before, part.start_us, ibis.null("int64")))
    later = ibis.window(group_by=part.customer, order_by=[part.start_us, part.key], rows=(1, None))
    part = part.mutate(other_us=part.other_us.min().over(later)).filter("asked")
    gap = (part.other_us - part.anchor_us).fill_null(2 * HORIZON_DAYS * DAY_US)
    end = ibis.least(ibis.literal(cutoff, "int64") - part.anchor_us, ibis.literal(HORIZON_DAYS * DAY_US, "int64"))
    timed = part.select("key", came=gap < end, lag=ibis.least(gap, end)).filter(ibis._.lag >= 0)
    timed = timed.mutate(day=timed.lag // DAY_US)
    timed = timed.mutate(into=(timed.lag - timed.day * DAY_US) // SECOND_US)
    cells = timed.group_by(["key", "day", "came"]).aggregate(n=timed.count(), seconds=timed.into.sum())
    rows = engine.execute(cells)
    if not len(rows):
        return nowhere()
    key, day, n = (rows[name].to_numpy().astype(np.int64) for name in ("key", "day", "n"))
    came = rows["came"].to_numpy(zero_copy_only=False).astype(bool)
    left, into, events = (np.zeros((int(key.max()) + 1, HORIZON_DAYS + 1)) for _ in range(3))
    np.add.at(left, (key, day), n)
    np.add.at(into, (key, day), rows["seconds"].to_numpy() / _DAY_SECONDS)
    np.add.at(events, (key[came], day[came]), n[came])
    beyond = np.cumsum(left[:, ::-1], axis=1)[:, ::-1][:, 1:]
    return Elsewhere(events[:, :-1], beyond + into[:, :-1])
