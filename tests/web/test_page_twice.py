"""Every form sent twice, as a double click, a reload and the back button do: the second time changes nothing more."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from firstcontact.adapters.stores.sql import schema
from firstcontact.doors.api.app import create_app
from firstcontact.doors.api.body import STREAMS
from firstcontact.doors.api.permit import routes
from firstcontact.doors.web import sent_once
from firstcontact.services.access import Role
from firstcontact.services.sent_form import digest_of, form_key
from firstcontact.services.service import Service
from firstcontact.services.session import csrf_of
from tests.web import test_every_change_is_noted as noted
from tests.web.page_forms import form
from tests.web.test_accounts_api import CHEAP, WORDS, account
from tests.web.test_privacy import database_of

MAY_CHANGE = {"session", "attempt", "sequence", "webhook_seen"}
"""What is written by whoever merely asks."""

LOOKS = {"/settings/person", "/settings/person/give"}
"""Forms that only show somebody's data, as often as they are sent; each look is noted."""

BEFORE_LOG_IN = {"/login", "/password"}
"""Forms of nobody yet: the first opens a session in the place of the browser's own, a code of the second works once."""


class Twice(noted.Walk):
    """Sends each form a second time, with the very same words, right after the first."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.changed: dict[str, set[str]] = {}

    def ask(self, method: str, path: str, role: Role = Role.ADMINISTRATOR, **more: Any) -> Any:
        """Ask twice; gives the first answer."""
        client, _ = self.people[role]
        answer = super().ask(method, path, role, **more)
        if method == "POST" and not path.startswith("/api/"):
            before = self.kept()
            again = client.request(method, path, **more)
            assert again.status_code < 500, path
            after = self.kept()
            noted_once_more = {"audit_event"} if path in LOOKS else set()
            if changed := {name for name in before if before[name] != after[name]} - noted_once_more:
                self.changed[path] = changed
        return answer

    def ask_unnoted(self, *_: Any, **__: Any) -> None:
        """Is the question of another test."""

    def kept(self) -> dict[str, list[str]]:
        """Everything that is kept, by table."""
        database = database_of(self.service)
        names = [table.name for table in schema.metadata.sorted_tables if table.name not in MAY_CHANGE]
        with database.reading() as connection:
            rows = {name: [str(row) for row in connection.execute(text(f'SELECT * FROM "{name}"'))] for name in names}
        database.close()
        return rows


@pytest.mark.parametrize(
    "part",
    [noted.users, noted.drafts, noted.files, noted.people, noted.programs, noted.asked_for, noted.oneself],
    ids=lambda part: part.__name__,
)
def test_a_form_sent_twice_changes_nothing_more(sqlite_service: Service, part: Any) -> None:
    """Whatever a form does, the same form sent again does it no second time, writes nothing, and never breaks."""
    twice = Twice(replace(sqlite_service, passwords=CHEAP))
    part(twice)
    assert twice.changed == {}


class Visitor:
    """A browser of an administrator."""

    def __init__(self, service: Service) -> None:
        self.account = account(service, Role.ADMINISTRATOR)
        self.client = TestClient(
            create_app(service), base_url=service.settings.url, headers={"Accept": "text/html"}, follow_redirects=False
        )
        self.client.post("/login", data={"email": self.account.email, "password": WORDS})

    def fields(self, page: str, action: str) -> dict[str, Any]:
        return dict(form(self.client.get(page).text, action).fields)

    def post(self, path: str, fields: dict[str, Any]) -> Any:
        return self.client.post(path, data=fields)


def test_every_form_is_behind_the_same_wall(served: Service) -> None:
    """Of every address that a form may go to, also one that a page will get: what was sent before is not done, but
    leads where it led. The exceptions are those before log-in, those that bring a cookie, and files, which see to it
    themselves."""
    one = Visitor(served)
    rules = {rule for rule in routes(one.client.app) if rule.method == "POST" and not rule.path.startswith("/api/")}
    excepted = sent_once.REPEATED | BEFORE_LOG_IN
    assert excepted <= {rule.path for rule in rules}
    csrf = one.fields("/me", "/logout")["csrf"][0]
    assert csrf == csrf_of(one.client.cookies[next(iter(one.client.cookies.keys()))])
    for rule in rules:
        if rule.path in excepted or (rule.endpoint is not None and rule.endpoint.__dict__.get(STREAMS)):
            continue
        path = re.sub(r"\{[^}]*\}", "1", rule.path)
        body = urlencode({"csrf": csrf, "once": form_key()}).encode()
        digest = digest_of(path, body)
        assert served.sent_forms.begin(digest, served.now())
        served.sent_forms.end(digest, "/where-it-led")
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = one.client.post(path, content=body, headers=kind)
        assert (answer.status_code, answer.headers.get("location")) == (303, "/where-it-led"), rule.path


def test_a_secret_is_made_once_and_the_second_time_says_so(served: Service) -> None:
    """The page that showed a token or a code, loaded anew, makes no other one, and says what to do."""
    one = Visitor(served)
    sent = one.fields("/me", "/me/tokens") | {"name": "loader", "may": ["figures:read"]}
    assert "<pre" in one.post("/me/tokens", sent).text
    again = one.client.get(one.post("/me/tokens", sent).headers["location"]).text
    assert "<pre" not in again
    assert "The token was shown then" in again
    assert len(served.sessions.tokens(one.account.id)) == 1
    other = account(served, Role.AGENT)
    path = f"/accounts/{other.id}/code"
    sent = one.fields(f"/accounts/{other.id}", path)
    code = re.findall(r"<pre[^>]*>([^<]+)</pre>", one.post(path, sent).text)[0]
    assert "The code was shown then" in one.client.get(one.post(path, sent).headers["location"]).text
    stranger = TestClient(create_app(served), base_url=served.settings.url)
    assert stranger.post("/api/v1/password", json={"code": code, "new": WORDS}).status_code == 204  # it still works


def test_another_form_is_no_second_time(served: Service) -> None:
    """What was typed otherwise, a page made anew, and what was refused before are done."""
    one = Visitor(served)
    sent = one.fields("/me", "/me/tokens") | {"name": "loader", "may": ["figures:read"]}
    assert one.post("/me/tokens", sent).status_code == 200
    assert one.post("/me/tokens", sent | {"name": "other"}).status_code == 200
    assert one.post("/me/tokens", one.fields("/me", "/me/tokens") | {"name": "loader", "may": ["figures:read"]})
    assert len(served.sessions.tokens(one.account.id)) == 3
    sent = one.fields("/accounts", "/accounts") | {"email": "none", "name": "N", "role": "agent"}
    assert [one.post("/accounts", sent).status_code for _ in range(2)] == [422, 422]
    assert one.post("/accounts", sent | {"email": "n@example.org"}).status_code == 303


def test_two_at_the_same_moment_are_one(served: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two clicks that arrive together one is done; the other waits for it, and gives up where it never ends."""
    one = Visitor(served)
    sent = one.fields("/me", "/me/tokens") | {"name": "loader", "may": ["figures:read"]}
    with ThreadPoolExecutor(4) as pool:
        codes = sorted(answer.status_code for answer in pool.map(lambda _: one.post("/me/tokens", sent), range(4)))
    assert codes == [200, 303, 303, 303]
    monkeypatch.setattr(sent_once, "_LOOKS", 1)
    sent = one.fields("/jobs", "/jobs")
    served.sent_forms.begin(digest_of("/jobs", urlencode(sent, doseq=True).encode()), served.now())
    assert one.post("/jobs", sent).status_code == 409
