"""A change as a user describes it, and the weeks of contacts it reached and did not reach."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from firstcontact.contacts.table import NO_REASON, REASON_SEPARATOR
from firstcontact.measurement.explain.change_effect import Weekly
from firstcontact.measurement.explain.change_plan import WEEK
from firstcontact.measurement.linking.period import week_of
from firstcontact.measurement.policy.model import cut_reason, within
from firstcontact.statistics.bucket import Array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firstcontact.measurement.policy.model import Policy

_LARGE = 20
"""Contacts a week from which on a row shows by itself whether a week is whole."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change as the user describes it.

    Attributes:
        reason: The reason it was made for; a path stands for everything below it.
        began: Its first day, in the business zone.
        rolled_out: Last day of the roll-out; the first day where None.
        controls: Reasons to compare with; all others at the same level outside its family where empty.
        where: Column and value of the contacts it reached; the other values are the controls then.
        smallest: Smallest effect worth knowing, as a share.
    """

    reason: str
    began: date
    rolled_out: date | None = None
    controls: tuple[str, ...] = ()
    where: tuple[str, str] | None = None
    smallest: float = 0.03

    @property
    def over(self) -> date:
        """Day after the roll-out."""
        return self.began if self.rolled_out is None else self.rolled_out + timedelta(days=1)


def units_of(change: Change, rows: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    """For each reason (and value of the column), 0 where the change was made, a number from 1 for controls."""
    level = change.reason.count(REASON_SEPARATOR) + 1
    family = cut_reason(change.reason, 1)
    cells = sorted({_cell(change, row) for row in rows})
    if change.where:
        value = change.where[1]
        others = sorted({other for path, other in cells if within(path, change.reason) and other != value})
        number = {other: place for place, other in enumerate(others, start=1)}
        return {
            (path, other): 0 if other == value else number[other]
            for path, other in cells
            if within(path, change.reason)
        }
    paths = [path for path, _ in cells]
    outside = [path for path in paths if cut_reason(path, 1) != family]
    named = change.controls or tuple(
        sorted(
            {
                cut_reason(path, level)
                for path in outside or paths
                if path != NO_REASON and not within(path, change.reason)
            }
        )
    )
    units = {}
    for cell in cells:
        if within(cell[0], change.reason):
            units[cell] = 0
        else:
            places = [place for place, name in enumerate(named, start=1) if within(cell[0], name)]
            units |= {cell: places[0]} if places else {}
    return units


def _cell(change: Change, row: dict[str, Any]) -> tuple[str, str]:
    return row["reason"] or NO_REASON, str(row[change.where[0]]) if change.where else ""


def weeks_of(
    rows: list[dict[str, Any]],
    units: dict[tuple[str, str], int],
    change: Change,
    policy: Policy,
    period: tuple[date, date],
) -> Weekly:
    """The whole weeks from which on contacts are judged, by unit.

    Args:
        rows: Sums of contacts by `reason`, day, and the column of `change.where`: `change_count`, `change_exposure`,
            `change_failed`, `change_grown`.
        units: From `units_of`.
        change: The change.
        policy: Where weeks begin.
        period: First and last day of the complete data, the last exclusive.

    Returns:
        The weeks; the first row is where the change was made.
    """
    start = policy.calendar.week_start
    # Only whole weeks: the first day that counts and the cut-off cut theirs.
    monday = week_of(period[0].toordinal() - date(1970, 1, 1).toordinal(), start)
    monday += WEEK if monday < period[0] else timedelta()
    weeks = []
    while monday + WEEK <= period[1]:
        weeks.append(monday)
        monday += WEEK
    place = {week: number for number, week in enumerate(weeks)}
    size = max(units.values(), default=0) + 1
    sums = np.zeros((4, size, len(weeks)))
    names = {0: change.reason}
    for row in rows:
        cell = _cell(change, row)
        week = week_of(row["local_day"], start)
        if cell not in units or week not in place:
            continue
        unit = units[cell]
        names.setdefault(unit, cell[1] or cut_reason(cell[0], change.reason.count(REASON_SEPARATOR) + 1))
        parts = ("change_count", "change_exposure", "change_failed", "change_grown")
        sums[:, unit, place[week]] += [float(row[part] or 0.0) for part in parts]
    count, exposure, failed, grown = sums
    maturity = np.where(count > 0, grown / np.maximum(count, 1.0), 1.0)
    seen = count.sum(axis=1) > 0
    seen[0] = True
    labels = tuple(names.get(number, "") for number in range(size))
    whole = Weekly(tuple(weeks), count, exposure, failed, maturity, labels).rows(np.asarray(seen))
    known = _settled_in(whole.count)
    return replace(whole.only(known), unknown=int((~known).sum()))


def _settled_in(count: Array) -> NDArray[np.bool_]:
    """Weeks from which on contacts are judged: before that, most lie too close to the beginning to be known openers."""
    large = count[np.median(count, axis=1) >= _LARGE] if count.size else count
    rows = large if len(large) else count.sum(axis=0, keepdims=True)
    full = (rows >= 0.5 * np.median(rows, axis=1, keepdims=True)).all(axis=0)
    first = int(np.argmax(full)) if full.any() else 0
    return np.asarray(np.arange(count.shape[1]) >= first)
