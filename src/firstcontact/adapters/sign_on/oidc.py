"""OpenID Connect: discovery, the code flow with PKCE, and an ID token that is checked in every part."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode, urlsplit

from firstcontact.kernel.sentence import clause
from firstcontact.services.sign_on import Identity, sign_on_failed

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

ALGORITHMS = ["RS256", "PS256", "ES256"]
"""Signatures by a private key. `none` and shared secrets are never taken, whatever a token's head says."""

LEEWAY_SECONDS = 60
"""How far the provider's clock may be off."""

TIMEOUT_SECONDS = 5
KEPT_SECONDS = 3600
"""How long what the provider says of itself is believed without asking again."""

AGAIN_SECONDS = 30
"""How soon keys are asked for again at the earliest, when a token is signed by one that is not known."""

MOST_BYTES = 2**20


class OidcProvider:
    """A provider that speaks OpenID Connect.

    Args:
        issuer: Its address, exactly as its tokens name it.
        client: Our id there.
        secret: Our secret there; empty for a public client, which PKCE alone protects.
        trusts_email: Whether an address counts where the provider does not say that it was verified, because people
            there cannot choose theirs. One that it calls unverified never counts.
    """

    def __init__(self, issuer: str, client: str, secret: str = "", *, trusts_email: bool = False) -> None:
        self.issuer = issuer
        self._client = client
        self._secret = secret
        self._trusts_email = trusts_email
        self._lock = threading.Lock()
        self._about: dict[str, Any] | None = None
        self._about_at = 0.0
        self._keys: KeySet | None = None
        self._keys_at = 0.0

    def address(self, *, state: str, nonce: str, verifier: str, back: str) -> str:
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        asked = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": back,
            "scope": "openid email",
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        place = self._endpoint("authorization_endpoint")
        return f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(asked)}"

    def identify(self, *, code: str, nonce: str, verifier: str, back: str, now: datetime) -> Identity:
        given = self._redeem(code, verifier, back)
        token = given.get("id_token")
        if not isinstance(token, str):
            raise sign_on_failed(clause("no ID token"))
        claims = self._claims(token, nonce, given.get("access_token"), now)
        email = claims.get("email")
        verified = claims.get("email_verified", self._trusts_email) is True and isinstance(email, str)
        return Identity(self.issuer, str(claims["sub"]), email if verified else None)

    def _claims(self, token: str, nonce: str, access_token: Any, now: datetime) -> dict[str, Any]:
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError

        try:
            try:
                read = jwt.decode(token, self._key_set(), algorithms=ALGORITHMS)
            except (JoseError, ValueError):
                # The provider may have changed its keys since they were asked for.
                read = jwt.decode(token, self._key_set(anew=True), algorithms=ALGORITHMS)
            claims = CodeIDToken(
                read.claims,
                read.header,
                options={
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self._client},
                },
                params={"nonce": nonce, "client_id": self._client, "access_token": access_token},
            )
            claims.validate(now=int(now.replace(tzinfo=UTC).timestamp()), leeway=LEEWAY_SECONDS)
            if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
                raise sign_on_failed(clause("no subject in the ID token"))
            # Not every database keeps a NUL, and nothing that cannot be seen tells two people apart.
            if not all(str(claims.get(name, "")).isprintable() for name in ("sub", "email")):
                raise sign_on_failed(clause("an ID token with characters that cannot be seen"))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise sign_on_failed(
                clause("an ID token that cannot be trusted ({error})", error=type(error).__name__)
            ) from None
        return dict(claims)

    def _redeem(self, code: str, verifier: str, back: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": self._client,
            "code_verifier": verifier,
        }
        methods = self._describe().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        basic = None
        if self._secret and "client_secret_basic" in methods:
            # Form-encoded first (RFC 6749, 2.3.1): a colon or a percent sign would otherwise say something else.
            basic = (quote_plus(self._client), quote_plus(self._secret))
        elif self._secret:
            form["client_secret"] = self._secret
        return self._ask("POST", self._endpoint("token_endpoint"), form, basic)

    def _describe(self) -> dict[str, Any]:
        with self._lock:
            if self._about is None or time.monotonic() - self._about_at > KEPT_SECONDS:
                about = self._ask("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
                if about.get("issuer") != self.issuer:
                    raise sign_on_failed(clause("a provider that calls itself by another name"))
                self._about, self._about_at = about, time.monotonic()
            return self._about

    def _endpoint(self, name: str) -> str:
        place = self._describe().get(name)
        # Codes and tokens go nowhere less protected than the provider itself.
        if not isinstance(place, str) or urlsplit(place).scheme not in {"https", urlsplit(self.issuer).scheme}:
            raise sign_on_failed(clause("a provider without a {name}", name=name.replace("_", " ")))
        return place

    def _key_set(self, anew: bool = False) -> KeySet:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        place = self._endpoint("jwks_uri")
        with self._lock:
            age = time.monotonic() - self._keys_at
            if self._keys is None or age > KEPT_SECONDS or (anew and age > AGAIN_SECONDS):
                found = self._ask("GET", place).get("keys")
                fit = [one for one in found if _signs(one)] if isinstance(found, list) else []
                try:
                    self._keys = KeySet.import_key_set({"keys": fit})
                except (JoseError, ValueError, TypeError, KeyError):
                    raise sign_on_failed(clause("keys that cannot be read")) from None
                self._keys_at = time.monotonic()
            return self._keys

    def _ask(
        self, method: str, place: str, form: dict[str, str] | None = None, basic: tuple[str, str] | None = None
    ) -> dict[str, Any]:
        import httpx

        headers = {"Accept": "application/json"}
        try:
            with (
                httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False, auth=basic) as client,
                client.stream(method, place, data=form, headers=headers) as response,
            ):
                body = b""
                for part in response.iter_bytes():
                    body += part
                    if len(body) > MOST_BYTES:
                        raise sign_on_failed(clause("an answer without end"))
                status = response.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise sign_on_failed(
                clause("a provider that does not answer ({error})", error=type(error).__name__)
            ) from None
        return _object(body, status)


def _object(body: bytes, status: int) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if status != 200 or not isinstance(found, dict):
        raise sign_on_failed(clause("an answer with status {status}", status=status))
    return found


def _signs(key: Any) -> bool:
    """Whether a key of the provider's list can have signed an ID token: a shared secret never."""
    return isinstance(key, dict) and key.get("kty") in {"RSA", "EC"} and key.get("use", "sig") == "sig"
