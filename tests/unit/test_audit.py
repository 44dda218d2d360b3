"""`firstcontact audit`: hand out a form, read it back, correct a run."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.audit.form import FORM_COLUMNS, read_form
from firstcontact.services.draw_audit import AUDIT_FILE, FORM_FILE, Drawn, audit_data
from firstcontact.services.read_audit import correct_run, judge_audit, read_audit
from firstcontact.services.record import RunRecord, figure
from tests.command import run

NAMES = [name for name, _ in FORM_COLUMNS]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An audit as it is handed out, of a simulated log."""
    folder = tmp_path_factory.mktemp("audit")
    assert run("simulate", "--out", folder / "log", "--contacts", 4000, "--seed", 3).code == 0
    said = run("audit", "draw", folder / "log", "--out", folder / "audit", "--size", 200)
    assert said.code == 0, said.err
    assert "contacts to look up" in said.out
    return folder / "audit"


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / FORM_FILE).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _filled(source: Path, target: Path, rows: list[dict[str, str]], separator: str = ",") -> Path:
    """The audit with other rows, as a spreadsheet saves it."""
    target.mkdir()
    (target / AUDIT_FILE).write_bytes((source / AUDIT_FILE).read_bytes())
    with (target / FORM_FILE).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, NAMES, delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)
    return target


def test_the_form_does_not_say_what_the_records_think(drawn: Path) -> None:
    """Who fills the form in sees neither stratum nor probability nor which contacts are linked; draw.json knows."""
    rows = _rows(drawn)
    assert list(rows[0]) == NAMES
    assert 190 <= len(rows) <= 210
    assert not {"stratum", "probability", "links"} & set(NAMES)
    data = json.loads((drawn / AUDIT_FILE).read_text(encoding="utf-8"))
    assert [str(row["number"]) for row in data["rows"]] == [row["number"] for row in rows]
    assert any(row["links"] for row in data["rows"])
    assert len({row["stratum"] for row in data["rows"]}) >= 4


def test_a_filled_form_gives_the_share_and_corrects_a_run(drawn: Path, tmp_path: Path) -> None:
    """Every linked return is confirmed and five more are found: most returns are linked, not all; blank rows are left
    out, words of other languages and semicolons are understood."""
    data = {row["number"]: row for row in json.loads((drawn / AUDIT_FILE).read_text(encoding="utf-8"))["rows"]}
    rows, missed = _rows(drawn), 0
    for row in rows:
        links = data[int(row["number"])]["links"]
        if links:
            row |= {"came_back": "да", "return_contact_id": links[0]}
        elif data[int(row["number"])]["stratum"] == "other_reason" and missed < 5:
            missed += 1
            row |= {"came_back": "yes", "return_contact_id": "elsewhere-1; elsewhere-2", "wrong_code": "yes"}
        else:
            row |= {"came_back": "no"}
    rows[-1] = {name: rows[-1][name] for name in ("number", "contact_id")}
    folder = _filled(drawn, tmp_path / "filled", rows, ";")
    said = run("audit", "read", folder)
    assert said.code in (0, 6)
    found = read_audit(folder)
    assert isinstance(found.linked, Estimate)
    assert 0.5 < found.linked.low < found.linked.value < 1
    assert found.wrong_codes == 1
    assert found.other_records is None
    record = _record(0.9, found.policy_hash)
    correction = correct_run(found, record)
    assert correction is not None
    assert correction.same_policy
    assert correction.corrected.value < 0.9
    assert correction.corrected.high - correction.corrected.low > 0.02
    assert correction.sensitivity[0] == pytest.approx((0.0, 0.0, 0.9))
    assert correct_run(found, _record(None, "")) is None


def _record(value: float | None, digest: str) -> RunRecord:
    row = {"measure": "r_fcr", "by": "", "value": value, "low": 0.89, "high": 0.91, "n": 1000}
    return RunRecord("run", {"linked_under": digest}, (figure(row),), {}, {}, {})


def test_an_audit_corrects_only_runs_of_its_own_files(drawn: Path, tmp_path: Path) -> None:
    """FC4025: files that the audit was not drawn from; a file more beside the same ones does no harm."""
    audit = read_audit(_filled(drawn, tmp_path / "blank", _rows(drawn)))
    assert audit.inputs
    files = [{"name": "any", "sha256": one} for one in audit.inputs]
    more = {"name": "reviews.csv", "sha256": "0" * 64}
    record = _record(0.9, audit.policy_hash)
    assert correct_run(audit, replace(record, run={"inputs": [*files, more]})) is None
    with pytest.raises(FirstcontactError, match="FC4025"):
        correct_run(audit, replace(record, run={"inputs": [*files[1:], more]}))


def test_a_row_is_known_by_its_number_and_its_contact(drawn: Path, tmp_path: Path) -> None:
    """FC4021 where ids were shifted against their numbers; FC4022 where a contact is its own return; what a
    spreadsheet does to an id that is a number does no harm."""
    rows = [row | {"came_back": "no"} for row in _rows(drawn)]
    ids = [row["contact_id"] for row in rows]
    shifted = [row | {"contact_id": one} for row, one in zip(rows, [*ids[1:], ids[0]], strict=True)]
    said = run("audit", "read", _filled(drawn, tmp_path / "shifted", shifted))
    assert said.code == 3
    assert set(said.codes) == {"FC4021"}
    rows[0] |= {"came_back": "yes", "return_contact_id": f"elsewhere-1; {ids[0]}"}
    assert run("audit", "read", _filled(drawn, tmp_path / "own", rows)).codes == ["FC4022"]
    form = tmp_path / FORM_FILE
    form.write_text(",".join(NAMES) + "\n1,12.0,,,,,,no,,,,,\n", encoding="utf-8")
    assert len(read_form(form, {1: "0012"})) == 1
    with pytest.raises(FirstcontactError, match="FC4021"):
        read_form(form, {1: "0013"})


def test_returns_of_which_none_is_linked_are_told_from_few_returns(drawn: Path, tmp_path: Path) -> None:
    """Everybody came back, but elsewhere: looking up more would change nothing, and it is not advised."""
    rows = [row | {"came_back": "yes", "return_contact_id": "not here"} for row in _rows(drawn)]
    found = read_audit(_filled(drawn, tmp_path / "elsewhere", rows)).linked
    assert isinstance(found, Refusal)
    assert found.kind.code == "none-linked"
    assert "Look up more" not in str(found.would_help)


def test_a_form_with_few_returns_is_refused(drawn: Path, tmp_path: Path) -> None:
    """An empty form, or one in which nobody came back, gives a refusal that says what is missing; exit status 6."""
    assert run("audit", "read", drawn).code == 6
    rows = [row | {"came_back": "no"} for row in _rows(drawn)]
    said = run("audit", "read", _filled(drawn, tmp_path / "none", rows))
    assert said.code == 6
    assert "30 are the least" in said.out
    empty = judge_audit([], {}, "", 0.95)
    assert isinstance(empty.linked, Refusal)
    assert empty.strata == ()


def test_every_fault_of_a_form_is_said_at_once(drawn: Path, tmp_path: Path) -> None:
    """Rows that were not handed out, twice the same row, words that are no answer, and answers that contradict one
    another: all are named, none of them with what stands in the cell."""
    rows = _rows(drawn)
    rows[0] |= {"came_back": "perhaps ZZSECRETZZ"}
    rows[1] |= {"came_back": "yes"}
    rows[2] |= {"came_back": "no", "return_contact_id": "ZZSECRETZZ"}
    rows[3] |= {"wrong_code": "yes"}
    rows[4] |= {"number": "99999"}
    rows[5] = dict(rows[6])
    said = run("audit", "read", _filled(drawn, tmp_path / "wrong", rows))
    assert said.code == 3
    assert sorted(said.codes) == ["FC4021", "FC4021", "FC4022", "FC4022", "FC4022", "FC4022"]


@pytest.mark.parametrize("column", ["wrong_code", "other_record"])
def test_what_is_asked_of_a_return_needs_one(drawn: Path, tmp_path: Path, column: str) -> None:
    """Yes to a wrong code or another record, where the customer did not come back, contradicts itself."""
    rows = _rows(drawn)
    rows[0] |= {"came_back": "no", column: "yes"}
    rows[1] |= {"came_back": "no", column: "no"}
    said = run("audit", "read", _filled(drawn, tmp_path / "torn", rows))
    assert said.codes == ["FC4022"]
    assert f"line 2, {column}" in said.err


def test_of_many_faults_alike_the_first_are_told(drawn: Path, tmp_path: Path) -> None:
    """A form filled with one wrong word throughout does not flood the screen: five are told, the rest are counted."""
    rows = [row | {"came_back": "perhaps"} for row in _rows(drawn)]
    said = run("audit", "read", _filled(drawn, tmp_path / "flood", rows))
    assert said.code == 3
    assert said.err.count("  where ") == 5
    assert f"and {len(rows) - 5:,} more like the FC4022 above" in said.err


def test_what_is_no_audit_is_refused(drawn: Path, tmp_path: Path) -> None:
    """A directory without a draw, a draw that is none, and a form without its columns, each say what is wrong."""
    assert run("audit", "read", tmp_path).codes == ["FC4020"]
    for text in ("{}", "no JSON", '{"format": 99, "rows": [], "linked_under": ""}'):
        (tmp_path / AUDIT_FILE).write_text(text, encoding="utf-8")
        assert run("audit", "read", tmp_path).codes == ["FC4020"]
    (tmp_path / AUDIT_FILE).write_bytes((drawn / AUDIT_FILE).read_bytes())
    assert run("audit", "read", tmp_path).codes == ["FC4020"]
    (tmp_path / FORM_FILE).write_text("number,contact_id\n1,a\n", encoding="utf-8")
    assert run("audit", "read", tmp_path).codes == ["FC4020"]
    (tmp_path / FORM_FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FirstcontactError, match="FC4020"):
        read_form(tmp_path / FORM_FILE, {})


def test_sizes_and_data_that_give_no_audit_are_refused(tmp_path: Path) -> None:
    """A size below the least, and data without a single opener that is old enough."""
    log = tmp_path / "log.csv"
    log.write_text(
        "id,customer,started_at\n" + "".join(f"{n},c{n},2024-03-01 10:{n:02}:00\n" for n in range(60)),
        encoding="utf-8",
    )
    assert run("audit", "draw", log, "--out", tmp_path / "audit", "--size", 3).codes == ["FC4023"]
    assert run("audit", "draw", log, "--out", tmp_path / "audit").codes == ["FC4024"]
    assert not (tmp_path / "audit").exists()


def test_what_is_kept_names_how_it_was_drawn() -> None:
    """draw.json has a format, the policy's hash and the seed, so that it can be drawn again."""
    data = audit_data(Drawn((), "mine", "abc", 7, "1.0"))
    assert {name: data[name] for name in ("format", "policy", "linked_under", "seed")} == {
        "format": 1,
        "policy": "mine",
        "linked_under": "abc",
        "seed": 7,
    }
