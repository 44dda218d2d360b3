"""An audit is taken into a run: corrected R-FCR beside the measured one, in results, record, terminal and report."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import firstcontact as fc
from firstcontact import bootstrap
from firstcontact.doors.cli.summary import say
from firstcontact.doors.report.build import render
from firstcontact.kernel.clock import now
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.policy.model import Policy
from firstcontact.services.measure import measure
from firstcontact.services.prepare import Options
from firstcontact.services.publish import Exports, publish
from firstcontact.services.read_audit import judge_audit, read_audit
from firstcontact.services.run import Run
from firstcontact.services.take_audit import audit_findings, take_audit
from tests.command import run


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with wrong codes, and an audit of it in which eight returns of other reasons were found."""
    folder = tmp_path_factory.mktemp("audited")
    log, audit = folder / "log", folder / "audit"
    assert run("simulate", "--out", log, "--contacts", 9000, "--seed", 3, "--set", "coding.wrong=0.1").code == 0
    assert run("audit", "draw", log, "--out", audit, "--size", 300).code == 0
    links = {row["number"]: row for row in json.loads((audit / "draw.json").read_text(encoding="utf-8"))["rows"]}
    with (audit / "form.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    missed = 0
    for row in rows:
        drawn = links[int(row["number"])]
        if drawn["links"]:
            row |= {"came_back": "yes", "return_contact_id": drawn["links"][0]}
        elif drawn["stratum"] == "other_reason" and missed < 8:
            missed += 1
            row |= {"came_back": "yes", "return_contact_id": "not here", "wrong_code": "yes"}
        else:
            row |= {"came_back": "no"}
    with (audit / "form.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.fixture(scope="module")
def audited(place: Path) -> Run:
    """The log measured with its audit, and written to `run`."""
    options = Options(Policy(), audit=read_audit(place / "audit"), definitions=False, explanations=False, detail=False)
    with bootstrap.engine() as engine:
        found = measure(engine, bootstrap.connector(), [place / "log"], options, now=now, version="0")
        publish(engine, found, bootstrap.run_folder(place / "run"), render, Exports(contacts=False))
    return found.run


def test_the_corrected_figure_stands_beside_the_measured_one(place: Path, audited: Run) -> None:
    """R-FCR stays as it was measured; below it stands a lower one, less certain, of the whole alone; the record names
    the audit by its digest."""
    rows = {
        one["measure"]: one for one in pq.read_table(place / "run" / "results.parquet").to_pylist() if not one["by"]
    }
    plain, freed = rows["r_fcr"], rows["r_fcr_audited"]
    assert freed["value"] < plain["value"]
    assert freed["high"] - freed["low"] > plain["high"] - plain["low"]
    assert (freed["n"], freed["status"], freed["maturity"]) == (plain["n"], plain["status"], plain["maturity"])
    assert freed["estimand"] == f"{plain['estimand'].split(':')[0]}: " + freed["estimand"].split(": ")[1]
    assert [row.by for row in audited.rows if row.measure == "r_fcr_audited"] == [""]
    data = json.loads((place / "run" / "run.json").read_text(encoding="utf-8"))
    held = (place / "audit" / "draw.json").read_bytes() + (place / "audit" / "form.csv").read_bytes()
    assert data["audit"]["sha256"] == data["options"]["audit"] == hashlib.sha256(held).hexdigest()
    assert data["audit"]["linked"]["low"] < data["audit"]["linked"]["value"] < 1
    assert not [one for one in audited.findings if one.topic == "audit"]


def test_the_command_that_reads_the_audit_says_the_same(place: Path, audited: Run) -> None:
    """`audit read --run` and the run itself correct alike, and know that both were linked alike."""
    said = run("audit", "read", place / "audit", "--run", place / "run")
    freed = audited.figure("r_fcr_audited")
    assert isinstance(freed, Estimate)
    assert f"R-FCR as corrected:  {freed.value:.1%} ({freed.low:.1%} to {freed.high:.1%})" in said.out
    assert "Note:" not in said.out


def test_people_read_both_figures(audited: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """The terminal has a line for it; the report says what the audit found, in every language."""
    say(audited, Path("run"))
    assert "R-FCR, freed of returns that" in capsys.readouterr().out
    for language, words in (("en", "An audit found that the records link"), ("he", "ביקורת מצאה שהרשומות מקשרות")):
        assert words in render(audited, language)


def test_an_audit_of_other_files_is_refused_before_any_work(place: Path, tmp_path: Path) -> None:
    """FC4025, from the command and the library alike."""
    file = tmp_path / "contacts.csv"
    file.write_text("contact_id,customer_id,started_at\n1,a,2024-01-01T10:00\n2,b,2024-02-01T10:00\n", encoding="utf-8")
    said = run("measure", file, "--out", tmp_path / "run", "--audit", place / "audit")
    assert (said.code, said.codes) == (3, ["FC4025"])
    with pytest.raises(FirstcontactError, match="FC4025"):
        fc.measure(file, audit=place / "audit")


def test_an_audit_that_found_too_little_refuses_the_corrected_figure(audited: Run) -> None:
    """No share of linked returns, no corrected figure; a run without R-FCR has none to correct."""
    plain = [row for row in audited.rows if row.measure != "r_fcr_audited"]
    nothing = judge_audit([], {}, "", 0.95)
    refused = take_audit(plain, nothing)
    assert len(refused) == len(plain) + 1
    found = {row.measure: row.result for row in refused if not row.by}
    assert isinstance(found["r_fcr"], Estimate)
    assert isinstance(found["r_fcr_audited"], Refusal)
    assert found["r_fcr_audited"].code == "too-few-returns"
    assert take_audit(plain, None) == plain
    assert audit_findings(nothing, "abc") == ()


def test_an_audit_drawn_under_another_policy_is_said_to_be(place: Path) -> None:
    """The share of linked returns is that of the policy it was drawn under: the run warns, and still corrects."""
    audit = read_audit(place / "audit")
    assert [one.code for one in audit_findings(audit, "another")] == ["audit.other-policy"]
