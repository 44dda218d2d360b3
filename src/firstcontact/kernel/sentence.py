"""A sentence of the program that remembers how it was made, so that it can be said in another language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from numbers import Integral
from string import Formatter
from typing import Any


class Sentence(str):
    """English text made from a pattern and its parts. It is a string like any other; what made it stays beside it.

    A door that speaks another language looks up the pattern, and writes the parts as that language writes numbers and
    dates. The pattern and the code must stand in the call as they are, for that is where translators' tools find them.

    A count that can be 1 asks for a second pattern, for one only; other languages have as many as their grammar needs.

    Attributes:
        code: Names the sentence for good, whatever its wording becomes.
        pattern: The English with its parts in braces, as `str.format` reads them.
        one: The same where the count is 1; "" where no count changes the wording.
        by: Which of the parts is that count; "" likewise.
        parts: What stands in the braces: numbers, dates, names from the data, and sentences within the sentence.

    >>> Sentence("thin", "{days:,} days", "{days:,} day", "days", days=1)
    '1 day'
    >>> said = Sentence("thin", "{days:,} days of thin volume", days=1234)
    >>> said
    '1,234 days of thin volume'
    >>> said.code, said.pattern, said.parts
    ('thin', '{days:,} days of thin volume', {'days': 1234})
    """

    __slots__ = ("by", "code", "one", "parts", "pattern")

    code: str
    pattern: str
    one: str
    by: str
    parts: dict[str, Any]

    def __new__(cls, code: str, pattern: str, one: str = "", by: str = "", /, **parts: Any) -> Sentence:
        said = one if by and parts[by] == 1 else pattern
        made = super().__new__(cls, said.format(**parts) if parts else said)
        made.code, made.pattern, made.one, made.by, made.parts = code, pattern, one, by, parts
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str, str, str, str], dict[str, Any]]:
        return (self.code, self.pattern, self.one, self.by), self.parts


def clause(pattern: str, one: str = "", by: str = "", /, **parts: Any) -> Sentence:
    """A clause of a fault. Its fault has the permanent code, so it needs none of its own.

    A clause that is one text, written where the fault is made, needs no such call: translators find it there.

    >>> clause("more than {most} characters", most=72)
    'more than 72 characters'
    """
    return Sentence(CLAUSE, pattern, one, by, **parts)


CLAUSE = "clause"
"""The code that all clauses of faults share."""


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


def kept(text: str) -> dict[str, Any] | None:
    """How a sentence was made, as plain data; None for text that is not the program's own.

    >>> kept(Sentence("thin", "{days:,} days", days=3))
    {'code': 'thin', 'pattern': '{days:,} days', 'parts': {'days': 3}}
    """
    if not isinstance(text, Sentence):
        return None
    parts = {name: _plain(part) for name, part in text.parts.items()}
    forms = {"one": text.one, "by": text.by} if text.by else {}
    return {"code": text.code, "pattern": text.pattern, **forms, "parts": parts}


def kept_with(texts: Mapping[str, str]) -> dict[str, Any]:
    """Texts as plain data, with how those were made that have parts; `restored_with` takes them apart again.

    >>> kept_with({"code": "FC1", "saw": Sentence("thin", "{days:,} days", days=3)})["made"]["saw"]["parts"]
    {'days': 3}
    """
    made = {name: kept(text) for name, text in texts.items() if isinstance(text, Sentence) and text.parts}
    plain = {name: str(text) for name, text in texts.items()}
    return {**plain, _MADE: made} if made else dict(plain)


def restored_with(data: Mapping[str, Any]) -> dict[str, str]:
    """The texts that `kept_with` was given.

    >>> found = restored_with(kept_with({"saw": Sentence("thin", "{days:,} days", days=3)}))
    >>> found, found["saw"].parts
    ({'saw': '3 days'}, {'days': 3})
    """
    made = data.get(_MADE) or {}
    return {name: restored(text, made.get(name)) for name, text in data.items() if name != _MADE}


_MADE = "made"


def _plain(part: Any) -> Any:
    if isinstance(part, date):
        return {_DATE: part.isoformat()}
    if isinstance(part, Sentence):
        return kept(part)
    if part is None or isinstance(part, str | int | float):
        return part
    return int(part) if isinstance(part, Integral) else str(part)  # a number of the engine's, a path


def restored(text: str, data: Any) -> str:
    """The sentence that `kept` was given; the bare text where the data make another one, or none.

    Data come from files, which anybody may have written: a pattern that asks for more than a number or a text, plainly
    laid out, is not followed.

    >>> restored("3 days", kept(Sentence("thin", "{days:,} days", days=3))).code
    'thin'
    >>> code_of(restored("4 days", kept(Sentence("thin", "{days:,} days", days=3))))
    ''
    >>> restored("until 2024-02-29", kept(Sentence("end", "until {day}", day=date(2024, 2, 29)))).parts
    {'day': datetime.date(2024, 2, 29)}
    """
    found = _made(data, 0)
    return found if found == text else text


_DATE = "date"
"""A day or a moment as plain data, which knows none: `{"date": "2024-02-29"}`."""

_DEEPEST = 40
"""As many sentences may stand within one another: `listed` puts each into the next."""

_LAYOUT = re.compile(r"^\+?,?(\.\d)?[dfg%]?$")


def _made(data: Any, depth: int) -> Sentence | None:
    if not isinstance(data, dict) or set(data) - {"one", "by"} != {"code", "pattern", "parts"} or depth > _DEEPEST:
        return None
    given, words = data["parts"], [data["code"], data["pattern"], data.get("one", ""), data.get("by", "")]
    if not (all(isinstance(word, str) for word in words) and isinstance(given, dict)):
        return None
    code, pattern, one, by = words
    parts = {name: _part(part, depth + 1) if isinstance(part, dict) else part for name, part in given.items()}
    if not all(isinstance(part, str | int | float | date) and not isinstance(part, bool) for part in parts.values()):
        return None
    try:
        read = [*Formatter().parse(pattern), *Formatter().parse(one), ("", by or None, "", None)]
        fields = [(name, spec, how) for _, name, spec, how in read if name is not None]
        if any(name not in parts or how or not _LAYOUT.match(spec or "") for name, spec, how in fields):
            return None
        return Sentence(code, pattern, one, by, **parts)
    except (ValueError, TypeError):
        return None


def _part(data: dict[str, Any], depth: int) -> Sentence | date | None:
    if set(data) != {_DATE}:
        return _made(data, depth)
    try:
        moment = datetime.fromisoformat(data[_DATE])
        return moment if "T" in data[_DATE] else moment.date()
    except (ValueError, TypeError):
        return None
