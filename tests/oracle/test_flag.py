"""The flags of cells against statsmodels (written against 0.15.0; November 2026)."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests

from firstcontact.statistics.bucket import ratio
from firstcontact.statistics.discovery import discoveries, q_values
from firstcontact.statistics.rest import against_rest


@pytest.mark.parametrize("seed", range(4))
def test_a_cell_against_the_rest_is_a_cluster_robust_slope(seed: int) -> None:
    """Where buckets differ by more than chance, t is that of OLS on an indicator of the cell with buckets as clusters,
    but for OLS's factor (n - 1) / (n - 2), which is taken out; its degrees of freedom are the lesser of those of cell
    and rest, which `test_statistics` holds against others (1e-9 relative)."""
    chance = np.random.default_rng(seed)
    bucket = chance.integers(0, 40, 2_000)
    cell = chance.random(2_000) < 0.3
    share = np.where(cell, chance.beta(2, 1, 40)[bucket] - 0.1, chance.beta(2, 1, 40)[bucket])
    score = (chance.random(2_000) < share).astype(float)
    count = np.bincount(bucket, cell, 40)[None, :]
    total = np.bincount(bucket, score * cell, 40)[None, :]
    ours = against_rest(count, total, np.bincount(bucket, minlength=40).astype(float), np.bincount(bucket, score, 40))
    fit = sm.OLS(score, sm.add_constant(cell.astype(float))).fit(cov_type="cluster", cov_kwds={"groups": bucket})
    t = fit.params[1] / (fit.bse[1] * np.sqrt(1_998 / 1_999))
    rest = np.bincount(bucket, ~cell, 40)[None, :]
    freedom = min(ratio(rows, 0.5 * rows).freedom[0] for rows in (count, rest))
    assert ours[0] == pytest.approx(2 * stats.t.sf(abs(t), freedom), rel=1e-9)


def test_without_dependence_it_is_no_clearer_than_two_proportions() -> None:
    """Rows that vary less between buckets than chance would are taken to vary as chance does: the pooled z-test of two
    proportions, with Student's t in place of the normal (1e-9)."""
    count, total = np.full((1, 40), 10.0), np.full((1, 40), 7.0)
    rest, won = np.full(40, 30.0), np.full(40, 24.0)
    ours = against_rest(count, total, count[0] + rest, total[0] + won)
    pooled = (280 + 960) / 1_600
    z = (0.8 - 0.7) / np.sqrt(pooled * (1 - pooled) * (1 / 400 + 1 / 1_200))
    assert ours[0] == pytest.approx(2 * stats.t.sf(z, 39), rel=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_flags_are_those_of_benjamini_and_hochberg(seed: int) -> None:
    """What is flagged at a rate, and q-values, are those of `multipletests(method="fdr_bh")` (1e-12)."""
    chance = np.random.default_rng(seed)
    p = np.concatenate([chance.random(50 * seed), chance.beta(0.2, 8, 7)])
    p[: len(p) // 9] = p[0]
    for rate in (0.01, 0.05, 0.2):
        reject, corrected, *_ = multipletests(p, rate, method="fdr_bh")
        assert discoveries(p, rate).tolist() == reject.tolist() == (q_values(p) <= rate).tolist()
        np.testing.assert_allclose(q_values(p), corrected, atol=1e-12)
