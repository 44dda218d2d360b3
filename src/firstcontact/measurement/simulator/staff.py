"""The agents: skill, the mix of reasons each works on, and how each fills in the wrap-up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstcontact.measurement.simulator.stream import Floats, Ints, Keys, Streams
from firstcontact.measurement.simulator.world import World


@dataclass(frozen=True)
class Staff:
    """All agents of a world.

    Attributes:
        skill: Per agent, added to the logit of P(unresolved); below 0 is better than average.
        false_positive: Per agent, P(says resolved | unresolved).
        team: Per agent, number of the team.
        shares: Per reason, cumulative share of its contacts by agent.
    """

    skill: Floats
    false_positive: Floats
    team: Ints
    shares: Floats

    def assign(self, streams: Streams, keys: Keys, reason: Ints) -> Ints:
        """The agent who takes each contact."""
        luck = streams.uniform("agent", keys)
        # Reason r owns the stretch [r, r + 1) of one long cumulative line, so that one search serves all reasons.
        line = (self.shares + np.arange(len(self.shares))[:, None]).ravel()
        place = np.searchsorted(line, luck + reason, side="right")
        count = self.shares.shape[1]
        return np.asarray(np.clip(place - reason * count, 0, count - 1))


def hire(world: World, streams: Streams) -> Staff:
    """Draw the agents of a world."""
    knobs = world.agents
    rates = np.array([reason.rate for reason in world.reasons])
    rates = rates / rates.sum() + 1e-6
    mix = streams.generator("agents/mix").dirichlet(rates * knobs.mix_concentration * len(rates), size=knobs.count)
    by_reason = (mix + 1e-12).T
    skill = streams.generator("agents/skill").standard_normal(knobs.count)
    return Staff(
        skill=knobs.skill_sd * (skill - skill.mean()),  # so that the average agent is average in every world
        false_positive=streams.generator("agents/wrap-up").beta(
            knobs.false_positive_a, knobs.false_positive_b, knobs.count
        ),
        team=np.arange(knobs.count, dtype=np.int64) % knobs.teams,
        shares=np.cumsum(by_reason, axis=1) / by_reason.sum(axis=1, keepdims=True),
    )
