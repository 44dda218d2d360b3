"""Whether two sides can be compared, and their difference on the same mix of work where they can. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from firstcontact.kernel.sentence import Sentence
from firstcontact.statistics.bucket import Array, Ints
from firstcontact.statistics.contrast import case_mix
from firstcontact.statistics.discovery import q_values
from firstcontact.statistics.lag_distance import lag_distance
from firstcontact.statistics.prediction_powered import label_sums, prediction_powered
from firstcontact.statistics.share import t_quantile
from firstcontact.statistics.standardisation import Standardised, standardise

BUCKETS = 40
SUPPORT = 0.8
OVERLAP = 0.5
APART = 0.05
"""Shares of known customers, or of contacts on which a signal is recorded, may differ by this much."""
LATENCY = 0.01
BACKGROUND = 2.0
LABELS = 200
_RETURNS = 30
_LATE = 20


@dataclass(frozen=True, slots=True)
class Work:
    """Sums over contacts by unit, stratum (reason and channel) and customer bucket, one entry a combination.

    Attributes:
        unit: Number of the unit.
        stratum: Number of the stratum.
        bucket: Customer bucket.
        exposure: Contacts, or their weight.
        total: Failures, or scores.
    """

    unit: Ints
    stratum: Ints
    bucket: Ints
    exposure: Array
    total: Array

    def of(self, side: NDArray[np.bool_]) -> Work:
        """The rows of some units."""
        rows = side[self.unit]
        return Work(self.unit[rows], self.stratum[rows], self.bucket[rows], self.exposure[rows], self.total[rows])


@dataclass(frozen=True, slots=True)
class Reviews:
    """Contacts that were reviewed, drawn with known probabilities; all arrays of one length.

    Attributes:
        unit: Number of the unit.
        stratum: Number of the stratum.
        bucket: Customer bucket.
        resolved: Share of the reviewers who found it resolved, 0 to 1.
        probability: With which it was drawn.
        score: What was expected of it beforehand.
    """

    unit: Ints
    stratum: Ints
    bucket: Ints
    resolved: Array
    probability: Array
    score: Array


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a comparison looks at, by unit.

    Attributes:
        work: Failures of the contacts compared.
        net: Whether failures are caused returns.
        known: Contacts of known customers and all contacts, shape (2, units).
        recorded: For each signal the outcome rests on, the share of contacts on which it is recorded, by unit.
        returns: Returns inside the window by unit, reason and lag.
        background: Coincidental ones to be expected among them, same shape; None where they are not known.
        late: Returns after the window and openers followed so long, shape (2, units, reasons).
        scored: Scores of the contacts that could have been reviewed; None without reviews.
        reviews: The reviewed ones.
    """

    work: Work
    net: bool
    known: Array
    recorded: dict[str, Array] = field(default_factory=dict)
    returns: Array | None = None
    background: Array | None = None
    late: Array | None = None
    scored: Work | None = None
    reviews: Reviews | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """Two sides beside each other.

    Attributes:
        against: Why they cannot be compared, each in a sentence; none where they can.
        difference: First minus second on the same mix, as a share that does not fail; None where refused.
        low: Lower end of its interval.
        high: Upper end.
        truly: Whether it is the share truly resolved, from reviews, and so needs no assumption on who gives up.
        standardised: Support, overlap, and the difference as a dashboard would show it; None where no stratum is held
            by both.
        n: Contacts compared.
    """

    against: tuple[Sentence, ...]
    difference: float | None
    low: float
    high: float
    truly: bool
    standardised: Standardised | None
    n: int


def compare(
    evidence: Evidence,
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    *,
    alike: bool,
    same_organisation: bool = True,
    level: float = 0.95,
) -> Compared:
    """Compare two sides on the same mix of work, or say why that would mislead.

    Estimand: difference of the shares that both would have on their common mix of reasons and channels: truly resolved
    where enough was reviewed on both sides, else openers that cause no return.
    Assumes: within a reason and channel contacts fall to the sides as if by lot; without reviews, that unresolved
    customers of both come back equally often, which nothing in a log of contacts can show.

    Args:
        evidence: What there is, by unit.
        first: Units of the first side.
        second: Units of the second.
        alike: Whether somebody vouches that customers of both sides give up equally often.
        same_organisation: Whether both belong to one organisation; others are never compared.
        level: Level of the interval.

    Returns:
        The comparison.
    """
    sides = (evidence.work.of(first), evidence.work.of(second))
    count, total, effect = _table(sides)
    variance = _variance(count, total, effect)
    found = standardise(count, total, variance, level=level)
    against = _against(evidence, first, second, found)
    if not same_organisation:
        against.insert(0, Sentence("compare.other", "figures of another organisation are never compared"))
    n = int(count.sum())
    reviewed = _reviewed(evidence, first, second)
    if not reviewed and not alike:
        against.append(
            Sentence(
                "compare.giving-up",
                "nothing shows that unresolved customers of both give up equally often: it takes {least} reviewed "
                "contacts on each side, or somebody who vouches for it",
                least=LABELS,
            )
        )
    if against or found is None:
        return Compared(tuple(against), None, 0.0, 0.0, reviewed, found, n)
    if reviewed:
        value, half = _truly(evidence, first, second, found, level)
        return Compared((), value, value - half, value + half, True, found, n)
    # Standardised were failures; what is said is the share without.
    return Compared((), -found.difference, -found.high, -found.low, False, found, n)


def _table(sides: tuple[Work, Work]) -> tuple[Array, Array, float]:
    """Contacts and failures, shape (2, strata), and the design effect."""
    strata = int(max((one.stratum.max(initial=-1) for one in sides), default=-1)) + 1
    count, total = np.zeros((2, strata)), np.zeros((2, strata))
    for place, one in enumerate(sides):
        count[place] = np.bincount(one.stratum, one.exposure, strata)
        total[place] = np.bincount(one.stratum, one.total, strata)
    unit = np.concatenate([np.full(len(one.unit), place, dtype=np.int64) for place, one in enumerate(sides)])
    joined = [
        np.concatenate([getattr(one, name) for one in sides]) for name in ("stratum", "exposure", "total", "bucket")
    ]
    effect = case_mix(unit, joined[0], joined[1], joined[2], joined[3], 2).design_effect if len(unit) else 1.0
    return count, total, effect


def _variance(count: Array, total: Array, effect: float) -> Array:
    drawn = np.clip((total + 0.5) / (count + 1), 0.0, 1.0)
    return np.asarray(effect * drawn * (1 - drawn) / np.maximum(count, 1.0), dtype=float)


def _against(
    evidence: Evidence, first: NDArray[np.bool_], second: NDArray[np.bool_], found: Standardised | None
) -> list[Sentence]:
    said = []
    if found is None:
        said.append(Sentence("compare.nothing-shared", "no reason and channel has 30 contacts on both sides"))
    else:
        if found.support < SUPPORT:
            said.append(
                Sentence(
                    "compare.support",
                    "only {share:.0%} of the contacts of one side are for reasons and channels that both have, less "
                    "than {least:.0%}",
                    share=found.support,
                    least=SUPPORT,
                )
            )
        if found.overlap < OVERLAP:
            said.append(
                Sentence(
                    "compare.overlap",
                    "the mixes of work overlap by {overlap:.0%}, less than {least:.0%}",
                    overlap=found.overlap,
                    least=OVERLAP,
                )
            )
    known = [float(evidence.known[0, side].sum() / max(evidence.known[1, side].sum(), 1.0)) for side in (first, second)]
    if abs(known[0] - known[1]) > APART:
        said.append(
            Sentence(
                "compare.identity",
                "customers are recognised on {one:.0%} of the contacts here and on {other:.0%} there",
                one=known[0],
                other=known[1],
            )
        )
    whole = evidence.known[1]
    for signal, share in sorted(evidence.recorded.items()):
        one, other = (float((share * whole)[side].sum() / max(whole[side].sum(), 1.0)) for side in (first, second))
        if abs(one - other) > APART:
            said.append(
                Sentence(
                    "compare.signal",
                    "{signal} is recorded on {one:.0%} of the contacts here and on {other:.0%} there",
                    signal=signal,
                    one=one,
                    other=other,
                )
            )
    return said + _about_returns(evidence, first, second)


def _about_returns(evidence: Evidence, first: NDArray[np.bool_], second: NDArray[np.bool_]) -> list[Sentence]:
    said = []
    if evidence.returns is not None:
        p = []
        for reason in range(evidence.returns.shape[1]):
            one, other = (evidence.returns[side, reason].sum(axis=0) for side in (first, second))
            if min(one.sum(), other.sum()) < _RETURNS:
                continue
            expected = None
            if evidence.background is not None:
                expected = np.stack([evidence.background[side, reason].sum(axis=0) for side in (first, second)])
            apart = lag_distance(one, other, expected)
            p.append(apart.p if apart is not None else 1.0)
        if p and q_values(np.array(p)).min() < LATENCY:
            said.append(
                Sentence(
                    "compare.latency",
                    "customers come back after different times on the two sides, for {reasons} of {all} reasons",
                    "customers come back after different times on the two sides, for the only reason",
                    "all",
                    reasons=int((q_values(np.array(p)) < LATENCY).sum()),
                    all=len(p),
                )
            )
    if evidence.late is not None:
        pooled = evidence.late.sum(axis=1)
        rate = pooled[0] / np.maximum(pooled[1], 1.0)
        ratios = []
        for side in (first, second):
            came, followed = evidence.late[0, side].sum(), evidence.late[1, side].sum(axis=0)
            usual = float((followed * rate).sum())
            if came < _LATE or usual <= 0:
                return said
            ratios.append(came / usual)
        factor = max(ratios) / min(ratios)
        if factor > BACKGROUND:
            said.append(
                Sentence(
                    "compare.background",
                    "customers of one side come back by coincidence {factor:.1f} times as often",
                    factor=float(factor),
                )
            )
    return said


def _reviewed(evidence: Evidence, first: NDArray[np.bool_], second: NDArray[np.bool_]) -> bool:
    if evidence.reviews is None or evidence.scored is None:
        return False
    return all(int(side[evidence.reviews.unit].sum()) >= LABELS for side in (first, second))


def _truly(
    evidence: Evidence,
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    found: Standardised,
    level: float,
) -> tuple[float, float]:
    """Difference of the shares truly resolved, each on the common mix, and half its interval."""
    scored, reviews = evidence.scored, evidence.reviews
    if scored is None or reviews is None:
        raise AssertionError("asked only where there are reviews")
    size = len(found.compared)
    parts = [scored.of(side) for side in (first, second)]
    count = np.stack([np.bincount(one.stratum, one.exposure, size)[:size] for one in parts]) * found.compared
    mix = count.sum(axis=0) / count.sum()
    values, variances, freedoms = [], [], []
    for place, (side, one) in enumerate(zip((first, second), parts, strict=True)):
        own = count[place] / count[place].sum()
        weight = np.where(own > 0, mix / np.where(own > 0, own, 1.0), 0.0)
        drawn = side[reviews.unit] & found.compared[reviews.stratum]
        labels = label_sums(
            reviews.resolved[drawn],
            reviews.score[drawn],
            weight[reviews.stratum[drawn]] / reviews.probability[drawn],
            reviews.bucket[drawn],
            BUCKETS,
        )
        scale = weight[one.stratum]
        powered = prediction_powered(
            labels,
            np.bincount(one.bucket, scale * one.exposure, BUCKETS)[None, :].astype(float),
            np.bincount(one.bucket, scale * one.total, BUCKETS)[None, :].astype(float),
        )
        values.append(float(powered.value[0]))
        variances.append(float(powered.variance[0]))
        freedoms.append(float(powered.freedom[0]))
    quantile = float(t_quantile(level, np.array([min(freedoms)]))[0])
    return values[0] - values[1], quantile * float(np.sqrt(sum(variances)))
