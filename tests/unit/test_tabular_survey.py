"""What customers answered: on the contacts' own rows and in files of their own, on whatever scale."""

# ruff: noqa: E501 - rows of exports stand as they come

from __future__ import annotations

from pathlib import Path

import pytest

from firstcontact.adapters.connectors.tabular.load import TabularConnector
from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.contacts.loaded import Loaded
from firstcontact.kernel.sentence import code_of


@pytest.fixture(scope="module")
def engine():
    """One engine for many small files."""
    engine = DuckDBEngine(threads=1)
    yield engine
    engine.close()


def load(engine: DuckDBEngine, *paths: Path, **options) -> Loaded:
    loaded = TabularConnector().load(engine, paths, **options)
    assert loaded.ledger.adds_up
    return loaded


def rated(folder: Path, answers: list[str], name: str = "CSAT") -> Path:
    path = folder / "export.tsv"
    lines = [f"{i}\t2024-03-{1 + i % 28:02d} 10:00\tu{i % 7}\t{answer}" for i, answer in enumerate(answers)]
    path.write_text("\n".join([f"Call ID\tStart time\tCustomer ID\t{name}", *lines]), encoding="utf-8")
    return path


def csat(engine: DuckDBEngine) -> list[float | None]:
    rows = engine.sql().execute(
        "SELECT csat FROM contacts LEFT JOIN surveys USING (contact_id) ORDER BY CAST(contact_id AS INT)"
    )
    return [row[0] for row in rows.fetchall()]


@pytest.mark.parametrize(
    "steps",
    [
        ["Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied"],
        ["Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree"],
        ["Very poor", "Poor", "Average", "Good", "Excellent"],
        ["Poor", "Fair", "Good", "Very good", "Excellent"],
        ["terrible", "bad", "OK", "great", "amazing"],
        ["😠", "🙁", "😐", "😃", "🤩"],
        ["★☆☆☆☆", "★★☆☆☆", "★★★☆☆", "★★★★☆", "★★★★★"],
        ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"],
        ["1 - Very poor", "2 - Poor", "3 - Fair", "4 - Good", "5 - Excellent"],
        ["1/5", "2/5", "3/5", "4/5", "5/5"],
        ["много недоволен", "недоволен", "неутрален", "доволен", "много доволен"],
        ["מאוד לא מרוצה", "לא מרוצה", "ניטרלי", "מרוצה", "מרוצה מאוד"],
        ["sehr unzufrieden", "unzufrieden", "neutral", "zufrieden", "sehr zufrieden"],
    ],
)
def test_five_steps_keep_their_middle(engine, tmp_path, steps):
    """The middle of five answers is one half, and the second best is less than the best."""
    loaded = load(engine, rated(tmp_path, steps * 3 + [""]))
    assert csat(engine)[:5] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert csat(engine)[-1] is None
    file = tmp_path / "mapping.toml"
    file.write_text(TabularConnector().inspect(engine, [tmp_path / "export.tsv"]).mapping_file, encoding="utf-8")
    assert load(engine, tmp_path / "export.tsv", mapping=file).mapping == loaded.mapping


def test_three_steps_and_two_keep_their_ends(engine, tmp_path):
    """Good and bad are the ends where nothing lies beyond them; "Offered" is no answer."""
    load(engine, rated(tmp_path, ["Bad", "Good", "Offered"] * 4))
    assert csat(engine)[:3] == [0.0, 1.0, None]
    load(engine, rated(tmp_path, ["Bad", "Neutral", "Good"] * 4))
    assert csat(engine)[:3] == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        (["1", "3", "5", "0"] * 5, [0.0, 0.5, 1.0, None]),
        (["1", "10", "0", "0"] + ["0"] * 30, [0.0, 1.0, None, None]),
        (["0", "1", "5", "10"] * 5, [0.0, 0.1, 0.5, 1.0]),
        (["1", "10", "5.5", "10"] * 5, [0.0, 1.0, 0.5, 1.0]),
        (["0", "0.5", "1", "0.25"] * 5, [0.0, 0.5, 1.0, 0.25]),
    ],
)
def test_a_zero_on_a_scale_from_one_is_no_answer(engine, tmp_path, answers, found):
    """1 to 5 has no 0, nor has 1 to 10 where zeros outnumber everything; 0 to 10 has one."""
    loaded = load(engine, rated(tmp_path, answers))
    assert csat(engine)[:4] == found
    if None in found:
        assert any('"0" is read as missing' in f.text for f in loaded.findings)


def test_a_mapping_can_say_that_zero_is_an_answer(engine, tmp_path):
    """Set by hand, the scale is obeyed; a word's worth can be set too."""
    plain = {"columns": {"contact_id": "Call ID", "started_at": "Start time"}, "surveys": {"csat": "CSAT"}}
    path = rated(tmp_path, ["0", "5", "meh", "1"] * 3)
    own = plain | {"scales": {"csat": {"low": 0, "high": 5}}, "values": {"csat": {"meh": 0.4}}}
    load(engine, path, mapping=own)
    assert csat(engine)[:4] == [0.0, 1.0, 0.4, 0.2]
    # Without a scale it is found from the answers, as for a guessed mapping.
    loaded = load(engine, rated(tmp_path, ["1", "5", "3"] * 3), mapping=plain)
    assert csat(engine)[:3] == [0.0, 1.0, 0.5]
    assert loaded.mapping["scales"] == {"csat": {"low": 1.0, "high": 5.0}}


def test_an_answer_outside_its_scale_is_counted(engine, tmp_path):
    """55 among answers of 1 to 5 widens nothing; on a contact's own row it is missing, and said."""
    loaded = load(engine, rated(tmp_path, ["1", "3", "5", "4"] * 20 + ["55"]))
    assert csat(engine)[:4] == [0.0, 0.5, 1.0, 0.75]
    assert csat(engine)[-1] is None
    assert any("surveys.csat: 1 value does not fit" in f.text for f in loaded.findings)


def folder(path: Path, header: str, rows: list[str], ids: str = "T{}") -> Path:
    """A directory with forty contacts and a file of surveys."""
    lines = [f"{ids.format(i)},2024-03-{1 + i % 28:02d} 10:00,u{i % 7}" for i in range(40)]
    (path / "contacts.csv").write_text("\n".join(["Ticket ID,Created at,Requester ID", *lines]))
    (path / "surveys.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    return path


def test_a_file_of_surveys_is_read_as_answers_on_rows_are(engine, tmp_path):
    """Its own headers, its scale found and brought to 0 to 1, and what was found is said."""
    rows = [f"S{i},T{i},{1 + i % 5},{i % 11},{'Yes' if i % 2 else 'No'},2024-04-0{1 + i % 9} 09:00" for i in range(22)]
    path = folder(
        tmp_path, "Survey ID,Ticket number,Satisfaction score,Likelihood to recommend,Issue resolved,Responded at", rows
    )
    loaded = load(engine, path)
    found = (
        engine.sql()
        .execute(
            "SELECT csat, nps, resolved, answered_at IS NOT NULL FROM surveys ORDER BY CAST(contact_id[2:] AS INT)"
        )
        .fetchall()
    )
    assert found[:3] == [(0.0, 0, False, True), (0.25, 1, True, True), (0.5, 2, False, True)]
    assert loaded.ledger.absorbed == {"surveys": 22}
    assert any(f.topic == "surveys" and "answers from 1 to 5" in f.rests_on for f in loaded.findings)
    assert all(code_of(f.rests_on) == "list" for f in loaded.findings if f.topic == "surveys"), (
        "in other languages, too"
    )
    # The scale of the mapping is the companion's too.
    wide = {
        "kind": "ticket",
        "columns": {"contact_id": "Ticket ID", "started_at": "Created at"},
        "scales": {"csat": {"low": 0, "high": 5}},
    }
    load(engine, path, mapping=wide)
    assert engine.sql().execute("SELECT csat FROM surveys WHERE contact_id = 'T0'").fetchall() == [(0.2,)]


def test_impossible_answers_and_orphans_are_set_aside(engine, tmp_path):
    """A satisfaction of 55, a recommendation of -7, a contact nobody knows and a row without an id: set aside, each with its code."""
    rows = [f"T{i},{1 + i % 5},{i % 11}" for i in range(40)]
    rows[3], rows[5] = "T3,55,4", "T5,1,-7"
    rows += ["X1,5,9", "X2,99,9", ",5,9", "T7,,"]
    loaded = load(engine, folder(tmp_path, "Contact ID,CSAT,NPS", rows))
    assert loaded.ledger.quarantined == {"FC2012": 1, "FC2013": 2, "FC2014": 2}
    assert loaded.ledger.absorbed == {"surveys": 39}
    codes = engine.sql().execute("SELECT row_number, codes FROM quarantine ORDER BY row_number").fetchall()
    assert codes == [(4, ["FC2014"]), (6, ["FC2014"]), (41, ["FC2013"]), (42, ["FC2013", "FC2014"]), (43, ["FC2012"])]
    assert engine.sql().execute("SELECT count(*), max(csat), min(nps) FROM surveys").fetchall() == [(38, 1.0, 0)]


def test_identifiers_of_nobody_and_of_unknown_contacts_join_nothing(engine, tmp_path):
    """A withheld number is absorbed and is no identifier; a contact outside the export is an orphan."""
    folder(tmp_path, "contact_id,resolved", ["T1,yes"])
    rows = ["T1,phone,+359 2 123", "T2,phone,+266696687", "T3,phone,Anonymous", "Q9,phone,+359 2 124"]
    (tmp_path / "identifiers.csv").write_text("\n".join(["Contact ID,Type,Value", *rows]))
    loaded = load(engine, tmp_path)
    assert loaded.ledger.absorbed == {"identifiers": 3, "surveys": 1}
    assert loaded.ledger.quarantined == {"FC2013": 1}
    assert engine.sql().execute("SELECT contact_id FROM identifiers").fetchall() == [("T1",)]
