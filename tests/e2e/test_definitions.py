"""`firstcontact definitions`, from a file to the contacts on which definitions disagree."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from firstcontact import bootstrap
from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.doors.cli.app import app
from firstcontact.kernel.result import Estimate
from firstcontact.measurement.fit.declared import Fit, ReasonWindow, linking_hash
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.policy.preset import load_preset, preset_names
from firstcontact.measurement.policy.write import write_policy
from firstcontact.services.define import Defined, define
from firstcontact.services.measure import measure
from firstcontact.services.prepare import Options
from firstcontact.services.simulate import simulate


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})
    return result.exit_code, " ".join(result.stdout.split()), result.stderr


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated log of 3,000 contacts."""
    folder = tmp_path_factory.mktemp("definitions") / "log"
    simulate(bootstrap.simulation_folder(folder), contacts=3_000, seed=8, settings=["days=150"])
    return folder


@pytest.fixture(scope="module")
def told(log: Path) -> Iterator[tuple[DuckDBEngine, Defined]]:
    """All definitions on it."""
    with bootstrap.engine(threads=2) as engine:
        yield engine, define(engine, bootstrap.connector(), [log], Options(load_preset("firstcontact")))  # type: ignore[misc]


def test_it_says_what_measure_says(log: Path, told: tuple[DuckDBEngine, Defined], engine: DuckDBEngine) -> None:
    """Every figure, interval, reading, count and disagreement is that of the report of `firstcontact measure`."""
    from firstcontact.kernel.clock import now

    options = Options(load_preset("firstcontact"), detail=False)
    measured = measure(engine, bootstrap.connector(), [log], options, now=now, version="0")
    for here, there in zip(told[1].rows, measured.run.definitions, strict=True):
        assert here == there, here.preset


def test_every_contact_stands_once_in_every_definition(told: tuple[DuckDBEngine, Defined]) -> None:
    """Judged or left out for one cause: it adds up to all contacts."""
    defined = told[1]
    assert defined.contacts == 3_000
    for row in defined.rows:
        if row.counted:
            assert row.counted + sum(row.left_out.values()) == 3_000, row.preset
    assert {pair.one for pair in defined.pairs[: len(defined.sides) - 1]} == {"firstcontact"}


def test_the_files_hold_figures_separations_and_contacts(log: Path, tmp_path: Path) -> None:
    """Three tables, each as Parquet and CSV, private, and agreeing with one another."""
    out = tmp_path / "out"
    code, printed, _ = run(
        "definitions", log, "--out", out, "--only", "repeat-7d,agent-says", "--only", "servicenow-itsm"
    )
    assert code == 0
    names = {"definitions", "separations", "disagreements"}
    assert {path.name for path in out.iterdir()} == {f"{name}.{form}" for name in names for form in ("csv", "parquet")}
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {0o600}
    tables = {name: pq.read_table(out / f"{name}.parquet").to_pylist() for name in names}
    for name in names:
        with (out / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            assert next(csv.DictReader(file)).keys() == tables[name][0].keys()
    figures = {row["definition"]: row for row in tables["definitions"]}
    assert list(figures) == ["firstcontact", "repeat-7d", "agent-says", "servicenow-itsm"]
    disputed = tables["disagreements"]
    assert len(disputed) == len({row["contact_id"] for row in disputed})
    assert all(row["yes"] and row["no"] for row in disputed)
    assert all(row["own_verdict"] == row["firstcontact"] for row in disputed)
    assert not {"customer", "customer_id"} & disputed[0].keys()
    for name in ("repeat-7d", "agent-says", "servicenow-itsm"):
        more = sum(row["firstcontact"] == "no" and row[name] == "yes" for row in disputed)
        kinds = [row for row in tables["separations"] if (row["one"], row["other"]) == ("firstcontact", name)]
        assert more == figures[name]["yes_here_only"] == sum(k["contacts"] for k in kinds if k["yes_by"] == name)
    short = next(
        row for row in tables["separations"] if row["yes_by"] == "repeat-7d" and row["no_by"] == "firstcontact"
    )
    assert 7 < short["days_least"] <= short["days_mean"] <= short["days_most"] <= 30
    assert f"On {len(disputed):,} of 3,000 contacts" in printed
    assert "does not ask whether the customer came back" in printed
    verdicts = {row["agent-says"] for row in disputed}
    assert verdicts <= {"yes", "no", "unsettled", "left_out", "immature", ""}


def test_a_directory_that_holds_something_is_left_alone(log: Path, tmp_path: Path) -> None:
    """FC6001 before any work; --force replaces earlier definitions, and nothing else."""
    out = tmp_path / "out"
    assert run("definitions", log, "--out", out, "--only", "repeat-7d")[0] == 0
    code, _, said = run("definitions", log, "--out", out, "--only", "repeat-7d")
    assert (code, said[:6]) == (5, "FC6001")
    assert run("definitions", log, "--out", out, "--only", "repeat-7d", "--force")[0] == 0
    (out / "definitions.parquet").unlink()
    assert run("definitions", log, "--out", out, "--only", "repeat-7d", "--force")[0] == 5


def test_an_unknown_definition_is_named_before_the_file_is_read(tmp_path: Path) -> None:
    """FC3007, with the nearest name."""
    code, _, said = run("definitions", tmp_path / "none.csv", "--only", "repeat-8d")
    assert code == 4
    assert "FC3007" in said
    assert "repeat-" in said


def test_a_policy_of_ones_own_stands_first_as_own(log: Path, tmp_path: Path) -> None:
    """It is compared with every preset, and what it is named does not matter."""
    policy = tmp_path / "ours.toml"
    policy.write_text(
        write_policy(Policy(name="firstcontact", window=load_preset("repeat-7d").window)), encoding="utf-8"
    )
    code, printed, _ = run(
        "definitions", log, "--policy", policy, "--only", "firstcontact,repeat-7d", "--out", tmp_path / "o"
    )
    assert code == 0
    assert "your own policy" in printed
    rows = pq.read_table(tmp_path / "o" / "definitions.parquet").to_pylist()
    assert [row["definition"] for row in rows] == ["own", "firstcontact", "repeat-7d"]
    assert rows[1]["yes_here_only"] == 0 < rows[1]["no_here_only"]
    disputed = pq.read_table(tmp_path / "o" / "disagreements.parquet")
    assert "own" not in disputed.column_names
    assert set(disputed["own_verdict"].to_pylist()) <= {"yes", "no", "immature", ""}


def test_what_the_data_cannot_support_is_said_and_all_refused_is_code_6(tmp_path: Path) -> None:
    """A file without surveys or agent's marks cannot show those definitions, nor be compared with them."""
    file = tmp_path / "calls.csv"
    rows = "\n".join(f"{n},c{n % 40},phone,2024-01-{1 + n % 28:02d} 10:00" for n in range(200))
    file.write_text(f"contact_id,customer_id,channel,started_at\n{rows}\n", encoding="utf-8")
    code, printed, _ = run(
        "definitions", file, "--policy", "agent-says", "--only", "sqm-survey", "--out", tmp_path / "o"
    )
    assert code == 6
    assert "What the data cannot support" in printed
    assert "sqm-survey: survey_contacts_needed" in printed
    assert pq.read_table(tmp_path / "o" / "disagreements.parquet").num_rows == 0
    assert run("definitions", file, "--policy", "agent-says", "--only", "queuemetrics")[0] == 0


def test_a_spreadsheet_runs_nothing_of_the_disputed_contacts(tmp_path: Path) -> None:
    """A reason that begins like a formula is text in the CSV and itself in Parquet."""
    file = tmp_path / "calls.csv"
    rows = "\n".join(
        f'{n},c{n % 40},phone,"=1+1",2024-0{1 + n // 40}-{1 + n % 28:02d} 10:00,{"yes" if n % 2 else "no"}'
        for n in range(200)
    )
    head = "contact_id,customer_id,channel,reason,started_at,agent_says_resolved"
    file.write_text(f"{head}\n{rows}\n", encoding="utf-8")
    assert run("definitions", file, "--only", "agent-says,repeat-7d", "--out", tmp_path / "o")[0] == 0
    assert set(pq.read_table(tmp_path / "o" / "disagreements.parquet")["reason"].to_pylist()) == {"=1+1"}
    with (tmp_path / "o" / "disagreements.csv").open(encoding="utf-8-sig", newline="") as text:
        assert {row["reason"] for row in csv.DictReader(text)} == {"'=1+1"}


def test_a_saved_fit_is_the_own_policys_alone(
    log: Path, told: tuple[DuckDBEngine, Defined], engine: DuckDBEngine, tmp_path: Path
) -> None:
    """With `--fit`, the chosen definition is judged by the windows of an earlier run, as `measure --fit` judges it;
    every other keeps what it declares; reasons that the fit does not name are said."""
    from firstcontact.kernel.clock import now

    reasons = told[0].execute(told[1].verdicts.select("reason").distinct())["reason"].drop_null().to_pylist()
    saved = Fit(tuple(ReasonWindow(reason, 3, 45, "learned") for reason in sorted(reasons)[1:]), "learned")
    file = tmp_path / "fit.json"
    file.write_text(json.dumps(saved.as_dict()), encoding="utf-8")
    only = "firstcontact,repeat-30d"
    code, printed, _ = run("definitions", log, "--only", only, "--fit", file, "--out", tmp_path / "fitted")
    assert code == 0
    assert "The windows of firstcontact are those of the saved fit; every other definition keeps its own." in printed
    assert "Reasons that the saved fit does not name" in printed
    assert run("definitions", log, "--only", only, "--out", tmp_path / "plain")[0] == 0
    plain, fitted = (pq.read_table(tmp_path / name / "definitions.parquet").to_pylist() for name in ("plain", "fitted"))
    assert fitted[0]["value"] != plain[0]["value"]
    assert fitted[1]["value"] == plain[1]["value"]
    options = Options(load_preset("firstcontact"), fit=saved, definitions=False, detail=False)
    measured = measure(engine, bootstrap.connector(), [log], options, now=now, version="0").run
    assert isinstance(measured.headline, Estimate)
    linked_under = linking_hash(measured.policy, measured.fit)
    assert (fitted[0]["value"], fitted[0]["policy_hash"]) == (measured.headline.value, linked_under)


def test_the_real_incident_log_goes_in(servicenow: Path) -> None:
    """Each preset has a figure or says what it lacks; reassignment is seen, and so is the collapse of volume."""
    code, printed, _ = run("definitions", servicenow)
    assert code == 0
    assert "24,918 contacts under " in printed
    assert "servicenow-itsm 54.4% " in printed
    assert "because it was reassigned; Y in firstcontact, which does not look at transfers" in printed
    assert "collapses after 2016-05-31" in printed
    assert "zendesk-one-touch: public_replies: agent replies" in printed
    assert all(name in printed for name in preset_names())
