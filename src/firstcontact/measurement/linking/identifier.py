"""One spelling for one identifier, and none for what identifies nobody.

The shape of each kind is checked with expressions, so that millions are done by the engine; only telephone numbers
written in a national form go through the telephone library, each different one once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

NOBODY: tuple[str, ...] = (
    "",
    "-",
    "?",
    "0",
    "anonymous",
    "anon",
    "blocked",
    "guest",
    "n/a",
    "na",
    "nan",
    "nil",
    "no-reply",
    "nobody",
    "none",
    "noreply",
    "null",
    "private",
    "restricted",
    "test",
    "unavailable",
    "undefined",
    "unknown",
    "withheld",
    "анонимен",
    "неизвестен",
    "לא ידוע",
    "חסוי",
    "未知",
    "匿名",
)
"""Values that stand for not knowing who it was. They never join anybody with anybody."""

OWN_ID = "customer"
"""The kind of the source's own customer id, beside `phone`, `email` and any other."""

SHARED_BY = 5
"""An identifier beside more than this many different ones of another kind is taken for a shared one."""

NAMES_SOMEBODY = (OWN_ID, "phone", "email", "account")
"""Kinds of which a person has few. Of others (order numbers) a person may have any number."""

NOBODY_MAIL = r"^(no-?reply|do-?not-?reply|unknown|anonymous|none|noemail|test|mailer-daemon|postmaster)@"


def normalise(value: ir.StringValue, kind: ir.StringValue) -> ir.StringValue:
    """The spelling under which an identifier is compared; NULL when it identifies nobody.

    - `phone`: digits in international form (`+15551234567`), or the bare national digits where the country is not
      known; a trunk zero in brackets and an extension are left off; fewer than six digits, or one digit repeated, is
      nobody.
    - `email`: lower case, one `@`, a dot in the domain; sender addresses that nobody reads are nobody.
    - `customer`, the source's own id: as it is, spaces trimmed (some systems tell ids apart by case alone); only
      zeros is nobody.
    - anything else: lower case, spaces trimmed.

    A number that a spreadsheet has rounded away (`1.23E+10`) is nobody; one it has given decimals (`12.0`) is itself.
    """
    import ibis

    text = value.strip().lower()
    international = text.re_search(r"^(tel:)?(\+|00)")
    dialled = text.re_replace(r"\s*(;?ext[.=]?|x|#)\s*[0-9]{1,6}$", "")
    dialled = ibis.ifelse(international, dialled.re_replace(r"\(0\)", ""), dialled)
    digits = dialled.re_replace(r"[^0-9]", "")
    trimmed = ibis.ifelse(dialled.re_search(r"^(tel:)?00"), digits.substr(2), digits)
    phone = ibis.ifelse(international, ibis.literal("+").concat(trimmed), digits)
    phone = ibis.ifelse((digits.length() < 6) | _one_digit(digits), ibis.null("string"), phone)
    good_mail = text.re_search(r"^[^@\s]+@[^@\s]+\.[^@\s]+$") & ~text.re_search(NOBODY_MAIL)
    mail = ibis.ifelse(good_mail, text, ibis.null("string"))
    plain = ibis.ifelse(_one_digit(text), ibis.null("string"), text)
    own = ibis.ifelse(text.re_search(r"^0+$"), ibis.null("string"), value.strip().re_replace(r"^([0-9]+)\.0+$", r"\1"))
    spelled = ibis.cases((kind == "phone", phone), (kind == "email", mail), (kind == OWN_ID, own), else_=plain)
    nobody = text.isin(NOBODY) | text.re_search(r"^[0-9](\.[0-9]+)?e\+[0-9]+$")
    return ibis.ifelse(nobody, ibis.null("string"), spelled)


def _one_digit(digits: ir.StringValue) -> ir.BooleanValue:
    return digits.re_search(r"^(0+|1+|2+|3+|4+|5+|6+|7+|8+|9+)$") & (digits.length() > 3)


def national_to_international(numbers: pa.Table, region: str) -> pa.Table:
    """Read national telephone numbers as a country's.

    Args:
        numbers: One string column `value`: digits as dialled inside the country.
        region: Two-letter country code, for example `IL`.

    Returns:
        Columns `value` and `spelled` (international form, or `value` where it is no number of that country).
    """
    import phonenumbers
    import pyarrow as pa

    spelled = []
    for value in numbers["value"].to_pylist():
        try:
            number = phonenumbers.parse(value, region)
        except phonenumbers.NumberParseException:
            spelled.append(value)
            continue
        known = phonenumbers.is_possible_number(number)
        spelled.append(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if known else value)
    return pa.table({"value": numbers["value"], "spelled": pa.array(spelled, pa.string())})
