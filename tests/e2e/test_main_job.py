"""From an empty folder to a report: simulate, inspect, measure, as README says."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from firstcontact.doors.report.build import render
from firstcontact.services.read_run import read_run
from tests.command import Said, assert_whole, ended, rows, run, start


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder."""
    return tmp_path_factory.mktemp("main-job")


@pytest.fixture(scope="module")
def said(folder: Path) -> dict[str, Said]:
    """The main job, each command in a process of its own."""
    commands = {
        "simulate": ("simulate", "--contacts", "8000", "--seed", "3", "--format", "csv", "--out", "data"),
        "inspect": ("inspect", "data/contacts.csv", "--write-mapping", "mapping.toml"),
        "measure": ("measure", "data", "--out", "run"),
    }
    return {name: ended(start(*typed, folder=folder)) for name, typed in commands.items()}


def test_the_main_job_ends_well(said: dict[str, Said]) -> None:
    """Three commands, three times exit status 0, nothing on standard error."""
    assert {name: (one.code, one.err) for name, one in said.items()} == dict.fromkeys(said, (0, ""))


def test_the_summary_says_figure_basis_and_where_the_report_is(said: dict[str, Said]) -> None:
    """The answer in a sentence, the policy with its declared window, the rows, the report."""
    words = " ".join(said["measure"].out.split())
    assert words.startswith("FCR ")
    assert "declared, not learned" in words
    assert "The customer is known for" in words
    assert "Report: run/report.html" in words


def test_all_files_are_there_and_belong_to_their_owner_only(folder: Path, said: dict[str, Said]) -> None:
    """Complete, readable by nobody else, and nothing beside them."""
    assert said["measure"].code == 0
    assert_whole(folder / "run")
    assert {oct(path.stat().st_mode)[-3:] for path in (folder / "run").iterdir()} == {"600"}
    assert sorted(path.name for path in folder.iterdir()) == ["data", "mapping.toml", "run"]


def test_the_run_read_back_gives_the_same_report(folder: Path, said: dict[str, Said]) -> None:
    """With windows learned, causes, surveys and teams: letter for letter the report that was written with it."""
    assert said["measure"].code == 0
    assert render(read_run(folder / "run")) == (folder / "run" / "report.html").read_text(encoding="utf-8")


def test_the_ledger_is_that_of_the_files(folder: Path, said: dict[str, Said]) -> None:
    """Every simulated row is accounted for; contacts.parquet has one row a contact."""
    assert said["measure"].code == 0
    ledger = rows(folder / "run")
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) - 1 for path in (folder / "data").glob("*.csv"))
    assert (ledger["read"], ledger["contacts"]) == (lines, 8000)
    contacts = pq.read_table(folder / "run" / "contacts.parquet", columns=["contact_id", "verdict"])
    assert pc.count_distinct(contacts["contact_id"]).as_py() == contacts.num_rows == 8000
    both = json.loads((folder / "run" / "ledger.json").read_text(encoding="utf-8"))
    counted = {one["measure"]: one["counted"] for one in both["measures"]}
    judged = pc.sum(contacts["verdict"].is_valid()).as_py()
    left_out = pc.sum(pc.equal(contacts["verdict"], "left_out")).as_py() or 0
    assert counted["fcr_issue"] == judged - left_out


def test_the_report_is_one_file_that_needs_nothing(folder: Path, said: dict[str, Said]) -> None:
    """It holds the figure of the summary, and asks no other machine for anything."""
    page = (folder / "run" / "report.html").read_text(encoding="utf-8")
    figure = said["measure"].out.split()[1]
    assert figure in page
    assert "<script src" not in page
    assert 'rel="stylesheet"' not in page
    assert 'src="http' not in page


def test_the_written_mapping_gives_the_same_figure(folder: Path, said: dict[str, Said]) -> None:
    """What `inspect` wrote and nobody corrected is what `measure` guessed."""
    assert said["inspect"].code == 0
    for name, more in (("guessed", ()), ("mapped", ("--mapping", folder / "mapping.toml"))):
        done = run("measure", folder / "data" / "contacts.csv", "--out", folder / name, "--no-definitions", *more)
        assert done.code == 0, done.err
    guessed, mapped = (pq.read_table(folder / name / "results.parquet") for name in ("guessed", "mapped"))
    assert guessed.equals(mapped)
