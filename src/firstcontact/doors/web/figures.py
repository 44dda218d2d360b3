"""Rows of results as a page shows them: words and numbers in the reader's language, and nothing computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from firstcontact.doors.report.figure import figure
from firstcontact.doors.report.notation import Notation, shown
from firstcontact.doors.report.translation import translations as report_translations
from firstcontact.doors.web.translation import locale, translations
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.measures.catalog import TITLES


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure of a table.

    Attributes:
        name: What it is a figure of.
        value: The figure; empty where there is none.
        interval: Its interval.
        n: What it rests on.
        closed: Share of windows that have closed; empty where all have.
        reason: Why there is none; empty where there is one.
    """

    name: str
    value: str
    interval: str
    n: str
    closed: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The one figure at the head of a page, and all others of the same contacts.

    Attributes:
        title: Which figure it is.
        value: The figure; empty where there is none.
        interval: Its interval.
        n: What it rests on.
        closed: Share of windows that have closed; empty where all have.
        reason: Why there is none.
        cutoff: End of the data; empty where not known.
        rows: All figures.
    """

    title: str
    value: str
    interval: str
    n: str
    closed: str
    reason: str
    cutoff: str
    rows: tuple[Shown, ...]


def notation(language: str, zone: str) -> Notation:
    """How numbers and dates are written."""
    return Notation(locale(language), zone)


def title(measure: str, language: str) -> str:
    """What a measure is called."""
    return translations(language).gettext(TITLES[measure]) if measure in TITLES else measure


def row(found: dict[str, Any], name: str, language: str, zone: str) -> Shown:
    """A row of the results.

    Args:
        found: Its columns.
        name: What it is a figure of.
        language: The reader's.
        zone: The zone of business days.
    """
    writing = notation(language, zone)
    if found["value"] is None:
        reason = found["refusal_reason"] or found["refusal_code"] or "–"
        return Shown(shown(name), "", "", writing.count(found["n"] or 0), "", reason)
    estimate = Estimate(
        found["value"],
        found["low"],
        found["high"],
        found["level"],
        found["n"],
        found["estimand"] or "",
        found["unit"],
        found["maturity"],
        found["status"],
    )
    return result(estimate, name, language, zone)


def result(found: Estimate | Refusal, name: str, language: str, zone: str = "UTC") -> Shown:
    """A figure, or the reason why there is none.

    Args:
        found: It.
        name: What it is a figure of.
        language: The reader's.
        zone: The zone of business days.
    """
    words = figure(found, notation(language, zone), report_translations(language))
    reason = f"{words.refused.title}: {words.refused.reason}" if words.refused else ""
    return Shown(shown(name), words.value, words.interval, words.n, words.closed, reason)


def answer(rows: list[dict[str, Any]], headline: str, cutoff: Any, language: str, zone: str) -> Answer:
    """The head of a page.

    Args:
        rows: Figures of all contacts together, in the order of the run.
        headline: The measure that stands first.
        cutoff: End of the data; None where not known.
        language: The reader's.
        zone: The zone of business days.
    """
    table = {one["measure"]: row(one, title(one["measure"], language), language, zone) for one in rows}
    first = table.get(headline) or Shown(title(headline, language), "", "", "0", "", "–")
    return Answer(
        first.name,
        first.value,
        first.interval,
        first.n,
        first.closed,
        first.reason,
        notation(language, zone).moment(cutoff) if cutoff is not None else "",
        tuple(one for name, one in table.items() if name in TITLES),
    )
