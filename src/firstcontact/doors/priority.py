"""What a run found that somebody can act on, taken out of its rows and ranked: for the report and the terminal."""

from __future__ import annotations

from dataclasses import dataclass

from firstcontact.kernel.result import Estimate
from firstcontact.measurement.measures.flag import flagged
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.run import Run

CAUSE_SEPARATOR = ": "
"""Stands between a pattern and its variant in the name of a cause."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What failures have in common.

    Attributes:
        cause: Its name in the results.
        reason: Inside which reason; empty for all contacts.
        excess: Share of its contacts that fail beyond comparable ones.
        contacts: How many contacts that is.
        clear: Whether it differs by more than chance, all that were looked at taken together.
        row: Where it stands in the results.
    """

    cause: str
    reason: str
    excess: Estimate
    contacts: Estimate | None
    clear: bool
    row: ResultRow

    @property
    def weight(self) -> float:
        """What it is ranked by."""
        return self.contacts.value if self.contacts else 0.0


@dataclass(frozen=True, slots=True)
class Opportunity:
    """What one reason could do without.

    Attributes:
        reason: The reason.
        best: Whose best it is measured by.
        contacts: Contacts a month.
        money: What they cost, where that is known.
        gap: How much more of it fails than at its best.
        row: Where it stands in the results.
    """

    reason: str
    best: str
    contacts: Estimate
    money: Estimate | None
    gap: Estimate | None
    row: ResultRow

    @property
    def sure(self) -> bool:
        """Whether there is anything to gain, beyond chance."""
        return self.contacts.low > 0


@dataclass(frozen=True, slots=True)
class Edge:
    """One reason that brings another.

    Attributes:
        cause: The reason.
        effect: What it brings.
        share: How often.
        excess: How many.
        delay: How late, where that is known.
        cost: At what cost, where that is known.
        mutual: Whether each brings the other, so that neither can be called the cause.
        row: Where it stands in the results.
    """

    cause: str
    effect: str
    share: Estimate
    excess: Estimate | None
    delay: Estimate | None
    cost: Estimate | None
    mutual: bool
    row: ResultRow


def causes(run: Run) -> list[Cause]:
    """All patterns with a figure, those with the most failures beyond comparable contacts first."""
    contacts = _figures(run, ("root_cause_contacts",), ("cause", "reason"))
    found = []
    for row in run.select("root_cause"):
        if isinstance(row.result, Estimate):
            place = (row.cell.get("cause", ""), row.cell.get("reason", ""))
            clear = flagged(row) and row.result.value > 0
            found.append(Cause(*place, row.result, contacts.get(("root_cause_contacts", *place)), clear, row))
    return sorted(found, key=lambda one: (-one.weight, one.cause, one.reason))


def opportunities(run: Run) -> list[Opportunity]:
    """All of them, in the order of the run: the largest first."""
    figures = _figures(run, ("opportunity_cost", "opportunity_gap"), ("reason",))
    return [
        Opportunity(
            reason,
            row.cell.get("cause", ""),
            row.result,
            figures.get(("opportunity_cost", reason)),
            figures.get(("opportunity_gap", reason)),
            row,
        )
        for row in run.select("opportunity")
        for reason in (row.cell.get("reason", ""),)
        if isinstance(row.result, Estimate)
    ]


def edges(run: Run) -> list[Edge]:
    """All reasons that bring another, those that bring the most first, mutual ones last."""
    parts = ("downstream_excess", "downstream_delay", "downstream_cost")
    figures = _figures(run, parts, ("reason", "next_reason"))
    found = []
    for row in run.select("downstream"):
        if isinstance(row.result, Estimate):
            pair = (row.cell.get("reason", ""), row.cell.get("next_reason", ""))
            excess, delay, cost = (figures.get((part, *pair)) for part in parts)
            found.append(Edge(*pair, row.result, excess, delay, cost, "cause" in row.cell, row))
    return sorted(found, key=lambda edge: (edge.mutual, -(edge.excess.value if edge.excess else 0.0)))


def foremost(run: Run) -> tuple[Opportunity | None, Cause | None, Edge | None]:
    """The best opportunity, cause and next issue; None where nothing is beyond chance."""
    gain = next((one for one in opportunities(run) if one.sure), None)
    clear = [one for one in causes(run) if one.clear]
    cause = next((one for one in clear if not one.reason), clear[0] if clear else None)
    edge = next((one for one in edges(run) if not one.mutual), None)
    return gain, cause, edge


def _figures(run: Run, measures: tuple[str, ...], slices: tuple[str, ...]) -> dict[tuple[str, ...], Estimate]:
    """Figures of some measures by the values of their cells."""
    return {
        (row.measure, *(row.cell.get(name, "") for name in slices)): row.result
        for row in run.select(*measures)
        if isinstance(row.result, Estimate)
    }
