"""Which teams are flagged: none against the interval that is drawn of it, and those that truly stand out."""

from __future__ import annotations

import numpy as np
import pytest

from firstcontact.doors.report.sections import cut, team
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import TOO_FEW, Estimate, Refusal
from firstcontact.measurement.explain.team_effect import standing_out
from firstcontact.measurement.measures.flag import FALSE_FLAGS
from firstcontact.statistics.contrast import case_mix
from firstcontact.statistics.empirical_bayes import Effects, shrink
from firstcontact.statistics.funnel import Funnel, funnel
from firstcontact.statistics.heterogeneity import heterogeneity
from tests import run_factory

ENGLISH = Writer.of("en", "UTC")


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


def _effect(value: float, n: int = 400) -> Estimate:
    return Estimate(value, value - 0.01, value + 0.01, 0.95, n, "difference")


def test_a_flagged_team_is_shown_wherever_it_stands_in_the_alphabet() -> None:
    """Sixty teams are more than are listed; the last, which is flagged, is listed, in the order of numbers."""
    rows = [run_factory.row("fcr_issue", run_factory.share(0.8, 9_000))]
    for number in range(1, 61):
        cell, q = {"team": f"team {number}"}, 0.001 if number == 60 else 0.8
        rows.append(
            run_factory.row("fcr_issue", run_factory.share(0.8 - 0.1 * (number == 60), 300), "team", cell, q_value=q)
        )
        rows.append(run_factory.row("team_effect", _effect(-0.1 * (number == 60)), "team", cell, q_value=q))
    few = Refusal(TOO_FEW, "few", "more", 9, "difference")
    rows.append(run_factory.row("team_effect", few, "team", {"team": "team 61"}))
    run = run_factory.run(rows)
    blocks = team.write(run, ENGLISH)[0].blocks
    drawn = next(block for block in blocks if block.kind == "rows")
    assert [line.name for line in drawn.lines] == [f"team {number}" for number in (*range(1, 41), 60)]
    assert [line.name for line in drawn.lines if line.flag] == ["team 60"]
    said = " ".join(str(block.text) for block in blocks if block.kind == "paragraph")
    assert "1 of 60 teams differs from the others by more than chance. 1 more has too few contacts" in said
    assert "19 more are in results.csv." in said
    listed = cut.cuts(run, ENGLISH, only=frozenset({"team"}))[0].data
    assert [line.name for line in listed.lines if line.flag] == ["team 60"]
    assert (len(listed.lines), listed.more) == (41, 19)


def test_a_team_off_0_that_is_not_flagged_is_not_called_chance() -> None:
    """Where teams differ, an interval may leave 0 out and its team stand no further out than others do."""
    cells = [{"team": name} for name in ("North", "South")]
    rows = [run_factory.row("team_effect", _effect(value), "team", cell, q_value=0.6)
            for value, cell in zip((0.05, -0.05), cells, strict=True)]  # fmt: skip
    run = run_factory.run([run_factory.row("fcr_issue", run_factory.share(0.8, 9_000)), *rows])
    said = str(team.write(run, ENGLISH)[0].blocks[0].text)
    assert said.startswith("No team stands further from the others than teams usually do")
    own = str(team.of_team(run, ENGLISH, "North")[0].blocks[0].text)
    assert own.endswith("no further than teams usually do.")
