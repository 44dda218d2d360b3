"""Drivers of a movement: between the last two complete months (or weeks), what did the mix and what did the rates?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from firstcontact.kernel.result import NONE_MATURE, NOTHING_TO_COUNT, TOO_FEW, Estimate, Refusal
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.annotate.mix import weigh
from firstcontact.measurement.explain.explanation import Explanation
from firstcontact.measurement.explain.tally import array_of, fared, numbered, reason_names
from firstcontact.measurement.linking.period import month_of, week_of
from firstcontact.statistics.decomposition import jackknife, kitagawa, leave_one_out
from firstcontact.statistics.shapley import shapley
from firstcontact.statistics.share import t_quantile

if TYPE_CHECKING:
    from firstcontact.measurement.explain.explanation import Context
    from firstcontact.measurement.measures.row import ResultRow

FACTORS = ("reason", "channel", "team", "queue")
RATE = "rate"
MIX = "mix: "
LEAST_COMPLETE = 0.9
SEEN_ENOUGH = 0.8
"""A period is looked at when at least this part of its contacts can be judged."""
STILL = 1e-9
"""Half an interval below this is none."""
MOST_REASONS = 20
"""So many reasons are named, those that moved the whole the most."""

_MOVEMENT = "change of the share that does not fail, from the period before to this one"
_PART = "part of that change which is due to the cause, averaged over all orders of changing one cause after another"
_REASON = "part of that change which is due to the reason: its rate, or its part of the mix"

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Sums of two periods by cell and bucket, with each cell's labels.

    Attributes:
        labels: Number of each factor's label, shape (cells, factors).
        factors: Their names.
        reasons: Number of each cell's reason.
        names: The reasons.
        count, good: For both periods, weights and what did not fail, shape (cells, buckets).
    """

    labels: Ints
    factors: list[str]
    reasons: Ints
    names: list[str]
    count: tuple[Floats, Floats]
    good: tuple[Floats, Floats]


def explain(context: Context) -> list[ResultRow]:
    """Rows about the latest movement, by month where two are complete, else by week."""
    judged = fared(context)
    # A learned outcome is judged from the first day on, so what counts is how much of its time has passed.
    old = judged.contacts.passed >= SEEN_ENOUGH
    days = judged.contacts.group_by("local_day").aggregate(n=old.sum())
    counted = context.engine.execute(days)
    found = _two_periods(context, counted["local_day"].to_pylist(), counted["n"].to_pylist())
    if found is None:
        refusal = Refusal(
            NONE_MATURE,
            Sentence("no-two-periods", "There are no two complete months or weeks whose contacts can be judged."),
            Sentence("driver.longer", "A longer period."),
            0,
            _MOVEMENT,
        )
        return [context.row("driver", refusal)]
    grain, before, after = found
    cells = _cells(context, before, after)
    n = [int(sums.sum()) for sums in cells.count]
    least = context.policy.publish.minimum_sample
    period = (grain, _EPOCH + timedelta(days=after[0]))
    if min(n) < least:
        few = Sentence(
            "few-to-compare",
            "{n:,} contacts in one of the periods; {least:,} are the least.",
            "{n:,} contact in one of the periods; {least:,} are the least.",
            "n",
            n=min(n),
            least=least,
        )
        return [
            context.row(
                "driver",
                Refusal(TOO_FEW, few, Sentence("driver.larger", "Larger periods."), min(n), _MOVEMENT),
                period=period,
            )
        ]
    return _rows(context, cells, period, sum(n))


def _two_periods(context: Context, days: list[int], judged: list[int]) -> tuple[str, range, range] | None:
    """The last two whole months, or weeks, that lie in the frame and whose contacts can be judged."""
    linked = context.linked
    kept = linked.filter(linked.index_eligible)
    rows = context.engine.execute(kept.group_by("local_day").aggregate(n=kept.count()))
    eligible = dict(zip(rows["local_day"].to_pylist(), rows["n"].to_pylist(), strict=True))
    known = dict(zip(days, judged, strict=True))
    if not known:
        return None
    first, last = min(eligible), max(eligible)
    for grain in ("month", "week"):
        starts = sorted({_start(context, grain, day) for day in range(first, last + 2)})
        periods = [range(a, b) for a, b in pairwise(starts)]
        whole = [
            one
            for one in periods
            if one.start >= first
            and sum(known.get(day, 0) for day in one)
            >= LEAST_COMPLETE * max(1, sum(eligible.get(day, 0) for day in one))
        ]
        if len(whole) >= 2 and whole[-2].stop == whole[-1].start:
            return grain, whole[-2], whole[-1]
    return None


def _start(context: Context, grain: str, day: int) -> int:
    begin = month_of(day) if grain == "month" else week_of(day, context.policy.calendar.week_start)
    return (begin - _EPOCH).days


def _cells(context: Context, before: range, after: range) -> _Cells:
    judged = fared(context)
    # The whole moves as R-FCR of all first contacts does.
    contacts = weigh(judged.contacts, "exposure", "failed") if judged.net else judged.contacts
    held = [name for name in FACTORS[1:] if name in context.has and name in contacts.columns]
    kept = contacts.filter(
        ((contacts.local_day >= before.start) & (contacts.local_day < before.stop))
        | ((contacts.local_day >= after.start) & (contacts.local_day < after.stop))
    )
    kept = kept.mutate(later=kept.local_day >= after.start)
    rows = context.engine.execute(
        kept.group_by(["key", *held, "later", "bucket"]).aggregate(failed=kept.failed.sum(), weight=kept.exposure.sum())
    )
    names = reason_names(context)
    columns = [[names[key] for key in rows["key"].to_pylist()], *(rows[name].to_pylist() for name in held)]
    labels = []
    coded = []
    for column in columns:
        different, places = numbered(column)
        labels.append(different)
        coded.append(places)
    stacked = np.stack(coded, axis=1) if len(rows) else np.zeros((0, len(columns)), dtype=np.int64)
    unique, cell = np.unique(stacked, axis=0, return_inverse=True)
    later = np.array(rows["later"].to_pylist(), dtype=np.int64)
    place = [np.asarray(cell, dtype=np.int64).ravel(), later]
    weight = array_of(rows, place, [len(unique), 2], "weight")
    good = weight - array_of(rows, place, [len(unique), 2], "failed")
    several = [number for number in range(len(columns)) if len(labels[number]) > 1]
    return _Cells(
        unique[:, several],
        [("reason", *held)[number] for number in several],
        unique[:, 0],
        [str(name) for name in labels[0]],
        (weight[:, 0], weight[:, 1]),
        (good[:, 0], good[:, 1]),
    )


def _rows(context: Context, cells: _Cells, period: tuple[str, date], n: int) -> list[ResultRow]:
    arrays = [leave_one_out(sums) for sums in (cells.count[0], cells.good[0], cells.count[1], cells.good[1])]
    if (arrays[0].sum(axis=1) <= 0).any() or (arrays[2].sum(axis=1) <= 0).any():
        few = Sentence("one-customer-group", "One group of customers holds a whole period.")
        return [
            context.row(
                "driver",
                Refusal(TOO_FEW, few, Sentence("driver.customers", "More customers."), n, _MOVEMENT),
                period=period,
            )
        ]
    found = shapley(cells.labels, *arrays)
    if _half(context, found.movement) <= STILL:
        return [context.row("driver", _unmoved(n, _MOVEMENT), period=period)]

    def row(values: Floats, cell: dict[str, str], estimand: str) -> ResultRow:
        half = _half(context, values)
        if half <= STILL:
            return context.row("driver", _unmoved(n, estimand), cell, period=period)
        figure = Estimate(
            float(values[0]),
            float(values[0]) - half,
            float(values[0]) + half,
            context.policy.publish.level,
            n,
            estimand,
        )
        return context.row("driver", figure, cell, period=period)

    rows = [row(found.movement, {}, _MOVEMENT), row(found.rate, {"cause": RATE}, _PART)]
    rows += [row(found.factors[:, number], {"cause": MIX + name}, _PART) for number, name in enumerate(cells.factors)]
    if len(cells.names) > 1:
        rows += _reason_rows(cells, row)
    return rows


def _reason_rows(cells: _Cells, row: Callable[[Floats, dict[str, str], str], ResultRow]) -> list[ResultRow]:
    """Mix and rate of single reasons, by Kitagawa, which add up to the movement too."""
    reasons = len(cells.names)

    def by_reason(sums: Floats) -> Floats:
        out = np.zeros((reasons, sums.shape[1]))
        np.add.at(out, cells.reasons, sums)
        return leave_one_out(out)

    parts = kitagawa(
        by_reason(cells.count[0]), by_reason(cells.good[0]), by_reason(cells.count[1]), by_reason(cells.good[1])
    )
    moved = np.argsort(-(np.abs(parts.rate[0]) + np.abs(parts.mix[0])), kind="stable")[:MOST_REASONS]
    rows = []
    for number in moved.tolist():
        for cause, values in ((RATE, parts.rate), (MIX + "reason", parts.mix)):
            rows.append(row(values[:, number], {"reason": cells.names[number], "cause": cause}, _REASON))
    return rows


def _unmoved(n: int, estimand: str) -> Refusal:
    return Refusal(
        NOTHING_TO_COUNT,
        Sentence(
            "driver.still",
            "It is the same whichever customers are looked at, as where nobody fails or everybody does: how far it "
            "could move by chance cannot be told.",
        ),
        Sentence("driver.still.cure", "A longer period; see, too, whether failures are recorded at all."),
        n,
        estimand,
    )


def _half(context: Context, values: Floats) -> float:
    error = float(np.sqrt(jackknife(values[1:])))
    return float(t_quantile(context.policy.publish.level, np.array([len(values) - 2.0]))[0]) * error


EXPLANATION = Explanation(
    id="driver",
    title="taking the latest movement apart",
    measures={"driver": _MOVEMENT},
    explain=explain,
    columns=("reason", "channel", "team", "queue"),
)
