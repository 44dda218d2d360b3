"""Take out of free text what must not be kept: cards, accounts, addresses, telephone and personal numbers.

What has a checksum is told by it, so that order numbers and amounts stay; what has none is told by its form. Everything
found is replaced by a mark of its kind, so that the text still reads. Names and street addresses are not looked for: no
rule finds them, and a half-way rule would promise what it does not keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from firstcontact.text.personal_number import ALONE, COUNTRIES, GAP, Check, digit_checks, is_social_security, lettered
from firstcontact.text.spelled import Spelled, spell
from firstcontact.text.telephone import LONGEST, REGIONS, SHORTEST, is_telephone


class Kind(StrEnum):
    """What is taken out; the value stands in brackets in its place."""

    CARD = "card"
    IBAN = "iban"
    EMAIL = "email"
    PHONE = "phone"
    PERSONAL = "personal-number"


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is taken out of text.

    Attributes:
        kinds: What is looked for.
        countries: Whose personal numbers.
        regions: Where telephone numbers are understood without a country code.
    """

    kinds: frozenset[Kind] = frozenset(Kind)
    countries: frozenset[str] = frozenset(COUNTRIES)
    regions: frozenset[str] = frozenset(REGIONS)


_EVERYTHING = Redaction()

_ENOUGH = re.compile(r"(?:\d\D{0,3}){6}\d|[A-Z]\D{0,3}(?:\d\D{0,3}){6}")
"""Fewer digits than these are no number of any kind."""

_RUN = re.compile(rf"\d(?:{GAP}\d)*(?:{GAP}X{ALONE})?")
_GROUP = re.compile(r"\d+")
_PLUS_BEFORE = re.compile(r"\+[ (\-]{0,3}$")
_DECIMAL = re.compile(r"\d+\.\d{1,2}")
_NO_NUMBER = re.compile(
    r"(?<!\d)(?<!\d[\-./])(?:(?:19|20)\d\d([\-./])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])([\-./])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d\d"
    r"|\d{4}[ \-]\d{4}[ \-]\d{4}[ \-]\d{4}"
    r"|(?:\d{1,3}\.){3}\d{1,3})(?![\-./]?\d)"
)
"""Dates, sixteen digits in fours, and network addresses: groups of digits that are not part of a shorter number."""
_GROUPED_SSN = re.compile(r"\d{9}|\d{3}\D+\d{2}\D+\d{4}|\d{3}\D+\d{3}\D+\d{3}|(?:\d\D+){8}\d")

_LOCAL = re.compile(r"\d{3}[\-.]\d{4}")
_AT = re.compile("@")
_BEFORE_AT = re.compile(r"[^\s@<>()\[\],;:\"]{1,64}$")
_AFTER_AT = re.compile(r"(?:[^\W_](?:[\w\-]{0,62}[^\W_])?\.)+[^\W_](?:[\w\-]{0,62}[^\W_])?")
_IBAN_BEGIN = re.compile(rf"(?=([A-Z]{{2}}(?:{GAP}\d){{2}}(?:{GAP}[A-Z0-9]){{11,30}}))")

_LONGEST_CARD = 19

_COMMAS = re.compile(r"(?<![\d.,])(?:\d{4},\d{4},\d{4},\d{4}(?:,\d{3})?|\d{4},\d{6},\d{4,5})(?!\d|[.,]\d)")
"""A card as it is printed, with commas in place of blanks; other numbers between commas are values in a row."""

_SPELLED_AT = re.compile(r" ?[(\[{] ?AT ?[)\]}] ?|%40| {0,2}@ {0,2}")
_BEFORE_SPELLED = re.compile(r"(?<![\w.+\-])(?=[\d.+\-]*[^\W\d])[\w.+\-]{1,64}$")
_NAMED = re.compile(r"[._+\-\d]")
_AFTER_SPELLED = re.compile(
    r"(?:[^\W_](?:[\w\-]{0,62}[^\W_])?(?:\.| ?[(\[{] ?DOT ?[)\]}] ?)){1,8}"
    r"(?:COM|ORG|NET|EDU|GOV|MIL|INT|INFO|BIZ|EXAMPLE|[A-Z]{2})(?![^\W_])"
)
"""A host whose end is one that many have: an at sign that is spelled, or stands apart, is mostly none of an address."""


def redact(text: str, rules: Redaction = _EVERYTHING) -> tuple[str, dict[str, int]]:
    """Take out of a text what must not be kept.

    Args:
        text: Any text.
        rules: What is looked for; everything where not said.

    Returns:
        The text with a mark of its kind in place of everything found, and how many of each kind there were. Doing it
        again changes nothing.

    >>> redact("Card 4111 1111-1111 1111, order 4711, mail to a@b.org")
    ('Card [card], order 4711, mail to [email]', {'card': 1, 'email': 1})
    """
    spelled = spell(text)
    found: list[tuple[int, int, Kind]] = []
    if Kind.EMAIL in rules.kinds:
        found += [(begin, end, Kind.EMAIL) for begin, end in _emails(spelled.plain)]
    if _ENOUGH.search(spelled.plain):
        found += _numbers(spelled.plain, rules)
    return _cut(spelled, found) if found else (text, {})


def _numbers(plain: str, rules: Redaction) -> Iterator[tuple[int, int, Kind]]:
    if Kind.IBAN in rules.kinds:
        yield from ((begin, end, Kind.IBAN) for begin, end in _ibans(plain))
    if Kind.PERSONAL in rules.kinds:
        yield from ((begin, end, Kind.PERSONAL) for begin, end in lettered(plain, rules.countries))
    if Kind.CARD in rules.kinds and "," in plain:
        for match in _COMMAS.finditer(plain):
            if is_card(match.group().replace(",", "")):
                yield match.start(), match.end(), Kind.CARD
    windows = _Windows(rules)
    for run in _RUN.finditer(plain):
        yield from windows.look(plain, run)


@dataclass(slots=True)
class _Windows:
    """Looks at every stretch of a run of digits that begins and ends with a group of it.

    Digits are never taken out of the middle of a longer group: a number of thirty digits is not a card with something
    around it.
    """

    rules: Redaction
    checks: dict[int, tuple[Check, ...]] = field(init=False)

    def __post_init__(self) -> None:
        self.checks = digit_checks(self.rules.countries) if Kind.PERSONAL in self.rules.kinds else {}

    def look(self, plain: str, run: re.Match[str]) -> Iterator[tuple[int, int, Kind]]:
        if run.end() - run.start() < SHORTEST:
            return
        groups = [match.span() for match in _GROUP.finditer(plain, *run.span())]
        barriers = [match.span() for match in _NO_NUMBER.finditer(plain, *run.span())] if len(groups) > 2 else []
        with_x = plain[run.end() - 1] == "X"
        for first, (begin, _) in enumerate(groups):
            digits = ""
            for at in range(first, len(groups)):
                start, end = groups[at]
                digits += plain[start:end]
                if len(digits) > _LONGEST_CARD:
                    break
                if len(digits) < SHORTEST:
                    continue
                barred = any(begin < right and left < end for left, right in barriers)
                kind = self._kind(digits, plain, begin, end, barred=barred)
                if kind is not None:
                    yield begin, end, kind
                if with_x and at == len(groups) - 1 and len(digits) == 17 and self._personal(f"{digits}X"):
                    yield begin, run.end(), Kind.PERSONAL

    def _kind(self, digits: str, plain: str, begin: int, end: int, *, barred: bool) -> Kind | None:
        if Kind.CARD in self.rules.kinds and is_card(digits):
            return Kind.CARD
        written = plain[begin:end]
        if (barred and len(digits) < 18) or (len(digits) < 11 and _DECIMAL.fullmatch(written)):
            return None
        if self._personal(digits) or (len(digits) == 9 and self._social_security(digits, written)):
            return Kind.PERSONAL
        if Kind.PHONE in self.rules.kinds and len(digits) <= LONGEST and self._phone(digits, written, plain, begin):
            return Kind.PHONE
        return None

    def _personal(self, digits: str) -> bool:
        return any(check(digits) for check in self.checks.get(len(digits), ()))

    def _social_security(self, digits: str, written: str) -> bool:
        if Kind.PERSONAL not in self.rules.kinds or "US" not in self.rules.countries:
            return False
        return _GROUPED_SSN.fullmatch(written) is not None and is_social_security(digits)

    def _phone(self, digits: str, written: str, plain: str, begin: int) -> bool:
        if len(digits) == SHORTEST and _LOCAL.fullmatch(written) and not self.rules.regions.isdisjoint(("US", "CA")):
            return True
        abroad = _PLUS_BEFORE.search(plain, max(0, begin - 4), begin) is not None
        return is_telephone(digits, self.rules.regions, abroad=abroad, formatted=written != digits)


_ISSUERS = re.compile(
    r"4\d{12}(?:\d{3}){0,2}"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|09|[689]\d)\d{11,16}"  # Diners Club
    r"|35(?:2[89]|[3-8]\d)\d{12,15}"  # JCB
    r"|(?:6011|64[4-9]\d|65\d\d)\d{12,15}"  # Discover
    r"|62\d{14,17}"  # UnionPay
    r"|220[0-4]\d{12,15}"  # Mir
    r"|(?:50|5[6-9]|6\d)\d{10,17}"  # Maestro and other debit cards
)


def is_card(digits: str) -> bool:
    """Whether digits are the number of a payment card: an issuer's beginning, its length, and Luhn's sum.

    >>> is_card("4111111111111111"), is_card("4111111111111112"), is_card("9111111111111119")
    (True, False, False)
    """
    if not 12 <= len(digits) <= _LONGEST_CARD or not _ISSUERS.fullmatch(digits):
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _emails(plain: str) -> Iterator[tuple[int, int]]:
    for at in _AT.finditer(plain):
        before = _BEFORE_AT.search(plain, max(0, at.start() - 64), at.start())
        after = _AFTER_AT.match(plain, at.end(), at.end() + 255)
        if before and after:
            yield before.start(), after.end()
    for at in _SPELLED_AT.finditer(plain):
        if at.group() == "@":
            continue
        before = _BEFORE_SPELLED.search(plain, max(0, at.start() - 65), at.start())
        after = _AFTER_SPELLED.match(plain, at.end(), at.end() + 255)
        # "follow me @ example.org": where a blank stands before the sign, what is before it must look like a name.
        apart = at.group().endswith(("@", "@ ", "@  ")) and at.group().startswith(" ")
        if before and after and (not apart or _NAMED.search(before.group())):
            yield before.start(), after.end()


def _ibans(plain: str) -> Iterator[tuple[int, int]]:
    from stdnum import iban

    for match in _IBAN_BEGIN.finditer(plain):
        begin = match.start()
        length = _iban_length(plain[begin : begin + 2])
        if not length:
            continue
        places = [place for place in range(*match.span(1)) if plain[place].isalnum()][:length]
        number = "".join(plain[place] for place in places)
        if len(number) == length and iban.is_valid(number, check_country=False):
            yield begin, places[-1] + 1


@cache
def _iban_length(country: str) -> int:
    """How long account numbers of a country are; 0 where it has none."""
    from stdnum import numdb

    _, described = numdb.get("iban").info(country)[0]
    return 4 + sum(map(int, re.findall(r"(\d+)!", described["bban"]))) if "bban" in described else 0


_FIRST = {kind: place for place, kind in enumerate((Kind.CARD, Kind.IBAN, Kind.EMAIL, Kind.PERSONAL, Kind.PHONE))}


def _cut(spelled: Spelled, found: list[tuple[int, int, Kind]]) -> tuple[str, dict[str, int]]:
    """Replace what was found; where two kinds overlap, both go, under the graver name."""
    joined: list[tuple[int, int, Kind]] = []
    for begin, end, kind in sorted(found):
        if joined and begin < joined[-1][1]:
            before = joined.pop()
            joined.append((before[0], max(end, before[1]), min(before[2], kind, key=_FIRST.__getitem__)))
        else:
            joined.append((begin, end, kind))
    places = spelled.places()
    pieces: list[str] = []
    counts: dict[str, int] = {}
    last = 0
    for begin, end, kind in joined:
        pieces += (spelled.original[last : places[begin]], f"[{kind}]")
        counts[kind.value] = counts.get(kind.value, 0) + 1
        last = places[end - 1] + 1
    pieces.append(spelled.original[last:])
    return "".join(pieces), counts
