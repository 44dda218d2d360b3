"""Jobs are asked for, seen and cancelled through the interface."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from firstcontact import bootstrap
from firstcontact.adapters.stores.sql.run import SqlRuns
from firstcontact.services import measure_history
from firstcontact.services.access import Role
from firstcontact.services.queue import CancelledError
from firstcontact.services.service import Service
from firstcontact.services.tidy import AGE, TIDY
from firstcontact.services.work import Task, Worker
from tests.service_fixture import Caller, caller_of
from tests.web.test_measured import contacts, plainly

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


def taken(service: Service) -> Task:
    """A measurement of a small centre, as a worker that takes it has it."""
    plainly(service)
    assert caller_of(service)(Role.ADMINISTRATOR).post("/api/v1/contacts", json=contacts(60)).status_code == 202
    service.queue.ask("measure", {}, asked_by="test", now=service.now())
    job = service.queue.take("one", ["measure"], service.now())
    assert job is not None
    return Task(job)


@pytest.mark.parametrize("how", ["cancelled", "not kept"])
def test_a_measurement_that_does_not_count_leaves_nothing(
    sqlite_service: Service, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Cancelled once all is written, or not kept by the store: no file of it stays, and the next one counts."""
    task = taken(sqlite_service)
    write = measure_history.publish

    def stopped(*given: Any) -> None:
        write(*given)
        task.stop()

    def broken(*_given: Any) -> None:
        raise OSError

    with monkeypatch.context() as patched:
        if how == "cancelled":
            patched.setattr(measure_history, "publish", stopped)
        else:
            patched.setattr(SqlRuns, "add", broken)
        with pytest.raises(CancelledError if how == "cancelled" else OSError):
            sqlite_service.handlers["measure"](task)
    assert list((sqlite_service.settings.data / "runs").iterdir()) == []
    again = sqlite_service.handlers["measure"](Task(task.job))
    assert [path.name for path in (sqlite_service.settings.data / "runs").iterdir()] == [(again or {})["run"]]


def test_what_a_killed_measurement_left_is_cleared_away(sqlite_service: Service) -> None:
    """A directory that no row names goes once nobody can be writing it; of earlier runs the last keeps its contacts,
    for pages that still show it, the others their figures alone."""
    first = (sqlite_service.handlers["measure"](taken(sqlite_service)) or {})["run"]
    runs = sqlite_service.settings.data / "runs"
    measured = [first]
    for key in ("again", "once more"):
        sqlite_service.queue.ask("measure", {}, asked_by="test", now=sqlite_service.now(), key=key)
        job = sqlite_service.queue.take("one", ["measure"], sqlite_service.now())
        assert job is not None
        measured.append((sqlite_service.handlers["measure"](Task(job)) or {})["run"])
        whole = [name for name in measured if (runs / name / "contacts.parquet").is_file()]
        assert whole == measured[-2:]
    (runs / first / "contacts.parquet").write_bytes(b"left by one who died before it was thinned")
    now = time.time()
    for name, hours in (("left", 7), ("left.partial-1", 7), ("in-the-making.partial-2", 1)):
        (runs / name).mkdir()
        (runs / name / "contacts.parquet").write_bytes(b"PAR1")
        os.utime(runs / name, (now - 3600 * hours, now - 3600 * hours))
    assert timedelta(hours=1) < AGE < timedelta(hours=7)
    sqlite_service.queue.ask(TIDY, {}, asked_by="test", now=sqlite_service.now())
    Worker(sqlite_service.queue, {TIDY: sqlite_service.handlers[TIDY]}, sqlite_service.now).drain()
    kept = {run.folder for run in sqlite_service.runs.page(state=None, before=None, limit=10)}
    assert {path.name for path in runs.iterdir()} == kept | {"in-the-making.partial-2"}
    assert {path.name for path in (runs / first).glob("*.parquet")} == {"results.parquet", "history.parquet"}
    assert (runs / measured[1] / "contacts.parquet").is_file()
