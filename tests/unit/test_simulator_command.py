"""`firstcontact simulate`, as it is typed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from firstcontact.doors.cli.simulate import simulate
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.measurement.simulator.knob import knobs
from firstcontact.measurement.simulator.world import World

app = typer.Typer()
app.command()(simulate)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    if isinstance(result.exception, FirstcontactError):
        raise result.exception
    return result.exit_code, result.output


def test_it_writes_and_says_the_truth_beside_the_customary_measures(tmp_path: Path) -> None:
    """The directory, and seven figures."""
    code, output = run("--out", str(tmp_path / "log"), "--contacts", "1000", "--format", "csv", "--set", "days=100")
    assert code == 0
    assert (tmp_path / "log" / "contacts.csv").exists()
    assert output.startswith("1,000 contacts of ")
    assert output.count("%") == 7


def test_what_is_wrong_is_said_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    """Size, knob and type in one error."""
    with pytest.raises(FirstcontactError) as error:
        run("--out", str(tmp_path / "log"), "--contacts", "-5", "--set", "agents.skil=1", "--set", "days=x")
    assert [fault.kind.code for fault in error.value.faults] == ["FC7001", "FC7002", "FC7006"]
    assert list(tmp_path.iterdir()) == []


def test_it_wants_to_know_where() -> None:
    """Without --out it is a usage error."""
    code, output = run("--contacts", "5")
    assert code == 2
    assert "--out" in output


def test_it_lists_every_knob() -> None:
    """`--knobs` names all of them and writes nothing."""
    code, output = run("--knobs")
    assert code == 0
    assert [knob.path for knob in knobs(World()) if f"\n{knob.path} = " not in f"\n{output}"] == []


def test_the_command_line_starts_without_numpy_and_arrow() -> None:
    """Importing the command loads neither, so that --help answers at once."""
    heavy = ("numpy", "pyarrow", "pandas", "rich.console")
    script = f"import sys, firstcontact.doors.cli.simulate; print([m for m in {heavy!r} if m in sys.modules])"
    seen = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "numpy" not in seen
    assert "pyarrow" not in seen
    assert "pandas" not in seen
