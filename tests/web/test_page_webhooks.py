"""Pages of outgoing webhooks: who is told what, tried, rested and removed, and what nobody took."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from starlette.testclient import TestClient

from firstcontact.services.access import Role
from firstcontact.services.announce import Delivery
from firstcontact.services.service import Service
from tests.service_fixture import caller_of
from tests.web.page_forms import form

HERE = "/settings/outgoing"
ADDRESS = "https://93.184.215.14/hook"


def browser(service: Service, role: Role = Role.ADMINISTRATOR) -> TestClient:
    made = caller_of(service)(role)
    made.headers.update({"Accept": "text/html"})
    return made


def press(client: TestClient, page: str, action: str, **typed: Any) -> Any:
    return client.post(action, data=form(client.get(page).text, action).fields | typed)


def added(client: TestClient, service: Service) -> str:
    press(client, HERE, HERE, url=ADDRESS, events=["run.finished"])
    return f"{HERE}/{service.subscriptions.page(before=None, limit=1)[0].id}"


def test_a_webhook_is_added_tried_changed_and_removed(sqlite_service: Service) -> None:
    """Its secret stands on the page that made it and on no other; a try stands in its list; resting it is told nothing,
    and cannot be tried; removed it is gone."""
    admin = browser(sqlite_service)
    assert "Nobody is told yet" in admin.get(HERE).text
    made = press(admin, HERE, HERE, url=ADDRESS, events=["run.finished"])
    secret = re.findall(r"<pre[^>]*>([^<]+)</pre>", made.text)[0]
    assert secret not in admin.get(HERE).text
    place = f"{HERE}/{sqlite_service.subscriptions.page(before=None, limit=1)[0].id}"
    page = admin.get(place).text
    assert secret not in page
    tried = press(admin, place, f"{place}/ping").text
    assert ("A try is on its way" in tried, "On its way" in tried) == (True, True)
    assert "Nothing was told yet" in admin.get(f"{place}?state=dead").text
    assert "told nothing for now" in press(admin, place, f"{place}/rest").text
    asleep = admin.post(f"{place}/ping")
    assert (asleep.status_code, "Tell it again" in asleep.text) == (422, True)
    assert "told again from now on" in press(admin, place, f"{place}/wake").text
    other = press(admin, place, place, url=f"{ADDRESS}/b", events=["import.finished", "contact.repeat"]).text
    assert ("It is changed" in other, f"{ADDRESS}/b" in other) == (True, True)
    assert "is removed" in press(admin, place, f"{place}/drop").text
    assert admin.get(place).status_code == 404


def test_an_address_that_may_not_be_told_is_said_and_stays(sqlite_service: Service) -> None:
    """No TLS, the service's own network, no event, markup: said, kept in the form, and nobody is added."""
    admin = browser(sqlite_service)
    place = added(admin, sqlite_service)
    refused = [("http://93.184.215.14/", "run.finished"), ("https://127.0.0.1/", "run.finished")]
    for url, events in [*refused, (ADDRESS, []), ("https://x/<script>", "nothing")]:
        for action in (HERE, place):
            page = HERE if action == HERE else place
            fields = {**form(admin.get(page).text, action).fields, "url": url, "events": events}
            answer = admin.post(action, data=fields)
            assert (answer.status_code, 'role="alert"' in answer.text, "/<script>" in answer.text) == (
                422,
                True,
                False,
            ), url
    assert len(sqlite_service.subscriptions.page(before=None, limit=9)) == 1


def test_what_nobody_took_is_listed_and_delivered_again(sqlite_service: Service) -> None:
    """On the list of all and on the webhook's own page; what was told is shown escaped; pressed twice it is once."""
    admin = browser(sqlite_service)
    place = added(admin, sqlite_service)
    subscription = place.rpartition("/")[2]
    now = sqlite_service.now()
    dead = Delivery("1" * 32, subscription, "run.finished", '{"run":"<b>r"}', "waiting", 8, None, None, now, None, "k")
    sqlite_service.subscriptions.put([dead])
    sqlite_service.subscriptions.tried(dead.id, now=now, state="dead", status=500, failure="no answer", ended_at=now)
    for page in (HERE, place, f"{place}?state=dead"):
        text = admin.get(page).text
        assert ("Given up" in text, "no answer" in text, "<b>r" in text) == (True, True, False), page
    action = f"{HERE}/deliveries/{dead.id}/again"
    assert "on its way again" in press(admin, HERE, action).text
    found = sqlite_service.subscriptions.delivery(dead.id)
    assert found == replace(dead, attempts=0) or (found is not None and found.state == "waiting")
    assert "on its way again" in admin.post(action).text
    assert [one.action for one in sqlite_service.audit.page(object=dead.id)] == ["delivery.again"]


def test_only_administrators_come_here(sqlite_service: Service) -> None:
    """Nobody else sees them, or the way to them."""
    place = added(browser(sqlite_service), sqlite_service)
    for role in (Role.MANAGER, Role.QUALITY, Role.AGENT):
        one = browser(sqlite_service, role)
        assert {one.get(path).status_code for path in (HERE, place)} == {403}
    assert HERE not in browser(sqlite_service, Role.MANAGER).get("/settings").text
    assert HERE in browser(sqlite_service).get("/settings").text
