"""Text as it is meant rather than as it is encoded: plain digits and letters, each with the place it came from.

A number can be hidden from a pattern by full-width or Arabic digits, by characters without width between its digits,
by marks of writing direction, and by the dozen dashes and blanks that Unicode has. All of that is taken away before
anything is looked for; what is found is then cut out of the text as it was.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_DASHES = frozenset("‐‑‒–—―−⁃﹘﹣－~～〜ー·•・‧")


class _Letters(dict[int, str | None]):
    """What each character is meant as; None for those that nobody sees."""

    def __missing__(self, point: int) -> str | None:
        meant = _meant(chr(point))
        self[point] = meant
        return meant


def _meant(character: str) -> str | None:
    category = unicodedata.category(character)
    if category in {"Cf", "Mn", "Me"} or character in "\u115f\u1160\u3164\uffa0":
        return None
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if character in _DASHES or category == "Pd":
        return "-"
    if category in {"Zs", "Zl", "Zp"}:
        return " "
    plain = unicodedata.normalize("NFKC", character)
    plain = plain if len(plain) == 1 else character
    upper = plain.upper()
    return upper if len(upper) == 1 else plain


_LETTERS = _Letters({point: chr(point).upper() for point in range(128)} | {ord("~"): "-"})


@dataclass(frozen=True, slots=True)
class Spelled:
    """A text as it is meant.

    Attributes:
        plain: Upper case, with plain digits, dashes and blanks, without what nobody sees.
        original: The text as it was.
    """

    plain: str
    original: str

    def places(self) -> range | list[int]:
        """For each character of `plain` its place in the original."""
        if len(self.plain) == len(self.original):
            return range(len(self.original))
        return [place for place, character in enumerate(self.original) if _LETTERS[ord(character)] is not None]


def spell(text: str) -> Spelled:
    """Take a text as it is meant.

    >>> spell("４\u200b１–1").plain
    '41-1'
    """
    return Spelled(text.translate(_LETTERS), text)
