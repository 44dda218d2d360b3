"""Young weeks in a run: what is shown, what is withheld, and what counting all at once would say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from firstcontact import bootstrap
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.explain import nowcast
from firstcontact.measurement.explain.cohort import calendar_class, follow, pace
from firstcontact.measurement.explain.explanation import Context as Explaining
from firstcontact.measurement.explain.explanation import Stamp
from firstcontact.measurement.fit.declared import declare
from firstcontact.measurement.fit.model import LAG_EDGES
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.measurement.prove.context import Context, Observed
from firstcontact.measurement.prove.nowcast import Learned, learn_returns
from firstcontact.measurement.prove.world import TRIALS
from firstcontact.services.explain import supersede

World = tuple[Observed, Learned, Explaining]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A world of 40,000 contacts whose returns come twice as slowly in the last eight weeks."""
    late = ("change.date=2024-12-30", "change.delay_factor=2.5")
    with Context(bootstrap.engine).observe(TRIALS["base"].world(*late), 40_000, 2) as seen:
        learned = learn_returns(seen)
        fit = replace(declare(seen.policy, seen.reasons), models=tuple(learned.models.values()))
        stamp = Stamp("firstcontact", "", seen.frame.cutoff, "0")
        has = frozenset({"customer", "reason"})
        yield (
            seen,
            learned,
            Explaining(seen.engine, learned.contacts, seen.tables, seen.policy, fit, seen.frame, "UTC", has, stamp, {}),
        )


def _weeks(rows: list[ResultRow], measure: str) -> dict[date, ResultRow]:
    return {row.period_start: row for row in rows if row.measure == measure and row.by == "week" and row.period_start}


def test_weeks_are_nowcast_and_marked_as_young(world: World) -> None:
    """Every week has its R-FCR; the newest are provisional with their maturity, older ones final, and the figure for
    the newest is nearer to the truth than what counting all openers at once says."""
    rows = nowcast.explain(world[2])
    weeks, plain = _weeks(rows, "r_fcr"), _weeks(rows, "count_all")
    newest = max(weeks)
    result = weeks[newest].result
    assert isinstance(result, Estimate)
    assert result.status == "provisional"
    assert 0.2 <= result.maturity < 0.8
    assert result.low < result.value < result.high
    older = [row.result for day, row in weeks.items() if (newest - day).days > 100]
    assert all(isinstance(one, Estimate) and one.status == "final" and one.maturity == 1.0 for one in older)
    counted = plain[newest].result
    assert isinstance(counted, Estimate)
    assert counted.value > result.high
    assert counted.maturity == 0.0
    assert "no estimate of R-FCR" in counted.estimand


def test_a_slow_reason_is_withheld_in_its_first_week(world: World) -> None:
    """Of a reason whose customers come back after a month, the newest week says that it is too young, and what R-FCR is
    if they fail like the others."""
    slow = tuple(min(edge / 60, 1.0) ** 2 for edge in LAG_EDGES)
    models = tuple(
        replace(model, latency=slow, tau_days=60.0) if model.reason == "orders > delivery" else model
        for model in world[2].fit.models
    )
    rows = nowcast.explain(replace(world[2], fit=replace(world[2].fit, models=models)))
    own = [row for row in rows if row.measure == "r_fcr" and row.cell == {"reason_2": "orders > delivery"}]
    assert all(row.by == "reason_2,week" for row in own)
    newest = max(own, key=lambda row: row.period_start or date.min).result
    assert isinstance(newest, Refusal)
    assert newest.code == "too-young"
    assert "R-FCR is" in newest.reason


def test_slower_returns_are_noticed(world: World) -> None:
    """Where returns come 2.5 times as slowly of late, some reason is flagged; with the same pace throughout, none."""
    rows = [row for row in nowcast.explain(world[2]) if row.measure == "latency_drift"]
    assert min(row.q_value for row in rows if row.q_value is not None) < 0.05
    with Context(bootstrap.engine).observe(TRIALS["base"].world(), 40_000, 2) as seen:
        learned = learn_returns(seen)
        timed = follow(seen.engine, learned.contacts, seen.frame, learned.models, learned.keys)
        found = pace(seen.engine, timed, learned.models, learned.keys)
    assert min(one.p for one, _ in found.values()) > 0.01


def test_expected_returns_and_shifts_have_intervals(world: World) -> None:
    """The whole is the sum of its reasons, and a week's shift is around 1."""
    rows = nowcast.explain(world[2])
    coming = [row.result for row in rows if row.measure == "returns_expected"]
    assert all(isinstance(one, Estimate) and one.unit == "count" and one.low <= one.value <= one.high for one in coming)
    values = [one.value for one in coming if isinstance(one, Estimate)]
    assert values[0] == pytest.approx(sum(values[1:]), rel=1e-9)
    shifts = [row.result.value for row in _weeks(rows, "failure_shift").values() if isinstance(row.result, Estimate)]
    assert np.mean(shifts) == pytest.approx(1.0, abs=0.1)


def test_nothing_learned_gives_no_row(world: World) -> None:
    """Without a learned reason there is no nowcast; a reason whose own share is not known has that of all."""
    context = world[2]
    assert nowcast.explain(replace(context, fit=replace(context.fit, models=()))) == []
    some = tuple(replace(model, r_fcr=None) for model in context.fit.models)
    rows = nowcast.explain(replace(context, fit=replace(context.fit, models=some)))
    assert all(np.isfinite(row.result.value) for row in rows if isinstance(row.result, Estimate))


def test_weeks_of_unlearned_reasons_are_refused(world: World) -> None:
    """Where only one of eight reasons is learned, a week's figure would be that reason's, and is refused; so are weeks
    with too few openers."""
    context = world[2]
    one = tuple(model for model in context.fit.models if model.reason == "product > setup")
    rows = nowcast.explain(replace(context, fit=replace(context.fit, models=one)))
    refused = [row.result for row in _weeks(rows, "r_fcr").values()]
    assert refused
    assert all(isinstance(result, Refusal) for result in refused)
    codes = {result.code for result in refused if isinstance(result, Refusal)}
    assert codes <= {"too-young", "too-few", "suppressed"}
    assert "too-young" in codes


def test_an_explanation_replaces_the_plain_figure_of_the_same_cell(world: World) -> None:
    """A week's R-FCR stands once in the results: as the nowcast."""
    rows = [row for row in nowcast.explain(world[2]) if row.measure == "r_fcr" and row.by == "week"][:2]
    plain = [replace(rows[0], policy="plain"), replace(rows[0], by="", period_grain="all", period_start=None)]
    kept = supersede(plain, rows)
    assert len(kept) == 3
    assert all(row.policy != "plain" for row in kept)


def test_ages_fall_into_the_classes_of_the_calendar() -> None:
    """Three of the first day, one a day to the thirteenth, one beyond."""
    classes = calendar_class(np.arange(204))
    assert classes[:24].tolist() == [0] * 6 + [1] * 6 + [2] * 12
    assert classes[24:37].tolist() == list(range(3, 16))
    assert set(classes[37:].tolist()) == {16}
