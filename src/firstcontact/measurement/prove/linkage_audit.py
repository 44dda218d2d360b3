"""A2b: where codes are wrong or records split, R-FCR is far off, and an audit of returns puts it right."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from firstcontact.measurement.annotate.returns import annotate
from firstcontact.measurement.audit.form import Answer
from firstcontact.measurement.audit.sample import COLUMNS, NEEDS, Sampled, draw_sample
from firstcontact.measurement.fit.declared import declare
from firstcontact.measurement.fit.learn import learn
from firstcontact.measurement.fit.tally import tally
from firstcontact.measurement.linking.portable import BUCKETS
from firstcontact.measurement.prove.context import Context, Observed
from firstcontact.measurement.prove.proof import Proof
from firstcontact.measurement.prove.row import ProofRow
from firstcontact.measurement.prove.world import TRIALS
from firstcontact.measurement.simulator.world import World
from firstcontact.statistics.linkage_audit import Linkage, corrected_no_return, linkage
from firstcontact.statistics.net_share import net_share

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

SEEDS = 50
CUSTOMERS = 10_000
SIZE = 1200
WORLDS = ("wrong-codes", "split")
PATIENT = tuple(f"channels.{channel.name}.abandonment=0" for channel in World().channels)
"""Nobody leaves before being answered, as in A2: what is lost there is lost to every policy, linked or not."""


def truthful(seen: Observed, sample: Sequence[Sampled]) -> list[Answer]:
    """What somebody finds who knows the truth: every contact that the customer made for the same issue until then."""
    truth = seen.simulation.truth.tables["contact_truth"].select(["contact_id", "issue_id", "resolved"])
    started = seen.simulation.tables["contacts"]["started_at"].to_pylist()
    of_issue: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    issue = {}
    for row, at in zip(truth.to_pylist(), started, strict=True):
        issue[row["contact_id"]] = row["issue_id"]
        if row["resolved"] is not None:  # somebody answered, and the customer began it
            of_issue[row["issue_id"]].append((at, row["contact_id"]))
    answers = []
    for one in sample:
        later = of_issue[issue[one.contact_id]]
        back = tuple(name for at, name in later if one.started_at < at <= one.look_until and name != one.contact_id)
        answers.append(Answer(one.number, bool(back), back, None, None))
    return answers


def judge(sample: Sequence[Sampled], answers: Sequence[Answer], level: float = 0.95) -> Linkage | None:
    """How well returns are linked, from a form of which every row is filled in."""
    names = sorted({one.stratum for one in sample})
    came = np.array([one.came_back for one in answers], dtype=float)
    hit = [bool({*one.return_ids} & {*row.links}) for one, row in zip(answers, sample, strict=True)]
    return linkage(
        np.array([names.index(one.stratum) for one in sample], dtype=float),
        np.array([1 / one.probability for one in sample]),
        came,
        came * np.array(hit, dtype=float),
        np.array([bool(one.links) for one in sample], dtype=float),
        level,
    )


def run(context: Context) -> list[ProofRow]:
    """Audit every world, and hold measured and corrected R-FCR against the truth."""
    rows: list[ProofRow] = []
    for name in WORLDS:
        found = np.array([_one(context, name, seed) for seed in context.seeds(SEEDS)])
        found = found[np.isfinite(found).all(axis=1)]
        truth, plain, value, low, high = found.T
        inside = float(((low <= truth) & (truth <= high)).mean())
        note = f"Uncorrected it is {100 * float((plain - truth).mean()):+.1f} points off."
        rows += [
            ProofRow(
                f"{name}: mean bias of corrected R-FCR",
                100 * float((value - truth).mean()),
                low=-0.8,
                high=0.8,
                n=len(found),
                target=True,
                note=note,
            ),
            ProofRow(f"{name}: coverage", inside, "share", low=0.9, n=len(found), target=True),
            ProofRow(f"{name}: half-width", 100 * float((high - low).mean() / 2), n=len(found)),
        ]
    return rows


def _one(context: Context, name: str, seed: int) -> tuple[float, float, float, float, float]:
    """Expected truth, R-FCR as measured and as corrected with its interval, over the openers of one world."""
    nothing = (float("nan"),) * 5
    world = TRIALS[name].world(*PATIENT)
    signals = tuple(signal for signal in NEEDS if signal != "returned")
    with context.observe(world, context.size(CUSTOMERS), seed, signals=signals, keep=COLUMNS) as seen:
        known = judge(sample := draw_sample(seen.engine, seen.contacts, SIZE, seed), truthful(seen, sample))
        net = _net(seen)
        truth = _truth(seen)
    if known is None or net is None:
        return nothing
    plain, low, high = net
    variance = ((high - low) / 2 / 1.959964) ** 2
    return truth, plain, *corrected_no_return(plain, variance, known)


def _net(seen: Observed) -> tuple[float, float, float] | None:
    """R-FCR of all openers, as a run would have it."""
    different = seen.engine.execute(seen.tables["contacts"].select("reason").distinct())["reason"].to_pylist()
    found = tally(seen.engine, seen.contacts, seen.policy, seen.frame, different)
    models = learn(found, seen.policy.publish)
    fit = declare(seen.policy, seen.reasons)
    told = annotate(seen.engine, seen.contacts, _with_models(fit, models), seen.policy, seen.frame, different)
    own = told.filter(told.exposure.notnull() & told.excluded_code.isnull())
    terms = {
        "exposure": own.exposure.sum(),
        "net": own.net_return.sum(),
        "seen": own.seen_return.sum(),
        "spread": (own.exposure * own.learned_sd).sum(),
    }
    rows = seen.engine.execute(own.group_by("bucket").aggregate(**terms))
    sums: dict[str, Any] = {}
    for term in terms:
        sums[term] = np.zeros((1, BUCKETS))
        sums[term][0, rows["bucket"].to_numpy()] = rows[term].to_numpy()
    if sums["exposure"].sum() <= 0:
        return None
    learned_sd = sums["spread"].sum(axis=1) / sums["exposure"].sum(axis=1)
    share, low, high = net_share(sums["exposure"], sums["net"], sums["seen"], learned_sd, 0.95)
    return 1 - float(share[0]), 1 - float(high[0]), 1 - float(low[0])


def _with_models(fit: Any, models: Any) -> Any:
    from dataclasses import replace

    return replace(fit, models=tuple(models))


def _truth(seen: Observed) -> float:
    """Expected share of the same openers that cause no return."""
    rho = {reason.path: reason.rho for reason in seen.simulation.world.reasons}
    own = seen.contacts.filter(
        seen.contacts.opener & ~seen.contacts.left_censored & seen.contacts.excluded_code.isnull()
    )
    both = own.join(seen.truth, "contact_id")
    rows = seen.engine.execute(both.group_by("true_reason").aggregate(n=both.count(), lost=both.p_unresolved.sum()))
    lost = rows["lost"].to_numpy() * np.array([rho[one] for one in rows["true_reason"].to_pylist()])
    return float(1 - lost.sum() / rows["n"].to_numpy().sum())


PROOF = Proof(
    id="A2b",
    title="Audit of linking",
    claim=(
        "Where one contact in ten has a wrong reason or stands under a second record, R-FCR corrected by an audit of "
        f"{SIZE:,} contacts has a mean bias within 0.8 points, and at least 90 % of its intervals hold the truth."
    ),
    seeds=SEEDS,
    run=run,
    theory="linkage_audit",
)
