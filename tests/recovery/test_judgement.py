"""Are T-FCR and S-FCR honest: against the truth of simulated centres, narrower than labels alone, and covering it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.measurement.prove import survey_answer, true_resolution
from firstcontact.measurement.prove.context import Context

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
