"""What the program knows of itself and of its user's choices outside any run."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

from firstcontact.kernel.privacy import pseudonym_key

VERSION = version("firstcontact")


def home() -> Path:
    """Where firstcontact keeps what outlives a run.

    `FIRSTCONTACT_HOME`, or `firstcontact` in the user's configuration directory.
    """
    chosen = os.environ.get("FIRSTCONTACT_HOME")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "firstcontact"


def pseudonym_secret() -> bytes:
    """The key that customers' pseudonyms are made with: made on first use, readable by its owner only."""
    return pseudonym_key(home() / "pseudonym.key")
