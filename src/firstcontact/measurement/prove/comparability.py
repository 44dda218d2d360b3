"""A10: two sites. Are sites that are alike found alike, and are sites refused whose customers give up differently?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstcontact.measurement.explain.comparability import BUCKETS, Compared, Evidence, Reviews, Work, compare
from firstcontact.measurement.prove.context import Context
from firstcontact.measurement.prove.proof import Proof
from firstcontact.measurement.prove.row import ProofRow
from firstcontact.measurement.simulator.world import World

SEEDS = 1_000
CONTACTS = 8_000
LABELS = 250
ONE, OTHER = np.array([True, False]), np.array([False, True])


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Two sites, and the true difference of what is truly resolved on their common mix."""

    evidence: Evidence
    truth: float
    crude: bool


def _draw(seed: int, tilt: float, less: float, reviews: bool, better: float = 0.0) -> _Drawn:
    """Two sites with the same true rates and mixes that a tilt of the log-weights moves apart.

    `less` is how much seldomer unresolved customers of the second come back, `better` the log-odds by which the first
    resolves more.
    """
    chance = np.random.default_rng([10, seed, round(100 * tilt), round(100 * less), reviews, round(100 * better)])
    reasons = World().reasons
    unresolved, rho, rate = (
        np.array([getattr(one, name) for one in reasons]) for name in ("unresolved", "rho", "rate")
    )
    lean = tilt * np.linspace(-1, 1, len(rate))[chance.permutation(len(rate))]
    mixes = [rate * np.exp(sign * lean) / (rate * np.exp(sign * lean)).sum() for sign in (1, -1)]
    fails = [1 / (1 + (1 - unresolved) / unresolved * np.exp(gain)) for gain in (better, 0.0)]
    unit, stratum, bucket, truly, returned = [], [], [], [], []
    for place in range(2):
        reason = chance.choice(len(rate), CONTACTS, p=mixes[place])
        failed = chance.random(CONTACTS) < fails[place][reason]
        back = failed & (chance.random(CONTACTS) < rho[reason] * (1 - less * place))
        unit.append(np.full(CONTACTS, place))
        stratum.append(reason)
        bucket.append(chance.integers(0, BUCKETS, CONTACTS))
        truly.append(~failed)
        returned.append(back)
    each = [np.concatenate(part) for part in (unit, stratum, bucket, truly, returned)]
    site, reason, group = (part.astype(np.int64) for part in each[:3])
    resolved, back = each[3].astype(float), each[4].astype(float)
    work = Work(site, reason, group, np.ones_like(back), back)
    counts = np.stack([np.bincount(reason[site == one], minlength=len(rate)) for one in range(2)])
    mix = counts.sum(axis=0) / counts.sum()
    chosen = scored = None
    if reviews:
        picked = np.concatenate([chance.choice(CONTACTS, LABELS, replace=False) + one * CONTACTS for one in range(2)])
        chosen = Reviews(
            site[picked], reason[picked], group[picked], resolved[picked],
            np.full(len(picked), LABELS / CONTACTS), 1 - back[picked],
        )  # fmt: skip
        scored = Work(site, reason, group, np.ones_like(back), 1 - back)
    shares = [back[site == one].mean() for one in range(2)]
    error = np.sqrt(sum(share * (1 - share) / CONTACTS for share in shares))
    evidence = Evidence(work, True, np.full((2, 2), float(CONTACTS)), scored=scored, reviews=chosen)
    return _Drawn(evidence, float(mix @ (fails[1] - fails[0])), bool(abs(shares[0] - shares[1]) > 1.96 * error))


def _compare(one: _Drawn, alike: bool) -> Compared:
    return compare(one.evidence, ONE, OTHER, alike=alike)


def _alarm(found: Compared, truth: float = 0.0) -> bool:
    return found.difference is not None and not found.low <= truth <= found.high


def _share(values: list[bool]) -> float:
    return float(np.mean(values))


def run(context: Context) -> list[ProofRow]:
    """Draw pairs of sites and compare them."""
    n = len(context.seeds(SEEDS))
    rows = []
    for tilt in (0.2, 0.5, 0.9):
        context.progress(f"comparing sites that are alike, tilt {tilt:g}")
        drawn = [_draw(seed, tilt, 0.0, False) for seed in context.seeds(SEEDS)]
        found = [_compare(one, True) for one in drawn]
        overlap = np.mean([one.standardised.overlap for one in found if one.standardised is not None])
        given = [one for one in found if one.difference is not None]
        rows.append(
            ProofRow(
                f"false differences, alike sites, mixes overlap by {overlap:.2f}",
                _share([_alarm(one) for one in given]) if given else None,
                "share",
                0.03,
                0.07,
                len(given),
                note=f"Raw shares differ in {_share([one.crude for one in drawn]):.0%}; "
                f"{_share([one.difference is None for one in found]):.0%} are refused.",
            )
        )
    context.progress("comparing sites whose customers give up differently")
    reviewed = [_draw(seed, 0.5, 0.2, True, 0.3) for seed in context.seeds(SEEDS)]
    found = [_compare(one, False) for one in reviewed]
    held = [one.difference is None or not _alarm(one, drawn.truth) for one, drawn in zip(found, reviewed, strict=True)]
    halves = [(one.high - one.low) / 2 for one in found if one.difference is not None]
    blind = [_draw(seed, 0.5, 0.2, False) for seed in context.seeds(SEEDS)]
    refused = [_compare(one, False).difference is None for one in blind]
    vouched = [_alarm(_compare(one, True)) for one in blind]
    foreign = compare(blind[0].evidence, ONE, OTHER, alike=True, same_organisation=False)
    return [
        *rows,
        ProofRow(
            f"customers of one give up 20 % more, {LABELS} reviews each: refused, or the true difference covered",
            _share(held), "share", low=0.93, n=n, target=True,
            note=f"Half-width {100 * float(np.mean(halves)):.1f} pp." if halves else "All were refused.",
        ),
        ProofRow("the same without reviews: refused", _share(refused), "share", low=1.0, n=n, target=True),
        ProofRow(
            "the same, were somebody to vouch wrongly: false differences", _share(vouched), "share", n=n,
            note="No weights mend a difference in giving up; that is why reviews or a word are asked for.",
        ),
        ProofRow("another organisation: refused", float(foreign.difference is None), "share", low=1.0, n=1),
    ]  # fmt: skip


PROOF = Proof(
    id="A10",
    title="Comparability of sites and teams",
    claim="Sites that are alike on different mixes of work are found different in 3 to 7 % of worlds; where customers "
    "of one give up more often, the comparison is refused or rests on reviews and covers the truth in 93 %.",
    seeds=SEEDS,
    run=run,
    theory="comparability",
)
