"""The service's key, made on first use and readable by its owner only, and what it closes and opens."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from pathlib import Path

from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.seal import SEAL_BROKEN

KEY_FILE = "service.key"


class KeySeal:
    """Closes values with authenticated encryption (Fernet). Implements `services.seal.Seal`.

    Args:
        folder: The data directory, where the key is kept.
        secret: A secret to use instead; none where empty.
    """

    def __init__(self, folder: Path, secret: str = "") -> None:
        self._folder = folder
        self._secret = secret.encode()

    def close(self, value: bytes) -> bytes:
        from cryptography.fernet import Fernet

        return Fernet(self._key()).encrypt(value)

    def open(self, sealed: bytes) -> bytes:
        from cryptography.fernet import Fernet, InvalidToken

        try:
            return Fernet(self._key()).decrypt(sealed)
        except InvalidToken:
            fault = SEAL_BROKEN.fault(
                where="a sealed value", saw="another key", allowed="the key that sealed it",
                cure="put the right service.key into the data directory, or make the secret anew",
            )  # fmt: skip
            raise FirstcontactError([fault]) from None

    def _key(self) -> bytes:
        secret = self._secret or self._kept()
        return base64.urlsafe_b64encode(hashlib.sha256(b"firstcontact seal\0" + secret).digest())

    def _kept(self) -> bytes:
        path = self._folder / KEY_FILE
        if not path.exists():
            # Whole or not at all; where two processes begin at once, the first key counts.
            partial = path.with_name(f"{KEY_FILE}.{secrets.token_hex(4)}")
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_hex(32).encode())
                os.fsync(file.fileno())
            try:
                os.link(partial, path)
            except FileExistsError:
                pass
            finally:
                partial.unlink(missing_ok=True)
        return path.read_bytes().strip()
