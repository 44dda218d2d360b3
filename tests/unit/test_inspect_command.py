"""`firstcontact inspect` shows how a file would be understood, and writes the mapping to correct."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firstcontact.adapters.connectors.tabular.load import TabularConnector
from firstcontact.adapters.connectors.tabular.mapping import mapping_from, read_mapping
from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.doors.cli.app import app


@pytest.fixture
def calls(tmp_path) -> Path:
    """Twenty calls with a colour nobody asked for."""
    path = tmp_path / "calls.csv"
    lines = [f"c{i},{1 + i}/03/2024 10:00,Dana{i % 7},billing,green" for i in range(20)]
    path.write_text("\n".join(["call id,start time,customer id,reason,colour", *lines]))
    return path


def run(*arguments: object):
    return CliRunner().invoke(app, ["inspect", *map(str, arguments)], env={"COLUMNS": "200"})


def said(result) -> str:
    """Everything a command said, on either stream."""
    return f"{result.output}{result.stderr}{result.exception}"


def test_values_are_masked_unless_asked_for(calls):
    """A pattern by default, the value with --show-values."""
    masked, shown = run(calls), run(calls, "--show-values")
    assert masked.exit_code == shown.exit_code == 0
    assert "Dana1" not in masked.output
    assert "Aaaa9" in masked.output
    assert "Dana1" in shown.output


def test_the_answer_names_columns_dates_and_rows(calls):
    """What is read from where, the format with its proof, what is not used, and the account of rows."""
    output = run(calls).output
    for part in (
        "started_at",
        "start time",
        "%d/%m/%Y %H:%M",
        "8 only with day first",
        "colour",
        "20 rows = 20 contacts",
    ):
        assert part in output, part


def test_the_written_mapping_is_the_guess_and_is_not_overwritten(calls, tmp_path):
    """It reads as TOML, means what was guessed, and an existing file stays unless --force is given."""
    target = tmp_path / "mapping.toml"
    assert run(calls, "--write-mapping", target).exit_code == 0
    assert tomllib.loads(target.read_text())["columns"]["started_at"] == "start time"
    before = target.read_text()
    again = run(calls, "--write-mapping", target)
    assert again.exit_code != 0
    assert "FC1030" in said(again)
    assert target.read_text() == before
    assert run(calls, "--write-mapping", target, "--force", "--mapping", target).exit_code == 0
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


def test_a_place_that_cannot_be_written_is_said(calls, tmp_path):
    """A directory that does not exist."""
    assert "FC1030" in said(run(calls, "--write-mapping", tmp_path / "no" / "mapping.toml"))


def test_a_file_that_cannot_be_measured_is_still_described(tmp_path):
    """No column with moments: the columns are shown, the mapping is written, and the fault is said at the end."""
    path = tmp_path / "stock.csv"
    path.write_text("name,colour\nann,red\nbob,blue\nann,red\n")
    target = tmp_path / "mapping.toml"
    result = run(path, "--write-mapping", target)
    assert result.exit_code != 0
    assert "FC1012" in said(result)
    assert "colour" in result.output
    assert target.exists()


def test_a_mapping_survives_being_written_and_read(tmp_path):
    """Names with quotes, hashes, dots and line breaks come back as they were."""
    plain = {
        "kind": "ticket",
        "bad_values": "missing",
        "source": 'the "old" system',
        "zone": "Europe/Sofia",
        "extra": ["région #1", "a.b", 'say "x"'],
        "columns": {"started_at": {"join": ["day\\d", "hour"]}, "reason": {"path": ["тема", "под.тема"]}},
        "dates": {"started_at": ["%d/%m/%Y %H:%M"]},
        "missing": {"anywhere": ["", "?", "\t"], "in": {"клиент": ["0"]}},
        "values": {"channel": {"Direct \n opening": "walk-in"}},
        "units": {"handle_seconds": "minutes"},
        "identifiers": {"phone": ["тел."]},
        "surveys": {"csat": "Rating"},
        "scales": {"csat": {"low": 5.0, "high": 1.0}},
        "updates": {"reopen_count": "Reopens"},
        "file": {"encoding": "cp1251", "delimiter": ";"},
    }
    mapping = mapping_from(plain)
    from firstcontact.adapters.connectors.tabular.mapping_file import write

    path = tmp_path / "mapping.toml"
    path.write_text(write(mapping, [], ["a\nb"]), encoding="utf-8")
    assert read_mapping(path) == mapping
    assert mapping_from(mapping.as_dict()) == mapping


def test_inspecting_leaves_the_same_findings_as_loading(calls):
    """What is shown before measuring is what measuring says."""
    engine = DuckDBEngine(threads=1)
    inspected = TabularConnector().inspect(engine, [calls])
    loaded = TabularConnector().load(engine, [calls])
    engine.close()
    assert inspected.findings == loaded.findings
    assert inspected.ledger == loaded.ledger
