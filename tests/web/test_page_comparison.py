"""What a draft would change, beside the figures in force: the page on which whoever publishes decides."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from starlette.testclient import TestClient

from firstcontact import bootstrap
from firstcontact.doors.report.notation import Notation
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.page import sentences
from firstcontact.doors.web.pages.policy_comparison import change_words
from firstcontact.kernel.service_settings import ServiceSettings
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import caller_of
from tests.web.test_measured import T0, contacts, plainly

PAGE = "/policy/2/comparison"
CODE = "<b>billing</b> > invoice"


def sent(count: int) -> list[dict[str, Any]]:
    """Contacts of a small centre, one reason of which is not only a name."""
    return [
        one | {"reason": one["reason"].replace("billing > invoice", CODE), "handle_seconds": 360 + 10 * (place % 3)}
        for place, one in enumerate(contacts(count))
    ]


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with figures in force, and a draft of a shorter window that was tried on the same contacts."""
    folder: Path = tmp_path_factory.mktemp("tried")
    service = bootstrap.open_service(ServiceSettings(data=folder))
    plainly(service)
    client = caller_of(service)(Role.ADMINISTRATOR)
    assert client.post("/api/v1/contacts", json=sent(400)).status_code == 202
    client.post("/api/v1/jobs", json={"kind": "measure"})
    text = re.sub(r"default_days = \d+", "default_days = 5", service.policies.published().toml)
    assert client.post("/api/v1/policies", json={"toml": text}).status_code == 201
    assert "no trial of it yet" in browser(service).get(PAGE).text
    client.post("/api/v1/policies/2/try")
    bootstrap.open_worker(service).drain()
    yield service
    service.close()


def browser(service: Service, role: Role = Role.MANAGER, language: str = "en") -> TestClient:
    made = caller_of(service)(role)
    made.headers.update({"Accept": "text/html", "Accept-Language": language})
    return made


def plain(page: str) -> str:
    """What the page says, without its marks."""
    found = re.sub(r"<[^>]+>", " ", page[page.index("<main") : page.index("</main>")])
    return " ".join(html.unescape(found).split())


def test_every_figure_of_a_comparison_carries_its_interval_and_sample(tried: Service) -> None:
    """In the words and units of all pages; what is refused says why, and what would change it."""
    page = browser(tried).get(PAGE).text
    said = plain(page)
    headline = tried.runs.current().summary["headline"]  # type: ignore[union-attr]
    row = said[said.index("First contact resolution, of issues") :][:160]
    assert f"{headline['value']:.0%}" in row
    assert f"n = {headline['n']:,}" in row
    rows = re.findall(r'<tr><th scope="row"><bdi>.*?</tr>', page)
    assert len(rows) > 8
    for one in rows:
        sides = re.findall(r'<td class="number">(.*?)</td>', one.replace("\n", " "))[:2]
        assert all("interval" in side or "refused" in side or ">–<" in side for side in sides), one
    assert "6:10" in said  # handle time, as everywhere
    assert "Neither can say" in said
    for raw in ("agent_share", "handle_time", "no_customer", "not_opener", "reason_1", "None", "history up to"):
        assert raw not in said
    assert "window.default_days" in said


def test_a_comparison_says_of_both_sides_what_they_rest_on(tried: Service) -> None:
    """Version, end of the data, contacts and moment of both, and that the contacts are the same: as the interface."""
    said = plain(browser(tried).get(PAGE).text)
    assert "The same contacts, judged under both" in said
    assert "These are not the same contacts" not in said
    told = browser(tried).get("/api/v1/policies/2/comparison").json()
    assert (told["same_contacts"], told["exact"]) == (True, True)
    stamps = said[said.index("What is compared") : said.index("To the version")]
    assert stamps.count("400") == 2
    for word in ("In force: version 1", "Tried: version 2", "Data up to", "Measured"):
        assert word in stamps


def test_who_publishes_sees_first_what_the_trial_did_to_the_headline(tried: Service) -> None:
    """Now and as it was tried, each with its interval and sample, as the comparison says."""
    said = plain(browser(tried).get("/policy/2/publish").text)
    headline = tried.runs.current().summary["headline"]  # type: ignore[union-attr]
    row = said[said.index("First contact resolution, of issues") :]
    assert f"{headline['value']:.0%}" in row[:120]
    assert row[:300].count("n = ") == 2
    assert "It was not tried" not in said
    assert "Window, in days 30 5" in said


def test_a_trial_of_an_earlier_text_says_nothing_of_the_present_one(tried: Service) -> None:
    """Whoever publishes is told that the draft was changed since it was tried, and sees no figure of it."""
    kept = tried.policies.find(2)
    other = tried.policies.change(2, kept.edition, kept.toml.replace("default_days = 5", "default_days = 6"), None)
    said = plain(browser(tried).get("/policy/2/publish").text)
    tried.policies.change(2, other.edition, kept.toml, None)
    assert "It was changed since it was tried" in said
    assert "As it was tried" not in said
    assert "Put it into force untried" in said


def test_places_of_a_comparison_lead_to_their_contacts_of_either_run(tried: Service) -> None:
    """Where contacts stand under both, each count with exactly its rows."""
    page = browser(tried, Role.QUALITY).get(PAGE).text
    places = page[page.index('id="places"') : page.index('id="changes"')]
    found = re.findall(r'class="rows-behind" href="([^"]*)"[^>]*>([\d,]+)<', places)
    assert {len(found) > 4, "Not the first contact of its issue" in places} == {True}
    runs = {re.findall(r"run=([^&]+)", html.unescape(href))[0] for href, _ in found}
    assert len(runs) == 2
    asked = caller_of(tried)(Role.QUALITY)
    for href, count in found:
        query = html.unescape(href).partition("?")[2]
        run = re.findall(r"run=([^&]+)", query)[0]
        there = asked.get(f"/api/v1/runs/{run}/contacts?{query.replace(f'run={run}', 'limit=1')}")
        assert there.json()["total"] == int(count.replace(",", "")), href


def test_cells_of_a_comparison_are_named_and_escaped(tried: Service) -> None:
    """Weeks and reasons in words; what a source calls a reason is text and nothing else."""
    page = browser(tried).get(PAGE).text
    cells = page[page.index('id="slices"') : page.index('id="places"')]
    assert "<b>billing" not in page
    assert "week of" in cells or "&lt;b&gt;billing" in cells
    assert not re.search(r"<bdi>\d{4}-\d\d-\d\d", cells)
    assert "%" in cells


def test_a_comparison_is_for_who_drafts(tried: Service) -> None:
    """As the interface has it; of a version that was never tried the page says so."""
    assert browser(tried, Role.AGENT).get(PAGE).status_code == 403
    assert browser(tried).get("/policy/99/comparison").status_code == 404
    assert 'dir="rtl"' in browser(tried, language="he").get(PAGE).text


@pytest.mark.parametrize(
    ("change", "unit", "written"),
    [
        (0.0123, "share", "+1.2"),
        (-0.0002, "share", "−0.02"),
        (0.0, "share", "0.0"),
        (-0.05, "score", "−5.0"),
        (-75, "seconds", "−1:15"),
        (0, "seconds", "0.0"),
        (-3, "count", "−3"),
    ],
)
def test_a_change_is_written_as_its_figure_is(change: float, unit: str, written: str) -> None:
    """With its sign; of shares in points, with as many decimals as it needs not to read as nothing."""
    writer = Writer(Notation(Locale.parse("en"), "UTC"), sentences("en"))
    assert change_words(change, unit, writer) == written


def test_other_contacts_than_the_trial_s_are_said_first(tried: Service) -> None:
    """Contacts arrive after a trial and are measured: the page says that the two differ, and offers the trial anew;
    where it is the figures in force that know less, it offers to measure them."""
    client, boss = caller_of(tried)(Role.ADMINISTRATOR), browser(tried)

    def arrive(name: str, count: int) -> None:
        start = T0 + timedelta(days=20)
        late = [
            {
                "contact_id": f"{name}{n}",
                "customer_id": f"p{n % 3}",
                "started_at": (start + timedelta(hours=n)).isoformat(),
            }
            for n in range(count)
        ]
        assert client.post("/api/v1/contacts", json=late).status_code == 202

    arrive("y", 20)
    assert "A trial is under way" in boss.post("/policy/2/try").text
    bootstrap.open_worker(tried).drain()
    page = boss.get(PAGE).text
    assert "The figures in force rest on 400 contacts, the trial on 420" in plain(page)
    assert ('action="/policy/2/try"' in page, 'action="/jobs"' in page) == (False, True)
    arrive("z", 30)
    boss.post("/jobs")
    bootstrap.open_worker(tried).drain()
    page = boss.get(PAGE).text
    said = plain(page)
    assert "These are not the same contacts" in said
    assert "The same contacts, judged" not in said
    assert "The figures in force rest on 450 contacts, the trial on 420" in said
    assert "more than chance" in said
    assert ('action="/policy/2/try"' in page, 'action="/jobs"' in page) == (True, False)
    assert client.get("/api/v1/policies/2/comparison").json()["same_contacts"] is False


@pytest.mark.parametrize("later", [False, True], ids=["same contacts", "others since"])
def test_a_version_in_force_is_compared_with_the_one_before(tmp_path: Path, later: bool) -> None:
    """What the publication did stays to be seen: never the version beside itself."""
    service = bootstrap.open_service(ServiceSettings(data=tmp_path))
    plainly(service)
    client = caller_of(service)(Role.ADMINISTRATOR)
    client.post("/api/v1/contacts", json=sent(200))
    client.post("/api/v1/jobs", json={"kind": "measure"})
    text = re.sub(r"default_days = \d+", "default_days = 5", service.policies.published().toml)
    client.post("/api/v1/policies", json={"toml": text})
    bootstrap.open_worker(service).drain()
    if later:
        client.post("/api/v1/contacts", json=sent(260))
    assert "no trial of it yet" in browser(service).get("/policy/1/comparison").text  # nothing was before it
    edition = client.get("/api/v1/policies/2").headers["ETag"]
    assert client.post("/api/v1/policies/2/publish", headers={"If-Match": edition}).status_code == 200
    bootstrap.open_worker(service).drain()
    said = plain(browser(service).get(PAGE).text)
    for words in ("What version 2 changed", "Before: version 1", "In force: version 2"):
        assert words in said
    assert ("These are not the same contacts" in said) is later
    told = client.get("/api/v1/policies/2/comparison").json()
    assert told["before"] != told["after"]
    assert "What it changed" in browser(service).get("/policy/2").text
    service.close()
