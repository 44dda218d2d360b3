"""`firstcontact serve --demo`: a service to look at, whose year has passed and whose contacts keep coming."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database, sqlite_url
from firstcontact.doors import demo
from firstcontact.doors.api.app import create_app
from firstcontact.services.service import Service
from tests.web.test_accounts_api import account

CONTACTS = 300


def count(service: Service) -> int:
    database = Database(sqlite_url(service.settings.data / "store.sqlite3"))
    with database.reading() as connection:
        found = connection.execute(select(func.count()).select_from(schema.contact)).scalar_one()
    database.close()
    return int(found)


def test_the_demonstration_fills_an_empty_service(sqlite_service: Service) -> None:
    """Contacts of a year with surveys and reviews, a job that measures them, and accounts that can log in."""
    said: list[str] = []
    password = demo.fill(sqlite_service, say=said.append, contacts=CONTACTS)
    assert 0.7 * CONTACTS < count(sqlite_service) < CONTACTS
    assert f"{count(sqlite_service):,} contacts have arrived" in said[-1]
    kinds = {job.kind for job in sqlite_service.queue.page(state="waiting", before=None, limit=10)}
    assert "measure" in kinds
    assert sqlite_service.policies.published().policy.target("fcr_issue") is not None
    client = TestClient(create_app(sqlite_service), base_url=sqlite_service.settings.url)
    for one in demo.ACCOUNTS:
        answer = client.post("/api/v1/session", json={"email": one.email, "password": password})
        assert answer.status_code < 300, answer.text
        assert answer.json()["role"] == one.role.value
    assert demo.fill(sqlite_service, say=said.append, contacts=CONTACTS) == ""


def test_what_is_to_come_comes_in_its_time(sqlite_service: Service) -> None:
    """The contacts that had come and those still to come are all there are, and none twice; they end in the future."""
    now = sqlite_service.now()
    came = [row["contact_id"] for table, batch in demo.passed(now, CONTACTS) if table == "contacts" for row in batch]
    coming = demo.to_come(now, CONTACTS)
    assert coming
    assert all(moment > now for moment, _ in coming)
    both = came + [row["contact_id"] for _, row in coming]
    assert len(both) == len(set(both)) == CONTACTS


def test_contacts_arrive_until_the_service_ends(sqlite_service: Service) -> None:
    """Those whose time has come since it began are sent; the thread ends when it is told."""
    demo.fill(sqlite_service, say=lambda _: None, contacts=CONTACTS)
    before = count(sqlite_service)
    later = sqlite_service.now() + timedelta(days=10)
    ending = threading.Event()
    demo.arrive(sqlite_service.settings, ending, now=lambda: _end(ending, later))
    assert before < count(sqlite_service) < CONTACTS


def test_a_service_that_is_used_gets_no_simulated_contacts(sqlite_service: Service) -> None:
    """Its accounts are somebody's: nothing is made in it, and nothing arrives."""
    account(sqlite_service)
    said: list[str] = []
    assert demo.fill(sqlite_service, say=said.append, contacts=CONTACTS) == ""
    assert "of its own" in said[-1]
    later = sqlite_service.now() + timedelta(days=10)
    ending = threading.Event()
    demo.arrive(sqlite_service.settings, ending, now=lambda: _end(ending, later))
    assert count(sqlite_service) == 0


def test_a_filling_that_broke_off_is_brought_to_its_end(
    sqlite_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed half way: the next start sends the rest of the same year, and tells a password that lets in."""
    real, calls = demo.ingest, iter(range(100))

    def dies(*given: Any, **more: Any) -> Any:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return real(*given, **more)

    with monkeypatch.context() as patched:
        patched.setattr(demo, "ingest", dies)
        patched.setattr(demo, "_AT_ONCE", 100)
        with pytest.raises(KeyboardInterrupt):
            demo.fill(sqlite_service, say=lambda _: None, contacts=CONTACTS)
    ending = threading.Event()
    demo.arrive(sqlite_service.settings, ending, now=lambda: _end(ending, sqlite_service.now()))
    assert count(sqlite_service) == 100
    password = demo.fill(sqlite_service, say=lambda _: None, contacts=CONTACTS)
    assert 0.7 * CONTACTS < count(sqlite_service) < CONTACTS
    client = TestClient(create_app(sqlite_service), base_url=sqlite_service.settings.url)
    asked = {"email": demo.ACCOUNTS[0].email, "password": password}
    assert client.post("/api/v1/session", json=asked).status_code < 300


def _end(ending: threading.Event, moment: object) -> object:
    ending.set()
    return moment
