"""Names and texts as the engine's SQL writes them, so that no name and no value can break out of its place."""

from __future__ import annotations

from collections.abc import Iterable


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
