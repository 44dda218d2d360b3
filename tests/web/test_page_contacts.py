"""Every figure leads to a page that lists as many contacts as its n, in words; who sees some teams sees those alone."""

from __future__ import annotations

import html
import re
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from firstcontact.doors.api.page import cursor
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.contact_words import EXPLAINED_COLUMNS, PATTERN_COLUMNS, heading, measure_name
from firstcontact.doors.web.link import rows_link
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.result import Estimate
from firstcontact.measurement.explain.root_cause.catalog import PATTERNS
from firstcontact.services.access import Role
from firstcontact.services.ask_contacts import asked_pairs, question_of
from firstcontact.services.explained import EXPLAINED
from firstcontact.services.read_run import read_run
from firstcontact.services.service import Service
from tests import told_runs
from tests.service_fixture import Caller, caller_of
from tests.web.shown import OneRun, Showing
from tests.web.test_team_scope import MARK, asking, measured  # noqa: F401 - fixtures

HTML = {"Accept": "text/html"}
ROW = r'<th scope="row"><a href="/customers/of-contact[^>]*><bdi dir="ltr">(.*?)</bdi>'


def listed(client: TestClient, address: str) -> tuple[str, list[str], int]:
    """The first page of a list, the contacts on all pages, and how many it says there are."""
    first = client.get(address, headers=HTML).text
    page, seen = first, re.findall(ROW, first)
    while more := re.search(r'href="([^"]*)" rel="next"', page):
        page = client.get(html.unescape(more[1]), headers=HTML).text
        seen += re.findall(ROW, page)
    total = re.search(r"of <b>([\d,]+)</b>", first)
    return first, seen, int(total[1].replace(",", "")) if total else 0


def test_a_figure_leads_to_as_many_rows_as_its_n(measured: Service, asking: Caller) -> None:  # noqa: F811
    """Of the whole, of a team, of a week, of a reason; the page names the figure, and lists each contact once."""
    kept = measured.runs.current()
    assert kept is not None
    run, client = read_run(measured.runs.place(kept)), asking(Role.MANAGER)
    for by in ("", "team", "week", "reason_1", "channel"):
        rows = [one for one in run.select("fcr_issue", "repeat_rate", by=by) if isinstance(one.result, Estimate)]
        row = next(one for one in rows if rows_link(kept.id, one))
        page, seen, total = listed(client, rows_link(kept.id, row))
        assert len(set(seen)) == len(seen) == total == row.result.n, (row.measure, row.by)
        assert "contacts behind this figure" in page


def test_the_list_says_what_came_of_each_and_is_sorted_by_its_headings(asking: Caller) -> None:  # noqa: F811
    """In words; hostile values are escaped; a filter narrows, and stays when columns are chosen."""
    client = asking(Role.QUALITY)
    page, _, total = listed(client, "/contacts?text=HYPERLINK&column=reason&column=verdict&column=contact_id")
    assert total > 50
    assert ("&#34;southern&#34;" in page, '("http' in page) == (True, False)
    back, _, some = listed(client, "/contacts?verdict=no")
    assert some > 10
    assert re.search("Not settled.*came back after", back)
    assert 'name="text" value="HYPERLINK"' in page
    heading = re.search(r'<th scope="col"><a href="([^"]*)">Reason', page)
    assert heading
    order = client.get(html.unescape(heading[1]), headers=HTML).text
    assert 'aria-sort="ascending"' in order
    returned, alone = (listed(client, f"/contacts?returned={one}")[2] for one in ("yes", "no"))
    assert returned + alone == 500
    assert "No contact fits" in client.get("/contacts?since=2030-01-01", headers=HTML).text


def test_a_list_that_has_become_shorter_says_so(measured: Service, tmp_path: Path) -> None:  # noqa: F811
    """After an erasure the figure stays as it was until the next measurement: the page says what it rested on."""
    kept = measured.runs.current()
    assert kept is not None
    folder = shutil.copytree(measured.runs.place(kept), tmp_path / kept.id)
    client = caller_of(replace(measured, runs=OneRun(folder)))(Role.MANAGER)
    asked = f"/contacts?{urlencode({'run': kept.id, 'measure': 'repeat_rate', 'part': 'n'})}"
    said = "contacts made this figure"
    page, _, total = listed(client, asked)
    assert said not in page
    table = pq.read_table(folder / "contacts.parquet")
    gone = table["in_repeat_rate"].to_pylist().index("met")
    pq.write_table(pa.concat_tables([table[:gone], table[gone + 1 :]]), folder / "contacts.parquet")
    page, _, left = listed(client, asked)
    assert (left, f"{total} {said}" in page) == (total - 1, True)
    assert said not in listed(client, asked.replace("part=n", "part=met"))[0]
    beyond = client.get(f"/contacts?after={cursor(10_000)}", headers=HTML).text
    assert f"<b>{500 - 1}</b>" in beyond
    assert re.findall(ROW, beyond)


def test_who_sees_some_teams_sees_their_contacts_alone(asking: Caller) -> None:  # noqa: F811
    """And is told so; names of others' reasons are not proposed. Who sees no contacts has no such page."""
    lead = asking(Role.TEAM_LEAD, "North")
    page, seen, total = listed(lead, "/contacts?measure=fcr_issue&part=all")
    assert 0 < len(seen) == total < 500
    assert ("contacts of your teams only" in page, MARK in page) == (True, False)
    for role in (Role.AGENT, Role.ADMINISTRATOR, Role.WALLBOARD):
        assert asking(role, "North").get("/contacts", headers=HTML).status_code == 403


def test_what_cannot_be_asked_is_said_and_kept(asking: Caller) -> None:  # noqa: F811
    """All at once, without a trace of the value."""
    client = asking(Role.MANAGER)
    answer = client.get("/contacts?part=some&since=soon&text=kept", headers=HTML)
    assert (answer.status_code, answer.text.count("FC9504"), 'value="kept"' in answer.text) == (422, 2, True)
    assert client.get("/contacts?measure=no_such", headers=HTML).status_code == 422


def test_a_refusal_says_what_would_change_it(sqlite_service: Service, showing: Showing) -> None:
    """A cell of few contacts shows neither them nor their number; a run that noted nothing says so, and that measuring
    again helps."""
    shown = showing(sqlite_service, told_runs.told())
    kept = shown.runs.current()
    assert kept is not None
    folder = shown.runs.place(kept)
    client = caller_of(shown)(Role.MANAGER)
    asked = "/contacts?measure=fcr_issue&part=all&cell=team%3DTiny"
    assert "Measure again" in client.get(asked, headers=HTML).text
    began = datetime(2026, 1, 5)  # noqa: DTZ001 - UTC, as everywhere inside
    rows = [{"contact_id": f"tiny{n}", "team": "Tiny", "started_at": began, "in_fcr_issue": "met"} for n in range(2)]
    pq.write_table(pa.Table.from_pylist(rows), folder / "contacts.parquet")
    (folder / "policy.toml").write_text("[publish]\nsuppress_below = 5\n")
    page = client.get(asked, headers=HTML)
    assert (page.status_code, "Too few to show" in page.text, "tiny0" in page.text) == (200, True, False)
    assert "A larger cell would show them" in page.text


def test_a_file_holds_the_list_and_is_noted(asking: Caller) -> None:  # noqa: F811
    """The page leads to the interface's file of the same contacts, in the same columns."""
    client = asking(Role.MANAGER)
    page, seen, total = listed(client, "/contacts?channel=chat&column=contact_id&column=source")
    link = re.search(r'href="(/api/[^"]*format=csv)"', page)
    assert link
    lines = client.get(html.unescape(link[1])).text.splitlines()
    assert lines[0].removeprefix("\ufeff") == "contact_id,source"
    assert {line.split(",")[0] for line in lines[1:]} == set(seen)
    assert len(seen) == total
    noted = asking(Role.ADMINISTRATOR).get("/api/v1/audit", params={"action": "contact.export"}).json()["items"]
    assert noted[0]["detail"]["contacts"] == total


def test_columns_are_drawn_once_and_no_more_than_a_page_holds(asking: Caller) -> None:  # noqa: F811
    """However often a column is asked for, it stands there once; of all columns the first are drawn, and files have
    the rest."""
    client = asking(Role.TEAM_LEAD, "North")
    page = client.get("/contacts", params=[("column", "contact_id")] * 200, headers=HTML).text
    assert page.count('<th scope="col"') == 1
    every = re.findall(r'type="checkbox" name="column" value="([^"]+)"', page)
    assert len(every) > 35
    page = client.get("/contacts", params=[("column", name) for name in every], headers=HTML).text
    assert len(page) < 200_000
    shown = page.count('<th scope="col"')
    assert f"the first {shown} of the {len(every)} columns" in page
    assert page.count("column=", page.index('href="/api/'), page.index("format=csv")) == len(every)


def test_before_the_first_measurement_it_says_what_will_be_here(sqlite_service: Service) -> None:
    """An empty service has an empty page, no error."""
    page = caller_of(sqlite_service)(Role.MANAGER).get("/contacts", headers=HTML)
    assert (page.status_code, "Nothing was measured yet" in page.text) == (200, True)


def test_a_question_comes_back_from_its_address() -> None:
    """What is written there is read back the same; everything wrong is named at once."""
    pairs = [
        ("measure", "fcr_issue"), ("part", "out:abandoned"), ("cell", "reason_1=billing"), ("cell", "team=North"),
        ("period_grain", "week"), ("period_start", "2026-03-02"), ("reason", "billing > refund"), ("verdict", "no"),
        ("since", "2026-03-01"), ("until", "2026-04-01"), ("repeat", "yes"), ("returned", "no"),
        ("says", "a=met"), ("differ", "a"), ("differ", "b"),
    ]  # fmt: skip
    assert sorted(asked_pairs(question_of(pairs))) == sorted(pairs)
    wrong = [("verdict", "x"), ("repeat", "perhaps"), ("period_grain", "week"), ("cell", "x"), ("differ", "one")]
    wrong += [("nothing", "x"), ("team", "a\nb"), ("queue", "a"), ("queue", "b")]
    with pytest.raises(FirstcontactError) as raised:
        question_of(wrong)
    assert len(raised.value.faults) == 8


def test_every_column_of_what_explanations_note_has_a_name() -> None:
    """A new pattern has a line in the words of the list, and one for its pairs where it has any."""
    patterns = {one.column for one in PATTERNS} | {one.by_pair.column for one in PATTERNS if one.pair}
    assert set(PATTERN_COLUMNS) == patterns
    writer = Writer.of("en", "UTC")
    names = [heading(column, writer) for column in (*PATTERN_COLUMNS, *EXPLAINED_COLUMNS)]
    assert len(set(names)) == len(names)
    assert not any("_" in name for name in names)
    assert {measure_name(measure, writer) for measure in EXPLAINED} == {
        "What failures have in common", "What could be saved", "What comes next", "Where issues go on",
    }  # fmt: skip
