"""The wheel, installed where nothing else is, does the main job."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _run(*command: str | Path, cwd: Path) -> str:
    """Run a command without this environment's Python settings; returns what it printed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this work tree."""
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment that holds the wheel and its locked dependencies only."""
    home = tmp_path_factory.mktemp("empty")
    python = home / "venv" / "bin" / "python"
    uv = (sys.executable, "-m", "uv")
    _run(*uv, "venv", "--quiet", "--python", sys.executable, home / "venv", cwd=home)
    lock = ROOT / "requirements" / "base.txt"
    _run(*uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", lock, cwd=home)
    _run(*uv, "pip", "install", "--quiet", "--python", python, "--no-deps", "--no-index", wheel, cwd=home)
    return python.parent


def test_the_wheel_holds_the_package_its_data_and_its_licence(wheel: Path) -> None:
    """Everything that is not Python but needed (policies, templates, types marker, licence) is in the wheel."""
    names = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "src" / "firstcontact"
    data = {
        f"firstcontact/{path.relative_to(package)}"
        for path in package.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert data - names == set()
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "docs/"))]


def test_the_lock_is_complete(installed: Path) -> None:
    """Nothing that the wheel asks for is missing from the locked packages."""
    assert _run(sys.executable, "-m", "uv", "pip", "check", "--python", installed / "python", cwd=installed) == ""


def test_an_empty_environment_runs_the_demo(installed: Path, tmp_path: Path) -> None:
    """From an empty folder: help, a simulated centre, and the report of it."""
    program = installed / "firstcontact"
    assert "measure" in _run(program, "--help", cwd=tmp_path)
    _run(program, "simulate", "--contacts", "2000", "--out", "data", cwd=tmp_path)
    said = _run(program, "measure", "data", "--out", "run", cwd=tmp_path)
    assert "report.html" in said
    made = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"report.html", "results.parquet", "results.csv", "ledger.json", "policy.toml", "run.json"} <= made
    assert "firstcontact" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
