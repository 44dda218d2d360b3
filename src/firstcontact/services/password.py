"""Passwords: what is taken as one, and how it is kept and compared (argon2id, RFC 9106)."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, Fault
from firstcontact.kernel.sentence import Sentence, clause

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 12
LONGEST = 200
FEWEST_DIFFERENT = 6
_AT_ONCE = 4

PASSWORD_WEAK = ErrorKind(
    "FC9204",
    "The password is too easy to guess",
    EXIT_USAGE,
    f"A password has {SHORTEST} to {LONGEST} characters, at least {FEWEST_DIFFERENT} different ones, and does not "
    "contain the name in front of the @ of its account. Several words in a row are good.",
)


class Passwords:
    """Makes and compares hashes.

    Args:
        memory_kib: What one hash takes; the recommendation of RFC 9106 for little memory. Tests take less.
        rounds: How many passes.
    """

    def __init__(self, memory_kib: int = 65_536, rounds: int = 3) -> None:
        self._cost = (rounds, memory_kib)
        # Each takes memory: many at once wait for one another instead of exhausting it.
        self._turn = threading.BoundedSemaphore(_AT_ONCE)

    def keep(self, password: str) -> str:
        """The hash of a password, with its salt and costs."""
        with self._turn:
            return _hasher(*self._cost).hash(_plain(password))

    def right(self, kept: str | None, password: str) -> bool:
        """Whether a password is the one kept. Takes as long where none is kept as where it is another one."""
        from argon2.exceptions import InvalidHashError, VerificationError

        with self._turn:
            try:
                _hasher(*self._cost).verify(kept or _nobody(*self._cost), _plain(password))
            except (VerificationError, InvalidHashError):
                return False
        return kept is not None

    def outdated(self, kept: str) -> bool:
        """Whether a hash was made at another cost than is asked today."""
        return _hasher(*self._cost).check_needs_rehash(kept)


def weakness(password: str, email: str) -> Fault | None:
    """What is wrong with a new password; None where nothing is.

    >>> weakness("correct horse battery", "dana@example.org") is None
    True
    >>> weakness("dana-dana-dana-1", "dana@example.org").kind.code
    'FC9204'
    """
    plain = _plain(password)
    local = email.partition("@")[0].casefold()
    saw: Sentence | None = None
    if not SHORTEST <= len(plain) <= LONGEST:
        saw = clause("{count} characters", count=len(plain))
    elif len(set(plain)) < FEWEST_DIFFERENT:
        saw = clause("{count} different characters", count=len(set(plain)))
    elif len(local) >= 3 and local in plain.casefold():
        saw = clause("the account's own name in it")
    if saw is None:
        return None
    return PASSWORD_WEAK.fault(
        where="password",
        saw=saw,
        allowed=clause(
            "{shortest} to {longest} characters, {fewest} different ones, not the account's name",
            shortest=SHORTEST,
            longest=LONGEST,
            fewest=FEWEST_DIFFERENT,
        ),
        cure="take a longer one, for example several words",
    )


def _plain(password: str) -> str:
    # The same password typed on another keyboard may arrive composed differently.
    return unicodedata.normalize("NFKC", password)


@lru_cache
def _hasher(rounds: int, memory_kib: int) -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=1)


@lru_cache
def _nobody(rounds: int, memory_kib: int) -> str:
    """A hash that no password has, for accounts that do not exist."""
    return _hasher(rounds, memory_kib).hash(secrets.token_hex(32))
