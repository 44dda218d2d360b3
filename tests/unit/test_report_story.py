"""The report tells what the estimators found, in the order in which it is read, and what they could not find."""

from __future__ import annotations

import dataclasses
import re
from datetime import datetime
from functools import cache

import pytest
from rich.console import Console

from firstcontact.doors.cli import summary
from firstcontact.doors.notebook import card
from firstcontact.doors.priority import causes, edges, foremost, opportunities
from firstcontact.doors.report import words
from firstcontact.doors.report.build import render
from firstcontact.doors.report.sections import driver, returning, root_cause, team, truth, unknown, young
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.explain.root_cause.catalog import PATTERNS
from firstcontact.measurement.fit.model import LAG_EDGES
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.policy.model import Cost
from firstcontact.services.run import Run
from tests import run_factory, told_runs
from tests.unit.test_report import Page
from tests.unit.test_report_language import Spoken

STORY = ["truth", "first", "trend", "young", "reasons", "returning", "downstream", "causes", "opportunities", "drivers",
         "teams", "satisfaction", "unknown", "companions"]  # fmt: skip
ENGLISH = Writer.of("en", "UTC")
OWN = {"r_fcr", "t_fcr", "s_fcr", "repeat_window_days", "agent_support", "comparison", "root_cause", "opportunity",
       "driver", "downstream_share", "csat_relation", "nps_relation", "ces_relation"}  # fmt: skip
"""Measures whose refusals are the program's own sentences in these runs."""


@cache
def told(language: str = "en") -> str:
    return render(told_runs.told(), language)


@cache
def untold(language: str = "en") -> str:
    return render(told_runs.untold(), language)


def sections(html: str) -> list[str]:
    return [str(values["aria-labelledby"]) for tag, values in Page(html).tags
            if tag == "section" and values.get("aria-labelledby")]  # fmt: skip


def text(html: str) -> str:
    return Page(html).text


def test_the_story_is_told_in_the_order_in_which_it_is_read() -> None:
    """What was resolved, what to do first, the course, when they return, why, its worth, and what is not known."""
    found = sections(told())
    assert [name for name in found if name in STORY] == STORY


def test_nothing_is_told_of_what_nobody_looked_at() -> None:
    """A run without rows of the estimators has none of their sections."""
    alone = {"first", "young", "returning", "downstream", "causes", "opportunities", "drivers", "teams", "satisfaction"}
    assert not alone & set(sections(render(run_factory.servicenow_like())))
    assert {"truth", "unknown"} & set(sections(render(run_factory.servicenow_like()))) == set()


@pytest.mark.parametrize("language", ["en", "he"])
@pytest.mark.parametrize("make", [told_runs.told, told_runs.untold, told_runs.hostile])
def test_every_story_is_a_whole_page(make, language: str) -> None:
    """Well formed, every id once, no script, and no name from the data becomes markup."""
    page = Page(render(make(), language))
    assert page.faults == []
    assert page.open == []
    ids = [values["id"] for _, values in page.tags if values.get("id")]
    assert len(ids) == len(set(ids))
    assert not {"script", "img"} & {tag for tag, _ in page.tags}


@pytest.mark.parametrize("make", [told_runs.told, told_runs.untold])
def test_the_story_is_hebrew_in_hebrew(make) -> None:
    """No sentence of the estimators or of the page is left in English."""
    page = Spoken(render(make(), "he"))
    own = {"Category", "level", "EUR", "billing", "orders", "delivery", "access", "password", "bill", "to", "read",
           "parquet", "to_read.parquet", "CSV", "common", "customer"}  # fmt: skip
    story = [around for around in page.latin if not any(word in around for word in own)]
    known = {word for one in make().definitions for word in re.findall(r"[A-Za-z]+", f"{one.title} {one.source}")}
    known |= {word for one in make().rows if isinstance(one.result, Refusal) and one.measure not in OWN
              for word in re.findall(r"[A-Za-z]+", f"{one.result.reason} {one.result.would_help}")}  # fmt: skip
    known |= {word for one in make().definitions if isinstance(one.result, Refusal)
              for word in re.findall(r"[A-Za-z]+", f"{one.result.reason} {one.result.would_help}")}  # fmt: skip
    assert [around for around in story if not any(word in around for word in known)] == []


def test_the_answers_to_what_was_resolved_stay_apart() -> None:
    """R-, S-FCR and the policy's figure stand each in its row; T-FCR stands there with why not and what would help."""
    run = told_runs.told()
    told_of = truth.write(run, ENGLISH)[0].data
    assert [kind.name.split(":")[0] for kind in told_of.kinds] == ["By the policy", "R-FCR", "T-FCR", "S-FCR"]
    values = [kind.figure.value for kind in told_of.kinds]
    assert values == [ENGLISH.figure(run.headline).value, "86.4%", "", "80%"]
    assert told_of.kinds[2].figure.refused.reason == "120 reviewed contacts drawn at random; 200 are the least"
    assert "Review 80 more contacts" in told_of.kinds[2].figure.refused.helps
    assert "R-FCR is an upper bound of T-FCR" in " ".join(told_of.relation)
    mean = (run.figure("r_fcr").value + run.figure("s_fcr").value) / 2  # type: ignore[union-attr]
    assert f"{100 * mean:.1f}" not in told_of.takeaway


def test_a_truth_above_its_bound_is_called_a_contradiction() -> None:
    """T-FCR clearly above R-FCR cannot be; the page says so instead of explaining it away."""
    run = told_runs.told()
    rows = tuple(dataclasses.replace(one, result=run_factory.share(0.95, 9_000)) if one.measure == "t_fcr" else one
                 for one in run.rows)  # fmt: skip
    told_of = truth.write(dataclasses.replace(run, rows=rows), ENGLISH)[0].data
    assert "which cannot be if both are right" in " ".join(told_of.relation)
    assert "which cannot be" not in " ".join(truth.write(run, ENGLISH)[0].data.relation)


def test_a_refused_r_fcr_says_what_the_reasons_lack() -> None:
    """Not that something is absent, but how many days more it takes."""
    told_of = truth.write(told_runs.untold(), ENGLISH)[0].data
    refused = told_of.kinds[1].figure.refused
    assert refused.reason == "92 days of complete data; 120 are needed to see coincidence"
    assert refused.helps == "28 more days of complete data, before or after these"
    assert "cannot say how many issues were really resolved" in told_of.takeaway
    assert "92 days of complete data" in card(told_runs.untold())


def test_a_young_week_is_told_with_where_it_will_end_and_what_counting_would_show() -> None:
    """The newest week with a figure is provisional; counting so far flatters it; the youngest is withheld with why."""
    blocks = young.write(told_runs.told(), ENGLISH)[0].blocks
    assert blocks[0].text.startswith("The week of 18 Jul 2016 will end at about 87%")
    assert "would show 94%" in blocks[0].text
    chart = next(block for block in blocks if block.kind == "chart")
    assert tuple(sorted((sign for sign, _ in chart.keys if sign in ("open", "dashed")), reverse=True)) == (
        "open",
        "dashed",
    )
    latest = chart.table.rows[0]
    assert latest[0] == "25 Jul 2016"
    assert latest[1] == ""
    assert "20% is the least" in latest[6]
    assert "Wait" in latest[6]
    assert [row[6] for row in chart.table.rows[1:4]] == ["provisional", "provisional", "stands"]
    said = " ".join(block.text for block in blocks if block.kind == "paragraph")
    assert "1 week stands out from the usual variation between weeks: 22 Feb 2016 (below)." in said
    assert "about 509 returns (466–552)" in said
    assert "another pace than they used to for orders > delivery" in said


def test_each_reason_has_its_window_its_split_and_its_curve() -> None:
    """Reasons by caused returns; the numbers behind a curve are the model's own; the first is open, others folded."""
    run = told_runs.told()
    told_of = returning.write(run, ENGLISH)[0].data
    rows = next(block for block in told_of.before if block.kind == "rows")
    assert [line.name for line in rows.lines] == ["orders > delivery", "billing > bill", "access > password"]
    assert rows.lines[0].note == "1,985 of 2,000 returns within 43 days were caused (99%)"
    none = dataclasses.replace(run.fit.models[0], returns_until_tau=0, caused_returns=0.0)
    models = tuple(none if one is run.fit.models[0] else one for one in run.fit.models)
    bare = dataclasses.replace(run, fit=dataclasses.replace(run.fit, models=models))
    drawn = next(block for block in returning.write(bare, ENGLISH)[0].data.before if block.kind == "rows")
    assert [line.note for line in drawn.lines if line.note.startswith("no return within ")] == [drawn.lines[-1].note]
    assert [curve.open for curve in told_of.curves] == [True, False, False]
    model = next(one for one in run.fit.models if one.reason == "orders > delivery")
    table = told_of.curves[0].blocks[1].table
    for day, come, _, chance in table.rows:
        place = LAG_EDGES.index(float(day))
        assert come == ENGLISH.notation.percent(model.latency[place])
        assert chance == ENGLISH.notation.percent(model.caused[place])
    texts = [curve.blocks[0].text for curve in told_of.curves]
    assert "2,000 came back within 43 days" in texts[0]
    assert "about 1,985 of these returns were caused, the other 15 would have come anyway" in texts[0]
    assert rows.columns[2] == "returns that were caused"
    own = returning.of_reason(run, ENGLISH, "orders > delivery")[0].blocks[0].text
    assert own.startswith("95% of the caused returns have come after ")
    assert "bunch every 30 days" in texts[1]
    assert "taken from its family, orders" in texts[2]
    assert told_of.before[0].text.startswith(
        "No one window fits all: caused returns have come after 2.7 days for access"
    )
    assert "148 returns, and not 300" in str(told_of.after[0].rows)


def test_unlearned_reasons_say_why_and_what_history_would_change_it() -> None:
    """Where no reason is learned the page says it once, for all, and lists them folded."""
    told_of = returning.write(told_runs.untold(), ENGLISH)[0].data
    assert told_of.before[0].text == (
        "For none of the reasons can caused returns be told from coincidence: 92 days of complete data; 120 are needed "
        "to see coincidence. What would change it: 28 more days of complete data, before or after these."
    )
    table = next(block for block in told_of.after if block.kind == "table")
    assert table.folded
    assert len(table.rows) == returning.UNLEARNED
    assert told_of.curves == []


def test_causes_are_ranked_by_failures_and_only_clear_ones_are_called_so() -> None:
    """More failures first; what is better than comparable contacts, or within chance, is only listed as looked at."""
    run = told_runs.told()
    weights = [one.weight for one in causes(run)]
    assert weights == sorted(weights, reverse=True)
    blocks = root_cause.write(run, ENGLISH)[0].blocks
    drawn = next(block for block in blocks if block.kind == "rows")
    assert [line.name for line in drawn.lines] == ["Escalated: level 2",
                                                   "Handed on once: they came in at the wrong place"]  # fmt: skip
    inside, unclear = (block for block in blocks if block.kind == "table")
    assert inside.rows[0][:2] == ("billing > bill", "They come on a Monday")
    assert {row[0] for row in unclear.rows} == {
        "They come between 09–12 o'clock",
        "chat could not finish: more leave it for another channel than come to it",
    }
    assert "to_read.parquet" in text(told())
    assert (
        root_cause.write(told_runs.untold(), ENGLISH)[0].blocks[0].text.startswith("Nothing that was looked at fails")
    )


def test_every_pattern_and_variant_has_words() -> None:
    """No cause reaches the page under its code; what is not known is shown as it is."""
    assert {pattern.id for pattern in PATTERNS} <= set(words.PATTERNS)
    assert set(words.PATTERNS) == set(words.PATTERN_TITLES)
    assert root_cause.named("event: statement, 0-2 days before", ENGLISH) == (
        "Shortly before: statement, up to 2 days before"
    )
    assert root_cause.named("escalation: for want of authority", ENGLISH) == "Escalated: for want of authority"
    assert root_cause.named("wrong queue first: sales -> repair", ENGLISH) == (
        "Came into the wrong queue first: sales, in the end repair"
    )
    assert root_cause.named("brand new: thing", ENGLISH) == "brand new: thing"


def test_the_ledger_names_measures_and_those_without_a_figure() -> None:
    """No id of a measure stands where its name is known, and what was counted for a refused figure is no figure."""
    run = told_runs.told()
    ledger = dataclasses.replace(run.measure_ledgers[0], measure="t_fcr")
    page = text(render(dataclasses.replace(run, measure_ledgers=(*run.measure_ledgers, ledger))))
    assert "T-FCR: truly resolved (no figure)" in page
    assert "t_fcr" not in page


def test_scales_run_from_left_to_right_in_hebrew_too() -> None:
    """As time does in the chart of weeks; and R-FCR stays on one line."""
    scales = [re.search(r'id="dots-truth".*?</svg>', told(language), re.DOTALL) for language in ("en", "he")]
    places = [[float(x) for x in re.findall(r"translate\(([\d.]+),", one[0])] for one in scales if one]
    assert len(places) == 2
    assert places[0] == places[1]
    assert "R-\u2060FCR" in told("he")
    assert "R-FCR" not in told("he")
    assert "R-FCR" in told()


def test_what_comes_next_says_why_it_needs_no_caused_repeats() -> None:
    """Where no reason's returns can be told apart, a line says that the order of two can; else none."""
    run = told_runs.told()
    short = tuple(dataclasses.replace(model, state="unlearned") for model in run.fit.models)
    unlearned = dataclasses.replace(run, fit=dataclasses.replace(run.fit, models=short))
    assert "what is counted is the order" in text(render(unlearned))
    assert "what is counted is the order" not in text(told())


def test_an_opportunity_that_may_be_nothing_is_called_so() -> None:
    """Intervals that reach 0 promise nothing, and are no first step."""
    assert "Most can be saved on billing > bill: about 90 contacts a month (80–100)" in text(told())
    assert "They cost about 360 EUR (320–400) a month." in text(told())
    assert "worth 360 EUR (320–400) a month" in text(told())
    run = told_runs.told()
    nameless = dataclasses.replace(run, policy=dataclasses.replace(run.policy, cost=Cost(4.0)))
    assert "They cost about 360 (320–400; in the currency of your data) a month." in text(render(nameless))
    assert "worth 360 in the currency of the data (320 to 400)" in summary.first_steps(nameless)[0]
    doubtful = told_runs.told(sure=False)
    assert "Nothing here is sure" in text(render(doubtful))
    assert foremost(doubtful)[0] is None
    assert foremost(told_runs.told())[0] == opportunities(told_runs.told())[0]


def test_teams_stand_in_the_order_of_the_alphabet_and_agents_not_at_all() -> None:
    """No league table; a flag only beyond chance; the share of the system; that single agents are
    not compared, and why not once on the page."""
    blocks = team.write(told_runs.told(), ENGLISH)[0].blocks
    rows = next(block for block in blocks if block.kind == "rows")
    assert [line.name for line in rows.lines] == sorted(told_runs.TEAMS, key=str.casefold)
    assert [line.flag for line in rows.lines] == ["", "above the others", "", ""]
    said = " ".join(block.text for block in blocks if block.kind == "paragraph")
    assert "90% (87–93) lies between reasons and channels" in said
    assert "Single agents are not compared: these data do not support it." in said
    assert text(told()).count("Comparing 150 agents is not supported") == 1
    assert "1 team is not set beside the others as a whole" in text(told())


def test_what_customers_say_is_held_against_fcr_and_kept_apart() -> None:
    """Each answer on its own scale, with its interval; no more content from week to week unless it shows."""
    said = text(told())
    assert "Customers whose issue was settled are 19 points of 100 more content" in said
    assert "Weeks with a higher FCR do not have more content customers" in said
    assert "+1.9 (+1.7 … +2.1)" in said


@pytest.mark.parametrize("make", [told_runs.told, told_runs.untold])
def test_all_refusals_are_gathered_with_what_would_help(make) -> None:
    """Every refused estimand and explanation is listed once, whatever else the page says of it; nobody hidden is."""
    run: Run = make()
    table = unknown.write(run, ENGLISH)[0].blocks[1]
    listed = " ".join(f"{why} {helps}" for _, why, helps in table.rows)
    for row in run.rows:
        result = row.result
        if isinstance(result, Refusal) and row.measure in (
            "t_fcr",
            "agent_support",
            "opportunity",
            "driver",
            "root_cause",
        ):
            assert str(result.would_help) in listed
    assert "secret" not in untold()
    names = [name for name, _, _ in table.rows]
    assert len(names) == len(set(names))


def test_what_lacks_the_same_is_one_line() -> None:
    """Satisfaction, recommendation and ease; R-FCR and the windows that it rests on."""
    rows = unknown.write(told_runs.untold(), ENGLISH)[0].blocks[1].rows
    assert rows[0][0] == "When customers come back, for 70 reasons; R-FCR: nobody came back because of it"
    assert ("FCR against satisfaction; FCR against recommendation; FCR against ease",
            "Nobody was asked, or nobody answered.", "A longer period.") in rows  # fmt: skip


def test_next_issues_are_ranked_by_what_they_bring_and_mutual_ones_come_last() -> None:
    """The table says how often, how late, how many, at what cost, and in which order."""
    found = edges(told_runs.told())
    assert [edge.mutual for edge in found] == [False, False, False, True]
    assert [edge.share.value for edge in found[:3]] == [0.11, 0.07, 0.05]
    said = text(told())
    assert "After orders > delivery, 11% of customers (9–13) come back with billing > bill because of it" in said
    assert "half of them within 10 days" in said
    assert "each brings the other" in said


def test_the_terminal_and_the_notebook_say_what_to_do_first() -> None:
    """Three lines at most, with intervals; R-, T-, S-FCR among the figures; nothing where nothing is beyond chance."""
    run = told_runs.told()
    steps = summary.first_steps(run)
    assert [step.split(":")[0].split(",")[0] for step in steps] == [
        "billing > bill", "Read what went wrong here", "With orders > delivery"]  # fmt: skip
    assert "(80 to 100) need not come, worth 360 EUR (320 to 400)" in steps[0]
    assert "16.0 points more of these fail than of comparable contacts (14.0 to 18.0" in steps[1]
    assert "(9.0 % to 13.0 %)" in steps[2]
    console = Console(width=200)
    with console.capture() as captured:
        console.print(summary._table(run))
    shown = captured.get()
    assert all(name in shown for name in ("R-FCR", "T-FCR", "S-FCR"))
    assert "refused" in shown
    assert "What to do first" in card(run)
    assert "&gt; delivery" in card(run)
    assert summary.first_steps(told_runs.untold()) == []
    assert "What to do first" not in card(told_runs.untold())


def test_the_length_of_the_history_is_one_number() -> None:
    """92 whole days and 23 hours are 92 days where learning is refused and where the period is told."""
    frame = Frame(datetime(2016, 2, 29, 1), datetime(2016, 2, 29, 1), datetime(2016, 6, 1), "ticket")  # noqa: DTZ001
    page = text(render(dataclasses.replace(told_runs.untold(), frame=frame), "en"))
    assert "92 days of complete data; 120 are needed" in page
    assert "Whole days of complete data 92" in page
    assert "93" not in re.findall(r"\b\d+\b", page.partition("The period")[2].partition("Who the customers are")[0])


def test_what_is_judged_is_told_of_issues_and_not_of_weeks() -> None:
    """A share of windows beside complete weeks reads as theirs: it is said of what, and that the rest is still open."""
    run = run_factory.servicenow_like()
    assert "of windows have closed" not in summary._basis(run)
    assert run.headline.maturity < 1
    assert "of all issues so far are judged; the windows of the others are open." in summary._basis(run)
    assert "of all issues so far are judged; the windows of the others are open" in text(render(run, "en"))
    whole = [dataclasses.replace(one, result=run_factory.share(0.7, 900)) for one in run.rows]
    done = dataclasses.replace(run, rows=tuple(whole))
    assert summary._basis(done).endswith("100.0 % of all issues so far are judged.")
    assert "the windows of the others are open" not in text(render(done, "en"))


def test_a_movement_within_chance_is_not_explained() -> None:
    """Its parts are folded away; one beyond chance is drawn."""
    run = told_runs.told()
    blocks = driver.write(run, ENGLISH)[0].blocks
    assert "From April 2016 to May 2016" in blocks[0].text
    assert "more than chance" in blocks[0].text
    assert any(block.kind == "rows" for block in blocks)
    still = tuple(
        dataclasses.replace(one, result=dataclasses.replace(one.result, low=-0.1, high=0.1))
        if one.measure == "driver" and isinstance(one.result, Estimate)
        else one
        for one in run.rows
    )
    blocks = driver.write(dataclasses.replace(run, rows=still), ENGLISH)[0].blocks
    assert "nothing to explain" in blocks[0].text
    assert all(block.kind == "table" and block.folded for block in blocks[1:])
