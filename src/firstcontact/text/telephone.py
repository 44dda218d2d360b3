"""Whether digits are a telephone number: dialled from abroad, or inside a country that customers call from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

REGIONS: tuple[str, ...] = ("US", "CA", "GB", "IE", "AU", "NZ", "SG", "IL", "BG", "CN", "TW", "HK", "MO")
"""Regions whose numbers are known without their country code, unless told otherwise."""

SHORTEST, LONGEST = 7, 17

_KINDS = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan",
    "voicemail",
)  # fmt: skip

_GUESSED = re.compile(r"0[1-9]\d{7,9}")


@cache
def _inside(regions: frozenset[str]) -> re.Pattern[str]:
    """Every number that is valid in one of the regions, as it is dialled there or with the country code and no plus.

    One pattern for all of them: what the library decides number by number and region by region costs a hundred times
    as much, and every group of digits of every text asks.
    """
    return re.compile(
        "|".join(f"(?:{pattern})" for region in sorted(regions) for pattern in _patterns(region)) or "(?!)"
    )


def _patterns(region: str) -> Iterator[str]:
    from phonenumbers import PhoneMetadata

    described = PhoneMetadata.metadata_for_region(region)
    if described is None:
        return
    kinds = [getattr(described, kind) for kind in _KINDS]
    kinds = [kind for kind in kinds if kind is not None and kind.national_number_pattern]
    valid = "|".join(f"(?:{kind.national_number_pattern})" for kind in kinds)
    before = rf"(?:{described.country_code}|(?:{described.national_prefix_for_parsing or '(?!)'}))?"
    yield rf"{_without_groups(before)}(?:{_without_groups(valid)})"


def _without_groups(pattern: str) -> str:
    return re.sub(r"(?<!\\)\((?!\?)", "(?:", pattern)


def is_telephone(digits: str, regions: frozenset[str], *, abroad: bool, formatted: bool) -> bool:
    """Whether somebody would dial this.

    Args:
        digits: Digits only.
        regions: Where it may be dialled without a country code.
        abroad: Whether a plus stands before it.
        formatted: Whether it is written in groups, as telephone numbers are.

    Returns:
        For a number with a plus, or with the zeros that stand for it, whether it is possible; one that begins with a
        single zero and is written in groups always. Any other must be valid in one of the regions, so that most order
        numbers stay.

    >>> is_telephone("972541234567", frozenset(), abroad=True, formatted=False)
    True
    >>> is_telephone("4711", frozenset({"US"}), abroad=False, formatted=True)
    False
    """
    if not SHORTEST <= len(digits) <= LONGEST:
        return False
    if abroad:
        return _possible(digits)
    if digits.startswith("0"):
        if formatted and _GUESSED.fullmatch(digits):
            return True
        for dialled in ("00", "011", "0011"):
            if digits.startswith(dialled) and _possible(digits[len(dialled) :]):
                return True
    return _inside(regions).fullmatch(digits) is not None


def _possible(digits: str) -> bool:
    from phonenumbers import NumberParseException, is_possible_number, parse

    try:
        return is_possible_number(parse(f"+{digits}", None))
    except NumberParseException:
        return False
