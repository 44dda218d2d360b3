"""Sentences of the program in the reader's language: the pattern is translated, and its parts are written anew."""

from __future__ import annotations

import re
import string
from datetime import date
from typing import Any

from firstcontact.doors.report.notation import Notation, shown
from firstcontact.kernel.sentence import Sentence


def tell(text: str, notation: Notation, translations: Any) -> str:
    """A text as it may stand on a page: a sentence of the program in the reader's language, any other as it is.

    Args:
        text: A `Sentence`, or somebody else's words.
        notation: How numbers and dates are written.
        translations: The sentences of the language. English needs none, and stays letter for letter what it was.
    """
    if not isinstance(text, Sentence) or notation.locale.language == "en":
        return shown_text(text)
    one, english = (" ".join(pattern.split()) for pattern in (text.one, text.pattern))
    number = text.parts[text.by] if text.by else None
    pattern = translations.gettext(english) if number is None else translations.ngettext(one, english, number)
    if not text.parts:
        return shown_text(pattern)
    return _Speaker(notation, translations).vformat(pattern, (), text.parts)


def shown_text(text: str) -> str:
    """A text as it may stand on a page: as `notation.shown`, but whole."""
    return _STRETCH.sub(lambda found: shown(found[0]), " ".join(text.split()))


_STRETCH = re.compile("[^ 。，、；：！？（）「」“”]+")
"""A word; in writing without blanks what stands between two marks."""


class _Speaker(string.Formatter):
    """Fills a pattern as the language writes numbers, and keeps names apart from the direction around them."""

    def __init__(self, notation: Notation, translations: Any) -> None:
        self.notation, self.translations = notation, translations

    def format_field(self, value: Any, format_spec: str) -> str:
        """One part, by what it is and by what its place in the pattern asks for."""
        if isinstance(value, Sentence):
            return tell(value, self.notation, self.translations)
        if isinstance(value, date):
            return self.notation.day(value)
        if isinstance(value, str):
            return self.notation.apart(shown_text(value))
        places = int(format_spec.rstrip("f%").partition(".")[2] or 0)
        if format_spec.endswith("%"):
            return self.notation.percent(value, places)
        if format_spec.endswith("g"):
            return self.notation.decimal(value, min(len(f"{value:g}".partition(".")[2]), 6))
        return self.notation.decimal(value, places)
