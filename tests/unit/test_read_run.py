"""A run that is read back from its directory is the run that was written: whole, in every language."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from firstcontact.doors.report.build import render
from firstcontact.doors.report.translation import program
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence, code_of, kept, listed, restored
from firstcontact.measurement.measures.row import ResultRow, Rows
from firstcontact.services.read_run import read_run
from firstcontact.services.record import RUN_FORMAT
from firstcontact.services.run import Run
from firstcontact.services.told import TOLD_FILE, told_data
from tests import run_factory, told_runs
from tests.run_factory import CUTOFF
from tests.run_writer import write_run


@cache
def everything() -> Run:
    """A centre of which much could be said, with an audit, surveys, a note of its fit, and findings with days."""
    run = told_runs.told()
    models = tuple(dataclasses.replace(one, background=(0.0,) * len(one.latency)) for one in run.fit.models)
    note = Sentence("fit.note", "{count:,} reasons keep their window.", count=1200)
    end = Sentence("end", "Complete until {day}: {parts}.", day=CUTOFF.date(),
                   parts=listed([Sentence(f"part-{k}", f"part {k}") for k in range(12)]))  # fmt: skip
    audit = {"sha256": "0", "linked": {"value": 0.9, "low": 0.8, "high": 0.95}, "inputs": [], "strata": []}
    findings = (Finding("cut-off", end, Sentence("rests", "{when}", when=CUTOFF), "warning", "somebody's own words"),)
    return dataclasses.replace(
        run, fit=dataclasses.replace(run.fit, models=models, notes=(note,)), audit=audit, findings=findings
    )


def centre() -> Run:
    """The centre under a policy as a file gives it, its windows in the order of their names."""
    run = run_factory.centre()
    window = dataclasses.replace(run.policy.window, by_reason=tuple(sorted(run.policy.window.by_reason)))
    return dataclasses.replace(run, policy=dataclasses.replace(run.policy, window=window))


RUNS: dict[str, Callable[[], Run]] = {
    "everything": everything,
    "little": told_runs.untold,
    "surveys": centre,
    "one contact": run_factory.one_contact,
    "none judged": run_factory.all_immature,
    "no reason": run_factory.no_reason,
}


def spelled(value: Any) -> Any:
    """Plain data in which each sentence stands with what made it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: spelled(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {name: spelled(one) for name, one in value.items()}
    if isinstance(value, list | tuple | Rows):
        return [spelled(one) for one in value]
    return (str(value), kept(value)) if isinstance(value, str) else value


def as_in_the_table(row: ResultRow) -> ResultRow:
    """A row without what its period says already: a measured run's cells hold no periods."""
    return dataclasses.replace(row, cell={name: one for name, one in row.cell.items() if name not in ("week", "month")})


@pytest.mark.parametrize("name", RUNS)
def test_a_run_read_back_is_the_run_that_was_written(name: str, tmp_path: Path) -> None:
    """Every figure, finding, definition, window and ledger, and of every sentence what it was made of."""
    run = RUNS[name]()
    back = read_run(write_run(run, tmp_path / "run"))
    whole = dataclasses.replace(run, rows=tuple(map(as_in_the_table, run.rows)))
    assert spelled(back) == spelled(whole)
    assert [list(row.cell) for row in back.rows] == [list(row.cell) for row in whole.rows]


@pytest.mark.parametrize(
    ("name", "language"),
    [("everything", "en"), ("everything", "he"), ("little", "en"), ("little", "he"), ("surveys", "he"),
     ("one contact", "he"), ("none judged", "he")],
)  # fmt: skip
def test_its_report_is_letter_for_letter_the_one_made_then(name: str, language: str, tmp_path: Path) -> None:
    """In the language of the day as in another one."""
    run = RUNS[name]()
    back = read_run(write_run(run, tmp_path / "run"))
    assert render(back, language) == render(run, language)


def test_figures_are_found_without_the_others(tmp_path: Path) -> None:
    """Asking for a measure, for a cut, for both or for all gives what going through all rows gives."""
    run = everything()
    back = read_run(write_run(run, tmp_path / "run"))
    rows = list(map(as_in_the_table, run.rows))
    assert isinstance(back.rows, Rows)
    assert len(back.rows) == len(rows)
    assert (back.rows[3], back.rows[-1], list(back.rows[5:30:7])) == (rows[3], rows[-1], rows[5:30:7])
    assert back.cuts == run.cuts == {row.by for row in rows}
    for measure in {row.measure for row in rows}:
        assert back.select(measure) == [row for row in rows if row.measure == measure]
    for by in back.cuts:
        assert back.select(by=by) == [row for row in rows if row.by == by]
        assert back.slices("fcr_issue", by) == [row for row in rows if (row.measure, row.by) == ("fcr_issue", by)]
    assert back.select("fcr_issue", "r_fcr") == [row for row in rows if row.measure in ("fcr_issue", "r_fcr")]
    assert back.select("no such measure") == []
    assert back.figure("r_fcr") == run.figure("r_fcr")
    with pytest.raises(KeyError):
        back.figure("no such measure")


def test_a_run_is_read_once_until_it_is_another(tmp_path: Path) -> None:
    """The same directory gives the same run; another run in its place is read anew."""
    folder = write_run(run_factory.one_contact(), tmp_path / "run")
    first = read_run(folder)
    assert read_run(folder) is first
    shutil.rmtree(folder)
    write_run(dataclasses.replace(run_factory.one_contact(), run_id="another"), folder)
    assert read_run(folder).run_id == "another"


def test_a_run_of_an_earlier_version_is_read_in_english(tmp_path: Path) -> None:
    """Without `told.json` what the program said stays English text, in a page of any language."""
    folder = write_run(everything(), tmp_path / "run")
    (folder / TOLD_FILE).unlink()
    run = read_run(folder)
    assert [str(one.text) for one in run.findings] == [str(one.text) for one in everything().findings]
    assert not any(one.code for one in run.findings)
    assert {row.result for row in run.select("t_fcr")} == {run.figure("t_fcr")}
    assert "reviewed contacts drawn at random" in render(run, "he")


def test_nothing_is_told_twice() -> None:
    """Seventy reasons that lack the same are one sentence, and refusals stand by their code."""
    told = told_data(told_runs.untold())
    texts = [text for text in told["sentences"] if text.endswith("are needed to see coincidence.")]
    assert len(texts) == 1
    assert told["refusals"]["suppressed"]["title"] == "Too small to show"


@pytest.mark.parametrize("name", ["run.json", "ledger.json", "fit.json", "policy.toml", "results.parquet", "told.json"])
def test_a_damaged_file_is_named(name: str, tmp_path: Path) -> None:
    """FC6152 for what is not what was written there, without quoting it."""
    folder = write_run(run_factory.one_contact(), tmp_path / "run")
    (folder / name).write_text("[dana@example.org")
    with pytest.raises(FirstcontactError) as error:
        read_run(folder)
    assert [fault.kind.code for fault in error.value.faults] == ["FC6152"]
    assert name in error.value.faults[0].where
    assert "dana" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("told.json", {"refusals": {}}),
        ("told.json", {"refusals": {"x": {"title": 1, "about": ""}}, "sentences": {}}),
        ("ledger.json", {"rows": {"read": 1, "eaten": 1}, "measures": []}),
        ("run.json", {"frame": {"since": "2024-01-01", "cutoff": "2024-02-01"}}),
    ],
)
def test_data_of_another_shape_are_damage(name: str, damage: dict[str, Any], tmp_path: Path) -> None:
    """FC6152 where a file is sound JSON and yet no run's."""
    folder = write_run(run_factory.one_contact(), tmp_path / "run")
    (folder / name).write_text(json.dumps(damage))
    with pytest.raises(FirstcontactError) as error:
        read_run(folder)
    assert [fault.kind.code for fault in error.value.faults] == ["FC6152"]


def test_what_is_no_run_or_a_later_one_is_said(tmp_path: Path) -> None:
    """FC6150 for another directory, FC6151 for a form that is not known; all missing files of a run at once."""
    (tmp_path / "empty").mkdir()
    later = write_run(run_factory.one_contact(), tmp_path / "later")
    data = json.loads((later / "run.json").read_text()) | {"format": RUN_FORMAT + 1}
    (later / "run.json").write_text(json.dumps(data))
    bare = write_run(run_factory.one_contact(), tmp_path / "bare")
    for name in ("fit.json", "ledger.json", "results.parquet"):
        (bare / name).unlink()
    for folder, codes in (("empty", ["FC6150"]), ("later", ["FC6151"]), ("bare", ["FC6152"] * 3)):
        with pytest.raises(FirstcontactError) as error:
            read_run(tmp_path / folder)
        assert [fault.kind.code for fault in error.value.faults] == codes


def test_every_sentence_of_the_program_survives_being_written() -> None:
    """Whatever a pattern asks of its parts, what is kept of it makes the sentence again."""
    tried = 0
    for _, *forms in program():
        fields = [(name, spec or "") for form in forms for _, name, spec, _ in Formatter().parse(form) if name]
        parts = {name: 3 if spec.endswith("d") else 1234.5 if spec else "a name" for name, spec in fields}
        if parts:
            said = Sentence("some", forms[-1], **parts)
            assert code_of(restored(str(said), json.loads(json.dumps(kept(said))))) == "some", forms
            tried += 1
    assert tried > 100
