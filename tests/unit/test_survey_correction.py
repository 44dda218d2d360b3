"""Correcting surveys at its limits, and where nothing can be said."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from firstcontact.statistics.bucket import Array
from firstcontact.statistics.categorical_logistic import categorical_logistic
from firstcontact.statistics.survey_correction import FOLDS, LEAST_RESPONSE, SurveyModel, survey_model, tilted


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
