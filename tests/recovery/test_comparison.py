"""Comparisons and changes on draws whose truth is known: the acceptance lines A5, A6 and A10 at a reduced size.

The nightly size runs them as stated: 100 to 1,000 draws a line.
"""

from __future__ import annotations

import numpy as np
import pytest

from firstcontact import bootstrap
from firstcontact.measurement.prove import agent_comparison, change_verification, comparability
from firstcontact.measurement.prove.context import Context
from firstcontact.measurement.prove.proof import Proof
from firstcontact.statistics.always_valid import always_valid
from firstcontact.statistics.contrast import case_mix
from firstcontact.statistics.empirical_bayes import shrink
from firstcontact.statistics.heterogeneity import heterogeneity
from firstcontact.statistics.placebo import placebo

PROOFS = (agent_comparison.PROOF, change_verification.PROOF, comparability.PROOF)


@pytest.mark.parametrize("proof", [agent_comparison.PROOF], ids=lambda one: one.id)
def test_agents_are_refused_or_right(proof: Proof) -> None:
    """A5 with 15 of its 100 worlds: every band is kept."""
    rows = proof.run(Context(bootstrap.engine, asked=15))
    assert [row.what for row in rows if row.met is False] == []


def test_changes_that_did_nothing_are_found_to_have_done_nothing() -> None:
    """A6 with 100 of its 1,000 series: no rate of false alarms lies above its band by more than chance."""
    rows = change_verification.PROOF.run(Context(bootstrap.engine, asked=100))
    for row in rows:
        if row.high is not None and row.value is not None and row.what != "coverage of its interval":
            slack = 3 * np.sqrt(max(row.high, 1e-9) * (1 - row.high) / max(row.n, 1)) if row.high > 0 else 0.0
            assert row.value <= row.high + slack, row
    worse = {row.what: row.value for row in rows if not row.judged}
    assert worse["the same, a z-test at every look"] is not None
    assert worse["the same, a z-test at every look"] > 0.2


def test_sites_that_are_alike_are_found_alike() -> None:
    """A10 with 50 of its 1,000 pairs: false differences of 0 to 14 %, and what must be
    refused is, or covered about as often as it must be."""
    rows = comparability.PROOF.run(Context(bootstrap.engine, asked=50))
    for row in rows:
        if row.what.startswith("false differences"):
            assert row.value is not None
            assert row.value <= 0.14
        elif row.low is not None and row.value is not None:
            assert row.value >= row.low - 3 * np.sqrt(row.low * (1 - row.low) / row.n), row


@pytest.mark.full
@pytest.mark.parametrize("proof", PROOFS, ids=lambda one: one.id)
def test_the_bands_are_kept_at_the_stated_size(proof: Proof) -> None:
    """A5, A6 and A10 with all their draws."""
    assert [row for row in proof.run(Context(bootstrap.engine)) if row.met is False] == []


def test_effects_of_few_teams_are_covered() -> None:
    """Five teams, whose spread nobody can know well: 95 % intervals of their differences hold the truth in 91 to 99 %
    of 1,000 cases, customers of several contacts included, which a count of contacts takes for independent."""
    held = []
    for seed in range(200):
        chance = np.random.default_rng(seed)
        true = 0.2 * chance.standard_normal(5)
        customers = 400
        # A customer has four contacts with one team and an own inclination to fail.
        lean = 0.8 * chance.standard_normal((5, customers))
        odds = -1.2 + (true[:, None] + lean)[:, :, None]
        failed = (chance.random((5, customers, 4)) < 1 / (1 + np.exp(-odds))).sum(axis=2)
        unit = np.repeat(np.arange(5), customers)
        bucket = chance.integers(0, 40, 5 * customers)
        mix = case_mix(unit, np.zeros_like(unit), np.full(len(unit), 4.0), failed.ravel().astype(float), bucket, 5)
        effects = shrink(mix, heterogeneity(mix.contrasts, mix.design_effect).variance)
        # The inclination of customers draws log-odds of their mean towards 0 by this much.
        marginal = (true - true.mean()) / np.sqrt(1 + 0.346 * 0.8**2)
        held += list((effects.low <= marginal) & (marginal <= effects.high))
    assert len(held) == 1_000
    assert 0.91 <= np.mean(held) <= 0.99


def test_a_placebo_in_space_keeps_its_level() -> None:
    """Eight controls like the treated, weeks that resemble their neighbours: 3 to 8 % of 600 draws are called an
    effect at 5 %."""
    chance = np.random.default_rng(12)
    alarms = []
    after = np.arange(40) >= 26
    for _ in range(600):
        series = change_verification._shocks(chance, (9, 40))
        found = placebo(series[0], series[1:], after)
        assert found is not None
        alarms.append(found.p < 0.05)
    assert 0.03 <= np.mean(alarms) <= 0.08


def test_independent_weeks_never_leave_the_sequence_by_chance() -> None:
    """Independent weeks: at most 5 % of 150 series leave the always-valid interval at any of 20 looks."""
    chance = np.random.default_rng(13)
    left = []
    for _ in range(150):
        series = chance.standard_normal(46)
        _, low, high = always_valid(series[:26], series[26:])
        left.append(bool(((low > 0) | (high < 0)).any()))
    assert np.mean(left) <= 0.05
