"""A run is written whole or not at all, whatever the disk, the terminal and the user do."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

from firstcontact.kernel.errors import EXIT_INPUT, EXIT_OUTPUT, EXIT_REFUSED
from tests.command import PROGRAM, assert_whole, ended, measure, rows, run, start


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated centre of 1,000 contacts."""
    folder = tmp_path_factory.mktemp("output") / "centre"
    assert run("simulate", "--contacts", "1000", "--format", "csv", "--out", folder).code == 0
    return folder


def test_nothing_is_overwritten_unasked(centre: Path, tmp_path: Path) -> None:
    """A directory with anything in it stays as it is; `--force` replaces an earlier run and nothing else."""
    out = tmp_path / "run"
    assert measure(centre / "contacts.csv", out).code == 0
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    said = run("measure", centre / "contacts.csv", "--out", out, "--no-definitions")
    assert (said.code, said.codes) == (EXIT_OUTPUT, ["FC6001"])
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == before
    assert measure(centre / "contacts.csv", out, "--force").code == 0
    other = tmp_path / "letters"
    other.mkdir()
    (other / "letter.txt").write_text("mine")
    said = run("measure", centre / "contacts.csv", "--out", other, "--force", "--no-definitions")
    assert (said.code, said.codes) == (EXIT_OUTPUT, ["FC6001"])
    assert [path.name for path in other.iterdir()] == ["letter.txt"]


def test_a_place_that_is_none_is_said_before_any_work(centre: Path, tmp_path: Path) -> None:
    """Under a file, on a device, under a name too long or no text, in the input's place."""
    calls = centre / "contacts.csv"
    for place in (
        calls,
        calls / "run",
        "/dev/full",
        "/dev/full/run",
        tmp_path / ("n" * 300),
        tmp_path / os.fsdecode(b"a\xff"),
    ):
        said = run("measure", calls, "--out", place, "--no-definitions")
        assert (said.code, said.codes) == (EXIT_OUTPUT, ["FC6002"]), place
    assert list(tmp_path.iterdir()) == []


def test_a_run_inside_its_input_is_not_read_as_input(centre: Path, tmp_path: Path) -> None:
    """`measure DIR --out DIR/run`, twice: the second run reads what the first one read."""
    folder = tmp_path / "centre"
    shutil.copytree(centre, folder)
    assert measure(folder, folder / "run").code == 0
    assert measure(folder, folder / "again").code == 0
    assert rows(folder / "run") == rows(folder / "again")


@pytest.mark.parametrize("size", [0, 1_000, 40_000, 200_000])
def test_a_disk_that_is_full_leaves_nothing_behind(size: int, centre: Path, tmp_path: Path) -> None:
    """Wherever the room ends (temporary files, a table, the report), the error says so and no file remains."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    arguments = ("measure", centre / "contacts.csv", "--out", "deep/er/run", "--no-definitions")
    said = ended(start(*arguments, folder=tmp_path, temporary=temporary, before=limit))
    assert said.code == EXIT_OUTPUT
    assert said.codes[0] in ("FC6002", "FC6003")
    assert [path.name for path in tmp_path.rglob("*")] == ["temporary"]


def test_a_temporary_directory_without_room_is_said(
    centre: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unpacked file that does not fit is refused with the cure, and not called a bomb's work."""
    import gzip

    packed = tmp_path / "calls.csv.gz"
    packed.write_bytes(gzip.compress((centre / "contacts.csv").read_bytes()))
    room = shutil.disk_usage(tmp_path)._replace(free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room)
    said = measure(packed, tmp_path / "run")
    assert said.codes == ["FC1009"]
    assert "TMPDIR" in said.err


def test_a_reader_that_goes_away_and_a_full_terminal(centre: Path, tmp_path: Path) -> None:
    """`| head -1` ends quietly; `> /dev/full` is said; closed streams are no reason to fail."""
    calls = centre / "contacts.csv"
    piped = start("inspect", calls, folder=tmp_path)
    assert piped.stdout is not None
    piped.stdout.readline()
    piped.stdout.close()
    assert piped.stderr is not None
    assert piped.wait(60) == 0
    assert piped.stderr.read() == ""
    piped.stderr.close()
    for arguments in (("inspect", calls), ("--help",), ("simulate", "--knobs")):
        with Path("/dev/full").open("w") as full:
            said = ended(start(*arguments, folder=tmp_path, stdout=full))
        assert (said.code, said.codes) == (EXIT_OUTPUT, ["FC6003"]), arguments
    program = " ".join(f"'{part}'" for part in PROGRAM)
    typed = f"{program} measure '{calls}' --out run --no-definitions >&- 2>&-"
    done = subprocess.run(typed, shell=True, cwd=tmp_path, check=False)
    assert done.returncode in (0, EXIT_REFUSED)
    assert_whole(tmp_path / "run")


def test_a_damaged_run_is_not_compared(centre: Path, tmp_path: Path) -> None:
    """`diff` says which file of which run is not as it was written."""
    out = tmp_path / "run"
    assert measure(centre / "contacts.csv", out).code == 0
    assert run("diff", out, out).code == 0
    for damage in ("{bad", "{}", '{"frame": {"since": 3}}', "[]"):
        (out / "run.json").write_text(damage)
        said = run("diff", out, out)
        assert (said.code, set(said.codes)) == (EXIT_INPUT, {"FC6152"})
