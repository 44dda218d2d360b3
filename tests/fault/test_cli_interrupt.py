"""Ctrl-C at any moment, a request to end, and kill -9: no half-written run, no traceback, no data left behind."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firstcontact.kernel.errors import EXIT_INTERRUPTED
from tests.command import Said, assert_whole, checked, run, start
from tests.conftest import FULL

ROWS, MOMENTS = (1_500_000, 40) if FULL else (300_000, 4)
PATIENCE = 10.0
"""Seconds. Two on an idle machine; tests run beside other work."""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contacts of a centre that takes several seconds to measure."""
    return _simulated(tmp_path_factory.mktemp("interrupt") / "centre", ROWS)


@pytest.fixture(scope="module")
def smaller(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contacts of a centre whose run takes a moment to write, for who waits for that moment."""
    return _simulated(tmp_path_factory.mktemp("interrupt") / "smaller", ROWS // 10)


def _simulated(folder: Path, contacts: int) -> Path:
    assert run("simulate", "--contacts", contacts, "--out", folder).code == 0
    return folder / "contacts.parquet"


def _measure(centre: Path, folder: Path) -> subprocess.Popen[str]:
    (folder / "temporary").mkdir(exist_ok=True)
    return start("measure", centre, "--out", "run", "--no-definitions", folder=folder, temporary=folder / "temporary")


def _interrupt(process: subprocess.Popen[str], how: signal.Signals) -> tuple[Said, float]:
    began = time.monotonic()
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    return Said(process.returncode, out, err), time.monotonic() - began


def _left(folder: Path) -> list[str]:
    """Whatever is there but the directories that the test made itself."""
    return sorted(path.name for path in folder.rglob("*") if path.name != "temporary")


def test_an_interruption_leaves_nothing_behind(centre: Path, tmp_path: Path) -> None:
    """At moments spread over a run: exit status 130, soon, one sentence, no output, no temporary file."""
    chance = random.Random(7)
    moments = [1.0, *(chance.uniform(1.0, 12.0 if FULL else 4.0) for _ in range(MOMENTS - 1))]
    codes = []
    for moment in moments:
        process = _measure(centre, tmp_path)
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            said, seconds = _interrupt(process, signal.SIGTERM if len(codes) % 3 == 2 else signal.SIGINT)
            codes.append(checked(said).code)
            assert codes[-1] == EXIT_INTERRUPTED, said
            assert said.err == "Interrupted. Nothing was left half-written.\n"
            assert seconds < PATIENCE
            assert _left(tmp_path) == []
        else:  # a fast machine was done before
            process.communicate()
            assert_whole(tmp_path / "run")
            break
    assert EXIT_INTERRUPTED in codes


def _until_writing(process: subprocess.Popen[str], folder: Path) -> None:
    """Wait until the run has begun to write its directory."""
    while process.poll() is None and not list(folder.glob("run.partial-*")):
        time.sleep(0.005)
    assert process.poll() is None, process.communicate()


def test_an_interruption_while_writing_leaves_no_directory(smaller: Path, tmp_path: Path) -> None:
    """The directory that was being filled is gone; an impatient second Ctrl-C changes nothing."""
    process = _measure(smaller, tmp_path)
    _until_writing(process, tmp_path)
    process.send_signal(signal.SIGINT)
    said, _ = _interrupt(process, signal.SIGINT)
    assert checked(said).code == EXIT_INTERRUPTED
    assert _left(tmp_path) == []


def test_after_a_kill_the_next_run_ignores_and_tidies(smaller: Path, tmp_path: Path) -> None:
    """kill -9 can leave a partial directory, never a run; temporary data go with the next command."""
    process = _measure(smaller, tmp_path)
    _until_writing(process, tmp_path)
    process.kill()
    process.communicate()
    assert not (tmp_path / "run").exists()
    partial = list(tmp_path.glob("run.partial-*"))
    assert len(partial) == 1
    assert list((tmp_path / "temporary").iterdir())
    small = tmp_path / "small"
    assert run("simulate", "--contacts", "500", "--out", small).code == 0
    said = start(
        "measure", small / "contacts.parquet", "--out", "run", "--no-definitions", folder=tmp_path,
        temporary=tmp_path / "temporary",
    )  # fmt: skip
    out, err = said.communicate(timeout=60)
    assert checked(Said(said.returncode, out, err)).code in (0, 6)
    assert_whole(tmp_path / "run")
    assert list(tmp_path.glob("run.partial-*")) == partial
    assert list((tmp_path / "temporary").iterdir()) == []
    assert oct((tmp_path / "run").stat().st_mode)[-3:] == "700"


HALF_DONE = """
import signal
from firstcontact.doors.cli.failure import interruptible

class Half:
    def __del__(self):
        raise KeyError(self.when)

    def __init__(self, when):
        self.when = when

signal.signal(signal.SIGINT, signal.default_int_handler)
with interruptible():
    Half("before")
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        Half("meanwhile")
Half("after")
"""


def test_what_a_library_leaves_half_done_is_no_news() -> None:
    """Once somebody asked to end, an object that does not bear being thrown away says nothing; else it does."""
    said = subprocess.run([sys.executable, "-c", HALF_DONE], check=True, capture_output=True, text=True, timeout=60)
    assert [when for when in ("before", "meanwhile", "after") if when in said.stderr] == ["before", "after"]
