"""Nothing is promised where perhaps nobody comes back because of a reason."""

from __future__ import annotations

import numpy as np

from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.explain.opportunity import _noise, withhold_needless
from firstcontact.measurement.measures.row import ResultRow
from tests.run_factory import row
from tests.told_runs import figure


def _rows(**half: float) -> list[ResultRow]:
    """A gain for each reason, and its R-FCR of 97 % with this half-width."""
    rows = [row("r_fcr", figure(0.97, one), "reason_1", {"reason": reason}) for reason, one in half.items()]
    for reason in half:
        cell = {"reason": reason, "cause": "its own best teams"}
        rows += [row("opportunity", figure(9, 4, unit="count"), "reason,cause", cell)]
        rows += [row("opportunity_gap", figure(0.05, 0.01), "reason,cause", cell)]
    return rows


def _told(rows: list[ResultRow]) -> list[tuple[str, str]]:
    return [(one.measure, one.cell.get("reason", "")) for one in rows if one.measure != "r_fcr"]


def test_a_gain_needs_returns_that_are_caused() -> None:
    """Where R-FCR's interval holds 100 %, neither contacts nor a gap are promised; other reasons keep theirs."""
    told = withhold_needless(_rows(bill=0.01, fault=0.03))
    assert _told(told) == [("opportunity", "bill"), ("opportunity_gap", "bill")]


def test_without_any_gain_left_there_is_one_refusal() -> None:
    """It says that perhaps nobody comes back, and stands where the gains stood."""
    rows = _rows(bill=0.04, fault=0.03)
    told = withhold_needless(rows)
    assert _told(told) == [("opportunity", "")]
    (found,) = (one.result for one in told if one.measure == "opportunity")
    assert isinstance(found, Refusal)
    assert "100%" in found.reason


def test_gains_stay_where_somebody_surely_comes_back() -> None:
    """Rows are left as they are, also where a week of a reason holds 100 %."""
    rows = _rows(bill=0.01)
    rows.append(row("r_fcr", figure(0.97, 0.1), "reason_1,channel", {"reason": "bill", "channel": "phone"}))
    assert withhold_needless(rows) == rows
    assert all(isinstance(one.result, Estimate) for one in rows)


def test_a_cell_that_one_bucket_emptied_has_no_variance() -> None:
    """Left without contacts when a bucket is taken out, a cell is told by 0, and nothing is divided by its contacts."""
    count = np.array([[4.0, 6.0], [0.0, 0.0]])
    with np.errstate(all="raise"):
        found = _noise(count, np.array([[1.0, 3.0], [0.0, 0.0]]))
    # Rate 0.4: residuals -0.06 and 0.06 of ten contacts; two buckets.
    assert np.allclose(found, [2 * 2 * 0.06**2, 0.0])
