"""Where a page's links lead: to the rows behind a figure, in the same snapshot, and to the page that says more."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from firstcontact.measurement.measures.row import ResultRow

SECTIONS: dict[str, str] = {
    "opportunities": "/",
    "course": "/",
    "young": "/",
    "truth": "/",
    "reasons": "/reasons",
    "returning": "/reasons",
    "downstream": "/downstream",
    "causes": "/causes",
    "drivers": "/reasons",
    "teams": "/teams",
    "definitions": "/definitions",
    "account": "/quality",
    "noticed": "/quality",
    "unknown": "/quality",
}
"""The page on which each section of the report stands."""


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one run's pages. Implements `doors.report.writer.Links`.

    Attributes:
        run_id: The run.
        rows_seen: Whether the visitor may see contacts.
    """

    run_id: str
    rows_seen: bool

    def rows(self, row: ResultRow, part: str = "counted") -> str:
        return rows_link(self.run_id, row, part) if self.rows_seen else ""

    def section(self, name: str) -> str:
        return f"{SECTIONS.get(name, '/')}#{name}"


def rows_link(run_id: str, row: ResultRow, part: str = "counted") -> str:
    """Where the contacts behind a figure are listed.

    Args:
        run_id: The run it is of.
        row: The figure.
        part: `counted`: what it rests on, as many as its n; `met` and `unmet`: those for it and against it.
    """
    cell = [(f"cell.{name}", value) for name, value in row.cell.items()]
    return "/contacts?" + urlencode([("run", run_id), ("measure", row.measure), ("by", row.by), *cell, ("part", part)])
