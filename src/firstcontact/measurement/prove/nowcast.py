"""A1: young weeks are right, while the failure rate stays and while it jumps; counting all at once is not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from firstcontact.measurement.annotate.returns import annotate
from firstcontact.measurement.explain.cohort import Weeks, by_week, follow
from firstcontact.measurement.fit.declared import declare
from firstcontact.measurement.fit.learn import learn
from firstcontact.measurement.fit.model import ReturnModel
from firstcontact.measurement.fit.tally import keys_of, tally
from firstcontact.measurement.linking.period import local_day, week_of
from firstcontact.measurement.prove.context import Context, Observed
from firstcontact.measurement.prove.proof import Proof
from firstcontact.measurement.prove.row import ProofRow
from firstcontact.measurement.prove.world import TRIALS
from firstcontact.statistics.nowcast import nowcast
from firstcontact.statistics.recovery import Recovery, recover

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.statistics.bucket import Array

SEEDS = 50
CUSTOMERS = 40_000
JUMPS = (0.0, 0.5)
"""Added to the logit of P(unresolved) in the last 28 days."""
JUMP_DAYS = 28
YOUNG = 8
_QUANTILE = float(ndtri(0.975))


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned of a world's returns.

    Attributes:
        models: By reason.
        keys: Reason of each linking key.
        contacts: The linked contacts with `local_day` and what was learned of returns.
    """

    models: dict[str, ReturnModel]
    keys: dict[int, str]
    contacts: ir.Table


def learn_returns(seen: Observed) -> Learned:
    """Learn the returns of a world as a run does."""
    different = seen.engine.execute(seen.tables["contacts"].select("reason").distinct())["reason"].to_pylist()
    found = tally(seen.engine, seen.contacts, seen.policy, seen.frame, different)
    models = {model.reason: model for model in learn(found, seen.policy.publish)}
    day = local_day(seen.contacts.start_us, "UTC", seen.frame.data_start, seen.frame.cutoff)
    fit = replace(declare(seen.policy, seen.reasons), models=tuple(models.values()))
    dated = seen.contacts.mutate(local_day=day)
    contacts = annotate(seen.engine, dated, fit, seen.policy, seen.frame, different)
    return Learned(models, keys_of(different, seen.policy), contacts)


def run(context: Context) -> list[ProofRow]:
    """Nowcast the newest eight weeks of every world, and hold them against the expected share of each."""
    found = {jump: [_one(context, jump, seed) for seed in context.seeds(SEEDS)] for jump in JUMPS}
    rows: list[ProofRow] = []
    for jump, worlds in found.items():
        share, error, truth, plain = (np.array(part) for part in zip(*worlds, strict=True))
        name = f"jump {jump:g}" if jump else "no jump"
        newest = _recovery(share[:, -1], error[:, -1], truth[:, -1])
        rows += [
            ProofRow(f"week 0, {name}: mean bias", 100 * newest.bias, low=-1.0, high=1.0, n=newest.n),
            ProofRow(f"week 0, {name}: root mean squared error", 100 * newest.rmse, high=1.6, n=newest.n),
        ]
        for age in range(1, YOUNG):
            week = _recovery(share[:, -1 - age], error[:, -1 - age], truth[:, -1 - age])
            rows.append(ProofRow(f"week {age}, {name}: mean bias", 100 * week.bias, low=-0.4, high=0.4, n=week.n))
        pooled = _recovery(share.ravel(), error.ravel(), truth.ravel())
        rows.append(
            ProofRow(f"weeks 0 to 7, {name}: coverage", pooled.coverage, "share", low=0.91, high=0.99, n=pooled.n)
        )
        far = 100 * float((plain - truth)[:, -1].mean())
        words = f"week 0, {name}: bias of counting all at once"
        rows.append(ProofRow(words, far, high=-5.0, n=newest.n, note="The customary number, labelled as such."))
    return rows


def _one(context: Context, jump: float, seed: int) -> tuple[Array, Array, Array, Array]:
    """Nowcast, its error, the truth, and what counting all at once says, of the newest weeks of one world."""
    base = TRIALS["base"].world()
    since = (base.end - timedelta(days=JUMP_DAYS)).isoformat()
    world = TRIALS["base"].world(f"change.date={since}", f"change.logit={jump:g}")
    with context.observe(world, context.size(CUSTOMERS), seed) as seen:
        learned = learn_returns(seen)
        timed = follow(seen.engine, learned.contacts, seen.frame, learned.models, learned.keys)
        weeks = by_week(seen.engine, timed, learned.models, learned.keys, "monday")
        found = nowcast(weeks.cohorts, weeks.level, len(weeks.weeks))
        truth = _truth(seen, learned, weeks)
    count = np.bincount(weeks.cohorts.week, weeks.cohorts.count, len(weeks.weeks))
    plain = np.bincount(weeks.cohorts.week, weeks.within, len(weeks.weeks)) / np.maximum(count, 1)
    return found.week_share[-YOUNG:], found.week_error[-YOUNG:], truth[-YOUNG:], plain[-YOUNG:]


def _truth(seen: Observed, learned: Learned, weeks: Weeks) -> Array:
    """Expected share of the same openers that cause a return, by week: without the luck of the draw."""
    contacts = learned.contacts
    openers = contacts.filter(contacts.opener & ~contacts.left_censored & contacts.excluded_code.isnull())
    both = openers.join(seen.truth, "contact_id")
    grouped = both.group_by(["local_day", "true_reason"]).aggregate(n=both.count(), unresolved=both.p_unresolved.sum())
    rows = seen.engine.execute(grouped)
    rho = {reason.path: reason.rho for reason in seen.simulation.world.reasons}
    number = {week: position for position, week in enumerate(weeks.weeks)}
    place = np.array([number[week_of(day, "monday")] for day in rows["local_day"].to_pylist()])
    back = rows["unresolved"].to_numpy() * np.array([rho[one] for one in rows["true_reason"].to_pylist()])
    size = len(weeks.weeks)
    return np.asarray(np.bincount(place, back, size) / np.bincount(place, rows["n"].to_numpy(), size), dtype=float)


def _recovery(share: Array, error: Array, truth: Array) -> Recovery:
    found = recover(share, truth, share - _QUANTILE * error, share + _QUANTILE * error)
    if found is None:
        raise ValueError("no seed was run")
    return found


PROOF = Proof(
    id="A1",
    title="Nowcast of young weeks",
    claim=(
        "In the base world of 40,000 customers, with the failure rate as ever or half a logit higher in the last 28 "
        "days: mean bias of weeks 1 to 7 within 0.4 points, of the newest week within 1.0 and its root mean squared "
        "error at most 1.6; of all intervals of weeks 0 to 7, 91 to 99 % hold the truth. Counting all openers at once "
        "is reproduced, labelled, and off by more than 5 points in the newest week."
    ),
    seeds=SEEDS,
    run=run,
    theory="nowcast",
)
