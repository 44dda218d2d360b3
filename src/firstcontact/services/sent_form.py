"""Forms that were sent: by which a double click, a reload and the back button do a thing once.

Each time a page is made, its forms carry a key of their own. The same form with the same words is done once, and
whoever sends it again is led to where it led; a form made anew, or filled in otherwise, is another one.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Protocol


class SentForms(Protocol):
    """Where is kept which forms were sent, as digests, for as long as a session may live."""

    def begin(self, digest: str, now: datetime) -> bool:
        """Say that a form is being done; False where it is, or was, already."""

    def end(self, digest: str, place: str) -> None:
        """Say where it led."""

    def place(self, digest: str) -> str | None:
        """Where it led; None while it is being done, and where it was forgotten."""

    def forget(self, digest: str) -> None:
        """Nothing was done after all, so that it may be sent again as it is."""


def form_key() -> str:
    """What the forms of a page carry, another one each time it is made."""
    return secrets.token_hex(16)


def digest_of(path: str, said: bytes) -> str:
    """What is kept of a form.

    Args:
        path: Where it was sent.
        said: All that it says, its key and the token of its session among it.
    """
    return hashlib.sha256(path.encode("utf-8", "replace") + b"\x00" + said).hexdigest()
