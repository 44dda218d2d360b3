"""The report says what the run says, in one file, whatever the names in the data would like."""

from __future__ import annotations

import dataclasses
import itertools
import re
from datetime import date
from functools import cache
from html.parser import HTMLParser

import pytest

from firstcontact.doors.cli.summary import any_reason
from firstcontact.doors.notebook import card
from firstcontact.doors.report.answer import window_words
from firstcontact.doors.report.build import render
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.result import NOTHING_TO_COUNT, SUPPRESSED, TOO_FEW, Estimate
from firstcontact.measurement.policy.model import Condition, Link, Window
from firstcontact.services.run import Run
from tests import run_factory

VOID = {"meta", "br", "img", "link", "hr", "input"}
RUNS = {
    "servicenow": run_factory.servicenow_like,
    "centre": run_factory.centre,
    "immature": run_factory.all_immature,
    "one": run_factory.one_contact,
    "teams": lambda: run_factory.wide("team", 300),
    "reasons": lambda: run_factory.wide("reason_1", 5_000),
    "hostile": run_factory.hostile,
    "no reason": run_factory.no_reason,
}


class Page(HTMLParser):
    """Elements, text and nesting of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.faults: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@cache
def written(name: str, language: str) -> str:
    """The report of a named run, made once."""
    return render(RUNS[name](), language)


def page(run: Run, language: str = "en") -> Page:
    return Page(render(run, language))


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("language", ["en", "he"])
def test_every_run_gives_a_whole_page(name: str, language: str) -> None:
    """Whatever a run holds, its report is well formed, encodable, asks nothing of a network and runs no script."""
    html = written(name, language)
    html.encode("utf-8")
    found = Page(html)
    assert (found.faults, found.open) == ([], [])
    assert "{{" not in html.replace("{{ 7 * 7 }}", "")
    assert not re.search(r'(?:src|href|action)="(?!#)', html)
    assert "url(http" not in html
    assert not {"script", "img", "iframe", "object", "link", "form"} & {tag for tag, _ in found.tags}
    assert not [name for _, attributes in found.tags for name in attributes if name.startswith("on")]
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    used = {str(attributes["href"])[1:] for tag, attributes in found.tags if tag == "use"}
    assert used <= set(ids)


@pytest.mark.parametrize("name", RUNS)
def test_headings_go_down_one_step_at_a_time(name: str) -> None:
    """One heading of the first level, and none skips a level."""
    levels = [int(tag[1]) for tag, _ in Page(written(name, "en")).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_it_opens_with_the_answer_in_a_sentence() -> None:
    """The first heading holds the share out of a hundred, its interval, period, rule and provenance."""
    found = Page(written("servicenow", "en"))
    assert (
        "Of 100 issues opened from 14 Apr 2016 to 1 May 2016, about 74 (73 to 75) were settled at the first contact: "
        "no return for the same reason within the declared window of 30 days."
    ) in found.text
    assert "issues judged 9,120" in found.text
    assert "of all issues so far are judged" in found.text
    assert "declared, not learned" in found.text
    assert "firstcontact , version 1" in found.text


def test_a_narrower_interval_earns_more_digits() -> None:
    """With a narrow interval the sentence counts in thousands, and never finer than the data support."""
    assert "Of 1,000 issues" in Page(written("centre", "en")).text
    assert "about 793 (790 to 795)" in Page(written("centre", "en")).text


def test_a_refused_headline_says_why_and_what_would_change_it() -> None:
    """No figure is not a blank: the page opens with the reason and the cure, and draws no chart of it."""
    html = written("immature", "en")
    found = Page(html)
    assert "No figure. No window has closed yet." in found.text
    assert "all 512 contacts are younger than the window of 30 days" in found.text
    assert "What would change it: wait until 14 July 2016" in found.text
    assert 'class="chart' not in html
    assert "No week has a figure yet." in found.text
    assert "to go by 512" in found.text


def test_warnings_stand_before_the_first_chart() -> None:
    """What may mislead is read first."""
    text = Page(written("servicenow", "en")).text
    assert text.index("Read this first") < text.index("Volume collapses after 31 May 2016") < text.index("Week by week")


def test_reasons_are_ranked_by_what_they_cost() -> None:
    """The reason with the most returns comes first, not the one with the lowest share."""
    run = run_factory.servicenow_like()
    costs = {
        row.cell["reason_1"]: row.result.n * (1 - row.result.value)
        for row in run.slices("fcr_issue", "reason_1")
        if isinstance(row.result, Estimate)
    }
    text = page(run).text
    ranked = sorted(costs, key=lambda name: -costs[name])
    part = text[text.index("Where returns come from") : text.index("By channel")]
    table = part[part.index("judged") :]
    assert [table.index(f"{name} ") for name in ranked[:6]] == sorted(table.index(f"{name} ") for name in ranked[:6])
    assert "All 54 were looked at" in text
    assert "Without a figure: Too few to say (12)" in text


def test_teams_stand_in_the_order_of_the_alphabet() -> None:
    """Teams are no league table."""
    text = Page(written("centre", "en")).text
    part = text[text.index("By team") : text.index("Other measures")]
    names = ["Amber", "Birch", "Cedar", "Dahlia", "Elm", "Fern"]
    assert [part.index(f"{name} ") for name in names] == sorted(part.index(f"{name} ") for name in names)
    assert "this is no league table" in part


def test_a_large_cut_is_bounded_and_says_where_the_rest_is() -> None:
    """Five thousand reasons or three hundred teams do not make an endless page."""
    html = written("reasons", "en")
    assert len(html) < 400_000
    assert "All 5,000 were looked at" in Page(html).text
    assert re.search(r"4,\d{3} more reasons have a figure: they are in results\.csv", Page(html).text)
    teams = Page(written("teams", "en"))
    assert "217 more are in results.csv." in teams.text
    assert "Without a figure: Too few to say (43)" in teams.text


def test_names_from_the_data_are_text_and_nothing_else() -> None:
    """Markup, template code, direction overrides and control characters in a name show as harmless characters."""
    html = written("hostile", "en")
    assert "<script" not in html
    assert "<svg onload" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "49" not in re.findall(r"<bdi>([^<]*7 \* 7[^<]*)", html)[0]
    for character in "\u202e\u202c\x00\x1b\ud800":
        assert character not in html
    assert "x" * 100 not in html


def test_measures_that_cannot_be_given_say_why_in_words() -> None:
    """A missing survey is a sentence, not a dash."""
    text = Page(written("servicenow", "en")).text
    assert "the file does not say which contacts were abandoned" in text
    assert re.search(r"Escalation rate; .*Ease \(CES\) the file has no column that holds it", text)


def test_scores_and_durations_are_written_in_their_own_units() -> None:
    """Handle time is minutes, NPS runs from −100 to 100."""
    text = Page(written("centre", "en")).text
    assert "6:12 5:58–6:26" in text
    assert "31 27–35" in text
    assert "Contacts answered within 20 seconds; the goal is 80%" in text


def test_definitions_show_readings_differences_and_what_is_not_supported() -> None:
    """Every definition is on the page, with both readings of its open cases, or with why it cannot be."""
    text = Page(written("servicenow", "en")).text
    assert "On these same contacts the definitions range from 28% to 95%." in text
    assert "24–34% as 2,391 open cases are read" in text
    assert "4,515 1,204 only here, 3,311 only ours" in text
    assert (
        "freshservice Resolved with no customer message after the description. no customer messages in this file"
        in text
    )


def test_the_ledger_adds_up_before_the_reader() -> None:
    """Every row and contact is in the addition, and a ledger that does not come out says so."""
    run = run_factory.servicenow_like()
    text = page(run).text
    assert "116,794 + 24,918 = 141,712" in text
    assert "3 + 7 + 6,212 + 8,371 + 1,205 + 9,120 = 24,918" in text
    assert "It does not add up" not in text
    wrong = dataclasses.replace(run, row_ledger=dataclasses.replace(run.row_ledger, contacts=24_917))
    assert "It does not add up" in page(wrong).text


def test_how_it_was_computed_is_on_the_page() -> None:
    """Policy, windows, identity, inputs with their hash, run and version close the report."""
    run = run_factory.servicenow_like()
    text = page(run).text
    for part in (run.run_id, run.policy_hash, run.inputs[0]["sha256"], run.inputs[0]["name"], run.version):
        assert part in text
    assert "all 53 reasons 30 45" in text
    assert "24,915 (99.98%)" in text


def test_another_policy_is_told_in_its_own_words() -> None:
    """A definition that does not ask for returns never speaks of people who came back."""
    policy = dataclasses.replace(
        run_factory.POLICY,
        name="servicenow-itsm",
        title="Resolved with no reassignment",
        link=Link(index="all"),
        counts_when=(Condition("transfers", at_most=0), Condition("settled", equals=True, because="it is closed")),
    )
    rows = [run_factory.row("fcr_contact", run_factory.share(0.51, 24_918))]
    text = page(run_factory.run(rows, policy=policy)).text
    assert "about 51 " in text
    assert "by this rule: Resolved with no reassignment" in text
    assert "transfers at most 0" in text
    assert "it is closed" in text
    assert "came back" not in text
    assert "gave up" not in text


def test_without_reasons_teams_or_weeks_the_page_says_so() -> None:
    """A missing column is named, not left as a hole."""
    text = Page(written("no reason", "en")).text
    assert "The data name no reasons" in text
    assert "There are no weeks to show." in text
    assert "By team" not in text


def test_immature_weeks_are_withheld_or_hollow() -> None:
    """No line leads to a week whose windows are open, and the table says how many have closed."""
    html = written("servicenow", "en")
    table = html[html.index('id="weeks"') :]
    table = table[: table.index("</table>")]
    assert table.count("No window has closed yet") == 2
    closed = re.findall(r"<td>(\d+%)</td></tr>", table)
    assert closed == ["100%"] * 9 + ["71%", "27%", "8%", "0%", "0%"]
    assert "5 weeks are not complete" in html


def test_an_unknown_language_is_an_error_that_names_the_others() -> None:
    """FC6100 says which languages there are."""
    for language in ("xx", "fr", "", "../he"):
        with pytest.raises(FirstcontactError) as error:
            render(run_factory.one_contact(), language)
        assert error.value.faults[0].kind.code == "FC6100"
        assert "en, bg, he" in str(error.value)


def test_a_regional_tag_finds_its_language() -> None:
    """`he-IL` is Hebrew, and reads from right to left."""
    html = render(run_factory.one_contact(), "he-IL")
    assert '<html lang="he-IL" dir="rtl">' in html


def test_weeks_that_could_never_be_judged_are_not_drawn_as_waiting() -> None:
    """Weeks before the openers and after the cut-off hold nothing; only weeks whose windows are open are hatched."""
    run = run_factory.servicenow_like()
    early = [
        run_factory.row("fcr_issue", run_factory.refusal(NOTHING_TO_COUNT), "week", start=date(2016, 2, 1)),
        run_factory.row("fcr_issue", run_factory.refusal(NOTHING_TO_COUNT), "week", start=date(2016, 6, 13)),
    ]
    text = page(dataclasses.replace(run, rows=(*run.rows, *early))).text
    assert "2 further weeks hold nothing that could be judged" in text
    assert "5 weeks are not complete" in text


def test_a_cell_too_small_to_show_is_counted_and_never_named() -> None:
    """A suppressed cell shows neither its name nor its size."""
    hidden = run_factory.row("fcr_issue", run_factory.refusal(SUPPRESSED, 3), "team", {"team": "Secret"})
    shown = run_factory.row("fcr_issue", run_factory.share(0.7, 300), "team", {"team": "Open"})
    found = page(run_factory.run([run_factory.row("fcr_issue", run_factory.share(0.7, 303)), hidden, shown]))
    assert "Too small to show (1)" in found.text
    assert "Secret" not in found.text
    assert "Open" in found.text


def test_a_log_of_ticket_updates_measures_gaps_from_the_start() -> None:
    """The page tells the gap as the links were made: from the start for tickets in any shape, else from the end."""
    run = run_factory.servicenow_like()
    for kind, word in (("ticket", "start"), ("ticket-update", "start"), ("contact", "end")):
        told = page(dataclasses.replace(run, frame=dataclasses.replace(run.frame, source_kind=kind))).text
        assert f"from the {word} of a contact to the start of the next" in told


def test_a_negative_score_is_not_mistaken_for_a_span() -> None:
    """The interval of a negative NPS keeps its signs apart from the dash."""
    score = Estimate(-0.05, -0.07, -0.03, 0.95, 900, "mean", "score")
    rows = [run_factory.row("fcr_issue", run_factory.share(0.7, 900)), run_factory.row("nps", score)]
    assert "−5 −7 … −3" in page(run_factory.run(rows)).text


def test_cells_that_stand_out_are_flagged_and_counted() -> None:
    """The page says how many cells were compared with the rest, how many differ, at which rate, and which way."""
    run = run_factory.servicenow_like()
    rows = run.slices("fcr_issue", "reason_1")
    tested = [row for row in rows if row.q_value is not None]
    odd = [row for row in tested if row.q_value is not None and row.q_value <= 0.05]
    text = page(run).text
    assert 0 < len(odd) < len(tested) < len(rows)
    assert f"Large enough to be compared with the rest of the run: {len(tested)} of {len(rows)}." in text
    assert f"{len(odd)} differ from it by more than chance and are flagged (◆). Of all flags" in text
    assert "about 5% may be false" in text
    assert f"compared with the rest of the run: {len(tested)}; the others are not tested." in text
    assert f"Flagged as different from it: {len(odd)} (Benjamini and Hochberg" in text
    part = text[text.index("Where returns come from") : text.index("By channel")]
    known = [(row, row.result) for row in rows if isinstance(row.result, Estimate)]
    top = sorted(known, key=lambda pair: -pair[1].n * (1 - pair[1].value))[:15]
    seen = [(row, result) for row, result in top if row in odd]
    assert seen
    for row, result in seen:
        way = "above" if result.value > 0.744 else "below"
        assert re.search(rf"{row.cell['reason_1']} ((?!Category \d+ ).)*◆ {way} the rest", part), row
    plain = dataclasses.replace(run, rows=tuple(dataclasses.replace(row, q_value=None) for row in run.rows))
    assert "◆" not in page(plain).text


def test_one_flag_is_one() -> None:
    """A single cell differs; none does not differ."""
    for q_value, said in (
        (0.01, "1 differs from it by more than chance and is flagged"),
        (0.3, "None differs from it"),
    ):
        row = run_factory.row("fcr_issue", run_factory.share(0.7, 300), "team", {"team": "Open"}, q_value=q_value)
        text = page(run_factory.run([run_factory.row("fcr_issue", run_factory.share(0.8, 900)), row])).text
        assert f"compared with the rest of the run: 1 of 1. {said}" in text


def test_where_no_cell_has_a_figure_a_reader_is_led_to_why() -> None:
    """In words, and with the cause right below."""
    few = run_factory.row("fcr_issue", run_factory.refusal(TOO_FEW, 9), "team", {"team": "Open"})
    text = page(run_factory.run([run_factory.row("fcr_issue", run_factory.share(0.8, 900)), few])).text
    assert "None of these has a figure yet; why not stands below. Without a figure: Too few to say (1)" in text


def test_without_reasons_no_return_is_for_the_same_reason() -> None:
    """Where the data name no reasons, the headline says that any return counts."""
    text = Page(written("no reason", "en")).text
    assert "no return for any reason (the data name none) within the declared window of 30 days" in text
    assert "for the same reason within" not in text
    run = run_factory.no_reason()
    said = "The data name no reasons, so a return for any reason counts."
    assert any_reason(run) == f" {said}"
    assert said in card(run)
    assert any_reason(run_factory.centre()) == any_reason(run_factory.all_immature()) == ""


def test_a_window_of_one_day_is_of_one_day() -> None:
    """The headline of a policy with a window of a day, in English and in Hebrew; one of two days is of two days."""
    for days, english, hebrew in ((1.0, "window of 1 day", "החלון המוצהר של יום אחד"), (2.0, "window of 2 days", "")):
        policy = dataclasses.replace(run_factory.POLICY, window=Window(days))
        run = run_factory.run([run_factory.row("fcr_issue", run_factory.share(0.8, 900))], policy=policy)
        writers = [Writer.of(language, "UTC") for language in ("en", "he")]
        assert window_words(run, writers[0]).endswith(f"within the declared {english}")
        assert hebrew in window_words(run, writers[1])
