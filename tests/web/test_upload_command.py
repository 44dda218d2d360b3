"""`firstcontact upload`: from a file of one's own to the first figure by one command."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from firstcontact import bootstrap
from firstcontact.doors.cli.upload import TOKEN
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.command import run
from tests.service_fixture import caller_of
from tests.web.test_measured import contacts, plainly


@pytest.fixture
def _running(sqlite_service: Service, monkeypatch: pytest.MonkeyPatch) -> Any:
    plainly(sqlite_service)
    client = caller_of(sqlite_service)

    def open_http(_url: str, token: str, _timeout: float) -> TestClient:
        return client(Role.WALLBOARD if token == "weak" else Role.ADMINISTRATOR)

    monkeypatch.setattr("firstcontact.client.open_http", open_http)
    monkeypatch.setenv(TOKEN, "strong")
    worker = bootstrap.open_worker(sqlite_service)
    thread = threading.Thread(target=worker.run, daemon=True)
    thread.start()
    yield
    worker.stop()
    thread.join()


@pytest.mark.usefixtures("_running")
def test_a_file_becomes_a_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how columns were understood, what was taken in, and the figure; what is refused, with its cure."""
    path = tmp_path / "calls.csv"
    rows = contacts(300)
    lines = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
    path.write_text("\n".join(lines))
    said = run("upload", str(path))
    assert said.code == 0, said.err
    assert "customer_id" in said.err
    assert said.out.startswith("calls.csv: contacts: 300 stored.\nfcr_issue: ")
    assert "All figures: http://127.0.0.1:8400" in said.out
    path.write_text("a,b\n1,2\n")
    assert run("upload", str(path)).codes == ["FC9456"]
    monkeypatch.setenv(TOKEN, "weak")
    assert run("upload", str(path)).codes == ["FC9456"]


def test_without_a_token_or_a_service_it_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cure is what to type."""
    path = tmp_path / "calls.csv"
    path.write_text("a,b\n1,2\n")
    monkeypatch.delenv(TOKEN, raising=False)
    said = run("upload", str(path))
    assert said.codes == ["FC9456"]
    assert "firstcontact account token" in said.err
    monkeypatch.setenv(TOKEN, "x")

    def nobody(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    made = httpx.Client(base_url="http://service.example", transport=httpx.MockTransport(nobody))
    monkeypatch.setattr("firstcontact.client.open_http", lambda *_: made)
    monkeypatch.setattr("firstcontact.client.time.sleep", lambda _seconds: None)
    assert "firstcontact serve" in run("upload", str(path)).err
