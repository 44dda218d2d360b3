"""Many records that were set aside are corrected alike, looked at first, and taken in once; nothing is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import caller_of
from tests.web.test_imports import MAPPING, drain, uploaded


def asked(service: Service, client: TestClient, **more: Any) -> dict[str, Any]:
    """What came of a job that was asked for."""
    answer = client.post("/api/v1/quarantine/replay", json=more)
    assert answer.status_code == 202, answer.text
    drain(service)
    job = client.get(f"/api/v1/jobs/{answer.json()['id']}").json()
    assert job["state"] == "done", job
    found = dict(job["result"])
    assert found["asked"] == found["taken"] + found["left"] + sum(found["still"].values())
    return found


def send(client: TestClient, *items: dict[str, Any]) -> None:
    assert client.post("/api/v1/contacts?source=pbx", json=list(items)).status_code < 300


def states(client: TestClient) -> dict[str, int]:
    found = client.get("/api/v1/quarantine?state=open").json()["items"]
    taken = client.get("/api/v1/quarantine?state=replayed").json()["items"]
    return {"open": len(found), "replayed": len(taken)}


WRITTEN = {"column": "started_at", "way": "moment", "format": "%d.%m.%Y %H:%M", "zone": "Europe/Sofia"}


def test_a_way_of_writing_moments_is_corrected_for_all(service: Service, client: TestClient) -> None:
    """A look takes nothing in, says how many would be taken, why others would not, and shows patterns only. Then all
    that fit are taken in, as jobs and the audit say, and the second time none is left."""
    good = [
        {"contact_id": f"c{n}", "started_at": f"{n + 1:02}.03.2026 14:05", "customer_id": "K-secret"} for n in range(3)
    ]
    send(
        client,
        *good,
        {"contact_id": "c9", "started_at": "one day"},
        {"contact_id": "c8", "started_at": "4.4.2026", "x": 1},
    )
    look = asked(service, client, code="FC2008", correction=WRITTEN, look=True)
    assert (look["taken"], look["still"], look["outcomes"]) == (3, {"FC2008": 2}, {})
    assert {one["before"] for one in look["examples"]} == {"99.99.9999 99:99", "aaa aaa", "9.9.9999"}
    assert {one["after"] for one in look["examples"] if one["fits"]} == {"9999-99-99A99:99:99+99:99"}
    assert "K-" not in json.dumps(look)
    assert states(client) == {"open": 5, "replayed": 0}
    done = asked(service, client, code="FC2008", correction=WRITTEN)
    assert (done["taken"], done["outcomes"]) == (3, {"stored": 3})
    assert states(client) == {"open": 2, "replayed": 3}
    assert asked(service, client, code="FC2008", correction=WRITTEN)["taken"] == 0
    events = [one.action for one in service.audit.page(limit=50)]
    assert (events.count("quarantine.replay-many"), events.count("quarantine.replayed")) == (3, 3)
    reader = caller_of(service)(Role.MANAGER)
    kept = {one["contact_id"]: one["started_at"] for one in reader.get("/api/v1/contacts").json()["items"]}
    assert kept == {f"c{n}": f"2026-03-{n + 1:02}T12:05:00Z" for n in range(3)}


@pytest.mark.parametrize(
    ("sent", "correction"),
    [
        ({"start": "2026-01-05T09:00:00Z"}, {"column": "start", "way": "column", "to": "started_at"}),
        ({"started_at": "2026-01-05T09:00:00Z", "mood": "x"}, {"column": "mood", "way": "drop"}),
        (
            {"started_at": "2026-01-05T09:00:00Z", "transfers": "none"},
            {"column": "transfers", "way": "words", "words": {"none": "0"}},
        ),
        (
            {"started_at": "2026-01-05T09:00:00Z", "direction": "rein"},
            {"column": "direction", "way": "words", "words": {"rein": "inbound"}},
        ),
    ],
    ids=["another name", "an unknown column", "a word for a number", "a word"],
)
def test_one_column_is_corrected(sqlite_service: Service, sent: dict[str, Any], correction: dict[str, Any]) -> None:
    """A column of another name, one that nobody knows, a word in the place of a number, a word of another tongue."""
    caller = caller_of(sqlite_service)
    send(caller(Role.ADMINISTRATOR), {"contact_id": "1"} | sent)
    client = caller(Role.QUALITY)
    assert asked(sqlite_service, client, correction=None)["taken"] == 0
    assert asked(sqlite_service, client, correction=correction)["outcomes"] == {"stored": 1}


def brought(service: Service, client: TestClient, data: bytes, mapping: dict[str, Any]) -> dict[str, Any]:
    import_id = uploaded(client, data)
    client.post(f"/api/v1/imports/{import_id}/preview", json={"mapping": mapping})
    drain(service)
    assert client.post(f"/api/v1/imports/{import_id}/start").status_code == 202
    drain(service)
    return dict(client.get(f"/api/v1/imports/{import_id}").json())


def test_rows_of_a_file_are_read_again_by_its_mapping(sqlite_service: Service) -> None:
    """Some rows of a file write their moments otherwise: told how, they are taken in as the others were, belong to the
    same import, and go with it when it is taken back."""
    service, client = sqlite_service, caller_of(sqlite_service)(Role.ADMINISTRATOR)
    reader = caller_of(sqlite_service)(Role.MANAGER)
    lines = ["id,opened,who,why"]
    lines += [f"{n},2026-01-{n:02}T09:00:00Z,c1,bill" for n in range(1, 9)]
    lines += [f"{n},{n}.01.2026 10:30,c1,bill" for n in range(11, 15)] + ["20,unknown,c1,bill"]
    one = brought(service, client, "\n".join(lines).encode(), MAPPING | {"dates": {"started_at": ["iso"]}})
    assert one["counts"]["outcomes"] == {"quarantined": 5, "stored": 8}
    correction = {"column": "opened", "way": "moment", "format": "%d.%m.%Y %H:%M", "zone": "Europe/Sofia"}
    assert asked(service, client, import_id=one["id"], correction=None)["taken"] == 0  # and none of them is lost
    look = asked(service, client, import_id=one["id"], correction=correction, look=True)
    assert (look["taken"], look["still"]) == (4, {"FC2003": 1})
    done = asked(service, client, import_id=one["id"], correction=correction)
    assert (done["taken"], done["outcomes"]) == (4, {"stored": 4})
    kept = {each["contact_id"]: each["started_at"] for each in reader.get("/api/v1/contacts?limit=50").json()["items"]}
    assert (len(kept), kept["14"]) == (12, "2026-01-14T08:30:00Z")
    assert states(client) == {"open": 1, "replayed": 4}
    client.post(f"/api/v1/imports/{one['id']}/undo")
    drain(service)
    assert reader.get("/api/v1/contacts").json()["items"] == []
    left = asked(service, client, correction=None)
    assert left["taken"] == 0


def test_rows_are_read_by_another_column_or_a_mapping_that_is_kept(sqlite_service: Service) -> None:
    """A column that the mapping took for another one, and a mapping that is kept by name; a file without ids gives its
    rows ids that no other row has."""
    service, client = sqlite_service, caller_of(sqlite_service)(Role.ADMINISTRATOR)
    lines = ["made,opened,who"] + [f"2026-01-0{n}T09:00:00Z,,c{n}" for n in range(1, 5)] + ["x,2026-02-01T09:00:00Z,c9"]
    mapping = {"columns": {"started_at": "opened", "customer_id": "who"}}
    one = brought(service, client, "\n".join(lines).encode(), mapping)
    assert one["counts"]["outcomes"] == {"quarantined": 4, "stored": 1}
    correction = {"column": "made", "way": "column", "to": "started_at"}
    assert asked(service, client, import_id=one["id"], correction=correction, look=True)["taken"] == 4
    assert client.put("/api/v1/mappings/made", json={"columns": {"started_at": "made", "customer_id": "who"}})
    assert asked(service, client, source="pbx", mapping="made")["outcomes"] == {"stored": 4}
    reader = caller_of(sqlite_service)(Role.MANAGER)
    assert len({each["contact_id"] for each in reader.get("/api/v1/contacts").json()["items"]}) == 5


def test_updates_of_a_ticket_are_not_read_without_the_others(sqlite_service: Service) -> None:
    """A contact is made of all updates of its ticket, so rows of such a file stay, each with the reason FC9444."""
    service, client = sqlite_service, caller_of(sqlite_service)(Role.ADMINISTRATOR)
    lines = ["id,opened,at,state,who"]
    lines += [
        f"{n},2026-01-0{n}T09:00:00Z,2026-01-0{n}T1{u}:00:00Z,{s},c{n}"
        for n in (1, 2)
        for u, s in ((0, "new"), (1, "closed"))
    ]
    lines += ["3,never,2026-01-03T10:00:00Z,new,c3"]
    mapping = {
        "kind": "ticket-update",
        "columns": {"contact_id": "id", "started_at": "opened", "customer_id": "who"},
        "updates": {"updated_at": "at", "state": "state"},
    }
    one = brought(service, client, "\n".join(lines).encode(), mapping)
    assert one["counts"]["outcomes"]["quarantined"] == 1, one
    assert asked(service, client, import_id=one["id"], correction=None)["still"] == {"FC9444": 1}


def test_what_makes_no_sense_is_refused_at_once(sqlite_service: Service) -> None:
    """Words without words, a column that nobody knows, a zone that is none, a way of writing that cannot be read back,
    an import and a mapping that are not there; and who may not mend."""
    client = caller_of(sqlite_service)(Role.QUALITY)
    for wrong in (
        {"column": "a", "way": "words"},
        {"column": "a", "way": "column", "to": "nothing"},
        {"column": "a", "way": "moment", "zone": "Nowhere/City"},
        {"column": "a", "way": "moment", "format": "%q"},
        {"column": "", "way": "drop"},
    ):
        assert client.post("/api/v1/quarantine/replay", json={"correction": wrong}).status_code == 422, wrong
    for absent in ({"import_id": "0" * 32}, {"mapping": "none"}):
        assert client.post("/api/v1/quarantine/replay", json=absent).status_code == 404
    manager = caller_of(sqlite_service)(Role.MANAGER)
    assert manager.post("/api/v1/quarantine/replay", json={}).status_code == 403
