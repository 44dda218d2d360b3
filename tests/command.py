"""Runs the program as a user does: in this process, or in its own where signals and limits matter."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from firstcontact.doors.cli.app import main
from firstcontact.kernel.errors import EXIT_CODES

MARK = "ZZSECRETZZ"
"""Planted in cells: a value of a customer, which nothing printed may hold."""

PROGRAM = (sys.executable, "-m", "firstcontact.doors.cli")


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def codes(self) -> list[str]:
        """The codes of the faults, in order."""
        return re.findall(r"^(FC\d{4}) ", self.err, re.MULTILINE)


def run(*arguments: object) -> Said:
    """Run a command in this process, and check what holds for every command whatever it was given."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code or 0
    assert isinstance(code, int)
    return checked(Said(code, out.getvalue(), err.getvalue()))


def checked(said: Said) -> Said:
    """What holds for every command: a documented code, no traceback, no defect, no customer, four clauses a fault."""
    assert said.code in EXIT_CODES, said
    assert "Traceback" not in said.out + said.err, said.err
    assert MARK not in said.out + said.err
    assert "FC9001" not in said.err, said.err
    for fault in re.split(r"^(?=FC\d{4} )", said.err, flags=re.MULTILINE)[1:]:
        assert re.findall(r"^  (\w+) +\S", fault, re.MULTILINE) == ["where", "saw", "allowed", "do"], fault
    return said


def measure(file: object, folder: Path, *arguments: object, quick: bool = True) -> Said:
    """Measure a file into a folder, and check that nothing is left behind and every row and contact is accounted for.

    Args:
        file: One file, or a list of them.
        folder: The output directory.
        arguments: Further ones.
        quick: Whether to leave out the other definitions, which take longest.
    """
    files = file if isinstance(file, list) else [file]
    said = run("measure", *files, "--out", folder, *(["--no-definitions"] if quick else []), *arguments)
    assert [path.name for path in folder.parent.glob("*.partial-*")] == []
    if said.code in (0, 6):
        assert_whole(folder)
    else:
        assert not folder.exists()
        assert said.err.strip()
    return said


def assert_whole(folder: Path) -> None:
    """All files of a run are there, and its ledgers add up."""
    names = {
        "report.html", "results.parquet", "results.csv", "ledger.json", "quarantine.parquet", "contacts.parquet",
        "issues.parquet", "policy.toml", "fit.json", "run.json", "told.json", "history.parquet",
    }  # fmt: skip
    # Beside these, what is written only where something was learned or found.
    found = {path.name for path in folder.iterdir()}
    assert names <= found <= names | {"risk.json", "to_read.parquet"}
    ledger = rows(folder)
    assert ledger["adds_up"]
    parts = ledger["contacts"] + sum(ledger["absorbed"].values()) + sum(ledger["quarantined"].values())
    assert ledger["read"] == parts + ledger["erased"]
    measures = json.loads((folder / "ledger.json").read_text(encoding="utf-8"))["measures"]
    if not measures:  # nothing could be measured at all: then every figure says what the data lack
        codes = pq.read_table(folder / "results.parquet")["refusal_code"].to_pylist()
        assert set(codes) == {"signal-absent"}
    assert all(one["adds_up"] and one["contacts"] == ledger["contacts"] for one in measures)


def rows(folder: Path) -> dict:
    """Level one of a run's ledger."""
    return json.loads((folder / "ledger.json").read_text(encoding="utf-8"))["rows"]


def start(
    *arguments: object,
    folder: Path,
    temporary: Path | None = None,
    before: Callable[[], object] | None = None,
    **pipes: object,
) -> subprocess.Popen[str]:
    """Start a command in a process of its own.

    Args:
        arguments: What is typed after the program's name.
        folder: Where it runs.
        temporary: Its directory for temporary files.
        before: Called in the new process before the program starts, for limits.
        pipes: As for `Popen`.
    """

    def prepare() -> None:
        # A test run in the background of a shell hands down an ignored interruption.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if before is not None:
            before()

    environment = {**os.environ, **({"TMPDIR": str(temporary)} if temporary else {})}
    if before is not None:  # with little room, Python keeps half of a module that it compiles
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **pipes}
    return subprocess.Popen(
        [*PROGRAM, *(str(argument) for argument in arguments)], cwd=folder, env=environment, text=True,
        preexec_fn=prepare, **given,  # noqa: PLW1509
    )  # fmt: skip


def ended(process: subprocess.Popen[str], seconds: float = 120) -> Said:
    """Wait for a command of its own process, and check what holds for every command."""
    out, err = process.communicate(timeout=seconds)
    return checked(Said(process.returncode, out or "", err or ""))
