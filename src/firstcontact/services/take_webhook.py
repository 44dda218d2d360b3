"""Records that another program sends by itself: proved by a signature, of this moment, and each sending only once."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from firstcontact.kernel.errors import EXIT_REFUSED, ErrorKind, FirstcontactError
from firstcontact.services.announce import signature as sign
from firstcontact.services.seal import Seal

NOT_PROVED = ErrorKind(
    "FC9711",
    "It is not proved who sent the webhook",
    EXIT_REFUSED,
    "`Firstcontact-Signature` is `v1=` and the HMAC-SHA256, in hexadecimal, of `Firstcontact-Timestamp`, a full stop, "
    "and the body, under the secret of this address. There is no such address, or the secret or the body is another.",
)
NOT_NOW = ErrorKind(
    "FC9712",
    "The webhook is not of this moment",
    EXIT_REFUSED,
    "`Firstcontact-Timestamp`, in whole seconds since 1970, lies more than five minutes from the service's clock. "
    "Sign it anew when it is sent, and set the sender's clock.",
)
SENT_BEFORE = ErrorKind(
    "FC9713",
    "The webhook has been taken before",
    EXIT_REFUSED,
    "The same signature has arrived before, and its records are stored. Sign it anew to send it again: copies of "
    "records change nothing.",
)

WINDOW_SECONDS = 300
"""How far a sender's clock may be off, and how long a sending may be on its way."""


@dataclass(frozen=True, slots=True)
class WebhookSource:
    """An address at which another program sends records.

    Attributes:
        id: Its id, part of the address.
        source: The system that records come from.
        kind: Their table.
        secret: What signs them, sealed.
        created_by: Who made it.
        created_at: When.
        disabled_at: Since when it takes nothing; None while it does.
    """

    id: str
    source: str
    kind: str
    secret: bytes
    created_by: str
    created_at: datetime
    disabled_at: datetime | None = None


class WebhookSources(Protocol):
    """Where such addresses are kept, and what has arrived at them."""

    def add(self, one: WebhookSource) -> None:
        """Keep a new one, and note it in the audit."""

    def find(self, source_id: str) -> WebhookSource | None:
        """One; None where there is none."""

    def page(self, *, before: str | None, limit: int) -> list[WebhookSource]:
        """All, newest first."""

    def disable(self, source_id: str, *, actor: str, now: datetime) -> WebhookSource | None:
        """Take nothing more at an address, and note it in the audit; None where there is none."""

    def seen(self, source_id: str, signature: str) -> bool:
        """Whether a signature has arrived before."""

    def see(self, source_id: str, signature: str, now: datetime) -> None:
        """Remember a signature, and forget those that are too old to be taken again."""


def prove(
    sources: WebhookSources,
    seal: Seal,
    source_id: str,
    *,
    timestamp: str | None,
    signature: str | None,
    body: bytes,
    now: datetime,
) -> WebhookSource:
    """See that a webhook is what it says it is.

    Args:
        sources: Addresses.
        seal: Opens their secrets.
        source_id: The address at which it arrived.
        timestamp: As sent.
        signature: As sent.
        body: As sent, byte by byte.
        now: The moment, UTC.

    Returns:
        The address. Whoever stores the records then says `see`, so that one that could not be stored can come again.

    Raises:
        FirstcontactError: It is not proved who sent it (FC9711), it is not of this moment (FC9712), or it was taken
            before (FC9713).
    """
    source = sources.find(source_id)
    # An address that is not there takes as long as a wrong signature.
    secret = seal.open(source.secret) if source is not None else b"-" * 32
    digits = timestamp or ""
    sent = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 12 else -1
    right = hmac.compare_digest(sign(secret, sent, body).encode(), (signature or "").encode())
    if source is None or source.disabled_at is not None or not right or signature is None:
        raise _refused(NOT_PROVED, "Firstcontact-Signature", "none that fits", "the one made with the secret")
    if abs(now.replace(tzinfo=UTC).timestamp() - sent) > WINDOW_SECONDS:
        raise _refused(NOT_NOW, "Firstcontact-Timestamp", "another time", f"within {WINDOW_SECONDS} s of now")
    if sources.seen(source_id, signature):
        raise _refused(SENT_BEFORE, "Firstcontact-Signature", "one that was taken", "a new one")
    return source


def _refused(kind: ErrorKind, where: str, saw: str, allowed: str) -> FirstcontactError:
    return FirstcontactError([kind.fault(where=f"the header {where}", saw=saw, allowed=allowed, cure="sign it anew")])
