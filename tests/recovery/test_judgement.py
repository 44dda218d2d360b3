"""Are T-FCR and S-FCR honest: against the truth of simulated centres, narrower than labels alone, and covering it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.kernel.result import Estimate
from firstcontact.measurement.linking.portable import BUCKETS
from firstcontact.measurement.measures import s_fcr
from firstcontact.measurement.measures.reduce import Sums
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.prove import survey_answer, true_resolution
from firstcontact.measurement.prove.context import Context
from tests.drawn import SHOW_ALL

FULL = os.environ.get("FIRSTCONTACT_FULL") == "1"


@contextmanager
def _engine() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(threads=2)
    yield engine
    engine.close()


def test_true_resolution_is_found_from_few_labels() -> None:
    """With 400 labels, in a world whose signals depend on one another and in one where more give up silently: hardly a
    bias, honest intervals, at most 0.70 times as wide as those of the labels alone in the first; a shuffled score
    costs nothing; the mean of the score itself is points too high."""
    context = Context(_engine, None if FULL else 30, 1.0 if FULL else 0.2)
    rows = true_resolution.run(context)
    assert not FULL or [row.what for row in rows if row.met is False] == []
    found = {row.what: row.value or 0.0 for row in rows}
    for world in true_resolution.WORLDS:
        assert abs(found[f"{world}: mean bias with 400 labels"]) < 0.5
        assert 0.9 <= found[f"{world}: coverage"] <= 1
        assert found[f"{world}: the same with the score shuffled"] < 1.03
        assert found[f"{world}: bias of the score's mean"] > 2
    assert found["base: half-width against labels alone"] < 0.7


def test_a_small_part_that_never_answers_is_allowed_for() -> None:
    """Where nobody of 4 % of the contacts answers, of whom 30 % are content and not 80 % as of the others, the interval
    of S-FCR holds the truth of all in every one of 200 draws; as if these had been heard, it hardly ever does."""
    chance = np.random.default_rng(8)
    contacts, times, response, guess = 20_000, 200, 0.2, 0.8
    names = ("influence", "answers", "weight", "square", "unheard", "guess")
    count, terms = np.zeros((times, BUCKETS)), {name: np.zeros((times, BUCKETS)) for name in names}
    for world in range(times):
        bucket = chance.integers(0, BUCKETS, contacts)
        silent = np.arange(contacts) < 0.04 * contacts
        content = chance.random(contacts) < np.where(silent, 0.3, 0.8)
        said = ~silent & (chance.random(contacts) < response)
        influence = guess + said / response * (content - guess)
        each = (influence, said, said / response, said / response**2, silent, silent * influence)
        count[world] = np.bincount(bucket, minlength=BUCKETS)
        for name, one in zip(names, each, strict=True):
            terms[name][world] = np.bincount(bucket, one, BUCKETS)
    none = np.zeros_like(count)
    truth, policy = 0.04 * 0.3 + 0.96 * 0.8, Policy(publish=SHOW_ALL)
    held = []
    for known in (True, False):
        blind = {} if known else {"unheard": none, "guess": none}
        found = s_fcr.correct(s_fcr.MEASURE, Sums(count, none, none, none, terms | blind), policy)
        held.append(np.mean([isinstance(one, Estimate) and one.low <= truth <= one.high for one in found]))
    assert held[0] == 1
    assert held[1] < 0.5


def test_what_customers_would_say_is_found() -> None:
    """Where answering depends on the outcome, the plain share is points off; with what customers did afterwards the
    figure is near the truth, and without it it is not, which is said."""
    context = Context(_engine, None if FULL else 1, 1.0 if FULL else 0.7)
    rows = survey_answer.run(context)
    assert not FULL or [row.what for row in rows if row.met is False] == []
    found = {row.what: row.value or 0.0 for row in rows}
    assert found["by outcome, with behaviour: bias of the plain share"] < -3
    assert abs(found["by outcome, with behaviour: mean bias"]) < 2
    assert found["by outcome, without behaviour: mean bias"] < -2
    assert found["by outcome, without behaviour: share of runs with the warning"] == 1
    assert found["by outcome, with behaviour: share of runs with the warning"] == 0
