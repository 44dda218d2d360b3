"""Views are saved under a name, changed by their owner alone and only from the latest edition, and shared if wanted."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from firstcontact.services import view as views_of
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests import told_runs
from tests.service_fixture import Caller, caller_of
from tests.web.shown import Showing
from tests.web.test_page_definitions import with_contacts

PLACE = "/api/v1/views"
VIEW = {
    "name": "Billing that came back",
    "filters": [{"name": "reason", "value": "billing"}, {"name": "returned", "value": "yes"}],
    "columns": ["contact_id", "reason"],
    "order": ["-started_at"],
}
HTML = {"Accept": "text/html"}


def listed(client: TestClient) -> list[tuple[str, bool]]:
    """Names of the views that somebody may use, and whether they are their own."""
    return [(one["name"], one["mine"]) for one in client.get(PLACE).json()["items"]]


def test_a_view_is_kept_as_it_was_saved(service: Service, caller: Caller) -> None:
    """And changed only by who read its latest edition, dropped likewise; each is noted."""
    client = caller(Role.QUALITY)
    made = client.post(PLACE, json=VIEW)
    place = made.headers["location"]
    assert made.status_code == 201
    kept = client.get(place)
    assert {name: kept.json()[name] for name in VIEW} == VIEW
    assert (kept.json()["mine"], kept.json()["shared"], kept.headers["etag"]) == (True, False, '"1"')
    wanted = VIEW | {"name": "Refunds", "shared": True}
    assert client.put(place, json=wanted).json()["code"] == "FC9306"
    changed = client.put(place, json=wanted, headers={"If-Match": kept.headers["etag"]})
    assert (changed.json()["name"], changed.headers["etag"]) == ("Refunds", '"2"')
    late = client.put(place, json=VIEW, headers={"If-Match": kept.headers["etag"]})
    assert (late.status_code, late.json()["code"]) == (412, "FC9307")
    assert client.delete(place, headers={"If-Match": '"1"'}).status_code == 412
    assert client.delete(place, headers={"If-Match": '"2"'}).status_code == 204
    assert client.get(place).status_code == 404
    noted = [event.action for event in service.audit.page(object=place.rpartition("/")[2])]
    assert noted == ["view.drop", "view.change", "view.save"]


def test_a_shared_view_is_for_who_may_see_what_it_names(sqlite_service: Service) -> None:
    """Not for who has no contacts of the team that it names; nobody but its owner changes it."""
    asking = caller_of(sqlite_service)
    manager, other, lead = asking(Role.MANAGER), asking(Role.QUALITY), asking(Role.TEAM_LEAD, "North")
    for name, more in (
        ("own", {}),
        ("all", {"shared": True}),
        ("south", {"shared": True, "filters": [{"name": "cell", "value": "team=South"}]}),
        ("north", {"shared": True, "filters": [{"name": "team", "value": "North"}]}),
    ):
        assert manager.post(PLACE, json=VIEW | {"name": name} | more).status_code == 201
    assert [name for name, _ in listed(manager)] == ["own", "all", "south", "north"]
    assert listed(other) == [("all", False), ("south", False), ("north", False)]
    assert listed(lead) == [("all", False), ("north", False)]
    place = f"{PLACE}/{other.get(PLACE).json()['items'][0]['id']}"
    assert other.get(place).status_code == 200
    assert other.put(place, json=VIEW, headers={"If-Match": '"1"'}).status_code == 404
    assert other.delete(place, headers={"If-Match": '"1"'}).status_code == 404
    assert asking(Role.ADMINISTRATOR).get(PLACE).status_code == 403


def test_what_no_view_can_be_is_refused(sqlite_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of nothing, a filter that does not exist, a value that cannot be asked, one too many: by their codes."""
    client = caller_of(sqlite_service)(Role.MANAGER)
    wrong = VIEW | {"name": " ", "filters": [{"name": "since", "value": "soon"}, {"name": "x", "value": "y"}]}
    codes = [fault["code"] for fault in client.post(PLACE, json=wrong).json()["faults"]]
    assert sorted(codes) == ["FC9504", "FC9504", "FC9507"]
    assert client.post(PLACE, json=VIEW | {"order": [""]}).json()["code"] == "FC9507"
    monkeypatch.setattr(views_of, "MOST_VIEWS", 1)
    assert client.post(PLACE, json=VIEW).status_code == 201
    assert client.post(PLACE, json=VIEW | {"name": "another"}).json()["code"] == "FC9508"


def test_two_views_of_an_account_are_never_called_the_same(sqlite_service: Service) -> None:
    """Neither saved nor changed so; another account may call one of its own like this, and a view keeps its name."""
    make = caller_of(sqlite_service)
    client = make(Role.MANAGER)
    first = client.post(PLACE, json=VIEW)
    said = client.post(PLACE, json=VIEW | {"name": f" {VIEW['name']} "})
    assert (said.status_code, said.json()["code"], said.json()["faults"][0]["where"]) == (422, "FC9507", "name")
    second = client.post(PLACE, json=VIEW | {"name": "another"}).json()
    changed = client.put(f"{PLACE}/{second['id']}", json=VIEW, headers={"If-Match": '"1"'})
    assert changed.json()["code"] == "FC9507"
    same = client.put(f"{PLACE}/{first.json()['id']}", json=VIEW, headers={"If-Match": '"1"'})
    assert same.status_code == 200
    assert make(Role.QUALITY).post(PLACE, json=VIEW).status_code == 201


def test_a_view_is_saved_changed_and_dropped_on_the_page(sqlite_service: Service, showing: Showing) -> None:
    """What is shown is what is kept; a name of nothing is said beside what was typed, and a later edition wins."""
    service = with_contacts(sqlite_service, showing)
    client = caller_of(service)(Role.MANAGER)
    client.headers.update(HTML)
    asked = "says=a%3Dmet&column=contact_id&order=contact_id"
    bad = client.post("/contacts/views", data={"name": " ", "asked": asked, "shared": "true"})
    assert (bad.status_code, "FC9507" in bad.text, 'name="shared" value="true" checked' in bad.text) == (
        422,
        True,
        True,
    )
    name = "<b>Mine</b>"
    page = client.post("/contacts/views", data={"name": name, "asked": asked}).text
    assert ("The view was saved" in page, "<b>Mine" in page, "of <b>30</b>" in page) == (True, False, True)
    action = re.search(r'action="(/contacts/views/\w{32})"', page)
    assert action
    data = {"name": "Other", "asked": asked.replace("met", "open"), "edition": "1"}
    assert "The view was changed" in client.post(action[1], data=data).text
    stale = client.post(action[1], data=data)
    assert (stale.status_code, "FC9307" in stale.text) == (422, True)
    assert "The view was dropped" in client.post(f"{action[1]}/drop", data={"edition": "2"}).text
    assert client.post(f"{action[1]}/drop", data={"edition": "2"}).status_code == 404
    assert listed(caller_of(showing(sqlite_service, told_runs.told()))(Role.MANAGER)) == []
