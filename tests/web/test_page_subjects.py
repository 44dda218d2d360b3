"""The page of a person's data: found by a form, given as a file, erased after a typed confirmation."""

from __future__ import annotations

import io
import re
import zipfile

from starlette.testclient import TestClient

from firstcontact.doors.web.pages import subjects
from firstcontact.services.access import Role
from firstcontact.services.erase import NOT_REACHED
from firstcontact.services.service import Service
from tests.service_fixture import caller_of
from tests.web.page_forms import form
from tests.web.test_imports import drain

HERE = "/settings/person"
START = "2026-01-05T09:00:00Z"


def browser(service: Service, role: Role = Role.ADMINISTRATOR) -> TestClient:
    made = caller_of(service)(role)
    made.headers.update({"Accept": "text/html"})
    return made


def sent(client: TestClient, service: Service) -> None:
    items = [{"contact_id": f"c{n}", "started_at": START, "customer_id": "dana@example.org"} for n in range(3)]
    items.append({"contact_id": "other", "started_at": START, "customer_id": "lee"})
    client.post("/api/v1/contacts", json=items, headers={"Accept": "*/*"})
    drain(service)


def test_a_person_is_found_given_and_erased(sqlite_service: Service) -> None:
    """What would be touched is seen first; the file holds it; the number of contacts has to be typed, another one
    erases nothing; then only this person is gone, and the page says what went and what no erasure reaches."""
    admin = browser(sqlite_service)
    sent(admin, sqlite_service)
    named = {"kind": "customer", "value": "dana@example.org"}
    found = admin.post(HERE, data=form(admin.get(HERE).text, HERE).fields | named)
    assert "<strong>3</strong>" in found.text
    assert ("dana@" in found.text, "?" in str(found.url)) == (False, False)  # from here on a number names them
    packed = admin.post(f"{HERE}/give", data=form(found.text, f"{HERE}/give").fields)
    assert packed.headers["content-type"] == "application/zip"
    assert b"dana@example.org" in zipfile.ZipFile(io.BytesIO(packed.content)).read("contacts.json")
    fields = form(found.text, f"{HERE}/erase").fields
    for typed in ("", "4", "three"):
        no = admin.post(f"{HERE}/erase", data=fields | {"count": typed})
        assert (no.status_code, "Nothing was erased" in no.text) == (422, True), typed
    assert len(sqlite_service.queue.page(state="waiting", before=None, limit=9)) == 0
    asked = admin.post(f"{HERE}/erase", data=fields | {"count": "3"})
    assert "The person is being erased" in asked.text
    drain(sqlite_service)
    done = admin.get(asked.url.path).text
    assert ("The person is erased" in done, "found nothing of theirs" in done, "backups that were taken" in done) == (
        True,
        True,
        True,
    )
    assert re.search(r"Contacts</th><td class=\"number\">3<", done)
    again = admin.post(HERE, data=form(admin.get(HERE).text, HERE).fields | named)
    assert (again.status_code, "Nobody is known by this" in again.text) == (422, True)
    kept = browser(sqlite_service, Role.MANAGER).get("/api/v1/contacts", headers={"Accept": "*/*"}).json()["items"]
    assert [one["contact_id"] for one in kept] == ["other"]
    actions = [one.action for one in sqlite_service.audit.page(limit=20)]
    assert {"subject.find", "subject.export", "subject.erase"} <= set(actions)


def test_who_cannot_be_named_is_said(sqlite_service: Service) -> None:
    """Nobody, nothing typed, markup, and other jobs in the place of an erasure."""
    admin = browser(sqlite_service)
    for value in ("nobody", "", "<script>x"):
        for path in (HERE, f"{HERE}/give", f"{HERE}/erase"):
            answer = admin.post(path, data={"kind": "email", "value": value})
            assert (answer.status_code, "<script>x" in answer.text) == (422, False), (path, value)
    job = admin.post("/jobs").url.path.rpartition("/")[2]
    assert admin.get(f"{HERE}/erasures/{job}").status_code == 404


def test_only_administrators_come_here(sqlite_service: Service) -> None:
    """Nobody else sees the page, or the way to it."""
    for role in (Role.MANAGER, Role.QUALITY, Role.TEAM_LEAD):
        one = browser(sqlite_service, role)
        assert one.get(HERE).status_code == 403
        assert one.post(f"{HERE}/erase", data={"kind": "email", "value": "x", "count": "0"}).status_code == 403
    assert HERE in browser(sqlite_service).get("/settings").text


def test_what_is_not_reached_is_said_in_the_visitor_s_words() -> None:
    """Each clause of the service's own list has its sentence on the page."""
    assert frozenset(NOT_REACHED) == subjects.NOT_REACHED
