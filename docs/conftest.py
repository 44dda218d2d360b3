"""What the examples of the documents find around them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def served(
    request: pytest.FixtureRequest, doctest_namespace: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """For `service.md` a service with a worker, reached without a network, and the tokens that the page speaks of."""
    if request.node.path.name != "service.md":
        yield
        return
    from starlette.testclient import TestClient

    from firstcontact import bootstrap
    from firstcontact.doors.api.app import create_app
    from firstcontact.kernel.service_settings import ServiceSettings
    from firstcontact.services.access import Principal, Role
    from tests.service_fixture import As

    service = bootstrap.open_service(ServiceSettings(data=tmp_path / "service"))
    app = create_app(service)
    roles = {"token-of-an-administrator": Role.ADMINISTRATOR, "token-of-quality": Role.QUALITY}

    def open_http(url: str, token: str, _timeout: float) -> TestClient:
        principal = Principal("0" * 32, token, roles[token])
        return TestClient(As(app, principal), base_url=url)

    worker = bootstrap.open_worker(service, lane="link")
    other = bootstrap.open_worker(service)
    threads = [threading.Thread(target=one.run, daemon=True) for one in (worker, other)]
    for thread in threads:
        thread.start()
    monkeypatch.setattr("firstcontact.client.open_http", open_http)
    doctest_namespace["folder"] = tmp_path
    yield
    for one in (worker, other):
        one.stop()
    for thread in threads:
        thread.join()
    service.close()
