"""Figures, counts, dates and names as a reader of one language writes them."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

LONGEST_NAME = 72
"""Characters of a name that are shown; the whole name is in results.csv."""

_DAY_FIRST = {"en", "he"}
"""Languages that write a date as day, name of the month and year. The others write it as their region does."""

_FIRST_ISOLATE, _FIRST_STRONG, _LAST_ISOLATE = "\u2066", "\u2068", "\u2069"
TO = "\u00a0…\u00a0"
"""Between two signed numbers; a line does not end there."""
_BIDI = frozenset("\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def upright(text: str) -> str:
    r"""A text with a visible sign for each character that would turn its direction around, or that no page may hold.

    >>> upright("saw \u202ex")
    'saw �x'
    """
    return "".join("�" if _unfit(character) else character for character in text)


def shown(name: str) -> str:
    r"""A name from the data as it may stand on a page.

    Characters that would turn the direction of the text around, or that no page may hold, are replaced by a visible
    sign, runs of blanks become one, and a long name is cut. Escaping markup is the template's affair.

    >>> shown("bill\u202egnp.exe")
    'bill�gnp.exe'
    >>> len(shown("x" * 10_000))
    72
    """
    head = name[: 8 * LONGEST_NAME]
    plain = upright(head)
    plain = " ".join(plain.split())
    return plain if len(plain) <= LONGEST_NAME else plain[: LONGEST_NAME - 1].rstrip() + "…"


def _unfit(character: str) -> bool:
    if character in _BIDI:
        return True
    category = unicodedata.category(character)
    return category in {"Cs", "Cn", "Co"} or (category == "Cc" and not character.isspace())


def decimals(low: float, high: float) -> int:
    """How many decimals of a percentage mean something, judged by the width of its interval.

    >>> decimals(0.72, 0.76), decimals(0.742, 0.748), decimals(0.7421, 0.7429)
    (0, 1, 2)
    """
    width = abs(high - low)
    if width >= 0.015 or width == 0:
        return 0
    return 1 if width >= 0.0015 else 2


@dataclass(frozen=True, slots=True)
class Notation:
    """How one language writes numbers and dates, in one business zone.

    Attributes:
        locale: The reader's language.
        zone: The business zone, as an IANA name.
    """

    locale: Locale
    zone: str

    @property
    def rtl(self) -> bool:
        return str(self.locale.text_direction) == "rtl"

    @property
    def stop(self) -> str:
        """What a sentence ends with."""
        return "。" if self.locale.language == "zh" else "."

    def running(self, sentences: Iterable[str]) -> str:
        """Sentences one after the other; Chinese leaves no blank between them."""
        return ("" if self.locale.language == "zh" else " ").join(sentences)

    def listed(self, names: Iterable[str], *, long: bool = False) -> str:
        """Names in a row, or longer words (`long`) that may hold the sign between names themselves."""
        plain, chinese = ("; ", "；") if long else (", ", "、")
        return (chinese if self.locale.language == "zh" else plain).join(names)

    def together(self, text: str) -> str:
        """Text that keeps its own left-to-right order inside a right-to-left sentence."""
        return f"{_FIRST_ISOLATE}{text}{_LAST_ISOLATE}" if self.rtl else text

    def apart(self, name: str) -> str:
        """A name, of whatever direction, that leaves the sentence around it in order."""
        return f"{_FIRST_STRONG}{name}{_LAST_ISOLATE}" if self.rtl else name

    def count(self, value: float) -> str:
        """A whole number with the language's separators."""
        return format_decimal(round(value), format="#,##0", locale=self.locale)

    def decimal(self, value: float, places: int = 0) -> str:
        """A number with a fixed number of decimals."""
        pattern = "#,##0" + ("." + "0" * places if places else "")
        return format_decimal(value, format=pattern, locale=self.locale)

    def percent(self, share: float, places: int = 0) -> str:
        """A share, 0 to 1, as a percentage."""
        pattern = self.locale.percent_formats[None].pattern
        if places:
            pattern = pattern.replace("0", "0." + "0" * places, 1)
        return self.together(format_decimal(share, format=pattern, locale=self.locale))

    def closed(self, maturity: float) -> str:
        """A maturity as a percentage that reads 100 % only when nothing is missing."""
        if maturity >= 1:
            return self.percent(1)
        places = 0 if maturity < 0.99 else 1 if maturity < 0.999 else 2
        steps = 10 ** (2 + places)
        return self.percent(min(math.floor(maturity * steps + 1e-9), steps - 1) / steps, places)

    def span(self, low: str, high: str) -> str:
        """From one number to another."""
        if low == high:
            return self.together(low)
        return self.together(f"{low}{TO}{high}" if "−" in low + high else f"{low}–{high}")

    def day(self, value: datetime | date, *, year: bool = True) -> str:
        """A date in the business zone; a bare date is taken as it is."""
        day = self._local(value).date() if isinstance(value, datetime) else value
        if self.locale.language in _DAY_FIRST:
            return format_date(day, format="d MMM y" if year else "d MMM", locale=self.locale)
        return format_skeleton("yMMMd" if year else "MMMd", day, locale=self.locale)

    def month(self, value: date) -> str:
        """A month and its year."""
        if self.locale.language in _DAY_FIRST:
            return format_date(value, "LLLL y", locale=self.locale)
        return format_skeleton("yMMMM", value, locale=self.locale)

    def moment(self, value: datetime) -> str:
        """A date and time of day in the business zone."""
        local = self._local(value)
        joined: str = str(self.locale.datetime_formats["medium"])
        return joined.format(f"{local:%H:%M}", self.day(local))

    def duration(self, seconds: float) -> str:
        """A duration in the two largest units that matter, as `6:12` minutes or `2:05:00` hours.

        >>> Notation(Locale.parse("en"), "UTC").duration(372)
        '6:12'
        """
        whole = round(seconds)
        hours, rest = divmod(whole, 3600)
        text = f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
        return self.together(text)

    def _local(self, value: datetime) -> datetime:
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(ZoneInfo(self.zone))
