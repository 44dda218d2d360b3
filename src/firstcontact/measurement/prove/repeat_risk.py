"""A9: the risk at the end of a contact means what it says, against what truly brings people back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from firstcontact.kernel.errors import FirstcontactError
from firstcontact.measurement.annotate.feature import LEAK, Feature, check_as_of, standard_features
from firstcontact.measurement.annotate.risk import COLUMN, NEEDS, READS, fetch, score
from firstcontact.measurement.fit.learn import learn as learn_models
from firstcontact.measurement.fit.tally import tally
from firstcontact.measurement.linking.portable import DAY_US
from firstcontact.measurement.prove.context import Context, Observed
from firstcontact.measurement.prove.nowcast import learn_returns
from firstcontact.measurement.prove.proof import Proof
from firstcontact.measurement.prove.row import ProofRow
from firstcontact.measurement.prove.world import TRIALS
from firstcontact.statistics.bucket import Array
from firstcontact.statistics.calibration import calibrate, discrimination
from firstcontact.statistics.repeat_risk import Risk, Seen, learn

SEEDS = 20
CUSTOMERS = 20_000
SPLIT_DAY = 300
_TRIED = 28
"""Customers of the buckets from here on are not learned from, and tried on."""
_CUSTOMARY_DAYS = 30


@dataclass(frozen=True, slots=True)
class _Found:
    """One way of learning in one world, against the truth about later contacts of other customers."""

    slope: float
    ece: float
    bias: float
    area: float


def run(context: Context) -> list[ProofRow]:
    """Learn on the first part of each world as it stood then, and try on later contacts of other customers."""
    worlds = [_one(context, seed) for seed in context.seeds(SEEDS)]
    rejected = sum(leak for _, leak in worlds)

    def mean(way: str, name: str) -> float:
        return float(np.mean([getattr(found[way], name) for found, _ in worlds]))

    n = len(worlds)
    ours = "learned from what probably caused returns"
    rows = [
        ProofRow(f"{ours}: calibration slope", mean("ours", "slope"), "number", 0.9, 1.1, n),
        ProofRow(f"{ours}: expected calibration error", mean("ours", "ece"), "number", None, 0.02, n),
        ProofRow(f"{ours}: mean bias", 100 * mean("ours", "bias"), "pp", -1.2, 1.2, n),
        ProofRow(
            f"{ours}: area under the curve, less that of the same model with true labels",
            mean("ours", "area") - mean("oracle", "area"),
            "number",
            -0.02,
            None,
            n,
            target=True,
        ),
        ProofRow(f"{ours}: area under the curve", mean("ours", "area"), "number", n=n),
        ProofRow("worlds in which a column known only later is rejected", rejected / n, "share", 1.0, 1.0, n),
    ]
    for way, words in (("customary", f"came back within {_CUSTOMARY_DAYS} days"), ("young", "came back so far")):
        about = f'learned from "{words}"'
        rows += [
            ProofRow(f"{about}: calibration slope", mean(way, "slope"), "number", n=n),
            ProofRow(f"{about}: expected calibration error", mean(way, "ece"), "number", n=n),
            ProofRow(f"{about}: mean bias", 100 * mean(way, "bias"), "pp", n=n),
        ]
    return rows


def _one(context: Context, seed: int) -> tuple[dict[str, _Found], bool]:
    keep = ("started_at", *READS)
    world = TRIALS["base"].world()
    with context.observe(world, context.size(CUSTOMERS), seed, signals=NEEDS, keep=keep) as seen:
        learned = learn_returns(seen)
        then = seen.frame.data_start + timedelta(days=SPLIT_DAY)
        different = seen.engine.execute(seen.tables["contacts"].select("reason").distinct())["reason"].to_pylist()
        counted = tally(seen.engine, seen.contacts, seen.policy, replace(seen.frame, cutoff=then), different)
        known = {model.reason: model for model in learn_models(counted, seen.policy.publish) if model.learned}
        models = {key: known[reason] for key, reason in learned.keys.items() if reason in known}
        contacts = learned.contacts.join(seen.truth.select("contact_id", "causes_repeat"), "contact_id")
        features = standard_features(seen.engine, contacts, tickets=False)
        check_as_of(seen.engine, contacts, features)
        truth = Feature("truth", ("causes_repeat",), ("no", "yes"), lambda rows: rows.causes_repeat.cast("int64"))
        rows, _ = fetch(seen.engine, contacts, [*features, truth], models)
        until = int(np.datetime64(then, "us").astype(np.int64))
        early = rows.only((rows.end_us < until) & (rows.bucket < _TRIED))
        labels = early.factors[-1].astype(float)
        factors = early.factors[:-1]
        levels = [max(models) + 1, *(len(one.levels) for one in features)]
        flat = _plain(labels)
        back = early.gap_us <= _CUSTOMARY_DAYS * DAY_US
        ripe = early.end_us < until - _CUSTOMARY_DAYS * DAY_US
        so_far = early.gap_us < np.minimum(until - early.end_us, _CUSTOMARY_DAYS * DAY_US)
        risks = {
            "ours": learn(factors, levels, early.seen(models, until), 0.15),
            "oracle": learn(factors, levels, flat, 0.15),
            "customary": learn([one[ripe] for one in factors], levels, _plain(back[ripe]), 0.15),
            "young": learn(factors, levels, _plain(so_far), 0.15),
        }
        late = rows.only((rows.end_us >= until) & (rows.bucket >= _TRIED))
        found = {way: _judge(risk, late.factors[:-1], late.factors[-1]) for way, risk in risks.items()}
        scored = score(seen.engine, contacts, risks["ours"], features, models, "fc_prove_risk")
        _same(seen, scored, risks["ours"], rows.factors[:-1])
        return found, _rejects(seen)


def _plain(labels: NDArray[np.bool_] | Array) -> Seen:
    """Labels taken at their word."""
    ones, none = np.ones(len(labels)), np.zeros(len(labels))
    return Seen(ones, labels.astype(float), ones, ones, none)


def _judge(risk: Risk, factors: list[NDArray[np.int64]], truth: NDArray[np.int64]) -> _Found:
    chance = risk.chance(factors)
    outcome = truth.astype(float)
    found = calibrate(chance, outcome, np.ones(len(outcome)))
    area = discrimination(chance, outcome, 1 - outcome)
    if found is None or area is None:
        raise ValueError("too few contacts to try the risk on")
    return _Found(found.slope, found.ece, found.bias, area)


def _same(seen: Observed, scored: object, risk: Risk, factors: list[NDArray[np.int64]]) -> None:
    """The engine's column and the model in memory are one and the same, on average over the openers."""
    rows = scored.filter(scored.opener & ~scored.left_censored & scored.excluded_code.isnull())  # type: ignore[attr-defined]
    own = seen.engine.execute(rows.aggregate(mean=rows[COLUMN].mean()))["mean"][0].as_py()
    if abs(own - float(risk.chance(factors).mean())) > 1e-6:
        raise AssertionError("the engine and the model disagree about the risk")


def _rejects(seen: Observed) -> bool:
    """Whether a feature made of the next contact, and one recorded after the end, are both refused."""
    reads = Feature("came back", ("next_gap_us",), ("no", "yes"), lambda rows: rows.next_gap_us.notnull().cast("int64"))
    late = Feature(
        "code",
        ("channel",),
        ("no", "yes"),
        lambda rows: rows.channel.notnull().cast("int64"),
        known_us=lambda rows: rows.anchor_us + DAY_US,
    )
    try:
        check_as_of(seen.engine, seen.contacts, [reads, late])
    except FirstcontactError as error:
        return [fault.kind for fault in error.faults] == [LEAK, LEAK]
    return False


PROOF = Proof(
    id="A9",
    title="Repeat risk at the end of a contact",
    claim=(
        "In the base world, learned from the first 300 days as they stood then and tried on later openers of other "
        "customers against what truly brought them back: calibration slope 0.9 to 1.1, expected calibration error at "
        "most 0.02, mean bias within 1.2 points, area under the curve at most 0.02 below that of the same model "
        "learned from true labels; a column that is known only later is rejected."
    ),
    seeds=SEEDS,
    run=run,
    theory="repeat_risk",
)
