"""Whatever the history and whatever the policy, the engine finds exactly what the slow twin finds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, event, given, settings

from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.measurement.reference.tell import Seen, tell
from tests.conftest import FULL
from tests.engine_teller import engine_teller
from tests.generative.strategy import Invented, invented


@pytest.fixture(scope="module")
def one_engine() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(threads=1)
    yield engine
    engine.close()


# A question costs an engine much, a further history in it next to nothing: at night 10,000 are asked in 500 questions.
HISTORIES = (1, 20, 60) if FULL else (1, 8)
QUESTIONS = settings.default.max_examples // (20 if FULL else 1)


@pytest.mark.timeout(6 * 3600)
@settings(max_examples=QUESTIONS, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(question=invented(HISTORIES))
def test_the_engine_equals_the_twin(one_engine: DuckDBEngine, question: Invented) -> None:
    """Links, gaps, flags, signals and verdicts agree on every contact of an invented history."""
    asked = (question.contacts, question.policy, question.fit, question.frame)
    by_twin = {row.contact_id: row for row in tell(*asked)}
    by_engine = {row.contact_id: row for row in engine_teller(one_engine)(*asked)}
    event(f"{len({name.partition('-')[0].lstrip('az') for name in by_twin})} histories")
    assert by_engine.keys() == by_twin.keys()
    assert not list(differences(by_twin, by_engine))


def differences(by_twin: dict[str, Seen], by_engine: dict[str, Seen]) -> Iterator[str]:
    """What the two do not agree on, in words."""
    for name, twin in by_twin.items():
        engine = by_engine[name]
        for key in Seen.__slots__:
            if key != "signals" and getattr(twin, key) != getattr(engine, key):
                yield f"{name}.{key}: twin {getattr(twin, key)!r}, engine {getattr(engine, key)!r}"
        for signal, value in twin.signals.items():
            if value != engine.signals[signal]:
                yield f"{name} signal {signal}: twin {value!r}, engine {engine.signals[signal]!r}"
