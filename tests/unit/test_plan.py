"""Label budgets and waiting times: from formula to command."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from statsmodels.stats.proportion import samplesize_confint_proportion

from firstcontact.statistics.label_budget import label_budget
from tests.command import run


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated centre of 25,000 contacts in 420 days."""
    folder = tmp_path_factory.mktemp("plan") / "centre"
    assert run("simulate", "--contacts", 25_000, "--seed", 5, "--out", folder).code == 0
    return folder


def test_budgets_without_a_score_are_the_textbook_ones() -> None:
    """As statsmodels has them; a score that explains half of the variance halves them; none does the impossible."""
    for half in (0.01, 0.02, 0.05):
        plain = label_budget(0.8, 0.0, half, 10**9)
        assert plain.alone == plain.with_score
        assert plain.alone == pytest.approx(samplesize_confint_proportion(0.8, half), abs=1)
    half = label_budget(0.8, 0.5, 0.02, 10**9)
    assert half.alone is not None
    assert half.with_score == pytest.approx(half.alone / 2, rel=0.01)
    few = label_budget(0.8, 0.9, 0.001, 1_000)
    assert (few.alone, few.with_score) == (None, None)
    assert label_budget(0.8, 0.9, 0.01, 0).alone is None
    perfect = label_budget(0.8, 1.0, 0.02, 10_000)
    assert perfect.with_score == 1


def test_the_plan_tells_budgets_and_waits(centre: Path) -> None:
    """Reviews for four widths, fewer with the score than without; and days to wait, fewest for the fastest reasons."""
    said = run("plan", centre)
    assert said.code == 0, said.err
    words = " ".join(said.out.split())
    assert "± 3 points" in words
    assert "reviews at hand" in words
    assert "delivery" in words
    assert "days to wait" in words
    assert "window up to" in words


def test_without_reviews_the_plan_is_the_worst_case(tmp_path: Path) -> None:
    """Where nobody reviewed, answered or wrapped up, no share resolved is claimed: half is planned for, and it says
    so; the score saves nothing."""
    folder = tmp_path / "bare"
    made = run("simulate", "--contacts", 4_000, "--seed", 1, "--set", "days=200", "--out", folder)
    assert made.code == 0, made.err
    said = run("plan", folder / "contacts.parquet")
    words = " ".join(said.out.split())
    assert "worst case" in words
    assert "with the score" not in words
    assert "% resolved" not in words
    assert f"± 3 points {label_budget(0.5, 0.0, 0.03, 10**9).alone:,} " in words


def test_a_smaller_difference_takes_longer(centre: Path) -> None:
    """Days to wait grow as the difference to be seen shrinks, until the volume does not suffice."""
    said = run("plan", centre, "--difference", 0.001)
    assert said.code == 0, said.err
    assert "too few contacts" in " ".join(said.out.split())


def test_short_history_has_no_waiting_times_and_says_why(tmp_path: Path) -> None:
    """With 100 days of contacts nothing is known of returns: no wait is told, but what would change it."""
    folder = tmp_path / "short"
    made = run("simulate", "--contacts", 4_000, "--seed", 1, "--set", "days=100", "--out", folder)
    assert made.code == 0, made.err
    said = run("plan", folder)
    words = " ".join(said.out.split())
    assert "No waiting time is known of" in words
    assert "more days of complete data" in words


def test_nothing_to_plan_with_is_a_refusal(tmp_path: Path) -> None:
    """Two contacts of yesterday: neither budget nor wait, exit status 6, no NaN."""
    file = tmp_path / "two.csv"
    day = date(2024, 1, 1).isoformat()
    rows = ["contact_id,customer_id,reason,started_at", f"1,a,billing,{day} 10:00:00", f"2,b,billing,{day} 11:00:00"]
    file.write_text("\n".join(rows) + "\n")
    said = run("plan", file)
    assert said.code == 6, said.err
    assert "nan" not in said.out.lower()
