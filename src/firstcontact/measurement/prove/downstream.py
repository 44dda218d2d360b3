"""A7: edges from one reason to another are found, false ones are rare, and a world without edges shows none."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from firstcontact.measurement.explain import downstream
from firstcontact.measurement.explain.explanation import Context as Explained
from firstcontact.measurement.explain.explanation import Stamp
from firstcontact.measurement.explain.sequence import Reduced, reduce
from firstcontact.measurement.explain.tally import reason_names
from firstcontact.measurement.fit.declared import declare
from firstcontact.measurement.linking.period import local_day
from firstcontact.measurement.prove.proof import Proof
from firstcontact.measurement.prove.row import ProofRow
from firstcontact.measurement.prove.world import TRIALS
from firstcontact.statistics.sequence_symmetry import Sequences, sequences

if TYPE_CHECKING:
    from firstcontact.measurement.prove.context import Context, Observed
    from firstcontact.measurement.simulator.world import World

CUSTOMERS = 20_000
SEEDS = 50
STRONG = 0.05
"""Edges that bring at least this share are to be found."""
Edge = tuple[str, str]


@dataclass(slots=True)
class _Tally:
    """What the worlds of one kind add up to."""

    worlds: int = 0
    found: int = 0
    false: int = 0
    with_any: int = 0
    strong: int = 0
    strong_found: int = 0
    naive: int = 0
    naive_false: int = 0
    covered: int = 0
    errors: list[float] = field(default_factory=list)
    false_shares: list[float] = field(default_factory=list)


def run(context: Context) -> list[ProofRow]:
    """Run worlds with the four edges, and worlds without."""
    with_edges, without = _Tally(), _Tally()
    world = TRIALS["base"].world()
    bare = replace(world, edges=())
    for seed in context.seeds(SEEDS):
        for one, tally in ((world, with_edges), (bare, without)):
            with context.observe(one, context.size(CUSTOMERS), seed) as observed:
                _add(tally, observed, one)
    return _rows(with_edges, without)


def explained(observed: Observed) -> Explained:
    """An observed world as explanations see it."""
    frame, linked = observed.frame, observed.contacts
    linked = linked.mutate(local_day=local_day(linked.start_us, "UTC", frame.data_start, frame.cutoff))
    fit = declare(observed.policy, list(observed.reasons))
    has = frozenset({"customer", "reason", "channel", "team"})
    stamp = Stamp(observed.policy.name, "", frame.cutoff, "", "declared")
    return Explained(observed.engine, linked, observed.tables, observed.policy, fit, frame, "UTC", has, stamp)


def true_edges(world: World) -> dict[Edge, float]:
    """The share of a reason's issues that bring another, directly, by their paths."""
    path = {reason.name: reason.path for reason in world.reasons}
    return {(path[edge.cause], path[edge.effect]): edge.probability for edge in world.edges}


def reachable(edges: dict[Edge, float]) -> set[Edge]:
    """Pairs of which the first brings the second, directly or over others.

    >>> sorted(reachable({("a", "b"): 0.1, ("b", "c"): 0.1}))
    [('a', 'b'), ('a', 'c'), ('b', 'c')]
    """
    found = set(edges)
    while True:
        further = {(a, d) for a, b in found for c, d in found if b == c and a != d} - found
        if not further:
            return found
        found |= further


def _add(tally: _Tally, observed: Observed, world: World) -> None:
    context = explained(observed)
    names = reason_names(context)
    reduced = reduce(context, downstream.REACH_DAYS)
    result = sequences(reduced.sums, reduced.openers, reduced.profile, 0.95)
    edges, indirect = true_edges(world), reachable(true_edges(world))
    pairs = [
        (names[reduced.keys[cause]], names[reduced.keys[effect]])
        for cause, effect in zip(result.cause.tolist(), result.effect.tolist(), strict=True)
    ]
    called = downstream.edges_of(result)
    found = {pairs[edge] for edge in called.tolist()}
    part = dict(zip(called.tolist(), downstream.shown(context, reduced, result, called).part.tolist(), strict=True))
    false = found - indirect
    naive = {pair for pair, one in zip(pairs, _lifted(result, reduced).tolist(), strict=True) if one}
    strong = {pair for pair, share in edges.items() if share >= STRONG}
    tally.worlds += 1
    tally.found += len(found)
    tally.false += len(false)
    tally.false_shares.append(len(false) / max(1, len(found)))
    tally.with_any += bool(found)
    tally.strong += len(strong)
    tally.strong_found += len(strong & found)
    tally.naive += len(naive)
    tally.naive_false += len(naive - indirect)
    for pair, truth in _truly_brought(observed, edges).items():
        at = pairs.index(pair) if pair in pairs else -1
        if at in part and truth > 0:
            tally.errors.append(float(result.excess[at]) / part[at] / truth - 1)
            tally.covered += bool(result.excess_low[at] <= truth * part[at] <= result.excess_high[at])


def _lifted(result: Sequences, reduced: Reduced) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """What a customary table calls related: pairs that meet more often than their rates would have it."""
    openers = reduced.openers.sum(axis=1)
    people = float(CUSTOMERS)
    expected = openers[result.cause] * openers[result.effect] / people * (reduced.reach / 365.0)
    return np.asarray(result.count > expected + 1.645 * np.sqrt(expected))


def _truly_brought(observed: Observed, edges: dict[Edge, float]) -> dict[Edge, int]:
    """Issues in the log that an opener, as it was linked, truly brought within the reach, by edge."""
    issues = observed.simulation.truth.tables["issue_truth"]
    openers = observed.contacts.filter(observed.contacts.opener).select("contact_id")
    known = set(observed.engine.execute(openers)["contact_id"].to_pylist())
    reason = dict(zip(issues["issue_id"].to_pylist(), issues["reason"].to_pylist(), strict=True))
    opener = dict(zip(issues["issue_id"].to_pylist(), issues["opener_contact_id"].to_pylist(), strict=True))
    log = observed.simulation.tables["contacts"]
    started = dict(zip(log["contact_id"].to_pylist(), log["started_at"].to_numpy(), strict=True))
    reach = np.timedelta64(downstream.REACH_DAYS, "D")
    last = np.datetime64(observed.frame.cutoff) - reach
    brought = dict.fromkeys(edges, 0)
    for issue, cause in zip(issues["issue_id"].to_pylist(), issues["downstream_of"].to_pylist(), strict=True):
        first, second = opener.get(cause), opener[issue]
        if cause is None or first not in known or second is None:
            continue
        pair = (reason[cause], reason[issue])
        if pair in brought and started[first] <= last and started[second] - started[first] < reach:
            brought[pair] += 1
    return brought


def _rows(world: _Tally, bare: _Tally) -> list[ProofRow]:
    n = world.worlds
    errors = np.array(world.errors)
    return [
        ProofRow(
            "false edges among all found (FDR)", float(np.mean(world.false_shares)), "share", None, 0.08, n, target=True
        ),
        ProofRow(
            "edges of 5 % and more that are found",
            world.strong_found / max(1, world.strong),
            "share",
            0.95,
            None,
            world.strong,
        ),
        ProofRow("worlds without edges in which any is found", bare.with_any / max(1, n), "share", None, 0.07, n),
        ProofRow(
            "false edges of a table of lifts, for comparison",
            world.naive_false / max(1, world.naive),
            "share",
            n=n,
            note="pairs that meet more often than the reasons' rates would have it; never shown as downstream",
        ),
        ProofRow(
            "estimated over true volume of an edge, mean",
            float(1 + errors.mean()) if len(errors) else None,
            "ratio",
            n=len(errors),
            note="brought within the reach by openers",
        ),
        ProofRow(
            "intervals of the volume that hold it",
            world.covered / len(errors) if len(errors) else None,
            "share",
            n=len(errors),
        ),
    ]


PROOF = Proof(
    id="A7",
    title="Downstream issues",
    claim=(
        "Over 50 worlds at most 8 % of the edges found are false and at least 95 % of those that bring 5 % or more are "
        "found; a world without edges shows any in at most 7 % of the seeds."
    ),
    seeds=SEEDS,
    run=run,
    theory="downstream",
)
