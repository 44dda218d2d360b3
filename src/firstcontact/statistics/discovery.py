"""Many comparisons at once: which of them may be called findings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firstcontact.statistics.bucket import Array


def discoveries(p: Array, rate: float = 0.05) -> NDArray[np.bool_]:
    """Which hypotheses to reject so that few of the rejected are true.

    Estimand: nothing; a decision that keeps the expected share of false findings among all findings at or below `rate`.
    Formula: Benjamini and Hochberg: reject the k smallest p-values, k the largest with p_(k) <= k rate / m.
    Assumes: p-values are independent or positively dependent, as those of overlapping cells mostly are.
    Lies when: p-values were chosen after looking; give all that were looked at.
    Oracle: `statsmodels.stats.multitest.multipletests(method="fdr_bh")`.
    References: Benjamini, Y. & Hochberg, Y. (1995), JRSS B 57(1); Benjamini, Y. & Yekutieli, D. (2001), Annals of
        Statistics 29(4).

    Args:
        p: p-values of everything that was looked at.
        rate: The share of false findings that is accepted.

    Returns:
        True for findings, in the order of `p`.

    >>> discoveries(np.array([0.001, 0.04, 0.02, 0.9])).tolist()
    [True, False, True, False]
    """
    count = len(p)
    order = np.argsort(p)
    passed = np.flatnonzero(p[order] <= rate * np.arange(1, count + 1) / max(count, 1))
    found = np.zeros(count, dtype=bool)
    if len(passed):
        found[order[: passed[-1] + 1]] = True
    return found


def q_values(p: Array) -> Array:
    """For each hypothesis, the share of false findings if it and all at least as clear were called findings.

    Estimand: nothing; `q <= rate` marks the findings of `discoveries`.
    Formula: q_(k) = min over j >= k of m p_(j) / j, and at most 1.
    Assumes: as `discoveries`.
    Lies when: as `discoveries`; a q of 0.05 says nothing of the single finding.
    Oracle: the corrected p-values of `statsmodels.stats.multitest.multipletests(method="fdr_bh")`.
    References: Benjamini & Hochberg (1995); Yekutieli, D. & Benjamini, Y. (1999), Journal of Statistical Planning and
        Inference 82.

    Args:
        p: p-values of everything that was looked at.

    Returns:
        q-values in the order of `p`.

    >>> q_values(np.array([0.001, 0.04, 0.02, 0.9])).round(4).tolist()
    [0.004, 0.0533, 0.04, 0.9]
    """
    count = len(p)
    order = np.argsort(p)[::-1]
    scaled = p[order] * count / np.arange(count, 0, -1)
    found = np.empty(count)
    found[order] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    return found
