"""A6: changes. Are changes that did nothing found to have done nothing, however often one looks?"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from firstcontact.measurement.explain.change_effect import Verdict, Weekly, judge_change
from firstcontact.measurement.explain.change_plan import WEEK, plan
from firstcontact.measurement.prove.context import Context
from firstcontact.measurement.prove.proof import Proof
from firstcontact.measurement.prove.row import ProofRow
from firstcontact.statistics.bucket import Array
from firstcontact.statistics.control_chart import laney, p_chart

SEEDS = 1_000
CONTROLS, A_WEEK, SHARE, SHOCK, CARRIED = 8, 800.0, 0.8, 0.08, 0.5
LOOKS = 26
START = date(2024, 1, 1)
WINDOW = 30.0


def _shocks(chance: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Shocks of which each carries over a half of the one before, with standard deviation 1."""
    new = chance.standard_normal((*shape[:-1], shape[-1] + 20)) * np.sqrt(1 - CARRIED**2)
    series = np.zeros_like(new)
    for week in range(1, new.shape[-1]):
        series[..., week] = CARRIED * series[..., week - 1] + new[..., week]
    return np.asarray(series[..., 20:], dtype=float)


def _weekly(seed: int, before: int, after: int, effect: float = 0.0) -> Weekly:
    """A treated reason and its controls, moved by common and own shocks; `effect` in log-odds of resolving."""
    chance = np.random.default_rng([6, seed, before, after, round(1000 * abs(effect))])
    weeks = before + after
    odds = logit(SHARE) + SHOCK * (_shocks(chance, (1, weeks)) + _shocks(chance, (1 + CONTROLS, weeks)))
    odds[0, before:] += effect
    count = chance.poisson(A_WEEK, odds.shape).astype(float)
    failed = chance.binomial(count.astype(int), 1 - expit(odds)).astype(float)
    names = ("treated", *(f"control {number}" for number in range(CONTROLS)))
    return Weekly(tuple(START + week * WEEK for week in range(weeks)), count, count, failed, np.ones_like(count), names)


def _judge(weekly: Weekly, before: int, cutoff: date | None = None) -> Verdict:
    began = START + before * WEEK
    planned = plan(began, WINDOW, SHARE, A_WEEK, smallest=0.05)
    end = weekly.weeks[-1] + WEEK + timedelta(days=WINDOW)
    return judge_change(weekly, began, began, cutoff or end, planned)


def run(context: Context) -> list[ProofRow]:
    """Draw weeks without and with an effect, and judge them."""
    seeds = context.seeds(SEEDS)
    n = len(seeds)
    context.progress("judging changes that did nothing")
    usual = [_judge(_weekly(seed, 26, 14), 26) for seed in seeds]
    short = [_judge(_weekly(seed, 12, 6), 12) for seed in seeds]
    looked = [_judge(_weekly(seed, 26, LOOKS), 26) for seed in seeds]
    context.progress("judging changes that did something")
    made = [_judge(_weekly(seed, 26, 14, -0.2), 26) for seed in seeds[: max(1, n // 2)]]
    truth = float(expit(logit(SHARE) - 0.2) - SHARE)
    covered = [one.step is not None and one.step.low <= truth <= one.step.high for one in made]
    early = [_early(seed) for seed in seeds[: max(1, n // 10)]]
    rows = [
        ProofRow("false alarms, 26 weeks before and 14 after", _effects(usual), "share", 0.03, 0.08, n),
        ProofRow("false alarms, 12 weeks before and 6 after", _effects(short), "share", high=0.08, n=n),
        ProofRow("the same, before against after by a z-test", _crude(usual), "share", n=n),
        ProofRow("the same, difference in differences, binomial error", _binomial(usual), "share", n=n),
        ProofRow("false alarms at any of 26 weekly looks", _ever(looked), "share", high=0.07, n=n, target=True),
        ProofRow("the same, a z-test at every look", _peeked(looked), "share", n=n),
        ProofRow("found, effect of -0.2 log-odds (-3.5 pp)", _effects(made), "share", n=len(made)),
        ProofRow("coverage of its interval", float(np.mean(covered)), "share", 0.91, 0.99, len(made)),
        ProofRow("verdicts before the read-out", float(np.mean(early)), "share", high=0.0, n=len(early)),
    ]
    context.progress("drawing control charts")
    charts = [_false_points(seed) for seed in seeds[: max(1, n // 5)]]
    for place, (sd, size) in enumerate(_PERIODS):
        ours, plain = (float(np.mean([one[place][chart] for one in charts])) for chart in (0, 1))
        rows.append(
            ProofRow(f"false alarms a point, p', spread {sd:g}, {size:,} a period", ours, "share", high=0.01,
                     n=len(charts) * _POINTS, note=f"The p-chart has {plain:.1%}.")
        )  # fmt: skip
    return rows


def _effects(verdicts: list[Verdict]) -> float:
    return float(np.mean([one.word == "effect" for one in verdicts]))


def _early(seed: int) -> bool:
    """Whether any verdict was given on some day before the read-out."""
    weekly = _weekly(seed, 26, 14, -0.5)
    read_out = plan(START + 26 * WEEK, WINDOW, SHARE, A_WEEK, smallest=0.05).read_out
    if read_out is None:
        raise AssertionError("so many contacts reach any read-out")
    looks = [read_out - timedelta(days=days) for days in (1, 8, 30, 60)]
    return any(_judge(weekly, 26, look).word in ("effect", "none", "wide") for look in looks)


def _crude(verdicts: list[Verdict]) -> float:
    alarms = []
    for one in verdicts:
        count, failed = one.series.exposure[0], one.series.failed[0]
        alarms.append(_z(failed, count, one.after))
    return float(np.mean(alarms))


def _z(failed: Array, count: Array, later: NDArray[np.bool_]) -> bool:
    x, n = (np.array([part[~later].sum(), part[later].sum()]) for part in (failed, count))
    pooled = x.sum() / n.sum()
    error = np.sqrt(pooled * (1 - pooled) * (1 / n).sum())
    return bool(abs(x[1] / n[1] - x[0] / n[0]) > ndtri(0.975) * error)


def _binomial(verdicts: list[Verdict]) -> float:
    alarms = []
    for one in verdicts:
        sides = []
        for rows in (slice(0, 1), slice(1, None)):
            for period in (~one.after, one.after):
                n = one.series.exposure[rows][:, period].sum()
                p = one.series.failed[rows][:, period].sum() / n
                sides.append((p, p * (1 - p) / n))
        size = (sides[1][0] - sides[0][0]) - (sides[3][0] - sides[2][0])
        alarms.append(abs(size) > ndtri(0.975) * np.sqrt(sum(variance for _, variance in sides)))
    return float(np.mean(alarms))


def _ever(verdicts: list[Verdict]) -> float:
    return float(np.mean([bool(((one.sequence[1] > 0) | (one.sequence[2] < 0)).any()) for one in verdicts]))


def _peeked(verdicts: list[Verdict]) -> float:
    alarms = []
    for one in verdicts:
        past, since = one.difference[~one.after], one.difference[one.after]
        weeks = np.arange(1, len(since) + 1)
        error = past.std(ddof=1) * np.sqrt(1 / weeks + 1 / len(past))
        alarms.append(bool((np.abs(np.cumsum(since) / weeks - past.mean()) > ndtri(0.975) * error).any()))
    return float(np.mean(alarms))


_POINTS = 40
_PERIODS = ((0.0, 3_000), (0.05, 3_000), (0.1, 3_000), (0.1, 30_000))


def _false_points(seed: int) -> list[tuple[float, float]]:
    """Share of ordinary periods outside Laney's limits and outside those of a p-chart."""
    found = []
    for sd, size in _PERIODS:
        chance = np.random.default_rng([66, seed, round(1000 * sd), size])
        count = np.full(_POINTS, float(size))
        total = chance.binomial(size, expit(logit(SHARE) + sd * chance.standard_normal(_POINTS))).astype(float)
        found.append((float(laney(count, total).outside.mean()), float(p_chart(count, total).outside.mean())))
    return found


PROOF = Proof(
    id="A6",
    title="Verification of changes",
    claim="Where nothing changed and weeks resemble their neighbours, 3 to 8 % of final verdicts and at most 7 % of 26 "
    "weekly looks claim an effect; no verdict is given before the read-out; p' charts flag at most 1 % of ordinary "
    "periods.",
    seeds=SEEDS,
    run=run,
    theory="change_verification",
)
