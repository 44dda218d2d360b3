"""Shares freed of what reviewers get wrong."""

from __future__ import annotations

import numpy as np
import pytest

from firstcontact.statistics.rogan_gladen import LEAST_PAIRS, envelope, reviewers, rogan_gladen


@pytest.mark.parametrize("accuracy", [0.8, 0.9, 0.97, 1.0])
def test_accuracy_and_share_are_recovered(accuracy: float) -> None:
    """With the expected disagreement, the reviewers' accuracy and the true share come out exactly; the truth lies in
    the envelope."""
    share, pairs = 0.8, 10_000
    differ = 2 * accuracy * (1 - accuracy)
    known = reviewers(pairs, differ * pairs)
    assert known.accuracy == pytest.approx(accuracy)
    judged = share * accuracy + (1 - share) * (1 - accuracy)
    corrected, _ = rogan_gladen(np.array([judged]), np.array([1e-4]), known)
    assert corrected[0] == pytest.approx(share)
    low, high = envelope(judged, differ)
    assert low - 1e-9 <= share <= high + 1e-9


def test_reviewers_who_err_on_one_side_only_are_at_the_ends_of_the_envelope() -> None:
    """Reviewers who miss a tenth of the resolved and err on nothing else put the truth at the upper end, and the other
    way round."""
    share, miss = 0.8, 0.1
    judged, differ = share * (1 - miss), share * 2 * miss * (1 - miss)
    assert envelope(judged, differ)[1] == pytest.approx(share)
    judged, differ = share + (1 - share) * miss, (1 - share) * 2 * miss * (1 - miss)
    assert envelope(judged, differ)[0] == pytest.approx(share)


def test_agreement_of_few_is_not_perfection() -> None:
    """That two reviewers agree on all of 40 contacts still leaves doubt about them, which widens the interval."""
    known = reviewers(40, 0)
    assert known.accuracy == 1
    value, variance = rogan_gladen(np.array([0.8]), np.array([0.0]), known)
    assert value[0] == 0.8
    assert 0.002 < np.sqrt(variance[0]) < 0.01


def test_few_pairs_say_nothing() -> None:
    """With fewer contacts judged twice than the least, shares stay as they are, and that is said."""
    known = reviewers(LEAST_PAIRS - 1, 5)
    assert not known.known
    assert (known.accuracy, known.variance) == (1, 0)
    assert not reviewers(0, 0).known


def test_guessing_reviewers_are_not_usable() -> None:
    """Reviewers who differ on half of the contacts tell nothing; no correction is to be made with them."""
    assert not reviewers(100, 50).usable
    assert not reviewers(100, 60).usable
    assert reviewers(100, 30).usable


def test_the_envelope_at_the_edge() -> None:
    """Shares of 0 and 1, and more disagreement than could be, stay within 0 and 1."""
    assert envelope(0.0, 0.0) == (0.0, 0.0)
    assert envelope(1.0, 0.0) == (1.0, 1.0)
    low, high = envelope(0.1, 0.5)
    assert 0 <= low <= high <= 1
