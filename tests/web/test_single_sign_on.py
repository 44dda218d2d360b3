"""Single sign-on, against a provider that really runs and can be made to lie in every way that matters."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.testclient import TestClient

from firstcontact import bootstrap
from firstcontact.adapters.sign_on.oidc import OidcProvider
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.service_settings import read_settings
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from firstcontact.services.sign_on import SIGN_ON_FAILED
from tests.service_fixture import application
from tests.web.test_accounts_api import CHEAP, account

CLIENT, SECRET = "firstcontact", "a secret / of 100%25 & two: words + more"


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


class Provider:
    """A small OpenID Connect provider on loopback.

    Attributes:
        claims: What its next ID tokens say instead of the truth; a claim that is None is left out.
        forge: How its next ID tokens are signed instead of by its key.
        about: What it says of itself instead of the truth.
    """

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.codes: dict[str, dict[str, str]] = {}
        self.reset()
        handler = type("Handler", (_Handler,), {"provider": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def reset(self) -> None:
        """Be honest again."""
        self.claims: dict[str, Any] = {}
        self.about: dict[str, Any] = {}
        self.forge = ""
        self.email = "dana@example.org"
        self.subject = "7"

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def describe(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        } | self.about

    def authorise(self, asked: dict[str, str]) -> str:
        """What a person who is logged in there is sent back with."""
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer})}"

    def redeem(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """A code for tokens, once, to whom it was given."""
        user, _, password = base64.b64decode(authorization.partition(" ")[2]).decode().partition(":")
        asked = self.codes.pop(form["code"], None)
        if asked is None or (unquote_plus(user), unquote_plus(password)) != (CLIENT, SECRET):
            return None
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if encoded(digest) != asked["code_challenge"]:
            return None
        if form["redirect_uri"] != asked["redirect_uri"]:
            return None
        return {"access_token": "access", "token_type": "Bearer", "id_token": self._token(asked["nonce"])}

    def _token(self, nonce: str) -> str:
        half = hashlib.sha256(b"access").digest()[:16]
        said = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": CLIENT,
            "exp": int(time.time()) + 300,
            "iat": int(time.time()),
            "nonce": nonce,
            "email": self.email,
            "email_verified": True,
            "at_hash": encoded(half),
        } | self.claims
        said = {name: value for name, value in said.items() if value is not None}
        if self.forge == "none":
            parts = [{"alg": "none", "kid": "one"}, said]
            return ".".join(encoded(json.dumps(part).encode()) for part in parts) + "."
        if self.forge == "shared":  # the public key, which everybody has, taken for a shared secret
            # By hand: libraries refuse to sign with such a secret.
            parts = [{"alg": "HS256", "kid": "one"}, said]
            signed = ".".join(encoded(json.dumps(part).encode()) for part in parts)
            return f"{signed}.{encoded(hmac.digest(self.key.as_pem(private=False), signed.encode(), 'sha256'))}"
        if self.forge == "other":
            return jwt.encode({"alg": "RS256", "kid": "one"}, said, RSAKey.generate_key(2048, {"kid": "one"}))
        if self.forge == "text":
            return "no.token"
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, said, self.key)


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/authorize":
            self.send_response(302)
            self.send_header("Location", self.provider.authorise(dict(parse_qsl(parts.query))))
            self.end_headers()
        elif parts.path == "/keys":
            self._say(200, {"keys": [self.provider.key.as_dict(private=False), {"kty": "oct", "k": "AA"}]})
        elif parts.path == "/long":
            self._say(200, {"issuer": "x" * 3_000_000})
        elif parts.path.endswith("/.well-known/openid-configuration"):
            self._say(200, self.provider.describe())
        else:
            self._say(404, {})

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        found = self.provider.redeem(form, self.headers.get("Authorization", ""))
        self._say(200 if found else 400, found or {"error": "invalid_grant"})

    def _say(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    """A provider that runs on loopback."""
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def provider(running: Provider) -> Provider:
    """The same, honest."""
    running.reset()
    return running


@pytest.fixture
def served(sqlite_service: Service, provider: Provider) -> Service:
    """A service that is set up for the provider."""
    known = OidcProvider(provider.issuer, CLIENT, SECRET)
    return replace(sqlite_service, passwords=CHEAP, provider=known)


@pytest.fixture
def browser(served: Service) -> TestClient:
    """A browser that is not logged in and shows where it is sent."""
    return new_browser(served)


def new_browser(service: Service) -> TestClient:
    return TestClient(
        application(service),
        base_url=service.settings.url,
        headers={"Accept": "text/html"},
        follow_redirects=False,
        raise_server_exceptions=False,
    )


def set_out(client: TestClient, path: str = "/") -> str:
    """Go to the provider and be sent back.

    Returns:
        Where to.
    """
    there = client.get("/sso/start", params={"next": path})
    assert there.status_code == 303, there.text
    back = httpx.get(there.headers["location"], trust_env=False).headers["location"]
    assert back.startswith("http://127.0.0.1:8400/sso/callback?")
    return back


def dana(service: Service, **more: Any) -> Any:
    made = account(service, Role.MANAGER, **more)
    event = bootstrap_event(service, made.id)
    return service.accounts.change(made.id, {"email": "dana@example.org"}, event, edition=None)


def bootstrap_event(service: Service, object_id: str) -> Any:
    from firstcontact.services.audit import Event

    return Event("test", "account.change", service.now(), object=object_id)


def test_somebody_signs_on_and_is_known_by_who_they_are_there(
    browser: TestClient, served: Service, provider: Provider
) -> None:
    """The first time the verified address finds the account, afterwards the subject does, whatever the address; the
    browser comes to where it wanted to go."""
    made = dana(served)
    back = set_out(browser, "/?runs=1")
    said = browser.get(back)
    assert (said.status_code, said.headers["location"]) == (303, "/?runs=1")
    assert browser.get("/api/v1/me").json()["id"] == made.id
    found = served.accounts.find(made.id)
    assert found is not None
    assert found.subject == f"{provider.issuer} 7"
    provider.claims = {"email": "other@example.org"}
    again = new_browser(served)
    again.get(set_out(again))
    assert again.get("/api/v1/me").json()["id"] == made.id
    actions = [one.action for one in served.audit.page(limit=4)]
    assert actions == ["session.open", "session.open", "account.sign_on", "account.change"]


def test_a_code_and_a_state_are_worth_something_once_and_in_their_own_browser(
    browser: TestClient, served: Service
) -> None:
    """What somebody else's browser brings, what is brought twice, and what was never begun, log nobody in."""
    dana(served)
    back = set_out(browser)
    victim = new_browser(served)
    assert victim.get(back).status_code == 401  # an attacker's link, opened by somebody else
    set_out(victim)
    assert victim.get(back).status_code == 401  # likewise, while they sign on themselves
    assert victim.get("/api/v1/me").status_code == 401
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 401
    assert new_browser(served).get("/sso/callback").status_code == 401
    assert new_browser(served).get("/sso/callback?state=&code=").status_code == 401


LIES: list[tuple[dict[str, Any], str]] = [
    ({"nonce": "another"}, ""),
    ({"nonce": None}, ""),
    ({"aud": "another client"}, ""),
    ({"aud": ["another client", CLIENT]}, ""),
    ({"azp": "another client"}, ""),
    ({"iss": "http://127.0.0.1:1"}, ""),
    ({"exp": 1}, ""),
    ({"exp": None}, ""),
    ({"exp": "tomorrow"}, ""),
    ({"iat": int(time.time()) + 86_400}, ""),
    ({"sub": None}, ""),
    ({"sub": ""}, ""),
    ({"sub": 7}, ""),
    ({"sub": "dana\0"}, ""),
    ({"email": "dana@example.org\0"}, ""),
    ({"at_hash": "x"}, ""),
    ({"email_verified": False}, ""),
    ({"email_verified": "true"}, ""),
    ({"email_verified": None}, ""),
    ({"email": None}, ""),
    ({"email": ["dana@example.org"]}, ""),
    ({"email": "nobody@example.org"}, ""),
    ({}, "none"),
    ({}, "shared"),
    ({}, "other"),
    ({}, "text"),
]


def test_a_word_that_cannot_be_trusted_logs_nobody_in(browser: TestClient, served: Service, provider: Provider) -> None:
    """A token for somebody else, of another time, by another hand, or about an address that nobody has verified."""
    dana(served)
    for provider.claims, provider.forge in LIES:
        said = browser.get(set_out(browser))
        assert said.status_code == 401, (provider.claims, provider.forge)
        assert "Single sign-on did not work" in said.text
        assert browser.get("/api/v1/me").status_code == 401
    provider.reset()
    assert browser.get(set_out(browser)).status_code == 303


def test_an_account_that_belongs_to_somebody_else_there_or_is_disabled_is_not_given_out(
    browser: TestClient, served: Service, provider: Provider
) -> None:
    """Whoever gets an address that was another's at the provider does not get their account."""
    made = dana(served)
    browser.get(set_out(browser))
    provider.subject = "8"
    other = new_browser(served)
    assert other.get(set_out(other)).status_code == 401
    provider.subject = "7"
    served.accounts.change(made.id, {"disabled_at": served.now()}, bootstrap_event(served, made.id), edition=None)
    assert other.get(set_out(other)).status_code == 401


def test_addresses_may_be_trusted_where_a_provider_says_nothing_of_them(served: Service, provider: Provider) -> None:
    """Some providers never say that an address is verified; a setting trusts theirs, but not one called unverified."""
    dana(served)
    trusting = replace(served, provider=OidcProvider(provider.issuer, CLIENT, SECRET, trusts_email=True))
    browser = new_browser(trusting)
    for provider.claims in ({"email_verified": False}, {"email_verified": "true"}, {"email": None}):
        assert browser.get(set_out(browser)).status_code == 401
    provider.claims = {"email_verified": None}
    assert browser.get(set_out(browser)).status_code == 303


def test_keys_may_change(browser: TestClient, served: Service, provider: Provider, monkeypatch: Any) -> None:
    """A token by a key that is not known yet makes the provider's keys be asked for again."""
    dana(served)
    browser.get(set_out(browser))
    monkeypatch.setattr(provider, "key", RSAKey.generate_key(2048, {"kid": "two", "use": "sig"}))
    later = new_browser(served)
    assert later.get(set_out(later)).status_code == 401
    monkeypatch.setattr("firstcontact.adapters.sign_on.oidc.AGAIN_SECONDS", 0)
    assert later.get(set_out(later)).status_code == 303


def test_a_provider_that_is_not_who_it_should_be_is_not_asked(served: Service, provider: Provider) -> None:
    """Before anybody is sent there, what the provider says of itself must fit."""
    for provider.about in (
        {"issuer": "http://127.0.0.1:1"},
        {"authorization_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "ftp://127.0.0.1/"},
    ):
        fresh = replace(served, provider=OidcProvider(provider.issuer, CLIENT, SECRET))
        said = new_browser(fresh).get("/sso/start")
        assert (said.status_code, "location" in said.headers) == (401, False), provider.about


@pytest.mark.parametrize("place", ["http://127.0.0.1:9", "http://[", "/nowhere", "/long"])
def test_a_provider_that_does_not_answer_is_said_so(provider: Provider, place: str) -> None:
    """Nothing there, no address, another answer, and an answer without end: one error, and no waiting."""
    issuer = place if place.startswith("http") else provider.issuer + place
    known = OidcProvider(issuer, CLIENT)
    if place == "/long":
        provider.about = {"padding": "x" * 3_000_000}
    with pytest.raises(FirstcontactError) as failed:
        known.address(state="s", nonce="n", verifier="v", back="http://127.0.0.1:8400/sso/callback")
    assert failed.value.faults[0].kind is SIGN_ON_FAILED


def test_the_way_back_does_not_follow_the_request(browser: TestClient) -> None:
    """Where codes are sent is a setting; a Host header, or a next page elsewhere, changes nothing."""
    said = browser.get("/sso/start", params={"next": "https://evil.example"}, headers={"Host": "10.0.0.9:8400"})
    asked = parse_qs(urlsplit(said.headers["location"]).query)
    assert asked["redirect_uri"] == ["http://127.0.0.1:8400/sso/callback"]
    assert "evil" not in said.headers["location"]


def test_single_sign_on_is_set_up_by_settings(tmp_path: Any, provider: Provider) -> None:
    """With an issuer and a client the log-in page offers it; without, it is not there."""
    given = {"FIRSTCONTACT_DATA": str(tmp_path / "service")}
    without = bootstrap.open_service(read_settings(given))
    assert without.provider is None
    assert "/sso/start" not in new_browser(without).get("/login").text
    without.close()
    given |= {"FIRSTCONTACT_OIDC_ISSUER": provider.issuer, "FIRSTCONTACT_OIDC_CLIENT": CLIENT}
    given["FIRSTCONTACT_OIDC_EMAIL"] = "trusted"
    service = bootstrap.open_service(read_settings(given))
    assert service.settings.oidc_email == "trusted"
    assert 'href="/sso/start?next=/"' in new_browser(service).get("/login").text
    service.close()
