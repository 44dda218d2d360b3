"""A5: agents. Are comparisons that mean nothing refused, and are effects right where they mean something?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstcontact.measurement.explain.agent_support import Support, judge
from firstcontact.measurement.prove.context import Context
from firstcontact.measurement.prove.proof import Proof
from firstcontact.measurement.prove.row import ProofRow
from firstcontact.measurement.simulator.world import World
from firstcontact.statistics.bucket import Array
from firstcontact.statistics.contrast import CaseMix, case_mix
from firstcontact.statistics.empirical_bayes import shrink

AGENTS = 150
SEEDS = 100


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One draw: the truth, what is found, and the verdict."""

    true: Array
    mix: CaseMix
    work: Array
    verdict: Support


def _draw(seed: int, sd: float, each: int, severity: float = 0.0) -> _Drawn:
    """Agents with own log-odds, on Dirichlet mixes of the simulator's reasons.

    `severity` is the spread of how hard each agent's own contacts are, which nobody records.
    """
    chance = np.random.default_rng([5, seed, round(1000 * sd), each, round(1000 * severity)])
    world = World()
    unresolved = np.array([reason.unresolved * reason.rho for reason in world.reasons])
    rate = np.array([reason.rate for reason in world.reasons])
    mixes = chance.dirichlet(rate / rate.sum() * world.agents.mix_concentration * len(rate) + 1e-6, AGENTS)
    true = sd * chance.standard_normal(AGENTS)
    work = chance.multinomial(each, mixes)
    hard = severity * chance.standard_normal(AGENTS)
    odds = np.log(unresolved / (1 - unresolved)) + (true + hard)[:, None]
    failed = chance.binomial(work, 1 / (1 + np.exp(-odds)))
    unit, stratum = (index.ravel() for index in np.indices(work.shape))
    mix = case_mix(unit, stratum, work.ravel().astype(float), failed.ravel().astype(float), units=AGENTS)
    return _Drawn(true - true.mean(), mix, work.astype(float), judge(mix, work.astype(float)))


def _rank(values: Array) -> Array:
    return np.argsort(np.argsort(values)).astype(float)


def _found(drawn: list[_Drawn]) -> tuple[float, float, float, float, float]:
    """Mean estimated spread, coverage, rank correlation of shrunken effects and of raw rates, share refused."""
    sd, held, shrunken, raw, refused = [], [], [], [], []
    for one in drawn:
        effects = shrink(one.mix, one.verdict.spread.variance)
        sd.append(one.verdict.spread.variance**0.5)
        held.append(float(((effects.low <= one.true) & (one.true <= effects.high)).mean()))
        if one.true.any():
            crude = one.mix.observed / np.maximum(one.mix.exposure, 1)
            shrunken.append(float(np.corrcoef(_rank(effects.effect), _rank(one.true))[0, 1]))
            raw.append(float(np.corrcoef(_rank(crude), _rank(one.true))[0, 1]))
        refused.append(bool(one.verdict.against))
    return tuple(float(np.mean(part)) if part else 0.0 for part in (sd, held, shrunken, raw, refused))  # type: ignore[return-value]


def run(context: Context) -> list[ProofRow]:
    """Draw agents and hold what is found against what is true."""
    seeds = context.seeds(SEEDS)
    context.progress("drawing agents")
    alike = _found([_draw(seed, 0.0, 300) for seed in seeds])
    apart = _found([_draw(seed, 0.3, 300) for seed in seeds])
    faint = _found([_draw(seed, 0.15, 60) for seed in seeds])
    hidden = [_draw(seed, 0.15, 300, severity=0.3) for seed in seeds]
    severe = _found(hidden)
    reliable = float(np.mean([one.verdict.reliability[0] for one in hidden]))
    n = len(seeds)
    return [
        ProofRow("refused, agents all alike, 300 contacts each", alike[4], "share", low=0.93, n=n, target=True),
        ProofRow("spread found over true spread, 0.3", apart[0] / 0.3, "ratio", low=0.9, high=1.1, n=n),
        ProofRow("coverage of shrunken effects, spread 0.3", apart[1], "share", 0.92, 0.97, n * AGENTS),
        ProofRow("rank correlation with the truth, spread 0.3", apart[2], "number", low=0.84, n=n),
        ProofRow("the same, raw rates as dashboards rank them", apart[3], "number", n=n),
        ProofRow("refused, spread 0.3, 300 contacts each", apart[4], "share", n=n),
        ProofRow("refused, spread 0.15, 60 contacts each", faint[4], "share", low=1.0, n=n, target=True),
        ProofRow(
            "rank correlation, spread 0.15 and unmeasured severity 0.3",
            severe[2],
            "number",
            n=n,
            note=f"The reliability is {reliable:.2f} all the same: no rule can see severity that nobody records.",
        ),
    ]


PROOF = Proof(
    id="A5",
    title="Agents and teams",
    claim="Agents who are alike are not compared in 93 % of worlds; those who differ are found with an honest spread, "
    "interval and order; those with too few contacts are never compared.",
    seeds=SEEDS,
    run=run,
    theory="empirical_bayes",
)
