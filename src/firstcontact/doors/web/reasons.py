"""All reasons of a run, those that cost most first, and a search among them."""

from __future__ import annotations

from firstcontact.doors.report.sections.cut import cost
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.snapshot import Snapshot
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.run import Run

Ranked = list[tuple[str, ResultRow]]


def ranked(shown: Snapshot, asked: str) -> Ranked:
    """Reasons of every level whose path holds a text, with the headline of each, those that cost most first.

    Args:
        shown: The run, for a visitor.
        asked: The text, in any case of letters; all reasons where it is blank.
    """
    every: Ranked = shown.piece(_every, "reasons in their order")
    sought = asked.casefold().strip()
    return [(path, row) for path, row in every if sought in path.casefold()] if sought else every


def _every(run: Run, _writer: Writer) -> Ranked:
    found: dict[str, ResultRow] = {}
    for by in sorted(by for by in run.cuts if by.startswith("reason_") and "," not in by):
        for row in run.slices(run.headline_measure, by):
            # A path that ends early stands at every deeper level again.
            found.setdefault(next(iter(row.cell.values()), ""), row)
    return sorted(found.items(), key=lambda pair: (-cost(pair[1].result), -pair[1].result.n, pair[0]))
