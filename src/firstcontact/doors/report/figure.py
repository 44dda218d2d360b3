"""One figure as it stands on the page: its value, interval, sample and maturity in words, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from firstcontact.doors.report.charts.dots import Dot
from firstcontact.doors.report.notation import Notation, decimals
from firstcontact.doors.report.telling import tell
from firstcontact.kernel.result import Estimate, Refusal

PROVISIONAL_BELOW = 0.8
"""With fewer windows closed than this a figure may still move much, and is drawn hollow."""

LONG_DAYS = 10
"""Days of which none is longer are written with a decimal."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no figure.

    Attributes:
        title: In two or three words, translated.
        reason: In a sentence without its full stop, so that the page may set it where it likes.
        helps: What would make it possible, likewise.
    """

    title: str
    reason: str
    helps: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure in words.

    Attributes:
        value: The value; empty where refused.
        interval: Its interval without the unit.
        n: What it rests on.
        closed: Share of windows that have closed; empty where they do not matter.
        status: `final`, `provisional`, `unsettled` or `refused`.
        refused: Why there is none.
        behind: Where the contacts that it rests on are listed; empty where there is no such place.
    """

    value: str
    interval: str
    n: str
    closed: str
    status: str
    refused: Refused | None = None
    behind: str = ""

    @property
    def spoken(self) -> str:
        """The figure in one line, for titles."""
        if self.refused:
            return self.refused.title
        return f"{self.value} ({self.interval}), n = {self.n}" + (f", {self.closed}" if self.closed else "")


def figure(result: Estimate | Refusal, notation: Notation, translations: Any) -> Figure:
    """Put a result into words, with no more digits than its interval supports."""
    closed = "" if result.maturity >= 1 else notation.closed(result.maturity)
    if isinstance(result, Refusal):
        title = translations.gettext(result.kind.title)
        said = (
            tell(text, notation, translations).removesuffix(".").removesuffix(notation.stop)
            for text in (result.reason, result.would_help)
        )
        refused = Refused(title, *said)
        return Figure("", "", notation.count(result.n), closed, "refused", refused)
    value, low, high = (_written(part, result, notation) for part in (result.value, result.low, result.high))
    if result.unit == "days":
        value = (
            translations.ngettext("%(days)s day", "%(days)s days", _plural(value[0])) % {"days": value[0]},
            value[1],
        )
    return Figure(value[0], notation.span(low[1], high[1]), notation.count(result.n), closed, result.status)


def _plural(written: str) -> int:
    """The number that grammar asks for: 1 where one is what is read, whatever was rounded."""
    return 1 if written == "1" else 2


def _written(part: float, result: Estimate, notation: Notation) -> tuple[str, str]:
    """A number of a result with its unit, and bare."""
    if result.unit == "share":
        places = decimals(result.low, result.high)
        return notation.percent(part, places), notation.decimal(part * 100, places)
    if result.unit == "seconds":
        return (notation.duration(part),) * 2
    if result.unit == "score":
        places = min(1, decimals(result.low, result.high))
        text = notation.together(notation.decimal(part * 100, places).replace("-", "−"))
        return text, text
    if result.unit == "days":
        return (notation.decimal(part, 1 if result.high < LONG_DAYS else 0),) * 2
    return (notation.count(part),) * 2


def dot(
    result: Estimate | Refusal,
    *,
    strong: bool = False,
    odd: bool = False,
    readings: tuple[float, float] | None = None,
) -> Dot | None:
    """The mark of a share; None for what cannot stand on a scale of shares."""
    if isinstance(result, Refusal) or result.unit != "share":
        return None
    hollow = result.maturity < PROVISIONAL_BELOW
    return Dot(result.value, result.low, result.high, readings, hollow=hollow, strong=strong, odd=odd)
