"""Every measure by every cut: the engine counts each set of columns once, NumPy does the rest."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from firstcontact.measurement.measures.cut import PERIODS, Cut
from firstcontact.measurement.measures.estimate import absent, crowded, estimate
from firstcontact.measurement.measures.flag import chances, looked_at, settle
from firstcontact.measurement.measures.reduce import Facts, Members, Placed, Sums
from firstcontact.measurement.measures.row import ResultRow

if TYPE_CHECKING:
    from firstcontact.measurement.measures.measure import Measure
    from firstcontact.measurement.policy.model import Policy


def columns_of(cuts: list[Cut]) -> list[str]:
    """The columns of linked contacts that some cuts are made of."""
    return list(dict.fromkeys(column for cut in cuts for column in _columns(cut)))


def _columns(cut: Cut) -> tuple[str, ...]:
    # Whole, week and month are all added up from days.
    return tuple(dict.fromkeys(one.column for one in cut.slices)) or ("local_day",)


def tabulate(
    facts: Facts,
    measures: list[Measure],
    has: frozenset[str],
    policy: Policy,
    cuts: list[Cut],
    stamp: dict[str, Any],
) -> list[ResultRow]:
    """All figures of a run.

    Args:
        facts: How each contact enters the measures that the data support, with `columns_of` the cuts.
        measures: Every measure; those that the data cannot show give one refusal for the whole.
        has: What the data hold.
        policy: The policy.
        cuts: How to cut; the whole among them.
        stamp: `policy`, `policy_hash`, `cutoff`, `version` of every row; `windows` of those whose cells do not tell.

    Returns:
        One row a figure, measures in their order, cuts in theirs.
    """
    lacking = {measure.id: measure.lacks(policy, has) for measure in measures}
    supported = [measure for measure in measures if not lacking[measure.id]]
    rows = []
    for measure in (one for one in measures if lacking[one.id]):
        windows = stamp["windows"] if measure.rests_on_windows(policy) else ""
        refused = absent(measure, lacking[measure.id])
        rows.append(_row(measure, cuts[0], cuts[0].by, (), refused, None, stamp | {"windows": windows}))
    by_week = facts.by_week(policy.calendar.week_start)
    counted: dict[tuple[bool, tuple[str, ...]], Placed] = {}
    for cut in cuts if supported else ():
        columns = _columns(cut)
        # Days of a reason in a channel are about as many as its contacts; its weeks are not.
        weekly = len(columns) > 1 and any(one.name == "week" for one in cut.slices)
        source = by_week if weekly else facts
        if (weekly, columns) not in counted:
            counted[weekly, columns] = source.place(list(columns))
        rows += _cut_rows(source, supported, policy, cut, counted[weekly, columns], list(columns), stamp)
    order = {measure.id: number for number, measure in enumerate(measures)}
    return sorted(settle(rows), key=lambda row: order[row.measure])


def _cut_rows(
    facts: Facts,
    measures: list[Measure],
    policy: Policy,
    cut: Cut,
    base: Placed,
    columns: list[str],
    stamp: dict[str, Any],
) -> list[ResultRow]:
    cells, into = cut.cells(base.cells, columns)
    pooled = base.sums(into, len(cells))
    full = {int(cell) for sums in pooled.values() for cell in np.flatnonzero(crowded(sums, policy))}
    largest: dict[str, dict[int, int]] = {}
    if full:
        members: Members = [
            (values, int(cell)) for values, cell in zip(base.cells, into, strict=True) if int(cell) in full
        ]
        largest = facts.largest_customer(columns, members)
    outside, by = _outside(pooled, cut), cut.by
    rows = []
    for measure in measures:
        results = estimate(measure, pooled[measure.id], policy, largest.get(measure.id))
        looked = measure.id == looked_at(policy, cut)
        apart = chances(pooled[measure.id], results) if looked else [None] * len(results)
        origins = _origins(measure, policy, pooled[measure.id], stamp["windows"])
        stamps = {origin: stamp | {"windows": origin} for origin in set(origins)}
        rows += [
            _row(measure, cut, by, cell, result, p, stamps[origin])
            for number, (cell, result, p, origin) in enumerate(zip(cells, results, apart, origins, strict=True))
            if number not in outside
        ]
    return rows


def _origins(measure: Measure, policy: Policy, sums: Sums, origin: str) -> list[str]:
    """Where the windows of each cell come from; `origin` is that of all windows of the run."""
    if not measure.rests_on_windows(policy):
        return [""] * len(sums.count)
    if sums.learned is None:
        return [origin] * len(sums.count)
    learned, known = sums.learned.sum(axis=1), (sums.count + sums.immature).sum(axis=1)
    own = np.where(learned == 0, "declared", np.where(learned == known, "learned", "mixed"))
    return [str(one) for one in np.where(known > 0, own, origin)]


def _outside(pooled: dict[str, Sums], cut: Cut) -> set[int]:
    """Periods in which no measure has anything to count, now or later: they lie outside the run's frame."""
    if not any(one.name in PERIODS for one in cut.slices):
        return set()
    held = sum(sums.count.sum(axis=1) + sums.immature.sum(axis=1) for sums in pooled.values())
    return set(np.flatnonzero(np.asarray(held) == 0).tolist())


def _row(
    measure: Measure,
    cut: Cut,
    by: str,
    cell: tuple[str | date, ...],
    result: Any,
    apart: float | None,
    stamp: dict[str, Any],
) -> ResultRow:
    grain, start = "all", None
    plain: dict[str, str] = {}
    for one, value in zip(cut.slices, cell, strict=False):
        if isinstance(value, date):
            grain, start = one.name, value
        else:
            plain[one.name] = value
    return ResultRow(measure.id, by, plain, grain, start, result, **stamp, q_value=apart)
