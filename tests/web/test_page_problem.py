"""Whatever goes wrong, a browser is shown a page and a program is given the same in its own shape."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from babel import Locale
from pydantic import BaseModel, Field
from starlette.testclient import TestClient

from firstcontact.adapters.stores.sql.database import STORE_UNREACHABLE
from firstcontact.doors.api.body import MOST_FORM_BYTES
from firstcontact.doors.api.permit import is_open
from firstcontact.doors.api.problem import MEDIA_TYPE, NOT_THERE, REQUEST_UNREADABLE, TOO_LARGE, TOO_MANY
from firstcontact.doors.api.rate import SECRETS, Pace
from firstcontact.doors.api.response_headers import ALWAYS
from firstcontact.doors.report.notation import Notation
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.access_words import PERMISSIONS, ROLES, holders
from firstcontact.doors.web.page import PAGE_POLICY, sentences
from firstcontact.kernel.errors import INTERNAL, FirstcontactError
from firstcontact.services.access import NOT_ALLOWED, Permission, Role
from firstcontact.services.service import Service
from tests.service_fixture import application, caller_of
from tests.web.test_accounts_api import CHEAP, WORDS, account

HTML = {"Accept": "text/html", "Accept-Language": "he"}


def away(*_: Any, **__: Any) -> Any:
    """What everything does that asks a store which does not answer."""
    raise FirstcontactError([STORE_UNREACHABLE.fault(where="the store", saw="nothing", allowed="-", cure="wait")])


class Broken:
    """A part of the service of which nothing answers."""

    def __getattr__(self, _name: str) -> Any:
        return away


def browser(service: Service, **headers: str) -> TestClient:
    return TestClient(
        application(service), base_url=service.settings.url, headers=HTML | headers, raise_server_exceptions=False
    )


def is_page(answer: Any, status: int, code: str, **headers: str) -> None:
    """It is a page of that error, in the browser's language, with what a browser has to be told."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), answer.text
    assert '<html lang="he" dir="rtl"' in answer.text
    assert code in answer.text
    for name, value in headers.items():
        assert answer.headers[name.replace("_", "-")] == value
    assert answer.headers["content-security-policy"] == PAGE_POLICY
    assert answer.headers["cache-control"] == ALWAYS["cache-control"]


def test_what_is_refused_before_any_page_is_a_page_too(sqlite_service: Service, monkeypatch: Any) -> None:
    """A form that is too long or another site's, a log-in too many, a wrong method, a lost store of sessions: each a
    page with the headers of its answer; a program has its JSON as ever."""
    client = browser(sqlite_service)
    form = {"email": "x" * MOST_FORM_BYTES}
    is_page(client.post("/login", data=form), 413, TOO_LARGE.code, connection="close")
    assert client.post("/login", data=form, headers={"Accept": "*/*"}).headers["content-type"] == MEDIA_TYPE
    is_page(client.post("/login", headers={"Origin": "https://evil.example"}), 403, "FC9207")
    is_page(client.put("/login"), 405, REQUEST_UNREADABLE.code, allow="GET")
    is_page(client.get("/nowhere"), 404, NOT_THERE.code)
    monkeypatch.setattr("firstcontact.doors.api.rate.SECRETS", Pace(0.5, SECRETS.per_second))
    is_page(client.post("/login", data={"email": "a@b.c"}), 429, TOO_MANY.code, retry_after="1")
    lost = browser(replace(sqlite_service, sessions=Broken()), Cookie="firstcontact=abc")  # type: ignore[arg-type]
    is_page(lost.get("/me"), 503, STORE_UNREACHABLE.code, retry_after="5")
    assert "<nav" not in lost.get("/me").text


def test_a_page_of_an_error_needs_no_store(sqlite_service: Service) -> None:
    """Where the accounts cannot be asked, it is written as the browser wishes, with the menu of who is logged in."""
    client = caller_of(replace(sqlite_service, accounts=Broken()))(Role.MANAGER)  # type: ignore[arg-type]
    client.headers.update(HTML)
    answer = client.get("/jobs/" + "0" * 32)
    is_page(answer, 404, NOT_THERE.code)
    assert "<nav" in answer.text


def test_pages_of_errors_are_not_drawn_where_everybody_waits(sqlite_service: Service) -> None:
    """Drawing one takes a thread, never the loop that serves everybody."""
    app = application(sqlite_service)
    drawn = app.state.in_words
    loops = []

    def watched(*told: Any) -> Any:
        try:
            loops.append(asyncio.get_running_loop())
        except RuntimeError:
            loops.append(None)
        return drawn(*told)

    app.state.in_words = watched
    client = TestClient(app, base_url=sqlite_service.settings.url, headers=HTML, follow_redirects=False)
    assert [client.get("/nowhere").status_code, client.get("/me").status_code] == [404, 303]
    client.post("/login", headers={"Origin": "https://evil.example"})
    assert loops == [None, None, None]


class Strict(BaseModel):
    """What a route fills in by itself."""

    word: str = Field(max_length=3)


def test_a_defect_is_a_page_and_says_nothing_of_what_was_sent(sqlite_service: Service) -> None:
    """A defect is said to be one. What a page hands on to the interface and the interface refuses is the sender's
    fault, said without quoting it."""
    app = application(sqlite_service)

    @app.get("/defect")
    @is_open
    def _defect() -> None:
        raise RuntimeError("secret")

    @app.get("/strict")
    @is_open
    def _strict() -> None:
        Strict(word="secret")

    client = TestClient(app, base_url=sqlite_service.settings.url, headers=HTML, raise_server_exceptions=False)
    is_page(client.get("/defect"), 500, INTERNAL.code)
    is_page(client.get("/strict"), 422, REQUEST_UNREADABLE.code)
    told = client.get("/strict", headers={"Accept": "*/*"})
    assert (told.status_code, told.json()["faults"][0]["allowed"]) == (422, "at most 3")
    assert "secret" not in told.text + client.get("/defect").text


def test_the_way_to_new_figures_is_the_page_itself(sqlite_service: Service) -> None:
    """The notice of new figures leads to the page with all that it was asked for; after a form that was refused, to
    the page that the form stands on, since the form's address cannot be looked at."""
    service = replace(sqlite_service, passwords=CHEAP)
    made = account(service, Role.ADMINISTRATOR)
    client = browser(service)
    client.post("/login", data={"email": made.email, "password": WORDS})
    text = client.get("/audit?kind=account&said=x").text
    assert '<template id="live-text"><a href="/audit?kind=account">' in text
    assert "data-answers" not in text
    token = text.partition('name="csrf" value="')[2].partition('"')[0]
    refused = client.post("/me/choice", data={"csrf": token, "zone": "Nowhere/City"})
    assert refused.status_code == 422
    assert '<template id="live-text"><a href="/me">' in refused.text
    assert 'data-answers="/me"' in refused.text


def test_a_page_of_an_error_is_called_by_what_is_wrong(sqlite_service: Service) -> None:
    """Its title is its head, not a number."""
    text = browser(sqlite_service).get("/nowhere", headers={"Accept-Language": "en"}).text
    assert "<title>There is nothing here · firstcontact</title>" in text
    assert "<h1>There is nothing here</h1>" in text


def test_who_is_turned_away_is_told_who_may_and_who_gives_it(sqlite_service: Service) -> None:
    """In words, what it takes, which roles have it, one's own role, and what to do about it: who gives roles is led
    there, and whoever does not is told to ask."""
    english = {"Accept": "text/html", "Accept-Language": "en"}
    make = caller_of(sqlite_service)
    boss = make(Role.ADMINISTRATOR).get("/contacts", headers=english)
    agent = make(Role.AGENT, "North").get("/audit", headers=english)
    assert [boss.status_code, agent.status_code] == [403, 403]
    for word in ("a role that includes seeing contacts", ">Administrator<", ">Manager, Quality<", ">Team lead<"):
        assert word in boss.text, word
    assert 'href="/accounts">Users</a>' in boss.text.partition("<main")[2]
    for word in (
        "a role that includes seeing the audit",
        ">Agent<",
        ">Administrator<",
        "Administrators give roles. Ask",
    ):
        assert word in agent.text, word
    assert "/accounts" not in agent.text
    assert NOT_ALLOWED.code in boss.text
    assert "contacts:read" in boss.text


def test_every_permission_has_words_and_a_role() -> None:
    """Nothing is asked of visitors that the page cannot name, or that nobody could be given."""
    assert set(PERMISSIONS) == set(Permission)
    assert set(ROLES) == set(Role)
    assert len(set(PERMISSIONS.values())) == len(PERMISSIONS)
    writer = Writer(Notation(Locale.parse("en"), "UTC"), sentences("en"))
    assert [one for one in Permission if not any(holders(one, writer))] == []
