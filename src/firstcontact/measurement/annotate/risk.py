"""How likely each contact is to bring its customer back, as could be known when it ended; and how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.annotate.feature import Feature, check_as_of, standard_features
from firstcontact.measurement.fit.model import LAG_EDGES, ReturnModel
from firstcontact.measurement.linking.portable import BUCKETS, DAY_US
from firstcontact.statistics.bucket import Array
from firstcontact.statistics.calibration import Calibration, calibrate, discrimination
from firstcontact.statistics.repeat_risk import Risk, Seen, learn

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.linking.frame import Frame

COLUMN = "risk"
NEEDS: tuple[str, ...] = ("transfers", "escalated", "agent_says_resolved")
"""Signals that linking must bring along."""
READS: tuple[str, ...] = ("channel", "team", "language", "handle_seconds", "hold_seconds")
"""Contact columns to carry along, where the source has them."""
MOST_ROWS = 200_000
"""Of more openers, some customers are drawn to learn from."""
LEAST_CAUSED = 200.0
"""With fewer returns that openers caused nothing is learned."""
SPLIT = 0.7
"""Learned from this first part of the time, tried on the rest."""
_TRIED = range(round((1 - SPLIT) * BUCKETS))
"""Buckets of the customers it is tried on, and not learned from."""
_EDGES = np.array(LAG_EDGES)
_FAR_US = 10_000 * DAY_US

_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Risked:
    """Contacts with their risk, and what to know about it.

    Attributes:
        contacts: The linked contacts with `risk`: 0 to 1, missing where it cannot be told.
        card: The model card as plain data; None where nothing was learned.
        why_not: Why nothing was learned; empty where it was.
    """

    contacts: ir.Table
    card: dict[str, Any] | None = field(default=None, repr=False)
    why_not: str = ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """How good the risk was on contacts that it was not learned from, or why there is none."""
        rests_on = Sentence("risk.rests", "the returns of openers, coincidental ones taken out")
        if self.card is None:
            return (Finding("risk", self.why_not, rests_on),)
        tried = self.card["tried_on"]
        text = Sentence(
            "risk.tried",
            "The risk that a contact brings its customer back was tried on later contacts of customers it was not "
            "learned from: calibration slope {slope:.2f} (1 is right), mean error {bias:.1%}.",
            slope=tried["slope"],
            bias=abs(tried["mean_bias"]),
        )
        return (Finding("risk", text, rests_on),)


@dataclass(frozen=True, slots=True)
class Openers:
    """Openers in memory. All arrays have shape (openers,).

    Attributes:
        factors: Codes of the linking key and of each feature.
        end_us: When the contact ended.
        gap_us: How long after that the customer came back for the same reason; very long where never.
        bucket: Customer bucket.
    """

    factors: list[_Ints]
    end_us: _Ints
    gap_us: _Ints
    bucket: _Ints

    def only(self, chosen: NDArray[np.bool_]) -> Openers:
        """Some of them."""
        return Openers(
            [one[chosen] for one in self.factors], self.end_us[chosen], self.gap_us[chosen], self.bucket[chosen]
        )

    def seen(self, models: Mapping[int, ReturnModel], until_us: int) -> Seen:
        """What had been seen of them at a moment."""
        age = np.maximum(until_us - self.end_us, 0) / DAY_US
        gap = self.gap_us / DAY_US
        count = len(age)
        returned, latency, density, coincidence = (np.zeros(count) for _ in range(4))
        for key, model in models.items():
            own = self.factors[0] == key
            limit = np.minimum(age[own], model.tau_days)
            back = gap[own] < limit
            lag = np.where(back, gap[own], limit)
            place = np.clip(np.searchsorted(_EDGES, lag, side="right") - 1, 0, len(_EDGES) - 2)
            width = np.diff(_EDGES)[place]
            returned[own] = back
            latency[own] = np.interp(lag, _EDGES, model.latency)
            density[own] = np.diff(model.latency)[place] / width
            coincidence[own] = np.diff(model.background)[place] / width
        return Seen(np.ones(count), returned, latency, density, coincidence)

    def net(self, models: Mapping[int, ReturnModel], until_us: int) -> tuple[Array, Array, Array, Array]:
        """Net outcome, its exposure, weight as one that caused a return, and as one that did not."""
        seen = self.seen(models, until_us)
        age = np.maximum(until_us - self.end_us, 0) / DAY_US
        coincident, exposure, caused = (np.zeros(len(age)) for _ in range(3))
        done = np.zeros(len(age), dtype=np.bool_)
        for key, model in models.items():
            own = self.factors[0] == key
            limit = np.minimum(age[own], model.tau_days)
            coincident[own] = -np.expm1(-np.interp(limit, _EDGES, model.background))
            exposure[own] = np.interp(limit, _EDGES, model.latency) * (1 - coincident[own])
            lag = np.minimum(self.gap_us[own] / DAY_US, limit)
            place = np.clip(np.searchsorted(_EDGES, lag, side="right") - 1, 0, len(_EDGES) - 2)
            caused[own] = np.array(model.caused)[place]
            done[own] = age[own] >= model.tau_days
        yes = np.where(done, seen.returned * caused, 0.0)
        return seen.returned - coincident, exposure, yes, np.where(done, 1 - yes, 0.0)


def annotate_risk(
    engine: Engine,
    linked: ir.Table,
    frame: Frame,
    models: Mapping[str, ReturnModel],
    keys: Mapping[int, str],
    *,
    further: Sequence[Feature] = (),
    name: str = "fc_risk",
) -> Risked:
    """Learn the risk from openers, try it on later ones of other customers, and give it to every contact.

    Args:
        engine: Where it runs.
        linked: Linked contacts with `local_day`, and as many of `NEEDS` and `READS` as there are.
        frame: The period.
        models: What was learned of each reason's returns.
        keys: Reason of each linking key.
        further: Features beside the standard ones.
        name: Under which the engine keeps what was learned.

    Returns:
        The contacts with `risk`, and the model card.

    Raises:
        FirstcontactError: FC4050, where a feature was not known when the contact ended.
    """
    known = {key: models[reason] for key, reason in keys.items() if reason in models and models[reason].learned}
    caused = sum(model.caused_returns for model in known.values())
    if caused < LEAST_CAUSED:
        why = Sentence(
            "risk.few",
            "No risk is given to contacts: about {caused:,.0f} returns were caused by one; {least:.0f} are needed.",
            caused=caused,
            least=LEAST_CAUSED,
        )
        return _none(linked, why)
    tickets = frame.source_kind != "contact"
    features = [*standard_features(engine, linked, tickets=tickets), *further]
    check_as_of(engine, linked, features)
    rows, openers = fetch(engine, linked, features, known)
    cutoff = _us(frame.cutoff)
    levels = [max(known) + 1, *(len(one.levels) for one in features)]
    split = int(np.quantile(rows.end_us, SPLIT))
    tried = _try(rows, levels, known, split, cutoff)
    if tried is None:
        return _none(
            linked, "The openers are too few, or too young, to try a risk on some that it was not learned from."
        )
    calibration, area = tried
    risk = learn(rows.factors, levels, rows.seen(known, cutoff), _usual(known))
    card = _card(risk, features, known, keys, len(rows.end_us), openers, split, frame, calibration, area)
    return Risked(score(engine, linked, risk, features, known, name), card)


def _try(
    rows: Openers, levels: list[int], models: Mapping[int, ReturnModel], split: int, cutoff: int
) -> tuple[Calibration, float | None] | None:
    """Learn from early openers of most customers as they stood then; try on late openers of the others."""
    others = np.isin(rows.bucket, list(_TRIED))
    early, late = rows.only(~others & (rows.end_us < split)), rows.only(others & (rows.end_us >= split))
    if not len(early.end_us) or not len(late.end_us):
        return None
    risk = learn(early.factors, levels, early.seen(models, split), _usual(models))
    excess, exposure, yes, no = late.net(models, cutoff)
    chance = risk.chance(late.factors)
    calibration = calibrate(chance, excess, exposure)
    return None if calibration is None else (calibration, discrimination(chance, yes, no))


def _usual(models: Mapping[int, ReturnModel]) -> float:
    openers = sum(model.openers for model in models.values())
    return min(max(sum(model.caused_returns for model in models.values()) / max(openers, 1), 0.001), 0.999)


def fetch(
    engine: Engine, linked: ir.Table, features: Sequence[Feature], models: Mapping[int, ReturnModel]
) -> tuple[Openers, int]:
    """Bring the openers of learned reasons into memory, those of some customers where there are very many.

    Args:
        engine: Where it runs.
        linked: Linked contacts with what the features read.
        features: What is known of each.
        models: The learned reasons, by linking key.

    Returns:
        The openers, and how many there are of all customers.
    """
    chosen = linked.takes_part & linked.opener & ~linked.left_censored & linked.excluded_code.isnull()
    openers = linked.filter(chosen & linked.key.isin(list(models)) & linked.anchor_us.notnull())
    count = int(engine.execute(openers.aggregate(n=openers.count()))["n"][0].as_py())
    part = -(-count // MOST_ROWS)
    if part > 1:
        openers = openers.filter(openers.customer % part == 0)
    codes = {f"code_{number}": one.code(openers).cast("int64") for number, one in enumerate(features)}
    # In an order of their own, so that the same contacts give the same risk on any engine.
    picked = openers.select(
        openers.key, openers.bucket, openers.anchor_us, gap=openers.next_gap_us.fill_null(_FAR_US), **codes
    )
    rows = engine.execute(picked.order_by(["anchor_us", "key", "bucket", "gap", *codes]))

    def whole(column: str) -> _Ints:
        return np.asarray(rows[column].to_numpy(zero_copy_only=False), dtype=np.int64)

    return Openers([whole("key"), *map(whole, codes)], whole("anchor_us"), whole("gap"), whole("bucket")), count


def score(
    engine: Engine,
    linked: ir.Table,
    risk: Risk,
    features: Sequence[Feature],
    models: Mapping[int, ReturnModel],
    name: str,
) -> ir.Table:
    """Add `risk`: a sum of effects, so that any engine computes it where the contacts lie.

    Args:
        engine: Where it runs.
        linked: Linked contacts with what the features read.
        risk: What was learned, the linking key as its first factor.
        features: Its further factors.
        models: The learned reasons, by linking key; others get no risk.
        name: Under which the engine keeps the effects.
    """
    bases = {
        "risk_key": pa.array(list(models), pa.int64()),
        "risk_base": pa.array([risk.base + float(risk.effects[0][key]) for key in models], pa.float64()),
    }
    base = engine.register(pa.table(bases), f"{name}_base")
    joined = linked.left_join(base, linked.key == base.risk_key)
    logit = joined.risk_base
    for one, effects in zip(features, risk.effects[1:], strict=True):
        code = one.code(joined)
        steps = [(code == level, float(effect)) for level, effect in enumerate(effects) if level and effect]
        logit = logit + (ibis.cases(*steps, else_=0.0) if steps else 0.0)
    counts = joined.takes_part & joined.excluded_code.isnull()
    chance = ibis.ifelse(counts, 1 / (1 + (-logit).exp()), ibis.null("float64"))
    return joined.mutate(**{COLUMN: chance}).drop("risk_key", "risk_base")


def _none(linked: ir.Table, why: str) -> Risked:
    return Risked(linked.mutate(**{COLUMN: ibis.null("float64")}), None, why)


def _card(
    risk: Risk,
    features: Sequence[Feature],
    models: Mapping[int, ReturnModel],
    keys: Mapping[int, str],
    learned_from: int,
    openers: int,
    split: int,
    frame: Frame,
    calibration: Calibration,
    area: float | None,
) -> dict[str, Any]:
    """What a reader should know before using the risk, as plain data."""
    tenths = zip(calibration.predicted, calibration.observed, calibration.weight, strict=True)
    effects = {
        one.name: {level: round(float(effect), 4) for level, effect in zip(one.levels, own, strict=True)}
        for one, own in zip(features, risk.effects[1:], strict=True)
    }
    return {
        "what": "probability that a contact causes a return of its customer for the same reason, from what is known "
        "when the contact ends",
        "for": "choosing contacts to call back, to review or to hand to a senior colleague; never for judging people",
        "learned_from": {
            "openers": learned_from,
            "of": openers,
            "until": frame.cutoff.isoformat(),
            "labels": "probability of having caused a return, given what was seen so far (expectation-maximisation); "
            "coincidental returns are taken out, and young contacts count as far as they tell",
            "rounds": risk.rounds,
        },
        "tried_on": {
            "how": f"learned from the first {SPLIT:.0%} of the time and {SPLIT:.0%} of the customers, as it stood on "
            f"{_day(split)}; tried on later openers of the other customers",
            "openers_exposed": round(float(calibration.weight.sum()), 1),
            "slope": round(calibration.slope, 4),
            "intercept": round(calibration.intercept, 4),
            "expected_calibration_error": round(calibration.ece, 4),
            "mean_bias": round(calibration.bias, 4),
            "area_under_curve": None if area is None else round(area, 4),
            "calibration": [
                {
                    "risk": round(float(p), 4),
                    "caused_returns": round(float(o), 4),
                    "openers_exposed": round(float(w), 1),
                }
                for p, o, w in tenths
            ],
        },
        "base_logit": round(risk.base, 4),
        "effects": {
            "reason": {keys[key]: round(float(risk.effects[0][key]), 4) for key in models},
            **effects,
        },
        "as_of": "every feature is known when the contact ends; features that are written down later are rejected",
        "limits": [
            "effects add on the logit scale; combinations are not looked for",
            "learned from openers; a repeat gets the risk of an opener that looks alike",
            "wrap-up codes that agents change after a customer came back would make it look better than it is",
            "a return under another reason or another identity is not seen",
        ],
    }


def _day(moment_us: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment_us)).date().isoformat()


def _us(moment: datetime) -> int:
    return (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
