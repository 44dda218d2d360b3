"""The files of the pages are kept by browsers for as long as they are what was asked for."""

from __future__ import annotations

import pytest

from firstcontact.doors.web.page import asset
from firstcontact.services.service import Service
from tests.service_fixture import caller_of


@pytest.mark.parametrize("name", ["style.css", "app.js", "mark.svg"])
def test_only_what_was_asked_for_is_kept(sqlite_service: Service, name: str) -> None:
    """While an old and a new process answer side by side, one may be asked for the other's text: nobody keeps that."""
    client = caller_of(sqlite_service)(None)
    for address, kept in ((asset(name), True), (f"/static/{name}?v=another", False), (f"/static/{name}", False)):
        answer = client.get(address)
        assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, kept)
