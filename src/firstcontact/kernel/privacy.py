"""Showing the shape of a value without the value, and naming a customer without the customer."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

KEY_BYTES = 32
PSEUDONYM_DIGITS = 16


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

    It is the first 16 hexadecimal digits of the SHA-256 digest of the key (as hexadecimal text) and the identifier:
    what an engine computes for millions in one expression.

    >>> pseudonym("caller 1", b"k" * 32)
    '08c0efe2c4243887'
    """
    return hashlib.sha256(key.hex().encode() + identifier.encode()).hexdigest()[:PSEUDONYM_DIGITS]


def pseudonym_key(path: Path) -> bytes:
    """The key that pseudonyms are made with, created on first use and readable by its owner only.

    Args:
        path: Where the key is kept. The same key gives the same pseudonyms in every run.

    Returns:
        32 secret bytes.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        try:
            partial.touch(mode=0o600, exist_ok=False)
            partial.write_bytes(secrets.token_bytes(KEY_BYTES))
            try:
                # A link fails where another run was faster: then that run's key is the one.
                os.link(partial, path)
            except FileExistsError:
                pass
            except OSError:  # a file system without links
                partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    return path.read_bytes()
