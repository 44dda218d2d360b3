"""Correcting surveys at its limits, and where nothing can be said."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from firstcontact.statistics.bucket import Array
from firstcontact.statistics.categorical_logistic import categorical_logistic
from firstcontact.statistics.survey_correction import FOLDS, LEAST_RESPONSE, SurveyModel, survey_model, tilted, unheard


def _share(model: SurveyModel, contacts: Array, answered: Array, yes: Array) -> float:
    """The mean of phi."""
    phi = contacts * model.outcome + (yes - answered * model.outcome) / model.response
    return float(phi.sum() / contacts.sum())


def _even(patterns: int, contacts: float, answered: float, yes: float) -> tuple[Array, Array, Array]:
    return tuple(np.full((patterns, FOLDS), number) for number in (contacts, answered, yes))  # type: ignore[return-value]


def test_with_everybody_answering_nothing_is_corrected() -> None:
    """Where all answer, the figure is the plain share, the R-indicator is 1 and no odds ratio tips it."""
    contacts, answered, yes = _even(3, 100, 100, 0)
    yes[:] = np.array([[90.0], [50], [70]])
    model = survey_model([np.arange(3)], contacts, answered, yes)
    assert model is not None
    assert _share(model, contacts, answered, yes) == pytest.approx(0.7, abs=1e-3)
    assert model.representativeness == pytest.approx(1)
    assert model.effect == pytest.approx(1)
    assert (model.tipping_down, model.tipping_up) == (np.inf, 0.0)


def test_with_one_pattern_the_share_is_that_of_the_answers() -> None:
    """Where all contacts look alike there is nothing to correct by; the odds of answering tip it at once."""
    contacts, answered, yes = _even(1, 1000, 100, 75)
    model = survey_model([np.zeros(1, dtype=np.int64)], contacts, answered, yes)
    assert model is not None
    assert _share(model, contacts, answered, yes) == pytest.approx(0.75)
    assert model.rate == pytest.approx(0.1)
    assert 1.1 < model.tipping_down < 1.3
    assert 0.7 < model.tipping_up < 0.95
    for odds, moved in ((model.tipping_down, -0.03), (model.tipping_up, 0.03)):
        assert tilted(contacts, answered, yes, model.outcome, odds) == pytest.approx(0.75 + moved, abs=1e-6)


def test_uneven_response_is_put_right() -> None:
    """The content answer four times as often, and which contacts are like theirs is seen: the plain share is 80 %, the
    corrected one 57 %, and the weights cost answers."""
    contacts, answered, yes = _even(2, 1000, 0, 0)
    answered[:] = np.array([[400.0], [100]])
    yes[:] = answered * np.array([[0.9], [0.25]])
    model = survey_model([np.arange(2)], contacts, answered, yes)
    assert model is not None
    assert yes.sum() / answered.sum() == pytest.approx(0.77)
    assert _share(model, contacts, answered, yes) == pytest.approx(0.575, abs=0.01)
    assert model.effect > 1.3
    assert model.representativeness < 0.75


def test_rare_answers_are_trimmed_and_indicative() -> None:
    """Nobody stands for more than a hundred contacts, and so few answers make an indication only."""
    contacts, answered, yes = _even(2, 10_000, 20, 10)
    model = survey_model([np.arange(2)], contacts, answered, yes)
    assert model is not None
    assert model.response.min() >= LEAST_RESPONSE
    assert model.trimmed == 1
    assert model.indicative


@pytest.mark.parametrize("case", ["all yes", "all no", "one fold", "separable", "hundreds of reasons"])
def test_odd_tables_give_a_model(case: str) -> None:
    """All answers alike, answers of one part of the customers only, a category that answers always, and hundreds of
    categories with a contact each: chances strictly between 0 and 1, and no warning."""
    contacts, answered, yes = _even(4, 50, 10, 5)
    factors = [np.arange(4)]
    if case == "all yes":
        yes[:] = answered
    elif case == "all no":
        yes[:] = 0
    elif case == "one fold":
        answered[:, 1:] = yes[:, 1:] = 0
    elif case == "separable":
        answered[0], yes[0], answered[1] = 50, 50, 0
        yes[1] = 0
    else:
        each = np.arange(800)
        contacts = np.eye(FOLDS)[each % FOLDS]
        answered, yes = contacts * (each % 3 == 0)[:, None], contacts * (each % 6 == 0)[:, None]
        factors = [each // 2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = survey_model(factors, contacts, answered, yes)
    assert model is not None
    for part in (model.response, model.outcome):
        assert ((part > 0) & (part < 1)).all()
    assert np.isfinite([model.rate, model.representativeness, model.effect, model.tipping_up]).all()


def test_without_an_answer_there_is_no_model() -> None:
    """No answer, no contact: nothing to learn from."""
    contacts, answered, yes = _even(2, 100, 0, 0)
    assert survey_model([np.arange(2)], contacts, answered, yes) is None
    nothing = np.zeros((0, FOLDS))
    assert survey_model([np.zeros(0, dtype=np.int64)], nothing, nothing, nothing) is None
    assert categorical_logistic([np.zeros(1, dtype=np.int64)], np.zeros(1), np.zeros(1)).tolist() == [0.5]


REASON, CHANNEL = np.repeat(np.arange(4), 3), np.tile(np.arange(3), 4)
CELL = 3 * REASON + CHANNEL


def _never(answered: Array, contacts: float = 300) -> list[int]:
    """The unheard cells of four reasons in three channels."""
    each, said = (np.repeat(one[:, None] / FOLDS, FOLDS, axis=1) for one in (np.full(12, contacts), answered))
    return np.flatnonzero(unheard(CELL, [REASON, CHANNEL], each, said)).tolist()


def test_a_reason_a_channel_or_one_in_the_other_is_unheard() -> None:
    """Nobody answers, or hardly anybody: of a reason, of a channel, of one reason in one channel; and where one channel
    alone answers of a reason, this channel is heard."""
    all_over = np.full(12, 30.0)
    assert _never(all_over) == []
    assert _never(np.where(REASON == 1, 0.0, all_over)) == [3, 4, 5]
    assert _never(np.where(REASON == 1, 2.0, all_over)) == [3, 4, 5]
    assert _never(np.where(CHANNEL == 2, 0.0, all_over)) == [2, 5, 8, 11]
    assert _never(np.where((CELL == 7), 0.0, all_over)) == [7]
    assert _never(np.where((CELL == 4) | (CELL == 5), 0.0, all_over)) == [4, 5]
    assert _never(np.zeros(12)) == list(range(12))


def test_luck_and_low_response_leave_nobody_unheard() -> None:
    """Cells of 30 contacts without an answer where a tenth answers, half as many answers as elsewhere, and surveys that
    nobody much answers anywhere, are no sign that nobody is asked."""
    assert _never(np.where(CELL == 3, 0.0, 3.0), 30) == []
    assert _never(np.where(REASON == 1, 15.0, 30.0)) == []
    assert _never(np.where(CELL % 5 == 0, 0.0, 2.0)) == []


def test_cells_drawn_at_random_are_heard() -> None:
    """Of 400 drawn centres in which every cell answers at its own 4 to 25 %, with cells of 5 to 400 contacts, hardly
    one contact in two hundred is taken for unheard."""
    chance = np.random.default_rng(4)
    held = lost = 0.0
    for _ in range(400):
        contacts = chance.integers(5, 400, 12).astype(float)
        rate = np.clip(chance.uniform(0.06, 0.2, 4)[REASON] * chance.uniform(0.7, 1.25, 3)[CHANNEL], 0.04, 0.25)
        said = chance.binomial(contacts.astype(int), rate).astype(float)
        never = unheard(CELL, [REASON, CHANNEL], contacts[:, None], said[:, None])
        held, lost = held + contacts.sum(), lost + contacts[never].sum()
    assert lost / held < 0.005
