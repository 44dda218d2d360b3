"""Showing the shape of a value without the value, and naming a customer without the customer."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path


def pattern(value: object, longest: int = 24) -> str:
    """The character pattern of a value: letters become `A` or `a`, digits `9`, the rest stays.

    >>> pattern("Dana, +972 54-123")
    'Aaaa, +999 99-999'
    >>> pattern(None)
    'missing'
    """
    if value is None:
        return "missing"
    text = str(value)
    shown = "".join(_shape(character) for character in text[:longest])
    return shown if len(text) <= longest else f"{shown}… ({len(text)} characters)"


def _shape(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isalpha():
        return "A" if character.isupper() else "a"
    if character == " " or (character.isprintable() and character.isascii()):
        return character
    return "?"


def pseudonym(identifier: str, key: bytes) -> str:
    """A stable name for a customer that cannot be turned back without the key.

    >>> pseudonym("caller 1", b"k" * 32) == pseudonym("caller 1", b"k" * 32)
    True
    """
    return hmac.new(key, identifier.encode(), hashlib.sha256).hexdigest()[:16]


def pseudonym_key(path: Path) -> bytes:
    """The key that pseudonyms are made with, created on first use and readable by its owner only.

    Args:
        path: Where the key is kept. The same key gives the same pseudonyms in every run.

    Returns:
        32 secret bytes.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(32))
    return path.read_bytes()
