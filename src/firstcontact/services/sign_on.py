"""Single sign-on: who somebody is, as the organisation's own provider says (OpenID Connect, code with PKCE)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from firstcontact.kernel.errors import EXIT_REFUSED, ErrorKind, FirstcontactError
from firstcontact.kernel.sentence import Sentence, clause
from firstcontact.services.account import Account, Accounts, clean_email
from firstcontact.services.audit import Event
from firstcontact.services.session import Sessions, SignOn, hash_of, secret

SIGN_ON_FAILED = ErrorKind(
    "FC9209",
    "Single sign-on did not work",
    EXIT_REFUSED,
    "The provider did not answer, said no, or said something that cannot be trusted; or nobody made an account for who "
    "came back. An administrator makes accounts; the e-mail address must be the one that the provider has verified.",
)

LIFE = timedelta(minutes=10)
"""How long somebody may take at the provider."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody, as the provider says.

    Attributes:
        issuer: The provider.
        subject: Who, by an id that the provider never gives to somebody else.
        email: Their address; None where the provider has not verified it.
    """

    issuer: str
    subject: str
    email: str | None

    @property
    def key(self) -> str:
        """What an account keeps of it."""
        return f"{self.issuer} {self.subject}"


class Provider(Protocol):
    """A single sign-on provider."""

    @property
    def issuer(self) -> str:
        """Its address, exactly as its tokens name it."""

    def address(self, *, state: str, nonce: str, verifier: str, back: str) -> str:
        """Where to send the browser.

        Args:
            state: What the browser brings back.
            nonce: What the provider's word must hold.
            verifier: The secret of which only a digest goes with the browser (PKCE).
            back: Where the browser comes back to.

        Raises:
            FirstcontactError: The provider does not answer as it should (FC9209).
        """

    def identify(self, *, code: str, nonce: str, verifier: str, back: str, now: datetime) -> Identity:
        """Redeem what the browser brought back.

        Raises:
            FirstcontactError: The provider does not answer, or its word cannot be trusted (FC9209).
        """


def begin_sign_on(sessions: Sessions, provider: Provider, *, path: str, back: str, now: datetime) -> tuple[str, str]:
    """Begin to sign somebody on.

    Args:
        sessions: Where what is needed afterwards is kept.
        provider: Who will say who they are.
        path: Where to go on, within the service.
        back: Where the browser comes back to.
        now: The moment, UTC.

    Returns:
        Where to send the browser, and the state that it must bring back from there and in its cookie.

    Raises:
        FirstcontactError: The provider does not answer as it should (FC9209).
    """
    state, nonce, verifier = secret(), secret(), secret()
    address = provider.address(state=state, nonce=nonce, verifier=verifier, back=back)
    sessions.begin_sign_on(SignOn(hash_of(state), nonce, verifier, safe_path(path), now + LIFE), now)
    return address, state


def end_sign_on(
    accounts: Accounts,
    sessions: Sessions,
    provider: Provider,
    *,
    state: str,
    kept: str | None,
    code: str,
    issuer: str | None,
    back: str,
    now: datetime,
) -> tuple[Account, str]:
    """Find out who came back.

    An account belongs to whom the provider names by a subject. Whoever comes for the first time gets the account that
    has their verified address; none is made here, since roles and teams are given by people.

    Args:
        accounts: Where accounts are kept.
        sessions: Where what is needed was kept.
        provider: Who says who they are.
        state: What the browser brought back.
        kept: What its cookie holds: that it is the browser which set out.
        code: What the provider gave it.
        issuer: Which provider sent it back, where it says so (RFC 9207).
        back: Where the browser came back to.
        now: The moment, UTC.

    Returns:
        The account, and where to go on.

    Raises:
        FirstcontactError: It cannot be trusted, or there is no account (FC9209).
    """
    if kept is None or not hmac.compare_digest(kept.encode("utf-8", "replace"), state.encode("utf-8", "replace")):
        raise sign_on_failed(clause("another browser, or none, that set out"))
    pending = sessions.end_sign_on(hash_of(state), now)
    if pending is None:
        raise sign_on_failed(clause("a log-in that never began, is over, or took too long"))
    if issuer is not None and issuer != provider.issuer:
        raise sign_on_failed(clause("another provider than the one that was asked"))
    found = provider.identify(code=code, nonce=pending.nonce, verifier=pending.verifier, back=back, now=now)
    account = accounts.find_subject(found.key) or _first_time(accounts, found, now)
    if account is None or account.disabled_at is not None:
        raise sign_on_failed(clause("somebody without an account that may log in"))
    return account, pending.path


def safe_path(path: str) -> str:
    r"""A path within the service; its root for whatever leads elsewhere.

    >>> [safe_path(path) for path in ("/runs?page=2", "//evil.example", "https://evil.example", "/\evil", "")]
    ['/runs?page=2', '/', '/', '/', '/']
    """
    plain = path.isascii() and path.isprintable() and " " not in path and "\\" not in path
    within = path.startswith("/") and not path.startswith("//") and len(path) <= 1000
    return path if plain and within else "/"


def sign_on_failed(saw: Sentence) -> FirstcontactError:
    """The error for every way in which single sign-on fails; what was seen names no person."""
    fault = SIGN_ON_FAILED.fault(
        where="single sign-on",
        saw=saw,
        allowed="a provider's word about somebody with an account",
        cure="begin anew; ask an administrator for an account",
    )
    return FirstcontactError([fault])


def _first_time(accounts: Accounts, found: Identity, now: datetime) -> Account | None:
    account = accounts.find_email(clean_email(found.email)) if found.email else None
    if account is None or account.subject is not None or account.disabled_at is not None:
        return None
    event = Event(account.email, "account.sign_on", now, object=account.id)
    return accounts.change(account.id, {"subject": found.key}, event, edition=account.edition)
