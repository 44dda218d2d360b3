"""Identifiers that are nearly the same: not enough to say that two customers are one, enough to ask a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from firstcontact.measurement.linking.identifier import OWN_ID
from firstcontact.measurement.reference.identity import Node

Why = Literal["country", "mailbox", "spelling"]

SUFFIX = 8
"""Last digits that two spellings of one telephone share, whatever country stands before them."""

CONFIDENCE: dict[Why, float] = {"country": 0.8, "mailbox": 0.7, "spelling": 0.5}
"""How likely two customers are one, by why they may be. Judged, not measured: a person decides."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Why two identifiers may be one.

    Attributes:
        why: `country`: one telephone, once with its country and once without. `mailbox`: one mailbox, with dots or a
            tag. `spelling`: one id, with separators or zeros in front.
        confidence: How likely it is.
    """

    why: Why
    confidence: float


def blur(node: Node) -> str | None:
    """What nearly equal identifiers of a kind have in common; None where nothing may be guessed.

    >>> blur(("phone", "+972541234567")) == blur(("phone", "0541234567"))
    True
    >>> blur(("email", "dana.levi+shop@example.com"))
    'danalevi@example.com'
    """
    kind, spelled = node
    if kind == "phone":
        digits = spelled.lstrip("+")
        return digits[-SUFFIX:] if len(digits) > SUFFIX else None
    if kind == "email":
        mailbox, _, domain = spelled.rpartition("@")
        short = mailbox.partition("+")[0].replace(".", "")
        return f"{short}@{domain}" if short else None
    if kind in {OWN_ID, "account"}:
        plain = "".join(letter for letter in spelled.lower() if letter.isalnum()).lstrip("0")
        return plain if len(plain) >= 4 else None
    return None


def likeness(one: Node, other: Node) -> Likeness | None:
    """Why two identifiers with the same blur may be one; None where they are not alike.

    >>> likeness(("phone", "+972541234567"), ("phone", "0541234567"))
    Likeness(why='country', confidence=0.8)
    >>> likeness(("phone", "+972541234567"), ("phone", "+15541234567"))
    """
    if one == other or one[0] != other[0] or blur(one) is None or blur(one) != blur(other):
        return None
    if one[0] == "phone":
        full, national = sorted((one[1], other[1]), key=lambda spelled: not spelled.startswith("+"))
        if not full.startswith("+") or national.startswith("+") or not full.endswith(national.lstrip("0")):
            return None
        return Likeness("country", CONFIDENCE["country"])
    why: Why = "mailbox" if one[0] == "email" else "spelling"
    return Likeness(why, CONFIDENCE[why])
