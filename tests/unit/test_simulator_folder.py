"""A simulated log is kept whole or not at all, and nothing else is ever touched."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq
import pytest

from firstcontact.adapters.stores import table_file
from firstcontact.adapters.stores.table_file import TableFolder
from firstcontact.kernel.errors import EXIT_OUTPUT, FirstcontactError
from firstcontact.measurement.simulator.generate import simulate as simulate_world
from firstcontact.measurement.simulator.world_file import read_world
from firstcontact.services.simulate import WORLD_FILE, simulate

ROWS = {"t": pa.table({"a": [1, 2], "b": pa.array([["x", "y"], None], pa.list_(pa.string()))})}


def folder(path: Path, *, force: bool = False) -> TableFolder:
    return TableFolder(path, force=force, mark=WORLD_FILE)


def test_a_log_is_kept_with_its_truth_apart(tmp_path: Path) -> None:
    """Five tables, four of truth, the knobs and the figures; read back they are what was simulated."""
    out = tmp_path / "log"
    made = simulate(folder(out), contacts=500, seed=9, settings=["agents.count=12"])
    assert {path.name for path in out.glob("*.parquet")} == {f"{name}.parquet" for name in made.tables}
    for name, table in made.tables.items():
        assert pq.read_table(out / f"{name}.parquet").equals(table)
    for name, table in made.truth.tables.items():
        assert pq.read_table(out / "truth" / f"{name}.parquet").equals(table)
    truth = json.loads((out / "truth" / "truth.json").read_text())
    assert truth == {"asked": {"contacts": 500, "seed": 9}, **made.truth.summary}
    from firstcontact.kernel.errors import Faults

    world = read_world(out / WORLD_FILE, (), Faults())
    assert world == made.world
    assert simulate_world(world, contacts=500, seed=9).tables["contacts"].equals(made.tables["contacts"])
    assert out.stat().st_mode & 0o077 == 0


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    """Files of two runs are equal, byte by byte, in both forms."""
    for form in ("parquet", "csv"):
        for name in ("a", "b"):
            simulate(folder(tmp_path / form / name), contacts=300, seed=2, form=form)  # type: ignore[arg-type]
        files = sorted(path.relative_to(tmp_path / form / "a") for path in (tmp_path / form / "a").rglob("*.*"))
        assert len(files) == 11
        for file in files:
            assert (tmp_path / form / "a" / file).read_bytes() == (tmp_path / form / "b" / file).read_bytes()


def test_csv_holds_the_same_rows(tmp_path: Path) -> None:
    """As many rows, the same columns, empty cells for missing values."""
    made = simulate(folder(tmp_path / "log"), contacts=300, form="csv")
    read = pc_csv.read_csv(tmp_path / "log" / "contacts.csv")
    assert read.num_rows == 300
    assert read.column_names == made.tables["contacts"].column_names
    assert read["contact_id"].to_pylist() == made.tables["contacts"]["contact_id"].to_pylist()
    folder(tmp_path / "lists").write(ROWS, {}, "csv")
    assert (tmp_path / "lists" / "t.csv").read_text() == '"a","b"\n1,"x;y"\n2,\n'


def test_an_existing_directory_needs_force(tmp_path: Path) -> None:
    """An earlier simulation is replaced only when asked; then nothing of it stays."""
    out = tmp_path / "log"
    simulate(folder(out), contacts=50)
    (out / "left-over").write_text("old")
    with pytest.raises(FirstcontactError, match="FC6001") as error:
        simulate(folder(out), contacts=60)
    assert error.value.exit_code == EXIT_OUTPUT
    assert pq.read_metadata(out / "contacts.parquet").num_rows == 50
    simulate(folder(out, force=True), contacts=60)
    assert pq.read_metadata(out / "contacts.parquet").num_rows == 60
    assert not (out / "left-over").exists()
    assert list(tmp_path.iterdir()) == [out]


def test_force_never_replaces_what_is_not_a_simulation(tmp_path: Path) -> None:
    """A directory with other files in it stays as it is, whatever is asked; an empty one may be used."""
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FirstcontactError, match="FC6001"):
        folder(tmp_path, force=True).write(ROWS, {}, "parquet")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
    empty = tmp_path / "empty"
    empty.mkdir()
    folder(empty).write(ROWS, {}, "parquet")
    assert (empty / "t.parquet").exists()


def test_a_place_that_is_no_place_is_said(tmp_path: Path) -> None:
    """A file where the directory should be, or where its parent should be, gives FC6002."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(FirstcontactError, match="FC6002"):
            folder(path, force=True).write(ROWS, {}, "parquet")
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


@pytest.mark.parametrize("trouble", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_trouble_while_writing_leaves_nothing_behind(
    trouble: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk or an interruption: no partial directory, and an earlier output untouched."""
    out = tmp_path / "log"
    simulate(folder(out), contacts=50)

    def fail(*_: object, **__: object) -> None:
        raise trouble

    monkeypatch.setattr(table_file.pq, "write_table", fail)
    with pytest.raises((FirstcontactError, KeyboardInterrupt)):
        simulate(folder(out, force=True), contacts=60)
    assert list(tmp_path.iterdir()) == [out]
    monkeypatch.undo()
    assert pq.read_metadata(out / "contacts.parquet").num_rows == 50


def test_a_move_that_fails_gives_the_earlier_output_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the new directory cannot take its place, the old one does."""
    out = tmp_path / "log"
    simulate(folder(out), contacts=50)
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if ".partial-" in self.name:
            raise OSError(errno.EACCES, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(FirstcontactError, match="FC6002"):
        simulate(folder(out, force=True), contacts=60)
    assert list(tmp_path.iterdir()) == [out]
    assert pq.read_metadata(out / "contacts.parquet").num_rows == 50
