"""The spelling of one identifier, one value at a time: what `linking.identifier.normalise` does for whole tables."""

from __future__ import annotations

import re

from firstcontact.measurement.linking.identifier import NOBODY, NOBODY_MAIL, OWN_ID

_INTERNATIONAL = re.compile(r"(tel:)?(\+|00)")
_EXTENSION = re.compile(r"[\t\n\f\r ]*(;?ext[.=]?|x|#)[\t\n\f\r ]*[0-9]{1,6}\Z")
_TRUNK = "(0)"
_DOUBLE_ZERO = re.compile(r"(tel:)?00")
_ONE_DIGIT = re.compile(r"(0+|1+|2+|3+|4+|5+|6+|7+|8+|9+)\Z")
_MAIL = re.compile(r"[^@\t\n\f\r ]+@[^@\t\n\f\r ]+\.[^@\t\n\f\r ]+\Z")
_NOBODY_MAIL = re.compile(NOBODY_MAIL)
_ROUNDED = re.compile(r"[0-9](\.[0-9]+)?e\+[0-9]+\Z")
_DECIMALS = re.compile(r"([0-9]+)\.0+\Z")
_ZEROS = re.compile(r"0+\Z")
_BLANK = " \t\n\r\v\f"


def spell(kind: str, value: str, region: str | None = None) -> str | None:
    """The spelling under which an identifier is compared.

    Args:
        kind: `phone`, `email`, `customer`, or any other.
        value: As the source has it.
        region: Two-letter country in which national telephone numbers are read; None leaves them as they are.

    Returns:
        The spelling; None where it identifies nobody.

    >>> spell("phone", "+44 (0)20 7946 0018 ext. 5"), spell("email", "No-Reply@example.org"), spell("customer", "17.0")
    ('+442079460018', None, '17')
    """
    text = _lower(value.strip(_BLANK))
    if text in NOBODY or _ROUNDED.match(text):
        return None
    if kind == "phone":
        return _phone(text, region)
    if kind == "email":
        return text if _MAIL.match(text) and not _NOBODY_MAIL.match(text) else None
    if kind == OWN_ID:
        return None if _ZEROS.match(text) else _DECIMALS.sub(r"\1", value.strip(_BLANK))
    return None if _one_digit(text) else text


def _lower(text: str) -> str:
    # One letter for one letter, as engines do: Python alone makes two of a dotted capital I, and looks at neighbours.
    return text.lower() if text.isascii() else "".join(letter.lower()[0] for letter in text)


def _one_digit(digits: str) -> bool:
    return len(digits) > 3 and _ONE_DIGIT.match(digits) is not None


def _phone(text: str, region: str | None) -> str | None:
    international = _INTERNATIONAL.match(text) is not None
    dialled = _EXTENSION.sub("", text, count=1)
    if international:
        dialled = dialled.replace(_TRUNK, "")
    digits = "".join(letter for letter in dialled if letter in "0123456789")
    if len(digits) < 6 or _one_digit(digits):
        return None
    if international:
        return "+" + (digits[2:] if _DOUBLE_ZERO.match(dialled) else digits)
    return digits if region is None else _in_country(digits, region)


def _in_country(digits: str, region: str) -> str:
    import phonenumbers

    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return digits
    if not phonenumbers.is_possible_number(number):
        return digits
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
