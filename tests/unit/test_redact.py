"""What must not be kept does not survive in any text around it, whatever way it is written; what may stay, stays."""

from __future__ import annotations

import string

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stdnum import iban
from stdnum.au import tfn
from stdnum.bg import egn, pnf
from stdnum.ca import sin
from stdnum.cn import ric
from stdnum.gb import nhs
from stdnum.ie import pps
from stdnum.il import idnr
from stdnum.nz import ird
from stdnum.us import ssn

from firstcontact.text.personal_number import COUNTRIES, hong_kong, singapore, taiwan
from firstcontact.text.redact import Kind, Redaction, is_card, redact
from firstcontact.text.spelled import spell
from firstcontact.text.telephone import REGIONS

INVISIBLE = ["", "\u200b", "\u200f", "\u202b", "\u2066", "\ufeff", "\u00ad", "\u0301"]
SEPARATORS = ["", " ", "-", ".", "\u00a0", "\u2011", " - ", "\u2009", "/", "–", "\u3000", "_", "\n"]
DIGITS = [string.digits, "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९"]


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text(string.digits, min_size=count, max_size=count)


def first_valid(body: str, endings, valid) -> str | None:
    """The body with the check character that makes it valid."""
    return next((body + ending for ending in endings if valid(body + ending)), None)


def completed(bodies, valid, endings=string.digits) -> st.SearchStrategy[str]:
    return bodies.map(lambda body: first_valid(body, endings, valid)).filter(lambda number: number is not None)


def _egn_bodies() -> st.SearchStrategy[str]:
    return st.tuples(st.integers(0, 99), st.integers(1, 12), st.integers(1, 28), digits(3)).map(
        lambda parts: f"{parts[0]:02}{parts[1]:02}{parts[2]:02}{parts[3]}"
    )


def _ric_bodies() -> st.SearchStrategy[str]:
    return st.tuples(
        st.sampled_from(["110105", "310101", "440305", "510104"]),
        st.integers(1940, 2009),
        st.integers(1, 12),
        st.integers(1, 28),
        digits(3),
    ).map(lambda p: f"{p[0]}{p[1]}{p[2]:02}{p[3]:02}{p[4]}")


def _card(parts: tuple[str, int, str]) -> str | None:
    begin, length, rest = parts
    return first_valid((begin + rest)[: length - 1], string.digits, is_card)


def _iban(parts: tuple[str, str]) -> str | None:
    country, account = parts
    body = {"DE": account[:18], "GB": "WEST" + account[:14], "BG": "BNBG" + account[:14], "IL": account[:19]}[country]
    spelt = "".join(str(int(one, 36)) for one in f"{body}{country}00")
    number = f"{country}{98 - int(spelt) % 97:02}{body}"
    return number if iban.is_valid(number, check_country=False) else None


letters = st.sampled_from(string.ascii_uppercase)
NUMBERS: dict[str, st.SearchStrategy[str]] = {
    "card": st.tuples(
        st.sampled_from(["4", "51", "2221", "34", "37", "36", "6011", "62", "2200"]), st.just(0), digits(16)
    )
    .map(lambda p: _card((p[0], {"3": 15 if p[0] in {"34", "37"} else 14}.get(p[0][0], 16), p[2])))
    .filter(bool),
    "iban": st.tuples(st.sampled_from(["DE", "GB", "BG", "IL"]), digits(20)).map(_iban).filter(bool),
    "US": digits(9).filter(ssn.is_valid),
    "GB nhs": completed(digits(9), nhs.is_valid),
    "GB nino": st.tuples(st.sampled_from(["AB", "CE", "JG", "ZY"]), digits(6), st.sampled_from("ABCD")).map("".join),
    "IE": completed(digits(7), pps.is_valid, string.ascii_uppercase[:23]),
    "CA": completed(digits(8), sin.is_valid),
    "AU": completed(digits(8), tfn.is_valid),
    "NZ": completed(st.integers(1000000, 14999999).map(str), ird.is_valid),
    "SG": st.tuples(st.sampled_from("STFGM"), digits(7))
    .map("".join)
    .map(lambda body: first_valid(body, string.ascii_uppercase, singapore))
    .filter(bool),
    "IL": completed(digits(8), idnr.is_valid),
    "BG egn": completed(_egn_bodies(), egn.is_valid),
    "BG pnf": completed(digits(9), pnf.is_valid),
    "CN": completed(_ric_bodies(), ric.is_valid, string.digits + "X"),
    "TW": completed(st.tuples(letters, st.sampled_from("1289ABCD"), digits(7)).map("".join), taiwan),
    "HK": completed(
        st.tuples(st.sampled_from(["A", "K", "Z", "WX"]), digits(6)).map("".join), hong_kong, "0123456789A"
    ),
}


def _beside(text: str) -> bool:
    """Whether a text may stand beside a number without becoming part of it."""
    plain = spell(text).plain
    return "+" not in plain and not plain[:1].isalnum() and not plain[-1:].isalnum()


around = st.text(max_size=12).filter(_beside)


@st.composite
def written(draw: st.DrawFn, number: str, *, groups: bool = True) -> str:
    """A number in one script's digits, in groups, with what nobody sees between them."""
    script = draw(st.sampled_from(DIGITS))
    separator = draw(st.sampled_from(SEPARATORS)) if groups else ""
    # In threes with points between them ten digits are the address of a machine.
    size = draw(st.sampled_from([1, 4, 5, 20] if separator in {".", "-", "/"} else [1, 3, 4, 5, 20]))
    parts = [number[at : at + size] for at in range(0, len(number), size)]
    if number.isdecimal() and len(number) == 9 and size in {4, 5}:
        parts = [number[:3], number[3:5], number[5:]]
    spelt = separator.join(parts)
    hidden = draw(st.lists(st.sampled_from(INVISIBLE), min_size=len(spelt), max_size=len(spelt)))
    spelt = "".join(a + b for a, b in zip(spelt, hidden, strict=True))
    spelt = spelt.translate({ord(plain): other for plain, other in zip(string.digits, script, strict=True)})
    return spelt.lower() if draw(st.booleans()) else spelt


def survives(number: str, text: str) -> bool:
    return number in "".join(one for one in spell(text).plain if one.isalnum())


@pytest.mark.parametrize("name", list(NUMBERS))
@given(data=st.data())
def test_no_valid_number_survives(name: str, data: st.DataObject) -> None:
    """No valid number of any kind survives, whatever stands around it and however it is written."""
    number = data.draw(NUMBERS[name])
    spelt = data.draw(written(number))
    text = data.draw(around) + spelt + data.draw(around)
    cleaned, counts = redact(text)
    assert not survives(number, cleaned)
    assert spelt not in cleaned
    assert sum(counts.values()) >= 1
    assert redact(cleaned) == (cleaned, {})


FORMS = (
    phonenumbers.PhoneNumberFormat.E164,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.NATIONAL,
    phonenumbers.PhoneNumberFormat.RFC3966,
)


@st.composite
def telephone(draw: st.DrawFn) -> str:
    """A valid number of one of the regions, in one of the forms that people write."""
    region = draw(st.sampled_from(REGIONS))
    kind = draw(st.sampled_from([0, 1]))
    sample = phonenumbers.example_number_for_type(region, kind)
    plain = str(sample.national_number)
    changed = plain[:-4] + draw(digits(4))
    number = phonenumbers.parse(changed, region)
    if not phonenumbers.is_valid_number_for_region(number, region):
        number = sample
    form = phonenumbers.format_number(number, draw(st.sampled_from(FORMS))).removeprefix("tel:")
    return form if draw(st.booleans()) else "".join(one for one in form if one.isdecimal() or one == "+")


@given(
    number=telephone(), before=around, after=around, script=st.sampled_from(DIGITS), hidden=st.sampled_from(INVISIBLE)
)
@example(number="+44 (0)20 7946 0958", before="call ", after=" or", script=string.digits, hidden="")
def test_no_telephone_number_survives(number: str, before: str, after: str, script: str, hidden: str) -> None:
    """A telephone number that could be dialled does not survive, with or without its country code or its spaces."""
    spelt = hidden.join(number).translate({ord(a): b for a, b in zip(string.digits, script, strict=True)})
    cleaned, counts = redact(before + spelt + after)
    assert not survives("".join(one for one in number if one.isdecimal()), cleaned)
    assert spelt not in cleaned
    assert counts


@given(address=st.emails(), before=around, after=around)
def test_no_address_survives(address: str, before: str, after: str) -> None:
    """No e-mail address survives."""
    cleaned, counts = redact(f"{before} {address} {after}")
    assert address not in cleaned
    assert counts[Kind.EMAIL] >= 1


@pytest.mark.parametrize(
    "text",
    [
        "order 4711, 3 items for 1,234,567.89 USD, or 1.234.567,89 EUR, or 1234567.89",
        "invoice 123456789012345 of 2026-01-05 10:30:00, due 05/02/2026",
        "server 192.168.100.200 answered 404 after 30000 ms",
        "card 4111 1111 1111 1112 has a wrong digit",
        "ref 12345678901234567890123456789012345678901234567890",
        "12 @ 3.50 each",
        "5 @ 4.com, thanks @booking.com, follow me @ example.org, look(at)this.one, see (at) 5.30, up 40%40 in a.de",
        "values 4111,1111,1111,1112 and 1111,2222,3333,4444, a total of 4,111,111,111,111,111",
        "9,4111,1111,1111,1111 and 4111,1111,1111,1111,5 and 0.4111,1111,1111,1111 are rows",
        "item 1234567 what, ab123456 call",
        "",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    """Order numbers, amounts, dates and addresses of machines stay, where a checksum or their form tells them apart."""
    assert redact(text) == (text, {})


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("card 4111,1111,1111,1111, please", "card [card], please"),
        ("amex 3782,822463,10005.", "amex [card]."),
        ("4111，1111，1111，1111", "[card]"),
        ("write dana(at)example.org now", "write [email] now"),
        ("write dana.levi [at] mail.example.co.uk now", "write [email] now"),
        ("dana(at)example(dot)org", "[email]"),
        ("write dana@ example.org now", "write [email] now"),
        ("write dana.levi @ example.org now", "write [email] now"),
        ("write dana_1 @example.org now", "write [email] now"),
        ("https://shop.example/?who=dana%40example.org&x=1", "https://shop.example/?who=[email]&x=1"),
    ],
)
def test_a_number_or_an_address_is_found_however_it_is_hidden(text: str, left: str) -> None:
    """Commas between a card's groups, and an at sign that is spelled, set apart or escaped, hide nothing."""
    assert redact(text)[0] == left
    assert redact(left) == (left, {})


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("id 123456782", "id [personal-number]"),
        ("ID: 123456782.", "ID: [personal-number]."),
        ("item S1234567D", "item [personal-number]"),
        ("item S1234567D again", "item [personal-number] again"),
        ("id A123456(3) again", "id [personal-number] again"),
        ("ab123456c call", "[personal-number] call"),
        ("1234567T what", "[personal-number] what"),
        ("number 11010519491231002X xray", "number [personal-number] xray"),
    ],
)
def test_words_beside_a_number_keep_their_letters(text: str, left: str) -> None:
    """A letter of a word beside a number is none of the number's."""
    assert redact(text)[0] == left


@given(before=st.text(string.ascii_letters, min_size=3, max_size=8), number=digits(9).filter(idnr.is_valid))
def test_a_word_before_a_number_stays_whole(before: str, number: str) -> None:
    """Whatever word stands before a number of digits, all its letters stay."""
    assert redact(f"the {before} {number}")[0].startswith(f"the {before} ")


@given(st.text(max_size=200))
def test_text_without_digits_stays(text: str) -> None:
    """Text without digits and without an address is never touched."""
    plain = spell(text).plain
    if not any(one.isdecimal() for one in plain) and "@" not in plain and "AT" not in plain:
        assert redact(text) == (text, {})


def test_only_what_the_policy_names() -> None:
    """A policy says which kinds are taken out, whose personal numbers, and from where people call."""
    text = "4111111111111111 a@b.org 0541234567 123456782"
    assert redact(text, Redaction(kinds=frozenset({Kind.EMAIL})))[0] == "4111111111111111 [email] 0541234567 123456782"
    bulgarian = Redaction(countries=frozenset({"BG"}), regions=frozenset({"BG"}))
    assert redact("123456782 and A123456(3)", bulgarian)[1] == {}
    assert set(COUNTRIES) == Redaction().countries


@pytest.mark.timeout(30)
@pytest.mark.parametrize("bad", ["1 " * 5000, "a@" * 5000, "GB82" * 2500, "1" * 10_000, "A1" * 5000, "4111 " * 2000])
def test_long_texts_cost_little(bad: str) -> None:
    """Text made to be slow is answered: the work grows with the text, not with its square."""
    cleaned, _ = redact(bad)
    assert redact(cleaned) == (cleaned, {})
