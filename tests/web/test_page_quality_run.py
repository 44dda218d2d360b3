"""The rows that a run's ledger counts as set aside are listed from it: as many as it says, whatever came of them."""

from __future__ import annotations

import html
import re

import pytest

from firstcontact import bootstrap
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import caller_of
from tests.web.test_measured import contacts, plainly
from tests.web.test_quarantine_api import BAD, GOOD

HTML = {"Accept": "text/html"}
LATE = {**GOOD, "contact_id": "late", "ended_at": "2000-01-01T00:00:00Z"}


@pytest.fixture
def measured(sqlite_service: Service) -> Service:
    """Measured while three records waited, of two kinds of fault; then one was given up, and another one came."""
    plainly(sqlite_service)
    client = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    client.post("/api/v1/contacts?source=pbx", json=[*contacts(60), BAD, {**BAD, "contact_id": "other"}, LATE])
    client.post("/api/v1/jobs", json={"kind": "measure"})
    bootstrap.open_worker(sqlite_service).drain()
    first = client.get("/api/v1/quarantine").json()["items"][-1]["id"]
    assert client.post(f"/api/v1/quarantine/{first}/discard").status_code == 204
    client.post("/api/v1/contacts?source=pbx", json=[{**BAD, "contact_id": "new"}])
    return sqlite_service


def test_what_was_set_aside_leads_to_its_records(measured: Service) -> None:
    """From each code of the ledger to as many records, the one that was given up among them, the new one not; the
    interface lists the same."""
    client = caller_of(measured)(Role.MANAGER)
    ledger = client.get("/api/v1/runs/current/ledger").json()["rows"]["quarantined"]
    assert sorted(ledger.values()) == [1, 2]
    page = client.get("/quality", headers=HTML).text
    found = re.findall(r'<a class="rows-behind" href="(/quality/waited[^"]*)">−(\d+)</a>', page)
    assert sorted(int(count) for _, count in found) == [1, 2]
    for href, count in found:
        listed = client.get(html.unescape(href), headers=HTML).text
        assert f"<b>{count}</b>" in listed
        assert len(set(re.findall(r'href="/quality/aside/(\d+)"', listed))) == int(count)
    for code, count in ledger.items():
        answer = client.get("/api/v1/runs/current/quarantine", params={"code": code}).json()
        assert (answer["total"], len(answer["items"])) == (count, count)
    whole = client.get("/api/v1/runs/current/quarantine", params={"limit": 2}).json()
    rest = client.get("/api/v1/runs/current/quarantine", params={"limit": 2, "after": whole["next"]}).json()
    assert {one["state"] for one in [*whole["items"], *rest["items"]]} == {"open", "discarded"}
    assert (len(whole["items"]), len(rest["items"]), rest["next"], whole["total"]) == (2, 1, None, 3)


def test_a_record_that_is_removed_since_is_not_counted(measured: Service) -> None:
    """The list says how many it lists; who may not see records that were set aside is led to none."""
    client = caller_of(measured)(Role.MANAGER)
    numbers = [one["id"] for one in client.get("/api/v1/runs/current/quarantine").json()["items"]]
    assert measured.quarantine.kept([*numbers, 10**6]) == sorted(numbers, reverse=True)
    assert measured.quarantine.some([10**6]) == []
    assert client.get("/quality/waited", params={"code": "FC1000"}, headers=HTML).text.count("<b>0</b>") == 1
    board = caller_of(measured)(Role.WALLBOARD)
    assert board.get("/quality/waited", headers=HTML).status_code == 403
    assert board.get("/api/v1/runs/current/quarantine").status_code == 403
    assert board.get("/quality", headers=HTML).status_code == 403
    assert client.get("/api/v1/runs/none/quarantine").status_code == 404
