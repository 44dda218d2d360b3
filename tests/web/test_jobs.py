"""Jobs are asked for, seen and cancelled through the interface."""

from __future__ import annotations

from starlette.testclient import TestClient

from firstcontact import bootstrap
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import Caller

MEASURE = {"kind": "measure"}


def test_asking_twice_for_what_waits_is_one_job(client: TestClient) -> None:
    """An impatient click costs nothing; each asking is in the audit."""
    first, second = (client.post("/api/v1/jobs", json=MEASURE) for _ in range(2))
    assert first.status_code == 202
    assert first.json()["id"] == second.json()["id"]
    assert client.get(first.headers["Location"]).json()["state"] == "waiting"
    asked = client.get("/api/v1/audit", params={"action": "job.ask"}).json()["items"]
    assert [one["object"] for one in asked] == [first.json()["id"]] * 2


def test_a_job_that_waits_can_be_cancelled(client: TestClient, service: Service) -> None:
    """It ends at once and is done by nobody."""
    job = client.post("/api/v1/jobs", json=MEASURE).json()["id"]
    assert client.post(f"/api/v1/jobs/{job}/cancel").json()["state"] == "cancelled"
    assert bootstrap.open_worker(service).drain() == 0
    assert client.post(f"/api/v1/jobs/{'0' * 32}/cancel").json()["code"] == "FC9302"


def test_measuring_nothing_fails_with_its_reason(client: TestClient, service: Service) -> None:
    """A service without contacts has nothing to measure: FC2100, not tried again."""
    job = client.post("/api/v1/jobs", json=MEASURE).json()["id"]
    bootstrap.open_worker(service).drain()
    ended = client.get(f"/api/v1/jobs/{job}").json()
    assert (ended["state"], ended["attempts"]) == ("failed", 1)
    assert [fault["code"] for fault in ended["faults"]] == ["FC2100"]


def test_jobs_are_listed_by_page_and_state(client: TestClient) -> None:
    """Latest first; the cursor goes on where the page ended."""
    ids = []
    for _ in range(3):
        job = client.post("/api/v1/jobs", json=MEASURE).json()["id"]
        client.post(f"/api/v1/jobs/{job}/cancel")
        ids.append(job)
    first = client.get("/api/v1/jobs", params={"limit": 2, "state": "cancelled"}).json()
    rest = client.get("/api/v1/jobs", params={"limit": 2, "state": "cancelled", "after": first["next"]}).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next"] is None


def test_another_kind_of_job_is_not_asked_for(client: TestClient, caller: Caller) -> None:
    """Only what the interface names (FC9301), by those who may."""
    answer = client.post("/api/v1/jobs", json={"kind": "privacy.erase"})
    assert (answer.status_code, answer.json()["code"]) == (422, "FC9301")
    assert caller(Role.QUALITY).post("/api/v1/jobs", json=MEASURE).status_code == 403
