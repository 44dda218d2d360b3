"""Whatever the file, every record is a contact, part of one, or set aside: the ledger adds up."""

# ruff: noqa: E501 - rows of exports stand as they come

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstcontact.adapters.connectors.tabular.load import TabularConnector
from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.contacts.table import CONTACTS
from firstcontact.kernel.errors import FirstcontactError

HEADER = ["call id", "start time", "end time", "customer id", "reason", "channel"]
MOMENTS = st.sampled_from(
    ["2024-03-01 10:00:00", "2024-03-09 23:59:59", "2024-02-30 10:00:00", "1970-01-01 00:00:00", "2199-01-01 00:00:00", "", "?", "soon"]
)  # fmt: skip
CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)), max_size=12
) | st.sampled_from(['"', '""', "a,b", "line\nbreak", "'", "=1+1", "NULL", "\u202eabc", "x\r\ny", " ", ";", "\t"])
RECORD = st.tuples(
    st.sampled_from(["", "a", "b", "c", "d", "e1", "e2", "e3", "?"]), MOMENTS, MOMENTS, CELL, CELL, CELL
).map(list)
RAGGED = st.lists(CELL, min_size=1, max_size=9)


@pytest.fixture(scope="module")
def shared_engine():
    """One engine for many small files; each load replaces the tables of the one before."""
    engine = DuckDBEngine(threads=1)
    yield engine
    engine.close()


def counts(engine: DuckDBEngine) -> tuple[int, int]:
    row = engine.sql().execute("SELECT (SELECT count(*) FROM contacts), (SELECT count(*) FROM quarantine)").fetchone()
    assert row is not None
    return row


def read_back(engine: DuckDBEngine, path: Path, records: list[list[str]]) -> bool:
    """Load, and compare the account of rows with the records that were written; whether it could be loaded."""
    try:
        loaded = TabularConnector().load(engine, [path])
    except FirstcontactError as error:
        codes = {fault.kind.code for fault in error.faults}
    else:
        codes = set()
    if codes:
        assert codes <= {"FC1003", "FC1004", "FC1012", "FC1013", "FC1014"}
        return False
    assert loaded.ledger.adds_up
    assert loaded.ledger.read == len(records)
    contacts, aside = counts(engine)
    assert contacts == loaded.ledger.contacts
    assert aside == sum(loaded.ledger.quarantined.values())
    numbers = [row[0] for row in engine.sql().execute("SELECT row_number FROM quarantine").fetchall()]
    assert all(1 <= number <= len(records) for number in numbers)
    assert len(set(numbers)) == len(numbers)
    return True


GOOD = [["g1", "2024-03-02 08:00:00", "2024-03-02 08:05:00", "k", "r", "phone"],
        ["g2", "2024-03-03 08:00:00", "2024-03-03 08:05:00", "k", "r", "phone"]]  # fmt: skip


@given(st.lists(RECORD, max_size=25))
def test_no_record_is_lost_whatever_is_in_the_fields(shared_engine, tmp_path_factory, records):
    """Quotes, delimiters, line breaks, any script, impossible dates, repeated ids: the ledger adds up to what was written."""
    path = tmp_path_factory.mktemp("nasty") / "calls.csv"
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([HEADER, *GOOD, *records])
    path.write_bytes(text.getvalue().encode())
    loads = read_back(shared_engine, path, [*GOOD, *records])
    assert loads or records


@given(st.lists(RECORD | RAGGED, max_size=25), st.sampled_from(["\n", "\r\n"]))
def test_no_record_is_lost_among_ragged_ones(shared_engine, tmp_path_factory, records, end):
    """Records with too many and too few fields are set aside with their own number; the others are read."""
    plain = [[c.replace("\n", " ").replace("\r", " ") for c in record] for record in records]
    plain = [record for record in plain if len(record) > 1 or record[0].strip()]
    path = tmp_path_factory.mktemp("ragged") / "calls.csv"
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator=end).writerows([HEADER, *GOOD, *GOOD, *GOOD, *plain])
    path.write_bytes(text.getvalue().encode())
    loads = read_back(shared_engine, path, [*GOOD * 3, *plain])
    assert loads or plain


@given(st.text(st.sampled_from("abc,\";\n\t'\\ 12-:"), max_size=200))
def test_any_text_is_read_or_refused(shared_engine, tmp_path_factory, text):
    """Arbitrary text below a header never ends in anything but contacts or a fault with a code."""
    path = tmp_path_factory.mktemp("any") / "calls.csv"
    path.write_text(",".join(HEADER) + "\n" + "\n".join(",".join(record) for record in GOOD * 4) + "\n" + text)
    try:
        loaded = TabularConnector().load(shared_engine, [path])
    except FirstcontactError:
        return
    assert loaded.ledger.adds_up
    assert counts(shared_engine) == (loaded.ledger.contacts, sum(loaded.ledger.quarantined.values()))


ROWS = [[f"c{i}", f"2024-03-{1 + i % 28:02d} 10:{i % 60:02d}:00", f"2024-03-{1 + i % 28:02d} 10:{i % 60:02d}:45",
         f"k{i % 9}", ["billing", "fault", "move"][i % 3], ["Phone", "E-Mail", "Web"][i % 3]] for i in range(90)]  # fmt: skip


def as_csv(delimiter: str = ",", encoding: str = "utf-8", header: list[str] | None = None, end: str = "\n") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows([header or HEADER, *ROWS])
    return text.getvalue().encode(encoding)


def contents(engine: DuckDBEngine, *paths: Path, **options) -> list[tuple]:
    loaded = TabularConnector().load(engine, paths, **options)
    assert loaded.ledger.adds_up
    return engine.sql().execute(
        "SELECT contact_id, started_at, ended_at, customer_id, reason, channel FROM contacts ORDER BY contact_id"
    ).fetchall()  # fmt: skip


@pytest.fixture
def expected(engine, tmp_path) -> list[tuple]:
    """What the plain file gives; every other way of writing it must give the same."""
    path = tmp_path / "expected.csv"
    path.write_bytes(as_csv())
    rows = contents(engine, path)
    assert len(rows) == 90
    assert {row[5] for row in rows} == {"phone", "email", "web"}
    return rows


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_delimiter_and_encoding_do_not_matter(engine, tmp_path, expected, delimiter, encoding):
    """The same rows, however they are written down."""
    path = tmp_path / "calls.txt"
    path.write_bytes(as_csv(delimiter, encoding))
    assert contents(engine, path) == expected


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_packing_does_not_matter(engine, tmp_path, expected, end):
    """gzip, zip, a zip of two halves, and a directory of them."""
    whole = as_csv(end=end)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(whole))
    assert contents(engine, tmp_path / "a.csv.gz") == expected
    lines = whole.decode().split(end)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "1.csv").write_text(end.join(lines[:40]), newline="")
    (folder / "2.csv").write_text(end.join([lines[0], *lines[40:]]), newline="")
    (folder / "truth").mkdir()
    (folder / "truth" / "3.csv").write_text("unrelated\n1\n")
    assert contents(engine, folder) == expected
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(folder / "1.csv", "x/1.csv")
        archive.write(folder / "2.csv", "x/2.csv")
    assert contents(engine, tmp_path / "a.zip") == expected


def test_the_kind_of_file_does_not_matter(engine, tmp_path, expected):
    """Excel, Parquet, JSON lines and a JSON array hold the same contacts."""
    import json

    import openpyxl
    import pandas as pd

    frame = pd.DataFrame(ROWS, columns=HEADER)
    records = [dict(zip(HEADER, row, strict=True)) for row in ROWS]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(record) for record in records))
    (tmp_path / "a.json").write_text(json.dumps(records, indent=1))
    frame.to_parquet(tmp_path / "text.parquet")
    for name in ("start time", "end time"):
        frame[name] = pd.to_datetime(frame[name])
    frame.to_parquet(tmp_path / "typed.parquet")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADER)
    for row in frame.itertuples(index=False):
        sheet.append([v.to_pydatetime() if isinstance(v, pd.Timestamp) else v for v in row])
    book.create_sheet("legend").append(["what", "means"])
    book.save(tmp_path / "a.xlsx")
    for name in ("a.jsonl", "a.json", "text.parquet", "typed.parquet", "a.xlsx"):
        assert contents(engine, tmp_path / name) == expected, name
    (tmp_path / "b.csv").write_bytes((tmp_path / "a.xlsx").read_bytes())
    assert contents(engine, tmp_path / "b.csv") == expected


def test_identifiers_may_stand_as_the_interface_takes_them(engine, tmp_path):
    """A list of kinds and values beside each contact names the same customers as a column for each of them."""
    import json

    rows = [(f"c{n}", f"2026-01-{1 + n % 28:02}T09:00:00Z", f"+35988{n % 9:07}") for n in range(60)]
    more = {f"c{n}": [f"p{n % 9}@example.org", f"+35989{n % 9:07}"] for n in range(0, 60, 2)}
    said, lines = [], ["contact_id,started_at,customer_id,phone,mobile phone,email"]
    for name, at, phone in rows:
        email, mobile = more.get(name, ("", ""))
        pairs = [("phone", phone), ("email", email), ("phone", mobile), ("phone", None)]
        held = [{"kind": kind, "value": value} for kind, value in pairs if value != ""]
        said.append(
            json.dumps({"contact_id": name, "started_at": at, "customer_id": "k" + phone[-1], "identifiers": held})
        )
        lines.append(f"{name},{at},k{phone[-1]},{phone},{mobile},{email}")
    (tmp_path / "sent.jsonl").write_text("\n".join([*said, '{"contact_id": "x", "identifiers": "none"}']))
    (tmp_path / "columns.csv").write_text("\n".join(lines))
    found = []
    for name in ("sent.jsonl", "columns.csv"):
        TabularConnector().load(engine, [tmp_path / name])
        asked = "SELECT contact_id, kind, value FROM identifiers ORDER BY ALL"
        found.append(engine.sql().execute(asked).fetchall())
    assert len(found[1]) == 60 + 2 * 30
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("encoding", "word"),
    [
        ("cp1251", "Повреда на телефонната линия и интернет достъпа"),
        ("cp1255", "תקלה בקו הטלפון ובחיבור לאינטרנט בבית הלקוח"),
        ("gb18030", "客户的电话线路和互联网连接出现故障需要维修"),
        ("big5", "客戶的電話線路和網際網路連線發生故障需要維修"),
        ("cp1252", "Störung der Telefonleitung für größere Geschäftskunden"),
    ],
)
def test_older_encodings_are_found(engine, tmp_path, encoding, word):
    """Bulgarian, Hebrew, Chinese and German exports in their country's old encoding read as what was written."""
    path = tmp_path / "calls.csv"
    lines = ["call id,start time,customer id,reason"]
    lines += [
        f"c{i},2024-03-{1 + i % 28:02d} 10:00:00,k{i % 7},{word if i % 2 else word[: len(word) // 2].strip()}"
        for i in range(60)
    ]
    path.write_bytes("\n".join(lines).encode(encoding))
    loaded = TabularConnector().load(engine, [path])
    found = {row[0] for row in engine.sql().execute("SELECT DISTINCT reason FROM contacts").fetchall()}
    assert word in found
    assert loaded.ledger.contacts == 60


def test_the_written_mapping_gives_the_same_contacts(engine, tmp_path, expected):
    """What `inspect` writes is what `load` guesses: the file changes nothing until a person changes it."""
    path = tmp_path / "calls.csv"
    path.write_bytes(as_csv(";"))
    inspected = TabularConnector().inspect(engine, [path])
    file = tmp_path / "mapping.toml"
    file.write_text(inspected.mapping_file, encoding="utf-8")
    assert contents(engine, path, mapping=file) == expected
    with_file = TabularConnector().load(engine, [path], file)
    guessed = TabularConnector().load(engine, [path])
    assert with_file.mapping == guessed.mapping
    assert with_file.ledger == guessed.ledger


def test_the_contacts_table_has_every_column_with_its_type(engine, tmp_path):
    """Columns the source lacks are missing with the right type, and are not said to be present."""
    path = tmp_path / "calls.csv"
    path.write_bytes(as_csv())
    loaded = TabularConnector().load(engine, [path])
    types = dict(engine.sql().execute("SELECT column_name, column_type FROM (DESCRIBE contacts)").fetchall())
    assert tuple(types) == CONTACTS.names
    words = {"string": "VARCHAR", "timestamp": "TIMESTAMP", "float64": "DOUBLE", "int64": "BIGINT", "boolean": "BOOLEAN",
             "list<string>": "VARCHAR[]"}  # fmt: skip
    assert {name: types[name] for name in types} == {column.name: words[column.type] for column in CONTACTS.columns}
    assert loaded.present == {"contact_id", "started_at", "ended_at", "customer_id", "reason", "channel"}
    assert loaded.inputs[0]["name"] == "calls.csv"
    assert len(loaded.inputs[0]["sha256"]) == 64


def test_our_own_parquet_needs_no_inference(engine, tmp_path):
    """Columns that bear our names are taken as they are: times, lists, booleans and further columns keep their types."""
    folder = tmp_path / "simulated"
    folder.mkdir()
    engine.sql().execute(
        f"""COPY (SELECT 'c' || range AS contact_id, 'sim' AS source, 'k' || (range % 7) AS customer_id, 'phone' AS channel,
        'inbound' AS direction, TIMESTAMP '2024-01-01' + INTERVAL (range) MINUTE AS started_at,
        TIMESTAMP '2024-01-01' + INTERVAL (range + 3) MINUTE AS ended_at, 'billing > invoice' AS reason, 2::BIGINT AS transfers,
        false AS abandoned, ['kb1', 'kb2'] AS article_ids, 'north' AS x_region FROM range(500)) TO '{folder}/contacts.parquet'"""
    )
    engine.sql().execute(
        f"COPY (SELECT 'c1' AS contact_id, 'phone' AS kind, '+359' AS value) TO '{folder}/identifiers.parquet'"
    )
    engine.sql().execute(
        f"COPY (SELECT 'c1' AS contact_id, TIMESTAMP '2024-01-02' AS answered_at, true AS resolved, "
        "0.5::DOUBLE AS csat) "
        f"TO '{folder}/surveys.parquet'"
    )
    loaded = TabularConnector().load(engine, [folder])
    assert loaded.tables == {"contacts": "contacts", "identifiers": "identifiers", "surveys": "surveys"}
    assert loaded.ledger.as_dict() == {
        "read": 502, "contacts": 500, "absorbed": {"identifiers": 1, "surveys": 1}, "quarantined": {}, "erased": 0,
        "adds_up": True,
    }  # fmt: skip
    assert loaded.extra == {"x_region": "region"}
    row = engine.sql().execute(
        "SELECT reason, transfers, abandoned, article_ids, x_region FROM contacts WHERE contact_id = 'c1'"
    )
    assert row.fetchone() == ("billing > invoice", 2, False, ["kb1", "kb2"], "north")
    survey = engine.sql().execute("SELECT contact_id, resolved, csat, nps FROM surveys").fetchall()
    assert survey == [("c1", True, 0.5, None)]


def test_typed_rows_are_judged_like_text(engine, tmp_path):
    """A Parquet file with duplicates, a missing start and an end before its start goes the slow way and adds up."""
    path = tmp_path / "contacts.parquet"
    engine.sql().execute(
        f"""COPY (SELECT 'c' || (range % 99) AS contact_id, 'k' AS customer_id,
        CASE WHEN range = 5 THEN NULL ELSE TIMESTAMP '2024-01-01' + INTERVAL (range % 99) HOUR END AS started_at,
        TIMESTAMP '2024-01-01' + INTERVAL (CASE WHEN range = 7 THEN 1 ELSE 500 END) HOUR AS ended_at,
        CASE WHEN range = 3 THEN 'other' ELSE 'same' END AS reason FROM range(101)) TO '{path}'"""
    )
    loaded = TabularConnector().load(engine, [path])
    assert loaded.ledger.quarantined == {"FC2002": 1, "FC2005": 1}
    assert loaded.ledger.absorbed == {"duplicate": 2}
    rows = engine.sql().execute("SELECT row_number, codes FROM quarantine ORDER BY 1").fetchall()
    assert rows == [(6, ["FC2002"]), (8, ["FC2005"])]


def test_a_contact_has_one_survey(engine: DuckDBEngine, tmp_path: Path) -> None:
    """Of two answers about one contact the last counts; the contact stays one contact, and the ledger holds both rows."""
    (tmp_path / "contacts.csv").write_text(
        "contact_id,customer_id,started_at\na1,c1,2024-01-01 10:00:00\na2,c2,2024-01-02 10:00:00\n"
    )
    (tmp_path / "surveys.csv").write_text(
        "contact_id,answered_at,resolved\na1,2024-01-03 10:00:00,yes\na1,2024-01-02 10:00:00,no\na2,,no\n"
    )
    loaded = TabularConnector().load(engine, [tmp_path])
    rows = engine.execute(engine.table(loaded.tables["surveys"]).order_by("contact_id")).to_pylist()
    assert [(row["contact_id"], row["resolved"]) for row in rows] == [("a1", True), ("a2", False)]
    assert loaded.ledger.absorbed == {"surveys": 3}
    assert loaded.ledger.adds_up


def test_companions_without_dates_are_read_in_any_zone(engine: DuckDBEngine, tmp_path: Path) -> None:
    """A file of identifiers has no date, and no zone can stumble over that."""
    (tmp_path / "contacts.csv").write_text("contact_id,customer_id,started_at\na1,c1,2024-01-01 10:00:00\n")
    (tmp_path / "identifiers.csv").write_text("contact_id,kind,value\na1,phone,+15551234567\n")
    loaded = TabularConnector().load(engine, [tmp_path], zone="Asia/Jerusalem")
    assert loaded.ledger.absorbed == {"identifiers": 1}
