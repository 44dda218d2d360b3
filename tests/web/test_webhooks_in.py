"""Records that another program sends by itself: proved by a signature, of this moment, and each sending only once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest
from starlette.testclient import TestClient

from firstcontact.services.access import Role
from firstcontact.services.announce import signature
from firstcontact.services.service import Service
from tests.service_fixture import Caller

CONTACT = {"contact_id": "1", "started_at": "2026-01-05T09:00:00Z"}

Send = Callable[..., Any]


@pytest.fixture
def made(client: TestClient) -> dict[str, Any]:
    """A new address with its secret."""
    return dict(client.post("/api/v1/webhook-sources", json={"source": "pbx"}).json())


@pytest.fixture
def send(caller: Caller, service: Service, made: dict[str, Any]) -> Send:
    """Sends a body as the other program does, as nobody; `late` is by how many seconds its clock is slow."""
    nobody = caller(None)
    began = int(service.now().replace(tzinfo=UTC).timestamp())

    def post(body: Any, *, late: int = 0, secret: str = made["secret"], **changed: Any) -> Any:
        raw = json.dumps(body).encode()
        seconds = began - late
        headers = {
            "Content-Type": "application/json",
            "Firstcontact-Timestamp": str(seconds),
            "Firstcontact-Signature": signature(secret.encode(), seconds, raw),
        }
        headers = {name: value for name, value in (headers | changed.get("headers", {})).items() if value is not None}
        return nobody.post(
            changed.get("path", f"/api/v1/hooks/{made['id']}"), content=changed.get("raw", raw), headers=headers
        )

    return post


def test_a_signed_record_is_stored(send: Send, client: TestClient, made: dict[str, Any]) -> None:
    """One or many; the system they come from is the address's."""
    assert send(CONTACT).json()["outcomes"] == ["stored"]
    assert send([CONTACT, {**CONTACT, "contact_id": "2"}]).json()["outcomes"] == ["unchanged", "stored"]
    assert client.post("/api/v1/contacts?source=pbx", json=[CONTACT]).json()["outcomes"] == ["unchanged"]
    assert made["url"].endswith(f"/api/v1/hooks/{made['id']}")


def test_no_more_is_taken_at_once_than_a_batch_holds(send: Send, client: TestClient) -> None:
    """5,001 records are refused whole, as a batch of the interface is; a webhook is no way around."""
    answer = send([{"contact_id": str(number), "started_at": "x"} for number in range(5_001)])
    assert (answer.status_code, answer.json()["code"]) == (422, "FC9301")
    assert client.get("/api/v1/quarantine").json()["items"] == []


def test_what_is_not_proved_is_refused(send: Send) -> None:
    """FC9711: another secret, another body, no signature, an address that is not there."""
    for answer in (
        send(CONTACT, secret="another"),
        send(CONTACT, raw=b"[]"),
        send(CONTACT, headers={"Firstcontact-Signature": None}),
        send(CONTACT, headers={"Firstcontact-Signature": "v1=é".encode("latin-1")}),
        send(CONTACT, headers={"Firstcontact-Timestamp": None}),
        send(CONTACT, path=f"/api/v1/hooks/{'0' * 32}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "FC9711")


@pytest.mark.parametrize("late", [301, -400, 86_400, -86_400])
def test_what_is_not_of_this_moment_is_refused(send: Send, late: int) -> None:
    """FC9712: a clock more than five minutes off, either way."""
    answer = send(CONTACT, late=late)
    assert (answer.status_code, answer.json()["code"]) == (403, "FC9712")


def test_a_replay_is_refused(send: Send) -> None:
    """FC9713: the very same sending again; within the window a slow clock is borne with."""
    assert send(CONTACT, late=200).status_code == 202
    answer = send(CONTACT, late=200)
    assert (answer.status_code, answer.json()["code"]) == (409, "FC9713")


def test_what_could_not_be_stored_may_come_again(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sending that failed is not taken for a replay."""
    from firstcontact.adapters.stores.sql.inbox import SqlInbox

    def lost(*_: Any, **__: Any) -> Any:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(SqlInbox, "put", lost)
        assert send(CONTACT, late=7).status_code == 500
    assert send(CONTACT, late=7).json()["outcomes"] == ["stored"]


def test_an_address_can_be_closed(send: Send, client: TestClient, made: dict[str, Any], service: Service) -> None:
    """From then on nothing is proved there; its secret is never shown again, nor readable in the store."""
    place = f"/api/v1/webhook-sources/{made['id']}"
    assert "secret" not in client.get(place).json()
    assert [one["id"] for one in client.get("/api/v1/webhook-sources").json()["items"]] == [made["id"]]
    assert client.post(f"{place}/disable").json()["disabled_at"] is not None
    assert send(CONTACT).json()["code"] == "FC9711"
    kept = service.webhook_sources.find(made["id"])
    assert kept is not None
    assert made["secret"].encode() not in kept.secret
    assert [one.action for one in service.audit.page(object=made["id"])] == ["webhook.disable", "webhook.create"]


def test_other_tables_and_faulty_records_are_taken(caller: Caller, send: Send, client: TestClient) -> None:
    """A record that does not fit is set aside as everywhere; an address may be for a table beside the contacts."""
    assert send({"contact_id": ""}).json()["outcomes"] == ["quarantined"]
    asked = {"source": "crm", "kind": "customers"}
    other = caller(Role.ADMINISTRATOR).post("/api/v1/webhook-sources", json=asked).json()
    answer = send({"customer_id": "K"}, secret=other["secret"], path=f"/api/v1/hooks/{other['id']}")
    assert answer.json()["outcomes"] == ["stored"]
