"""Times the product against a bare sort of the same rows, in the same run, and writes what came out.

Usage: run.py [--rows N ...] [--repeat N] [--quick] [--keep DIR] [--note TEXT]. Every question runs in a process of its
own, so that its peak memory is its own; the bare sort runs before, between and after them. Machines are noisy: read
the ratios, not the seconds. Nothing here is a test, and nothing fails when it is slow.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import math
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from contacts import write_contacts

HERE = Path(__file__).parent
PROGRAM = (sys.executable, "-m", "firstcontact.doors.cli")
INCIDENTS = HERE.parents[1] / "shared" / "data" / "servicenow-incidents" / "incident_event_log.zip"
FIXED_SECONDS = 10.0

HEAD = """\
# Measured speed

Written by `make bench`. The yardstick is a bare sort in the same run: the columns of Q1 read from the same Parquet
file, sorted by customer, reason and time, and kept. Medians; every question in a process of its own. Seconds of Q1, Q3,
Q5 and of linking leave imports out; those of `measure` and pandas are the whole process. When other programs share the
machine, the ratio of processor time says more than that of wall time. What was tried is in
[docs/decisions/speed.md](../docs/decisions/speed.md).
"""
TITLES = {
    "sort": "bare sort by customer, reason, time",
    "Q1": "Q1: repeats and FCR by reason, channel, team, week",
    "Q3": "Q3: days until the return, by reason and bucket",
    "Q5": "Q5: downstream pairs within 14 days",
    "link": "Parquet -> customers -> link -> Q1 + Q3",
    "measure": "whole `measure`, no contact export",
    "measure, 1 GB": "whole `measure`, engine held to 1 GB",
    "analyst": "pandas: Q1 + Q3, and no more",
}
CELLS_SECONDS = 10.0
TARGETS = {"Q1": 1.2, "Q3": 1.2, "Q5": 1.0, "link": 3.0, "measure": 8.0}
"""Largest ratio to the bare sort; `measure` may take ten seconds beside."""


@dataclass
class Taken:
    """What one question took, over all its runs.

    Attributes:
        seconds: Wall time of each run.
        cpu: Processor time of each run, the process and its children together.
        megabytes: Largest peak memory.
        failed: Why it did not finish; empty when it did.
    """

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    megabytes: float = 0.0
    failed: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds) if self.seconds else math.nan

    @property
    def processor(self) -> float:
        return statistics.median(self.cpu) if self.cpu else math.nan


def ask(taken: Taken, command: tuple[str, ...], *, inside: bool) -> None:
    """Run a command once in a process of its own.

    Args:
        taken: Where to note what it took.
        command: What to run.
        inside: Whether the command says itself what its question took, without imports; else all of it counts.
    """
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        if process.returncode:
            taken.failed = f"exit status {process.returncode}"
            return
        said.seek(0)
        own = json.loads(said.read()) if inside else {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime}
    taken.seconds.append(own["seconds"])
    taken.cpu.append(own["cpu"])
    taken.megabytes = max(taken.megabytes, _megabytes(used))


def _megabytes(used: resource.struct_rusage) -> float:
    return used.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)


def bench(path: Path, scratch: Path, repeat: int, *, tight: bool) -> dict[str, Taken]:
    """Ask every question of one file, with bare sorts around them."""
    taken = {name: Taken() for name in TITLES}
    question = (sys.executable, str(HERE / "question.py"))
    out = scratch / "run"
    measure = (*PROGRAM, "measure", str(path), "--no-contacts", "--force", "--out", str(out))
    for _ in range(repeat):
        for name in ("Q1", "Q3", "Q5", "link"):
            ask(taken["sort"], (*question, "sort", str(path)), inside=True)
            ask(taken[name], (*question, name, str(path)), inside=True)
        ask(taken["measure"], measure, inside=False)
        ask(taken["sort"], (*question, "sort", str(path)), inside=True)
    if tight:
        ask(taken["measure, 1 GB"], (*measure, "--memory", "1GB"), inside=False)
    ask(taken["analyst"], (sys.executable, str(HERE / "analyst.py"), str(path)), inside=False)
    return taken


def small(repeat: int) -> list[tuple[str, float, float, float]]:
    """What a person waits for: title, median wall seconds, processor seconds, target in wall seconds."""
    asked = [("`firstcontact --help`", (*PROGRAM, "--help"), 0.3)]
    with tempfile.TemporaryDirectory() as scratch:
        if INCIDENTS.exists():
            out = str(Path(scratch) / "run")
            command = (*PROGRAM, "measure", str(INCIDENTS), "--force", "--out", out)
            asked.append(("`measure` of the incident log (141,712 rows), all files written", command, 5.0))
        found = []
        for title, command, target in asked:
            taken = Taken()
            for _ in range(max(repeat, 3)):
                ask(taken, command, inside=False)
            found.append((title, taken.median, taken.processor, target))
    return found


def cells(files: Path, sizes: list[int], repeat: int) -> list[str]:
    """What 300 reasons by 52 weeks by 5 channels take, as a section in Markdown."""
    lines = [
        "### Every figure of 300 reasons by 52 weeks by 5 channels",
        "",
        f"From the table of facts to the figures of all cells; the target is {CELLS_SECONDS:g} s. The table itself,",
        "read, linked and judged under the default policy by an engine held to 2 GB, is priced apart. What the process",
        "grew by is what figures and refusals take; it follows the cells, not the contacts.",
        "",
        "| contacts | table s | wall s | CPU s | cells | figures | grew by MB |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for size in sizes:
        path = files / f"cells-{size}.parquet"
        rows = count(path) if path.exists() else write_contacts(path, size, reasons=300)
        command = (sys.executable, str(HERE / "cells.py"), str(path))
        found = [json.loads(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(repeat)]
        middle = {name: statistics.median(one[name] for one in found) for name in found[0]}
        lines.append(
            f"| {rows:,} | {middle['table']:.1f} | {middle['seconds']:.1f} | {middle['cpu']:.1f} "
            f"| {middle['cells']:,.0f} | {middle['rows']:,.0f} | {middle['grew']:,.0f} |"
        )
    return [*lines, ""]


def table(rows: int, taken: dict[str, Taken]) -> list[str]:
    """The answers about one file, as a table in Markdown."""
    sort = taken["sort"]
    lines = [
        f"### {rows:,} contacts",
        "",
        "| question | wall s | x sort | CPU s | x sort (CPU) | peak MB | target | |",
        "|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    for name, title in TITLES.items():
        one = taken[name]
        if one.failed:
            lines.append(f"| {title} | | | | | | | did not finish: {one.failed} |")
        elif one.seconds:
            lines.append(_line(name, title, one, sort))
    return [*lines, ""]


def _line(name: str, title: str, one: Taken, sort: Taken) -> str:
    ratio, cpu = one.median / sort.median, one.processor / sort.processor
    target, met = "", ""
    if name == "measure":
        allowed = TARGETS[name] * sort.median + FIXED_SECONDS
        target = f"{TARGETS[name]:g} x + {FIXED_SECONDS:g} s = {allowed:.0f} s"
        met = "met" if one.median <= allowed else f"missed by {one.median - allowed:.0f} s"
    elif name in TARGETS:
        target = f"{TARGETS[name]:g} x"
        met = "met" if ratio <= TARGETS[name] else "missed"
    return (
        f"| {title} | {one.median:.2f} | {ratio:.2f} | {one.processor:.1f} | {cpu:.2f} | {one.megabytes:,.0f} "
        f"| {target} | {met} |"
    )


def growth(found: dict[int, dict[str, Taken]]) -> list[str]:
    """How fast each question grows with the number of contacts, against the bare sort."""
    if len(found) < 2:
        return []
    few, many = min(found), max(found)
    lines = [
        f"### Growth from {few:,} to {many:,} contacts",
        "",
        "The exponent of the number of contacts in processor time: 1 is in step with the rows. The target for",
        "`measure` is at most 0.05 above the bare sort's.",
        "",
        "| question | exponent |",
        "|---|---:|",
    ]
    for name, title in TITLES.items():
        one, other = found[few][name], found[many][name]
        if one.cpu and other.cpu:
            exponent = math.log(other.processor / one.processor) / math.log(many / few)
            lines.append(f"| {title} | {exponent:.2f} |")
    return [*lines, ""]


def machine() -> str:
    """The machine, without its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("duckdb", "ibis-framework", "pandas")
    )
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB memory, Python {platform.python_version()}, "
        f"{versions}. Load (1, 5, 15 minutes) at the end: {load}."
    )


def main() -> None:
    """Make files, ask, print, write."""
    parser = argparse.ArgumentParser(description="Time the product against a bare sort in the same run.")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--repeat", type=int, default=3, help="runs of each question; medians are shown")
    parser.add_argument("--quick", action="store_true", help="200,000 rows once, and nothing is written")
    parser.add_argument("--keep", type=Path, help="directory that keeps the made files for another run")
    parser.add_argument("--note", default="", help="a sentence for the results")
    given = parser.parse_args()
    sizes, repeat = ([200_000], 1) if given.quick else (given.rows, given.repeat)
    scratch = Path(tempfile.mkdtemp(prefix="firstcontact-bench-"))
    files = given.keep or scratch
    files.mkdir(parents=True, exist_ok=True)
    try:
        found: dict[int, dict[str, Taken]] = {}
        lines: list[str] = []
        for size in sizes:
            path = files / f"contacts-{size}.parquet"
            rows = count(path) if path.exists() else write_contacts(path, size)
            found[rows] = bench(path, scratch, repeat, tight=size >= 10_000_000)
            lines += table(rows, found[rows])
            print("\n".join(table(rows, found[rows])), flush=True)
        rest = cells(files, sizes, 1)
        print("\n".join(rest), flush=True)
        rest += [*growth(found), "### Small things", "", "| what | wall s | CPU s | target s |", "|---|---:|---:|---:|"]
        rest += [f"| {title} | {wall:.2f} | {cpu:.2f} | {goal:g} |" for title, wall, cpu, goal in small(repeat)]
        print("\n".join(rest[-6:]))
        if not given.quick:
            notes = [machine(), *([given.note] if given.note else [])]
            text = "\n".join([HEAD, " ".join(notes), "", *lines, *rest, ""])
            (HERE / "RESULTS.md").write_text(text, encoding="utf-8")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def count(path: Path) -> int:
    """How many contacts a made file holds."""
    import pyarrow.parquet as pq

    return int(pq.ParquetFile(path).metadata.num_rows)


if __name__ == "__main__":
    main()
