"""Numbers that a state gives to one person, in the countries of the interface's languages, told by their checksums.

English: United States (SSN, ITIN), United Kingdom (NHS and National Insurance number), Ireland (PPS), Canada (SIN),
Australia (TFN), New Zealand (IRD), Singapore (NRIC and FIN). Hebrew: Israel (identity number). Bulgarian: Bulgaria (EGN
and the number of foreigners). Chinese: China (resident identity), Taiwan (identity and residence), Hong Kong (identity
card). Numbers without a checksum, SSN and National Insurance, are told by their ranges.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

COUNTRIES: tuple[str, ...] = ("US", "GB", "IE", "CA", "AU", "NZ", "SG", "IL", "BG", "CN", "TW", "HK")
"""Countries whose personal numbers are known."""

Check = Callable[[str], bool]

GAP = r"[ \t\r\n\-./_()\[\]*|]{0,3}"
"""What may stand between two digits of one number."""

ALONE = r"(?![^\W_])"
"""After a letter that ends a number: it begins no word."""


@cache
def digit_checks(countries: frozenset[str]) -> dict[int, tuple[Check, ...]]:
    """Checks of numbers that are digits only and have a checksum, by how many digits they have."""
    from stdnum.au import tfn
    from stdnum.bg import egn, pnf
    from stdnum.ca import sin
    from stdnum.cn import ric
    from stdnum.gb import nhs
    from stdnum.il import idnr
    from stdnum.nz import ird

    known: tuple[tuple[str, int, Check], ...] = (
        ("CA", 9, sin.is_valid),
        ("AU", 9, tfn.is_valid),
        ("AU", 8, tfn.is_valid),
        ("NZ", 9, ird.is_valid),
        ("NZ", 8, ird.is_valid),
        ("IL", 9, idnr.is_valid),
        ("GB", 10, nhs.is_valid),
        ("BG", 10, egn.is_valid),
        ("BG", 10, pnf.is_valid),
        ("CN", 18, ric.is_valid),
    )
    found: dict[int, tuple[Check, ...]] = {}
    for country, length, check in known:
        if country in countries:
            found[length] = (*found.get(length, ()), check)
    return found


def is_social_security(digits: str) -> bool:
    """Whether nine digits may be a United States social security or taxpayer number; they have no checksum."""
    from stdnum.us import itin, ssn

    return bool(ssn.is_valid(digits) or itin.is_valid(digits))


def lettered(plain: str, countries: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Where in a spelled text numbers stand that have letters in them.

    Args:
        plain: Upper-case text with plain digits.
        countries: Whose numbers are looked for.

    Yields:
        Begin and end of each.
    """
    for country, pattern, check in _LETTERED:
        if country not in countries:
            continue
        # Each pattern looks ahead, so it is tried at every letter: one before a number does not hide it.
        for match in pattern.finditer(plain):
            if check(_bare(match.group(1))):
                yield match.span(1)


def _bare(found: str) -> str:
    return "".join(character for character in found if character.isalnum())


def _digits(count: int) -> str:
    return rf"\d(?:{GAP}\d){{{count - 1}}}"


def _pps(number: str) -> bool:
    from stdnum.ie import pps

    return bool(pps.is_valid(number))


_NINO_UNUSED = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


def _nino(number: str) -> bool:
    return number[:2] not in _NINO_UNUSED


def _letter_value(letter: str) -> int:
    return ord(letter) - ord("A")


def hong_kong(number: str) -> bool:
    """Whether it is the number of a Hong Kong identity card.

    >>> hong_kong("A1234563"), hong_kong("A1234564")
    (True, False)
    """
    body, last = number[:-1], number[-1]
    values = [36] if len(body) == 7 else []
    values += [_letter_value(one) + 10 if one.isalpha() else int(one) for one in body]
    total = sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True))
    return (total + (10 if last == "A" else int(last))) % 11 == 0


_TAIWAN = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
"""Letters by the two digits from 10 on that they stand for."""


def taiwan(number: str) -> bool:
    """Whether it is an identity or residence number of Taiwan.

    >>> taiwan("A123456789"), taiwan("A123456788")
    (True, False)
    """
    code = _TAIWAN.index(number[0]) + 10
    second = _TAIWAN.index(number[1]) % 10 if number[1].isalpha() else int(number[1])
    digits = [code // 10, code % 10, second, *map(int, number[2:])]
    return sum(d * w for d, w in zip(digits, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True)) % 10 == 0


_SINGAPORE = {
    "S": (0, "JZIHGFEDCBA"), "T": (4, "JZIHGFEDCBA"), "F": (0, "XWUTRQPNMLK"), "G": (4, "XWUTRQPNMLK"),
    "M": (3, "KLJNPQRTUWX"),
}  # fmt: skip


def singapore(number: str) -> bool:
    """Whether it is an NRIC or FIN of Singapore.

    >>> singapore("S1234567D"), singapore("S1234567E")
    (True, False)
    """
    offset, letters = _SINGAPORE[number[0]]
    total = offset + sum(int(d) * w for d, w in zip(number[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True))
    place = total % 11
    return letters[10 - place if number[0] == "M" else place] == number[8]


# A letter of a word beside a number is none of the number's: none may stand before the first or after the last. Two
# letters stand together, unless the second stands as far from the digits as from the first.
_BEGIN = r"(?<![^\W_])"
_APART = GAP.replace("{0,3}", "{1,3}")


def _two(first: str, second: str) -> str:
    return rf"{_BEGIN}(?:{first}{second}{GAP}|{first}{_APART}{second}{_APART})"


_LETTERED: tuple[tuple[str, re.Pattern[str], Check], ...] = tuple(
    (country, re.compile(f"(?=({pattern}))"), check)
    for country, pattern, check in (
        ("GB", rf"{_two('[A-CEGHJ-PR-TW-Z]', '[A-CEGHJ-NPR-TW-Z]')}{_digits(6)}{GAP}[A-D]{ALONE}", _nino),
        ("IE", rf"(?<!\d){_digits(7)}{GAP}[A-W]{ALONE}", _pps),
        ("IE", rf"(?<!\d){_digits(7)}{GAP}[A-W]{GAP}[A-IW]{ALONE}", _pps),
        ("HK", rf"{_BEGIN}[A-Z]{GAP}{_digits(6)}{GAP}(?:\d(?!\d)|A{ALONE})\)?", hong_kong),
        ("HK", rf"{_two('[A-Z]', '[A-Z]')}{_digits(6)}{GAP}(?:\d(?!\d)|A{ALONE})\)?", hong_kong),
        ("TW", rf"{_BEGIN}[A-Z]{GAP}[1289A-D]{GAP}{_digits(8)}(?!\d)", taiwan),
        ("SG", rf"{_BEGIN}[STFGM]{GAP}{_digits(7)}{GAP}[A-Z]{ALONE}", singapore),
    )
)
