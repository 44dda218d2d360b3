"""Brings moments that carry words and marks to a plain spelling, the same way here and in the engine.

Spreadsheets and browsers write narrow blanks, `3:49 p.m.`, `14.05 ч.`, `GMT+0200 (Eastern European Standard Time)` and
marks of direction. The rules below replace them; they run only over columns that cannot be read without.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from firstcontact.adapters.connectors.tabular import sql

_MARKS = "\u200b\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
"""Marks of direction and joiners: no part of any moment."""

_BLANKS = "\u00a0\u2007\u2009\u202f\u3000\t"
"""Blanks that are not the plain one."""

_BEFORE: tuple[tuple[str, str], ...] = (
    (r"\s*\([^)]*\)\s*$", ""),  # (Eastern European Standard Time)
    (r"(\d) *г\.?,?( |$)", r"\1 "),  # Bulgarian: year
    (r"(\d) *ч\.?( |$)", r"\1 "),  # Bulgarian: o'clock
    (r"(?i)(\d) *([ap])\. ?m\.?", r"\1 \2m"),
    (r" *(?:сл\. ?об\.?|אחה[\"״]?צ)", " PM"),
    (r" *(?:пр\. ?об\.?|לפנה[\"״]?צ)", " AM"),
    # Mon Jan  5 10:00:00 EET 2024: the year goes before the time.
    (
        r"^([A-Za-z]{3} )?([A-Za-z]{3}) +(\d{1,2}) (\d{1,2}:\d{2}:\d{2})( [A-Z][A-Za-z0-9+:-]*)? (\d{4})$",
        r"\1\2 \3 \6 \4\5",
    ),
    (r"(?i) *(?:GMT|UTC) ?([+-])", r" \1"),
    (r"(?i)(\d) *(?:GMT|UTC|Z)$", r"\1 +00:00"),
)
_AFTER: tuple[tuple[str, str], ...] = (
    (r" \+(\d)$", r" +0\1"),
    (r" -(\d)$", r" -0\1"),
    (r" ([+-]\d\d)$", r" \1:00"),
    (r"((?:\d|[AaPp][Mm])) *([+-]\d\d:?\d\d)$", r"\1\2"),
    (r" +", " "),
    (r"^ | $", ""),
)

OFFSETS: dict[str, str] = {
    "EST": "-05:00", "EDT": "-04:00", "CST": "-06:00", "CDT": "-05:00", "MST": "-07:00", "MDT": "-06:00",
    "PST": "-08:00", "PDT": "-07:00", "AKST": "-09:00", "AKDT": "-08:00", "HST": "-10:00",
    "WET": "+00:00", "WEST": "+01:00", "CET": "+01:00", "CEST": "+02:00", "MEZ": "+01:00", "MESZ": "+02:00",
    "EET": "+02:00", "EEST": "+03:00", "IDT": "+03:00", "MSK": "+03:00", "SAST": "+02:00", "HKT": "+08:00",
    "SGT": "+08:00", "JST": "+09:00", "KST": "+09:00", "AEST": "+10:00", "AEDT": "+11:00", "NZST": "+12:00",
    "NZDT": "+13:00",
}  # fmt: skip
"""What an abbreviation of a zone means: that of the United States where several countries use the same letters."""

SHARED: dict[str, dict[str, str]] = {
    "CST": {"Asia/": "+08:00"},
    "IST": {"Asia/Jerusalem": "+02:00", "Asia/Tel_Aviv": "+02:00", "Europe/Dublin": "+01:00", "Asia/Kolkata": "+05:30",
            "Asia/Calcutta": "+05:30"},
    "BST": {"Europe/": "+01:00", "Asia/": "+06:00"},
    "AST": {"America/": "-04:00", "Asia/": "+03:00"},
}  # fmt: skip
"""Letters that several countries use, and what they mean in a run whose zone begins so."""


def offsets_of(zone: str, own: Mapping[str, str]) -> dict[str, str]:
    """What each abbreviation means in a run.

    Args:
        zone: The zone in which local times are understood; it decides between countries that share letters.
        own: What a person said, which is obeyed.

    >>> offsets_of("Asia/Shanghai", {})["CST"], offsets_of("UTC", {"CST": "-05:00"})["CST"]
    ('+08:00', '-05:00')
    """
    local = {
        letters: offset
        for letters, places in SHARED.items()
        for place, offset in places.items()
        if zone.startswith(place)
    }
    return OFFSETS | local | dict(own)


def _rules(offsets: Mapping[str, str]) -> list[tuple[str, str]]:
    named = [(rf"(\d|[AaPp][Mm]) *{re.escape(letters)}$", rf"\1 {offset}") for letters, offset in offsets.items()]
    return [*_BEFORE, *named, *_AFTER]


def clean_moment(value: str, offsets: Mapping[str, str] = OFFSETS) -> str:
    """A moment without words and marks; other text comes back nearly as it was.

    >>> clean_moment("1/1/2024, 3:49:25 p.m."), clean_moment("01.02.2024 г. 14:05 ч.")
    ('1/1/2024, 3:49:25 pm', '01.02.2024 14:05')
    >>> clean_moment("Fri Jan 05 2024 10:00:00 GMT+0200 (EET)"), clean_moment("2024-01-05 10:00 PST")
    ('Fri Jan 05 2024 10:00:00+0200', '2024-01-05 10:00-08:00')
    """
    text = value.translate({ord(mark): None for mark in _MARKS} | {ord(blank): " " for blank in _BLANKS})
    text = text.strip(" ")
    for pattern, replacement in _rules(offsets):
        text = re.sub(pattern, replacement, text)
    return text


def clean_query(value: str, offsets: Mapping[str, str]) -> str:
    """SQL that does to a column what `clean_moment` does to a value.

    Args:
        value: SQL of the text.
        offsets: Only the abbreviations that the column has, since each costs a pass over every value.
    """
    blanks = " || ".join(f"chr({ord(one)})" for one in _BLANKS)
    marks = " || ".join(f"chr({ord(one)})" for one in _MARKS)
    text = f"trim(translate({value}, {blanks} || {marks}, {sql.text(' ' * len(_BLANKS))}), ' ')"
    for pattern, replacement in _rules(offsets):
        text = f"regexp_replace({text}, {sql.text(pattern)}, {sql.text(replacement)}, 'g')"
    return text


def letters_in(values: list[str], offsets: Mapping[str, str]) -> dict[str, str]:
    """The abbreviations of zones that occur at the end of these values, with what they mean."""
    ends = {
        found[1]
        for value in values
        if (found := re.search(r"(?:\d|[AaPp][Mm]) *([A-Z]{2,5})\b\W*(?: \d{4})?$", value.strip()))
    }
    return {letters: offsets[letters] for letters in sorted(ends) if letters in offsets}
