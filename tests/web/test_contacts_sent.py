"""Contacts sent to the interface are stored before the answer is given."""

from __future__ import annotations

from starlette.testclient import TestClient

from tests.service_fixture import Caller


def test_a_contact_is_stored(client: TestClient) -> None:
    """The answer says what became of it; sending it again changes nothing."""
    sent = [{"contact_id": "1", "started_at": "2026-01-05T09:00:00Z"}]
    assert client.post("/api/v1/contacts", json=sent).json()["outcomes"] == ["stored"]
    assert client.post("/api/v1/contacts", json=sent).json()["outcomes"] == ["unchanged"]


def test_nobody_sends_contacts_unknown(caller: Caller) -> None:
    """Without a session or token: FC9202."""
    answer = caller(None).post("/api/v1/contacts", json=[{}])
    assert (answer.status_code, answer.json()["code"]) == (401, "FC9202")
