"""Each exit status that is documented ends a command somewhere, and means what the table says."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstcontact.doors.cli import failure
from firstcontact.doors.cli.app import main
from firstcontact.kernel.errors import (
    EXIT_CODES,
    EXIT_INPUT,
    EXIT_INTERNAL,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_OUTPUT,
    EXIT_POLICY,
    EXIT_REFUSED,
    EXIT_USAGE,
)
from tests.command import MARK, Said, run, start

ROOT = Path(__file__).parents[2]


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    path = tmp_path / "calls.csv"
    rows = [f"c{i},2024-03-{1 + i % 28:02d} 10:00,k{i % 9},{MARK}" for i in range(50)]
    path.write_text("\n".join(["call id,start time,customer id,note", *rows]), encoding="utf-8")
    return path


def _end(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, file: Path) -> Said:
    """A command in whose middle something happens that no step expects."""
    from firstcontact.services import measure

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(measure, "prepare", fail)
    with pytest.raises(SystemExit) as end:
        main(["measure", str(file), "--out", str(file.parent / "run")])
    said = capsys.readouterr()
    return Said(int(end.value.code or 0), said.out, said.err)


def test_every_exit_status_is_reached(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """0, 1, 2, 3, 4, 5, 6 and 130, each by what the table says of it."""
    reached = {
        run("inspect", calls).code: EXIT_OK,
        run("measure").code: EXIT_USAGE,
        run("measure", tmp_path / "no.csv").code: EXIT_INPUT,
        run("measure", calls, "--policy", "nonesuch").code: EXIT_POLICY,
        run("measure", calls, "--out", calls / "run").code: EXIT_OUTPUT,
        run("measure", calls, "--out", tmp_path / "refused", "--no-definitions").code: EXIT_REFUSED,
        _end(monkeypatch, capsys, KeyError(MARK), calls).code: EXIT_INTERNAL,
        _end(monkeypatch, capsys, KeyboardInterrupt(), calls).code: EXIT_INTERRUPTED,
    }
    assert reached == {code: code for code in EXIT_CODES}


def test_the_table_of_exit_codes_is_in_the_reference() -> None:
    """Whoever writes a script finds each status with its meaning."""
    page = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    assert [code for code, words in EXIT_CODES.items() if f"| {code} | {words} |" not in page] == []


def test_a_defect_says_its_kind_and_place_and_no_value(
    calls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """INTERNAL can be reported as it stands; what may hold data is shown only where it is asked for."""
    said = _end(monkeypatch, capsys, KeyError(MARK), calls)
    assert said.code == EXIT_INTERNAL
    assert said.codes == ["FC9001"]
    assert "KeyError in services/measure.py:" in said.err
    assert MARK not in said.err
    assert "Traceback" not in said.err
    monkeypatch.setenv("FIRSTCONTACT_TRACEBACK", "1")
    said = _end(monkeypatch, capsys, KeyError(MARK), calls)
    assert said.code == EXIT_INTERNAL
    assert "Traceback" in said.err
    assert MARK in said.err


def test_memory_that_does_not_suffice_is_no_defect(
    calls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """TOO_LITTLE_MEMORY, whether the engine or Python runs out of it; an engine without disk is FC6003."""
    import duckdb

    for error in (MemoryError(), duckdb.OutOfMemoryException(MARK)):
        said = _end(monkeypatch, capsys, error, calls)
        assert (said.code, said.codes) == (EXIT_USAGE, ["FC9003"])
        assert MARK not in said.err
    for error in (
        duckdb.OutOfMemoryException(f"{MARK} max_temp_directory_size"),
        duckdb.IOException(f"{MARK}: No space left on device"),
        OSError(28, "No space left on device", "/tmp/x"),
    ):
        said = _end(monkeypatch, capsys, error, calls)
        assert (said.code, said.codes) == (EXIT_OUTPUT, ["FC6003"])
        assert MARK not in said.err


def test_an_engine_s_own_error_after_an_interruption_is_an_interruption(
    calls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """DuckDB answers Ctrl-C with a RuntimeError; that is not a defect."""
    from firstcontact.services import measure

    def fail(*_: object, **__: object) -> None:
        with pytest.raises(KeyboardInterrupt):
            failure._interrupt(2, None)
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr(measure, "prepare", fail)
    with pytest.raises(SystemExit) as end:
        main(["measure", str(calls), "--out", str(calls.parent / "run")])
    assert end.value.code == EXIT_INTERRUPTED
    assert capsys.readouterr().err == "Interrupted. Nothing was left half-written.\n"


def test_what_is_printed_cannot_drive_the_terminal(calls: Path, tmp_path: Path) -> None:
    """A file's name with escape sequences and line ends is shown, not obeyed."""
    said = run("measure", tmp_path / "a\x1b[2J\nFC0000 b\u202e.csv", "--out", tmp_path / "run")
    assert said.code == EXIT_INPUT
    assert "\x1b" not in said.err
    assert "a\\x1b[2J\\nFC0000 b\\u202e.csv" in said.err
    odd = calls.rename(calls.with_name("a\x1b[2J\nb.csv"))
    said = run("inspect", odd)
    assert said.code == EXIT_OK
    assert "\x1b" not in said.out
    assert "a\\x1b[2J\\nb.csv" in said.out


def test_without_a_place_for_the_key_of_pseudonyms_it_is_said(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NO_KEY: a configuration directory that cannot be written, and a file there that is no key."""
    monkeypatch.setenv("FIRSTCONTACT_HOME", str(calls / "home"))
    said = run("measure", calls, "--out", tmp_path / "run", "--no-definitions")
    assert (said.code, said.codes) == (EXIT_OUTPUT, ["FC6004"])
    monkeypatch.setenv("FIRSTCONTACT_HOME", str(tmp_path))
    (tmp_path / "pseudonym.key").touch()
    said = run("measure", calls, "--out", tmp_path / "run", "--no-definitions")
    assert (said.code, said.codes) == (EXIT_OUTPUT, ["FC6004"])
    assert "FIRSTCONTACT_HOME" in said.err
    assert not (tmp_path / "run").exists()


def test_a_process_ends_at_once_but_says_all_and_leaves_nothing(calls: Path, tmp_path: Path) -> None:
    """The interpreter is not taken apart; what was printed is there, and temporary files are not."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = start("inspect", calls, folder=tmp_path, temporary=temporary)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (EXIT_OK, "")
    assert run("inspect", calls).out.split() == out.split()  # lines are broken by the terminal's width
    assert list(temporary.iterdir()) == []


def test_what_nobody_could_read_was_not_printed(calls: Path, tmp_path: Path) -> None:
    """A standard output that is full ends a process as a result that could not be written."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full on this system")
    with full.open("w", encoding="utf-8") as nowhere:
        process = start("inspect", calls, folder=tmp_path, stdout=nowhere)
        _, err = process.communicate(timeout=60)
    assert process.returncode == EXIT_OUTPUT
    assert "FC6003" in err or err == ""
