"""Is the audit of linking honest: in worlds with wrong codes or split records it finds the share of linked returns."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.measurement.audit.sample import COLUMNS, NEEDS, draw_sample
from firstcontact.measurement.prove.context import Context
from firstcontact.measurement.prove.linkage_audit import judge, truthful
from firstcontact.measurement.prove.world import TRIALS
from firstcontact.statistics.linkage_audit import Linkage, corrected_no_return, linkage, linked_share

FULL = os.environ.get("FIRSTCONTACT_FULL") == "1"
SIGNALS = tuple(signal for signal in NEEDS if signal != "returned")


@contextmanager
def _engine() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(threads=2)
    yield engine
    engine.close()


@pytest.mark.parametrize(("world", "expected"), [("wrong-codes", 0.81), ("split", 0.82)])
def test_the_audit_finds_the_share_of_linked_returns(world: str, expected: float) -> None:
    """Audits of 1,200 contacts hold the share that everything looked up at once gives, nearly always, and that share is
    what error rates of 10 % predict. A sample is a matter of its seed alone, with the probabilities of its strata."""
    times, contacts = (60, 100_000) if FULL else (3, 24_000)
    with Context(_engine).observe(TRIALS[world].world(), contacts, 5, signals=SIGNALS, keep=COLUMNS) as seen:
        everything = draw_sample(seen.engine, seen.contacts, 1_000_000, 0)
        every = judge(everything, answers := truthful(seen, everything))
        samples = [draw_sample(seen.engine, seen.contacts, 1200, seed) for seed in (0, *range(times))]
    assert every is not None
    assert every.found == pytest.approx(expected, abs=0.03 if FULL else 0.05)
    found = dict(zip((one.contact_id for one in everything), answers, strict=True))
    held = []
    for sample in samples[1:]:
        own = judge(sample, [found[one.contact_id] for one in sample])
        assert own is not None
        held.append(own.low <= every.found <= own.high)
    assert np.mean(held) >= (0.9 if FULL else 0.6)
    assert samples[0] == samples[1]
    assert {one.contact_id for one in samples[1]} != {one.contact_id for one in samples[2]}
    held_by = Counter(one.stratum for one in everything)
    drawn_from = Counter(one.stratum for one in samples[0])
    assert set(drawn_from) == set(held_by)
    assert all(one.probability == drawn_from[one.stratum] / held_by[one.stratum] for one in samples[0])
    assert all(one.probability == 1 and set(one.links) <= set(one.nearby) for one in everything)


def test_the_corrected_interval_is_that_of_the_delta_method() -> None:
    """The spread of the corrected figure is that of a numeric derivative (1e-6)."""
    known = Linkage(0.8, 0.0009, 0.74, 0.85, 1000, 200, 0.6)
    share, variance, step = 0.88, 1e-5, 1e-5

    def freed(r: float, s: float) -> float:
        return 1 - (1 - r) / s

    by_r = (freed(share + step, 0.8) - freed(share - step, 0.8)) / (2 * step)
    by_s = (freed(share, 0.8 + step) - freed(share, 0.8 - step)) / (2 * step)
    spread = np.sqrt(by_r**2 * variance + by_s**2 * known.variance)
    value, low, high = corrected_no_return(share, variance, known)
    assert value == pytest.approx(0.85)
    assert (high - low) / 2 == pytest.approx(1.959964 * spread, rel=1e-6)


def test_an_audit_that_finds_too_little_says_so() -> None:
    """With few true returns, or none linked, there is no share; with none missed there is one, not for certain."""
    n = 100
    ones, weight, stratum = np.ones(n), np.full(n, 10.0), np.repeat([0.0, 1.0], 50)
    came = np.repeat([1.0, 0.0], 50)
    assert linkage(stratum, weight, came * (np.arange(n) < 20), came, came) is None
    assert linkage(stratum, weight, came, 0 * ones, 0 * ones) is None
    sure = linkage(stratum, weight, came, came, came)
    assert sure is not None
    assert sure.found == 1
    assert 0.9 < sure.low < 0.999
    assert linked_share(0, 0) == 1
