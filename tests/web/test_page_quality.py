"""Data quality shows what the service says was left out, and a record that was set aside can be put right there."""

from __future__ import annotations

import html
import json
import re

from starlette.testclient import TestClient

from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests import told_runs
from tests.service_fixture import caller_of
from tests.web.shown import Showing
from tests.web.test_quarantine_api import BAD, GOOD

HTML = {"Accept": "text/html"}
EVIL = {**BAD, "customer_id": "</textarea><script>x</script>"}


def browser(service: Service, role: Role) -> TestClient:
    made = caller_of(service)(role)
    made.headers.update(HTML)
    return made


def aside(client: TestClient, *items: object) -> list[int]:
    client.post("/api/v1/contacts?source=pbx", json=list(items), headers={"Accept": "*/*"})
    return [one["id"] for one in client.get("/api/v1/quarantine", headers={"Accept": "*/*"}).json()["items"]]


def test_the_list_shows_no_values_and_keeps_its_filters(sqlite_service: Service) -> None:
    """By state, code, kind and source; what stands there is what the interface lists."""
    client = browser(sqlite_service, Role.ADMINISTRATOR)
    (number,) = aside(client, BAD, GOOD)
    page = client.get("/quality/aside").text
    assert f"/quality/aside/{number}" in page
    assert ("secret" in page, "FC2008" in page) == (False, True)
    assert f"/quality/aside/{number}" in client.get("/quality").text
    for asked, there in (
        ("source=pbx", True),
        ("source=crm", False),
        ("code=FC2001", False),
        ("state=replayed", False),
    ):
        assert (f"/quality/aside/{number}" in client.get(f"/quality/aside?{asked}").text) is there, asked
    assert "Nothing was measured yet" in client.get("/quality").text


def test_a_record_is_corrected_in_a_form(sqlite_service: Service) -> None:
    """It is shown as it arrived and escaped, and the look is noted. No JSON, and JSON that still does not fit, are said
    with what was typed kept; corrected it is taken in, once."""
    client = browser(sqlite_service, Role.ADMINISTRATOR)
    (number,) = aside(client, EVIL)
    place = f"/quality/aside/{number}"
    page = client.get(place).text
    assert "<script>x" not in page
    raw = html.unescape(re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)[0])
    assert json.loads(raw) == EVIL
    assert [event.action for event in sqlite_service.audit.page(object=str(number))] == ["quarantine.look"]
    broken = client.post(f"{place}/replay", data={"item": "{no"})
    assert (broken.status_code, "is no JSON" in broken.text, ">{no</textarea>" in broken.text) == (422, True, True)
    as_it_is = client.post(f"{place}/replay", data={"item": " "})
    assert as_it_is.status_code == 422
    assert json.loads(html.unescape(re.findall(r"<textarea[^>]*>(.*?)</textarea>", as_it_is.text, re.S)[0])) == EVIL
    still = client.post(f"{place}/replay", data={"item": raw})
    assert (still.status_code, "What is still wrong" in still.text, "started_at" in still.text) == (422, True, True)
    assert "was taken in" in client.post(f"{place}/replay", data={"item": json.dumps(GOOD)}).text
    assert client.post(f"{place}/replay", data={"item": json.dumps(GOOD)}).status_code == 409
    assert "<textarea" not in client.get(place).text


def test_only_who_may_mend_is_offered_it(sqlite_service: Service) -> None:
    """A manager sees a record and changes nothing; a team lead sees neither the records nor the page."""
    (number,) = aside(browser(sqlite_service, Role.ADMINISTRATOR), BAD)
    manager = browser(sqlite_service, Role.MANAGER)
    page = manager.get(f"/quality/aside/{number}").text
    assert ("K-very-secret" in page, "/discard" in page) == (True, False)
    assert manager.post(f"/quality/aside/{number}/discard").status_code == 403
    lead = caller_of(sqlite_service)(Role.TEAM_LEAD, "North")
    assert [lead.get(path, headers=HTML).status_code for path in ("/quality", "/quality/aside")] == [403, 403]
    quality = browser(sqlite_service, Role.QUALITY)
    assert "was given up" in quality.post(f"/quality/aside/{number}/discard").text
    assert quality.post(f"/quality/aside/{number}/discard").status_code == 409


def test_it_shows_what_the_run_left_out(sqlite_service: Service, showing: Showing) -> None:
    """Both ledgers, how well customers are known and what was noticed are those of the run, in a place that other pages
    point to; nobody without the right to look at contacts is led to any."""
    run = told_runs.told()
    service = showing(sqlite_service, run)
    page = browser(service, Role.MANAGER).get("/quality").text
    for count in (run.row_ledger.read, run.row_ledger.contacts, run.identity.known, run.identity.customers):
        assert f"{count:,}" in page, count
    assert page.count('id="noticed"') == 1
    assert str(run.findings[0].text) in html.unescape(page)
    assert 'data-run="' in page
    assert "/contacts?" not in browser(service, Role.ADMINISTRATOR).get("/quality").text
