"""A2: R-FCR and the learned window of each reason against the simulator's truth."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from firstcontact.contacts.table import NO_REASON
from firstcontact.measurement.fit.learn import learn
from firstcontact.measurement.fit.model import ReturnModel
from firstcontact.measurement.fit.tally import tally
from firstcontact.measurement.linking.portable import BUCKETS
from firstcontact.measurement.prove.context import Context
from firstcontact.measurement.prove.proof import Proof
from firstcontact.measurement.prove.row import ProofRow
from firstcontact.measurement.prove.world import TRIALS
from firstcontact.measurement.simulator.world import World
from firstcontact.statistics.bucket import Array

CUSTOMERS = 20_000
_PATIENT = tuple(f"channels.{channel.name}.abandonment=0" for channel in World().channels)
"""Nobody leaves before being answered: who does so and never tries again came back, and no policy sees it."""
_FURTHER_SEEDS = 12


@dataclass
class _Found:
    """What was found of one reason, one entry a seed: errors in shares, windows and true quantiles in days."""

    error: list[float] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)
    window: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)


@dataclass
class _World:
    """What was found of one world.

    Attributes:
        reasons: By reason.
        error: Of the R-FCR of all reasons together, one a seed.
        held: Whether its interval holds the truth.
        value: That R-FCR.
    """

    reasons: dict[str, _Found] = field(default_factory=lambda: defaultdict(_Found))
    error: list[float] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)
    value: list[float] = field(default_factory=list)


def run(context: Context) -> list[ProofRow]:
    """Learn in the base world, and in those where nothing is caused or customers differ very much."""
    base = _tried(context, "base", 50)
    frailty, null = _tried(context, "frailty", _FURTHER_SEEDS), _tried(context, "null", _FURTHER_SEEDS)
    hasty = _tried(context, "base", _FURTHER_SEEDS, ())
    growing = _tried(context, "holidays", _FURTHER_SEEDS)
    each = list(base.reasons.values())
    held = [one for found in each for one in found.held]
    bias, error = [float(np.mean(one.error)) for one in each], [_rms(one.error) for one in each]
    seeds = len(base.error)
    rows = [
        ProofRow("largest bias of a reason", 100 * max(map(abs, bias)), high=0.5, n=seeds),
        ProofRow("largest error of a reason (root mean square)", 100 * max(error), high=1.0, n=seeds),
        ProofRow("bias, all reasons", 100 * float(np.mean(base.error)), low=-0.25, high=0.25, n=seeds),
        ProofRow("error, all reasons (root mean square)", 100 * _rms(base.error), high=0.35, n=seeds),
        ProofRow("coverage of 95 % intervals, over reasons", float(np.mean(held)), "share", 0.90, 0.99, len(held)),
        ProofRow(
            "window against the true 95 % quantile: largest distance, 1 being 20 % or 1.5 days",
            max(_distance(one) for one in each),
            "ratio",
            high=1.0,
            n=seeds,
        ),
        ProofRow(
            "largest standard deviation of a window", max(float(np.std(one.window)) for one in each), "days", high=4.0
        ),
        ProofRow(
            "bias where some customers call very much more often",
            100 * float(np.mean(frailty.error)),
            low=-0.6,
            high=0.6,
            n=len(frailty.error),
        ),
        ProofRow("least R-FCR where nothing is caused", min(null.value), "share", low=0.995, n=len(null.value)),
        ProofRow("intervals that hold 100 % there", float(np.mean(null.held)), "share", low=0.9, n=len(null.held)),
    ]
    rows.append(
        ProofRow(
            "bias where callers leave the queue",
            100 * float(np.mean(hasty.error)),
            n=len(hasty.error),
            note="who comes back, leaves before being answered and never tries again is not seen",
        )
    )
    rows.append(
        ProofRow("bias where volume grows by 40 % a year", 100 * float(np.mean(growing.error)), n=len(growing.error))
    )
    for name, found in sorted(base.reasons.items()):
        rows.append(ProofRow(f"bias of {name}", 100 * float(np.mean(found.error)), n=len(found.error)))
        window, late = float(np.mean(found.window)), float(np.mean(found.late))
        note = f"the true 95 % quantile is {late:.1f} days"
        rows.append(ProofRow(f"mean window of {name}", window, "days", n=len(found.window), note=note))
    return rows


def _tried(context: Context, name: str, stated: int, further: tuple[str, ...] = _PATIENT) -> _World:
    found = _World()
    for seed in context.seeds(stated):
        with context.observe(TRIALS[name].world(*further), context.size(CUSTOMERS), seed) as seen:
            recorded = [None if reason == NO_REASON else reason for reason in seen.reasons]
            models = learn(tally(seen.engine, seen.contacts, seen.policy, seen.frame, recorded), seen.policy.publish)
            truth = {row["reason"]: row for row in seen.simulation.truth.tables["reason_truth"].to_pylist()}
        _compare(found, {model.reason: model for model in models}, truth)
    return found


def _compare(found: _World, models: dict[str, ReturnModel], truth: dict[str, dict[str, float]]) -> None:
    value, true, replicates = 0.0, 0.0, np.zeros(BUCKETS)
    openers = sum(row["openers"] for row in truth.values())
    for reason, row in truth.items():
        model, share = models[reason], row["openers"] / openers
        if model.r_fcr is None or model.r_low is None or model.r_high is None:
            raise ValueError(f"{reason} was not learned: {model.why}")
        into, expected = found.reasons[reason], row["r_fcr_expected"]
        into.error.append(model.r_fcr - expected)
        into.held.append(model.r_low <= expected <= model.r_high)
        if model.window_days is not None and row["delay_q95_days"] is not None:
            into.window.append(model.window_days)
            into.late.append(row["delay_q95_days"])
        # The mean of the replicates is the share before it was cut at 1.
        value += share * float(np.mean(model.replicates))
        true += share * expected
        replicates += share * np.array(model.replicates)
    half = 2.02 * _jackknife(replicates)
    found.error.append(value - true)
    found.value.append(value)
    found.held.append(value - half <= true <= value + half)


def _jackknife(replicates: Array) -> float:
    return float(np.sqrt((BUCKETS - 1) / BUCKETS * ((replicates - replicates.mean()) ** 2).sum()))


def _rms(errors: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(errors))))


def _distance(found: _Found) -> float:
    """How far the mean window is from the truth, in units of what is allowed."""
    window, late = float(np.mean(found.window)), float(np.mean(found.late))
    return abs(window - late) / max(0.2 * late, 1.5)


PROOF = Proof(
    id="A2",
    title="Caused and coincidental returns, and the learned window",
    claim=(
        "R-FCR is right to 0.5 points a reason and 0.25 over all, its intervals hold the truth in 90 to 99 %, windows "
        "are right to 20 % or 1.5 days; and where nothing is caused, nothing is called caused."
    ),
    seeds=50,
    run=run,
    theory="excess_hazard",
)
