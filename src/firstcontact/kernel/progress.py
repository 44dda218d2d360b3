"""Saying what is being done, so that long work is seen to move. The doors decide how it looks."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]
"""Called with a short present-tense clause when a step begins: `linking contacts`."""


def silent(step: str) -> None:
    """Progress for those who do not want any."""
