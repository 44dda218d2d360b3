"""What no honest program sends is refused before anything reads it, and no answer lets a browser be misused."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import anyio.to_thread
import pytest
from starlette.testclient import TestClient

from firstcontact.adapters.stores.sql.database import Database, sqlite_url
from firstcontact.doors.api.app import ROUTERS, THREADS, create_app
from firstcontact.doors.api.body import (
    DEEPEST,
    MOST_BYTES,
    MOST_FORM_BYTES,
    MOST_OWN_FORM_BYTES,
    MOST_UNKNOWN_BYTES,
)
from firstcontact.doors.api.origin import FOREIGN, HOST_UNKNOWN
from firstcontact.doors.api.permit import is_open
from firstcontact.doors.api.problem import REQUEST_UNREADABLE, TOO_LARGE, TOO_MANY
from firstcontact.doors.api.rate import COSTLY, MOST_BUCKETS, TAKES_PASSWORDS, Buckets, Pace, Rate, client_address
from firstcontact.doors.api.response_headers import ALWAYS
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import application, caller_of
from tests.web.test_accounts_api import account, log_in

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def nobody(served: Service) -> TestClient:
    """A browser that is not logged in."""
    return TestClient(application(served), base_url=served.settings.url, raise_server_exceptions=False)


@pytest.fixture
def dana(served: Service, nobody: TestClient) -> TestClient:
    """A browser in which an administrator is logged in."""
    log_in(nobody, account(served).email)
    return nobody


def test_a_request_is_no_larger_than_is_allowed(served: Service, nobody: TestClient) -> None:
    """Declared or not, a body that is too long is refused, from nobody sooner than from somebody known."""
    known = caller_of(served)(Role.ADMINISTRATOR)

    def chunks(length: int) -> Iterator[bytes]:
        for _ in range(0, length, 2**16):
            yield b"x" * 2**16

    for client, most, kind in (
        (nobody, MOST_UNKNOWN_BYTES, "application/json"),
        (known, MOST_BYTES, "application/json"),
        (nobody, MOST_FORM_BYTES, "application/x-www-form-urlencoded"),
        (known, MOST_OWN_FORM_BYTES, "application/x-www-form-urlencoded"),
    ):
        for content in (b"x" * (most + 1), chunks(most + 2**17)):
            said = client.post("/api/v1/session", content=content, headers={"Content-Type": kind})
            assert (said.status_code, said.json()["code"]) == (413, TOO_LARGE.code)
        said = client.post("/api/v1/session", content=b"x" * most, headers={"Content-Type": kind})
        assert said.json()["code"] == REQUEST_UNREADABLE.code


def test_json_that_two_readers_may_read_differently_is_refused(nobody: TestClient) -> None:
    """Names that stand twice, values nested without end, NaN, numbers without end, and what is no JSON."""
    for body in (
        b'{"email": "a@b", "password": "x", "password": "y"}',
        b'[{"a": {"b": 1, "b": 2}}]',
        b"[" * 100_000,
        b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1),
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"email": NaN}',
        b'{"email": ' + b"9" * 5_000 + b"}",
        b"{",
        b'"\xff"',
        b'\xff\xfe[\x00]\x00"',
    ):
        said = nobody.post("/api/v1/session", content=body, headers=JSON)
        assert (said.status_code, said.json()["code"]) == (422, REQUEST_UNREADABLE.code), body[:40]


def test_brackets_within_texts_are_not_nesting(served: Service) -> None:
    """A contact whose text is full of brackets is as good as any."""
    sent = [{"contact_id": str(n), "started_at": "2026-01-05T09:00:00Z", "text": '[{"\\' * 40} for n in range(3)]
    said = caller_of(served)(Role.ADMINISTRATOR).post("/api/v1/contacts", content=json.dumps(sent), headers=JSON)
    assert said.json()["outcomes"] == ["stored"] * 3


def test_nul_is_refused_wherever_it_stands(dana: TestClient) -> None:
    """What a database cannot hold never reaches one."""
    for path in ("/api/v1/me%00", "/api/v1/audit?actor=%00", "/api/v1/accounts/%00"):
        assert dana.get(path).json()["code"] == REQUEST_UNREADABLE.code


def test_every_answer_forbids_what_browsers_could_be_made_to_do(
    dana: TestClient, served: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No script, no frame, no guessing of types, nothing kept: also where there is nothing, and after a defect."""
    monkeypatch.setattr(type(served.audit), "page", lambda *_, **__: 1 / 0)
    for path, status in (("/api/v1/me", 200), ("/none", 404), ("/api/v1/audit", 500), ("/api/v1/audit?limit=0", 422)):
        said = dana.get(path)
        assert said.status_code == status
        assert {name: said.headers.get(name) for name in ALWAYS} == ALWAYS
    assert "'unsafe" not in ALWAYS["content-security-policy"]
    assert "script-src" not in ALWAYS["content-security-policy"]


def test_only_ones_own_pages_change_anything(dana: TestClient, served: Service) -> None:
    """A change without the session's token is refused, with another session's too, and one from another site."""
    token = dana.headers.pop("X-CSRF-Token")
    other = TestClient(application(served), base_url=served.settings.url)
    log_in(other, account(served).email)
    foreign = other.headers["X-CSRF-Token"]

    def change(**headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return dana.patch("/api/v1/me", json={"name": "Eve"}, headers=named)

    for headers in (
        {},
        {"X_CSRF_Token": foreign},
        {"X_CSRF_Token": ""},
        {"X_CSRF_Token": token, "Origin": "https://evil.example"},
        {"X_CSRF_Token": token, "Origin": "null"},
        {"X_CSRF_Token": token, "Origin": "http://[broken"},
        {"X_CSRF_Token": token, "Sec_Fetch_Site": "cross-site"},
        {"X_CSRF_Token": token, "Sec_Fetch_Site": "same-site"},
    ):
        said = change(**headers)
        assert (said.status_code, said.json()["code"]) == (403, FOREIGN.code), headers
    assert change(X_CSRF_Token=token).status_code == 200
    assert change(X_CSRF_Token=token, Origin=served.settings.url, Sec_Fetch_Site="same-origin").status_code == 200
    assert dana.get("/api/v1/me", headers={"Origin": "https://evil.example"}).status_code == 200


def test_nobody_is_logged_in_by_another_sites_page(nobody: TestClient, served: Service) -> None:
    """A foreign page cannot log a browser in as somebody else, so that what is entered later would be theirs."""
    asked = {"email": account(served).email, "password": "seven quiet green lamps"}
    said = nobody.post("/api/v1/session", json=asked, headers={"Origin": "https://evil.example"})
    assert said.json()["code"] == FOREIGN.code
    assert "set-cookie" not in said.headers


def test_the_service_answers_to_its_own_name_and_addresses_only(nobody: TestClient) -> None:
    """A name that somebody else made point here is refused: pages of that name could ask as if they were ours. Probes
    call it by its address, which no other site can borrow."""
    for host in ("evil.example", "evil.example:8400", "user@127.0.0.1", "127.0.0.1:x", "a b", ""):
        said = nobody.get("/health", headers={"Host": host})
        assert (said.status_code, said.json()["code"]) == (421, HOST_UNKNOWN.code), host
        assert "evil" not in said.text
    for host in ("localhost:8400", "127.0.0.1", "[::1]:8400", "10.1.2.3:8400"):
        assert nobody.get("/health", headers={"Host": host}).status_code == 200, host


def test_a_public_name_is_the_only_name(served: Service) -> None:
    """With FIRSTCONTACT_URL the origin of pages is that one, exactly."""
    named = replace(served, settings=replace(served.settings, public_url="https://fcr.example.org", host="0.0.0.0"))
    client = TestClient(create_app(named), base_url="https://fcr.example.org", raise_server_exceptions=False)
    log_in(client, account(named).email)
    for origin, status in (
        ("https://fcr.example.org", 200),
        ("http://fcr.example.org", 403),
        ("https://fcr.example.org.evil.example", 403),
        ("https://fcr.example.org:444", 403),
    ):
        assert client.patch("/api/v1/me", json={"name": "D"}, headers={"Origin": origin}).status_code == status
    assert client.get("/health", headers={"Host": "other.example.org"}).status_code == 421


def test_guessing_from_one_place_is_slowed_down(nobody: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many tries from one address the answer is when to come again, whatever accounts were tried."""
    monkeypatch.setattr("firstcontact.doors.api.rate.SECRETS", Pace(10, 0.01))  # fills too slowly to matter here
    for guess in range(10):
        assert nobody.post("/api/v1/password", json={"code": str(guess), "new": "x"}).status_code == 401
    late = nobody.post("/api/v1/session", json={"email": "a@b.example", "password": "x"})
    assert (late.status_code, late.json()["code"]) == (429, TOO_MANY.code)
    assert 90 <= int(late.headers["retry-after"]) <= 100
    assert nobody.get("/health").status_code == 200


def test_a_bucket_fills_steadily() -> None:
    """So many at once, then one each time so long; one caller does not take from another, and few are remembered."""
    seconds = [0.0]
    buckets = Buckets(lambda: seconds[0])
    pace = Pace(3, 0.5)
    assert [buckets.take("a", pace) for _ in range(4)] == [0, 0, 0, 2]
    assert buckets.take("b", pace) == 0
    seconds[0] = 2.0
    assert [buckets.take("a", pace) for _ in range(2)] == [0, 2]
    for n in range(MOST_BUCKETS):
        buckets.take(str(n), pace)
    assert buckets.take("a", pace) == 0


def test_log_ins_take_no_thread_from_who_asks_something_else() -> None:
    """Thirty at once: three are worked on, the others wait outside the threads; reads and health are answered."""
    at_once: list[int] = []
    inside = 0

    async def slow(scope: Any, _receive: Any, send: Any) -> None:
        nonlocal inside
        if scope["path"] == "/api/v1/session":
            inside += 1
            at_once.append(inside)
            await asyncio.sleep(0.02)
            inside -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    rate = Rate(slow)

    async def ask(method: str, path: str) -> float:
        began = time.monotonic()
        scope = {"type": "http", "method": method, "path": path, "headers": [], "client": ("10.0.0.1", 1)}

        async def nothing(_message: Any = None) -> Any:
            return None

        await rate(scope, nothing, nothing)
        return time.monotonic() - began

    async def all_at_once() -> list[float]:
        log_ins = [ask("POST", "/api/v1/session") for _ in range(30)]
        return list(await asyncio.gather(*log_ins, ask("GET", "/health")))[-1:]

    (health,) = asyncio.run(all_at_once())
    assert max(at_once) == COSTLY
    assert health < 0.02 * 5
    routes: list[Any] = [route for router in ROUTERS for route in router.routes]
    assert {(method, route.path) for route in routes for method in route.methods} >= TAKES_PASSWORDS


def test_requests_wait_for_threads_and_not_for_connections(service: Service) -> None:
    """A process works on fewer requests at once than its store has connections, on either database."""
    settings = service.settings
    database = Database(settings.database or sqlite_url(settings.data / "store.sqlite3"))
    pool: Any = database.engine.pool
    assert pool.size() + pool._max_overflow > THREADS
    database.close()
    told: list[float] = []
    app = create_app(service)

    @app.get("/threads")
    @is_open
    async def threads() -> None:
        told.append(anyio.to_thread.current_default_thread_limiter().total_tokens)

    with TestClient(app, base_url=settings.url) as client:
        client.get("/threads")
    assert told == [THREADS]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("10.0.0.1", "10.0.0.2", False),
    ],
)
def test_a_network_of_one_subscriber_is_one_place(one: str, other: str, same: bool) -> None:
    """Whoever has 2^64 addresses of IPv6 has one bucket, and counts once against an account's lock."""
    places = [client_address({"type": "http", "client": (each, 1), "headers": []}, 0) for each in (one, other)]
    assert (places[0] == places[1]) is same


@pytest.mark.parametrize(
    ("proxies", "address"), [(0, "10.0.0.1"), (1, "198.51.100.7"), (2, "203.0.113.9"), (3, "6.6.6.6"), (4, "10.0.0.1")]
)
def test_an_address_is_believed_as_far_as_ones_own_proxies_tell_it(proxies: int, address: str) -> None:
    """What a caller writes into X-Forwarded-For itself does not give it a bucket of its own."""
    told = [(b"x-forwarded-for", b"6.6.6.6, 203.0.113.9"), (b"x-forwarded-for", b"198.51.100.7")]
    assert client_address({"type": "http", "client": ("10.0.0.1", 1), "headers": told}, proxies) == address
