"""What is kept but must not be readable in the store: secrets of webhooks, and whom a waiting erasure is about."""

from __future__ import annotations

from typing import Protocol

from firstcontact.kernel.errors import EXIT_OUTPUT, ErrorKind

SEAL_BROKEN = ErrorKind(
    "FC9603",
    "What was sealed cannot be opened",
    EXIT_OUTPUT,
    "Secrets in the store are sealed with a key that is kept beside it: `service.key` in the data directory, or "
    "`FIRSTCONTACT_SECRET`. It is not the key that sealed them; a backup restored without its key has this effect.",
)


class Seal(Protocol):
    """Closes and opens short values with the service's key."""

    def close(self, value: bytes) -> bytes:
        """The value as it may be kept."""

    def open(self, sealed: bytes) -> bytes:
        """The value again.

        Raises:
            FirstcontactError: Another key sealed it (FC9603).
        """
