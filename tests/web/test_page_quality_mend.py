"""The page on which many records that were set aside are corrected alike: chosen, looked at, taken in."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import caller_of
from tests.web.page_forms import form
from tests.web.test_imports import drain

HTML = {"Accept": "text/html"}


def browser(service: Service, role: Role) -> TestClient:
    made = caller_of(service)(role)
    made.headers.update(HTML)
    return made


def aside(client: TestClient, *items: dict[str, Any]) -> None:
    client.post("/api/v1/contacts?source=pbx", json=list(items), headers={"Accept": "*/*"})


def press(client: TestClient, page: str, action: str, **typed: Any) -> Any:
    return client.post(action, data=form(client.get(page).text, action).fields | typed)


def test_all_of_one_cause_are_corrected_looked_at_and_taken_in(sqlite_service: Service) -> None:
    """From the list, with its filters, to the form, which shows shapes and no values; a look says what would become of
    them and takes nothing in; then they are taken in."""
    admin = browser(sqlite_service, Role.ADMINISTRATOR)
    items = [{"contact_id": f"c{n}", "started_at": f"{n + 1}.3.2026 9:00", "reason": "<b>secret</b>"} for n in range(3)]
    aside(admin, *items, {"contact_id": "c9", "started_at": "soon"})
    assert "/quality/aside/many?state=open&amp;code=FC2008" in admin.get("/quality/aside?code=FC2008").text
    place = "/quality/aside/many?code=FC2008&source=pbx"
    text = admin.get(place).text
    assert ("9.9.9999 9:99" in text, "secret" in text, "Records to be decided: 4" in text) == (True, False, True)
    look = press(
        admin, place, "/quality/aside/many", column="started_at", way="moment", format="%d.%m.%Y %H:%M", zone="UTC"
    )
    assert "The records are being read again" in look.text
    drain(sqlite_service)
    seen = admin.get(look.url.path).text
    assert ("<strong>3</strong>" in seen, "Take them in" in seen, "aaaa" in seen, "soon" in seen) == (
        True,
        True,
        True,
        False,
    )
    assert sqlite_service.quarantine.count(state="open") == 4
    again = admin.get(f"/quality/aside/many?job={look.url.path.rpartition('/')[2]}").text
    assert 'value="%d.%m.%Y %H:%M"' in again
    done = press(admin, look.url.path, look.url.path)
    drain(sqlite_service)
    assert "They count from the next measurement on" in admin.get(done.url.path).text
    assert (sqlite_service.quarantine.count(state="open"), sqlite_service.quarantine.count(state="replayed")) == (1, 3)


def test_what_is_missing_in_the_form_is_said_beside_it(sqlite_service: Service) -> None:
    """No column, no words, no zone, no way of writing, no column of ours: each beside its field; all else stays."""
    admin = browser(sqlite_service, Role.ADMINISTRATOR)
    aside(admin, {"contact_id": "c", "started_at": "soon"})
    place = "/quality/aside/many"
    for typed, fault in (
        ({"way": "drop", "column": ""}, 'id="column-fault"'),
        ({"way": "words", "column": "started_at", "words": "<i>one two"}, 'id="words-fault"'),
        ({"way": "words", "column": "started_at", "words": "a=" + "b" * 300}, 'id="words-fault"'),
        ({"way": "moment", "column": "started_at", "zone": "Nowhere"}, 'id="zone-fault"'),
        ({"way": "moment", "column": "started_at", "format": "%q"}, 'id="format-fault"'),
        ({"way": "column", "column": "started_at"}, 'id="to-fault"'),
    ):
        answer = press(admin, place, place, **typed)
        assert (answer.status_code, fault in answer.text, "<i>" in answer.text) == (422, True, False), typed
        assert "selected>started_at" in answer.text or not typed["column"]
    assert sqlite_service.queue.page(state=None, before=None, limit=5) == []


def test_only_who_may_mend_comes_here(sqlite_service: Service) -> None:
    """A manager sees the list without the way here; other jobs are not shown here; that nothing waits is said."""
    admin = browser(sqlite_service, Role.ADMINISTRATOR)
    assert "No record is waiting" in admin.get("/quality/aside/many").text
    aside(admin, {"contact_id": "c", "started_at": "soon"})
    manager = browser(sqlite_service, Role.MANAGER)
    assert "/quality/aside/many" not in manager.get("/quality/aside").text
    assert manager.get("/quality/aside/many").status_code == 403
    other = admin.post("/jobs").url.path.rpartition("/")[2]
    assert admin.get(f"/quality/aside/many/{other}").status_code == 404
