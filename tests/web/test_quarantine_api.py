"""What was set aside is seen with its codes, corrected, taken in after all, or given up."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.access import Role
from firstcontact.services.mend import replay
from firstcontact.services.service import Service
from tests.service_fixture import Caller

BAD: dict[str, Any] = {"contact_id": "1", "started_at": "yesterday", "customer_id": "K-very-secret"}
GOOD = {**BAD, "started_at": "2026-01-05T09:00:00Z"}


def set_aside(client: TestClient, *items: Any) -> list[dict[str, Any]]:
    client.post("/api/v1/contacts?source=pbx", json=list(items))
    return list(client.get("/api/v1/quarantine").json()["items"])


def test_it_is_listed_without_values_and_shown_with_them(client: TestClient, service: Service) -> None:
    """The list says code, place and shape; the record itself is shown one by one, and the look noted."""
    (one,) = set_aside(client, BAD, GOOD)
    assert (one["codes"], one["kind"], one["source"], one["state"]) == (["FC2008"], "contacts", "pbx", "open")
    assert (one["faults"][0]["where"], one["faults"][0]["saw"]) == ("started_at", "text of 9 characters")
    assert "secret" not in client.get("/api/v1/quarantine").text
    assert "K-very-secret" in client.get(f"/api/v1/quarantine/{one['id']}").json()["raw"]
    assert [event.action for event in service.audit.page(object=str(one["id"]))] == ["quarantine.look"]
    assert client.get("/api/v1/quarantine/99").json()["code"] == "FC9302"


def test_a_corrected_record_is_taken_in(client: TestClient, service: Service) -> None:
    """As it arrived it still does not fit, and stays; corrected it is stored; FC9443 the second time."""
    (one,) = set_aside(client, BAD)
    place = f"/api/v1/quarantine/{one['id']}"
    still = client.post(f"{place}/replay", json={})
    assert (still.status_code, still.json()["code"]) == (422, "FC2008")
    assert "secret" not in still.text
    assert client.get(place).json()["state"] == "open"
    assert client.post(f"{place}/replay", json={"item": GOOD}).json() == {"outcome": "stored"}
    assert (client.get(place).json()["state"], set_aside(client)) == ("replayed", [])
    again = client.post(f"{place}/replay", json={"item": GOOD})
    assert (again.status_code, again.json()["code"]) == (409, "FC9443")
    assert client.post("/api/v1/contacts?source=pbx", json=[GOOD]).json()["outcomes"] == ["unchanged"]
    assert "quarantine.replayed" in [event.action for event in service.audit.page(object=str(one["id"]))]


def test_a_record_is_given_up_once(client: TestClient) -> None:
    """It stays to be seen, and is neither taken in nor given up again."""
    (one,) = set_aside(client, BAD)
    place = f"/api/v1/quarantine/{one['id']}"
    assert client.post(f"{place}/discard").status_code == 204
    for verb, body in (("discard", None), ("replay", {"item": GOOD})):
        assert client.post(f"{place}/{verb}", json=body).json()["code"] == "FC9443"
    assert [found["id"] for found in client.get("/api/v1/quarantine?state=discarded").json()["items"]] == [one["id"]]


def test_what_a_colleague_gave_up_meanwhile_is_not_taken_in(client: TestClient, service: Service) -> None:
    """Both saw it open; the second to decide is told so (FC9443), and nothing of it is stored."""
    (one,) = set_aside(client, BAD)
    seen = service.quarantine.find(one["id"])
    assert seen is not None
    assert client.post(f"/api/v1/quarantine/{one['id']}/discard").status_code == 204
    with pytest.raises(FirstcontactError) as error:
        replay(service.inbox, seen, GOOD, redact=lambda text: (text, {}), actor="b", now=service.now())
    assert error.value.faults[0].kind.code == "FC9443"
    assert client.post("/api/v1/contacts?source=pbx", json=[GOOD]).json()["outcomes"] == ["stored"]
    assert [event.action for event in service.audit.page(object=str(one["id"]))] == ["quarantine.discarded"]


def test_what_is_set_aside_holds_no_more_than_what_is_taken_in(client: TestClient) -> None:
    """Free text is redacted before it is set aside, of whatever form, and stays so once it has been mended."""
    card, phone = "4111 1111 1111 1111", {"kind": "phone", "value": "+359887654321"}
    forms: list[Any] = [f"paid by {card}", {"said": f"by {card}"}]
    sent = [BAD | {"contact_id": f"t{n}", "text": text, "identifiers": [phone]} for n, text in enumerate(forms)]
    client.post("/api/v1/contacts/stream?source=pbx", content=f'{{"text": "by {card}", "contact_id'.encode())
    found = set_aside(client, *sent, f"no record: {card}")
    assert len(found) == 4
    raws = [client.get(f"/api/v1/quarantine/{one['id']}").json()["raw"] for one in found]
    assert [("[card]" in raw, "4111" in raw) for raw in raws] == [(True, False)] * 4
    assert sum("+359887654321" in raw for raw in raws) == 2  # by which it would be linked
    place = next(f"/api/v1/quarantine/{one['id']}" for one, raw in zip(found, raws, strict=True) if '"t0"' in raw)
    assert client.post(f"{place}/replay", json={"item": sent[0] | GOOD}).json() == {"outcome": "stored"}
    assert "4111" not in client.get(place).json()["raw"]


def test_a_garbled_line_is_corrected_too(client: TestClient) -> None:
    """What was no JSON is kept as it came; the whole record is typed in its place."""
    client.post("/api/v1/contacts/stream?source=pbx", content=b'{"contact_id": ')
    (one,) = client.get("/api/v1/quarantine").json()["items"]
    place = f"/api/v1/quarantine/{one['id']}"
    assert client.get(place).json()["raw"] == '{"contact_id": '
    assert client.post(f"{place}/replay", json={}).json()["code"] == "FC2011"
    assert client.post(f"{place}/replay", json={"item": GOOD}).json() == {"outcome": "stored"}


def test_it_is_found_by_code_table_and_page(caller: Caller) -> None:
    """Newest first, each once."""
    client = caller(Role.ADMINISTRATOR)
    set_aside(client, *({"contact_id": str(number)} for number in range(5)), {"started_at": GOOD["started_at"]})
    client.post("/api/v1/records/surveys", json=[{}])
    assert [len(one["codes"]) for one in client.get("/api/v1/quarantine?kind=surveys").json()["items"]] == [1]
    assert len(client.get("/api/v1/quarantine?code=FC2001").json()["items"]) == 1
    seen, after = [], ""
    while after is not None:
        page = client.get("/api/v1/quarantine?limit=3" + (f"&after={after}" if after else "")).json()
        seen += [one["id"] for one in page["items"]]
        after = page["next"]
    assert (len(seen), seen) == (7, sorted(set(seen), reverse=True))
