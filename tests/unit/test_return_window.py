"""The window of a reason is a figure, or a refusal that says why there is none."""

from __future__ import annotations

import pytest

from firstcontact.kernel.result import ONE_CUSTOMER_DOMINATES, TOO_FEW, Estimate, Refusal, RefusalKind
from firstcontact.measurement.explain.return_window import NO_CAUSED_RETURN, SHORT_HISTORY, result
from firstcontact.measurement.fit.model import ReturnModel
from firstcontact.services.measure import Measured
from tests.drawn import contact, run_of

REASONS = ("bill", "bill > card")


def test_a_learned_window_is_a_figure_in_days() -> None:
    """With its interval and the openers that it rests on."""
    model = ReturnModel("a", "learned", 900, 400, window_days=12.5, window_low=10, window_high=15)
    figure = result(model, 0.95)
    assert isinstance(figure, Estimate)
    assert (figure.value, figure.low, figure.high, figure.unit, figure.n) == (12.5, 10, 15, "days", 900)


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        ("history", SHORT_HISTORY),
        ("background", SHORT_HISTORY),
        ("too-few-returns", TOO_FEW),
        ("unlike-its-family", TOO_FEW),
        ("one-customer-dominates", ONE_CUSTOMER_DOMINATES),
    ],
)
def test_why_there_is_none_is_said(cause: str, kind: RefusalKind) -> None:
    """Every cause has its own refusal, with the model's own words."""
    refused = result(ReturnModel("a", "unlearned", 9, 2, cause, "because", "more"), 0.95)
    assert isinstance(refused, Refusal)
    assert (refused.kind, refused.reason, refused.would_help) == (kind, "because", "more")


def test_where_nothing_is_caused_no_window_ends() -> None:
    """R-FCR may be known where a window is not."""
    refused = result(ReturnModel("a", "learned", 9_000, 200, r_fcr=1.0), 0.95)
    assert isinstance(refused, Refusal)
    assert refused.kind == NO_CAUSED_RETURN
    assert "cannot be told apart" in refused.reason


def test_a_run_gives_a_row_for_each_reason(engine) -> None:
    """A hundred days teach nothing, and every reason says so at its level of the tree."""
    calls = [contact(f"a{day}", f"Dana {day}", day, reason=REASONS[day % 2]) for day in range(100)]
    measured: Measured = run_of(engine, calls)
    rows = {tuple(row.cell.items()): row.result for row in measured.run.rows if row.measure == "repeat_window_days"}
    assert set(rows) == {(("reason_2", "bill > card"),), (("reason_1", "bill"),)}
    assert all(isinstance(one, Refusal) and one.kind == SHORT_HISTORY for one in rows.values())
