"""Every route that changes something leaves its event in the audit, by the name of who asked."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from starlette.routing import compile_path
from starlette.testclient import TestClient

from firstcontact.adapters.stores.sql import schema
from firstcontact.doors.api.app import create_app
from firstcontact.doors.api.permit import routes
from firstcontact.measurement.policy.preset import preset_text
from firstcontact.services.access import Permission, Role
from firstcontact.services.audit import Event
from firstcontact.services.service import Service
from firstcontact.services.session import Token
from tests.web.page_forms import form
from tests.web.test_accounts_api import CHEAP, WORDS, account, log_in
from tests.web.test_imports import MAPPING, drain, rows
from tests.web.test_privacy import database_of

NOT_NOTED = {
    "POST /api/v1/contacts": "what arrives is numbered, and says itself where it came from",
    "POST /api/v1/contacts/one": "likewise",
    "POST /api/v1/contacts/stream": "likewise",
    "POST /api/v1/records/{table}": "likewise",
    "POST /api/v1/records/{table}/stream": "likewise",
    "POST /api/v1/hooks/{source_id}": "likewise",
    "PATCH /api/v1/imports/{import_id}": "a part of a file whose beginning and end are noted",
    "POST /api/v1/imports/{import_id}/preview": "looks at a file and changes nothing",
    "POST /api/v1/subscriptions/{subscription_id}/ping": "sends a greeting and changes nothing",
}
"""Routes that are no GET and need no event, each with the reason."""

ELSEWHERE = {
    "POST /api/v1/deliveries/{delivery_id}/redeliver",
    "POST /api/v1/identity-proposals/{proposal_id}/accept",
    "POST /api/v1/identity-proposals/{proposal_id}/decline",
    "DELETE /api/v1/linkage-audit",  # both need a measurement (test_page_quality_audit)
    "POST /api/v1/linkage-audit",
}
"""Need a state that their own tests bring about."""


PAGES_NOT_NOTED = {
    "POST /imports/{import_id}/preview": "looks at a file and changes nothing",
    "POST /me/toured": "is kept by the browser alone",
    "POST /settings/outgoing/{subscription_id}/ping": "sends a greeting and changes nothing",
}
"""Forms that need no event, each with the reason."""

PAGES_ELSEWHERE = {
    "POST /contacts/views",  # they stand beside contacts of a measurement; the same functions as /api/v1/views
    "POST /contacts/views/{view_id}",
    "POST /contacts/views/{view_id}/drop",
    "POST /customers/proposals/{proposal_id}/accept",  # wait for a match; the same functions as under /api/v1
    "POST /customers/proposals/{proposal_id}/decline",
    "POST /login",  # of who is not known yet: test_accounts_api and test_pages
    "POST /password",
    "POST /settings/outgoing/deliveries/{delivery_id}/again",  # needs one that ended (test_page_webhooks)
    "POST /quality/linkage-audit",  # need a measurement (test_page_quality_audit)
    "POST /quality/linkage-audit/remove",
}
"""Forms that need a state which their own tests bring about."""

NO_CHANGE = {"audit_event", "session", "attempt", "sequence", "webhook_seen", "form_sent"}
"""Tables that are written to by whoever merely asks."""


class Walk:
    """Asks one route after another, and sees that each leaves an event by who asked."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.walked: set[str] = set()
        app = create_app(service)
        self.rules = [rule for rule in routes(app) if rule.method not in {"GET", "HEAD"}]
        self.people: dict[Role, tuple[TestClient, str]] = {}
        for role in (Role.ADMINISTRATOR, Role.QUALITY):
            made = account(service, role)
            client = TestClient(app, base_url=service.settings.url)
            log_in(client, made.email)
            self.people[role] = client, made.email

    def latest(self) -> Event | None:
        found = self.service.audit.page(limit=1)
        return found[0] if found else None

    def ask(self, method: str, path: str, role: Role = Role.ADMINISTRATOR, **more: Any) -> Any:
        """Ask, and see that it worked and was noted."""
        client, email = self.people[role]
        fitting = [one for one in self.rules if one.method == method and compile_path(one.path)[0].fullmatch(path)]
        rule = min(fitting, key=lambda one: one.path.count("{"))
        name = f"{method} {rule.path}"
        self.walked.add(name)
        alike = not path.startswith(("/api/", "/settings/"))  # a form changes by the function of a route
        if name not in NOT_NOTED and name not in PAGES_NOT_NOTED and not alike:
            self.ask_unnoted(client, method, path, **more)
        before = self.latest()
        answer = client.request(method, path, **more)
        assert answer.status_code < 400, f"{method} {path}: {answer.text}"
        after = self.latest()
        if name not in NOT_NOTED and name not in PAGES_NOT_NOTED:
            assert after is not None
            assert after != before, f"{name} leaves no event"
            assert after.actor == email, f"{name} is noted under {after.actor}"
        return answer

    def press(self, page: str, action: str, by: Role = Role.ADMINISTRATOR, **typed: Any) -> str:
        """Send a form of a page, with what it says as it stands but for what is typed; gives where it leads."""
        sent = form(self.people[by][0].get(page).text, action).fields | typed
        files = {"files": {"file": sent.pop("file")}} if "file" in sent else {}
        answer = self.ask("POST", action, by, data=sent, follow_redirects=False, **files)
        return str(answer.headers.get("location", "")).partition("?")[0]

    def ask_unnoted(self, client: TestClient, method: str, path: str, **more: Any) -> None:
        """Ask where no event can be written: then nothing is changed, for a change and its event are one."""
        database = database_of(self.service)
        kept = (table for table in schema.metadata.sorted_tables if table.name not in NO_CHANGE)
        tables = [table.name for table in kept]

        def rows_of_all() -> dict[str, list[str]]:
            with database.reading() as connection:
                return {
                    name: [str(row) for row in connection.execute(text(f'SELECT * FROM "{name}"'))] for name in tables
                }

        before = rows_of_all()
        with database.writing() as connection:
            connection.execute(
                text("CREATE TRIGGER no_event BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'no'); END")
            )
        try:
            with suppress(IntegrityError):
                client.request(method, path, **more)
        finally:
            with database.writing() as connection:
                connection.execute(text("DROP TRIGGER no_event"))
        after = rows_of_all()
        database.close()
        changed = {name for name in tables if before[name] != after[name]}
        assert not changed, f"{method} {path} changes {sorted(changed)} without an event"


@pytest.fixture
def walk(sqlite_service: Service) -> Walk:
    """Somebody who tries every route."""
    return Walk(replace(sqlite_service, passwords=CHEAP))


def test_every_change_leaves_an_event(walk: Walk) -> None:
    """Each route that changes something is tried once and noted; one that is neither tried nor excepted is a red
    build."""
    accounts(walk)
    policies(walk)
    imports(walk)
    customers(walk)
    outside(walk)
    views(walk)
    account_of_oneself(walk)
    all_of_them = {f"{rule.method} {rule.path}" for rule in walk.rules if rule.path.startswith("/api/")}
    assert all_of_them - walk.walked - ELSEWHERE - set(NOT_NOTED) == set()
    assert (ELSEWHERE | set(NOT_NOTED)) - all_of_them == set()


def accounts(walk: Walk) -> None:
    """Accounts are made, changed, given a code; their sessions and tokens are ended."""
    asked = {"email": "lee@example.org", "name": "Lee", "role": "quality"}
    made = walk.ask("POST", "/api/v1/accounts", json=asked)
    place = made.headers["location"]
    walk.ask("PATCH", place, json={"name": "L"}, headers={"If-Match": made.headers["etag"]})
    code = walk.ask("POST", f"{place}/code").json()["code"]
    lee = TestClient(create_app(walk.service), base_url=walk.service.settings.url)
    assert lee.post("/api/v1/password", json={"code": code, "new": WORDS}).status_code == 204
    log_in(lee, "lee@example.org")
    noted = [one.action for one in walk.service.audit.page(actor="lee@example.org")]
    assert noted == ["session.open", "password.set"]
    walk.walked |= {"POST /api/v1/password", "POST /api/v1/session"}
    token = lee.post("/api/v1/tokens", json={"name": "x", "permissions": ["figures:read"]}).json()["id"]
    walk.ask("DELETE", f"{place}/tokens/{token}")
    walk.ask("DELETE", f"{place}/sessions")


def policies(walk: Walk) -> None:
    """Policies are drafted, changed, tried, published and dropped; jobs are asked for and cancelled; a setting too."""
    draft = {"toml": preset_text("repeat-7d")}
    for end in ("publish", "drop"):
        made = walk.ask("POST", "/api/v1/policies", json=draft)
        place = made.headers["location"]
        changed = walk.ask("PUT", place, json=draft | {"note": "n"}, headers={"If-Match": made.headers["etag"]})
        walk.ask("POST", f"{place}/try")
        walk.ask("POST", f"{place}/{end}", headers={"If-Match": changed.headers["etag"]})
    job = walk.ask("POST", "/api/v1/jobs", json={"kind": "measure"}).json()["id"]
    walk.ask("POST", f"/api/v1/jobs/{job}/cancel")
    walk.ask("PUT", "/api/v1/settings/redaction", json={}, headers={"If-Match": '"0"'})


def imports(walk: Walk) -> None:
    """A file is taken in, understood, undone; another is cancelled; a mapping is saved and dropped."""
    data = rows(5)
    for end in ("undo", "cancel"):
        asked = {"name": "a.csv", "size": len(data), "source": "pbx"}
        place = f"/api/v1/imports/{walk.ask('POST', '/api/v1/imports', json=asked).json()['id']}"
        if end == "undo":
            walk.ask("PATCH", place, content=data, headers={"Upload-Offset": "0"})
            walk.ask("POST", f"{place}/preview", json={"mapping": MAPPING})
            drain(walk.service)
            walk.ask("POST", f"{place}/start")
            drain(walk.service)
        walk.ask("POST", f"{place}/{end}")
    walk.ask("PUT", "/api/v1/mappings/pbx", json=MAPPING)
    walk.ask("DELETE", "/api/v1/mappings/pbx")


def customers(walk: Walk) -> None:
    """Customers are looked up, joined, split, given out and erased; what was set aside is mended or discarded."""
    start = "2026-01-05T09:00:00Z"
    sent = [{"contact_id": f"c{n}", "started_at": start, "customer_id": f"p{n % 3}"} for n in range(4)]
    walk.ask("POST", "/api/v1/contacts", json=[*sent, {"contact_id": "x1"}, {"contact_id": "x2"}])
    drain(walk.service)
    named = [{"source": "api", "contact_id": one["contact_id"]} for one in sent]
    walk.ask("POST", "/api/v1/people/look-up", Role.QUALITY, json={"contact": named[0]})
    merged = walk.ask("POST", "/api/v1/people/merge", Role.QUALITY, json={"contacts": named[:2]}).json()["id"]
    walk.ask("POST", f"/api/v1/identity-decisions/{merged}/undo", Role.QUALITY)
    walk.ask("POST", "/api/v1/people/split", Role.QUALITY, json={"contacts": named[:1]})
    quality, _ = walk.people[Role.QUALITY]
    for aside, end, body in zip(
        quality.get("/api/v1/quarantine").json()["items"],
        ("replay", "discard"),
        ({"item": {"contact_id": "x", "started_at": start}}, None),
        strict=True,
    ):
        walk.ask("POST", f"/api/v1/quarantine/{aside['id']}/{end}", Role.QUALITY, json=body)
    walk.ask("POST", "/api/v1/quarantine/replay", Role.QUALITY, json={"look": True})
    for what in ("find", "export", "erase"):
        walk.ask("POST", f"/api/v1/subjects/{what}", json={"kind": "customer", "value": "p2"})


def outside(walk: Walk) -> None:
    """Addresses for other programs are made, changed and ended."""
    hook = walk.ask("POST", "/api/v1/webhook-sources", json={"source": "pbx"}).json()["id"]
    walk.ask("POST", f"/api/v1/webhook-sources/{hook}/disable")
    asked = {"url": "https://93.184.215.14/hook", "events": ["run.finished"]}
    place = f"/api/v1/subscriptions/{walk.ask('POST', '/api/v1/subscriptions', json=asked).json()['id']}"
    walk.ask("PATCH", place, json={"disabled": True})
    walk.ask("DELETE", place)


def views(walk: Walk) -> None:
    """A view of contacts is saved, changed and dropped."""
    made = walk.ask("POST", "/api/v1/views", Role.QUALITY, json={"name": "v"})
    place = made.headers["location"]
    walk.ask("PUT", place, Role.QUALITY, json={"name": "w"}, headers={"If-Match": made.headers["etag"]})
    walk.ask("DELETE", place, Role.QUALITY, headers={"If-Match": '"2"'})


def account_of_oneself(walk: Walk) -> None:
    """One chooses a language, makes and ends tokens and sessions, changes the password, and logs out."""
    client, email = walk.people[Role.ADMINISTRATOR]
    walk.ask("PATCH", "/api/v1/me", json={"language": "he"})
    token = walk.ask("POST", "/api/v1/tokens", json={"name": "x", "permissions": ["figures:read"]}).json()["id"]
    walk.ask("DELETE", f"/api/v1/tokens/{token}")
    other = TestClient(create_app(walk.service), base_url=walk.service.settings.url)
    log_in(other, email)
    there = next(one["id"] for one in client.get("/api/v1/me/sessions").json() if not one["present"])
    walk.ask("DELETE", f"/api/v1/me/sessions/{there}")
    walk.ask("POST", "/api/v1/me/password", json={"current": WORDS, "new": "nine loud red kettles"})
    walk.ask("DELETE", "/api/v1/session")


def test_every_form_leaves_an_event(walk: Walk) -> None:
    """Likewise each form of the pages: by pages alone all is done that the routes do, and noted as well."""
    users(walk)
    drafts(walk)
    files(walk)
    people(walk)
    programs(walk)
    asked_for(walk)
    oneself(walk)
    forms = {f"{rule.method} {rule.path}" for rule in walk.rules if not rule.path.startswith("/api/")}
    assert forms - walk.walked - PAGES_ELSEWHERE == set()
    assert (PAGES_ELSEWHERE | set(PAGES_NOT_NOTED)) - forms == set()


def users(walk: Walk) -> None:
    """An account is made, changed, given a code; its sessions and tokens are ended."""
    place = walk.press("/accounts", "/accounts", email="lee@example.org", name="Lee", role="quality")
    walk.press(place, place, name="L")
    walk.press(place, f"{place}/code")
    other = account(walk.service, Role.AGENT)
    place = f"/accounts/{other.id}"
    log_in(TestClient(create_app(walk.service), base_url=walk.service.settings.url), other.email)
    walk.press(place, f"{place}/sessions/end")
    event = Event("x", "token.add", walk.service.now())
    held = frozenset({Permission.READ_SELF})
    token = Token("7" * 32, "x", other.id, held, walk.service.now(), None)
    walk.service.sessions.add_token(token, "h", event)
    walk.press(place, f"{place}/tokens/{token.id}/end")


def drafts(walk: Walk) -> None:
    """Policies are drafted, changed, tried, published and dropped; jobs are asked for and cancelled; settings too."""
    for end in ("publish", "drop"):
        place = walk.press("/policy/new", "/policy/new", toml=preset_text("repeat-7d"))
        walk.press(place, place, note="n")
        walk.press(place, f"{place}/try")
        walk.press(f"{place}/publish" if end == "publish" else place, f"{place}/{end}")
    place = walk.press("/jobs", "/jobs")
    walk.press(place, f"{place}/cancel")
    for name in ("measurement", "redaction", "retention", "webhooks"):
        walk.press("/settings", f"/settings/{name}")


def files(walk: Walk) -> None:
    """A file is brought, looked into again, taken in and taken back; another is cancelled; a mapping is kept."""
    for end in ("undo", "cancel"):
        place = walk.press("/imports/new", "/imports/new", source="pbx", file=("a.csv", rows(5)))
        drain(walk.service)
        if end == "undo":
            walk.press(place, f"{place}/mapping", name="pbx")
            walk.ask("POST", f"{place}/preview", data={"way": "guess"}, follow_redirects=False)
            drain(walk.service)
            walk.press(place, f"{place}/start")
            drain(walk.service)
        walk.press(f"{place}/undo" if end == "undo" else place, f"{place}/{end}")


def people(walk: Walk) -> None:
    """Customers are looked up, joined, split, and that is taken back; what was set aside is mended or discarded."""
    start = "2026-01-05T09:00:00Z"
    sent = [{"contact_id": f"c{n}", "started_at": start, "customer_id": f"p{n // 2}"} for n in range(4)]
    client, _ = walk.people[Role.ADMINISTRATOR]
    strange = {"contact_id": "x3", "started_at": start, "mood": "x"}
    client.post("/api/v1/contacts", json=[*sent, {"contact_id": "x1"}, {"contact_id": "x2"}, strange])
    drain(walk.service)
    role = Role.QUALITY
    pages = [walk.press("/customers", "/customers", role, kind="customer", value=value) for value in ("p0", "p1")]
    walk.press(pages[0], "/customers/merge", role, other=pages[1].rpartition("/")[2], note="n")
    drain(walk.service)
    decided = f"/customers/decisions/{walk.service.identities.decisions(before=None, limit=1)[0].id}/undo"
    walk.press("/customers/proposals", decided, role)
    drain(walk.service)
    place = walk.press("/customers", "/customers", role, kind="customer", value="p0")
    contact = re.findall(r'name="contact"[^>]* value="([^"]+)"', walk.people[role][0].get(place).text)[0]
    walk.press(place, "/customers/split", role, contact=contact, note="n")
    look = walk.press("/quality/aside/many", "/quality/aside/many", role, column="mood", way="drop")
    drain(walk.service)
    walk.press(look, look, role)
    drain(walk.service)
    found = re.findall(r"/quality/aside/\d+", walk.people[role][0].get("/quality/aside").text)
    for place, end in zip(dict.fromkeys(found), ("replay", "discard"), strict=True):
        item = {"item": json.dumps({"contact_id": "x", "started_at": start})} if end == "replay" else {}
        walk.press(place, f"{place}/{end}", role, **item)


def programs(walk: Walk) -> None:
    """Another program is told things, tried, changed, left to rest, and removed."""
    place = "/settings/outgoing"
    walk.press(place, place, url="https://93.184.215.14/hook", events="run.finished")
    place = f"{place}/{walk.service.subscriptions.page(before=None, limit=1)[0].id}"
    for action in (f"{place}/ping", f"{place}/rest", f"{place}/wake"):
        walk.press(place, action)
    walk.press(place, place, url="https://93.184.215.14/other", events="run.finished")
    walk.press(place, f"{place}/drop")


def asked_for(walk: Walk) -> None:
    """A person is looked for, given what is kept about them, and erased."""
    start = "2026-01-05T09:00:00Z"
    client, _ = walk.people[Role.ADMINISTRATOR]
    client.post("/api/v1/contacts", json=[{"contact_id": "asked", "started_at": start, "customer_id": "asks"}])
    named = {"kind": "customer", "value": "asks"}
    walk.press("/settings/person", "/settings/person", **named)
    for what, more in (("give", {}), ("erase", {"count": "1"})):
        sent = form(client.get("/settings/person").text, "/settings/person").fields | named | more
        walk.ask("POST", f"/settings/person/{what}", data=sent, follow_redirects=False)


def oneself(walk: Walk) -> None:
    """One chooses a language, makes and ends tokens and sessions, changes the password, and logs out."""
    client, email = walk.people[Role.ADMINISTRATOR]
    walk.press("/me", "/me/choice", language="he")
    walk.press("/me", "/me/tokens", name="x", may="figures:read")
    (token,) = re.findall(r'action="(/me/tokens/\w+/end)"', client.get("/me").text)
    walk.press("/me", token)
    log_in(TestClient(create_app(walk.service), base_url=walk.service.settings.url), email)
    session = re.findall(r'action="(/me/sessions/\w+/end)"', client.get("/me").text)[0]
    walk.press("/me", session)
    walk.ask("POST", "/me/toured", follow_redirects=False)
    walk.press("/me", "/me/password", current=WORDS, new="nine loud red kettles")
    walk.press("/me", "/logout")
