"""What reviewers get wrong, known from contacts that two of them judged, and a share freed of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstcontact.statistics.bucket import Array

LEAST_PAIRS = 20
"""Fewer contacts judged twice say too little about the reviewers; shares are then left as they are."""
LEAST_ACCURACY = 0.7
"""Below it, reviewers tell so little that the correction would multiply every error by more than 2.5."""


@dataclass(frozen=True, slots=True)
class Reviewers:
    """How far reviewers can be believed.

    Attributes:
        pairs: Contacts judged by two reviewers.
        disagree: Share of them in which the two differ.
        accuracy: P(a reviewer is right), the same for resolved and unresolved contacts; 1 where nobody differs, and
            where there are fewer than `LEAST_PAIRS`.
        variance: Its sampling variance.
    """

    pairs: int
    disagree: float
    accuracy: float
    variance: float

    @property
    def known(self) -> bool:
        """Whether enough contacts were judged twice to say anything."""
        return self.pairs >= LEAST_PAIRS

    @property
    def usable(self) -> bool:
        """Whether what they say can be corrected at all."""
        return self.accuracy >= LEAST_ACCURACY


def reviewers(pairs: int, disagreements: float) -> Reviewers:
    """How often reviewers are right, from how often two of them differ.

    Estimand: P(right) of one reviewer.
    Formula: two reviewers who err independently differ with probability d = 2 a (1 - a), so
        a = (1 + sqrt(1 - 2 d)) / 2. Its variance is var(d) / (4 (1 - 2 d)), with var(d) taken at (x + 1/2) / (n + 1),
        so that no disagreement among few pairs is not taken for perfection.
    Assumes: reviewers err independently, and as often on resolved as on unresolved contacts. Pairs alone cannot tell
        those two apart; `envelope` says what else fits the same pairs.
    Lies when: all reviewers share a mistake (the recording is all they have): agreement then looks like truth.
    Oracle: the identity above, and recovery of a drawn accuracy.
    References: Rogan, W. J. & Gladen, B. (1978), American Journal of Epidemiology 107(1).

    Args:
        pairs: Contacts judged by two reviewers.
        disagreements: In how many of them the two differ.

    Returns:
        What is known about the reviewers.

    >>> round(reviewers(200, 36).accuracy, 3)
    0.9
    """
    if pairs < LEAST_PAIRS:
        return Reviewers(pairs, disagreements / pairs if pairs else 0.0, 1.0, 0.0)
    differ = disagreements / pairs
    smooth = (disagreements + 0.5) / (pairs + 1)
    open_part = max(1 - 2 * differ, 0.01)
    variance = smooth * (1 - smooth) / pairs / (4 * open_part)
    return Reviewers(pairs, differ, float((1 + np.sqrt(max(1 - 2 * differ, 0.0))) / 2), float(variance))


def rogan_gladen(value: Array, variance: Array, known: Reviewers) -> tuple[Array, Array]:
    """Free shares of what reviewers get wrong.

    Estimand: the share truly resolved, from the share judged resolved.
    Formula: p = (q + a - 1) / (2 a - 1); var(p) = var(q) / (2 a - 1)^2 + ((1 - 2 q) / (2 a - 1)^2)^2 var(a).
    Assumes: as `reviewers`.
    Lies when: reviewers err more on one side than on the other.
    Oracle: the published formula with sensitivity and specificity both `a`; `value` may lie outside 0 to 1 by chance.
    References: Rogan & Gladen (1978).

    Args:
        value: Shares judged resolved.
        variance: Their sampling variances.
        known: What is known about the reviewers; usable.

    Returns:
        Corrected shares, within 0 to 1, and their variances.

    >>> share, _ = rogan_gladen(np.array([0.74]), np.array([0.0]), Reviewers(200, 0.18, 0.9, 0.0))
    >>> float(share[0].round(3))
    0.8
    """
    scale = 2 * known.accuracy - 1
    corrected = (value + known.accuracy - 1) / scale
    spread = variance / scale**2 + ((1 - 2 * value) / scale**2) ** 2 * known.variance
    return np.clip(corrected, 0.0, 1.0), np.asarray(spread, dtype=float)


def envelope(value: float, disagree: float) -> tuple[float, float]:
    """All shares that fit what was judged and how often two reviewers differ, whichever side they err on.

    Estimand: the ends of the set of shares that the pairs cannot tell apart.
    Formula: if reviewers err only on resolved contacts, they call a share a = 1 - d / 2q of these resolved, and the
        share is q / a; if only on unresolved ones, it is 1 - (1 - q) / (1 - d / 2(1 - q)).
    Assumes: reviewers err independently.
    Lies when: they share mistakes.
    Oracle: at no disagreement both ends are the share itself; the symmetric correction lies between them.
    References: Rogan & Gladen (1978); Hui & Walter (1980).

    Args:
        value: Share judged resolved.
        disagree: Share of pairs in which the two differ.

    Returns:
        The lowest and the highest share, within 0 to 1.

    >>> [round(end, 3) for end in envelope(0.74, 0.18)]
    [0.602, 0.842]
    """
    low = _other_end(1 - value, disagree)
    return 1 - low, _other_end(value, disagree)


def _other_end(share: float, disagree: float) -> float:
    if share <= 0:
        return 0.0
    right = 1 - disagree / (2 * share)
    return min(1.0, share / right) if right > 0 else 1.0
