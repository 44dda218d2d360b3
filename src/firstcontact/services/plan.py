"""Use case: how many reviews a wanted precision takes, and how long to wait before a change can be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from firstcontact.kernel.finding import Finding
from firstcontact.kernel.progress import Progress, silent
from firstcontact.measurement.annotate.resolved import NEEDS, annotate_resolved
from firstcontact.measurement.fit.model import ReturnModel
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.linking.link import link
from firstcontact.services.learn_fit import complete_fit, learn_fit
from firstcontact.services.prepare import Connector, Options, prepare
from firstcontact.statistics.label_budget import Budget, label_budget
from firstcontact.statistics.sample_size import sample_size

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine

HALF_WIDTHS: tuple[float, ...] = (0.01, 0.02, 0.03, 0.05)
LEAST_LABELS = 200
"""Fewer reviews than this in a cell, and T-FCR is refused there."""
LEAST_KNOWN = 50
"""With fewer reviews at hand, how good the score is cannot be seen on them."""
WORST = 0.5
"""Share resolved that takes most reviews, assumed where too few reviews are at hand to know better."""
_WEEK = 7.0
_LONGEST_WEEKS = 520


@dataclass(frozen=True, slots=True)
class Score:
    """How much the score of resolution tells of what reviewers find.

    Attributes:
        explained: Share of the variance of the label that the score explains, 0 to 1; 0 where reviews are too few to
            see it.
        labels: Reviews from which that is known; 0 where there are fewer than `LEAST_KNOWN`, and the worst case is
            taken instead.
        share: Share resolved to be expected, from labels where there are enough; else one half, which takes most
            reviews.
        contacts: Contacts that are judged and old enough.
    """

    explained: float
    labels: int
    share: float
    contacts: int


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a change of one reason takes to judge.

    Attributes:
        reason: The reason.
        weekly: Openers a week.
        share: R-FCR so far.
        window_days: Upper end of the window's interval: by then nearly all caused returns have come.
        settled_days: Days after which nothing more can come.
        contacts: Openers needed on each side.
        days: Days from the end of the roll-out until the change can be judged; None where the volume would take more
            than ten years.
    """

    reason: str
    weekly: float
    share: float
    window_days: float
    settled_days: float
    contacts: int
    days: int | None


@dataclass(frozen=True, slots=True)
class Planned:
    """Label budgets and waiting times of a data set.

    Attributes:
        score: How good the score is; None where nothing is scored.
        budgets: Reviews by wanted half-width.
        cells: Teams, and how many judged contacts each has a week.
        difference: The difference that a change is to be judged by.
        waits: One a learned reason, those that take least first.
        unlearned: Reasons of which no waiting time is known.
        frame: The period.
        findings: What was inferred and noticed.
    """

    score: Score | None
    budgets: tuple[Budget, ...]
    cells: tuple[tuple[str, float], ...]
    difference: float
    waits: tuple[Wait, ...]
    unlearned: tuple[ReturnModel, ...]
    frame: Frame
    findings: tuple[Finding, ...]


def plan(
    engine: Engine,
    connector: Connector,
    paths: Sequence[Path],
    options: Options,
    *,
    difference: float = 0.03,
    progress: Progress = silent,
) -> Planned:
    """Say what it takes to know more, from the user's own data.

    Args:
        engine: Where it runs.
        connector: What reads the files.
        paths: The files.
        options: What the user decided.
        difference: The smallest change of R-FCR worth seeing, as a share.
        progress: Told about each step.

    Returns:
        The plan.

    Raises:
        FirstcontactError: The files cannot be read or mapped, or nothing is left.
    """
    policy = options.policy
    prepared = prepare(engine, connector, paths, options, progress)
    progress("learning how fast returns come")
    fit = options.fit or learn_fit(engine, prepared, policy)
    linked = link(
        engine,
        prepared.tables,
        policy,
        fit,
        prepared.frame,
        has=prepared.has,
        signals=NEEDS,
        keep=("customer", "bucket", "reason", "channel", "team"),
        detail=False,
        shared=prepared.shared,
    )
    fit = complete_fit(engine, linked, fit, policy, prepared.frame, prepared.reasons)
    progress("asking how good the score is")
    scored = annotate_resolved(engine, linked, prepared.tables.get("reviews"), policy).contacts
    judged = scored.filter(scored.index_eligible & scored.mature)
    score = _score(engine, judged)
    days = max((prepared.frame.cutoff - prepared.frame.since) / timedelta(days=1), 1.0)
    learned = [model for model in fit.models if model.learned and model.window_days is not None]
    level = policy.publish.level
    budgets = () if score is None else tuple(_budget(score, half, level) for half in HALF_WIDTHS)
    waits = sorted((_wait(model, days, difference, level) for model in learned), key=lambda one: one.days or 10**9)
    return Planned(
        score=score,
        budgets=budgets,
        cells=_teams(engine, judged, days) if "team" in prepared.has else (),
        difference=difference,
        waits=tuple(waits),
        unlearned=tuple(model for model in fit.models if model not in learned),
        frame=prepared.frame,
        findings=prepared.findings,
    )


def _score(engine: Engine, judged: ir.Table) -> Score | None:
    """How good the score is, as seen on labels; without enough of them the worst case, never the score's own word."""
    score, label, weight = judged.p_resolved, judged.label, judged.label_weight
    both = label.notnull() & score.notnull() & weight.notnull()
    sums = {
        "n": judged.count(),
        "labels": both.sum(),
        **{
            name: both.ifelse(value * weight, 0.0).sum()
            for name, value in {
                "w": 1.0 + 0 * score,
                "y": label,
                "f": score,
                "yy": label * label,
                "ff": score * score,
                "yf": label * score,
            }.items()
        },
    }
    row = engine.execute(judged.aggregate(**sums)).to_pylist()[0]
    if not row["n"]:
        return None
    labels = int(row["labels"] or 0)
    if labels < LEAST_KNOWN:
        return Score(0.0, 0, WORST, int(row["n"]))
    y, f, yy, ff, yf = (float(row[name]) / float(row["w"]) for name in ("y", "f", "yy", "ff", "yf"))
    spread = (yy - y * y) * (ff - f * f)
    explained = (yf - y * f) ** 2 / spread if spread > 0 and yf > y * f else 0.0
    return Score(min(explained, 1.0), labels, y, int(row["n"]))


def _budget(score: Score, half: float, level: float) -> Budget:
    # A share of exactly 0 or 1 so far does not mean that one review would settle it.
    share = float(np.clip(score.share, 0.02, 0.98))
    return label_budget(share, score.explained, half, score.contacts, level=level)


def _teams(engine: Engine, judged: ir.Table, days: float) -> tuple[tuple[str, float], ...]:
    known = judged.filter(judged.team.notnull())
    rows = engine.execute(known.group_by("team").aggregate(n=known.count()).order_by("team")).to_pylist()
    return tuple((row["team"], row["n"] * _WEEK / days) for row in rows)


def _wait(model: ReturnModel, days: float, difference: float, level: float) -> Wait:
    weekly = model.openers * _WEEK / days
    share = model.r_fcr if model.r_fcr is not None else 1 - model.caused_returns / max(model.openers, 1)
    contacts = sample_size(float(np.clip(share, 0.02, 0.98)), difference, level=level)
    weeks = contacts / weekly if weekly > 0 else np.inf
    window = float(model.window_high or model.window_days or 0.0)
    total = ceil(window + _WEEK * ceil(weeks)) if weeks < _LONGEST_WEEKS else None
    return Wait(model.reason, weekly, float(share), window, model.tau_days, contacts, total)
