"""R-FCR says what it leaves out: reasons whose returns cannot be told apart widen it, or take it away."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from firstcontact.kernel.result import NOTHING_TO_COUNT, SIGNAL_ABSENT, TOO_FEW, Estimate, Refusal
from firstcontact.measurement.explain.unlearned import PART_UNLEARNED, allow_for_unlearned, left_out
from firstcontact.measurement.fit.model import ReturnModel
from firstcontact.measurement.measures.row import ResultRow

FOUND = Estimate(0.8, 0.79, 0.81, 0.95, 900, "R-FCR")


def models(unlearned: int) -> list[ReturnModel]:
    known = [
        ReturnModel("a > one", "learned", 600, 200, r_fcr=0.7),
        ReturnModel("a > two", "learned", 400, 20, r_fcr=0.9),
    ]
    lone = ReturnModel("b > rare", "unlearned", unlearned, 9, "too-few-returns", "9 returns.", "More data.")
    return [*known, lone] if unlearned else known


def first(own: list[ReturnModel]) -> dict[str, float]:
    """As many first contacts as openers."""
    return {model.reason: float(model.openers) for model in own}


def row(result: Estimate | Refusal, **cell: str) -> ResultRow:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    return ResultRow("r_fcr", ",".join(cell), cell, "all", None, result, "ours", "0", when, "1")


def told(result: Estimate | Refusal, unlearned: int, **cell: str) -> Estimate | Refusal:
    own = models(unlearned)
    return allow_for_unlearned([row(result, **cell)], own, first(own), 0.95)[0].result


def test_a_share_left_out_widens_the_interval_by_whatever_it_may_hold() -> None:
    """Of 10 % nobody knows whether it is as bad as the worst reason or as good as the best; the finding names it."""
    found = told(FOUND, 111)
    assert isinstance(found, Estimate)
    assert found.value == 0.8
    assert found.low == pytest.approx(0.9 * 0.79 + 0.1 * 0.7, abs=1e-4)
    assert found.high == pytest.approx(0.9 * 0.81 + 0.1 * 0.9, abs=1e-4)
    (finding,) = left_out(models(111), first(models(111)))
    assert "10.0% of the first contacts" in finding.text
    assert "of b > rare, whose returns cannot be told apart: 9 returns." in finding.text


def test_where_more_than_a_fifth_is_left_out_there_is_no_figure() -> None:
    """R-FCR of four fifths is not R-FCR of the whole; a channel is taken to be like the whole."""
    for cell in ({}, {"channel": "phone"}):
        refused = told(FOUND, 500, **cell)
        assert isinstance(refused, Refusal)
        assert refused.kind is PART_UNLEARNED
        assert (refused.would_help, refused.n, refused.estimand) == ("More data.", 900, "R-FCR")
        assert "33.3%" in refused.reason


def test_a_reason_is_judged_by_its_own_models() -> None:
    """What other reasons lack takes nothing from a learned one, and an unlearned one says itself what it lacks."""
    assert told(FOUND, 500, reason_1="a") == FOUND
    nothing = Refusal(NOTHING_TO_COUNT, "nothing", "nothing", 0, "R-FCR")
    for cell in ({"reason_1": "b"}, {"reason_2": "b > rare"}, {"reason_3": "b > rare > finest"}):
        assert told(nothing, 500, **cell) == Refusal(TOO_FEW, "9 returns.", "More data.", 0, "R-FCR")


def test_where_nothing_was_learned_the_row_says_what_is_lacking() -> None:
    """Not that the data do not hold what it needs, but what would change it."""
    absent = Refusal(SIGNAL_ABSENT, "The data do not hold it.", "A source with it.", 0, "R-FCR")
    lone = models(500)[2:]
    (found,) = allow_for_unlearned([row(absent)], lone, first(lone), 0.95)
    assert found.result == Refusal(TOO_FEW, "9 returns.", "More data.", 0, "R-FCR")
    assert left_out(lone, first(lone)) == ()


def test_what_is_next_to_nothing_changes_nothing() -> None:
    """Under 1 % of the openers, or none at all, or a cell that is refused anyway."""
    few = Refusal(TOO_FEW, "few", "more", 3, "R-FCR")
    assert told(FOUND, 0) == told(FOUND, 9) == FOUND
    assert told(few, 500) == few
    assert told(few, 500, reason_1="b") == few
    assert left_out(models(0), first(models(0))) == left_out(models(9), first(models(9))) == ()


def test_what_is_left_out_is_counted_in_first_contacts() -> None:
    """As R-FCR is weighed: where openers of the learned reasons stand for more, a third of the openers is a sixth of
    the first contacts, and there is a figure; a reason without a contact leaves out nothing."""
    own = models(500)
    stands = {"a > one": 2000.0, "a > two": 500.0, "b > rare": 500.0}
    (found,) = allow_for_unlearned([row(FOUND)], own, stands, 0.95)
    assert isinstance(found.result, Estimate)
    assert found.result.low == pytest.approx(5 / 6 * 0.79 + 0.7 / 6, abs=1e-4)
    (finding,) = left_out(own, stands)
    assert "16.7% of the first contacts" in finding.text
    assert left_out(own, {"a > one": 2000.0}) == ()
