"""Read a run's figures: some of them, for those who may see them, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, Fault, FirstcontactError
from firstcontact.measurement.measures.catalog import TITLES

RESULTS_FILE = "results.parquet"

NO_SUCH_FIGURE = ErrorKind(
    "FC9503",
    "There is no such figure",
    EXIT_INPUT,
    "A figure is asked for by the id of its measure (docs/reference/measures.md) and by a cut that the run has; an "
    "unknown one would be answered by nothing, as if it had been refused.",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which figures.

    Attributes:
        measures: Ids of measures; all where empty.
        by: What cells are cut by, as the column `by` has it: empty text for the whole; all cuts where None.
        reason: Cells of this reason or of one below it.
        channel: Cells of this channel.
        team: Cells of this team.
        queue: Cells of this queue.
        since: Periods from this day on.
        until: Periods that begin before this day.
        status: Figures of this status; `refused` are those that are none.
    """

    measures: tuple[str, ...] = ()
    by: str | None = None
    reason: str | None = None
    channel: str | None = None
    team: str | None = None
    queue: str | None = None
    since: date | None = None
    until: date | None = None
    status: str | None = None


def read_results(folder: Path, wanted: Wanted, teams: frozenset[str] | None) -> pa.Table:
    """The figures that are wanted and may be seen.

    Args:
        folder: The run's directory.
        wanted: Which.
        teams: Teams whose figures may be seen: cells of those teams alone, not of the whole. All figures where None.

    Returns:
        Rows of `measurement.measures.result_table`, in the order of the run.

    Raises:
        OSError: The directory is not there.
    """
    table = _table(folder / RESULTS_FILE)
    keep: list[pa.ChunkedArray] = []
    if teams is not None:
        keep.append(pc.is_in(table["team"], value_set=pa.array(sorted(teams), pa.string())))
    if wanted.measures:
        keep.append(pc.is_in(table["measure"], value_set=pa.array(wanted.measures, pa.string())))
    for name in ("by", "channel", "team", "queue", "status"):
        value = getattr(wanted, name)
        if value is not None:
            keep.append(pc.equal(table[name], value))
    if wanted.reason is not None:
        below = pc.starts_with(table["reason"], f"{wanted.reason} > ")
        keep.append(pc.or_(pc.equal(table["reason"], wanted.reason), below))
    if wanted.since is not None:
        keep.append(pc.greater_equal(table["period_start"], pa.scalar(wanted.since)))
    if wanted.until is not None:
        keep.append(pc.less(table["period_start"], pa.scalar(wanted.until)))
    return _kept(table, keep)


def check_wanted(folder: Path, wanted: Wanted) -> None:
    """See that what is asked for can be there.

    Args:
        folder: The run's directory.
        wanted: Which figures.

    Raises:
        FirstcontactError: No measure has this id, or the run has no such cut (FC9503); both said at once.
        OSError: The directory is not there.
    """
    table = _table(folder / RESULTS_FILE)
    faults = _unknown("measure", wanted.measures, {*TITLES, *_values(table, "measure")})
    if wanted.by is not None:
        faults += _unknown("by", (wanted.by,), _values(table, "by"))
    if faults:
        raise FirstcontactError(faults)


def _values(table: pa.Table, column: str) -> set[str]:
    return {value for value in pc.unique(table[column]).to_pylist() if value is not None}


def _unknown(name: str, asked: Sequence[str], known: set[str]) -> list[Fault]:
    return [
        NO_SUCH_FIGURE.fault(
            where=name,
            saw=f"a name of {len(one)} characters that none has",
            allowed=" or ".join(sorted(repr(each) for each in known)),
            cure=_nearest(one, known),
        )
        for one in asked
        if one not in known
    ]


def _nearest(asked: str, known: set[str]) -> str:
    from difflib import get_close_matches

    begun = [each for each in sorted(known) if asked and each.startswith(asked)]
    near = begun[-1:] or get_close_matches(asked, sorted(known), 1, 0.3)
    return f"perhaps {near[0]} is meant" if near else "ask for one of these, or leave it out"


def _kept(table: pa.Table, conditions: Sequence[pa.ChunkedArray]) -> pa.Table:
    if not conditions:
        return table
    mask = conditions[0]
    for one in conditions[1:]:
        mask = pc.and_kleene(mask, one)
    return table.filter(pc.fill_null(mask, False))


def _table(path: Path) -> pa.Table:
    seen = path.stat()
    return _read(path, seen.st_mtime_ns, seen.st_size)


@lru_cache(maxsize=4)
def _read(path: Path, _written: int, _size: int) -> pa.Table:
    # What was read once stays true as long as the file is the same one.
    return pq.read_table(path)
