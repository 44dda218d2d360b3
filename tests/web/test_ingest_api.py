"""Records sent to the interface: one, many, as a stream; beside contacts; and what happens when too many come."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from firstcontact.doors.api.routes import contacts
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import Caller, caller_of


def contact(number: int, **columns: Any) -> dict[str, Any]:
    return {"contact_id": str(number), "started_at": "2026-01-05T09:00:00Z", **columns}


def lines(*items: Any) -> bytes:
    return b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in items)


def test_one_contact_is_answered_for_itself(client: TestClient) -> None:
    """Stored, then unchanged; what does not fit is said, and set aside."""
    assert client.post("/api/v1/contacts/one", json=contact(1)).json()["outcome"] == "stored"
    assert client.post("/api/v1/contacts/one", json=contact(1)).json()["outcome"] == "unchanged"
    answer = client.post("/api/v1/contacts/one", json={"contact_id": "2"})
    assert (answer.status_code, answer.json()["outcome"]) == (202, "quarantined")
    assert [fault["code"] for fault in answer.json()["faults"]] == ["FC2002"]


def test_a_stream_of_lines_is_stored_line_by_line(client: TestClient) -> None:
    """Empty lines are none; one that is no JSON, or names a thing twice, is set aside with its number."""
    twice = b'{"contact_id": "7", "contact_id": "8", "started_at": "2026-01-05T09:00:00Z"}'
    body = lines(contact(1), b"", b"{\xff no json", contact(2), contact(1), twice, [1])
    answer = client.post("/api/v1/contacts/stream?source=pbx", content=body).json()
    assert answer["records"] == 6
    assert answer["outcomes"] == {"stored": 2, "quarantined": 3, "unchanged": 1}
    assert {line: faults[0]["code"] for line, faults in answer["faults"].items()} == dict.fromkeys("367", "FC2011")


def test_a_long_stream_is_taken_in_parts(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many lines there are, only so many are held at once."""
    monkeypatch.setattr(contacts, "TOGETHER", 10)
    body = lines(*(contact(number) for number in range(95)))
    pieces = (body[place : place + 777] for place in range(0, len(body), 777))
    answer = caller(Role.ADMINISTRATOR).post("/api/v1/contacts/stream", content=pieces)
    assert answer.json()["outcomes"] == {"stored": 95}
    assert answer.json()["seq"] == 95


def test_a_line_without_end_is_refused(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """FC9304; the lines before it are stored."""
    monkeypatch.setattr(contacts, "MOST_LINE", 1_000)
    monkeypatch.setattr(contacts, "TOGETHER", 1)
    client = caller(Role.ADMINISTRATOR)
    answer = client.post("/api/v1/contacts/stream", content=lines(contact(1), b"x" * 2_000))
    assert (answer.status_code, answer.json()["code"]) == (413, "FC9304")
    assert answer.json()["faults"][0]["where"] == "line 2"
    assert client.post("/api/v1/contacts/stream", content=b"\n \n").json()["code"] == "FC9301"


def test_whoever_sends_too_much_is_asked_to_wait(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """FC9305 with Retry-After, for one, many and streams; afterwards all goes on."""
    client = caller(Role.ADMINISTRATOR)
    monkeypatch.setattr(contacts, "MOST_WAITING", -1)
    for path, body in (("one", json.dumps(contact(1)).encode()), ("stream", lines(contact(1)))):
        answer = client.post(f"/api/v1/contacts/{path}", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (429, "FC9305", "1")
    monkeypatch.undo()
    assert client.post("/api/v1/contacts", json=[contact(1)]).json()["outcomes"] == ["stored"]


COMPANIONS: list[tuple[str, dict[str, Any]]] = [
    ("identifiers", {"contact_id": "1", "kind": "phone", "value": "1234567"}),
    ("case_events", {"contact_id": "1", "at": "2026-01-05T09:00:00Z", "kind": "reopen"}),
    ("surveys", {"contact_id": "1", "resolved": True}),
    ("reviews", {"contact_id": "1", "reviewer": "R", "resolved": True}),
    ("contact_agents", {"contact_id": "1", "agent_id": "A"}),
    ("assets", {"asset_id": "P1", "model": "printer"}),
    ("customers", {"customer_id": "K", "segment": "gold"}),
    ("agents", {"agent_id": "A", "team": "North", "joined_at": "2026-01-01T00:00:00Z"}),
    ("articles", {"article_id": "7", "title": "Resetting"}),
    ("crm_events", {"customer_id": "K", "at": "2026-01-05T09:00:00Z", "kind": "purchase", "amount": 9.5}),
]


@pytest.mark.parametrize(("table", "record"), COMPANIONS)
def test_every_companion_table_is_taken(sqlite_service: Service, table: str, record: dict[str, Any]) -> None:
    """In batches and streams alike; a copy changes nothing, a record that lacks its key is set aside."""
    client = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    assert client.post(f"/api/v1/records/{table}", json=[record]).json()["outcomes"] == ["stored"]
    streamed = client.post(f"/api/v1/records/{table}/stream", content=lines(record, {})).json()
    assert streamed["outcomes"] == {"unchanged": 1, "quarantined": 1}
    assert client.post("/api/v1/records/contacts", json=[record]).status_code == 422
