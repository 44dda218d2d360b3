"""Showing the shape of a value without the value, and naming a customer without the customer."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from firstcontact.kernel.errors import EXIT_OUTPUT, ErrorKind, FirstcontactError, of_system
from firstcontact.kernel.sentence import Sentence, clause

NO_KEY = ErrorKind(
    "FC6004",
    "the key of pseudonyms cannot be read or kept",
    EXIT_OUTPUT,
    "Customers stand in exports under pseudonyms, made with a secret key that is kept between runs in the user's "
    "configuration directory. It cannot be written there, or what is there is no key.",
)

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

    Raises:
        FirstcontactError: It cannot be read or kept there, or is no such key (FC6004).
    """
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Whole or not at all: half a key would be taken for a key ever after.
            partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
            try:
                partial.touch(mode=0o600)
                partial.write_bytes(secrets.token_bytes(KEY_BYTES))
                _put(partial, path)
            finally:
                partial.unlink(missing_ok=True)
        key = path.read_bytes()
    except OSError as error:
        raise _no_key(path, of_system(error)) from error
    if len(key) != KEY_BYTES:
        raise _no_key(path, clause("{count} bytes", count=len(key)))
    return key


def _put(partial: Path, path: Path) -> None:
    """Give a complete key its name, unless another run has made one meanwhile: then that one counts."""
    try:
        os.link(partial, path)
    except FileExistsError:
        return
    except OSError:  # a file system without links
        partial.rename(path)


def _no_key(path: Path, saw: Sentence) -> FirstcontactError:
    allowed = clause("a file of {count} bytes, or a place where one can be kept", count=KEY_BYTES)
    cure = "name a directory that you may write with FIRSTCONTACT_HOME, or remove the file so that a new one is made"
    return FirstcontactError([NO_KEY.fault(where=str(path), saw=saw, allowed=allowed, cure=cure)])
