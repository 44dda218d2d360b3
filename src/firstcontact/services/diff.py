"""Use case: what moved between two runs, and why."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from firstcontact.kernel.result import COUNTED
from firstcontact.services.attribute import Attribution, attribute
from firstcontact.services.record import Figure, RunRecord
from firstcontact.statistics.difference import excludes_none, p_value, square_and_add
from firstcontact.statistics.discovery import discoveries

FALSE_RATE = 0.05
"""Of the moves that are marked, at most this share is expected to be chance."""

_ROUNDING = 1e-9
_USUAL = 0.95
"""Level where both figures are counts."""


@dataclass(frozen=True, slots=True)
class Move:
    """One figure in both runs.

    Attributes:
        measure: Id of the measure.
        by: What the cell was cut by; empty for the whole.
        cell: The cell's values.
        before: The figure in the first run; None where that run does not have it.
        after: The same in the second.
        change: `after - before`, in the figure's unit; None where a side is refused or not there.
        low: Lower end of the change's interval; None where the change is exact or unknown.
        high: Upper end.
        p: p-value of no change; likewise.
        clear: Whether the move is more than chance, among all that were looked at; for an exact change whether there
            is any.
    """

    measure: str
    by: str
    cell: tuple[str, ...]
    before: Figure | None
    after: Figure | None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    clear: bool = False

    @property
    def unit(self) -> str:
        """What the figures are counted in; empty where there are none."""
        return next((side.unit for side in (self.after, self.before) if side is not None and side.unit), "")


@dataclass(frozen=True, slots=True)
class Looked:
    """Moves that were looked at together.

    Attributes:
        compared: How many figures both runs have.
        clear: How many of these moved by more than chance (or at all, where changes are exact).
        one_only: How many cells only one of the runs has, or refuses.
        shown: The largest, those that are clear first.
    """

    compared: int
    clear: int
    one_only: int
    shown: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What moved between two runs, and why.

    Attributes:
        before: Where the first run is.
        after: Where the second is.
        exact: Whether both look at the same files over the same period, so that no sampling error lies between them.
        basis: What the comparison can say, in words.
        headline: The figure of the second run's headline measure in both.
        headline_before: The first run's headline measure.
        measures: Every measure over all contacts.
        slices: Cells of one measure.
        places: Where the contacts stand in the ledger of the headline measure, (place, before, after).
        attribution: Why.
    """

    before: str
    after: str
    exact: bool
    basis: str
    headline: Move
    headline_before: str
    measures: Looked
    slices: Looked
    places: tuple[tuple[str, int, int], ...]
    attribution: Attribution

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        return dataclasses.asdict(self)


def diff(before: RunRecord, after: RunRecord, *, measure: str | None = None, top: int = 10) -> Difference:
    """Compare two runs.

    Args:
        before: The earlier one, or the one to compare with.
        after: The other.
        measure: Whose slices to look at; the headline measure of the second run where None.
        top: How many of them to show.

    Returns:
        What moved, and why.
    """
    asked = measure or after.headline_measure
    known = attribute(before, after, figures_moved=_moved(before.figures, after.figures))
    exact = known.same("files", "period")
    overall = _compare(before.figures, after.figures, exact, lambda figure: not figure.by)
    cells = _compare(before.figures, after.figures, exact, lambda figure: bool(figure.by) and figure.measure == asked)
    headline = next((move for move in overall if move.measure == after.headline_measure), None)
    return Difference(
        before.place,
        after.place,
        exact,
        _basis(before, after, known, exact=exact),
        headline or Move(after.headline_measure, "", (), None, None),
        before.headline_measure,
        _look(overall, len(overall)),
        _look(sorted(cells, key=_size), top),
        tuple(_places(before, after, after.headline_measure)),
        known,
    )


def _moved(before: Sequence[Figure], after: Sequence[Figure]) -> bool:
    return {figure.key: _seen(figure) for figure in before} != {figure.key: _seen(figure) for figure in after}


def _seen(figure: Figure) -> tuple[str, ...]:
    # Sums of floats depend on the order in which an engine's threads add them, far beyond what anybody prints.
    ends = [f"{end:.9g}" for end in (figure.value, figure.low, figure.high) if end is not None]
    return (*ends, str(figure.n), figure.refusal)


def _compare(before: Sequence[Figure], after: Sequence[Figure], exact: bool, wanted: Any) -> list[Move]:
    old = {figure.key: figure for figure in before if wanted(figure)}
    new = {figure.key: figure for figure in after if wanted(figure)}
    moves = [Move(*key, old.get(key), new.get(key)) for key in dict.fromkeys([*old, *new])]
    return _with_changes(moves, exact)


def _with_changes(moves: list[Move], exact: bool) -> list[Move]:
    places = [number for number, move in enumerate(moves) if _comparable(move)]
    if not places:
        return moves
    ends = np.array([_ends(moves[place]) for place in places], dtype=float).T
    before, after = ends[0], ends[3]
    change = after - before
    moves = list(moves)
    if exact:
        change = np.where(np.abs(change) > _ROUNDING * np.maximum(np.abs(before), 1.0), change, 0.0)
        for place, by in zip(places, change.tolist(), strict=True):
            moves[place] = dataclasses.replace(moves[place], change=by, clear=by != 0)
        return moves
    low, high = square_and_add(*ends)
    p = p_value(change, low, high, _level(moves[places[0]]))
    clear = discoveries(p, FALSE_RATE) & excludes_none(low, high)
    for place, *values in zip(places, change, low, high, p, clear, strict=True):
        names = ("change", "low", "high", "p")
        found = {name: float(value) for name, value in zip(names, values[:4], strict=True)}
        moves[place] = dataclasses.replace(moves[place], **found, clear=bool(values[4]))
    return moves


def _comparable(move: Move) -> bool:
    one, other = move.before, move.after
    if one is None or other is None or one.value is None or other.value is None:
        return False
    return one.unit == other.unit and None not in (one.low, one.high, other.low, other.high)


def _level(move: Move) -> float:
    levels = [side.level for side in (move.before, move.after) if side is not None and side.level < COUNTED]
    return max(levels, default=_USUAL)


def _ends(move: Move) -> list[float]:
    """Both figures with their intervals, at one level."""
    level = _level(move)
    found: list[float] = []
    for side in (move.before, move.after):
        if side is None or side.value is None or side.low is None or side.high is None:
            raise ValueError("a refused figure has no interval")
        wider = _quantile(level) / _quantile(side.level) if side.level < COUNTED else 1.0
        found += [
            side.value,
            side.value - wider * (side.value - side.low),
            side.value + wider * (side.high - side.value),
        ]
    return found


def _quantile(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))


def _look(moves: Iterable[Move], top: int) -> Looked:
    moves = list(moves)
    compared = [move for move in moves if move.change is not None]
    return Looked(len(compared), sum(move.clear for move in compared), len(moves) - len(compared), tuple(moves[:top]))


def _size(move: Move) -> tuple[bool, float]:
    """Clear moves first, then the largest; what only one run has comes last."""
    return (not move.clear, -abs(move.change) if move.change is not None else 1.0)


def _basis(before: RunRecord, after: RunRecord, known: Attribution, *, exact: bool) -> str:
    if exact:
        return (
            "Both runs read the same files over the same period. The changes are exact: they show what was decided "
            "otherwise, and no sampling error lies between them."
        )
    old, new = ({str(one.get("sha256")) for one in record.run.get("inputs", ())} for record in (before, after))
    shared = len(old & new)
    if known.same("files"):
        data = "Both runs read the same files, over different periods."
    elif shared:
        data = f"{shared} of {len(old | new)} files are in both runs."
    else:
        data = "The runs read different files."
    return (
        f"{data} Intervals of changes treat the two as independent. Where the same customers or contacts are in both, "
        "they are mostly wider than need be, so that a real move may stay unmarked. A mark says that something moved, "
        "not what moved it."
    )


def _places(before: RunRecord, after: RunRecord, measure: str) -> Iterable[tuple[str, int, int]]:
    sides = []
    for record in (before, after):
        books = {book.get("measure"): book for book in record.ledger.get("measures", ())}
        book = books.get(measure, {})
        places = {key: book.get(key, 0) for key in ("contacts", "counted", "not_opener", "left_censored", "immature")}
        sides.append(places | dict(book.get("excluded", {})))
    for place in dict.fromkeys([*sides[0], *sides[1]]):
        old, new = sides[0].get(place, 0), sides[1].get(place, 0)
        if old or new:
            yield place, old, new
