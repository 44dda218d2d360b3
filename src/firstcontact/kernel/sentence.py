"""A sentence of the program that remembers how it was made, so that it can be said in another language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Sentence(str):
    """English text made from a pattern and its parts. It is a string like any other; what made it stays beside it.

    A door that speaks another language looks up the pattern, and writes the parts as that language writes numbers and
    dates. The pattern and the code must stand in the call as they are, for that is where translators' tools find them.

    Attributes:
        code: Names the sentence for good, whatever its wording becomes.
        pattern: The English with its parts in braces, as `str.format` reads them.
        parts: What stands in the braces: numbers, dates, names from the data, and sentences within the sentence.

    >>> said = Sentence("thin", "{days:,} days of thin volume", days=1234)
    >>> said
    '1,234 days of thin volume'
    >>> said.code, said.pattern, said.parts
    ('thin', '{days:,} days of thin volume', {'days': 1234})
    """

    __slots__ = ("code", "parts", "pattern")

    code: str
    pattern: str
    parts: dict[str, Any]

    def __new__(cls, code: str, pattern: str, /, **parts: Any) -> Sentence:
        made = super().__new__(cls, pattern.format(**parts) if parts else pattern)
        made.code, made.pattern, made.parts = code, pattern, parts
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str, str], dict[str, Any]]:
        return (self.code, self.pattern), self.parts


def code_of(text: str) -> str:
    """The code of a sentence; empty for text that is not the program's own.

    >>> code_of("somebody's own words")
    ''
    """
    return text.code if isinstance(text, Sentence) else ""


def either(alternatives: Sequence[str]) -> str:
    """Alternatives, joined by "or".

    >>> either(["iso", "epoch"])
    'iso or epoch'
    """
    said = alternatives[0]
    for last in alternatives[1:]:
        said = Sentence("or", "{first} or {last}", first=said, last=last)
    return said


def listed(parts: Sequence[Sentence]) -> Sentence:
    """Sentences one after the other, with a semicolon between them.

    >>> listed([Sentence("a", "one"), Sentence("b", "two")])
    'one; two'
    """
    said = parts[0]
    for last in parts[1:]:
        said = Sentence("list", "{first}; {last}", first=said, last=last)
    return said
