"""Contacts are sent, a job measures them, and their figures are data: by page, as files, for those who may."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from firstcontact import bootstrap
from firstcontact.kernel.service_settings import ServiceSettings
from firstcontact.measurement.policy.preset import preset_text
from firstcontact.services.access import Role
from firstcontact.services.measuring import MEASUREMENT
from firstcontact.services.service import Service
from firstcontact.services.setting import change_setting
from tests.service_fixture import Caller, caller_of

T0 = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def contacts(count: int, seed: int = 7) -> list[dict[str, Any]]:
    """Contacts of a small centre with two teams, over four months."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        start = T0 + timedelta(minutes=rng.randrange(120 * 24 * 60))
        rows.append(
            {
                "contact_id": f"c{number}",
                "customer_id": f"p{rng.randrange(count // 3)}",
                "channel": rng.choice(["phone", "chat"]),
                "reason": rng.choice(["billing > invoice", "billing > refund", "delivery"]),
                "team": rng.choice(["North", "South"]),
                "started_at": start.isoformat(),
                "ended_at": (start + timedelta(minutes=6)).isoformat(),
            }
        )
    return rows


def plainly(service: Service) -> None:
    """Measure without explanations: they are tested elsewhere, and take longest."""
    value = {"definitions": False, "explanations": False}
    change_setting(service.preferences, MEASUREMENT, value, edition=0, actor="a", now=service.now())


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose contacts were sent and measured; its tests only read, or add trials."""
    folder: Path = tmp_path_factory.mktemp("measured")
    service = bootstrap.open_service(ServiceSettings(data=folder))
    plainly(service)
    client = caller_of(service)(Role.ADMINISTRATOR)
    assert client.post("/api/v1/contacts", json=contacts(600)).status_code == 202
    job = client.post("/api/v1/jobs", json={"kind": "measure"}).json()
    assert job["state"] == "waiting"
    bootstrap.open_worker(service).drain()
    ended = client.get(f"/api/v1/jobs/{job['id']}").json()
    assert (ended["state"], ended["share"], ended["faults"]) == ("done", 1.0, None)
    yield service
    service.close()


@pytest.fixture
def asking(measured: Service) -> Caller:
    """Clients of the measured service, by role."""
    return caller_of(measured)


def results(asking: Caller, *who: Any, **wanted: Any) -> list[dict[str, Any]]:
    answer = asking(*who).get("/api/v1/runs/current/results", params={"limit": 500, **wanted})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_nothing_is_in_force_before_the_first_measurement(client: Any) -> None:
    """A figure that does not exist is not found, and says why (FC9302)."""
    answer = client.get("/api/v1/runs/current/results")
    assert (answer.status_code, answer.json()["code"]) == (404, "FC9302")
    assert "nothing was measured yet" in answer.json()["detail"]


def test_what_was_sent_is_measured(asking: Caller) -> None:
    """Every contact that was sent is in the run that is in force, and the run says what it rests on."""
    run = asking().get("/api/v1/runs/current").json()
    assert (run["state"], run["contacts"], run["policy_number"], run["seq"]) == ("current", 600, 1, 600)
    assert run["cutoff"].endswith("Z")
    assert 0 < run["headline"]["value"] < 1
    assert asking().get("/api/v1/runs", params={"state": "current"}).json()["items"] == [run]
    ledger = asking().get("/api/v1/runs/current/ledger").json()
    assert ledger["rows"]["adds_up"]
    assert ledger["rows"]["contacts"] == 600


def test_results_come_by_page_and_whole(asking: Caller) -> None:
    """The pages together are the file, and the file is the run's own."""
    paged: list[dict[str, Any]] = []
    after = None
    while True:
        params = {"limit": 70} | ({"after": after} if after else {})
        page = asking().get("/api/v1/runs/current/results", params=params).json()
        paged += page["items"]
        after = page["next"]
        if after is None:
            break
    answer = asking().get("/api/v1/runs/current/results", params={"format": "parquet"})
    table = pq.read_table(io.BytesIO(answer.content))
    assert [row["measure"] for row in paged] == table["measure"].to_pylist()
    assert [row["value"] for row in paged] == table["value"].to_pylist()
    lines = asking().get("/api/v1/runs/current/results", params={"format": "csv"}).text.splitlines()
    assert len(lines) == table.num_rows + 1
    assert lines[0].lstrip("\ufeff").startswith("measure,by,reason")


def test_a_figure_that_is_refused_says_so(asking: Caller) -> None:
    """No value, no zero: the code and the reason stand in its place."""
    refused = results(asking, status="refused")
    assert refused
    assert all(row["value"] is None and row["refusal_code"] and row["refusal_reason"] for row in refused)


def test_results_are_narrowed_by_cell(asking: Caller) -> None:
    """A reason brings those below it; a cut brings its cells only."""
    below = results(asking, measure="fcr_issue", reason="billing")
    assert {row["cell"]["reason"] for row in below} == {"billing", "billing > invoice", "billing > refund"}
    weeks = results(asking, measure="fcr_issue", by="week", since="2026-02-01", until="2026-03-01")
    assert len(weeks) == 4
    assert all("2026-02-01" <= row["period_start"] < "2026-03-01" for row in weeks)


def test_a_team_lead_sees_the_cells_of_the_own_teams_only(asking: Caller) -> None:
    """Neither other teams nor the whole, in any form; the board shows the whole to everybody."""
    lead = results(asking, Role.TEAM_LEAD, "North")
    assert {row["cell"].get("team") for row in lead} == {"North"}
    assert {row["by"] for row in lead} >= {"team", "team,week"}
    answer = asking(Role.TEAM_LEAD, "North").get("/api/v1/runs/current/results", params={"format": "csv"})
    assert "South" not in answer.text
    assert results(asking, Role.TEAM_LEAD, "North", team="South") == []
    for path in ("ledger", "details", "history", "report"):
        refused = asking(Role.TEAM_LEAD, "North").get(f"/api/v1/runs/current/{path}")
        assert (refused.status_code, refused.json()["code"]) == (403, "FC9201")
    assert asking(Role.WALLBOARD).get("/api/v1/board").json()["headline"]["n"] > 0
    assert asking(Role.WALLBOARD).get("/api/v1/runs/current/results").status_code == 403


def test_a_restated_week_keeps_what_was_said_of_it(asking: Caller, measured: Service) -> None:
    """Later contacts change figures of weeks already told; both versions stay readable, and one is in force."""
    client = asking()
    before = client.get("/api/v1/runs/current").json()
    assert client.post("/api/v1/contacts", json=contacts(900, seed=8)[600:]).status_code == 202
    client.post("/api/v1/jobs", json={"kind": "measure"})
    bootstrap.open_worker(measured).drain()
    now = client.get("/api/v1/runs/current").json()
    assert (now["contacts"], now["seq"]) == (900, 900)
    assert client.get(f"/api/v1/runs/{before['id']}").json()["state"] == "earlier"
    told = client.get("/api/v1/runs/current/history", params={"measure": "fcr_issue", "week": "2026-02-02"}).json()
    assert [row["run_id"] in before["id"] for row in told["items"]] == [True, False]
    assert all(row[name].endswith("Z") for row in told["items"] for name in ("created_at", "cutoff"))
    # The run before the one in force keeps its contacts, for pages that still show it; those before it do not
    # (test_jobs).
    place = measured.runs.place(measured.runs.find(before["id"]))  # type: ignore[arg-type]
    assert {"contacts.parquet", "history.parquet", "results.parquet"} <= {path.name for path in place.iterdir()}


def test_a_policy_is_drafted_tried_compared_and_published(asking: Caller, measured: Service) -> None:
    """A trial stands beside the figures in force and moves none of them; publishing does, and can be taken back."""
    client = asking(Role.MANAGER)
    current = client.get("/api/v1/runs/current").json()["id"]
    sent = {"toml": preset_text("repeat-7d"), "note": "as the other vendor counts", "based_on": 1}
    drafted = client.post("/api/v1/policies", json=sent)
    assert drafted.status_code == 201
    number = drafted.json()["number"]
    early = client.get(f"/api/v1/policies/{number}/comparison")
    assert (early.status_code, early.json()["code"]) == (409, "FC9303")
    job = client.post(f"/api/v1/policies/{number}/try").json()
    bootstrap.open_worker(measured).drain()
    trial = client.get(f"/api/v1/jobs/{job['id']}").json()["result"]["run"]
    assert client.get(f"/api/v1/runs/{trial}").json()["state"] == "trial"
    assert client.get("/api/v1/runs/current").json()["id"] == current
    compared = client.get(f"/api/v1/policies/{number}/comparison").json()
    assert (compared["before"], compared["after"]) == (current, trial)
    assert str(measured.settings.data) not in str(compared)
    assert any(cause["kind"] == "policy" and cause["changes"] for cause in compared["attribution"]["causes"])
    published = client.post(f"/api/v1/policies/{number}/publish", headers={"If-Match": drafted.headers["ETag"]})
    assert published.status_code == 200, published.text
    assert client.get("/api/v1/policies/published").json()["number"] == number
    bootstrap.open_worker(measured).drain()
    assert client.get("/api/v1/runs/current").json()["policy_number"] == number
    for path in ("/", "/teams"):
        page = client.get(path, headers={"Accept": "text/html"}).text
        assert set(re.findall(r"repeat-7d(?:, version)? (\d+)", re.sub("<[^>]+>", "", page))) == {str(number)}, path
    said = client.get("/", headers={"Accept": "text/html"}).text
    then = client.get(f"/api/v1/runs/{current}").json()["headline"]
    assert f"<b>{then['value']:.0%}</b>" in said[said.index(f"version {number} of the policy judges") :]
    assert f'href="/?run={current}"' in said
    first = client.get("/api/v1/policies/1")
    assert first.json()["state"] == "retired"
    back = client.post("/api/v1/policies/1/publish", headers={"If-Match": first.headers["ETag"]})
    assert back.json()["state"] == "published"


def test_what_is_wrong_with_a_draft_is_said_with_its_line(asking: Caller) -> None:
    """All faults at once, and nothing is kept."""
    client = asking()
    count = len(client.get("/api/v1/policies").json()["items"])
    answer = client.post("/api/v1/policies", json={"toml": 'name = "x"\nnonsense = 1\n[window]\ndefault_days = "a"\n'})
    assert answer.status_code == 422
    assert len(answer.json()["faults"]) >= 2
    assert len(client.get("/api/v1/policies").json()["items"]) == count


def test_a_figure_that_no_run_has_is_named(asking: Caller) -> None:
    """Nothing would look like a refusal: both are said at once (FC9503), with what there is and the nearest to it."""
    answer = asking().get("/api/v1/runs/current/results", params={"measure": "fcr", "by": "zzz"})
    faults = answer.json()["faults"]
    assert (answer.status_code, answer.json()["code"], len(faults)) == (422, "FC9503", 2)
    assert "'fcr_issue'" in faults[0]["allowed"]
    assert faults[0]["cure"] == "perhaps fcr_issue is meant"
    assert "'team'" in faults[1]["allowed"]
    assert results(asking, measure="fcr_issue", by="team") != []


def test_who_has_the_figures_is_told_so(asking: Caller) -> None:
    """304 for what is as it was, by run, by question and by teams; another question is another answer."""
    for path in ("/api/v1/runs/current", "/api/v1/runs/current/results", "/api/v1/runs/current/results?format=csv"):
        first = asking().get(path)
        match = {"If-None-Match": first.headers["ETag"]}
        again = asking().get(path, headers=match)
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
        assert asking().get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        if "results" in path:
            assert asking(Role.TEAM_LEAD, "North").get(path, headers=match).status_code == 200
            other = asking().get(path, params={"measure": "fcr_issue", "format": "json"}, headers=match)
            assert (other.status_code, len(other.json()["items"]) > 0) == (200, True)


def test_no_value_of_a_companion_keeps_a_centre_from_being_measured(sqlite_service: Service) -> None:
    """What cannot be is set aside by its code; two systems that ask about one contact make one answer of it."""
    plainly(sqlite_service)
    client = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    assert client.post("/api/v1/contacts", json=contacts(60)).status_code == 202
    wrong = {
        "surveys": ({"csat": 7.0, "nps": 99, "ces": -3, "contacts_needed": -4}, ["FC2014"] * 4),
        "reviews": ({"reviewer": "r", "resolved": True, "sampling_probability": 5.0}, ["FC2012"]),
        "contacts": ({"started_at": T0.isoformat(), "handle_seconds": -500, "transfers": -3}, ["FC2008"] * 2),
    }
    for table, (values, codes) in wrong.items():
        address = "/api/v1/contacts" if table == "contacts" else f"/api/v1/records/{table}"
        said = client.post(address, json=[{"contact_id": "c1", **values}]).json()
        assert said["outcomes"] == ["quarantined"]
        assert [fault["code"] for fault in said["faults"]["0"]] == codes
    for system in ("mail", "phone"):
        answer = {"contact_id": "c1", "csat": 0.5}
        sent = client.post("/api/v1/records/surveys", json=[answer], params={"source": system})
        assert sent.json()["outcomes"] == ["stored"]
    client.post("/api/v1/jobs", json={"kind": "measure"})
    bootstrap.open_worker(sqlite_service).drain()
    assert client.get("/api/v1/runs/current").json()["contacts"] == 60
