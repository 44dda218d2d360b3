"""Where a page's links lead: to the rows behind a figure, in the same snapshot, and to the page that says more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from firstcontact.kernel.result import Refusal
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.ask_contacts import asked_pairs
from firstcontact.services.behind import LEARNED_FROM, NotContacts, behind, learned_reasons
from firstcontact.services.contact_question import OWN, Question
from firstcontact.services.explained import EXPLAINED, column_noted
from firstcontact.services.run import Run

WAITED = "/quality/waited"
"""Where records are listed that waited to be corrected when a run was made."""

SECTIONS: dict[str, str] = {
    "opportunities": "/",
    "trend": "/",
    "companions": "/",
    "moved": "/",
    "young": "/",
    "truth": "/",
    "reasons": "/reasons",
    "returning": "/reasons",
    "downstream": "/downstream",
    "causes": "/causes",
    "drivers": "/reasons",
    "teams": "/teams",
    "satisfaction": "/teams",
    "paths": "/channels",
    "definitions": "/definitions",
    "leftout": "/quality",
    "noticed": "/quality",
    "unknown": "/",
}
"""The page on which each section of the report stands."""


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one run's pages. Implements `doors.report.writer.Links`.

    Attributes:
        run_id: The run.
        rows_seen: Whether the visitor may see contacts.
        learned: Reasons whose weeks are followed opener by opener (`services.behind.learned_reasons`).
        noted: Columns of the run's contacts: what it noted of them.
        waited: Pairs of a code and how many records waited with it, which the run noted; none for those who may not
            see such records.
    """

    run_id: str
    rows_seen: bool
    learned: frozenset[str] = frozenset()
    noted: frozenset[str] = frozenset()
    waited: frozenset[tuple[str, int]] = frozenset()

    @classmethod
    def of(
        cls,
        run_id: str,
        run: Run,
        *,
        rows_seen: bool,
        noted: frozenset[str] = frozenset(),
        waited: frozenset[tuple[str, int]] = frozenset(),
    ) -> Links:
        """The links of a run that was read."""
        return cls(run_id, rows_seen, learned(run), noted, waited)

    def rows(self, row: ResultRow, part: str = "n") -> str:
        if not self.rows_seen or (row.measure in EXPLAINED and column_noted(row.measure, row.cell) not in self.noted):
            return ""
        return rows_link(self.run_id, row, part, learned=self.learned)

    def ledger(self, measure: str, code: str) -> str:
        part = {"": "counted", "all": "all", "excluded": "excluded"}.get(code, f"out:{code}")
        return self._asked(Question(measure, part))

    def set_aside(self, code: str, count: int) -> str:
        # Contacts that were taken in once and do not fit today count, too, and no record of them waits.
        noted = (code, count) in self.waited
        return f"{WAITED}?{urlencode([('run', self.run_id), ('code', code)])}" if noted else ""

    def contacts(self, *, known: bool = False) -> str:
        return self._asked(Question(known=True) if known else Question())

    def definition(self, preset: str, state: str) -> str:
        both = _DEFINITION.get(state)
        return self._asked(both(preset) if both is not None else Question(says={preset: state}))

    def reason(self, reason: str) -> str:
        return "/reason?" + _encoded([("run", self.run_id), ("name", reason)])

    def contacts_of(self, reason: str) -> str:
        """All contacts of a reason and of those below it."""
        return self._asked(Question(reason=reason))

    def to_read(self, cause: str, reason: str) -> str:
        return self._asked(Question(cause=cause, reason=reason or None))

    def section(self, name: str) -> str:
        return f"{SECTIONS.get(name, '/')}?{urlencode([('run', self.run_id)])}#{name}"

    def _asked(self, question: Question) -> str:
        return contacts_link(self.run_id, question) if self.rows_seen else ""


_DEFINITION: Mapping[str, Callable[[str], Question]] = {
    "differ": lambda name: Question(differ=(OWN, name)),
    "only here": lambda name: Question(says={name: "met"}, verdict="no"),
    "only ours": lambda name: Question(says={name: "not_met"}, verdict="yes"),
}
"""What is asked of a definition and the run's own policy together."""


def learned(run: Run) -> frozenset[str]:
    """Reasons of a run whose weeks are followed opener by opener."""
    return learned_reasons(map(_flat, run.select(*LEARNED_FROM)))


def rows_link(run_id: str, row: ResultRow, part: str = "n", *, learned: frozenset[str] = frozenset()) -> str:
    """Where the contacts behind a figure are listed; empty where its n is no number of contacts.

    Args:
        run_id: The run it is of.
        row: The figure.
        part: `n`: what it rests on, as many as its n; `met` and `not_met`: those for it and against it.
        learned: As in `Links`.
    """
    question = behind(_flat(row), learned)
    if isinstance(question, NotContacts) or not row.result.n:
        return ""
    if part != "n":
        question = Question(question.measure, part, question.cell, question.period)
    return contacts_link(run_id, question)


def contacts_link(run_id: str, question: Question) -> str:
    """Where contacts of a run are listed."""
    return "/contacts?" + _encoded([("run", run_id), *asked_pairs(question)])


def _encoded(pairs: list[tuple[str, str]]) -> str:
    """Names may hold halves of characters, which no address can."""
    return urlencode(pairs, errors="replace")


def _flat(row: ResultRow) -> Mapping[str, Any]:
    """A figure as a row of `results.parquet`, as far as its contacts depend on it."""
    flat: dict[str, Any] = {
        "measure": row.measure,
        "period_grain": row.period_grain,
        "period_start": row.period_start,
        "refusal_code": row.result.code if isinstance(row.result, Refusal) else None,
    }
    for name, value in row.cell.items():
        if name.startswith("reason_"):
            flat |= {"reason": value, "reason_level": int(name.removeprefix("reason_"))}
        else:
            flat[name] = value
    return flat
