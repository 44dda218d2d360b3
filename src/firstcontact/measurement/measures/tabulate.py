"""Every measure by every cut: the engine counts each set of columns once, in parts, NumPy does the rest."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from firstcontact.measurement.measures.cut import PERIODS, Cut
from firstcontact.measurement.measures.estimate import absent, crowded, estimate
from firstcontact.measurement.measures.flag import chances, looked_at, settle
from firstcontact.measurement.measures.part import Parts
from firstcontact.measurement.measures.reduce import Facts, Members, Placed, Sums
from firstcontact.measurement.measures.row import ResultRow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firstcontact.measurement.measures.measure import Measure
    from firstcontact.measurement.policy.model import Policy

    Cell = tuple[str | date, ...]


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
        rows.append(ResultRow(measure.id, cuts[0].by, {}, "all", None, refused, **stamp | {"windows": windows}))
    with _uncollected():
        rows += _figures(facts, supported, policy, cuts if supported else [], stamp)
    order = {measure.id: number for number, measure in enumerate(measures)}
    return sorted(settle(rows), key=lambda row: order[row.measure])


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for circles: rows refer to none, and to look through half a million of them takes a quarter."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _figures(
    facts: Facts, measures: list[Measure], policy: Policy, cuts: list[Cut], stamp: dict[str, Any]
) -> list[ResultRow]:
    """Rows of all measures that the data support, cut by cut."""
    # Days of a reason in a channel are about as many as its contacts; its weeks are not.
    by_day, by_week = Parts(facts), Parts(facts, policy.calendar.week_start)
    counted: dict[tuple[str, ...], Placed] = {}
    rows = []
    for cut in cuts:
        columns = _columns(cut)
        parts = by_week if len(columns) > 1 and any(one.name == "week" for one in cut.slices) else by_day
        several, found = parts.several(cut), []
        again = parts is by_day and not several
        whole = facts.place([]).sums() if several and looked_at(policy, cut) else None
        for part in parts.of(cut):
            placed = counted[columns] if again and columns in counted else part.place(list(columns))
            if again:
                counted[columns] = placed
            found.append(_cut_rows(part, measures, policy, cut, placed, list(columns), stamp, whole))
        rows += _merged(found)
    by_day.drop()
    by_week.drop()
    return rows


@dataclass(frozen=True, slots=True)
class _Part:
    """Figures of some cells of a cut: the cells in order, and for each measure a row a cell; None where none is."""

    cells: list[Cell]
    rows: list[list[ResultRow | None]]


def _merged(parts: list[_Part]) -> list[ResultRow]:
    """All rows of a cut, measures in their order, cells in theirs."""
    cells = [cell for part in parts for cell in part.cells]
    order = sorted(range(len(cells)), key=cells.__getitem__)
    merged = []
    for rows in zip(*(part.rows for part in parts), strict=True):
        each = [row for part in rows for row in part]
        merged += [row for row in (each[place] for place in order) if row is not None]
    return merged


def _cut_rows(
    facts: Facts,
    measures: list[Measure],
    policy: Policy,
    cut: Cut,
    base: Placed,
    columns: list[str],
    stamp: dict[str, Any],
    whole: dict[str, Sums] | None,
) -> _Part:
    cells, into = cut.cells(base.cells, columns)
    pooled = base.sums(into, len(cells))
    largest = _largest(facts, base, columns, into, pooled, policy)
    outside, by = _outside(pooled, cut), cut.by
    run = (stamp["policy"], stamp["policy_hash"], stamp["cutoff"], stamp["version"])
    heads = [None if number in outside else _head(cut, cell) for number, cell in enumerate(cells)]
    rows = []
    for measure in measures:
        sums = pooled[measure.id]
        results = estimate(measure, sums, policy, largest.get(measure.id))
        looked = measure.id == looked_at(policy, cut)
        apart = chances(sums, results, whole[measure.id] if whole else sums) if looked else [None] * len(results)
        origins = _origins(measure, policy, sums, stamp["windows"])
        rows.append(
            [
                ResultRow(measure.id, by, *head, result, *run, origin, p) if head else None
                for head, result, p, origin in zip(heads, results, apart, origins, strict=True)
            ]
        )
    return _Part(cells, rows)


def _largest(
    facts: Facts, base: Placed, columns: list[str], into: NDArray[np.int64], pooled: dict[str, Sums], policy: Policy
) -> dict[str, dict[int, int]]:
    """How many contacts the largest customer has, for each measure, in the cells where one might hold too much."""
    full = np.logical_or.reduce([crowded(sums, policy) for sums in pooled.values()])
    if not full.any():
        return {}
    # A customer is in one bucket, and one who holds too much is in a bucket that does.
    buckets: dict[int, list[int]] = {}
    for cell, bucket in np.argwhere(full).tolist():
        buckets.setdefault(cell, []).append(bucket)
    members: Members = [
        ((*values, bucket), cell)
        for values, cell in zip(base.cells, into.tolist(), strict=True)
        for bucket in buckets.get(cell, ())
    ]
    return facts.largest_customer([*columns, "bucket"], members)


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


def _head(cut: Cut, cell: Cell) -> tuple[dict[str, str], str, date | None]:
    """What tells a cell in its rows: its values, and the grain and first day of its period."""
    grain, start = "all", None
    plain: dict[str, str] = {}
    for one, value in zip(cut.slices, cell, strict=False):
        if isinstance(value, date):
            grain, start = one.name, value
        else:
            plain[one.name] = value
    return plain, grain, start
