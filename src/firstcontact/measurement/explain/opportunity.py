"""Opportunities: how many contacts each reason could do without, were it as good as at its own best, and their cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from firstcontact.kernel.result import NOTHING_TO_COUNT, Estimate, Refusal
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.explanation import Explanation
from firstcontact.measurement.explain.tally import NOTHING_CLEAR, array_of, fared, numbered, reason_names
from firstcontact.measurement.linking.portable import BUCKETS, grained
from firstcontact.statistics.decomposition import jackknife
from firstcontact.statistics.recoverable import CHAIN_LIMIT, own_best, recoverable, shrink
from firstcontact.statistics.share import t_quantile

if TYPE_CHECKING:
    from firstcontact.measurement.explain.explanation import Context
    from firstcontact.measurement.measures.row import ResultRow

LEAST_CELLS = 4
"""So many comparable teams a reason needs for its best quarter to mean anything; else stretches of four weeks serve."""
STRETCH_DAYS = 28
LEAST_GAIN = 1.0
"""Contacts a month below which nothing is worth a line."""
_PERFECT = 0.9995
"""An R-FCR that reads as 100.0 %."""
TEAMS, WEEKS = "its own best teams", "its own best four weeks"

_CONTACTS = "contacts a month (30 days) that need not come, were the reason as good as at its own best"
_MONEY = "what these contacts cost a month"
_GAP = "share of contacts that fail, above the share that fail at the reason's own best"

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sums:
    """What is known of each reason.

    Attributes:
        names: The reasons.
        contacts: Judged contacts, shape (reasons,).
        weight, failed: Of judged contacts by reason and bucket, shape (reasons, buckets).
        volume: Index contacts, judged or not, shape (reasons,).
        cell_of: For each comparable cell its reason, for teams and for stretches.
        cells: Weight and failures of each cell, for teams and for stretches, shape (cells, buckets).
        again: Probability that a repeat is followed by another, shape (reasons,).
        cost: What a contact costs, NaN where it is not known, shape (reasons,).
        days: Length of the period.
    """

    names: list[str]
    contacts: Ints
    weight: Floats
    failed: Floats
    volume: Floats
    cell_of: tuple[Ints, Ints]
    cells: tuple[tuple[Floats, Floats], tuple[Floats, Floats]]
    again: Floats
    cost: Floats
    days: float


def explain(context: Context) -> list[ResultRow]:
    """Rows about each reason that could do better, the largest gain first."""
    sums = _sums(context)
    if sums is None:
        nothing = Sentence("none-judged", "No contact can be said to have failed or not.")
        return [
            context.row(
                "opportunity",
                Refusal(NOTHING_TO_COUNT, nothing, Sentence("opportunity.longer", "A longer period."), 0, _CONTACTS),
            )
        ]
    rows: list[tuple[float, list[ResultRow]]] = []
    least = context.policy.publish.minimum_sample
    for reason, name in enumerate(sums.names):
        n = int(sums.contacts[reason])
        found = _one(sums, reason, least) if sums.weight[reason].sum() >= least else None
        if found is None:
            continue
        replicates, gaps, kind = found
        gain = _interval(context, replicates)
        if gain[0] < LEAST_GAIN:
            continue
        level, cell = context.policy.publish.level, {"reason": name, "cause": kind}
        own = [context.row("opportunity", Estimate(*gain, level, n, _CONTACTS, "count"), cell)]
        gap = _interval(context, gaps)
        own.append(context.row("opportunity_gap", Estimate(*gap, level, n, _GAP, "share"), cell))
        cost = float(sums.cost[reason])
        worth = gain[0]
        if np.isfinite(cost):
            money = tuple(cost * value for value in gain)
            worth = money[0]
            own.append(
                context.row("opportunity_cost", Estimate(money[0], money[1], money[2], level, n, _MONEY, "money"), cell)
            )
        rows.append((worth, own))
    if not rows:
        none = Sentence(
            "no-opportunity",
            "None of {reasons:,} reasons differs enough between its own teams, or its own stretches of four weeks, for "
            "its best to be told from chance.",
            "The only reason does not differ enough between its own teams, or its own "
            "stretches of four weeks, for its best to be told from chance.",
            "reasons",
            reasons=len(sums.names),
        )
        refusal = Refusal(
            NOTHING_CLEAR,
            none,
            Sentence("opportunity.teams", "A longer period, or teams in the source."),
            len(sums.names),
            _CONTACTS,
        )
        return [context.row("opportunity", refusal)]
    # Money where it is known for all, contacts otherwise: a reason without a cost is not worth nothing.
    priced = np.isfinite(sums.cost).all()
    ranked = sorted(rows, key=lambda pair: -(pair[0] if priced else pair[1][0].result.value))  # type: ignore[union-attr]
    return [row for _, own in ranked for row in own]


def withhold_needless(rows: Sequence[ResultRow]) -> list[ResultRow]:
    """All rows but what would be gained on reasons of which perhaps nobody comes back because of them.

    Caused returns are noisy net sums, and among several stretches one is always best: where R-FCR's interval holds
    100 %, a gap between them promises contacts that need not come where none does.

    Args:
        rows: Rows of a run.

    Returns:
        The rows in order; where no gain is left, one refusal instead of the gains.
    """
    perfect = {
        next(iter(row.cell.values()))
        for row in rows
        if row.measure == "r_fcr"
        and row.period_grain == "all"
        and len(row.cell) == 1
        and next(iter(row.cell)).startswith("reason")
        and isinstance(row.result, Estimate)
        and row.result.high >= _PERFECT
    }
    own = [row for row in rows if row.measure in EXPLANATION.measures and isinstance(row.result, Estimate)]
    needless = [row for row in own if row.cell.get("reason") in perfect]
    if not needless:
        return list(rows)
    if len(needless) < len(own):
        return [row for row in rows if row not in needless]
    said = Sentence(
        "opportunity.perfect",
        "R-FCR may be {whole:.0%} for every reason whose teams or stretches differ: perhaps nobody comes back because "
        "of it.",
        whole=1.0,
    )
    cure = Sentence("opportunity.longer", "A longer period.")
    refusal = Refusal(NOTHING_CLEAR, said, cure, len(perfect), _CONTACTS)
    first = replace(own[0], by="", cell={}, result=refusal)
    return [first if row is own[0] else row for row in rows if row is own[0] or row not in needless]


def _interval(context: Context, replicates: Floats) -> tuple[float, float, float]:
    value = float(replicates[0])
    half = float(t_quantile(context.policy.publish.level, np.array([BUCKETS - 1.0]))[0])
    half *= float(jackknife(replicates[1:])) ** 0.5
    return value, max(0.0, value - half), value + half


def _one(sums: Sums, reason: int, least: int) -> tuple[Floats, Floats, str] | None:
    """Recoverable contacts a month and the gap, whole and without each bucket, and whose best it is measured by."""
    for kind, cell_of, (weight, failed) in zip((TEAMS, WEEKS), sums.cell_of, sums.cells, strict=True):
        own = np.flatnonzero((cell_of == reason) & (weight.sum(axis=1) >= least))
        if len(own) < LEAST_CELLS:
            continue
        count, total = weight[own], failed[own]
        gains, gaps = [], []
        for bucket in range(-1, BUCKETS):
            rest = np.arange(BUCKETS) != bucket
            cell_count, cell_total = count[:, rest].sum(axis=1), total[:, rest].sum(axis=1)
            reason_count = sums.weight[reason, rest].sum()
            rate = sums.failed[reason, rest].sum() / reason_count if reason_count > 0 else 0.0
            target = own_best(cell_count, cell_total, _noise(count[:, rest], total[:, rest]))
            gap = max(0.0, rate - target) if target is not None else 0.0
            gaps.append(gap)
            month = np.array([sums.volume[reason] * 30.0 / sums.days])
            gains.append(float(recoverable(month, np.array([gap]), np.zeros(1), sums.again[reason : reason + 1])[0]))
        return np.array(gains), np.array(gaps), kind
    return None


def _noise(count: Floats, total: Floats) -> Floats:
    """Sampling variance of cells' rates between customer buckets; 0 for a cell without contacts, which has no rate."""
    n = count.sum(axis=1)
    # Without one of the buckets a small cell may hold nothing; what is learned from cells passes over it.
    held, safe = n > 0, np.where(n > 0, n, 1.0)
    rate = total.sum(axis=1) / safe
    groups = count.shape[1]
    spread = (total - rate[:, None] * count) / safe[:, None]
    return np.where(held, groups / (groups - 1) * (spread**2).sum(axis=1), 0.0)


def _sums(context: Context) -> Sums | None:
    judged = fared(context)
    contacts, engine, linked = judged.contacts, context.engine, context.linked
    names = reason_names(context)
    teams = ["team"] if "team" in context.has and "team" in contacts.columns else []
    stretch = ((contacts.local_day - contacts.local_day.min().over()) / STRETCH_DAYS).floor().cast("int64")
    kept = contacts.mutate(stretch=stretch)
    rows = engine.execute(
        kept.group_by(["key", *teams, "stretch", "bucket"])
        .aggregate(failed=kept.failed.sum(), weight=kept.exposure.sum(), n=kept.count())
        .order_by(["key", *teams, "stretch", "bucket"])
    )
    if not len(rows):
        return None
    labels, reason = numbered([names[key] for key in rows["key"].to_pylist()])
    contacts_of = array_of(rows, [reason], [len(labels)], "n").sum(axis=1).astype(np.int64)
    weight = array_of(rows, [reason], [len(labels)], "weight")
    failed = array_of(rows, [reason], [len(labels)], "failed")
    cell_of, cells = [], []
    for column in ("team", "stretch"):
        values = rows[column].to_pylist() if column in rows.column_names else [None] * len(rows)
        pairs = [(at, value) for at, value in zip(reason.tolist(), values, strict=True)]
        different = sorted({pair for pair in pairs if pair[1] is not None})
        place = {pair: number for number, pair in enumerate(different)}
        inside = np.array([pair in place for pair in pairs], dtype=bool)
        at = np.array([place[pair] for pair in pairs if pair in place], dtype=np.int64)
        part = rows.filter(inside)
        cell_of.append(np.array([pair[0] for pair in different], dtype=np.int64))
        cells.append(
            (array_of(part, [at], [len(different)], "weight"), array_of(part, [at], [len(different)], "failed"))
        )
    index = {name: number for number, name in enumerate(labels)}
    eligible = linked.filter(linked.index_eligible)
    volume = np.zeros(len(labels))
    asked = eligible.group_by("key").aggregate(n=eligible.count())
    for key, n in zip(*(engine.execute(asked)[name].to_pylist() for name in ("key", "n")), strict=True):
        if names[key] in index:
            volume[index[names[key]]] += n
    days = (context.frame.cutoff - context.frame.since).total_seconds() / 86_400
    return Sums(
        [str(label) for label in labels],
        contacts_of,
        weight,
        failed,
        volume,
        (cell_of[0], cell_of[1]),
        (cells[0], cells[1]),
        _again(context, index, names),
        _cost(context, index, names),
        max(days, 1.0),
    )


def _again(context: Context, index: dict[str, int], names: dict[int, str]) -> Floats:
    """How often a repeat is followed by another, drawn to the mean of all reasons."""
    linked = context.linked
    repeats = linked.filter(linked.repeat & linked.mature & linked.excluded_code.isnull())
    asked = repeats.group_by("key").aggregate(n=repeats.count(), again=repeats.returned.sum())
    rows = context.engine.execute(asked)
    count, total = np.zeros(len(index)), np.zeros(len(index))
    for key, n, again in zip(*(rows[name].to_pylist() for name in ("key", "n", "again")), strict=True):
        if names[key] in index:
            count[index[names[key]]] += n
            total[index[names[key]]] += again or 0
    return np.minimum(shrink(count, total).rate, CHAIN_LIMIT)


def _cost(context: Context, index: dict[str, int], names: dict[int, str]) -> Floats:
    """What a contact costs by reason: as recorded, else as the policy says, else not known."""
    plain = context.policy.cost.cost_per_contact
    cost = np.full(len(index), np.nan if plain is None else plain)
    linked = context.linked
    if "cost" not in linked.columns:
        return cost
    known = linked.filter(linked.cost.notnull() & linked.excluded_code.isnull())
    rows = context.engine.execute(known.group_by("key").aggregate(mean=grained(known.cost).mean()))
    for key, mean in zip(rows["key"].to_pylist(), rows["mean"].to_pylist(), strict=True):
        if names[key] in index and mean is not None:
            cost[index[names[key]]] = mean
    return cost


EXPLANATION = Explanation(
    id="opportunity",
    title="ranking what could be recovered",
    measures={"opportunity": _CONTACTS, "opportunity_cost": _MONEY, "opportunity_gap": _GAP},
    explain=explain,
    columns=("reason", "team", "cost"),
)
