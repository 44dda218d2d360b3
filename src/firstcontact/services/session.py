"""Sessions, tokens and resets: secrets that say who asks, each kept as a hash only."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from firstcontact.kernel.errors import EXIT_OUTPUT, FirstcontactError
from firstcontact.services.access import Permission, Principal, Role, refused
from firstcontact.services.account import Account
from firstcontact.services.audit import Event

IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)
WALLBOARD_IDLE = timedelta(days=7)
WALLBOARD_LONGEST = timedelta(days=180)
"""A screen on a wall has nobody to log in every morning, and shows nothing private."""

RESET_LIFE = timedelta(hours=24)
TOKEN_PREFIX = "fc_"  # noqa: S105 - what every token begins with, so that scanners of source code find leaked ones
SEEN_EVERY = timedelta(minutes=1)
"""How exactly the last use is known; writing it at every request would be a write for every look."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody is logged in.

    Attributes:
        id: By which its owner ends it from elsewhere.
        token_hash: Hash of what the cookie holds.
        account_id: Who.
        device: What the browser called itself.
        created_at: Since when.
        seen_at: Last use, to the minute.
        idle_seconds: How long it lasts without being used.
        expires_at: When it ends in any case.
    """

    id: str
    token_hash: str
    account_id: str
    device: str | None
    created_at: datetime
    seen_at: datetime
    idle_seconds: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """A program may act for an account, within limits.

    Attributes:
        id: Its id.
        name: What it is for.
        account_id: For whom it acts.
        permissions: What it is limited to; never more than the account's role holds.
        created_at: Since when.
        expires_at: Until when; None for until it is revoked.
        used_at: Last use, to the minute.
        revoked_at: When it was ended.
    """

    id: str
    name: str
    account_id: str
    permissions: frozenset[Permission]
    created_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None
    revoked_at: datetime | None = None


class Sessions(Protocol):
    """Where sessions, tokens, resets and failed log-ins are kept. Changes are written with their event of the audit."""

    def open(self, session: Session, event: Event, *, instead_of: str | None) -> None:
        """Keep a session; the one that the browser had before, by its hash, ends."""

    def find(self, token_hash: str, now: datetime) -> tuple[Account, Session] | None:
        """Who is logged in by this; None where it has ended or the account is disabled."""

    def seen(self, token_hash: str, now: datetime) -> None:
        """Note that a session was used."""

    def of(self, account_id: str, now: datetime) -> list[Session]:
        """The sessions of an account that have not ended, latest first."""

    def close(self, account_id: str, event: Event, *, token_hash: str | None = None, id: str | None = None) -> int:  # noqa: A002
        """End one session of an account, or all of them.

        Returns:
            How many there were.
        """

    def add_token(self, token: Token, token_hash: str, event: Event) -> None:
        """Keep a token."""

    def find_token(self, token_hash: str, now: datetime) -> tuple[Account, Token] | None:
        """For whom a token acts; None where it has ended or the account is disabled."""

    def token_used(self, token_id: str, now: datetime) -> None:
        """Note that a token was used."""

    def tokens(self, account_id: str) -> list[Token]:
        """The tokens of an account, latest first."""

    def revoke_token(self, account_id: str, token_id: str, event: Event) -> Token | None:
        """End a token; None where the account has no such token."""

    def add_reset(self, account_id: str, token_hash: str, expires_at: datetime, event: Event) -> None:
        """Keep a reset; earlier ones of the account are void."""

    def reset_account(self, token_hash: str, now: datetime) -> Account | None:
        """Whose password this would set, unused and in time."""

    def use_reset(self, token_hash: str, password_hash: str, event: Event) -> Account | None:
        """Set the password by a reset, once; sessions and tokens end. None where it was used, is late or never was."""

    def attempt(self, keys: Mapping[str, int], now: datetime) -> bool:
        """Count a log-in before it is judged, so that many at once are counted too.

        Args:
            keys: Under what it is counted, with how many failures in a row lock nothing.
            now: The moment, UTC.

        Returns:
            Whether it may be judged; False while any of them is locked, and then none counts it.
        """

    def forgive(self, keys: Collection[str]) -> None:
        """Forget failures: somebody knew the password."""

    def begin_sign_on(self, pending: SignOn, now: datetime) -> None:
        """Keep what is needed when the browser comes back from the provider, and forget what is overdue."""

    def end_sign_on(self, state_hash: str, now: datetime) -> SignOn | None:
        """What was kept, once."""


@dataclass(frozen=True, slots=True)
class SignOn:
    """A log-in that is under way at the single sign-on provider.

    Attributes:
        state_hash: Hash of what the browser brings back.
        nonce: What the provider's answer must hold.
        verifier: What proves that the code is redeemed by whom it was asked for.
        path: Where to go on.
        expires_at: Until when.
    """

    state_hash: str
    nonce: str
    verifier: str
    path: str
    expires_at: datetime


def secret() -> str:
    """256 bits that nobody can guess, as text."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What is kept of a secret of ours. It is long and random, so a plain digest suffices.

    >>> len(hash_of("x"))
    64
    """
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def csrf_of(session_token: str) -> str:
    """What a page's forms carry to show that they come from a page of this session."""
    return hmac.new(session_token.encode("utf-8", "replace"), b"firstcontact csrf", hashlib.sha256).hexdigest()


def csrf_right(session_token: str, given: str) -> bool:
    """Whether a form or a program carries the right one."""
    return hmac.compare_digest(csrf_of(session_token).encode(), given.encode("utf-8", "replace"))


def open_session(
    sessions: Sessions, account: Account, *, device: str | None, now: datetime, how: str, instead_of: str | None = None
) -> str:
    """Log an account in: always under a new secret, never one that the browser brought.

    Args:
        sessions: Where it is kept.
        account: Who.
        device: What the browser calls itself.
        now: The moment, UTC.
        how: `password` or `single sign-on`.
        instead_of: The secret that the browser had before; that session ends.

    Returns:
        The secret for the browser's cookie.
    """
    token = secret()
    board = account.role is Role.WALLBOARD
    session = Session(
        secrets.token_hex(16),
        hash_of(token),
        account.id,
        _device(device),
        now,
        now,
        int((WALLBOARD_IDLE if board else IDLE).total_seconds()),
        now + (WALLBOARD_LONGEST if board else LONGEST),
    )
    event = Event(account.email, "session.open", now, object=session.id, detail={"how": how})
    sessions.open(session, event, instead_of=hash_of(instead_of) if instead_of else None)
    return token


def recognise(sessions: Sessions, *, token: str | None, cookie: str | None, now: datetime) -> Principal | None:
    """Who asks.

    Args:
        sessions: Where sessions and tokens are kept.
        token: What came as `Authorization: Bearer`; where one came, the cookie is not looked at.
        cookie: The secret in the browser's cookie.
        now: The moment, UTC.

    Returns:
        The one who asks; None where that is not known.
    """
    if token is not None:
        holder = sessions.find_token(hash_of(token), now)
        if holder is None:
            return None
        account, found = holder
        if found.used_at is None or now - found.used_at >= SEEN_EVERY:
            _note(lambda: sessions.token_used(found.id, now))
        return principal_of(account, name=f"token:{found.name} of {account.email}", only=found.permissions)
    if cookie is None:
        return None
    owner = sessions.find(hash_of(cookie), now)
    if owner is None:
        return None
    account, session = owner
    if now - session.seen_at >= SEEN_EVERY:
        _note(lambda: sessions.seen(session.token_hash, now))
    return principal_of(account, session=session.token_hash)


def still(sessions: Sessions, *, token: str | None, cookie: str | None, now: datetime) -> Principal | None:
    """Who asked a while ago and waits for more, if they still may; waiting is no use, and keeps no session alive.

    Args:
        sessions: Where sessions and tokens are kept.
        token: What came as `Authorization: Bearer`; where one came, the cookie is not looked at.
        cookie: The secret in the browser's cookie.
        now: The moment, UTC.

    Returns:
        The one who asks; None where that is not known any more.
    """
    if token is not None:
        holder = sessions.find_token(hash_of(token), now)
        if holder is None:
            return None
        account, found = holder
        return principal_of(account, name=f"token:{found.name} of {account.email}", only=found.permissions)
    owner = sessions.find(hash_of(cookie), now) if cookie is not None else None
    return principal_of(owner[0], session=owner[1].token_hash) if owner is not None else None


def _note(when: Callable[[], None]) -> None:
    """Note when somebody was last here; where nothing can be written, who reads is answered all the same."""
    try:
        when()
    except FirstcontactError as error:
        if error.exit_code != EXIT_OUTPUT:
            raise


def make_token(
    sessions: Sessions,
    who: Principal,
    *,
    name: str,
    permissions: Sequence[Permission],
    expires_at: datetime | None,
    now: datetime,
) -> tuple[Token, str]:
    """Make a token for oneself, with no more than one may do.

    Args:
        sessions: Where it is kept.
        who: For whom it acts.
        name: What it is for.
        permissions: What it is limited to; all of them must be held. Reading who one is always belongs to it.
        expires_at: Until when.
        now: The moment, UTC.

    Returns:
        The token, and its secret, which is shown this once.

    Raises:
        FirstcontactError: It would hold more than its maker (FC9201).
    """
    for permission in permissions:
        if not who.may(permission):
            raise refused(permission)
    value = TOKEN_PREFIX + secret()
    held = frozenset(permissions) | {Permission.READ_SELF}
    token = Token(secrets.token_hex(16), name, who.account_id, held, now, expires_at)
    event = Event(who.name, "token.add", now, object=token.id, detail={"name": name, "permissions": sorted(held)})
    sessions.add_token(token, hash_of(value), event)
    return token, value


def make_reset(sessions: Sessions, account: Account, *, actor: str, now: datetime) -> str:
    """Let an account's owner set a password, once and within a day.

    Returns:
        The secret for the link, which is shown this once.
    """
    token = secret()
    event = Event(actor, "password.reset", now, object=account.id)
    sessions.add_reset(account.id, hash_of(token), now + RESET_LIFE, event)
    return token


def principal_of(
    account: Account,
    *,
    name: str | None = None,
    only: frozenset[Permission] | None = None,
    session: str | None = None,
) -> Principal:
    """Who an account is to everything that asks what it may.

    Args:
        account: It.
        name: What the audit calls it; its address where not said.
        only: What it is limited to.
        session: Hash of the session by which it asks.
    """
    return Principal(
        account.id, name or account.email, account.role, frozenset(account.teams), account.agent_id, only, session
    )


def _device(text: str | None) -> str | None:
    printable = "".join(character for character in text or "" if character.isprintable())
    return printable[:300] or None  # browsers put last what they really are
