"""Why nothing is counted is said by its true cause."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from firstcontact.kernel.result import Refusal
from firstcontact.measurement.explain.uncounted import name_uncounted
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.measurement.measures.estimate import absent, nothing
from firstcontact.measurement.measures.measure import Measure
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.measurement.policy.model import Policy
from tests.command import run

START = datetime.fromisoformat("2024-01-01")
LATER, EARLY = frozenset({"not_opener", "left_censored"}), frozenset({"left_censored"})


def _row(measure: str, found: Refusal, by: str = "") -> ResultRow:
    return ResultRow(measure, by, {}, "all", None, found, "p", "h", START, "1")


def _named(days: float, largest: float, astray: frozenset[str] = LATER, by: str = "") -> list[Refusal]:
    frame = Frame(START, START, START + timedelta(days=days))
    returns: Measure = MEASURES["r_fcr"]
    rows = [_row("fcr_issue", nothing(astray, 45.0, "share"), by), _row("r_fcr", absent(returns, "returns"), by)]
    found = [row.result for row in name_uncounted(rows, frame, Policy(), largest)]
    assert all(isinstance(one, Refusal) for one in found)
    return [one for one in found if isinstance(one, Refusal)]


@pytest.mark.parametrize("astray", [LATER, EARLY])
def test_a_short_period_is_named_with_the_days_it_lacks(astray: frozenset[str]) -> None:
    """Twenty days, where the quiet time and the window take 75; R-FCR has the same cause."""
    for one in _named(19.6, 1.0, astray):
        assert str(one.reason).startswith("The data hold 20 of at least 75 days")
        assert one.would_help == "A longer period: at least 55 days more."
        assert one.kind.title == "Nothing can be counted"
    assert _named(73.5, 1.0, astray)[0].would_help == "A longer period: at least one day more."


def test_one_customer_who_is_never_quiet_is_named() -> None:
    """The whole names the customer who holds everything; a cell says that none is a first contact."""
    for one in _named(400, 1.0):
        assert "One customer holds 100%" in one.reason
    assert "is a first one" in _named(400, 1.0, by="reason")[0].reason


def test_customers_who_are_never_quiet_have_no_first_contact() -> None:
    """Many customers, a long time, and each comes again within 45 days."""
    first, returns = _named(400, 0.01)
    assert "within 45 days of an earlier one" in first.reason
    assert returns.reason == first.reason
    assert "link.look_back_days" in first.would_help


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("no_customer", "customer known"),
        ("not_recorded", "recorded"),
        ("abandoned", "left out: abandoned"),
        ("vip", "the ledger"),
    ],
)
def test_other_causes_are_named_where_they_are_the_only_one(code: str, said: str) -> None:
    """Nobody known, nothing recorded, left out by rule; the ledger for what the policy's own rules left out."""
    assert said in nothing(frozenset({code}), 45.0, "share").reason


def test_several_causes_are_named_together() -> None:
    """Contacts beyond the cut-off and others that are no first ones."""
    found = nothing(frozenset({"after_cutoff", "not_opener"}), 45.0, "share")
    assert found.reason == "Every contact is left out: after the cut-off; no first contact."


def test_a_cell_knows_why_it_is_empty(tmp_path: Path) -> None:
    """A run of twenty days says so in words, and nowhere sends its reader to the ledger."""
    rows = ["contact_id,customer_id,reason,started_at"]
    rows += [f"{n},k{n},billing,2024-01-{1 + n % 20:02d} 10:00:00" for n in range(60)]
    file = tmp_path / "short.csv"
    file.write_text("\n".join(rows) + "\n")
    said = run("measure", file, "--out", tmp_path / "out", "--no-definitions")
    words = " ".join(said.out.split())
    assert "of at least 75 days" in words
    told = (tmp_path / "out" / "results.csv").read_text()
    assert "the ledger says where" not in told
