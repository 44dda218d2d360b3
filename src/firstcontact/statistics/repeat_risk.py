"""How likely a contact is to bring its customer back, learned from returns of which nobody knows the cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from firstcontact.statistics.bucket import Array
from firstcontact.statistics.categorical_logistic import Codes, categorical_logistic

ROUNDS = 40
SETTLED = 1e-4


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen after some contacts, one entry a contact (or several alike). All arrays have shape (entries,).

    Attributes:
        weight: Contacts of the entry.
        returned: Whether they came back before the onset of pure coincidence; otherwise nothing came until `latency`.
        latency: Share of caused returns that come by the lag or age, G.
        density: Of the caused returns, the share that comes a day, at that lag, g.
        coincidence: Hazard of coincidental returns there, a day.
    """

    weight: Array
    returned: Array
    latency: Array
    density: Array
    coincidence: Array

    def caused(self, chance: Array) -> Array:
        """Probability that each entry's contact causes a return, given what was seen and what was to be expected.

        >>> one = np.ones(1)
        >>> Seen(one, 0 * one, 0 * one, one, one).caused(0.3 * one).tolist()  # nothing seen yet: as expected
        [0.3]
        >>> Seen(one, 0 * one, one, one, one).caused(0.3 * one).tolist()  # all would have come by now
        [0.0]
        >>> Seen(one, one, 0.5 * one, one, 0 * one).caused(0.3 * one).tolist()  # nothing comes by coincidence
        [1.0]
        """
        late = 1 - self.latency
        would = chance * np.where(self.returned > 0, self.density + late * self.coincidence, late)
        would_not = (1 - chance) * np.where(self.returned > 0, self.coincidence, 1.0)
        both = would + would_not
        return np.where(both > 0, would / np.where(both > 0, both, 1.0), chance)


@dataclass(frozen=True, slots=True)
class Risk:
    """A risk on the logit scale: a base and one effect a level of each factor.

    Attributes:
        base: Logit where every factor is at level 0.
        effects: For each factor, the effect of each level; 0 for level 0.
        rounds: Rounds until the labels stood still.
        mean: Mean risk of the contacts it was learned from.
    """

    base: float
    effects: tuple[Array, ...]
    rounds: int
    mean: float

    def chance(self, factors: Sequence[Codes]) -> Array:
        """The risk of contacts with these levels, 0 to 1."""
        logit = self.base + sum(
            (own[codes] for own, codes in zip(self.effects, factors, strict=True)), np.zeros(len(factors[0]))
        )
        return np.asarray(1 / (1 + np.exp(-logit)))


def learn(factors: Sequence[Codes], levels: Sequence[int], seen: Seen, start: float, *, ridge: float = 1.0) -> Risk:
    """Learn the risk from contacts of any age, recent ones included.

    Estimand: P(the contact causes a return | what is known when it ends).
    Formula: expectation-maximisation. Labels: P(caused | seen) by Bayes' rule, from the risk, G, g and the hazard of
        coincidence; a return may be coincidental and the caused one yet to come. Risk: penalised logistic regression
        on these labels. Repeated until no mean label moves by more than 0.0001.
    Assumes: latency and coincidence are those of the reason, whatever else is known; effects add on the logit scale.
    Lies when: a factor tells something that was written down only after the customer came back; `services` reject such
        columns before they come here.
    Oracle: with G = 1 and no coincidence it is plain logistic regression; recovery in simulated worlds (proof A9).
    References: Dempster, Laird & Rubin (1977), JRSS B 39(1); Elkan, C. & Noto, K. (2008), KDD (learning from positive
        and unlabelled examples); Farewell (1982), Biometrics 38(4) (mixture cure models).

    Args:
        factors: For each factor the level of every entry, from 0.
        levels: For each factor how many levels there are, seen or not.
        seen: What was seen afterwards.
        start: The usual risk, 0 to 1.
        ridge: How strongly effects are drawn to 0.

    Returns:
        The risk.
    """
    probes = _probes(levels)
    none = np.zeros(len(probes[0]))
    coded = [np.concatenate([codes, probe]) for codes, probe in zip(factors, probes, strict=True)]
    trials = np.concatenate([seen.weight, none])
    total = float(seen.weight.sum())
    chance = np.full(len(seen.weight), min(max(start, 1e-6), 1 - 1e-6))
    found, rounds, before = chance, 0, -1.0
    while rounds < ROUNDS:
        label = seen.caused(chance)
        mean = float(seen.weight @ label) / max(total, 1e-12)
        if abs(mean - before) < SETTLED:
            break
        before, rounds = mean, rounds + 1
        found = categorical_logistic(coded, trials, np.concatenate([seen.weight * label, none]), ridge=ridge)
        chance = found[: len(seen.weight)]
    logit = np.log(found[len(seen.weight) :]) - np.log1p(-found[len(seen.weight) :]) if rounds else none
    base = float(logit[0])
    effects, place = [], 1
    for count in levels:
        effects.append(np.concatenate([[0.0], logit[place : place + count - 1] - base]))
        place += count - 1
    return Risk(base, tuple(effects), rounds, float(seen.weight @ chance) / max(total, 1e-12))


def _probes(levels: Sequence[int]) -> list[Codes]:
    """Entries that weigh nothing: one with every factor at level 0, then each further level of each factor alone.

    What is learned of them are the effects themselves.
    """
    count = 1 + sum(each - 1 for each in levels)
    probes = []
    place = 1
    for each in levels:
        codes = np.zeros(count, dtype=np.int64)
        codes[place : place + each - 1] = np.arange(1, each)
        probes.append(codes)
        place += each - 1
    return probes
