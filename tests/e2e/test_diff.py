"""`firstcontact diff`, on runs that `firstcontact measure` wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firstcontact import bootstrap
from firstcontact.doors.cli.app import app
from firstcontact.measurement.policy.model import Policy, Window
from firstcontact.measurement.policy.write import write_policy
from firstcontact.services.simulate import simulate
from tests import run_factory as factory
from tests.run_writer import write_run


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "160"})
    return result.exit_code, " ".join(result.stdout.split()), result.stderr


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a log, and runs of it under two policies."""
    home = tmp_path_factory.mktemp("diff")
    simulate(bootstrap.simulation_folder(home / "log"), contacts=3_000, seed=8, settings=["days=200"])
    (home / "week.toml").write_text(write_policy(Policy(window=Window(7))), encoding="utf-8")
    for name, policy in (("before", "firstcontact"), ("after", str(home / "week.toml"))):
        out = home / name
        code, _, said = run(
            "measure", home / "log", "--policy", policy, "--out", out, "--no-definitions", "--no-contacts"
        )
        assert code == 0, said
    return home


def test_another_policy_on_the_same_file_is_the_whole_cause(runs: Path) -> None:
    """What moved, by how much, exactly, and the one setting that did it."""
    code, printed, _ = run("diff", runs / "before", runs / "after")
    assert code == 0
    assert printed.strip().startswith("FCR, by issue: ")
    assert "pp, exactly." in printed
    assert "Only the policy changed" in printed
    assert "window.default_days: 30 -> 7" in printed
    assert "Files: the same." in printed
    assert "slices were looked at" in printed
    assert "immature" in printed


def test_measured_twice_is_the_same_figure(runs: Path) -> None:
    """Measuring the same file again moves nothing, to the last digit that is printed."""
    code, _, said = run("measure", runs / "log", "--out", runs / "again", "--no-definitions", "--no-contacts")
    assert code == 0, said
    code, printed, _ = run("diff", runs / "before", runs / "again")
    assert code == 0
    assert "not moved" in printed
    assert "Nothing that makes a figure differs between the two runs." in printed


def test_what_was_typed_is_kept_and_told(runs: Path) -> None:
    """A region and a saved fit: both are named, and the fit gives the figure of the policy that declared it."""
    out = runs / "fitted"
    fit = runs / "after" / "fit.json"
    code, _, said = run(
        "measure", runs / "log", "--fit", fit, "--region", "IL", "--out", out, "--no-definitions", "--no-contacts"
    )
    assert code == 0, said
    fitted, week = (json.loads((run / "run.json").read_text(encoding="utf-8")) for run in (out, runs / "after"))
    assert fitted["headline"] == week["headline"]
    assert fitted["effective_policy_hash"] != week["effective_policy_hash"]
    kept = fitted["options"]
    assert (kept["region"], kept["fit"], kept["cutoff"]) == ("IL", True, False)
    code, printed, _ = run("diff", runs / "before", out)
    assert code == 0
    assert "The options and the fit changed." in printed
    assert "--region: not there -> IL" in printed
    assert "30 days, quiet for 45 before -> 7 days, quiet for 45 before" in printed
    assert "--region IL --out between-1" in printed


def test_json_holds_everything(runs: Path) -> None:
    """A program reads the same comparison."""
    code, printed, _ = run("diff", runs / "before", runs / "after", "--json", "--measure", "fcr_contact", "--top", "2")
    data = json.loads(printed)
    assert code == 0
    assert data["exact"] is True
    assert data["headline"]["measure"] == "fcr_issue"
    assert [move["measure"] for move in data["slices"]["shown"]] == ["fcr_contact"] * 2
    assert {cause["kind"] for cause in data["attribution"]["causes"]} == {
        "version",
        "files",
        "mapping",
        "options",
        "period",
        "policy",
        "fit",
    }


def test_different_files_and_odd_runs_are_told_too(tmp_path: Path) -> None:
    """Intervals, marks, refusals, another headline, and the commands that tell causes apart."""
    before = write_run(factory.servicenow_like(), tmp_path / "before")
    after = write_run(factory.centre(), tmp_path / "after")
    code, printed, _ = run("diff", before, after, "--top", "5")
    assert code == 0
    assert "interval of the change" in printed
    assert "Benjamini-Hochberg" in printed
    assert "To tell them apart" in printed
    assert "refused (signal-absent)" in printed
    bare = write_run(factory.one_contact(), tmp_path / "bare")
    code, printed, _ = run("diff", before, bare)
    assert code == 0
    assert "refused (too-few)" in printed
    assert "No slice has a figure in both runs." in printed
    hostile = write_run(factory.wide("team", 40), tmp_path / "wide")
    assert run("diff", bare, hostile)[0] == 0


def test_what_is_no_run_ends_with_code_3(tmp_path: Path) -> None:
    """FC6150, in words, for both sides."""
    code, _, said = run("diff", tmp_path, tmp_path / "none")
    assert code == 3
    assert said.count("FC6150") == 2
