"""Two people at one policy: the second hears of the first, and nothing is lost unseen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from starlette.testclient import TestClient

from firstcontact.measurement.policy.preset import preset_text
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import Caller

DRAFT = {"toml": preset_text("repeat-7d")}


def test_a_new_service_has_a_policy_in_force(client: TestClient) -> None:
    """The project's own, as version 1, said in words."""
    first = client.get("/api/v1/policies/published").json()
    assert (first["number"], first["name"], first["state"]) == (1, "firstcontact", "published")
    assert first["meaning"]
    assert client.get("/api/v1/policies").json()["items"][0]["number"] == 1


def test_a_change_of_what_somebody_else_changed_is_refused(client: TestClient) -> None:
    """Without the edition that was read 428, with an old one 412 (FC9512)."""
    made = client.post("/api/v1/policies", json=DRAFT)
    place, read = made.headers["Location"], made.headers["ETag"]
    assert client.put(place, json=DRAFT).status_code == 428
    changed = client.put(place, json=DRAFT | {"note": "first"}, headers={"If-Match": read})
    assert (changed.status_code, changed.json()["edition"]) == (200, 2)
    late = client.put(place, json=DRAFT | {"note": "second"}, headers={"If-Match": read})
    assert (late.status_code, late.json()["code"]) == (412, "FC9512")
    assert client.get(place).json()["note"] == "first"


def test_of_two_who_publish_one_draft_one_does(client: TestClient, caller: Caller) -> None:
    """However close together: one succeeds, the other is told, and one version is in force."""
    made = client.post("/api/v1/policies", json=DRAFT)
    others = [caller(Role.MANAGER) for _ in range(4)]

    def publish(one: TestClient) -> int:
        return one.post(f"{made.headers['Location']}/publish", headers={"If-Match": made.headers["ETag"]}).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(publish, others))
    assert answers == [200, 412, 412, 412]
    states = [one["state"] for one in client.get("/api/v1/policies").json()["items"]]
    assert states == ["published", "retired"]


def test_a_draft_of_what_is_no_longer_in_force_is_not_published(client: TestClient) -> None:
    """Two draft from version 1: the later is told what came between (FC9512), and takes it over first."""
    made = [client.post("/api/v1/policies", json=DRAFT | {"note": str(n)}) for n in range(2)]
    assert [one.json()["based_on"] for one in made] == [1, 1]
    first, late = [
        client.post(f"{one.headers['Location']}/publish", headers={"If-Match": one.headers["ETag"]}) for one in made
    ]
    assert (first.status_code, late.status_code, late.json()["code"]) == (200, 412, "FC9512")
    assert "based on version 2" in late.json()["faults"][0]["allowed"]
    place = made[1].headers["Location"]
    match = {"If-Match": made[1].headers["ETag"]}
    again = client.put(place, json=DRAFT | {"based_on": 2}, headers=match)
    published = client.post(f"{place}/publish", headers={"If-Match": again.headers["ETag"]})
    assert (published.status_code, published.json()["based_on"]) == (200, 2)
    back = client.get("/api/v1/policies/1")
    assert client.post("/api/v1/policies/1/publish", headers={"If-Match": back.headers["ETag"]}).status_code == 200


def test_what_is_published_is_linked_by_at_once(client: TestClient, service: Service) -> None:
    """Links follow the new policy without waiting for the next contact or the next hour."""
    made = client.post("/api/v1/policies", json=DRAFT)
    assert [job.kind for job in service.queue.page(state="waiting", before=None, limit=10)] == []
    published = client.post(f"{made.headers['Location']}/publish", headers={"If-Match": made.headers["ETag"]})
    assert published.status_code == 200
    waiting = service.queue.page(state="waiting", before=None, limit=10)
    assert "link" in [job.kind for job in waiting if job.created_at <= service.now()]


def test_a_dropped_draft_is_not_published(client: TestClient) -> None:
    """What was given up stays so, and can still be read."""
    made = client.post("/api/v1/policies", json=DRAFT)
    place = made.headers["Location"]
    dropped = client.post(f"{place}/drop", headers={"If-Match": made.headers["ETag"]})
    assert dropped.json()["state"] == "dropped"
    again = client.post(f"{place}/publish", headers={"If-Match": dropped.headers["ETag"]})
    assert (again.status_code, again.json()["code"]) == (412, "FC9512")


def test_a_version_that_was_never_given_is_not_found(client: TestClient) -> None:
    """FC9511, for reading, changing and trying alike."""
    for answer in (client.get("/api/v1/policies/99"), client.post("/api/v1/policies/99/try")):
        assert (answer.status_code, answer.json()["code"]) == (404, "FC9511")


def test_a_team_lead_reads_policies_and_drafts_none(caller: Caller) -> None:
    """Reading is for all; drafting for those who answer for figures."""
    lead = caller(Role.TEAM_LEAD, "North")
    assert lead.get("/api/v1/policies/published").status_code == 200
    assert lead.post("/api/v1/policies", json=DRAFT).status_code == 403
    assert caller(Role.QUALITY).post("/api/v1/policies", json=DRAFT).status_code == 201
    assert caller(Role.QUALITY).post("/api/v1/policies/1/publish", headers={"If-Match": '"1"'}).status_code == 403
