"""Which teams are flagged: none against the interval that is drawn of it, and those that truly stand out."""

from __future__ import annotations

import numpy as np
import pytest

from firstcontact.measurement.explain.team_effect import standing_out
from firstcontact.measurement.measures.flag import FALSE_FLAGS
from firstcontact.statistics.contrast import case_mix
from firstcontact.statistics.empirical_bayes import Effects, shrink
from firstcontact.statistics.funnel import Funnel, funnel
from firstcontact.statistics.heterogeneity import heterogeneity


def _teams(seed: int, odd: float = 0.0, level: float = 0.95) -> tuple[Effects, Funnel]:
    """Eighty teams of 30 to 200 contacts of which a fifth fail by chance alone, and the first by `odd` more."""
    chance = np.random.default_rng(seed)
    contacts = chance.integers(30, 200, 80)
    failed = chance.binomial(contacts, 0.2 + odd * (np.arange(80) == 0)).astype(float)
    mix = case_mix(np.arange(80), np.zeros(80, dtype=int), contacts.astype(float), failed)
    effects = shrink(mix, heterogeneity(mix.contrasts).variance, level)
    return effects, funnel(mix.score, mix.information)


@pytest.mark.parametrize("seed", [11, 28, 36, 53])
def test_no_team_is_flagged_whose_own_interval_holds_0(seed: int) -> None:
    """In these draws of pure chance one team or two lie outside the funnel, all counted, and their intervals hold 0."""
    effects, plot = _teams(seed)
    flags = standing_out(effects, plot) <= FALSE_FLAGS
    assert not (flags & (effects.low <= 0) & (effects.high >= 0)).any()
    assert not flags.any()


def test_an_interval_of_a_higher_level_is_heeded_too() -> None:
    """Where 99.99 % intervals are asked for, a team is flagged only off 0 by those."""
    for level in (0.95, 0.9999):
        effects, plot = _teams(3, odd=0.2, level=level)
        flags = standing_out(effects, plot) <= FALSE_FLAGS
        assert not (flags & (effects.low <= 0) & (effects.high >= 0)).any()


def test_a_team_that_fails_far_more_often_is_flagged() -> None:
    """A team whose contacts fail three times as often as those of 79 others is flagged, and no other."""
    effects, plot = _teams(3, odd=0.4)
    assert np.flatnonzero(standing_out(effects, plot) <= FALSE_FLAGS).tolist() == [0]
