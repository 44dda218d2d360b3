"""Changes beside controls of which one moved itself."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from firstcontact.measurement.explain.change_effect import Verdict, Weekly, judge_change
from firstcontact.measurement.explain.change_plan import WEEK, plan

BEFORE, AFTER = 26, 14
START = date(2024, 1, 1)


def _judged(moves: tuple[float, ...], seed: int = 3, unknown: int = 0, before: int = BEFORE) -> Verdict:
    """The verdict on a reason and its controls, 800 contacts a week and 80 % of them content, each moved by so much."""
    chance = np.random.default_rng(seed)
    share = np.full((len(moves), before + AFTER), 0.8)
    share[:, before:] += np.array(moves)[:, None]
    count = np.full(share.shape, 800.0)
    failed = chance.binomial(800, 1 - share).astype(float)
    names = ("treated", *(f"control {number}" for number in range(1, len(moves))))
    weeks = tuple(START + week * WEEK for week in range(before + AFTER))
    weekly = Weekly(weeks, count, count, failed, np.ones_like(count), names, unknown)
    began = START + before * WEEK
    planned = plan(began, 30, 0.8, 800, smallest=0.05)
    return judge_change(weekly, began, began, weeks[-1] + WEEK + timedelta(days=30), planned)


def test_a_control_that_moved_at_the_date_is_left_out_and_named() -> None:
    """One of five controls gained eight points: beside it an untouched reason would seem to have lost; without it no
    effect is found, and it is said which was left out and how far it moved."""
    found = _judged((0.0, 0.0, 0.08, 0.0, 0.0, 0.0))
    assert found.word == "none"
    assert found.series.names == ("treated", "control 1", "control 3", "control 4", "control 5")
    (said,) = (one for one in found.warnings if one.code == "change.moved")
    assert "control 2 moved by +8" in str(said) or "control 2 moved by +7" in str(said)


def test_controls_that_stayed_are_all_kept() -> None:
    """An effect of the treated is no move of its controls, and none is left out."""
    found = _judged((-0.06, 0.0, 0.0, 0.0, 0.0, 0.0))
    assert found.word == "effect"
    assert len(found.series.names) == 6
    assert found.step is not None
    assert found.step.low < -0.06 < found.step.high


@pytest.mark.parametrize("moves", [(0.0, 0.08, 0.0), (0.0, 0.08, -0.08, 0.12, 0.0)])
def test_controls_that_disagree_give_no_verdict(moves: tuple[float, ...]) -> None:
    """Of two that moved apart nobody knows which one did, and where most moved there is nothing usual."""
    found = _judged(moves)
    assert (found.word, found.said.code) == ("cannot", "change.torn")
    assert found.step is None


def test_a_single_control_cannot_be_checked_and_that_is_said() -> None:
    """Whether it moved itself cannot be seen."""
    assert "change.single" in [one.code for one in _judged((0.0, 0.0)).warnings]


def test_weeks_that_do_not_count_are_named_where_too_few_are_left() -> None:
    """A history of eight weeks of which six serve to know who had come before: two weeks, and why."""
    found = _judged((0.0, 0.0, 0.0), unknown=6, before=2)
    assert found.said.code == "change.history-unknown"
    assert "do not count: 6" in str(found.said)
    assert _judged((0.0, 0.0, 0.0), before=2).said.code == "change.history"
