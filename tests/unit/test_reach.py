"""Whether a figure reaches its target is told by the whole of its interval, and not where nobody can know."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import pytest

from firstcontact.kernel.result import NONE_MATURE, Estimate
from firstcontact.measurement.measures.result_table import result_table
from firstcontact.measurement.policy.model import Target
from firstcontact.services.reach import first_day, reach, reach_week, reach_whole, target_of_row, targets_data, told
from firstcontact.services.run import Run
from tests import run_factory

AIM = Target("fcr_issue", at_least=0.8, tolerance=0.02)
CEILING = Target("repeat_rate", at_most=0.2, tolerance=0.01)


def figure(low: float, high: float, **other: object) -> Estimate:
    plain = Estimate((low + high) / 2, low, high, 0.95, 1_000, "share")
    return dataclasses.replace(plain, **other)  # type: ignore[arg-type]


def aimed(run: Run, *targets: Target) -> Run:
    return dataclasses.replace(run, policy=dataclasses.replace(run.policy, targets=targets))


@pytest.mark.parametrize(
    ("low", "high", "state"),
    [
        (0.8201, 0.9, "better"),
        (0.82, 0.9, "reached"),
        (0.78, 0.781, "reached"),
        (0.7799, 0.9, "open"),
        (0.7, 0.78, "open"),
        (0.7, 0.7799, "missed"),
    ],
)
def test_the_whole_interval_decides(low: float, high: float, state: str) -> None:
    """On the edge of what is tolerated a figure counts as reached; in a mirror the same holds where less is better."""
    assert told(AIM, low, high) == state
    mirrored = Target("repeat_rate", at_most=0.2, tolerance=0.02)
    assert told(mirrored, round(1 - high, 12), round(1 - low, 12)) == state


def test_what_nobody_can_know_is_compared_with_nothing() -> None:
    """Too few windows closed, time before the target, no figure: each says so instead of a verdict."""
    since = dataclasses.replace(AIM, since=date(2026, 1, 10))
    assert reach(figure(0.7, 0.71, maturity=0.79), AIM).state == "young"
    assert reach(figure(0.7, 0.71, maturity=0.8), AIM).state == "missed"
    assert reach(figure(0.7, 0.71), since, date(2026, 1, 9)).state == "later"
    assert reach(figure(0.7, 0.71), since, date(2026, 1, 10)).state == "missed"
    assert reach(run_factory.refusal(NONE_MATURE), AIM).state == "none"


def test_a_sample_that_would_tell_leaves_the_edge_out() -> None:
    """Were the figure to stay, the interval of that sample would end at the edge; where none would, none is named."""
    found = reach(figure(0.76, 0.82), AIM)
    assert (found.state, found.enough) == ("open", 9_000)
    narrow = 0.03 / (9_000 / 1_000) ** 0.5
    assert 0.79 - narrow == pytest.approx(AIM.edge)
    assert reach(figure(0.75, 0.81), AIM).enough is None  # the figure itself lies on the edge
    assert reach(figure(0.755, 0.81), AIM).enough is None  # a hundred times the sample is no advice
    assert reach(figure(0.76, 0.82, status="unsettled"), AIM).enough is None
    assert reach(figure(0.83, 0.9), AIM).enough is None


def test_a_target_is_the_whole_centres() -> None:
    """Only the figure of all contacts is compared, with the target of its own measure."""
    run = aimed(run_factory.centre(), AIM)
    found = reach_whole(run, "fcr_issue")
    assert found is not None
    assert found.state == told(AIM, run.headline.low, run.headline.high)  # type: ignore[union-attr]
    assert reach_whole(run, "repeat_rate") is None


def test_a_figure_that_covers_time_before_its_target_has_no_verdict() -> None:
    """From its first day on it has one; of issues that day comes a look-back later than of contacts."""
    run = run_factory.centre()
    opened, contacts = first_day(run, "fcr_issue"), first_day(run, "repeat_rate")
    assert opened - contacts == timedelta(days=45)
    for target, first in ((AIM, opened), (CEILING, contacts)):
        for late in (0, 1):
            since = dataclasses.replace(target, since=first + timedelta(days=late))
            found = reach_whole(aimed(run, since), target.measure)
            assert found is not None
            assert (found.state == "later") is bool(late)


def test_a_week_that_is_not_complete_has_no_verdict() -> None:
    """Nor has one before the target, or one without a figure."""
    run = aimed(run_factory.servicenow_like(), AIM)
    weeks = run.slices("fcr_issue", "week")
    verdicts = [reach_week(row, AIM) for row in weeks]
    assert [verdict is not None for verdict in verdicts] == [row.result.maturity >= 1 for row in weeks]
    assert set(verdicts) >= {"missed", "open", None}
    middle = weeks[4].period_start
    assert middle is not None
    since = dataclasses.replace(AIM, since=middle)
    assert [reach_week(row, since) for row in weeks] == [None] * 4 + verdicts[4:]


def test_the_interface_says_what_pages_say() -> None:
    """As plain data each figure of the whole centre and of its weeks has its target and how it stands; no cell has."""
    run = aimed(run_factory.servicenow_like(), AIM, CEILING)
    known = targets_data(run)
    assert list(known) == ["fcr_issue", "repeat_rate"]
    assert known["fcr_issue"] | {"state": ""} == {
        "at_least": 0.8, "at_most": None, "tolerance": 0.02, "since": None, "state": "",
    }  # fmt: skip
    rows = result_table(run.rows).to_pylist()
    told_of = [(row, target_of_row(known, row)) for row in rows]
    with_target = [(row["measure"], row["by"]) for row, target in told_of if target]
    assert set(with_target) == {("fcr_issue", ""), ("fcr_issue", "week"), ("repeat_rate", "")}
    weeks = [target["state"] for row, target in told_of if target and row["by"] == "week"]
    verdicts = [reach_week(row, AIM) for row in run.slices("fcr_issue", "week")]
    assert [state if state not in ("young", "none") else None for state in weeks] == verdicts
    assert weeks[-1] == "none"
    assert weeks[-4] == "young"
    late = targets_data(aimed(run, dataclasses.replace(AIM, since=date(2016, 4, 1))))
    dated = [(row["period_start"], target_of_row(late, row)) for row in rows if row["by"] == "week"]
    assert all((target is not None) == (day >= date(2016, 4, 1)) for day, target in dated)
