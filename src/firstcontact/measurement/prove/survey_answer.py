"""A4: what customers would say is found where answering depends on what is seen; where it does not, a warning."""

from __future__ import annotations

import numpy as np

from firstcontact.measurement.annotate.seen import judged
from firstcontact.measurement.annotate.survey import NEEDS, annotate_survey
from firstcontact.measurement.linking.portable import BUCKETS
from firstcontact.measurement.prove.context import Context
from firstcontact.measurement.prove.proof import Proof
from firstcontact.measurement.prove.row import ProofRow
from firstcontact.measurement.prove.world import TRIALS
from firstcontact.statistics.bucket import ratio
from firstcontact.statistics.prediction_powered import powered_interval

SEEDS = 200
MNAR_SEEDS = 100
CUSTOMERS = 3_000

AT_RANDOM = (
    "surveys.response_returning=0.12",
    "surveys.response_given_up=0.12",
    "surveys.response_resolved=0.12",
)
"""Answering depends on reason and channel alone."""


def run(context: Context) -> list[ProofRow]:
    """Correct the surveys of every world, with and without what customers did afterwards."""
    rows: list[ProofRow] = []
    n = len(context.seeds(SEEDS))
    found = [_one(context, AT_RANDOM, seed, blind=False) for seed in context.seeds(SEEDS)]
    error, inside, raw = (np.array(part) for part in zip(*(one[:3] for one in found), strict=True))
    rows += [
        ProofRow("answers at random: mean bias", 100 * float(error.mean()), low=-0.2, high=0.2, n=n),
        ProofRow("answers at random: coverage", float(inside.mean()), "share", low=0.92, high=0.98, n=n),
        ProofRow("answers at random: bias of the plain share", 100 * float(raw.mean()), n=n),
    ]
    seeds = context.seeds(MNAR_SEEDS)
    for blind, words, band in ((False, "with behaviour", 0.8), (True, "without behaviour", None)):
        found = [_one(context, (), seed, blind=blind) for seed in seeds]
        error, inside, raw, warned = (np.array(part) for part in zip(*found, strict=True))
        low = None if band is None else -band
        rows += [
            ProofRow(f"by outcome, {words}: mean bias", 100 * float(error.mean()), low=low, high=band, n=len(seeds)),
            ProofRow(f"by outcome, {words}: coverage", float(inside.mean()), "share", n=len(seeds)),
            ProofRow(f"by outcome, {words}: bias of the plain share", 100 * float(raw.mean()), n=len(seeds)),
            ProofRow(
                f"by outcome, {words}: share of runs with the warning",
                float(warned.mean()),
                "share",
                low=1.0 if blind else 0.0,
                high=1.0 if blind else 0.0,
                n=len(seeds),
            ),
        ]
    return rows


def _one(context: Context, settings: tuple[str, ...], seed: int, *, blind: bool) -> tuple[float, float, float, float]:
    """Error of S-FCR, whether its interval holds the truth, error of the plain share, whether it was warned."""
    signals = tuple(signal for signal in NEEDS if signal != "returned")
    world = TRIALS["base"].world(*settings)
    with context.observe(world, context.size(CUSTOMERS), seed, signals=signals) as seen:
        contacts = seen.contacts
        if blind:
            import ibis

            said = ibis.null("boolean")
            contacts = contacts.mutate(returned=ibis.literal(False), reopens=ibis.literal(0), agent_says_resolved=said)
        surveyed = annotate_survey(seen.engine, contacts, seen.policy)
        own = surveyed.contacts.filter(judged(surveyed.contacts))
        both = own.join(seen.truth.select("contact_id", "would_say_resolved"), "contact_id")
        sums = seen.engine.execute(
            both.group_by("bucket").aggregate(
                contacts=both.count(),
                influence=both.survey_influence.sum(),
                would=both.would_say_resolved.sum(),
                answers=both.survey_resolved.count(),
                yes=both.survey_resolved.sum(),
                weight=both.survey_weight.sum(),
                square=(both.survey_weight * both.survey_weight).sum(),
            )
        )
    bucket = sums["bucket"].to_numpy()
    by_bucket = {}
    for name in sums.column_names[1:]:
        by_bucket[name] = np.zeros((1, BUCKETS))
        by_bucket[name][0, bucket] = np.nan_to_num(sums[name].to_numpy(zero_copy_only=False).astype(float))
    total = {name: float(part.sum()) for name, part in by_bucket.items()}
    truth = total["would"] / total["contacts"]
    cells = ratio(by_bucket["contacts"], by_bucket["influence"])
    effective = np.array([total["weight"] ** 2 / total["square"]])
    low, high = powered_interval(np.clip(cells.value, 0, 1), cells.variance, effective, cells.freedom, 0.95)
    inside = float(low[0] <= truth <= high[0])
    plain = total["yes"] / total["answers"] - truth
    return float(cells.value[0]) - truth, inside, plain, float(not surveyed.behaviour)


PROOF = Proof(
    id="A4",
    title="Surveys that not everybody answers",
    claim=(
        "Where answering depends on reason and channel: mean bias within 0.2 points, and 92 to 98 % of the intervals "
        "hold the truth. Where it depends on the outcome, and what customers did afterwards is known: mean bias within "
        "0.8 points. Where that is not known, the warning is given."
    ),
    seeds=SEEDS,
    run=run,
    theory="survey_correction",
)
