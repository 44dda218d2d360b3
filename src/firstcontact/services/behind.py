"""From a figure to the question for the contacts behind it, or to the reason why its n is no number of contacts."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from firstcontact.contacts.table import EXTRA_PREFIX
from firstcontact.kernel.result import ONE_CUSTOMER_DOMINATES, SUPPRESSED, TOO_FEW
from firstcontact.kernel.sentence import Sentence
from firstcontact.services.contact_question import LIKE, Period, Question, membership
from firstcontact.services.explained import EXPLAINED, PATHS, column_noted


@dataclass(frozen=True, slots=True)
class NotContacts:
    """Why there is no list of contacts as long as n.

    Attributes:
        reason: In a sentence.
    """

    reason: Sentence


def behind(
    row: Mapping[str, Any], learned: Container[str] = (), noted: Container[str] | None = None
) -> Question | NotContacts:
    """The question whose answer holds as many contacts as the figure's n.

    Args:
        row: A row of `results.parquet`, by column.
        learned: What `learned_reasons` gives for its run.
        noted: Columns of the run's contacts, where it matters whether it noted what is asked; none where they are no
            longer kept.

    Returns:
        The question, or why n is no number of contacts.
    """
    question = _asked(row, learned)
    if noted is None or isinstance(question, NotContacts):
        return question
    measure = str(question.measure)
    told = membership(measure)
    column = told.column if told is not None else column_noted(measure, question.cell)
    return question if column in noted else NotContacts(_NOT_NOTED)


def _asked(row: Mapping[str, Any], learned: Container[str]) -> Question | NotContacts:
    """The question, whether or not the run noted what it asks."""
    measure = str(row["measure"])
    if row.get("refusal_code") == SUPPRESSED.code:
        return NotContacts(Sentence("behind.suppressed", "So few contacts are not shown."))
    if measure in EXPLAINED:
        return _explained(measure, row)
    if membership(measure) is None:
        return NotContacts(_ODD.get(measure, _FOLLOWED))
    part = "counted" if row.get("refusal_code") in (ONE_CUSTOMER_DOMINATES.code, TOO_FEW.code) else "n"
    if LIKE.get(measure, measure) == "r_fcr" and row["period_grain"] == "week" and (row.get("reason") or "") in learned:
        part = "followed"
    cell = {name: str(row[name]) for name in ("channel", "team", "queue") if row.get(name) is not None}
    if row.get("reason") is not None:
        cell[f"reason_{int(row['reason_level'])}"] = str(row["reason"])
    cell |= {name: str(value) for name, value in row.items() if name.startswith(EXTRA_PREFIX) and value is not None}
    grain = row["period_grain"]
    period = Period(grain, row["period_start"]) if grain in ("week", "month") else None
    return Question(measure, part, cell, period)


def _explained(measure: str, row: Mapping[str, Any]) -> Question | NotContacts:
    """The question for a figure that an explanation gives; of most that it refuses n is no number of contacts."""
    if row.get("refusal_code") is not None and (measure not in PATHS or row.get("channel") is None):
        return NotContacts(_REFUSED)
    cell = {name: str(row[name]) for name in EXPLAINED[measure] if row.get(name) is not None}
    question = Question(measure, "n", cell)
    return question if column_noted(measure, cell) is not None else NotContacts(_SIDES)


LEARNED_FROM: tuple[str, ...] = ("repeat_window_days", "count_all")
"""Measures by whose rows it is known which reasons were learned."""


def learned_reasons(rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Reasons whose weeks R-FCR follows opener by opener, "" for all together; none where nothing was learned.

    Args:
        rows: Rows of `results.parquet`; those of `LEARNED_FROM` are enough.
    """
    found = list(rows)
    if not any(row["measure"] == "count_all" for row in found):
        return frozenset()
    return frozenset({""} | {row["reason"] or "" for row in found if row["measure"] == "repeat_window_days"})


_WEIGHTS = Sentence(
    "behind.weights", "Its n adds up parts: of each contact as much as of the time to a return has passed."
)
_SIDES = Sentence(
    "behind.sides", "It compares two groups, and its n counts only contacts that have one of their kind in the other."
)
_NOT_NOTED = Sentence("behind.not-noted", "The run did not note its contacts, or they are no longer kept.")
_REFUSED = Sentence("behind.refused", "There is no figure, and its n says what was looked at.")
_FOLLOWED = Sentence(
    "behind.followed",
    "It rests on first contacts and on what follows them in the time after, not on one list of contacts.",
)
_ODD: dict[str, Sentence] = {
    "agent_support": Sentence("behind.agents", "No list is made of the contacts of single agents."),
    "agent_share": Sentence("behind.agents", "No list is made of the contacts of single agents."),
    "driver": Sentence("behind.periods", "It compares two periods, and its n is that of the smaller one."),
    "split_cases": Sentence("behind.cases", "Its n counts cases, each of several contacts."),
    "repeat_window_days": _FOLLOWED,
    "returns_expected": _FOLLOWED,
    "root_cause_pair": Sentence(
        "behind.ways", "Its n counts contacts that cannot be judged, too; no list is made of them."
    ),
    "latency_drift": Sentence(
        "behind.newest", "Its n counts the newest returns, which are compared with earlier ones."
    ),
    "control_chart": _WEIGHTS,
    "root_cause_looked_at": Sentence("behind.looked", "Its n counts contacts once for every pattern that they show."),
    **dict.fromkeys(("comparison", "csat_relation", "nps_relation", "ces_relation"), _SIDES),
}
