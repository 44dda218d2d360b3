"""Logging in, accounts, tokens and the audit over HTTP, as a browser and as a program meet them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from firstcontact.services.access import NOT_ALLOWED, NOT_KNOWN, Permission, Role
from firstcontact.services.account import Account, add_account
from firstcontact.services.service import Service
from tests.service_fixture import application
from tests.web.shown import CHEAP

WORDS = "seven quiet green lamps"
Browser = Callable[..., TestClient]


@pytest.fixture
def browser(served: Service) -> Browser:
    """Gives browsers that are not logged in."""
    app = application(served)
    return lambda **more: TestClient(app, base_url=served.settings.url, raise_server_exceptions=False, **more)


def account(service: Service, role: Role = Role.ADMINISTRATOR, *teams: str, **more: Any) -> Account:
    return add_account(
        service.accounts,
        email=f"{role.value}{secrets.token_hex(4)}@example.org",
        name="Dana",
        role=role,
        teams=teams,
        password_hash=CHEAP.keep(WORDS),
        actor="test",
        now=service.now(),
        new_id=secrets.token_hex(16),
        **more,
    )


def log_in(client: TestClient, email: str, password: str = WORDS) -> dict[str, Any]:
    """Log in, and carry the session's token from now on."""
    said = client.post("/api/v1/session", json={"email": email, "password": password})
    assert said.status_code == 200, said.text
    client.headers["X-CSRF-Token"] = said.json()["csrf"]
    found: dict[str, Any] = said.json()
    return found


def test_logging_in_and_out(browser: Browser, served: Service) -> None:
    """A session begins with the right password and ends with logging out; without one nobody is known."""
    client = browser()
    assert client.get("/api/v1/me").json()["code"] == NOT_KNOWN.code
    assert client.get("/api/v1/me").headers["www-authenticate"] == "Bearer"
    made = account(served, Role.TEAM_LEAD, "North", agent_id="a7")
    assert client.post("/api/v1/session", json={"email": made.email, "password": "x"}).json()["code"] == "FC9203"
    said = log_in(client, made.email)
    assert said == client.get("/api/v1/me").json()
    assert (said["role"], said["teams"], said["agent_id"]) == ("team-lead", ["North"], "a7")
    assert said["permissions"]["contacts:read"] == "teams"
    assert "accounts:read" not in said["permissions"]
    assert client.delete("/api/v1/session").status_code == 204
    assert client.get("/api/v1/me").status_code == 401


def test_the_cookie_is_out_of_reach(browser: Browser, served: Service) -> None:
    """No script reads the session's cookie, no other site's form sends it, and over TLS no other host sets it."""
    made = account(served)
    said = browser().post("/api/v1/session", json={"email": made.email, "password": WORDS})
    flags = said.headers["set-cookie"].lower()
    assert flags.startswith("firstcontact=")
    assert all(flag in flags for flag in ("httponly", "samesite=lax", "path=/"))
    assert "domain" not in flags
    secure = replace(served, settings=replace(served.settings, public_url="https://fcr.example.org"))
    client = TestClient(application(secure), base_url="https://fcr.example.org")
    said = client.post("/api/v1/session", json={"email": made.email, "password": WORDS})
    flags = said.headers["set-cookie"].lower()
    assert flags.startswith("__host-firstcontact=")
    assert "secure" in flags
    assert "max-age=31536000" in said.headers["strict-transport-security"]
    assert client.get("/api/v1/me").status_code == 200


def test_a_session_given_by_somebody_else_is_not_taken_over(browser: Browser, served: Service) -> None:
    """Session fixation: whatever cookie the browser brought, logging in makes a new one, and the old one is void."""
    made = account(served)
    planted = "p" * 43
    client = browser()
    client.cookies.set("firstcontact", planted, domain="127.0.0.1", path="/")
    log_in(client, made.email)
    first = client.cookies["firstcontact"]
    assert first != planted
    log_in(client, made.email)
    assert client.cookies["firstcontact"] != first
    for cookie in (planted, first):
        assert browser(headers={"Cookie": f"firstcontact={cookie}"}).get("/api/v1/me").status_code == 401


def test_two_cookies_of_one_name_are_nobody(browser: Browser, served: Service) -> None:
    """A cookie set from a neighbouring host beside one's own makes nobody log in as its owner."""
    client = browser()
    log_in(client, account(served).email)
    mine = client.cookies["firstcontact"]
    twice = browser(headers={"Cookie": f"firstcontact={mine}; firstcontact={'p' * 43}"})
    assert twice.get("/api/v1/me").status_code == 401


def test_one_sees_and_ends_ones_own_sessions_only(browser: Browser, served: Service) -> None:
    """Sessions are listed and ended by their owner; somebody else's cannot be found."""
    made, other = account(served), account(served)
    here, there, elsewhere = browser(), browser(), browser()
    for client, who in ((here, made), (there, made), (elsewhere, other)):
        log_in(client, who.email)
    listed = here.get("/api/v1/me/sessions").json()
    assert [one["present"] for one in listed].count(True) == 1
    assert len(listed) == 2
    foreign = elsewhere.get("/api/v1/me/sessions").json()[0]["id"]
    assert here.delete(f"/api/v1/me/sessions/{foreign}").json()["code"] == "FC9302"
    theirs = next(one["id"] for one in listed if not one["present"])
    assert here.delete(f"/api/v1/me/sessions/{theirs}").status_code == 204
    assert there.get("/api/v1/me").status_code == 401
    assert elsewhere.get("/api/v1/me").status_code == 200


def test_a_password_is_changed_in_a_session(browser: Browser, served: Service) -> None:
    """One's own password is changed by knowing it; a new one must be hard to guess."""
    made = account(served)
    client = browser()
    log_in(client, made.email)
    for current, new, code in (("no", "nine loud red kettles", "FC9203"), (WORDS, "short", "FC9204")):
        said = client.post("/api/v1/me/password", json={"current": current, "new": new})
        assert said.json()["code"] == code
    said = client.post("/api/v1/me/password", json={"current": WORDS, "new": "nine loud red kettles"})
    assert said.status_code == 204
    assert client.get("/api/v1/me").status_code == 200
    log_in(browser(), made.email, "nine loud red kettles")


def test_one_chooses_name_language_and_zone(browser: Browser, served: Service) -> None:
    """What cannot be is refused all at once; role and teams are no matter of choice."""
    made = account(served, Role.AGENT)
    client = browser()
    log_in(client, made.email)
    wrong = client.patch("/api/v1/me", json={"name": "\u202e", "language": "<b>", "zone": "Moon/Base"}).json()
    assert [fault["where"] for fault in wrong["faults"]] == ["name", "language", "zone"]
    assert client.patch("/api/v1/me", json={"role": "administrator"}).status_code == 422
    assert client.patch("/api/v1/me", json={"language": "he", "zone": "Europe/Sofia"}).status_code == 200
    found = served.accounts.find(made.id)
    assert found is not None
    assert (found.language, found.zone, found.name) == ("he", "Europe/Sofia", "Dana")
    assert client.get("/api/v1/me").json()["name"] == "Dana"
    changed = client.patch("/api/v1/me", json={"name": "Maria"}).json()
    assert (changed["name"], changed["audited_as"]) == ("Maria", made.email)
    assert changed == client.get("/api/v1/me").json()


def test_an_administrator_makes_accounts_whose_owners_set_their_passwords(browser: Browser, served: Service) -> None:
    """An account, a code for its owner, a password set once, and the owner logs in."""
    admin, owner = browser(), browser()
    log_in(admin, account(served).email)
    said = admin.post(
        "/api/v1/accounts", json={"email": "Lee@Example.org", "name": "Lee", "role": "agent", "teams": ["North"]}
    )
    assert (said.status_code, said.headers["etag"]) == (201, '"1"')
    place = said.headers["location"]
    assert (
        admin.post("/api/v1/accounts", json={"email": "lee@example.org", "name": "L", "role": "agent"}).json()[
            "faults"
        ][0]["code"]
        == "FC9205"
    )
    code = admin.post(f"{place}/code").json()["code"]
    assert owner.post("/api/v1/password", json={"code": code, "new": "short"}).json()["code"] == "FC9204"
    assert owner.post("/api/v1/password", json={"code": code, "new": WORDS}).status_code == 204
    assert owner.post("/api/v1/password", json={"code": code, "new": WORDS}).json()["code"] == "FC9203"
    log_in(owner, "lee@example.org")
    listed = admin.get("/api/v1/accounts", params={"limit": 1}).json()
    more = admin.get("/api/v1/accounts", params={"limit": 1, "after": listed["next"]}).json()
    assert {one["email"] for one in listed["items"] + more["items"]} >= {"lee@example.org"}
    assert admin.delete(f"{place}/sessions").status_code == 204
    assert owner.get("/api/v1/me").status_code == 401


def test_an_invented_cursor_is_refused(caller: Any) -> None:
    """A cursor that no answer gave out is the caller's fault, on every list."""
    client = caller(Role.ADMINISTRATOR)
    for path in ("/api/v1/accounts", "/api/v1/audit"):
        for after in ("!", "eyJhIjoxfQ", "WzFd", "4pi6", "dHJ1ZQ", "Ilx1MDAwMCI", "LTE"):
            assert client.get(path, params={"after": after}).json()["code"] == "FC9301"
        assert client.get(path, params={"after": "bnVsbA"}).status_code == 200


def test_changes_of_an_account_name_the_edition_that_was_read(browser: Browser, served: Service) -> None:
    """Without If-Match a change is refused, with an old one too; the last administrator cannot step down."""
    admin = browser()
    boss = account(served)
    log_in(admin, boss.email)
    made = account(served, Role.AGENT)
    place = f"/api/v1/accounts/{made.id}"
    read = admin.get(place).headers["etag"]
    change = {"role": "team-lead", "teams": ["South", "North"], "name": None}
    assert admin.patch(place, json=change).json()["code"] == "FC9306"
    assert admin.patch(place, json=change).status_code == 428
    said = admin.patch(place, json=change, headers={"If-Match": read})
    assert (said.json()["teams"], said.json()["name"]) == (["North", "South"], "Dana")
    stale = admin.patch(place, json={"name": "Other"}, headers={"If-Match": read})
    assert (stale.status_code, stale.json()["code"]) == (412, "FC9307")
    assert admin.patch(place, json={"name": "O"}, headers={"If-Match": "*"}).status_code == 412
    same = admin.patch(place, json=change, headers={"If-Match": said.headers["etag"]})
    assert same.headers["etag"] == said.headers["etag"]
    off = admin.patch(place, json={"disabled": True, "agent_id": None}, headers={"If-Match": said.headers["etag"]})
    assert off.json()["disabled_at"].endswith("Z")
    on = admin.patch(place, json={"disabled": False}, headers={"If-Match": off.headers["etag"]})
    assert on.json()["disabled_at"] is None
    mine = f"/api/v1/accounts/{boss.id}"
    last = admin.patch(mine, json={"disabled": True}, headers={"If-Match": admin.get(mine).headers["etag"]})
    assert (last.status_code, last.json()["code"]) == (409, "FC9206")
    wrong = admin.patch(place, json={"email": "x", "teams": [""]}, headers={"If-Match": on.headers["etag"]}).json()
    assert [fault["where"] for fault in wrong["faults"]] == ["email", "teams"]
    assert admin.get("/api/v1/accounts/none").status_code == 404


def test_a_token_is_shown_once_and_limited(browser: Browser, served: Service) -> None:
    """A token does what it is limited to; it makes no tokens, sets no password, and is seen and ended by its owner and
    by administrators."""
    owner, program, admin = browser(), browser(), browser()
    made = account(served, Role.QUALITY)
    log_in(owner, made.email)
    log_in(admin, account(served).email)
    body = {"name": "reports", "permissions": ["figures:read", "tokens:own", "me:write"]}
    too_much = owner.post("/api/v1/tokens", json={"name": "x", "permissions": ["accounts:write"]})
    assert too_much.json()["code"] == NOT_ALLOWED.code
    assert owner.post("/api/v1/tokens", json={"name": "x", "permissions": ["everything"]}).status_code == 422
    said = owner.post("/api/v1/tokens", json=body).json()
    listed = owner.get("/api/v1/tokens").json()[0]
    assert [said[name] for name in ("created_at", "expires_at")] == [listed["created_at"], listed["expires_at"]]
    assert said["created_at"].endswith("Z")
    assert "+" not in said["created_at"]
    program.headers["Authorization"] = f"Bearer {said['token']}"
    who = program.get("/api/v1/me").json()
    assert (who["name"], who["audited_as"], who["csrf"]) == ("Dana", f"token:reports of {made.email}", None)
    assert set(who["permissions"]) == {"figures:read", "tokens:own", "me:write", "me:read"}
    assert program.get("/api/v1/accounts").json()["code"] == NOT_ALLOWED.code
    assert program.post("/api/v1/tokens", json=body).json()["code"] == NOT_ALLOWED.code
    change = {"current": WORDS, "new": "nine loud red kettles"}
    assert program.post("/api/v1/me/password", json=change).json()["code"] == NOT_ALLOWED.code
    assert [one["name"] for one in owner.get("/api/v1/tokens").json()] == ["reports"]
    assert said["token"] not in owner.get("/api/v1/tokens").text
    assert admin.delete(f"/api/v1/tokens/{said['id']}").status_code == 404
    place = f"/api/v1/accounts/{made.id}/tokens"
    assert admin.get(place).json()[0]["used_at"] is not None
    assert admin.delete(f"{place}/{'0' * 32}").status_code == 404
    assert admin.delete(f"{place}/{said['id']}").status_code == 204
    assert program.get("/api/v1/me").status_code == 401
    mine = owner.post("/api/v1/tokens", json={"name": "mine", "permissions": ["figures:read"], "days": None}).json()
    assert mine["expires_at"] is None
    assert owner.delete(f"/api/v1/tokens/{mine['id']}").status_code == 204


def test_an_administrator_reads_who_did_what(browser: Browser, served: Service) -> None:
    """The audit answers by actor, action and time, page by page, and says no secret."""
    admin = browser()
    boss = account(served)
    log_in(admin, boss.email)
    made = account(served, Role.AGENT)
    place = f"/api/v1/accounts/{made.id}"
    admin.patch(place, json={"role": "quality"}, headers={"If-Match": '"1"'})
    code = admin.post(f"{place}/code").json()["code"]
    said = admin.get("/api/v1/audit", params={"actor": boss.email}).json()
    assert [one["action"] for one in said["items"]] == ["password.reset", "account.change", "session.open"]
    assert said["items"][1]["detail"]["role"] == ["agent", "quality"]
    assert code not in admin.get("/api/v1/audit").text
    first = admin.get("/api/v1/audit", params={"limit": 2}).json()
    rest = admin.get("/api/v1/audit", params={"limit": 500, "after": first["next"]}).json()
    assert len({one["id"] for one in first["items"] + rest["items"]}) == 5
    assert rest["next"] is None
    late = admin.get("/api/v1/audit", params={"since": "2100-01-01T00:00:00Z"}).json()
    assert late["items"] == []
    assert admin.get("/api/v1/audit", params={"since": "2100-01-01T00:00:00"}).status_code == 422


def test_what_a_program_may_not_see_it_cannot_tell_from_what_is_not_there(caller: Any) -> None:
    """One's own token or session and another's that exists are told apart by nobody else."""
    client = caller(Role.QUALITY)
    assert client.delete(f"/api/v1/tokens/{'0' * 32}").status_code == 404
    assert client.patch("/api/v1/me", json={"name": "X"}).status_code == 404
    assert set(client.get("/api/v1/me").json()["permissions"]) >= {Permission.JOIN_PEOPLE.value}
