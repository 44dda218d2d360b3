"""How a person is told in what is kept: by a whole value of theirs, never by a part of something longer.

Where the place says what stands in it, a customer's id or an identifier, values are compared whole. Elsewhere, in text
and in cells that may hold anything, a value is looked for as a word: a letter or digit beside it makes it a part of
something else, and so does one that a hyphen, full stop, underscore or at joins to it, as in `customer-5-b` or
`anna.levi@example.org`. Short values and short bare numbers name somebody only where the place says so: as words they
are counts, years and parts of dates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

SHORTEST_WORD = 5
SHORTEST_NUMBER = 7
"""Shorter values are not looked for as words; bare numbers need more characters than others."""

_BEFORE = r"(?:(?<![^\W_])(?<![^\W_][-_.@])|(?<=\\[nrt]))"
_AFTER = r"(?![^\W_])(?![-_.@][^\W_])"


@dataclass(frozen=True)
class Mention:
    """What names one person.

    Attributes:
        values: Identifiers and customer ids, as sent and as compared.
    """

    values: frozenset[str]
    words: tuple[str, ...] = field(init=False)
    _pattern: re.Pattern[str] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        words = tuple(sorted(one for one in self.values if _is_word(one)))
        object.__setattr__(self, "words", words)
        forms = sorted({form for one in words for form in spellings(one)}, key=len, reverse=True)
        pattern = re.compile("|".join(_bounded(form) for form in forms)) if forms else None
        object.__setattr__(self, "_pattern", pattern)

    @property
    def forms(self) -> tuple[str, ...]:
        """The words as they may be written; what holds none of them mentions nobody."""
        return tuple(sorted({form for one in self.words for form in spellings(one)}))

    def in_text(self, text: str) -> bool:
        """Whether one of the values is a word of a text.

        >>> her = Mention(frozenset({"customer-5", "20260"}))
        >>> her.in_text("about customer-5."), her.in_text("customer-50, customer-5-b"), her.in_text("20260, 20260111")
        (True, False, False)
        """
        return self._pattern is not None and self._pattern.search(text) is not None

    def places(self, text: str) -> Iterable[tuple[int, int]]:
        """Where in a text values begin and end."""
        return (found.span() for found in self._pattern.finditer(text)) if self._pattern is not None else ()

    def in_data(self, value: Any) -> bool:
        """Whether plain data hold one of the values as a word of a text or of a name.

        >>> Mention(frozenset({"customer-5"})).in_data({"asked": ["customer-5"]})
        True
        """
        if isinstance(value, str):
            return self.in_text(value)
        if isinstance(value, Mapping):
            return any(self.in_text(str(name)) or self.in_data(one) for name, one in value.items())
        return isinstance(value, list | tuple) and any(self.in_data(one) for one in value)

    def in_cell(self, text: str) -> bool:
        """Whether a cell that may hold anything, JSON included, mentions the person."""
        if text[:1] in {"{", "["}:
            try:
                return self.in_data(json.loads(text))
            except (ValueError, RecursionError):
                pass
        return self.in_text(text)

    def names(self, value: Any) -> bool:
        """Whether what stands where somebody is named is the person."""
        return value is not None and str(value) in self.values


def spellings(value: str) -> tuple[str, ...]:
    """A value as it may stand in JSON, with and without escapes.

    >>> len(spellings("Дана")), len(spellings("Dana"))
    (2, 1)
    """
    return tuple(sorted({value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}))


def _is_word(value: str) -> bool:
    return len(value) >= (SHORTEST_NUMBER if value.isdigit() else SHORTEST_WORD)


def _bounded(form: str) -> str:
    before = _BEFORE if form[0].isalnum() or form[0] == "\\" else ""
    after = _AFTER if form[-1].isalnum() else ""
    return f"{before}{re.escape(form)}{after}"
