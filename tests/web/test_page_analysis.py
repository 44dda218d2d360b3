"""Pages of the analysis: one reason, all reasons, one's own teams, and the way from a count to its contacts."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import parse_qsl, urlsplit

import openpyxl
import pytest
from babel import Locale

from firstcontact.doors.report.build import render
from firstcontact.doors.web.as_shown import as_shown
from firstcontact.doors.web.link import Links, rows_link
from firstcontact.doors.workbook import Share, Sheet, workbook
from firstcontact.kernel.result import SUPPRESSED, Estimate
from firstcontact.services.access import Role
from firstcontact.services.ask_contacts import question_of
from firstcontact.services.contact_question import Question
from firstcontact.services.run import Run
from firstcontact.services.service import Service
from tests import run_factory, told_runs
from tests.run_factory import refusal, row, share
from tests.web.shown import CHEAP, Showing
from tests.web.test_page_accounts import Visitor

REASON = "billing > bill"
EVIL = "<script>alert(1)</script>'\"&\u202e"


@pytest.fixture
def visit(sqlite_service: Service, showing: Showing) -> Callable[..., Visitor]:
    """Gives visitors of a service whose run in force is an invented one."""

    def make(run: Run, role: Role = Role.MANAGER, *teams: str) -> Visitor:
        return Visitor(showing(replace(sqlite_service, passwords=CHEAP), run), role, *teams)

    return make


def _told(*rows: object) -> Run:
    run = told_runs.told()
    return replace(run, rows=(*run.rows, *rows))


def test_a_reason_has_a_page_with_all_that_is_known_of_it(visit: Callable[..., Visitor]) -> None:
    """Every measure of it with its n and what it is, its window, what it brings and what brings it, and the way up."""
    rows = [
        row("fcr_issue", share(0.7, 4_321), "reason_2", {"reason_2": REASON}),
        row("transfer_rate", share(0.1, 1_234), "reason_2", {"reason_2": REASON}),
    ]
    said = visit(_told(*rows)).get(f"/reason?name={REASON}".replace(">", "%3E"))
    assert said.status_code == 200
    text = html.unescape(said.text)
    assert "<h1><bdi>bill</bdi></h1>" in text
    for words in ("4,321", "1,234", "Transfer rate", "What is this?", "When customers come back"):
        assert words in text, words
    assert re.search(r'href="/reason\?run=[^"]+name=billing"', text)


def test_a_reason_that_the_run_does_not_name_is_not_there(visit: Callable[..., Visitor]) -> None:
    """Nor is it for those who may see only some teams: a reason's figures are of all."""
    assert visit(_told()).get("/reason?name=nothing").status_code == 404
    assert visit(_told(), Role.TEAM_LEAD, "North").get("/reason?name=billing").status_code == 403


def test_a_name_that_would_be_markup_stays_a_name(visit: Callable[..., Visitor]) -> None:
    """On the page of a reason and in the table of all; a path of 10,000 characters has a page, too."""
    long = "x" * 10_000
    rows = [row("fcr_issue", share(0.7, 400), "reason_1", {"reason_1": name}) for name in (EVIL, long)]
    one = visit(_told(*rows))
    links = [html.unescape(link) for link in re.findall(r'href="(/reason\?[^"]+)"', one.get("/reasons").text)]
    wanted = {EVIL, long} & {dict(parse_qsl(urlsplit(link).query))["name"] for link in links}
    assert wanted == {EVIL, long}
    for link in links:
        said = one.get(link)
        assert said.status_code == 200
        assert "<script>alert" not in said.text
        assert "\u202e" not in said.text


def test_five_thousand_reasons_are_a_table_to_search(visit: Callable[..., Visitor]) -> None:
    """Fifty at a time, those that cost most first; a part of a name finds its reasons, and nothing says so."""
    rows = [
        row("fcr_issue", share(0.5, 400 + place), "reason_1", {"reason_1": f"reason {place:04}"})
        for place in range(5_000)
    ]
    run = told_runs.told()
    one = visit(replace(run, rows=(*(kept for kept in run.rows if kept.by != "reason_1"), *rows)))

    def listed(path: str) -> list[str]:
        table = one.get(path).text.partition('id="all"')[2]
        return re.findall(r'<th scope="row"><bdi><a [^>]*>([^<]*)</a>', table)

    first = listed("/reasons")
    assert first[:2] == ["reason 4999", "reason 4998"]
    assert len(first) == 50
    assert listed("/reasons?after=50")[0] == "reason 4949"
    assert listed("/reasons?q=Reason+123") == [f"reason 123{last}" for last in range(9, -1, -1)]
    assert "No reason is called so" in one.get("/reasons?q=zebra").text
    assert '<p class="of">1 reason</p>' in one.get("/reasons?q=reason+1234").text
    assert '<p class="of">10 reasons, of every level.</p>' in one.get("/reasons?q=reason+123").text
    assert len(one.get("/reasons?after=50").content) < 300_000


def test_three_hundred_teams_are_a_table_to_search(visit: Callable[..., Visitor]) -> None:
    """Fifty at a time, in the order of numbers; a part of a name finds its teams; who is too small is not named."""
    run = run_factory.servicenow_like()
    rows = [
        row("fcr_issue", share(0.5, 400 + place), "team", {"team": f"team {place} {EVIL}"}) for place in range(1, 301)
    ]
    effect = Estimate(-0.2, -0.3, -0.1, 0.95, 400, "difference")
    rows += [
        row("team_effect", effect, "team", {"team": f"team 134 {EVIL}"}, q_value=0.001),
        row("fcr_issue", refusal(SUPPRESSED, 3), "team", {"team": "team 999"}),
    ]
    one = visit(replace(run, rows=(*(kept for kept in run.rows if kept.by != "team"), *rows)))

    def listed(path: str) -> list[str]:
        table = one.get(path).text.partition('id="all"')[2]
        return re.findall(r'<th scope="row"><bdi>(team \d+)', table)

    assert one.get("/teams").text.count('<a href="#all">All teams</a>') == 1
    assert listed("/teams") == [f"team {number}" for number in range(1, 51)]
    assert listed("/teams?after=250") == [f"team {number}" for number in range(251, 301)]
    assert listed("/teams?q=TEAM+134") == ["team 134"]
    found = one.get("/teams?q=TEAM+134").text
    assert "below the others" in found
    assert "−20.0" in found
    assert EVIL not in found
    assert "No team is called so" in one.get("/teams?q=team+999").text
    assert 'href="#all"' not in one.get("/teams?after=50").text


def test_a_team_lead_sees_their_own_teams_against_themselves(visit: Callable[..., Visitor]) -> None:
    """Each measure, the weeks and what is refused, of their teams; no other team's name or figure stands there."""
    rows = []
    for team, value in (("North", 0.71), ("South", 0.33)):
        rows.append(row("fcr_issue", share(value, 1_777), "team", {"team": team}))
        rows.append(row("csat", refusal(SUPPRESSED), "team", {"team": team}))
        for week in range(6):
            start = date(2016, 1, 4) + timedelta(weeks=week)
            rows.append(
                replace(
                    row("fcr_issue", share(value, 90), "team,week", {"team": team}),
                    period_grain="week", period_start=start,
                )
            )  # fmt: skip
    run = _told(*rows)
    said = visit(run, Role.TEAM_LEAD, "North", "Nowhere").get("/teams").text
    main = said.partition("<main")[2]
    assert "North" in main
    assert "1,777" in main
    assert "Week of 4 Jan 2016" in main
    assert "Teams of yours that these data do not name" in main
    assert not {"South", "33%", *told_runs.TEAMS} & set(re.findall(r"[\w%]+", main))
    assert "You belong to no team yet" in visit(run, Role.AGENT).get("/teams").text
    assert "South" in visit(run).get("/teams").text


def test_a_count_leads_to_its_contacts_by_the_parameters_of_the_interface(visit: Callable[..., Visitor]) -> None:
    """What the address asks is what `GET /api/v1/runs/{id}/contacts` takes; figures whose n is no number of contacts
    lead nowhere, nor does anything for those who may not see contacts."""
    figure = row("fcr_issue", share(0.7, 400), "reason_1", {"reason_1": "billing"})
    asked = urlsplit(rows_link("r1", figure))
    assert asked.path == "/contacts"
    assert parse_qsl(asked.query) == [
        ("run", "r1"), ("measure", "fcr_issue"), ("part", "n"), ("cell", "reason_1=billing"),
    ]  # fmt: skip
    assert rows_link("r1", row("driver", share(0.1, 400), "month", {})) == ""
    assert rows_link("r1", row("fcr_issue", refusal(SUPPRESSED, 3), "team", {"team": "North"})) == ""
    week = replace(row("r_fcr", share(0.8, 90), "week", {}), period_grain="week", period_start=date(2016, 1, 4))
    assert "part=followed" in rows_link("r1", week, learned=frozenset({""}))
    ledger = dict(parse_qsl(urlsplit(Links("r1", True).ledger("fcr_issue", "not_opener")).query))
    assert ledger == {"run": "r1", "measure": "fcr_issue", "part": "out:not_opener"}
    assert Links("r1", False).rows(figure) == Links("r1", False).definition("repeat-7d", "differ") == ""


def test_a_cause_leads_to_its_contacts_where_the_run_noted_them() -> None:
    """A run of an earlier version noted nothing of causes: their numbers stand there, and lead nowhere."""
    cause = row("root_cause", share(0.1, 400), "cause", {"cause": "wrong queue first: a -> b", "queue": "b"})
    assert Links("r1", True, noted=frozenset({"shows_hour"})).rows(cause) == ""
    href = Links("r1", True, noted=frozenset({"shows_wrong_queue_first_pair"})).rows(cause)
    asked = parse_qsl(urlsplit(href).query)
    assert ("cell", "cause=wrong queue first: a -> b") in asked
    assert question_of(asked[1:]) == Question("root_cause", "n", {"cause": "wrong queue first: a -> b", "queue": "b"})


def test_the_file_has_no_links_to_rows() -> None:
    """A report that is one file says the same words, and leads nowhere else."""
    text = render(told_runs.told())
    assert "rows-behind" not in text
    assert "/reason" not in text


def test_the_overview_says_what_its_figures_are(visit: Callable[..., Visitor]) -> None:
    """The headline and every measure beside it can be asked what it is, and what moved the figure stands there."""
    said = visit(run_factory.centre()).get("/").text
    assert said.count('<details class="what">') > 5
    moved = visit(_told()).get("/").text
    assert "What moved the figure last" in moved


def test_the_figures_of_a_page_can_be_taken_along(visit: Callable[..., Visitor]) -> None:
    """A workbook with numbers as numbers, each with interval, n and state, what is refused with its reason, and what
    they rest on; a name that would be a formula stays a text. It opens in a reader of somebody else's."""
    rows = [
        row("fcr_issue", share(0.7, 400), "reason_1", {"reason_1": "=1+1"}),
        row("csat", refusal(SUPPRESSED, 3), "reason_1", {"reason_1": "=1+1"}),
    ]
    one = visit(_told(*rows))
    link = html.unescape(re.findall(r'href="(/take\.xlsx[^"]+)"', one.get("/reason?name=%3D1%2B1").text)[0])
    said = one.get(link)
    assert said.status_code == 200
    assert "attachment" in said.headers["content-disposition"]
    book = openpyxl.load_workbook(io.BytesIO(said.content))
    shown, sheet, stamp = book.worksheets
    heads, *lines = sheet.iter_rows(values_only=True)
    found = [dict(zip(heads, line, strict=True)) for line in lines]
    assert [line["Its name in the interface"] for line in found] == ["fcr_issue", "csat"]
    assert {line["Reason"] for line in found} == {"'=1+1"}
    figure, none = found
    assert (figure["Value"], figure["Rests on (n)"], figure["State"]) == (0.7, 400, "final")
    assert figure["Interval from"] < 0.7 < figure["Interval to"]
    assert [cell.number_format for cell in next(sheet.iter_rows(min_row=2))][8:11] == ["0.0%"] * 3
    assert [figure["Level of the interval"], none["Level of the interval"]] == [0.95, None]
    assert (none["Value"], none["State"]) == (None, "refused")
    assert not [cell for page in (shown, sheet) for line in page.iter_rows() for cell in line if cell.data_type == "f"]
    told = {line[0].value: line[1].value for line in stamp.iter_rows(min_col=1, max_col=2)}
    assert told["Run"] in link
    assert told["Its hash"]


def test_nobody_takes_along_what_they_may_not_see(visit: Callable[..., Visitor]) -> None:
    """A team lead takes the figures of their own teams, and of all only what everybody sees on the overview."""
    rows = [row("fcr_issue", share(0.7, 400), "team", {"team": name}) for name in ("North", "South")]
    lead = visit(_told(*rows), Role.TEAM_LEAD, "North")
    book = openpyxl.load_workbook(io.BytesIO(lead.get("/take.xlsx?of=/teams").content))
    names = {cell for sheet in book.worksheets for line in sheet.iter_rows(values_only=True) for cell in line}
    assert "North" in names
    assert not [text for text in map(str, names) for name in ("South", *told_runs.TEAMS[1:]) if name in text]
    for path in ("/reasons", "/causes", "/downstream", "/channels", "/reason&name=billing", "/definitions", "/quality"):
        assert lead.get(f"/take.xlsx?of={path}").status_code == 403, path
    assert lead.get("/take.xlsx?of=/").status_code == 200
    assert visit(_told()).get("/take.xlsx?of=/reason&name=nothing").status_code == 404
    one = visit(run_factory.centre())
    for path in ("/", "/reasons", "/causes", "/downstream", "/channels", "/teams", "/definitions", "/quality"):
        book = openpyxl.load_workbook(io.BytesIO(one.get(f"/take.xlsx?of={path}").content))
        assert (book.worksheets[0].max_row > 3, book.worksheets[1].max_column > 2) == (True, True), path


def test_a_workbook_holds_what_a_cell_may_hold() -> None:
    """Texts of any letters, days and numbers come back as they were; what no file may hold is replaced, and what is no
    number is an error and not a cell."""
    cells = (
        "a & <b> ' \"",
        "עברית 中文 \U0001f642",
        "\x00\ud800",
        1,
        -0.25,
        True,
        date(2024, 2, 29),
        None,
        "x" * 40_000,
    )
    book = openpyxl.load_workbook(io.BytesIO(workbook([Sheet("A & B", ("one",) * len(cells), [cells], rtl=True)])))
    told = next(book.worksheets[0].iter_rows(min_row=2, values_only=True))
    assert book.sheetnames == ["A & B"]
    assert told[:2] == cells[:2]
    assert told[2] == "\ufffd\ufffd"
    assert told[3:6] == (1, -0.25, True)
    assert told[6].date() == date(2024, 2, 29)
    assert told[7] is None
    assert len(told[8]) == 32_767
    odd = openpyxl.load_workbook(io.BytesIO(workbook([Sheet("'a/b:[c]*?" + "d" * 40, (), [("x",)])])))
    assert odd.sheetnames == ["a b  c   " + "d" * 22]
    with pytest.raises(ValueError, match="finite"):
        workbook([Sheet("s", (), [(float("nan"),)])])


def test_a_workbook_shows_the_page_line_by_line(visit: Callable[..., Visitor]) -> None:
    """Headings, takeaways, tables and tiles in their order, in the visitor's language; what is a number is one."""
    seen = visit(_told())
    for language, said, direction in (("en", "settled at first contact", None), ("he", "צוות", True)):
        headers = {"Accept-Language": language}
        page = seen.client.get("/teams", headers=headers).text
        book = openpyxl.load_workbook(io.BytesIO(seen.client.get("/take.xlsx?of=/teams", headers=headers).content))
        sheet = book.worksheets[0]
        told = [[cell for cell in line if cell is not None] for line in sheet.iter_rows(values_only=True)]
        words = [str(cell) for line in told for cell in line]
        assert any(said in word for word in words), language
        assert sheet.sheet_view.rightToLeft == direction
        assert len([line for line in told if len(line) > 2]) >= len(re.findall(r'<div class="tr" role="row"', page))
        for name in told_runs.TEAMS:
            assert any(line[0] == name and len(line) > 2 for line in told if line), name


def test_lines_of_a_page_are_what_is_told() -> None:
    """What is drawn, pressed, or told to screen readers alone is left out; numbers are read as the language has it."""
    text = """<main><h1>A &amp; B</h1><p>Told <b>so</b></p><form><p>typed</p></form>
    <table><tr><th>Team</th><th class="graph">drawn</th><th>share<small>interval</small></th><th>n</th></tr>
    <tr><th><a href="/">\u2068North\u2069</a></th><td class="graph"><svg><title>x</title></svg></td><td>77,5\u00a0%</td>
    <td>1\u00a0234</td></tr></table><div class="tile"><p>FCR</p><p><b>\u22126</b></p>
    <details class="what"><dl><dt>Counts</dt></dl></details></div></main><p>after</p>"""
    lines = [list(line) for line in as_shown(text, Locale("bg"))]
    assert lines == [
        [], ["A & B"], ["Told so"], ["Team", "share interval", "n"], ["North", 0.775, 1234], ["FCR", -6],
    ]  # fmt: skip
    assert isinstance(lines[4][1], Share)
    long = [list(line) for line in as_shown("<main><p>20261122094417123</p><p>1-2</p></main>", Locale("en"))]
    assert long == [["20261122094417123"], ["1-2"]]


def test_what_scrolls_sideways_is_reached_by_keyboard(visit: Callable[..., Visitor]) -> None:
    """Every table that may be wider than a phone can be focused on a page."""
    one = visit(_told())
    paths = ("/", "/reasons", "/causes", "/downstream", "/channels", "/teams")
    found = {path: re.findall(r'<div class="scroll"[^>]*>', one.get(path).text) for path in paths}
    assert [path for path, tags in found.items() if tags] != []
    assert [tag for tags in found.values() for tag in tags if 'tabindex="0"' not in tag] == []


def test_what_a_page_does_not_show_is_in_its_workbook(
    visit: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the file report names the table beside it, a page names the workbook that it gives along, and it is so."""
    for place in ("opportunity", "downstream", "returning", "team", "cut"):
        monkeypatch.setattr(f"firstcontact.doors.report.sections.{place}.LISTED", 1)
    monkeypatch.setattr("firstcontact.doors.report.sections.course.LONGEST", 1)
    run = _told()
    assert "results.csv" in render(run)
    for language in ("en", "bg"):
        seen = visit(run)
        pages = {path: seen.client.get(path, headers={"Accept-Language": language}).text for path in SHOWN}
        assert [path for path, text in pages.items() if "results.csv" in text or ".parquet" in text] == []
    said = {path for path in SHOWN if "in the Excel file of this page" in visit(run).get(path).text}
    assert {"/", "/reasons"} <= said
    names = {row.cell.get("reason_1") or row.cell.get("reason_2") for row in run.select("opportunity")}
    sheet = openpyxl.load_workbook(io.BytesIO(visit(run).get("/take.xlsx?of=/").content)).worksheets[1]
    shown = {str(cell.value) for line in sheet.iter_rows() for cell in line}
    assert names - {None} <= shown


SHOWN = ("/", "/reasons", "/channels", "/causes", "/downstream", "/teams", "/definitions", "/quality")


@pytest.mark.parametrize(
    ("zone", "said"),
    [("Europe/Sofia", ""), ("Asia/Jerusalem", "Where you are: Sunday."), ("Africa/Cairo", "Saturday"), ("UTC", "")],
)
def test_every_page_of_figures_says_on_which_day_its_weeks_begin(
    visit: Callable[..., Visitor], zone: str, said: str
) -> None:
    """The policy's day, and the visitor's own where their country begins its weeks on another."""
    seen = visit(_told())
    seen.client.cookies.set("zone", zone)
    text = seen.get("/").text
    assert "<dt>Weeks begin on</dt><dd>Monday" in text
    assert said in text
    assert bool(said) == ("Where you are:" in text)
