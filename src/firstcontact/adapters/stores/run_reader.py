"""Reads a run from the directory that it was written to."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, Faults
from firstcontact.services.publish import RUN_FILE
from firstcontact.services.record import RUN_FORMAT, Figure, RunRecord, figure

NOT_A_RUN = ErrorKind(
    "FC6150",
    "This is not the directory of a run",
    EXIT_INPUT,
    "A run is the directory that `firstcontact measure --out DIR` wrote; it is known by its run.json.",
)
NEWER_RUN = ErrorKind(
    "FC6151",
    "The run was written by a newer firstcontact",
    EXIT_INPUT,
    "Its directory has a form that this version does not know. Install the newer version to read it.",
)
DAMAGED_RUN = ErrorKind(
    "FC6152",
    "A file of the run cannot be read",
    EXIT_INPUT,
    "A file is missing, may not be read, or does not hold what firstcontact wrote there. Measure again.",
)

T = TypeVar("T")

_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException)


class RunDirectory:
    """Reads runs from directories. Implements `services.record.RunReader`."""

    def read(self, places: Sequence[Path]) -> list[RunRecord]:
        """Read runs.

        Args:
            places: Their directories.

        Returns:
            The runs, in that order.

        Raises:
            FirstcontactError: Everything wrong with all of them at once: no run (FC6150), a newer form (FC6151), a
                file that is missing or damaged (FC6152).
        """
        faults = Faults()
        records = [_read(place, faults) for place in places]
        faults.raise_if_any()
        return [record for record in records if record is not None]


def _read(place: Path, faults: Faults) -> RunRecord | None:
    if not (place / RUN_FILE).is_file():
        saw = f"a directory without {RUN_FILE}" if place.is_dir() else "a file" if place.exists() else "nothing"
        cure = "name a directory that `firstcontact measure --out` wrote"
        faults.add(NOT_A_RUN, where=str(place), saw=saw, allowed="the directory of a run", cure=cure)
        return None
    before = len(faults)
    run = _part(place, RUN_FILE, _run, faults)
    form = run.get("format", 1) if run is not None else 1
    if not isinstance(form, int) or form > RUN_FORMAT:
        cure = "read it with the version that wrote it, or measure again with this one"
        saw = f"form {form}" if isinstance(form, int) else "a form that is no whole number"
        faults.add(NEWER_RUN, where=str(place / RUN_FILE), saw=saw, allowed=f"form {RUN_FORMAT}", cure=cure)
        return None
    figures = _part(place, "results.parquet", _figures, faults)
    policy = _part(place, "policy.toml", _toml, faults)
    fit = _part(place, "fit.json", _json, faults)
    ledger = _part(place, "ledger.json", _json, faults)
    if len(faults) > before or run is None or figures is None or policy is None or fit is None or ledger is None:
        return None
    return RunRecord(str(place), run, figures, policy, fit, ledger)


def _part(place: Path, name: str, read: Callable[[Path], T], faults: Faults) -> T | None:
    try:
        return read(place / name)
    except _DAMAGE as error:
        saw = "no such file" if isinstance(error, FileNotFoundError) else f"{type(error).__name__} while reading"
        cure = "measure again, or take the file from a copy"
        faults.add(DAMAGED_RUN, where=str(place / name), saw=saw, allowed="the file as it was written", cure=cure)
        return None


def _json(path: Path) -> dict[str, Any]:
    data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise TypeError("not an object")
    return data


def _run(path: Path) -> dict[str, Any]:
    data = _json(path)
    for end in ("since", "cutoff"):
        datetime.fromisoformat(data["frame"][end])
    return data


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _figures(path: Path) -> tuple[Figure, ...]:
    return tuple(figure(row) for row in pq.read_table(path).to_pylist())
