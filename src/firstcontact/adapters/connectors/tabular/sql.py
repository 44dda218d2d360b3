"""Names and texts as the engine's SQL writes them, so that no name and no value can break out of its place."""

from __future__ import annotations

from collections.abc import Iterable

_BLANKS = (9, 10, 13, 32, 160, 8206, 8207, 12288)
"""Blanks at the edges of a value, with the marks of direction that right-to-left exports put there."""

BLANKS = " || ".join(f"chr({code})" for code in _BLANKS)
"""SQL of a text that holds them all, for `trim`."""


def untidy(column: str) -> str:
    """A condition: the value begins or ends with a blank. Several times cheaper than trimming it.

    >>> untidy("a")[:21]
    '(ord("a") IN (9, 10, '
    """
    codes = ", ".join(str(code) for code in _BLANKS)
    # Eight looks at the last bytes take half the time of finding the last character.
    ends = " OR ".join(f"suffix({name(column)}, chr({code}))" for code in _BLANKS)
    return f"(ord({name(column)}) IN ({codes}) OR {ends})"


def name(identifier: str) -> str:
    """A column or table name.

    >>> name('a"b')
    '"a""b"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text value.

    >>> text("it's")
    "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def texts(values: Iterable[str]) -> str:
    """A list of text values for `IN (...)`.

    >>> texts(["a", "b"])
    "'a', 'b'"
    """
    return ", ".join(text(value) for value in values)
