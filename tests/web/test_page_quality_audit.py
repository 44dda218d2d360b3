"""An audit is drawn from the run in force, its filled form taken back with every fault at once, and R-FCR corrected."""

from __future__ import annotations

import csv
import html
import io
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from firstcontact import bootstrap
from firstcontact.doors.api.app import create_app
from firstcontact.kernel.service_settings import ServiceSettings
from firstcontact.services.access import Role
from firstcontact.services.linkage_audit import DRAWN, MOST_DRAWN, MOST_FORM, drop_audit, kept_audit
from firstcontact.services.service import Service
from tests.service_fixture import caller_of
from tests.web.page_forms import form
from tests.web.test_accounts_api import CHEAP, account, log_in
from tests.web.test_measured import T0, plainly

API = "/api/v1/linkage-audit"
PAGE = "/quality/linkage-audit"
HTML = {"Accept": "text/html"}


def contacts() -> list[dict[str, Any]]:
    """A small centre in which one customer in five comes back, every fourth time under another reason."""
    rng = random.Random(3)
    rows = []
    for number in range(3_400):
        start = T0 + timedelta(minutes=rng.randrange(220 * 24 * 60))
        again = [(start, 0)] + ([(start + timedelta(days=rng.uniform(1, 9)), 1)] if number % 5 == 0 else [])
        again += [(start + timedelta(days=rng.uniform(20, 200)), 2)] if number % 6 == 1 else []
        for at, place in again:
            wrong = place == 1 and number % 20 == 0
            rows.append(
                {
                    "contact_id": f"={number}-{place}" if number == 5 else f"c{number}-{place}",
                    "customer_id": f"p{number}",
                    "channel": "phone",
                    "reason": "delivery" if wrong else "billing",
                    "team": "North",
                    "started_at": at.isoformat(),
                    "ended_at": (at + timedelta(minutes=6)).isoformat(),
                }
            )
    return rows


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose contacts were measured."""
    folder: Path = tmp_path_factory.mktemp("audited")
    service = bootstrap.open_service(ServiceSettings(data=folder))
    plainly(service)
    client = caller_of(service)(Role.ADMINISTRATOR)
    assert client.post("/api/v1/contacts", json=contacts()).status_code == 202
    assert measure(service)["r_fcr_audited"] is None
    yield service
    service.close()


@pytest.fixture
def service(audited: Service) -> Iterator[Service]:
    """The same, with no audit in force."""
    yield audited
    drop_audit(audited.preferences, actor="a", now=audited.now())


def measure(service: Service) -> dict[str, Any]:
    client = caller_of(service)(Role.ADMINISTRATOR)
    client.post("/api/v1/jobs", json={"kind": "measure"})
    bootstrap.open_worker(service).drain()
    found = client.get("/api/v1/runs/current/results", params={"by": "", "limit": 500}).json()["items"]
    figures = {one["measure"]: one["value"] for one in found if one["period_grain"] == "all"}
    return {name: figures.get(name) for name in ("r_fcr", "r_fcr_audited")}


def drawn(service: Service, **asked: Any) -> list[dict[str, str]]:
    answer = caller_of(service)(Role.QUALITY).get(f"{API}/form", params=asked)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def looked_up(row: dict[str, str]) -> dict[str, str]:
    """What somebody finds who searches: customers come back within days or, for something else, long after."""
    later = [one for one in row["nearby"].split("; ") if one.endswith("-1")]
    if not later:
        return row | {"came_back": "no"}
    return row | {"came_back": "yes", "return_contact_id": later[0]}


def written(rows: list[dict[str, str]], between: str = ",") -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=between)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def browser(service: Service, role: Role) -> TestClient:
    made = caller_of(service)(role)
    made.headers.update(HTML)
    return made


def test_a_filled_form_corrects_the_figures_of_the_next_measurement(service: Service) -> None:
    """A quarter of the returns stand under another reason: the form finds the rest linked, in the interface and on the
    page, and the next run has the corrected figure beside its own. Brought twice it is the same; given up, it is
    gone, once."""
    client = browser(service, Role.QUALITY)
    assert "No audit is taken in" in client.get("/quality").text
    rows = [looked_up(row) for row in drawn(service, size=800)]
    data = written(rows)
    asked = form(client.get("/quality").text, PAGE)
    assert set(asked.fields) == {"csrf"}
    for _ in range(2):
        page = client.post(PAGE, files={"file": ("form.csv", data)})
        assert "The audit was taken" in page.text
    said = client.get(API).json()
    assert 0.65 < said["linked"]["value"] < 0.85
    assert said["same_policy"]
    assert {one["name"] for one in said["strata"] if one["missed"]} == {"other_reason"}
    figures = measure(service)
    assert figures["r_fcr_audited"] == pytest.approx(said["corrected"]["value"], abs=1e-9)
    assert figures["r_fcr_audited"] < figures["r_fcr"] - 0.02
    assert f"{figures['r_fcr_audited'] * 100:.0f}" in page.text
    assert "no audit in any more" in client.post(f"{PAGE}/remove").text
    assert client.post(f"{PAGE}/remove").status_code == 200
    assert (client.get(API, headers={"Accept": "*/*"}).status_code, kept_audit(service.preferences)) == (404, None)


def test_the_form_tells_nothing_and_nothing_of_it_stays(service: Service) -> None:
    """Neither stratum nor links stand in it, no cell is a formula, the same seed draws the same contacts; a look at a
    filled form keeps nothing, and what is kept of one names no contact. Each is noted."""
    rows = drawn(service, size=800)
    assert {name for row in rows for name in row} == set(rows[0])
    assert not any("other_reason" in cell or "quiet" in cell for row in rows for cell in row.values())
    assert not any(cell.startswith("=") for row in rows for cell in row.values())
    again, other = drawn(service, size=800), drawn(service, size=800, seed=1)
    ids = [[row["contact_id"] for row in one] for one in (rows, again, other)]
    assert (ids[0] == ids[1], ids[0] == ids[2]) == (True, False)
    data = written([looked_up(row) for row in rows])
    client = browser(service, Role.QUALITY)
    page = client.post(PAGE, data={"look": "yes"}, files={"file": ("form.csv", data)}).text
    assert ("Nothing of it is kept" in page, kept_audit(service.preferences)) == (True, None)
    assert client.post(API, content=data, headers={"Content-Type": "text/csv"}).json()["taken_at"]
    kept = service.preferences.get("linkage_audit")
    assert kept is not None
    assert not any(row["contact_id"] in json.dumps(kept.value) for row in rows)
    noted = [event.action for event in service.audit.page(limit=5)]
    assert noted == ["setting.change", "linkage-audit.look", *["linkage-audit.draw"] * 3]


def test_rows_left_out_stand_for_nothing_as_blank_ones_do(service: Service) -> None:
    """Sorted, with a semicolon between cells and without the rows that nobody looked up, a form says the same."""
    rows = [looked_up(row) for row in drawn(service, size=800)]
    blank = [row if number % 4 else row | {"came_back": "", "return_contact_id": ""} for number, row in enumerate(rows)]
    left = [row for number, row in enumerate(rows) if number % 4][::-1]
    client = caller_of(service)(Role.QUALITY)

    def said(data: bytes) -> Any:
        return client.post(API, params={"keep": False}, content=data, headers={"Content-Type": "text/csv"}).json()

    whole, part = said(written(blank)), said(written(left, ";"))
    assert whole["linked"]
    assert (whole["linked"], whole["strata"]) == (pytest.approx(part["linked"]), part["strata"])


WRONG: dict[str, Callable[[list[dict[str, str]]], list[dict[str, str]]]] = {
    "another contact": lambda rows: [rows[0] | {"contact_id": "<b>x"}, *rows[1:]],
    "no drawing": lambda rows: [rows[0] | {DRAWN: "x"}, *rows[1:]],
    "another row's": lambda rows: [rows[0] | {DRAWN: rows[1][DRAWN]}, *rows[1:]],
    "twice": lambda rows: [*rows, rows[0]],
    "no answer": lambda rows: [rows[0] | {"came_back": "perhaps <script>"}, *rows[1:]],
}


def test_everything_wrong_is_said_at_once_beside_the_form(service: Service) -> None:
    """Rows and answers of which none fits are all named, what was typed is not repeated, and nothing is kept."""
    rows = [looked_up(row) for row in drawn(service, size=50)]
    client = browser(service, Role.QUALITY)
    for name, spoil in WRONG.items():
        answer = client.post(PAGE, files={"file": ("form.csv", written(spoil(rows)))})
        assert (answer.status_code, "could not be taken" in answer.text) == (422, True), name
        assert not any(one in answer.text for one in ("<script>", "<b>x")), name
    both = WRONG["no drawing"](WRONG["no answer"](rows)[::-1])
    answer = client.post(API, content=written(both), headers={"Content-Type": "text/csv"})
    assert [one["code"] for one in answer.json()["faults"]] == ["FC4021", "FC4022"]
    other = drawn(service, size=50, seed=9)
    mixed = client.post(API, content=written([*rows, other[0]]), headers={"Content-Type": "text/csv"})
    assert [one["saw"] for one in mixed.json()["faults"]] == ["a row of another draw"]
    for data in (b"", b"\xff\xfe", b"a,b\n1,2\n", b'"' + b"x" * 200_000, b"x" * (MOST_FORM + 1)):
        answer = client.post(PAGE, files={"file": ("form.csv", data)})
        assert (answer.status_code, "could not be taken" in answer.text) == (422, True), data[:9]
    head = ",".join(rows[0]).encode()
    many = client.post(API, content=head + b"\n1" * (MOST_DRAWN + 1), headers={"Content-Type": "text/csv"})
    assert [one["code"] for one in many.json()["faults"]] == ["FC4020"]
    assert kept_audit(service.preferences) is None


def test_a_form_that_says_too_little_is_not_kept(service: Service) -> None:
    """With too few returns found nothing is corrected; the page and the interface say what would change that."""
    data = written(drawn(service, size=50))
    client = browser(service, Role.QUALITY)
    page = client.post(PAGE, files={"file": ("form.csv", data)})
    assert (page.status_code, "Too few returns looked up" in page.text) == (200, True)
    said = client.post(API, content=data, headers={"Content-Type": "text/csv"}).json()
    assert (said["taken_at"], said["linked"], said["corrected"]) == (None, None, None)
    assert "Look up more" in said["would_help"]
    assert kept_audit(service.preferences) is None


def test_a_size_that_cannot_be_drawn_is_said_beside_its_field(service: Service) -> None:
    """With what was typed kept and escaped; before the first measurement there is nothing to draw from."""
    client = browser(service, Role.QUALITY)
    for size in ("0", str(MOST_DRAWN + 1), "many", '"><b>x'):
        answer = client.get(f"{PAGE}.csv", params={"size": size})
        assert (answer.status_code, "<b>x" in answer.text) == (422, False), size
        assert f'value="{html.escape(size)}"'.replace("&quot;", "&#34;") in answer.text, size
    assert client.get(f"{PAGE}.csv", params={"size": "60"}).headers["content-type"].startswith("text/csv")
    assert client.get(f"{API}/form", params={"size": 5}).json()["code"] == "FC4023"


def test_before_the_first_measurement_there_is_nothing_to_draw(sqlite_service: Service) -> None:
    """The page says so, and the interface finds no run."""
    client = browser(sqlite_service, Role.QUALITY)
    assert "no contacts to draw from" in client.get("/quality").text
    assert [client.get(place).status_code for place in (f"{API}/form", API)] == [404, 404]


def test_a_form_is_taken_from_a_page_of_this_service_alone(sqlite_service: Service) -> None:
    """Who is logged in brings it with the session's token; without it nothing is looked at."""
    service = replace(sqlite_service, passwords=CHEAP)
    client = TestClient(create_app(service), base_url=service.settings.url, headers=HTML)
    log_in(client, account(service, Role.QUALITY).email)
    files = {"file": ("form.csv", b"a,b")}
    own = form(client.get("/quality").text, PAGE).fields
    said = [client.post(PAGE, data=data, files=files).status_code for data in ({}, {"csrf": "x"}, own)]
    assert said == [403, 403, 422]


def test_everybody_is_offered_only_what_they_may_do(service: Service) -> None:
    """Who sees all contacts draws, who mends records brings forms; what an audit found is for whoever sees figures of
    all teams, and a team lead sees neither."""
    data = written(drawn(service, size=50))
    for role, draws, takes in ((Role.QUALITY, 1, 1), (Role.MANAGER, 1, 0), (Role.ADMINISTRATOR, 0, 1)):
        client = browser(service, role)
        page = client.get("/quality").text
        assert (f'action="{PAGE}.csv"' in page, f'action="{PAGE}"' in page) == (draws, takes), role
        assert client.get(f"{PAGE}.csv?size=50").status_code == (200 if draws else 403), role
        assert client.post(PAGE, files={"file": ("f.csv", data)}).status_code == (200 if takes else 403), role
    lead = caller_of(service)(Role.TEAM_LEAD, "North")
    assert [lead.get(place).status_code for place in (API, f"{API}/form")] == [403, 403]
