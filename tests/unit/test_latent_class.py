"""The score of having been resolved: safe on any table, and never a figure."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest

from firstcontact.statistics import latent_class as module
from firstcontact.statistics.bucket import Array
from firstcontact.statistics.latent_class import BEHAVIOURS, LAGS, latent_class


def _drawn(seed: int, contacts: int, prevalence: float = 0.8) -> tuple[Array, Array]:
    """Counts and resolved counts of two reasons by pattern, with signals independent given the class."""
    chance = np.random.default_rng(seed)
    counts, resolved = np.zeros((2, 2, BEHAVIOURS, 3, 3))
    truth = chance.random(contacts) < prevalence
    behaviour = np.where(truth, chance.random(contacts) < 0.05, chance.random(contacts) < 0.7).astype(int)
    behaviour += LAGS * np.where(truth, chance.random(contacts) < 0.01, chance.random(contacts) < 0.3)
    answered = chance.random(contacts) < 0.3
    survey = np.where(answered, 1 + np.where(truth, chance.random(contacts) > 0.93, chance.random(contacts) > 0.2), 0)
    wrap_up = 1 + np.where(truth, chance.random(contacts) > 0.97, chance.random(contacts) > 0.5).astype(int)
    reason = chance.integers(0, 2, contacts)
    np.add.at(counts, (reason, behaviour, survey, wrap_up), 1)
    np.add.at(resolved, (reason, behaviour, survey, wrap_up), truth)
    return counts, resolved


def test_the_score_is_calibrated_where_signals_are_independent() -> None:
    """In a world that meets the assumption, contacts with a score of p were resolved in about p of the cases."""
    counts, resolved = _drawn(1, 100_000)
    fitted = latent_class(counts)
    assert fitted.converged
    assert fitted.signals == 3
    for low in np.arange(0, 1, 0.1):
        here = (fitted.score >= low) & (fitted.score < low + 0.1)
        if counts[here].sum() > 1000:
            score = (fitted.score[here] * counts[here]).sum() / counts[here].sum()
            assert resolved[here].sum() / counts[here].sum() == pytest.approx(score, abs=0.05)


def test_classes_are_not_swapped_where_most_contacts_failed() -> None:
    """Where only one contact in five was resolved, the score is still that of having been resolved."""
    counts, _ = _drawn(2, 50_000, prevalence=0.2)
    fitted = latent_class(counts)
    assert fitted.score[0, 0, 1, 1] > 0.8
    assert fitted.score[0, LAGS + 1, 2, 2] < 0.05
    assert fitted.prevalence.mean() < 0.4


def _only(pattern: int) -> Array:
    """One contact, of one pattern."""
    return np.eye(1, BEHAVIOURS * 9, pattern).reshape(1, BEHAVIOURS, 3, 3)


TABLES = {
    "nothing": np.zeros((1, BEHAVIOURS, 3, 3)),
    "no reason": np.zeros((0, BEHAVIOURS, 3, 3)),
    "one contact": _only(0),
    "all say yes and nobody returns": _only(4) * 1000,
    "nothing but returns": _only(9) * 1000,
    "thousands of reasons with one contact": np.repeat(_only(13), 3000, axis=0),
    "a reason without contacts": np.stack([np.zeros((BEHAVIOURS, 3, 3)), np.ones((BEHAVIOURS, 3, 3)) * 50]),
}


@pytest.mark.parametrize("name", TABLES)
def test_any_table_gives_a_score(name: str) -> None:
    """Empty, one-sided and vast tables give scores strictly between 0 and 1, and no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = latent_class(TABLES[name])
    assert fitted.score.shape == TABLES[name].shape
    assert ((fitted.score > 0) & (fitted.score < 1)).all()
    assert np.isfinite(fitted.prevalence).all()


def test_missing_signals_are_counted() -> None:
    """A table with returns alone has one signal; the score still falls with a return."""
    counts = np.zeros((1, BEHAVIOURS, 3, 3))
    counts[0, 0, 0, 0], counts[0, 1, 0, 0] = 900, 100
    fitted = latent_class(counts)
    assert fitted.signals == 1
    assert fitted.score[0, 0, 0, 0] > fitted.score[0, 1, 0, 0]


def test_the_score_is_never_called_a_figure() -> None:
    """Nothing that the module hands out is named or described as FCR, nor is its mean among what it returns."""
    fields = set(module.LatentClass.__dataclass_fields__)
    assert fields == {"score", "prevalence", "signals", "converged"}
    names = [name for name, _ in inspect.getmembers(module) if not name.startswith("_")]
    assert not [name for name in (*names, *fields) if "fcr" in name.lower()]
    assert "none that may be published" in (latent_class.__doc__ or "")
