"""Reads a run from the directory that it was written to."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from firstcontact.kernel.errors import Faults
from firstcontact.services.record import Figure, RunRecord, figure
from firstcontact.services.run_folder import json_object, part, read_head


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
    before = len(faults)
    run = read_head(place, faults)
    if run is None:
        return None
    figures = part(place, "results.parquet", _figures, faults)
    policy = part(place, "policy.toml", _toml, faults)
    fit = part(place, "fit.json", json_object, faults)
    ledger = part(place, "ledger.json", json_object, faults)
    if len(faults) > before or figures is None or policy is None or fit is None or ledger is None:
        return None
    return RunRecord(str(place), run, figures, policy, fit, ledger)


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _figures(path: Path) -> tuple[Figure, ...]:
    return tuple(figure(row) for row in pq.read_table(path).to_pylist())
