"""Differences as they are written: with their sign, and those between shares in percentage points."""

from __future__ import annotations

from firstcontact.doors.report.notation import TO, Notation, decimals
from firstcontact.kernel.result import Estimate


def signed(value: float, notation: Notation, places: int = 0) -> str:
    """A number that always shows its sign; nothing that rounds to 0 has one.

    >>> from babel import Locale
    >>> english = Notation(Locale.parse("en"), "UTC")
    >>> signed(2.34, english, 1), signed(-2.34, english, 1), signed(-0.04, english, 1)
    ('+2.3', '−2.3', '0.0')
    """
    text = notation.decimal(abs(value), places)
    if not text.strip("0.,"):
        return notation.together(text)
    return notation.together(("−" if value < 0 else "+") + text)


def points(result: Estimate, notation: Notation, places: int | None = None) -> tuple[str, str]:
    r"""A difference between shares, and its interval, in percentage points.

    Args:
        result: The difference.
        notation: How numbers are written.
        places: Decimals; as many as are known where not given.

    >>> from babel import Locale
    >>> english = Notation(Locale.parse("en"), "UTC")
    >>> points(Estimate(0.0836, 0.0698, 0.0975, 0.95, 100, "difference"), english)
    ('+8', '+7\xa0…\xa0+10')
    """
    if places is None:
        places = min(1, decimals(result.low, result.high))
    ends = [signed(100 * end, notation, places) for end in (result.low, result.high)]
    return signed(100 * result.value, notation, places), notation.together(TO.join(ends))


def apart(result: Estimate) -> bool:
    """Whether the interval of a difference leaves 0 out."""
    return result.low > 0 or result.high < 0
