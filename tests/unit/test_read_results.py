"""A run's figures are read once, and again where their file is another one."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firstcontact.services.read_results import RESULTS_FILE, Wanted, read_results


def test_figures_are_those_of_the_file_that_is_there(tmp_path: Path) -> None:
    """What was read of a file that has been replaced or removed is not told any more."""
    for rows in (2, 3):
        pq.write_table(pa.table({"measure": ["fcr"] * rows}), tmp_path / "new")
        (tmp_path / "new").replace(tmp_path / RESULTS_FILE)
        for _ in range(2):
            assert read_results(tmp_path, Wanted(), None).num_rows == rows
    (tmp_path / RESULTS_FILE).unlink()
    with pytest.raises(FileNotFoundError):
        read_results(tmp_path, Wanted(), None)
