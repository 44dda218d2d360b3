"""A target in the report: a line with its tolerance, a sentence for each state, a column in the table, and no more."""

from __future__ import annotations

import dataclasses
import re
from datetime import date, timedelta

import pytest

from firstcontact.doors.cli import summary
from firstcontact.doors.report import words as names
from firstcontact.doors.report.build import render
from firstcontact.doors.report.charts import drawing
from firstcontact.doors.report.charts.trend import Aim, Week, trend
from firstcontact.doors.report.section import Chart
from firstcontact.doors.report.sections import truth, young
from firstcontact.doors.report.sections.companion import companions
from firstcontact.doors.report.sections.course import course
from firstcontact.doors.report.target import STATES, against, brief
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import NONE_MATURE, Estimate
from firstcontact.measurement.policy.model import Target
from firstcontact.services.run import Run
from tests import run_factory, told_runs

START = date(2016, 1, 4)
WEEKS = [Week(START + timedelta(weeks=k), 0.7, 0.66, 0.74, 1.0, False, f"week {k}") for k in range(8)]
ENGLISH = Writer.of("en", "UTC")


def drawn(aim: Aim | None, weeks: list[Week] = WEEKS) -> str:
    return str(trend(weeks, width=1040, reference=0.7, percent=str, day=str, aim=aim).content)


def aimed(run: Run, *targets: Target) -> Run:
    return dataclasses.replace(run, policy=dataclasses.replace(run.policy, targets=targets))


def words(html: str) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL).split())


def test_a_target_is_a_line_of_its_own_form_with_its_name() -> None:
    """Dashes and dots, as no other line; a band only where something is tolerated; nothing where no target is set."""
    line, band = 'stroke-dasharray="9,3,2,3"', 'opacity="0.16"'
    plain = drawn(Aim(0.8, 0.8, 0.8, None, "target 80%"))
    assert plain.count(line) == 1
    assert band not in plain
    assert plain.count(">target 80%</text>") == 1
    tolerated = drawn(Aim(0.8, 0.78, 0.82, None, "target 80%"))
    assert tolerated.count(line) == tolerated.count(band) == 1
    assert line not in drawn(None)
    assert ">0.85</text>" in tolerated  # the scale makes room for it


def test_a_target_is_drawn_for_the_weeks_that_it_holds_for() -> None:
    """From its first day on, and not at all where no week has come since."""
    line = re.compile(r'x2="(-?[\d.]+)"[^>]*stroke-dasharray="9,3,2,3"')
    whole, half = (
        float(found[1])
        for since in (None, START + timedelta(weeks=4))
        if (found := line.search(drawn(Aim(0.8, 0.78, 0.82, since, "target"))))
    )
    assert 1.9 < whole / half < 2.1
    assert "9,3,2,3" not in drawn(Aim(0.8, 0.78, 0.82, START + timedelta(weeks=8), "target"))


def test_the_name_of_a_target_stands_where_there_is_room() -> None:
    """Not on hatching while other weeks leave room, and inside the chart even where the target is its upper end."""
    weeks = [*WEEKS, *(dataclasses.replace(WEEKS[0], start=START + timedelta(weeks=k), maturity=0.5, open=True)
                       for k in range(8, 11))]  # fmt: skip
    place = re.compile(r'text-anchor="(start|end)"[^>]*transform="translate\(([\d.]+),([\d.]+)\)"[^>]*>target</text>')
    for value in (0.72, 0.8, 1.0):
        found = place.search(drawn(Aim(value, value - 0.01, min(1.0, value + 0.01), None, "target"), weeks))
        assert found is not None, value
        assert found[1] == "start"
        assert 10 <= float(found[3]) <= 258


def test_charts_with_a_target_are_valid_vega_lite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both trends of a report hold against Vega-Lite's schema with their targets on them."""
    import altair as alt

    specs = []
    draw = drawing.Sheet.draw

    def keep(sheet: drawing.Sheet) -> drawing.Drawing:
        specs.append(sheet.spec)
        return draw(sheet)

    monkeypatch.setattr(drawing.Sheet, "draw", keep)
    run = aimed(told_runs.told(), Target("fcr_issue", at_least=0.8, tolerance=0.02), Target("r_fcr", at_least=0.9))
    course(run, ENGLISH)
    (section,) = young.write(run, ENGLISH)
    assert len(specs) == 4
    for spec in specs:
        assert "[9, 3, 2, 3]" in str(spec)
        alt.Chart.from_dict(spec, validate=True)
    (chart,) = (block for block in section.blocks if isinstance(block, Chart))
    assert chart.keys[-1] == ("target", "target 90%")
    assert chart.alternative.endswith(" Target 90%.")


@pytest.mark.parametrize(
    ("target", "said", "short"),
    [
        (
            Target("fcr_issue", at_least=0.7, tolerance=0.01),
            "The target of at least 70% (69% is tolerated) is more than reached: the whole interval lies beyond it.",
            "more than reached",
        ),
        (
            Target("fcr_issue", at_least=0.75, tolerance=0.025),
            "The target of at least 75% (72.5% is tolerated) is reached: the whole interval lies at 72.5% or better.",
            "reached",
        ),
        (
            Target("fcr_issue", at_least=0.8),
            "The target of at least 80% is missed: the whole interval lies short of 80%.",
            "missed",
        ),
        (
            Target("fcr_issue", at_least=0.75),
            (
                "Whether the target of at least 75% is reached cannot be told yet: 75%, where that is decided, lies "
                "inside the interval. If the figure stays as it is, a sample of about 30,000 would tell; now it is "
                "9,120."
            ),
            "cannot be told",
        ),
    ],
)
def test_each_state_has_its_sentence(target: Target, said: str, short: str) -> None:
    """The opening says in words whether the figure reaches its target; no colour and no sign says it instead."""
    run = aimed(run_factory.servicenow_like(), target)
    html = render(run)
    assert html.count(f'<p class="target">{said}</p>') == 1
    assert brief(run, "fcr_issue", ENGLISH)[1] == short
    assert summary._target(run) == said


def test_what_is_not_compared_says_why() -> None:
    """Young figures, figures of time before the target, and no figure at all."""
    base, target = run_factory.servicenow_like(), Target("fcr_issue", at_least=0.8)
    young = dataclasses.replace(base, rows=(run_factory.row("fcr_issue", run_factory.share(0.7, 90, 0.5)),))
    assert "is compared with nothing yet: only 50% of windows" in against(aimed(young, target), "fcr_issue", ENGLISH)
    later = aimed(base, dataclasses.replace(target, since=date(2016, 5, 1)))
    assert "holds from 1 May 2016 on. The figure covers time before it" in against(later, "fcr_issue", ENGLISH)
    refused = aimed(run_factory.all_immature(), target)
    assert "There is a target of at least 80%, and no figure to compare with it." in words(render(refused))


def test_without_a_target_nothing_is_said() -> None:
    """A report without targets knows nothing of them, and none is made up."""
    html = render(run_factory.centre())
    assert "arget" not in words(html)
    assert "9,3,2,3" not in html
    assert against(run_factory.centre(), "fcr_issue", ENGLISH) == ""
    assert brief(run_factory.centre(), "fcr_issue", ENGLISH) == ("", "")
    assert summary._target(run_factory.centre()) == ""


def test_the_table_behind_the_trend_says_how_each_complete_week_stands() -> None:
    """Weeks whose windows are open have a dash there, and the sentence above counts the others."""
    run = aimed(run_factory.servicenow_like(), Target("fcr_issue", at_least=0.77, tolerance=0.01))
    told = course(run, ENGLISH)
    assert told is not None
    complete = [row.result.maturity >= 1 for row in run.slices("fcr_issue", "week")][: len(told.weeks)]
    assert [bool(state) for state in told.against] == complete
    assert set(told.against) <= {"", *STATES.values()}
    html = render(run)
    assert '<th scope="col">Target: at least 77% (76% is tolerated)</th>' in html
    table = html[html.index('id="weeks"') :]
    table = table[: table.index("</table>")]
    assert table.count("<td>–</td>") == complete.count(False)
    counts = [told.against.count(STATES[state]) for state in ("reached", "missed", "open")]
    assert sum(counts) + told.against.count(STATES["better"]) == complete.count(True)
    reached = counts[0] + told.against.count(STATES["better"])
    assert (
        f"Complete weeks that reach it: {reached}. That miss it: {counts[1]}. Of which it cannot be told: {counts[2]}."
    ) in words(html)


def test_a_teams_weeks_have_no_target_of_the_centre() -> None:
    """A target is the whole centre's; teams differ in what they are asked."""
    run = aimed(run_factory.centre(), Target("fcr_issue", at_least=0.8))
    told = course(run, ENGLISH, run.slices("fcr_issue", "week"), run.headline)
    assert told is not None
    assert (told.target, told.said, list(told.against)) == ("", "", [])


def test_other_measures_say_theirs_where_they_stand() -> None:
    """A ceiling beside the headline is told in the line of its own measure, the less the better."""
    run = aimed(run_factory.centre(), Target("repeat_rate", at_most=0.3), Target("reopen_rate", at_most=0.05))
    known = {name: about for name, about, _ in companions(run, ENGLISH).known}
    repeat, reopen = (names.MEASURES[measure] for measure in ("repeat_rate", "reopen_rate"))
    missed = "The target of at most 30% is missed: the whole interval lies short of 30%."
    assert known[repeat[0]] == f"{repeat[1]}. {missed}"
    assert known[reopen[0]].startswith(f"{reopen[1]}. The target of at most 5% is more than reached")
    (section,) = truth.write(aimed(told_runs.told(), Target("r_fcr", at_least=0.9)), ENGLISH)
    said = {kind.measure: kind.about for kind in section.data.kinds}
    assert said["r_fcr"].startswith(f"{names.TRUTHS['r_fcr'][1]}. The target of at least 90% is missed")
    assert "arget" not in said["s_fcr"]


def test_hebrew_keeps_a_target_in_order() -> None:
    """From right to left the page stays whole, and its figures read from left to right."""
    run = aimed(run_factory.servicenow_like(), Target("fcr_issue", at_least=0.8, tolerance=0.02))
    html = render(run, "he")
    assert html.count('<p class="target">') == 1
    assert "\u206678%\u2069" in html or "78%" in html
    assert isinstance(run.headline, Estimate)
    assert not re.search(r"%\(\w+\)s", html)


def test_a_refused_week_reaches_nothing() -> None:
    """A week without a figure has no word in its row."""
    rows = [run_factory.row("fcr_issue", run_factory.share(0.7, 900))]
    rows += run_factory.weeks([0.7] * 3, 900)
    rows += [run_factory.row("fcr_issue", run_factory.refusal(NONE_MATURE, 9), "week", start=date(2016, 2, 22))]
    rows += [run_factory.row("fcr_issue", run_factory.share(0.7, 900), "week", start=date(2016, 2, 15))]
    told = course(aimed(run_factory.run(rows), Target("fcr_issue", at_least=0.8)), ENGLISH)
    assert told is not None
    assert list(told.against[:2]) == ["missed", ""]
