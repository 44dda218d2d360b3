"""Files beside the contacts, as people export them: read by what their columns are called, bad rows set aside."""

# ruff: noqa: ISC004 - rows of exports stand as they come

from __future__ import annotations

from datetime import UTC
from datetime import datetime as zoned
from pathlib import Path
from typing import Any

import pytest

from firstcontact.adapters.connectors.tabular.load import TabularConnector
from firstcontact.adapters.connectors.tabular.mapping import Mapping, mapping_from, read_mapping
from firstcontact.adapters.connectors.tabular.mapping_file import write
from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.contacts.loaded import Loaded
from firstcontact.kernel.errors import FirstcontactError

CONTACTS = "Call ID,Start time,End time,Customer ID,Reason,Channel\n" + "".join(
    f"c{i},2024-03-{1 + i % 28:02d} 10:{i % 60:02d}:00,2024-03-{1 + i % 28:02d} 10:{i % 60:02d}:45,k{i % 9},"
    f"{('billing', 'fault')[i % 2]},{('Phone', 'Web')[i % 3 == 0]}\n"
    for i in range(60)
)


@pytest.fixture(scope="module")
def engine():
    """One engine for many small files."""
    engine = DuckDBEngine(threads=1)
    yield engine
    engine.close()


def moment(*parts: int) -> zoned:
    return zoned(*parts, tzinfo=UTC).replace(tzinfo=None)


def load(
    engine: DuckDBEngine, folder: Path, zone: str | None = None, mapping: Mapping | None = None, **files: str
) -> Loaded:
    (folder / "contacts.csv").write_text(CONTACTS, encoding="utf-8")
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    loaded = TabularConnector().load(engine, [folder], mapping, zone=zone)
    assert loaded.ledger.adds_up
    assert loaded.ledger.contacts == 60
    return loaded


def rows(engine: DuckDBEngine, query: str) -> list[tuple[Any, ...]]:
    return engine.sql().execute(query).fetchall()


def said(loaded: Loaded) -> str:
    return " ".join(finding.text for finding in loaded.findings if finding.level == "warning")


def test_events_of_the_crm_are_read_under_the_names_people_give(engine, tmp_path):
    """A date and a time apart, amounts with a currency, in local time; a row without customer, kind or date goes."""
    text = (
        "Customer Number,Event date,Event time,Event type,Amount\n"
        'k1,2024-03-05,12:30,Statement,"€1,250.50"\n'
        "k2,2024-03-06,08:00,Payment,99 EUR\n"
        "k3,2024-03-07,08:00,Address change,\n"
        ",2024-03-06,08:00,Payment,1\n"
        "unknown,2024-03-06,08:00,Payment,1\n"
        "k4,soon,08:00,Payment,1\n"
        "k5,2024-03-06,08:00,,1\n"
        "k6,2024-03-06,08:00,Payment,much\n"
    )
    loaded = load(engine, tmp_path, "Europe/Sofia", crm_events=text)
    assert loaded.ledger.absorbed["crm_events"] == 3
    assert loaded.ledger.quarantined == {"FC2012": 5}
    assert rows(engine, 'SELECT customer_id, "at", kind, amount FROM crm_events ORDER BY 1') == [
        ("k1", moment(2024, 3, 5, 10, 30), "statement", 1250.5),
        ("k2", moment(2024, 3, 6, 6), "payment", 99.0),
        ("k3", moment(2024, 3, 7, 6), "address_change", None),
    ]
    aside = rows(engine, "SELECT row_number, file FROM quarantine ORDER BY 1")
    assert aside == [(n, "crm_events.csv") for n in (4, 5, 6, 7, 8)]
    assert "crm_events" in loaded.tables


def test_events_of_strangers_and_files_without_a_needed_column_are_told(engine, tmp_path):
    """Ids that are written otherwise match nobody, and a file without kinds is no use: both are said."""
    loaded = load(engine, tmp_path, crm_events="Customer ID,Date,Event\nCUST-1,2024-03-05,statement\n")
    assert "its only row is not about a customer of the contacts" in said(loaded)
    loaded = load(engine, tmp_path, crm_events="Customer ID,Date\nk1,2024-03-05\n")
    assert loaded.ledger.quarantined == {"FC2012": 1}
    assert "no column was recognised as kind" in said(loaded)


def test_reviews_with_human_headers_are_read(engine, tmp_path):
    """Yes and no, a chance as a share or in per cent; impossible chances, stray words and strangers are set aside."""
    text = (
        "Contact ID,Reviewer,Review date,Resolved (Y/N),Sampling probability\n"
        "c1,Ann,2024-04-01,Y,0.05\nc2,Ann,2024-04-01,N,5%\nc3,Bob,2024-04-02,,1\nc4,,2024-04-02,Yes,\n"
        "c5,Ann,2024-04-01,N,0\nc6,Ann,2024-04-01,N,5\nc7,Ann,2024-04-01,perhaps,0.1\nzz,Ann,2024-04-01,Y,0.1\n"
    )
    loaded = load(engine, tmp_path, reviews=text)
    assert loaded.ledger.absorbed["reviews"] == 4
    assert loaded.ledger.quarantined == {"FC2012": 3, "FC2013": 1}
    assert rows(engine, "SELECT * FROM reviews ORDER BY 1") == [
        ("c1", "Ann", moment(2024, 4, 1), True, 0.05),
        ("c2", "Ann", moment(2024, 4, 1), False, 0.05),
        ("c3", "Bob", moment(2024, 4, 2), None, 1.0),
        ("c4", None, moment(2024, 4, 2), True, None),
    ]
    text = "Call ID,Evaluator,Truly resolved,Sampling probability (%)\nc1,Ann,1,5\nc2,Ann,0,12.5\n"
    load(engine, tmp_path, reviews=text)
    assert rows(engine, "SELECT resolved, sampling_probability FROM reviews ORDER BY 1 DESC") == [
        (True, 0.05),
        (False, 0.125),
    ]


def test_an_identifiers_file_may_have_a_column_for_each_kind(engine, tmp_path):
    """Phone and e-mail side by side make a row each; placeholders name nobody; a stranger's row is set aside."""
    text = (
        "Contact ID,Phone,E-mail,Country\n"
        "c1,+359 2 123456,a@example.org,BG\nc2,+359 2 123457,,BG\nc3,,,BG\nc4,anonymous,b@example.org,BG\n"
        "c5,+359 2 123456,c@example.org,BG\nzz,+359 2 123458,,BG\n"
    )
    loaded = load(engine, tmp_path, identifiers=text)
    assert loaded.ledger.absorbed["identifiers"] == 5
    assert loaded.ledger.quarantined == {"FC2013": 1}
    assert rows(engine, "SELECT contact_id, kind, value FROM identifiers ORDER BY 1, 2") == [
        ("c1", "email", "a@example.org"), ("c1", "phone", "+359 2 123456"), ("c2", "phone", "+359 2 123457"),
        ("c4", "email", "b@example.org"), ("c5", "email", "c@example.org"), ("c5", "phone", "+359 2 123456"),
    ]  # fmt: skip
    loaded = load(engine, tmp_path, identifiers="contact_id,kind,value\nc1,phone,1234567\nc2,phone,unknown\n")
    assert loaded.ledger.absorbed["identifiers"] == 2
    assert rows(engine, "SELECT * FROM identifiers") == [("c1", "phone", "1234567")]
    loaded = load(engine, tmp_path, identifiers="contact_id,colour\nc1,red\n")
    assert loaded.ledger.quarantined == {"FC2012": 1}


@pytest.mark.parametrize(
    ("table", "text", "expected"),
    [
        (
            "assets",
            "Asset tag,Device model,Manufacturer,Used by,Purchase date,Retired,Purchase price\n"
            "a1,X1,Acme,k1,2022-01-05,,$999.00\na1,X1,Acme,k2,2022-01-05,2024-01-01,999\n",
            [("a1", "X1", "Acme", "k2", moment(2022, 1, 5), moment(2024, 1, 1), 999.0)],
        ),
        (
            "customers",
            "Customer ID,Tier,Country,Language,Annual revenue,Customer since\nk1,gold,BG,bg,1200,05/13/2019\n",
            [("k1", "gold", "BG", "bg", 1200.0, moment(2019, 5, 13))],
        ),
        (
            "agents",
            "Agent,Team,Tier,From,To\nAnn,North,first,2023-01-01,2023-07-01\nAnn,South,second,2023-07-01,\n",
            [
                ("Ann", "North", "first", moment(2023, 1, 1), moment(2023, 7, 1)),
                ("Ann", "South", "second", moment(2023, 7, 1), None),
            ],
        ),
        (
            "articles",
            "KB number,Title,Category,Language,Author,Last reviewed\nKB1,How to pay,billing,en,Ann,2024-01-02 10:00\n",
            [("KB1", "How to pay", "billing", "en", "Ann", moment(2024, 1, 2, 10))],
        ),
        (
            "contact_agents",
            "Call ID,Agent,Team,Role,Handle time (min)\nc1,Ann,North,owner,2\nc1,Bob,North,helper,0.5\n",
            [("c1", "Ann", "North", "owner", 120.0), ("c1", "Bob", "North", "helper", 30.0)],
        ),
        (
            "case_events",
            "Call ID,Event date,Event type,Agent\nc1,2024-03-02 10:00,Public reply,Ann\n",
            [("c1", moment(2024, 3, 2, 10), "public_reply", "Ann", None)],
        ),
    ],
)
def test_every_table_is_read_by_what_its_columns_are_called(engine, tmp_path, table, text, expected):
    """Exports of what stands beside the contacts; of two rows of one asset the later one counts."""
    loaded = load(engine, tmp_path, **{table: text})
    assert loaded.ledger.quarantined == {}
    assert loaded.ledger.absorbed == {table: text.count("\n") - 1}
    assert rows(engine, f"SELECT * FROM {table} ORDER BY ALL") == expected


COLUMNS = {"contact_id": "Call ID", "started_at": "Start time", "ended_at": "End time", "customer_id": "Customer ID",
           "reason": "Reason"}  # fmt: skip


def test_a_mapping_describes_files_beside_the_contacts(engine, tmp_path):
    """Headings that tell nothing are named in the mapping, and only they: other columns are found as ever, words and
    scales are understood as ever, and the mapping survives its file."""
    plain = {
        "columns": COLUMNS,
        "companions": {
            "reviews": {"contact_id": "X1", "resolved": "X2", "sampling_probability": "X4", "reviewer": "X3"},
            "surveys": {"contact_id": "q0", "csat": "q1"},
            "case_events": {"contact_id": "a", "at": {"join": ["b", "c"]}, "kind": "d"},
        },
    }
    mapping = mapping_from(plain)
    (tmp_path / "mapping.toml").write_text(write(mapping, [], []), encoding="utf-8")
    again = read_mapping(tmp_path / "mapping.toml")
    assert again.as_dict() == mapping.as_dict()
    assert again.as_dict()["companions"] == plain["companions"]
    (tmp_path / "mapping.toml").unlink()
    load(
        engine,
        tmp_path,
        mapping=again,
        reviews="x1,X2,X3,X4,Review date\nc1,yes,r1,5%,2024-04-01\nc2,no,r2,0.5,2024-04-02\nnone,yes,r1,1,2024-04-01\n",
        surveys="q0,q1\nc3,5\nc4,1\nc5,3\nc6,4\n",
        case_events="a,b,c,d\nc7,2024-03-08,11:00,reopen\n",
    )
    found = rows(
        engine, "SELECT contact_id, resolved, reviewer, sampling_probability, reviewed_at FROM reviews ORDER BY 1"
    )
    assert found == [("c1", True, "r1", 0.05, moment(2024, 4, 1)), ("c2", False, "r2", 0.5, moment(2024, 4, 2))]
    assert rows(engine, "SELECT contact_id, csat FROM surveys ORDER BY 1") == [
        ("c3", 1),
        ("c4", 0),
        ("c5", 0.5),
        ("c6", 0.75),
    ]
    assert rows(engine, 'SELECT contact_id, "at", kind FROM case_events') == [("c7", moment(2024, 3, 8, 11), "reopen")]


def test_a_mapping_of_companions_is_checked(engine, tmp_path):
    """FC1021 for a table or a column that there is not, FC1023 for one that the file does not have."""
    for wrong in ({"review": {"resolved": "X"}}, {"reviews": {"verdict": "X"}}):
        with pytest.raises(FirstcontactError, match="FC1021"):
            mapping_from({"columns": COLUMNS, "companions": wrong})
    mapping = mapping_from({"columns": COLUMNS, "companions": {"reviews": {"resolved": "Verdct"}}})
    with pytest.raises(FirstcontactError, match=r"FC1023.*did you mean Verdict"):
        load(engine, tmp_path, mapping=mapping, reviews="contact_id,Verdict\nc1,yes\n")
