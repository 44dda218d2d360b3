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
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

SHORTEST_WORD = 5
SHORTEST_NUMBER = 7
"""Shorter values are not looked for as words; bare numbers need more characters than others."""

MARK = "[erased]"
"""What stands where somebody else's text mentioned the person."""

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

    def out_of_text(self, text: str) -> str:
        """A text with a mark where it mentioned the person.

        >>> Mention(frozenset({"customer-5"})).out_of_text("with customer-5, not customer-50")
        'with [erased], not customer-50'
        """
        return self._pattern.sub(MARK, text) if self._pattern is not None else text

    def places(self, text: str) -> Iterable[tuple[int, int]]:
        """Where in a text values begin and end."""
        return (found.span() for found in self._pattern.finditer(text)) if self._pattern is not None else ()

    def in_data(self, value: Any, but: Set[str] = frozenset()) -> bool:
        """Whether plain data hold one of the values as a word of a text or of a name.

        Args:
            value: The data.
            but: Names under which nothing is looked at: what stands there names something else.

        >>> Mention(frozenset({"customer-5"})).in_data({"asked": ["customer-5"]})
        True
        """
        if isinstance(value, str):
            return self.in_text(value)
        if isinstance(value, Mapping):
            kept = [name for name in value if name not in but]
            return any(self.in_text(str(name)) or self.in_data(value[name], but) for name in kept)
        return isinstance(value, list | tuple) and any(self.in_data(one, but) for one in value)

    def in_cell(self, text: str, but: Set[str] = frozenset()) -> bool:
        """Whether a cell that may hold anything, JSON included, mentions the person."""
        data = _data(text)
        return self.in_text(text) if data is None else self.in_data(data, but)

    def out_of_cell(self, text: str, but: Set[str] = frozenset()) -> str:
        """A cell that may hold anything with a mark wherever it mentions the person."""
        data = _data(text)
        if data is None:
            return self.out_of_text(text)
        left = self.out_of_data(data, but)
        if left == data:
            return text
        # Half of a surrogate pair stays an escape, which every database keeps.
        return json.dumps(left, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()

    def out_of_data(self, value: Any, but: Set[str] = frozenset()) -> Any:
        """Plain data with a mark wherever they mention the person."""
        if isinstance(value, str):
            return self.out_of_text(value)
        if isinstance(value, Mapping):
            return {
                self.out_of_text(str(name)): one if name in but else self.out_of_data(one, but)
                for name, one in value.items()
            }
        return [self.out_of_data(one, but) for one in value] if isinstance(value, list | tuple) else value

    def names(self, value: Any) -> bool:
        """Whether what stands where somebody is named is the person."""
        return value is not None and str(value) in self.values


def spellings(value: str) -> tuple[str, ...]:
    """A value as it may stand in JSON, with and without escapes.

    >>> len(spellings("Дана")), len(spellings("Dana"))
    (2, 1)
    """
    return tuple(sorted({value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}))


def _data(text: str) -> Any:
    """What JSON text holds; None where it is none."""
    if text[:1] not in {"{", "["}:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_word(value: str) -> bool:
    return len(value) >= (SHORTEST_NUMBER if value.isdigit() else SHORTEST_WORD)


def _bounded(form: str) -> str:
    before = _BEFORE if form[0].isalnum() or form[0] == "\\" else ""
    after = _AFTER if form[-1].isalnum() else ""
    return f"{before}{re.escape(form)}{after}"
