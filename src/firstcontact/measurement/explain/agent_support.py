"""Whether the data support comparing individual agents at all: one verdict with its reasons, never a row an agent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from firstcontact.kernel.result import NOTHING_TO_COUNT, SIGNAL_ABSENT, Estimate, Refusal, RefusalKind
from firstcontact.kernel.sentence import Sentence, listed
from firstcontact.measurement.explain.explanation import Explanation
from firstcontact.measurement.explain.outcome import Outcome, Tally, outcome, tally
from firstcontact.measurement.explain.variance_share import variance_share
from firstcontact.statistics.bucket import Array, Ints
from firstcontact.statistics.contrast import CaseMix, case_mix
from firstcontact.statistics.empirical_bayes import shrink
from firstcontact.statistics.heterogeneity import Heterogeneity, heterogeneity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firstcontact.measurement.explain.explanation import Context
    from firstcontact.measurement.measures.row import ResultRow

UNSUPPORTED = RefusalKind(
    "individuals-unsupported",
    "Individuals cannot be compared",
    "Differences between agents on these data are chance, too uncertain, or cannot be told from differences between "
    "the contacts they get. Look at teams and at the system.",
)

SHARE = "agent_share"
SUPPORT = "agent_support"
ESTIMANDS = {
    SUPPORT: "median share of the variance of an agent's own figure that is the agent, after the mix of reasons and "
    "channels; given only where comparing agents is supported",
    SHARE: "share of the explained variance of failures (log-odds) that lies between agents, after the mix of reasons "
    "and channels; the rest lies between reasons and channels",
}

CHANCE = 0.05
RELIABLE = 0.7
EXPLAINS = 0.05
ALIKE, SHARERS = 0.8, 2
"""An agent can be compared where at least so many others work on at least this share of the agent's mix."""
HANDLES = 5
"""Contacts from which on an agent counts as working on a reason and channel."""
MANY = 0.2
"""Share of agents without others alike from which on nobody is compared."""
ONE_QUEUE = 0.95


@dataclass(frozen=True, slots=True)
class Support:
    """Whether agents can be compared.

    Attributes:
        against: Why not, each in a sentence; none where they can.
        spread: How much they differ.
        share: Share of the explained variance that lies between agents, with its interval.
        reliability: Median reliability, with the ends that belong to those of the spread.
        greyed: Share of agents whose own figure says nothing, supported or not: unreliable, or nobody works on the
            same mix.
        agents: How many were looked at.
    """

    against: tuple[Sentence, ...]
    spread: Heterogeneity
    share: tuple[float, float, float]
    reliability: tuple[float, float, float]
    greyed: float
    agents: int


def judge(mix: CaseMix, work: Array, queues: Array | None = None, said: tuple[str, ...] = ()) -> Support:
    """Hold agents against every rule under which comparing them misleads.

    Estimand: nothing; a verdict. It is no proof that agents may be compared: unmeasured severity of their contacts
    cannot be seen (methods.md, section 5).

    Args:
        mix: The agents on their mix of reasons and channels.
        work: Contacts, shape (agents, reasons and channels).
        queues: Contacts, shape (agents, queues); None where queues are not recorded.
        said: Signals the outcome rests on that only say what somebody thinks.

    Returns:
        The verdict.
    """
    spread = heterogeneity(mix.contrasts, mix.design_effect)
    reliability = shrink(mix, spread.variance).reliability
    median, least, most = (_median(mix, variance) for variance in (spread.variance, spread.low, spread.high))
    share = tuple(_share(variance, mix.spread) for variance in (spread.variance, spread.low, spread.high))
    lonely = _lonely(work)
    against = []
    if spread.p >= CHANCE:
        against.append(
            Sentence(
                "agents.chance",
                "agents differ no more than chance makes them (p {p:.2f})",
                p=spread.p,
            )
        )
    if spread.low <= 0:
        against.append(Sentence("agents.none", "how much agents truly differ may be nothing at all"))
    if median < RELIABLE:
        against.append(
            Sentence(
                "agents.unreliable",
                "only {median:.0%} of the variance of a typical agent's figure is the agent, less than {least:.0%}",
                median=median,
                least=RELIABLE,
            )
        )
    if lonely.mean() > MANY:
        against.append(
            Sentence(
                "agents.apart",
                "for {share:.0%} of the agents fewer than {others} others work on the same mix",
                share=float(lonely.mean()),
                others=SHARERS,
            )
        )
    if share[0] < EXPLAINS:
        against.append(
            Sentence(
                "agents.little",
                "agents explain {share:.1%} of the variance that can be explained, less than {least:.0%}: the rest is "
                "reasons and channels",
                share=share[0],
                least=EXPLAINS,
            )
        )
    if queues is not None and _deterministic(queues):
        against.append(
            Sentence(
                "agents.queues",
                "agents work on one queue each, so that agent and queue cannot be told apart",
            )
        )
    if said:
        against.append(
            Sentence(
                "agents.said",
                "the verdict rests on what somebody says ({signals}), which differs between agents by itself",
                signals=", ".join(said),
            )
        )
    greyed = (reliability < RELIABLE) | lonely
    return Support(
        tuple(against),
        spread,
        (share[0], share[1], share[2]),
        (median, least, most),
        float(greyed.mean()),
        len(reliability),
    )


def _share(variance: float, between: float) -> float:
    return variance / (variance + between) if variance + between > 0 else 0.0


def _median(mix: CaseMix, variance: float) -> float:
    told = variance * mix.information
    return float(np.median(told / (told + mix.design_effect))) if len(told) else 0.0


def _lonely(work: Array) -> NDArray[np.bool_]:
    """Agents for whose mix there are fewer than two others who work on most of it."""
    whole = work.sum(axis=1, keepdims=True)
    mine = work / np.where(whole > 0, whole, 1.0)
    covered = mine @ (work >= HANDLES).T.astype(float)
    np.fill_diagonal(covered, 0.0)
    return np.asarray((covered >= ALIKE - 1e-9).sum(axis=1) < SHARERS)


def _deterministic(queues: Array) -> bool:
    """Whether most agents have practically one queue each, and not all the same one."""
    whole = queues.sum(axis=1)
    busy = queues[whole > 0]
    if len(busy) < 2:
        return False
    single = busy.max(axis=1) >= ONE_QUEUE * busy.sum(axis=1)
    return bool(single.mean() > 0.5 and len(np.unique(busy[single].argmax(axis=1))) > 1)


def explain(context: Context) -> list[ResultRow]:
    """One verdict on all agents, and the share of variance that lies between them."""
    if "agent_id" not in context.linked.columns:
        return _refused(context, _no_agents())
    chosen = outcome(context.linked, context.policy, fit=context.fit)
    sums = tally(context.engine, context.policy, chosen, ["agent_id", "reason", "channel", "queue"])
    sums = sums.only(
        np.array([value is not None for value in sums.values["agent_id"]], dtype=bool)[sums.codes["agent_id"]]
    )
    if not len(sums.bucket):
        return _refused(context, _no_agents())
    sums, number, agents = _enough(sums, context.policy.publish.minimum_sample)
    if agents < 2:
        return _refused(
            context,
            Refusal(
                NOTHING_TO_COUNT,
                Sentence(
                    "agents.few",
                    "{agents} agents have at least {least} contacts in the comparison; it takes two.",
                    "{agents} agent has at least {least} contacts in the comparison; it takes two.",
                    "agents",
                    agents=agents,
                    least=context.policy.publish.minimum_sample,
                ),
                Sentence("agents.few.cure", "A longer period."),
            ),
        )
    stratum = sums.combined("reason", "channel")
    mix = case_mix(number, stratum, sums.exposure, sums.failed, sums.bucket, agents)
    if not mix.contrasts.score.size:
        return _refused(context, _nothing_to_compare(chosen))
    verdict = judge(mix, _cross(number, stratum, sums.count), _queues(sums, number), chosen.said)
    n = int(sums.count.sum())
    share = variance_share(verdict.spread, mix.spread, n, ESTIMANDS[SHARE])
    return [context.row(SUPPORT, _said(verdict, n)), context.row(SHARE, share)]


def _said(verdict: Support, n: int) -> Estimate | Refusal:
    if verdict.against:
        return Refusal(
            UNSUPPORTED,
            Sentence(
                "agents.unsupported",
                "Comparing {agents:,} agents is not supported: {reasons}.",
                agents=verdict.agents,
                reasons=listed(verdict.against),
            ),
            Sentence(
                "agents.unsupported.cure",
                "Look at teams, reasons and the system. More contacts an agent make chance smaller; they do not make "
                "agents comparable who get different contacts.",
            ),
            n,
            ESTIMANDS[SUPPORT],
        )
    value, low, high = verdict.reliability
    return Estimate(value, min(low, value), max(high, value), verdict.spread.level, n, ESTIMANDS[SUPPORT])


def _no_agents() -> Refusal:
    return Refusal(
        SIGNAL_ABSENT,
        Sentence("agents.absent", "The data do not say which agent had a contact."),
        Sentence("agents.absent.cure", "A source or a mapping with the agent."),
        estimand=ESTIMANDS[SUPPORT],
    )


def _nothing_to_compare(chosen: Outcome) -> Refusal:
    return Refusal(
        NOTHING_TO_COUNT,
        Sentence(
            "compare.nothing",
            "No reason and channel has contacts of two of them of which some failed and some did not ({words}).",
            words=chosen.words,
        ),
        Sentence("compare.nothing.cure", "A longer period, or a coarser level of the reason."),
    )


def _refused(context: Context, refusal: Refusal) -> list[ResultRow]:
    return [context.row(one, replace(refusal, estimand=ESTIMANDS[one])) for one in (SUPPORT, SHARE)]


def _enough(sums: Tally, least: int) -> tuple[Tally, Ints, int]:
    """The rows of agents with enough contacts, and a number for each of these agents."""
    count = np.bincount(sums.codes["agent_id"], sums.count)
    kept = sums.only((count >= least)[sums.codes["agent_id"]])
    different, number = np.unique(kept.codes["agent_id"], return_inverse=True)
    return kept, number.astype(np.int64).ravel(), len(different)


def _cross(unit: Ints, other: Ints, count: Array) -> Array:
    shape = (int(unit.max()) + 1, int(other.max()) + 1)
    return np.asarray(np.bincount(unit * shape[1] + other, count, shape[0] * shape[1]), dtype=float).reshape(shape)


def _queues(sums: Tally, number: Ints) -> Array | None:
    named = [value for value in sums.values["queue"] if value is not None]
    return _cross(number, sums.codes["queue"], sums.count) if len(named) > 1 else None


EXPLANATION = Explanation(
    id=SUPPORT,
    title="Whether agents can be compared",
    measures=ESTIMANDS,
    explain=explain,
    columns=("agent_id", "reason", "channel", "queue"),
    needs_customer=False,
)
