"""Openers by reason, week and age, with the returns that have come so far: what every look at young weeks needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from firstcontact.measurement.annotate.mix import COLUMN as MIX
from firstcontact.measurement.fit.model import HOURS, LAG_BINS, LAG_EDGES, ReturnModel
from firstcontact.measurement.fit.tally import lag_bin
from firstcontact.measurement.linking.period import week_of
from firstcontact.measurement.linking.portable import DAY_US, grained
from firstcontact.statistics.bucket import Array
from firstcontact.statistics.lag_distance import LagDistance, lag_distance
from firstcontact.statistics.nowcast import Arrivals, Cohorts, arrivals

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.linking.frame import Frame

COUNT_ALL_DAYS = 45
"""Within so many days others look for returns, however few of them have passed."""
PACE_DAYS = 14
"""Returns within so many days show whether they come as fast as they used to."""
NEWEST_DAYS = 28
"""Openers of so many days are the newest that were followed that long."""

FEWEST_CAUSED = 30
"""With fewer returns that the newest openers caused, nothing is said of their pace."""
CALENDAR_CV = 0.15
"""How much the hour of the week at which one looks usually matters."""
CLASSES = 17
"""Classes of age in which it may: 0 to 6 hours, to 12, to 24, then days 1 to 13, and all that is older (where not)."""

_EDGES = np.array(LAG_EDGES)
_MIDDLE = np.append((_EDGES[1:] + _EDGES[:-1]) / 2, _EDGES[-1])
_FAR_US = 10_000 * DAY_US


@dataclass(frozen=True, slots=True)
class Weeks:
    """Openers of learned reasons by reason, week and age; and how many openers there are of others.

    Attributes:
        models: The learned reasons, in order.
        weeks: First days of the weeks that hold an opener, in order.
        cohorts: Entries; `reason` counts `models`, `week` counts `weeks`.
        bin: Lag bin of each entry's age.
        waiting: Openers of each entry that have not come back, however late.
        within: Openers that came back within 45 days.
        full: Openers of which these 45 days have passed.
        weight: First contacts that an opener stands for, by reason, relative to the mean opener (`annotate.mix`).
        unlearned: Openers of reasons that are not learned, by week.
        unlearned_first: First contacts that these stand for, on the scale of `weight`.
    """

    models: tuple[ReturnModel, ...]
    weeks: tuple[date, ...]
    cohorts: Cohorts
    bin: NDArray[np.int64]
    waiting: Array
    within: Array
    full: Array
    weight: Array
    unlearned: Array
    unlearned_first: Array

    @property
    def level(self) -> Array:
        """Usual share of openers that cause a return, by reason; that of all where a reason's own is not known."""
        known = np.array([np.nan if model.r_fcr is None else 1 - model.r_fcr for model in self.models])
        weight = np.array([float(model.openers) for model in self.models]) * ~np.isnan(known)
        common = float(np.nansum(known * weight) / weight.sum()) if weight.sum() > 0 else 0.1
        return np.where(np.isnan(known), common, np.clip(known, 0.0, 1.0))

    def expected(self, days: int, share: Array) -> list[Arrivals]:
        """Returns that openers so far will bring within some days, by reason.

        Args:
            days: How many.
            share: Share of each entry's openers that cause a return.
        """
        found = []
        start = np.minimum(self.bin, LAG_BINS)
        until = np.minimum(np.searchsorted(_EDGES, _EDGES[start] + days - 1e-9), LAG_BINS).astype(np.int64)
        for number, model in enumerate(self.models):
            own = self.cohorts.reason == number
            latency, ground = np.array(model.latency), np.array(model.background)
            found.append(arrivals(self.waiting[own], share[own], latency, ground, start[own], until[own]))
        return found


def follow(
    engine: Engine, linked: ir.Table, frame: Frame, models: Mapping[str, ReturnModel], keys: Mapping[int, str]
) -> ir.Table:
    """Keep the openers with what is asked of them here.

    Args:
        engine: Where it runs.
        linked: Linked contacts with `local_day` and what `annotate.returns` adds.
        frame: The period.
        models: What was learned, by reason.
        keys: Reason of each linking key (`fit.tally.keys_of`).

    Returns:
        One row an opener: `key`, `local_day`, `age`, `gap` (microseconds; very long where nobody came), `came` (within
        the age), `chance` (of a coincidental return by then, of the annotation; 0 where nothing is learned), `first`
        (what it stands for, on average over a reason), and `tau_us`, the onset of its reason; 0 where that is not
        learned.
    """
    learned = {key: models[reason] for key, reason in keys.items() if _usable(models.get(reason))}
    cutoff = (frame.cutoff.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    openers = linked.filter(
        linked.takes_part
        & linked.opener
        & ~linked.left_censored
        & linked.excluded_code.isnull()
        & (linked.anchor_us < cutoff)
    )
    age = ibis.literal(cutoff, "int64") - openers.anchor_us
    gap = openers.next_gap_us.fill_null(_FAR_US)
    chance = (openers.seen_return - openers.net_return).fill_null(0.0)
    first = openers[MIX] * openers.exposure.fill_null(1.0) if MIX in openers.columns else ibis.literal(1.0)
    timed = openers.select("key", "local_day", age=age, gap=gap, came=gap < age, chance=chance, first=first)
    limits = {
        "model_key": pa.array(list(learned), pa.int64()),
        "tau_us": pa.array([round(model.tau_days * DAY_US) for model in learned.values()], pa.int64()),
    }
    known = engine.register(pa.table(limits), "fc_cohort_model")
    joined = timed.left_join(known, timed.key == known.model_key)
    return engine.materialise(joined.mutate(tau_us=joined.tau_us.fill_null(0)), "fc_cohort")


def by_week(
    engine: Engine, timed: ir.Table, models: Mapping[str, ReturnModel], keys: Mapping[int, str], week_start: str
) -> Weeks:
    """Count openers by reason, week and age.

    Args:
        engine: Where it runs.
        timed: What `follow` gave.
        models: What was learned, by reason.
        keys: Reason of each linking key.
        week_start: `monday`, `sunday` or `saturday`.

    Returns:
        The counts.
    """
    learned = [(key, models[reason]) for key, reason in sorted(keys.items()) if _usable(models.get(reason))]
    place = {key: number for number, (key, _) in enumerate(learned)}
    flagged = timed.mutate(
        age_bin=lag_bin(timed.age),
        back=timed.came & (timed.gap < timed.tau_us),
        within=timed.came & (timed.gap <= COUNT_ALL_DAYS * DAY_US),
    )
    cells = flagged.group_by(["key", "local_day", "age_bin"]).aggregate(
        n=flagged.count(),
        back=flagged.back.sum(),
        came=flagged.came.sum(),
        within=flagged.within.sum(),
        chance=grained(flagged.chance).mean(),
        first=grained(flagged.first).sum(),
    )
    rows = engine.execute(cells.order_by(["key", "local_day", "age_bin"]))
    key, day, age_bin = (_whole(rows, name) for name in ("key", "local_day", "age_bin"))
    n, back, came, within = (_whole(rows, name).astype(float) for name in ("n", "back", "came", "within"))
    first_days = {one: week_of(one, week_start) for one in np.unique(day).tolist()}
    weeks = sorted(set(first_days.values()))
    number = {week: position for position, week in enumerate(weeks)}
    week = np.array([number[first_days[one]] for one in day.tolist()], dtype=np.int64)
    known = np.isin(key, list(place))
    first = np.asarray(rows["first"].to_numpy(), dtype=np.float64)
    unlearned, unlearned_first = (
        np.bincount(week[~known], one[~known], len(weeks)).astype(float) for one in (n, first)
    )
    week, age_bin = week[known], age_bin[known]
    n, back, came, within, first = n[known], back[known], came[known], within[known], first[known]
    reason = np.array([place[one] for one in key[known].tolist()], dtype=np.int64)
    reached = [model for _, model in learned]
    openers, stood = (np.bincount(reason, one, len(reached)) for one in (n, first))
    latency, latency_se, coincidence_se, settled = _at_age(reached, reason, age_bin)
    coincidence = rows["chance"].to_numpy()[known]
    factor, factor_se = _calendar(engine, timed, place, reached)
    own = factor[reason, calendar_class(age_bin)]
    latency_se = np.hypot(latency_se * own, latency * factor_se[reason, calendar_class(age_bin)]) * ~settled
    latency = np.where(settled, 1.0, np.minimum(latency * own, 1.0))
    return Weeks(
        models=tuple(reached),
        weeks=tuple(weeks),
        cohorts=Cohorts(reason, week, n, back, latency, latency_se, coincidence, coincidence_se, settled),
        bin=age_bin,
        waiting=n - came,
        within=within,
        full=n * (_EDGES[np.minimum(age_bin, LAG_BINS)] >= COUNT_ALL_DAYS),
        weight=np.where(stood > 0, stood / np.maximum(openers, 1.0), 1.0),
        unlearned=unlearned,
        unlearned_first=unlearned_first,
    )


def calendar_class(age_bin: NDArray[np.int64]) -> NDArray[np.int64]:
    """Class of an age, in which the day of the week of the cut-off matters alike: three of the first day, then days.

    The last class is that of all later ages.

    >>> calendar_class(np.array([0, 6, 23, 24, 36, 37, 150])).tolist()
    [0, 1, 2, 3, 15, 16, 16]
    """
    day = age_bin - (HOURS - 1)
    of_hour = np.searchsorted(np.array([6, 12]), age_bin, side="right")
    return np.minimum(np.where(day <= 0, of_hour, 2 + day), CLASSES - 1).astype(np.int64)


def _calendar(
    engine: Engine, timed: ir.Table, place: Mapping[int, int], models: list[ReturnModel]
) -> tuple[Array, Array]:
    """How much of G(a) has come by the cut-off's hour of the week, and its standard error: (reasons, classes).

    Customers come back on working days and by day. The newest openers look at the hours just before the cut-off, so
    that a Sunday night sees fewer returns than the mean week. What earlier openers had seen at the same hour some weeks
    before the cut-off tells by how much.
    """
    week_us = 7 * DAY_US
    old = timed.filter((timed.tau_us > 0) & (timed.age >= timed.tau_us) & (timed.age >= 2 * week_us))
    phase = old.age % week_us
    back = old.came & (old.gap < old.tau_us)
    step = ibis.cases((~back, 3), (old.gap < phase, 0), (old.gap < phase + week_us, 1), else_=2)
    marked = old.select("key", phase_bin=lag_bin(phase), step=step)
    rows = engine.execute(marked.group_by(["key", "phase_bin", "step"]).aggregate(n=marked.count()))
    shape = (len(models), HOURS + 6, 4)
    counts = np.zeros(shape)
    reason = np.array([place[one] for one in rows["key"].to_pylist()], dtype=np.int64)
    counts[reason, _whole(rows, "phase_bin"), _whole(rows, "step")] = rows["n"].to_numpy()
    return _factors(counts, models)


def _factors(counts: Array, models: list[ReturnModel]) -> tuple[Array, Array]:
    """From earlier openers by reason, hour of the week and when they were seen to be back, to a factor of G."""
    seen, expected, variance = (np.zeros((len(models), CLASSES)) for _ in range(3))
    fine = np.arange(counts.shape[1])
    for number, model in enumerate(models):
        n = counts[number].sum(axis=1)
        whole = -np.expm1(-np.interp(model.tau_days, _EDGES, model.background))
        free = n.sum() * (1 - whole)
        share = max((counts[number, :, :3].sum() - n.sum() * whole) / free, 0.0) if free > 0 else 0.0
        for week in (0, 1):
            age = np.minimum(_MIDDLE[fine] + 7 * week, model.tau_days)
            g = np.interp(age, _EDGES, model.latency)
            b = -np.expm1(-np.interp(age, _EDGES, model.background))
            place = calendar_class(np.where(week, np.where(fine < HOURS, HOURS + 6, fine + 7), fine))
            likely = b + share * g * (1 - b)
            known = counts[number, :, : week + 1].sum(axis=1)
            seen[number] += np.bincount(place, known - n * b, CLASSES)
            expected[number] += np.bincount(place, n * share * g * (1 - b), CLASSES)
            variance[number] += np.bincount(place, n * likely * (1 - likely), CLASSES)
    common, error = _drawn(seen.sum(axis=0), expected.sum(axis=0), variance.sum(axis=0), np.ones(CLASSES))
    own, own_error = _drawn(seen, expected, variance, common)
    return own, np.hypot(own_error, error)


def _drawn(seen: Array, expected: Array, variance: Array, prior: Array) -> tuple[Array, Array]:
    """Ratios drawn to what is known, and their standard errors."""
    some = expected > 0
    safe = np.where(some, expected, 1.0)
    precision = np.where(some, safe**2 / np.maximum(variance, 1e-9), 0.0)
    weight = precision / (precision + 1 / CALENDAR_CV**2)
    drawn = prior + weight * (np.where(some, seen / safe, 1.0) - prior)
    return np.maximum(drawn, 0.1), np.sqrt(1 / (precision + 1 / CALENDAR_CV**2)) * np.where(some, 1.0, 0.0)


def pace(
    engine: Engine, timed: ir.Table, models: Mapping[str, ReturnModel], keys: Mapping[int, str]
) -> dict[str, tuple[LagDistance, int]]:
    """Whether the newest returns come as fast as earlier ones did: their distance and number, by reason.

    Args:
        engine: Where it runs.
        timed: What `follow` gave.
        models: What was learned, by reason.
        keys: Reason of each linking key.

    Returns:
        For each learned reason with enough caused returns on both sides.
    """
    learned = {key: model for key, reason in keys.items() if (model := models.get(reason)) and _usable(model)}
    full = timed.filter((timed.age >= PACE_DAYS * DAY_US) & (timed.tau_us > 0))
    soon = full.came & (full.gap < PACE_DAYS * DAY_US)
    newest = full.age < (PACE_DAYS + NEWEST_DAYS) * DAY_US
    marked = full.mutate(newest=newest, lag_bin=ibis.ifelse(soon, lag_bin(full.gap), LAG_BINS))
    rows = engine.execute(marked.group_by(["key", "newest", "lag_bin"]).aggregate(n=marked.count()))
    key, where, n = _whole(rows, "key"), _whole(rows, "lag_bin"), _whole(rows, "n").astype(float)
    side = np.where(np.asarray(rows["newest"].to_numpy(zero_copy_only=False), dtype=bool), 0, 1)
    found = {}
    for one, model in learned.items():
        own = key == one
        table = np.bincount(side[own] * (LAG_BINS + 1) + where[own], n[own], 2 * (LAG_BINS + 1)).reshape(2, -1)
        openers, returns = table.sum(axis=1), table[:, :LAG_BINS].astype(float)
        free = openers[:, None] - np.cumsum(returns, axis=1) + returns
        coincidental = _within(free * np.diff(np.array(model.background)))
        reached = lag_distance(returns[0], returns[1], coincidental)
        if reached is not None and (returns - coincidental).sum(axis=1).min() >= FEWEST_CAUSED:
            found[model.reason] = (reached, int(returns[0].sum()))
    return found


def _within(sums: Array) -> Array:
    """What lies within the days in which the pace is looked at."""
    return np.where(_EDGES[:-1] < PACE_DAYS, sums, 0.0)


def _usable(model: ReturnModel | None) -> bool:
    return model is not None and model.learned and len(model.latency) == len(_EDGES)


def _at_age(
    models: list[ReturnModel], reason: NDArray[np.int64], age_bin: NDArray[np.int64]
) -> tuple[Array, Array, Array, NDArray[np.bool_]]:
    """G(a), its standard error, that of b(a), and whether nothing more can come, of each entry."""
    latency, error, doubt = (np.zeros(len(reason)) for _ in range(3))
    settled = np.zeros(len(reason), dtype=np.bool_)
    for number, model in enumerate(models):
        own = reason == number
        start = _EDGES[np.minimum(age_bin[own], LAG_BINS)]
        age = np.minimum(_MIDDLE[np.minimum(age_bin[own], LAG_BINS)], model.tau_days)
        latency[own] = np.interp(age, _EDGES, model.latency)
        error[own] = np.interp(age, _EDGES, model.latency_se)
        ground, whole = (np.interp(at, _EDGES, model.background) for at in (age, model.tau_days))
        doubt[own] = model.background_se * ground / max(float(whole), 1e-12)
        settled[own] = start >= model.tau_days
    return np.where(settled, 1.0, latency), np.where(settled, 0.0, error), doubt, settled


def _whole(rows: pa.Table, name: str) -> NDArray[np.int64]:
    return np.asarray(rows[name].to_numpy(zero_copy_only=False), dtype=np.int64)
