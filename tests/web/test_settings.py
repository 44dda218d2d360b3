"""What an administrator decides while the service runs counts at once, and is never overwritten unseen."""

from __future__ import annotations

from starlette.testclient import TestClient

from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import Caller


def test_a_setting_is_read_changed_and_guarded(client: TestClient) -> None:
    """A change names the edition it was made from; one made from an older edition is refused."""
    before = client.get("/api/v1/settings/redaction")
    assert before.status_code == 200
    assert before.headers["ETag"] == '"0"'
    value = {"kinds": ["email"], "countries": ["BG"], "regions": []}
    assert client.put("/api/v1/settings/redaction", json=value).json()["code"] == "FC9306"
    changed = client.put("/api/v1/settings/redaction", json=value, headers={"If-Match": '"0"'})
    assert changed.status_code == 200, changed.text
    assert changed.headers["ETag"] == '"1"'
    late = client.put("/api/v1/settings/redaction", json={}, headers={"If-Match": before.headers["ETag"]})
    assert (late.status_code, late.json()["code"]) == (412, "FC9602")
    assert client.put("/api/v1/settings/redaction", json={}, headers={"If-Match": "never"}).json()["code"] == "FC9307"
    assert client.get("/api/v1/settings/redaction").json()["value"] == value
    names = [one["name"] for one in client.get("/api/v1/settings").json()["items"]]
    assert sorted(names) == ["measurement", "redaction", "retention", "webhooks"]


def test_what_cannot_be_meant_is_refused_at_once(client: TestClient) -> None:
    """Every fault of a value is said at once, and what was sent is not repeated."""
    sent = {"contacts": 0, "audit": "ever", "Miriam": 1, "texts": True}
    answer = client.put("/api/v1/settings/retention", json=sent, headers={"If-Match": '"0"'})
    assert answer.status_code == 422
    assert {fault["code"] for fault in answer.json()["faults"]} == {"FC9601"}
    assert len(answer.json()["faults"]) == 4
    assert "Miriam" not in answer.text
    hosts = client.put("/api/v1/settings/webhooks", json={"private_hosts": [7]}, headers={"If-Match": '"0"'})
    assert hosts.status_code == 422


def test_text_is_redacted_by_the_setting(service: Service, client: TestClient, caller: Caller) -> None:
    """Free text goes through the redaction that is set, from the next contact on."""
    contact = {"contact_id": "1", "started_at": "2026-01-05T09:00:00Z", "text": "card 4111111111111111, a@b.org"}
    assert client.post("/api/v1/contacts", json=[contact]).status_code == 202
    value = {"kinds": ["email"]}
    client.put("/api/v1/settings/redaction", json=value, headers={"If-Match": '"0"'})
    assert client.post("/api/v1/contacts", json=[contact | {"contact_id": "2"}]).status_code == 202
    data = (service.settings.data).glob("store.sqlite3*")
    kept = b"".join(path.read_bytes() for path in data)
    if kept:
        assert b"card [card], [email]" in kept
        assert b"card 4111111111111111, [email]" in kept
    assert caller(Role.MANAGER).put("/api/v1/settings/redaction", json=value).status_code == 403
