"""A8: a movement is taken apart without remainder, and what is claimed as recoverable is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from firstcontact.measurement.prove.proof import Proof
from firstcontact.measurement.prove.row import ProofRow
from firstcontact.statistics.decomposition import kitagawa
from firstcontact.statistics.recoverable import own_best, recoverable
from firstcontact.statistics.shapley import shapley

if TYPE_CHECKING:
    from firstcontact.measurement.prove.context import Context

SEEDS = 300
REASONS, TEAMS, PICKED = 200, 8, 10

Floats = NDArray[np.float64]


@dataclass(slots=True)
class _Tally:
    """Figures of each draw."""

    claimed: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    picked: list[float] = field(default_factory=list)
    captured: list[float] = field(default_factory=list)
    by_rate: list[float] = field(default_factory=list)
    remainder: list[float] = field(default_factory=list)


def run(context: Context) -> list[ProofRow]:
    """Draw centres whose teams differ by a known amount, and movements of many factors."""
    tally = _Tally()
    for seed in context.seeds(SEEDS):
        chance = np.random.default_rng([8, seed])
        _centre(tally, chance)
        tally.remainder.append(_movement(chance))
    draws, captured = len(tally.claimed), float(np.mean(tally.captured))
    return [
        ProofRow("largest remainder of a movement", max(tally.remainder), "number", None, 1e-12, draws),
        ProofRow("claimed over true, all reasons", float(np.mean(tally.claimed)), "ratio", 0.85, 1.05, draws),
        ProofRow(
            "claimed over true, the ten that are picked", float(np.mean(tally.picked)), "ratio", 0.85, 1.05, draws
        ),
        ProofRow(
            "claimed over true without shrinking",
            float(np.mean(tally.raw)),
            "ratio",
            n=draws,
            note="the best of noisy teams is mostly luck",
        ),
        ProofRow(
            "of what ten reasons can recover, found by volume x gap",
            captured,
            "share",
            0.8,
            None,
            draws,
        ),
        ProofRow(
            "the same, found by sorting by rate",
            float(np.mean(tally.by_rate)),
            "share",
            n=draws,
            note="what dashboards do; not offered",
        ),
    ]


def _centre(tally: _Tally, chance: np.random.Generator) -> None:
    """A centre of many reasons, each handled by several teams of which some are better."""
    volume = np.maximum(200, chance.lognormal(7.0, 1.2, REASONS)).astype(int)
    rate = chance.beta(2.0, 8.0, REASONS)
    spread = chance.gamma(2.0, 0.12, REASONS)
    logit = np.log(rate / (1 - rate))[:, None] + spread[:, None] * chance.normal(0, 1, (REASONS, TEAMS))
    true = 1 / (1 + np.exp(-logit))
    count = chance.multinomial(volume, np.full(TEAMS, 1 / TEAMS)).astype(float)
    failed = chance.binomial(count.astype(int), true).astype(float)
    again = np.full(REASONS, 0.3)
    claimed_rate, raw_rate = np.zeros(REASONS), np.zeros(REASONS)
    for reason in range(REASONS):
        claimed_rate[reason] = own_best(count[reason], failed[reason]) or 0.0
        raw_rate[reason] = _best(count[reason], failed[reason] / count[reason])
    target = np.array([_best(count[reason], true[reason]) for reason in range(REASONS)])
    observed = failed.sum(axis=1) / count.sum(axis=1)
    truly = recoverable(volume.astype(float), (count * true).sum(axis=1) / count.sum(axis=1), target, again)
    claimed = recoverable(volume.astype(float), observed, claimed_rate, again)
    raw = recoverable(volume.astype(float), observed, raw_rate, again)
    best = np.argsort(-truly)[:PICKED]
    picked = np.argsort(-claimed)[:PICKED]
    tally.claimed.append(float(claimed.sum() / truly.sum()))
    tally.raw.append(float(raw.sum() / truly.sum()))
    tally.picked.append(float(claimed[picked].sum() / truly[picked].sum()))
    tally.captured.append(float(truly[picked].sum() / truly[best].sum()))
    tally.by_rate.append(float(truly[np.argsort(-observed)[:PICKED]].sum() / truly[best].sum()))


def _best(count: Floats, rate: Floats) -> float:
    """The mean rate of the best quarter of the contacts."""
    order = np.argsort(rate)
    before = np.concatenate([[0.0], np.cumsum(count[order])[:-1]])
    taken = np.clip(0.25 * count.sum() - before, 0.0, count[order])
    return float((taken * rate[order]).sum() / taken.sum())


def _movement(chance: np.random.Generator) -> float:
    """What is left over when a movement of four factors is taken apart, both ways."""
    cells = 500
    labels = np.stack([chance.integers(0, size, cells) for size in (40, 5, 12, 9)], axis=1)
    count = chance.poisson(chance.gamma(0.5, 20, (2, cells))).astype(float)
    count[:, 0] += 1
    good = chance.binomial(count.astype(int), chance.beta(6, 3, (2, cells))).astype(float)
    movement = good[1].sum() / count[1].sum() - good[0].sum() / count[0].sum()
    parts = kitagawa(count[0], good[0], count[1], good[1])
    found = shapley(labels, count[:1], good[:1], count[1:], good[1:])
    left = (parts.mix.sum() + parts.rate.sum() - movement, found.factors.sum() + found.rate.sum() - movement)
    return float(np.abs(left).max())


PROOF = Proof(
    id="A8",
    title="Movements and opportunities",
    claim=(
        "A movement is taken apart with a remainder below 1e-12; what is claimed as recoverable is 0.85 to 1.05 times "
        "what is there; ranking is by volume and gap, never by rate."
    ),
    seeds=SEEDS,
    run=run,
    theory="opportunity",
)
