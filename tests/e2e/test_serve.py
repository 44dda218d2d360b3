"""`firstcontact serve` from an empty directory: contacts go in, figures come out, and it ends when asked to."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from firstcontact import bootstrap
from firstcontact.kernel.service_settings import ServiceSettings
from firstcontact.services.access import Permission, Principal
from firstcontact.services.account import add_account
from firstcontact.services.service import Service
from firstcontact.services.session import make_token
from tests.service_fixture import Cluster
from tests.web.test_measured import contacts

COMMAND = [sys.executable, "-m", "firstcontact.doors.cli"]
PASSWORD = "quite a long one 7"


def command(folder: Path, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command of the service over its data."""
    surroundings = os.environ | {"FIRSTCONTACT_DATA": str(folder)}
    return subprocess.run(
        [*COMMAND, *arguments], env=surroundings, input=text, capture_output=True, text=True, timeout=120, check=False
    )


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def serving(folder: Path, *arguments: str, database: str = "") -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """A service that runs, and a client of it."""
    port = free_port()
    surroundings = os.environ | {"FIRSTCONTACT_DATA": str(folder), "FIRSTCONTACT_DATABASE": database}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--port", str(port), *arguments], env=surroundings, stdout=log, stderr=log, text=True
        )
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
        try:
            until(lambda: answers(client), 60, folder / "log")
            yield process, client
        finally:
            client.close()
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(30)


TRACE = "8765432109"
"""Stands in every value of one customer, and in what is asked for."""


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/ready").status_code == 200
    except httpx.TransportError:
        return False


def until(true: Any, seconds: float, log: Path | None = None) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, log.read_text() if log else "not in time"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with an administrator in it."""
    place: Path = tmp_path_factory.mktemp("serve")
    said = command(place, "account", "add", "anna@example.org", text=PASSWORD + "\n")
    assert said.returncode == 0, said.stderr
    return place


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """The processes that a service began."""
    tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
    return [int(one) for children in tasks for one in children.read_text().split()]


def lives(pid: int) -> bool:
    """Whether a process still runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_from_an_empty_directory_to_figures(folder: Path) -> None:
    """One command serves and works; what is sent is measured; the logs name no customer; it ends within seconds."""
    with serving(folder) as (process, client):
        logged_in = client.post("/api/v1/session", json={"email": "anna@example.org", "password": PASSWORD})
        assert logged_in.status_code < 300, logged_in.text
        named = ["contacts:write", "jobs:write", "jobs:read", "figures:read", "settings:read", "settings:write"]
        token = client.post(
            "/api/v1/tokens",
            json={"name": "pbx", "permissions": named},
            headers={"X-CSRF-Token": logged_in.json().get("csrf", ""), "Origin": str(client.base_url).rstrip("/")},
        )
        assert token.status_code == 201, token.text
        client.headers["Authorization"] = f"Bearer {token.json()['token']}"
        client.cookies.clear()
        plain = {"definitions": False, "explanations": False}  # what takes longest is tested elsewhere
        assert client.put("/api/v1/settings/measurement", json=plain, headers={"If-Match": '"0"'}).status_code == 200
        first, *others = contacts(300)
        phone = [{"kind": "phone", "value": f"+35988{TRACE}"}]
        first |= {
            "contact_id": TRACE,
            "customer_id": f"customer {TRACE}",
            "identifiers": phone,
            "text": f"as {TRACE} said",
        }
        unfit = {"contact_id": f"unfit {TRACE}", "started_at": TRACE, "attributes": {TRACE: [TRACE]}}
        assert client.post("/api/v1/contacts", json=[first, *others, unfit]).status_code == 202
        for asked in (f"/api/v1/runs/{TRACE}", f"/api/v1/contacts?team={TRACE}", f"/{TRACE}"):
            assert client.get(asked).status_code in {403, 404}
        assert client.post("/api/v1/contacts", content=f'[{{"{TRACE}": '.encode()).status_code in {400, 422}
        job = client.post("/api/v1/jobs", json={"kind": "measure"}).json()["id"]
        until(lambda: client.get(f"/api/v1/jobs/{job}").json()["state"] == "done", 90, folder / "log")
        run = client.get("/api/v1/runs/current").json()
        assert run["contacts"] == 300
        report = client.get("/api/v1/runs/current/report")
        assert report.text.startswith("<!doctype html>") or "<html" in report.text[:200]
        said = client.get("/metrics").text
        assert "firstcontact_contacts 300.0" in said
        assert 'firstcontact_requests_total{method="GET",route="/api/v1/runs/{run_id}",status="200"} 1.0' in said
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    lines = (folder / "log").read_text().splitlines()
    logged = [json.loads(line) for line in lines if line.startswith("{")]
    assert any(one["message"] == "job ended" and one["kind"] == "measure" for one in logged)
    assert any(one.get("route") == "/api/v1/runs/{run_id}" for one in logged)
    assert TRACE not in "\n".join(lines)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds processes as Linux lists them")
def test_a_worker_that_is_killed_is_begun_anew_and_none_outlives_its_server(tmp_path: Path) -> None:
    """Kill -9 of either leaves the other to do the right thing: a new worker comes, and an orphaned one ends."""
    with serving(tmp_path) as (process, client):
        first = workers_of(process)
        assert len(first) == 1
        os.kill(first[0], signal.SIGKILL)
        until(lambda: lives_another(process, first), 20, tmp_path / "log")
        assert client.get("/ready").status_code == 200
        second = workers_of(process)
        process.kill()
        process.wait(10)
        until(lambda: not any(lives(one) for one in second), 30, tmp_path / "log")
    assert "begun anew" in (tmp_path / "log").read_text()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds processes as Linux lists them")
def test_several_web_processes_serve_one_postgresql(postgresql: Cluster, tmp_path: Path) -> None:
    """Two processes behind one address: either answers, what one stored the other knows, a worker links it, a killed
    one is begun anew, and all of them end when asked to.
    """
    url = postgresql.database()
    with serving(tmp_path, "--processes", "2", database=url) as (process, client):
        service = bootstrap.open_service(ServiceSettings(data=tmp_path, database=url))
        owner = add_owner(service)
        _, secret = make_token(
            service.sessions, owner, name="pbx", permissions=[Permission.INGEST, Permission.READ_JOBS],
            expires_at=None, now=service.now(),
        )  # fmt: skip
        begun = workers_of(process)
        assert len(begun) == 3  # two that answer, one that works
        headers = {"Authorization": f"Bearer {secret}"}
        rows = contacts(60)
        for start in range(0, 60, 5):  # a connection each, so that either process gets some
            answer = httpx.post(f"{client.base_url}/api/v1/contacts", json=rows[start : start + 5], headers=headers)
            assert (answer.status_code, set(answer.json()["outcomes"])) == (202, {"stored"})
        again = [httpx.post(f"{client.base_url}/api/v1/contacts", json=rows[:1], headers=headers) for _ in range(8)]
        assert all(one.json()["outcomes"] == ["unchanged"] for one in again)
        until(lambda: service.conditions.look(service.now()).linked_seq >= 60, 30, tmp_path / "log")
        webs = [one for one in begun if b"worker" not in Path(f"/proc/{one}/cmdline").read_bytes()]
        os.kill(webs[0], signal.SIGKILL)
        until(lambda: len([one for one in workers_of(process) if lives(one)]) == 3, 20, tmp_path / "log")
        until(lambda: answers(client), 10, tmp_path / "log")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        until(lambda: not any(lives(one) for one in begun), 10, tmp_path / "log")
        service.close()


def add_owner(service: Service) -> Principal:
    """An account made where the service runs."""
    now = service.now()
    made = add_account(
        service.accounts, email="anna@example.org", name="Anna", role="administrator", teams=(), agent_id=None,
        password_hash=None, actor="test", now=now, new_id=secrets.token_hex(16),
    )  # fmt: skip
    return Principal(made.id, made.email, made.role, frozenset(), None)


def lives_another(process: subprocess.Popen[str], first: list[int]) -> bool:
    return any(one not in first and lives(one) for one in workers_of(process))
