"""How teams do on their own mix of work, drawn towards the average as far as chance explains their difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from firstcontact.kernel.result import (
    NOTHING_TO_COUNT,
    SIGNAL_ABSENT,
    SUPPRESSED,
    TOO_FEW,
    Estimate,
    Refusal,
    RefusalKind,
)
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.explanation import Explanation
from firstcontact.measurement.explain.outcome import outcome, tally
from firstcontact.measurement.explain.variance_share import variance_share
from firstcontact.statistics.bucket import Array
from firstcontact.statistics.contrast import case_mix
from firstcontact.statistics.discovery import q_values
from firstcontact.statistics.empirical_bayes import Effects, shrink
from firstcontact.statistics.funnel import Funnel, funnel
from firstcontact.statistics.heterogeneity import heterogeneity

if TYPE_CHECKING:
    from firstcontact.measurement.explain.explanation import Context
    from firstcontact.measurement.measures.row import ResultRow

EFFECT = "team_effect"
SHARE = "team_share"
ESTIMANDS = {
    EFFECT: "difference of a team's share of contacts that do not fail from what the other teams would have had on the "
    "same mix of reasons and channels, drawn towards 0 as far as chance explains it",
    SHARE: "share of the explained variance of failures (log-odds) that lies between teams, after the mix of reasons "
    "and channels",
}


def explain(context: Context) -> list[ResultRow]:
    """A row a team, in the order of their names, and the share of variance that lies between teams."""
    if "team" not in context.has:
        return [context.row(EFFECT, _refusal(SIGNAL_ABSENT, "absent"))]
    chosen = outcome(context.linked, context.policy, fit=context.fit)
    sums = tally(context.engine, context.policy, chosen, ["team", "reason", "channel"])
    known = np.array([value is not None for value in sums.values["team"]], dtype=bool)
    sums = sums.only(known[sums.codes["team"]])
    names, unit = np.unique(sums.codes["team"], return_inverse=True)
    unit = unit.astype(np.int64).ravel()
    if len(names) < 2:
        return [context.row(EFFECT, _refusal(NOTHING_TO_COUNT, "one"))]
    mix = case_mix(unit, sums.combined("reason", "channel"), sums.exposure, sums.failed, sums.bucket, len(names))
    if not mix.contrasts.score.size:
        return [context.row(EFFECT, _refusal(NOTHING_TO_COUNT, "nothing"))]
    level = context.policy.publish.level
    spread = heterogeneity(mix.contrasts, mix.design_effect, level)
    effects = shrink(mix, spread.variance, level)
    plot = funnel(mix.score, mix.information, mix.design_effect)
    q = standing_out(effects, plot)
    count = np.bincount(unit, sums.count, len(names)).astype(int)
    rows = []
    for place, name in enumerate(names.tolist()):
        cell = {"team": str(sums.values["team"][name])}
        publish, n = context.policy.publish, int(count[place])
        if n < publish.suppress_below:
            rows.append(context.row(EFFECT, _refusal(SUPPRESSED, "hidden"), cell))
            continue
        if n < publish.minimum_sample or mix.information[place] <= 0:
            rows.append(context.row(EFFECT, _refusal(TOO_FEW, "few", n), cell))
            continue
        # Effects are log-odds of failing; the share of contacts that do not fail moves the other way.
        value, low, high = (
            -float(end[place] * mix.doubt[place]) for end in (effects.effect, effects.high, effects.low)
        )
        found = Estimate(value, low, high, level, n, f"{ESTIMANDS[EFFECT]} ({chosen.words})")
        rows.append(context.row(EFFECT, found, cell, q_value=float(q[place])))
    share = variance_share(spread, mix.spread, int(count.sum()), ESTIMANDS[SHARE])
    return [*rows, context.row(SHARE, share)]


def standing_out(effects: Effects, plot: Funnel) -> Array:
    """How surely each unit stands out: outside the usual spread of units, and off 0 by its own interval, too.

    A unit whose interval holds 0 is not told from the others, however far outside the funnel its raw figure lies: the
    interval is what is shown of it. Its p-value is 1, which leaves those of units that are alike no smaller than they
    should be, so that few flags are false as before.

    Args:
        effects: What each unit's own difference probably is.
        plot: The same units in their funnel.

    Returns:
        A q-value a unit; those of 0.05 and less are flagged.
    """
    from scipy.special import ndtr

    told = (effects.low > 0) | (effects.high < 0)
    return q_values(np.where(told, 2 * ndtr(-np.abs(plot.z) / np.sqrt(plot.overdispersion)), 1.0))


_WHY = {
    "absent": (
        Sentence("teams.absent", "The data do not say which team had a contact."),
        Sentence("teams.absent.cure", "A source or a mapping with the team."),
    ),
    "one": (
        Sentence("teams.one", "There are not two teams with contacts in the comparison."),
        Sentence("teams.one.cure", "A source with more than one team, or a longer period."),
    ),
    "nothing": (
        Sentence(
            "teams.nothing",
            "No reason and channel has contacts of two teams of which some failed and some did not.",
        ),
        Sentence("teams.nothing.cure", "A longer period, or a coarser level of the reason."),
    ),
    "hidden": (
        Sentence("teams.hidden", "The team has too few contacts to be shown."),
        Sentence("teams.hidden.cure", "A longer period."),
    ),
    "few": (
        Sentence(
            "teams.few",
            "The team has too few contacts for reasons and channels that another team works on, too.",
        ),
        Sentence("teams.few.cure", "A longer period, or a coarser level of the reason."),
    ),
}


def _refusal(kind: RefusalKind, why: str, n: int = 0) -> Refusal:
    reason, cure = _WHY[why]
    return Refusal(kind, reason, cure, n, ESTIMANDS[EFFECT])


EXPLANATION = Explanation(
    id=EFFECT,
    title="Teams on their own mix of work",
    measures=ESTIMANDS,
    explain=explain,
    columns=("team", "reason", "channel"),
    needs_customer=False,
)
