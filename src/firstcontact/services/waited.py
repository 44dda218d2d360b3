"""Which records that were set aside waited to be corrected when a run was made: as many as its ledger of rows says."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path

from firstcontact.services.mend import Aside, Quarantine

QUARANTINE_FILE = "quarantine.parquet"
"""In a run of the service it has numbers of records, each with the first of its codes, and nothing that they say."""


def waited(place: Path) -> dict[str, int]:
    """How many waited, by the first of their codes; nothing in a run that did not note them.

    Args:
        place: The run's directory.
    """
    return dict(Counter(code for _, code in _noted(place)))


def numbers_waited(place: Path, code: str | None = None) -> list[int]:
    """Their numbers, newest first.

    Args:
        place: The run's directory.
        code: Only those of which this is the first.
    """
    return [number for number, first in _noted(place) if code is None or first == code]


def page_waited(
    quarantine: Quarantine, place: Path, *, code: str | None, before: int | None, limit: int
) -> tuple[list[Aside], int]:
    """Some of them as they are now, newest first.

    Args:
        quarantine: Where they are kept.
        place: The run's directory.
        code: Only those of which this is the first.
        before: Only those with a smaller number.
        limit: At most so many.

    Returns:
        The records, and how many there are on all pages; those that were removed since are not among either.
    """
    kept = quarantine.kept(numbers_waited(place, code))
    wanted = [number for number in kept if before is None or number < before][:limit]
    return quarantine.some(wanted), len(kept)


def _noted(place: Path) -> tuple[tuple[int, str], ...]:
    path = place / QUARANTINE_FILE
    return _read(path, path.stat().st_mtime_ns) if path.is_file() else ()


@lru_cache(maxsize=16)
def _read(path: Path, _written: int) -> tuple[tuple[int, str], ...]:
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=["row_number", "codes"])
    pairs = zip(table["row_number"].to_pylist(), table["codes"].to_pylist(), strict=True)
    return tuple(sorted(((int(number), str(codes[0])) for number, codes in pairs if codes), reverse=True))
