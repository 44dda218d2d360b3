"""A run as files: the documented columns, stable pseudonyms, no identifier, nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from firstcontact import bootstrap
from firstcontact.doors.report.build import render
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.privacy import pseudonym
from firstcontact.measurement.measures.result_table import RESULT_COLUMNS
from firstcontact.measurement.policy.model import Policy
from firstcontact.services.measure import measure
from firstcontact.services.prepare import Options
from firstcontact.services.publish import CONTACT_EXPORT, ISSUE_EXPORT, Exports, harmless, publish
from tests.drawn import DAY_0, contact, on, run_of

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
FILES = {
    "report.html",
    "results.parquet",
    "results.csv",
    "ledger.json",
    "quarantine.parquet",
    "contacts.parquet",
    "issues.parquet",
    "policy.toml",
    "fit.json",
    "run.json",
    "told.json",
    "history.parquet",
}
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1"]
PEOPLE = [(f"Customer-{k:03}-Zq", f"+1555867{k:04}", f"person.{k}@mail.example") for k in range(60)]


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A file of calls with three identifiers a customer, and teams whose names look like formulas."""
    path = tmp_path_factory.mktemp("source") / "calls.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        names = "Call ID,Start time,End time,Customer ID,Phone,Email,Reason,Team,region"
        writer.writerow(names.split(","))
        for k in range(600):
            customer, phone, mail = PEOPLE[k * 7 % 60]
            begin = on(k / 10).isoformat(sep=" ", timespec="seconds")
            end = on(k / 10 + 0.003).isoformat(sep=" ", timespec="seconds")
            team = FORMULAS[k % len(FORMULAS)]
            writer.writerow([f"call-{k}", begin, end, customer, phone, mail, "bill > late", team, f"=north{k % 2}"])
    return path


def _publish(source: Path, folder: Path, exports: Exports) -> Path:
    with bootstrap.engine(threads=2) as engine:
        options = Options(policy=Policy(), by=("region", "team,month"), definitions=False)
        measured = measure(engine, bootstrap.connector(), [source], options, now=lambda: DAY_0, version="1.2.3")
        publish(engine, measured, bootstrap.run_folder(folder), lambda run: render(run, "en"), exports)
    return folder


@pytest.fixture(scope="module")
def published(source, tmp_path_factory) -> Path:
    """The run, published under a key."""
    return _publish(source, tmp_path_factory.mktemp("out") / "run", Exports(key=KEY))


def test_the_files_and_their_columns_are_the_documented_ones(published) -> None:
    """Names and columns are a promise: exactly these, in this order, and the columns that were sliced by."""
    assert {path.name for path in published.iterdir()} == FILES
    columns = {name: pq.read_schema(published / f"{name}.parquet").names for name in ("contacts", "issues", "results")}
    assert columns["contacts"] == [name for name, _ in CONTACT_EXPORT] + ["x_region"]
    assert columns["issues"] == [name for name, _ in ISSUE_EXPORT]
    assert columns["results"] == [name for name, _, _ in RESULT_COLUMNS] + ["x_region"]
    with (published / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.reader(file)) == columns["results"]
    assert pq.read_schema(published / "quarantine.parquet").names == ["row_number", "file", "codes", "raw"]


def test_every_contact_and_issue_is_there(published) -> None:
    """No row limit: one row a contact, each in the issue that says so; an issue is as long as its contacts."""
    contacts = pq.read_table(published / "contacts.parquet").to_pandas()
    issues = pq.read_table(published / "issues.parquet").to_pandas()
    assert len(contacts) == contacts["contact_id"].nunique() == 600
    assert contacts["issue_start"].sum() == len(issues)
    assert issues.set_index("issue_id")["contacts"].to_dict() == contacts.groupby("issue_id").size().to_dict()
    repeats = contacts[contacts["repeat"]].set_index("contact_id")
    assert set(repeats["repeat_of"]) <= set(contacts["contact_id"])
    assert (contacts["previous_gap_days"].dropna() >= 0).all()


def test_the_figures_are_the_same_in_both_forms(published) -> None:
    """`results.csv` holds what `results.parquet` holds, number by number."""
    rows = pq.read_table(published / "results.parquet").to_pylist()
    with (published / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        texts = list(csv.DictReader(file))
    assert len(rows) == len(texts)
    for row, text in zip(rows, texts, strict=True):
        assert (float(text["value"]) if text["value"] else None) == row["value"]
        assert text["measure"] == row["measure"]
        assert int(text["n"]) == row["n"]


def test_a_spreadsheet_runs_nothing(published) -> None:
    """No cell of `results.csv` begins like a formula, though teams and regions do; numbers below zero stay numbers."""
    with (published / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    begins = [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))]
    for cell in begins:
        float(cell)  # only a number may
    assert "'=1+1" in cells
    assert "'=north1" in cells
    assert harmless(-0.5) == -0.5


@pytest.mark.parametrize("text", [*FORMULAS, "\r=1", "\n=1", "＋1", "－1", "＠A1"])
def test_formulas_are_disarmed(text: str) -> None:
    """Every beginning that a spreadsheet takes for a formula gets an apostrophe before it."""
    assert harmless(text) == f"'{text}"


def test_no_identifier_is_anywhere(published) -> None:
    """Without --identifiers no customer id, number or address stands in any file: not in its bytes, and not in a value
    that compression hides."""
    secrets = [text for person in PEOPLE for text in person] + [person[1][1:] for person in PEOPLE]
    for path in published.iterdir():
        texts = [path.read_bytes().decode("utf-8", "replace")]
        if path.suffix == ".parquet":
            texts.append(json.dumps(pq.read_table(path).to_pylist(), default=str))
        for text in texts:
            assert [secret for secret in secrets if secret in text] == [], path.name


def test_pseudonyms_are_stable_with_the_key_and_only_with_it(source, published, tmp_path) -> None:
    """The same key gives each customer the same name in every run, another key other names; names are those of
    `kernel.privacy.pseudonym`."""

    def names(folder: Path) -> dict[str, str]:
        table = pq.read_table(folder / "contacts.parquet", columns=["contact_id", "customer"])
        return dict(zip(table["contact_id"].to_pylist(), table["customer"].to_pylist(), strict=True))

    first = names(published)
    other = names(_publish(source, tmp_path / "other", Exports(key=OTHER_KEY)))
    assert len(set(first.values())) == len(set(other.values())) == 60
    assert set(first.values()).isdisjoint(other.values())
    shown = names(_publish(source, tmp_path / "shown", Exports(identifiers=True)))
    assert {name: pseudonym(label, KEY) for name, label in shown.items()} == first
    assert set(shown.values()) == {person[0] for person in PEOPLE}  # the source's own id, where there is one


def test_pseudonyms_are_never_made_without_a_key() -> None:
    """A digest without a key could be guessed back from a list of numbers, so it is not made."""
    with pytest.raises(ValueError, match="key"):
        Exports()
    assert Exports(identifiers=True).key == Exports(contacts=False).key == b""


def test_files_are_their_owners_only(published) -> None:
    """The directory can be entered, and its files read, by their owner alone."""
    assert stat.S_IMODE(published.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in published.iterdir()} == {0o600}


def test_the_record_says_what_the_run_was(published) -> None:
    """`run.json` and `ledger.json` name inputs by file name, size and digest, and the ledger adds up."""
    record = json.loads((published / "run.json").read_text(encoding="utf-8"))
    assert [entry["name"] for entry in record["inputs"]] == ["calls.csv"]
    assert record["version"] == "1.2.3"
    assert record["identity"]["coverage"] == 1.0
    assert record["identity"]["kinds"] == {"customer": 600, "email": 600, "phone": 600}
    assert record["headline"]["measure"] == "fcr_issue"
    books = json.loads((published / "ledger.json").read_text(encoding="utf-8"))
    assert books["rows"]["read"] == books["rows"]["contacts"] == 600
    assert all(book["adds_up"] for book in books["measures"])


@pytest.mark.parametrize(("by", "code"), [("agent", "FC5001"), ("agent_id", "FC5001"), ("planet", "FC5002")])
def test_agents_and_unknown_slices_are_refused(engine, by: str, code: str) -> None:
    """FC5001: no figure by agent, alone or beside another slice. FC5002: nor by what nobody knows."""
    for asked in (by, f"team,{by}"):
        with pytest.raises(FirstcontactError) as raised:
            run_of(engine, [contact("a", "K", 50, agent_id="A1", team="T")], by=(asked,))
        assert [fault.kind.code for fault in raised.value.faults] == [code]
