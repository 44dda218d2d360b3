"""Files that cannot be read say why, where and what to do; rows that cannot be used are set aside, never lost."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import struct
import zipfile
from pathlib import Path

import pytest

from firstcontact.adapters.connectors.tabular import container
from firstcontact.adapters.connectors.tabular.load import TabularConnector
from firstcontact.adapters.connectors.tabular.mapping import Mapping, Source, mapping_from, read_mapping
from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.contacts.loaded import Loaded
from firstcontact.kernel.errors import EXIT_INPUT, FirstcontactError

HEADER = "call id,start time,end time,customer id,reason"
ROWS = [
    f"c{i},2024-03-{1 + i % 28:02d} 10:{i % 60:02d}:00,2024-03-{1 + i % 28:02d} 10:{i % 60:02d}:30,k{i % 7},billing"
    for i in range(40)
]


def written(folder: Path, *rows: str, name: str = "calls.csv", header: str = HEADER) -> Path:
    path = folder / name
    path.write_text("\n".join((header, *ROWS, *rows)) + "\n", encoding="utf-8")
    return path


def load(engine: DuckDBEngine, *paths: Path, **options) -> Loaded:
    loaded = TabularConnector().load(engine, paths, **options)
    ledger = loaded.ledger
    assert ledger.adds_up
    assert engine.sql().execute("SELECT count(*) FROM contacts").fetchone() == (ledger.contacts,)
    assert engine.sql().execute("SELECT count(*) FROM quarantine").fetchone() == (sum(ledger.quarantined.values()),)
    return loaded


def refused(engine: DuckDBEngine, *paths: Path, **options) -> list[str]:
    with pytest.raises(FirstcontactError) as caught:
        TabularConnector().load(engine, paths, **options)
    assert caught.value.exit_code == EXIT_INPUT
    assert all(fault.where and fault.saw and fault.allowed and fault.cure for fault in caught.value.faults)
    return [fault.kind.code for fault in caught.value.faults]


def set_aside(engine: DuckDBEngine) -> list[tuple[int, list[str]]]:
    return engine.sql().execute("SELECT row_number, codes FROM quarantine ORDER BY 1, 2").fetchall()


# ---------------------------------------------------------------------------------------------------------- files


def test_a_missing_file_is_named(engine, tmp_path):
    """A path that names nothing is said by name, and all faults of all files are said at once."""
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert refused(engine, tmp_path / "no.csv", empty) == ["FC1001", "FC1003"]


def test_no_file_at_all_is_a_fault(engine):
    """Nothing to read is an error, not an empty result."""
    assert refused(engine) == ["FC1001"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission_is_said(engine, tmp_path):
    """The operating system's refusal becomes a sentence."""
    path = written(tmp_path)
    path.chmod(0)
    assert refused(engine, path) == ["FC1002"]


def test_refused_access_is_said_whoever_runs_it(engine, tmp_path, monkeypatch):
    """The operating system's refusal becomes a sentence, also where the superuser runs the tests."""
    path = written(tmp_path)
    monkeypatch.setattr(container, "_digest", _refuse)
    assert refused(engine, path) == ["FC1002"]


def _refuse(path: Path) -> str:
    raise PermissionError(13, "no")


def test_blank_lines_are_no_content(engine, tmp_path):
    """A file of line ends holds nothing."""
    path = tmp_path / "blank.csv"
    path.write_text("\n\n\n")
    assert refused(engine, path) == ["FC1003"]


def test_an_empty_directory_is_said(engine, tmp_path):
    """A directory without a readable file is an error."""
    assert refused(engine, tmp_path) == ["FC1003"]


@pytest.mark.parametrize("name", ["calls.csv", "calls.jsonl"])
def test_a_header_without_rows_is_said(engine, tmp_path, name):
    """There is nothing to measure, which is not the same as an empty file."""
    path = tmp_path / name
    path.write_text(HEADER + "\n" if name.endswith("csv") else "{}\n")
    assert refused(engine, path) == ["FC1004"]


def test_an_empty_parquet_is_said(engine, tmp_path):
    """A Parquet file can be a header without rows as well."""
    path = tmp_path / "calls.parquet"
    engine.sql().execute(f"COPY (SELECT 'a' AS contact_id WHERE false) TO '{path}' (FORMAT parquet)")
    assert refused(engine, path) == ["FC1004"]


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n" + bytes(300), b"%PDF-1.7 and more text", bytes(range(1, 256)) * 40, b"\0" * 5000]
)
def test_a_binary_file_called_csv_is_no_table(engine, tmp_path, content):
    """Content decides, not the name."""
    path = tmp_path / "calls.csv"
    path.write_bytes(content)
    assert refused(engine, path) == ["FC1005"]


def test_another_kind_of_file_is_not_guessed_at(engine, tmp_path):
    """What cannot be read is said with what can."""
    path = tmp_path / "calls.docx"
    path.write_text("hello")
    assert refused(engine, path) == ["FC1006"]


def test_a_device_is_no_file(engine):
    """Neither a file nor a directory."""
    assert refused(engine, Path(os.devnull)) == ["FC1006"]


def test_a_truncated_gzip_is_said(engine, tmp_path):
    """A cut-off archive is never read as far as it goes."""
    path = tmp_path / "calls.csv.gz"
    packed = gzip.compress("\n".join((HEADER, *ROWS * 50)).encode())
    path.write_bytes(packed[: len(packed) // 2])
    assert refused(engine, path) == ["FC1007"]


def test_a_damaged_zip_is_said(engine, tmp_path):
    """A zip file cut in the middle, and one with a flipped byte."""
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("calls.csv", "\n".join((HEADER, *ROWS * 30)))
    content = bytearray(whole.read_bytes())
    (tmp_path / "cut.zip").write_bytes(content[:-100])
    content[200] ^= 0xFF
    (tmp_path / "flipped.zip").write_bytes(content)
    assert refused(engine, tmp_path / "cut.zip", tmp_path / "flipped.zip") == ["FC1007", "FC1007"]


def test_an_encrypted_zip_is_said(engine, tmp_path):
    """Passwords are never asked for."""
    path = tmp_path / "calls.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("calls.csv", "\n".join((HEADER, *ROWS)))
    content = bytearray(path.read_bytes())
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(magic) + at
        struct.pack_into("<H", content, place, struct.unpack_from("<H", content, place)[0] | 1)
    path.write_bytes(content)
    assert refused(engine, path) == ["FC1008"]


def test_a_bomb_is_not_unpacked(engine, tmp_path, monkeypatch):
    """Real bytes are counted while unpacking, so an archive cannot lie about its size."""
    monkeypatch.setattr(container, "RATIO_FROM", 1 << 20)
    path = tmp_path / "calls.csv.gz"
    path.write_bytes(gzip.compress(b"a" * (30 << 20)))
    inside = tmp_path / "calls.zip"
    with zipfile.ZipFile(inside, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("calls.csv", b"a" * (30 << 20))
    assert refused(engine, path, inside) == ["FC1009", "FC1009"]


def test_a_file_larger_than_the_limit_is_not_unpacked(engine, tmp_path, monkeypatch):
    """There is an absolute limit beside the ratio."""
    monkeypatch.setattr(container, "LARGEST", 1000)
    path = tmp_path / "calls.csv.gz"
    path.write_bytes(gzip.compress("\n".join((HEADER, *ROWS)).encode()))
    assert refused(engine, path) == ["FC1009"]


@pytest.mark.parametrize("name", ["../evil.csv", "/etc/evil.csv", "a/../../evil.csv", "C:\\evil.csv", "..\\evil.csv"])
def test_a_path_that_leads_outside_the_archive_is_refused(engine, tmp_path, name):
    """Nothing is ever written under a member's own name, and such a file is not trusted at all."""
    path = tmp_path / "calls.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "\n".join((HEADER, *ROWS)))
    assert refused(engine, path) == ["FC1010"]


def test_files_with_nothing_in_common_are_not_stacked(engine, tmp_path):
    """Two files without a common column are two sources."""
    other = tmp_path / "stock.csv"
    other.write_text("sku,price\na,1\nb,2\n")
    assert refused(engine, written(tmp_path), other) == ["FC1011"]


def test_without_a_moment_nothing_can_be_measured(engine, tmp_path):
    """No column with dates: the columns there are get named."""
    path = tmp_path / "calls.csv"
    path.write_text("name,colour\nann,red\nbob,blue\n")
    assert refused(engine, path) == ["FC1012"]


def test_an_unknown_encoding_is_said(engine, tmp_path):
    """An encoding name that nobody knows comes from the mapping, and is said as such."""
    path = written(tmp_path)
    mapping = mapping_from({"columns": {"started_at": "start time"}, "file": {"encoding": "klingon-8"}})
    assert refused(engine, path, mapping=mapping) == ["FC1015"]


@pytest.mark.parametrize("name", ["calls.parquet", "calls.xlsx"])
def test_a_name_that_promises_too_much_is_said(engine, tmp_path, name):
    """Text called .parquet, and a Parquet file cut off after its first bytes."""
    path = tmp_path / name
    path.write_text("\n".join((HEADER, *ROWS)))
    assert refused(engine, path) == ["FC1016"]


def test_a_cut_off_parquet_is_damaged(engine, tmp_path):
    """It begins like Parquet and cannot be read to its end."""
    path = tmp_path / "calls.parquet"
    engine.sql().execute(
        f"COPY (SELECT 'a' || range AS contact_id, now()::TIMESTAMP AS started_at FROM range(5000)) TO '{path}'"
    )
    path.write_bytes(path.read_bytes()[:2000])
    assert refused(engine, path) == ["FC1016"]


def test_an_archive_in_an_archive_is_not_opened(engine, tmp_path):
    """Nesting is how bombs are built."""
    path = tmp_path / "calls.csv.gz"
    path.write_bytes(gzip.compress(gzip.compress(b"a,b\n1,2\n")))
    assert refused(engine, path) == ["FC1006"]


# ------------------------------------------------------------------------------------------------------ mappings


def test_a_mapping_says_all_its_faults_at_once(tmp_path):
    """Unknown keys with the nearest right one, wrong values, an unknown zone: one error with all of them."""
    path = tmp_path / "mapping.toml"
    path.write_text(
        'kind = "tiket"\nzone = "Mars/Olympus"\ncolums = 1\n[columns]\nstarted = "a"\nended_at = 3\n'
        "[scales]\ncsat = 5\n"
        '[zones]\nIST = "two hours"\n[values.csat]\nmeh = 4\n'
        '[file]\ndelimiter = "ab"\nheader = "yes"\n'
    )
    with pytest.raises(FirstcontactError) as caught:
        read_mapping(path)
    codes = [fault.kind.code for fault in caught.value.faults]
    assert {"FC1021", "FC1022", "FC1025"} <= set(codes)
    cures = " ".join(fault.cure for fault in caught.value.faults)
    assert "did you mean columns?" in cures
    assert "did you mean started_at?" in cures
    assert len(codes) >= 10


def test_a_mapping_that_is_no_toml_says_where(tmp_path):
    """Line and column, without repeating what the file holds."""
    path = tmp_path / "mapping.toml"
    path.write_text("kind = contact\n")
    with pytest.raises(FirstcontactError, match=r"FC1020.*line 1"):
        read_mapping(path)
    path.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(FirstcontactError, match="FC1020"):
        read_mapping(path)


def test_a_mapping_that_is_not_there_is_said(tmp_path):
    """A wrong path, and a directory in its place."""
    with pytest.raises(FirstcontactError, match="FC1001"):
        read_mapping(tmp_path / "no.toml")
    with pytest.raises(FirstcontactError, match="FC1002"):
        read_mapping(tmp_path)


def test_columns_that_do_not_exist_come_with_the_nearest(engine, tmp_path):
    """All of them at once, from the mapping and from the command line."""
    mapping = Mapping(columns={"started_at": Source(("start tme",)), "customer_id": Source(("custmer id",))})
    with pytest.raises(FirstcontactError) as caught:
        TabularConnector().load(engine, [written(tmp_path)], mapping, extra=["raeson"])
    assert [fault.kind.code for fault in caught.value.faults] == ["FC1024", "FC1023", "FC1023"]
    assert [fault.cure for fault in caught.value.faults] == [
        "did you mean reason?", "did you mean start time?", "did you mean customer id?",
    ]  # fmt: skip


def test_an_unknown_zone_is_said(engine, tmp_path):
    """`--zone` is checked before anything is read."""
    assert refused(engine, written(tmp_path), zone="Mars/Olympus") == ["FC1025"]


# ----------------------------------------------------------------------------------------------------------- rows


def test_ragged_rows_are_set_aside_with_their_number(engine, tmp_path):
    """Too few and too many fields; the other rows keep the numbers they have in the file."""
    path = written(
        tmp_path, "c90,2024-03-01 10:00:00", "c91,2024-03-01 10:00:00,,k1,billing", "c92,a,b,c,d,e,f", "c93,,,,"
    )
    loaded = load(engine, path)
    assert set_aside(engine) == [(41, ["FC2009"]), (43, ["FC2009"]), (44, ["FC2002"])]
    assert loaded.ledger.read == 44


def test_rows_between_two_stray_quotes_are_read(engine, tmp_path):
    """Two stray quotes join rows into a legal cell: where one opens goes aside, the rest is read."""
    rows = [f"T{i},2024-03-{1 + i % 28:02d} 10:00:00,k{i % 7},billing,note {i}" for i in range(60)]
    rows[10], rows[20] = rows[10].replace(",note", ',"note'), rows[20].replace("note 20", 'note 20"')
    rows[40], rows[41] = rows[40].replace(",note", ',"note'), rows[41].replace("note 41", 'no"te 41')
    path = tmp_path / "calls.csv"
    path.write_text("\n".join(["Call ID,Start time,Customer ID,Reason,Note", *rows]))
    loaded = load(engine, path)
    assert loaded.ledger.quarantined == {"FC2009": 2}
    assert loaded.ledger.contacts == 58
    assert set_aside(engine) == [(11, ["FC2009"]), (41, ["FC2009"])]
    assert any(finding.topic == "quoting" for finding in loaded.findings)


def test_comments_of_several_lines_are_left_whole(engine, tmp_path):
    """Prose with as many commas as the rows have, and a pasted list, are comments and join nothing."""
    rows = [f"T{i},2024-03-{1 + i % 28:02d} 10:00:00,k{i % 7},billing,fine" for i in range(60)]
    comments = [
        "Dear all, it fails\nagain, and again, and again, so\nplease, look, at, it",
        "hello\na, b, c, d\n1, 2, 3, 4",
        "first line\r\nsecond line, with a comma",
        "x\none, two, three, four, five",
    ]
    for place, comment in enumerate(comments):
        rows[10 + place] = rows[10 + place].replace("fine", f'"{comment}"')
    path = tmp_path / "calls.csv"
    path.write_bytes("\n".join(["Call ID,Start time,Customer ID,Reason,Note", *rows]).encode())
    loaded = load(engine, path, extra=["Note"])
    assert (loaded.ledger.contacts, loaded.ledger.quarantined) == (60, {})
    kept = engine.sql().execute("SELECT x_Note FROM contacts WHERE x_Note <> 'fine' ORDER BY contact_id").fetchall()
    assert [row[0] for row in kept] == comments


def test_every_fault_of_a_row_is_listed_and_its_raw_content_kept(engine, tmp_path):
    """A row without an id that ends before it starts has two codes; the raw row can be corrected and replayed."""
    path = written(tmp_path, ",2024-03-02 10:00:00,2024-03-01 10:00:00,k1,=cmd()")
    load(engine, path)
    assert set_aside(engine) == [(41, ["FC2001", "FC2005"])]
    (raw,) = engine.sql().execute("SELECT raw FROM quarantine").fetchone()
    assert json.loads(raw)["reason"] == "=cmd()"
    assert json.loads(raw)["end time"] == "2024-03-01 10:00:00"


def test_unusable_moments_are_set_aside(engine, tmp_path):
    """A missing start, an unreadable start, an unreadable end, 1970 and 2199."""
    path = written(
        tmp_path,
        "d1,,,k1,x",
        "d2,yesterday,,k1,x",
        "d3,2024-03-01 10:00:00,later,k1,x",
        "d4,1970-01-01 00:00:00,,k1,x",
        "d5,2024-03-01 10:00:00,2199-12-31 00:00:00,k1,x",
    )
    assert load(engine, path).ledger.quarantined == {"FC2002": 1, "FC2003": 1, "FC2004": 1, "FC2006": 2}


def test_a_contact_id_taken_twice_keeps_one_row(engine, tmp_path):
    """Other content: the first row stays and the second is set aside. Same content: absorbed."""
    path = written(tmp_path, ROWS[0].replace("billing", "outage"), ROWS[1])
    loaded = load(engine, path)
    assert loaded.ledger.quarantined == {"FC2007": 1}
    assert loaded.ledger.absorbed == {"duplicate": 1}
    assert engine.sql().execute("SELECT reason FROM contacts WHERE contact_id = 'c0'").fetchall() == [("billing",)]


def test_a_later_version_of_a_ticket_is_the_one_that_stays(engine, tmp_path):
    """Where the file tells versions apart, the latest is kept whatever the order of rows."""
    path = tmp_path / "tickets.csv"
    rows = [f"T{i},2024-03-01 10:00,2024-03-02 10:00,2024-03-02 10:00,k{i}" for i in range(60)]
    rows.insert(0, "T5,2024-03-01 10:00,2024-03-05 10:00,2024-03-05 10:00,k5")
    path.write_text("\n".join(["Ticket ID,Created at,Resolved at,Updated at,Requester ID", *rows]))
    mapping = mapping_from(
        {
            "kind": "ticket",
            "columns": {"contact_id": "Ticket ID", "started_at": "Created at", "ended_at": "Resolved at"},
            "updates": {"updated_at": "Updated at"},
        }
    )
    assert load(engine, path, mapping=mapping).ledger.absorbed == {"update": 1}
    (ended,) = engine.sql().execute("SELECT ended_at FROM contacts WHERE contact_id = 'T5'").fetchone()
    assert ended.day == 5


def test_a_persons_mapping_is_obeyed_and_bad_values_set_their_rows_aside(engine, tmp_path):
    """A value that does not fit a column a person chose is never dropped in silence."""
    path = tmp_path / "calls.csv"
    path.write_text("id,at,seconds\na,2024-01-01 10:00,12\nb,2024-01-01 11:00,long\n")
    plain = {"columns": {"contact_id": "id", "started_at": "at", "handle_seconds": "seconds"}}
    assert load(engine, path, mapping=mapping_from(plain)).ledger.quarantined == {"FC2008": 1}
    lenient = load(engine, path, mapping=mapping_from(plain | {"bad_values": "missing"}))
    assert lenient.ledger.contacts == 2
    assert any("handle_seconds: 1 value does not fit" in finding.text for finding in lenient.findings)


def test_mixed_date_orders_are_an_error(engine, tmp_path):
    """When many values prove each order, the ambiguous ones cannot be trusted either."""
    path = tmp_path / "calls.csv"
    dates = [f"{d:02d}/03/2024 10:00" for d in range(1, 29)] + [f"03/{d:02d}/2024 10:00" for d in range(1, 29)]
    path.write_text("call id,start time\n" + "\n".join(f"c{i},{date}" for i, date in enumerate(dates)))
    assert refused(engine, path) == ["FC1013"]


def test_a_few_dates_in_the_other_order_are_set_aside(engine, tmp_path):
    """One typing error in two thousand does not make a column unreadable."""
    path = tmp_path / "calls.csv"
    dates = [f"{1 + i % 28:02d}/03/2024 10:00" for i in range(2000)] + ["03/28/2024 10:00"]
    path.write_text("call id,start time\n" + "\n".join(f"c{i},{date}" for i, date in enumerate(dates)))
    loaded = load(engine, path)
    assert loaded.ledger.quarantined == {"FC2010": 1}
    assert any(finding.level == "warning" and "other order" in finding.text for finding in loaded.findings)


def test_lines_that_are_no_object_are_set_aside(engine, tmp_path):
    """A cut-off line, a list and a word between JSON objects."""
    path = tmp_path / "calls.jsonl"
    good = [json.dumps({"call_id": f"c{i}", "started_at": f"2024-01-{1 + i:02d}T10:00:00Z"}) for i in range(20)]
    path.write_text("\n".join([*good, '{"call_id": "c2', "[1, 2]", "hello"]))
    assert load(engine, path).ledger.quarantined == {"FC2011": 3}
    path.write_text("hello\nworld\n")
    assert refused(engine, path) == ["FC1005"]


def test_companion_rows_without_a_contact_are_set_aside(engine, tmp_path):
    """Rows of identifiers that name no contact, or no value, are not identifiers."""
    written(tmp_path)
    (tmp_path / "identifiers.csv").write_text("contact_id,kind,value\nc1,phone,+359 2 123\n,phone,1\nc2,email,\n")
    loaded = load(engine, tmp_path)
    assert loaded.ledger.quarantined == {"FC2012": 2}
    assert loaded.ledger.absorbed == {"identifiers": 1}
    assert engine.sql().execute("SELECT * FROM identifiers").fetchall() == [("c1", "phone", "+359 2 123")]


def test_when_no_row_is_left_the_causes_are_counted(engine, tmp_path):
    """All rows bad: one fault a cause, the commonest first."""
    path = tmp_path / "calls.csv"
    path.write_text("call id,start time\n" + "\n".join(f"c{i},1970-01-01 00:00:00" for i in range(5)) + "\nx,\n")
    assert refused(engine, path) == ["FC1014", "FC1014"]


# --------------------------------------------------------------------------------------- odd, but read all the same


def test_nul_bytes_are_taken_out_and_said(engine, tmp_path):
    """A NUL inside text is dropped; the row stays."""
    path = tmp_path / "calls.csv"
    path.write_bytes("\n".join((HEADER, *ROWS)).encode().replace(b"billing", b"bil\0ling", 3))
    loaded = load(engine, path)
    assert loaded.ledger.contacts == 40
    assert any("3 NUL characters" in finding.text for finding in loaded.findings)


def test_a_field_of_five_megabytes_is_read(engine, tmp_path):
    """A whole mail in one field is data, line breaks and all."""
    path = written(tmp_path, 'big,2024-03-01 10:00:00,,k1,"' + "words and\nlines, " * 300_000 + '"')
    loaded = load(engine, path)
    assert loaded.ledger.contacts == 41
    (longest,) = engine.sql().execute("SELECT max(length(reason)) FROM contacts").fetchone()
    assert longest > 5_000_000


def test_names_that_occur_twice_are_told_apart(engine, tmp_path):
    """Case apart, because engines do not tell `ID` from `id`."""
    path = tmp_path / "calls.csv"
    path.write_text("call id,start time,note,Note\n" + "\n".join(f"c{i},2024-01-0{i} 10:00,a,b" for i in range(1, 9)))
    loaded = load(engine, path, extra=["Note_2"])
    assert loaded.extra == {"x_Note_2": "Note_2"}
    assert engine.sql().execute('SELECT DISTINCT "x_Note_2" FROM contacts').fetchall() == [("b",)]
    assert any("occur twice" in finding.text for finding in loaded.findings)


def test_two_zones_in_one_column_are_said(engine, tmp_path):
    """Offsets are believed; what has none is understood in the zone named."""
    path = tmp_path / "calls.csv"
    path.write_text(
        "call id,start time\n" + "\n".join(f"a{i},2024-07-01T10:00:00+02:00" for i in range(5)) + "\n"
        + "\n".join(f"b{i},2024-07-01T10:00:00" for i in range(5))
    )  # fmt: skip
    loaded = load(engine, path, zone="Europe/Sofia")
    hours = engine.sql().execute("SELECT left(contact_id, 1), hour(started_at) FROM contacts GROUP BY ALL ORDER BY 1")
    assert hours.fetchall() == [("a", 8), ("b", 7)]
    assert any(finding.topic == "zone" and finding.level == "warning" for finding in loaded.findings)


def test_formulas_and_right_to_left_text_pass_as_data(engine, tmp_path):
    """Reading changes nothing; guarding a spreadsheet is the exporter's work."""
    path = written(
        tmp_path, 'f1,2024-03-01 10:00:00,,k1,"=HYPERLINK(""x"")"', "f2,2024-03-01 10:00:00,,k2,חשבונית שגויה"
    )
    load(engine, path)
    reasons = (
        engine.sql().execute("SELECT reason FROM contacts WHERE contact_id LIKE 'f%' ORDER BY contact_id").fetchall()
    )
    assert reasons == [('=HYPERLINK("x")',), ("חשבונית שגויה",)]


def test_most_customers_missing_still_loads(engine, tmp_path):
    """60 % of rows without a customer: still contacts."""
    path = tmp_path / "calls.csv"
    lines = [f"c{i},2024-03-{1 + i % 28:02d} 10:00,{'' if i % 5 < 3 else f'k{i % 11}'}" for i in range(200)]
    path.write_text("\n".join(["call id,start time,customer id", *lines]))
    load(engine, path)
    assert engine.sql().execute("SELECT count(*) - count(customer_id) FROM contacts").fetchone() == (120,)


def test_scratch_files_do_not_stay(engine, tmp_path, monkeypatch):
    """Whatever happens, unpacked customer data does not remain on disk."""
    import tempfile

    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    path = tmp_path / "calls.csv.gz"
    path.write_bytes(gzip.compress("\n".join((HEADER, *ROWS)).encode()))
    load(engine, path)
    bad = tmp_path / "bad.csv.gz"
    bad.write_bytes(path.read_bytes()[:200])
    refused(engine, bad)
    assert list(place.iterdir()) == []


def test_error_texts_never_repeat_a_value(engine, tmp_path):
    """What was seen is a count or a kind of content, not what a customer said."""
    path = tmp_path / "calls.csv"
    path.write_text("call id,start time\nSECRET-1,1970-01-01\nSECRET-2,1970-01-01\n")
    with pytest.raises(FirstcontactError) as caught:
        TabularConnector().load(engine, [path])
    assert "SECRET" not in str(caught.value)


def test_the_room_in_the_temporary_directory_is_respected(engine, tmp_path, monkeypatch):
    """An archive that would fill the disk is not unpacked."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(container.shutil, "disk_usage", lambda path: usage._replace(free=0))
    path = tmp_path / "calls.csv.gz"
    path.write_bytes(gzip.compress("\n".join((HEADER, *ROWS)).encode()))
    assert refused(engine, path) == ["FC1009"]


# ------------------------------------------------------------------------------------------------- nothing usable

TICKETS = "number,opened_at,sys_mod_count,caller_id"
CALLS = "call id,call date,call time,csat,talk time"


@pytest.mark.parametrize(
    "header", [TICKETS, CALLS, "contact_id,started_at,customer_id,reason", "case id,status,updated at,opened at"]
)
def test_a_file_of_ragged_rows_alone_says_so(engine, tmp_path, header):
    """Where every row has too few or too many fields nothing is left, and that is what is said, whatever the header."""
    path = tmp_path / "calls.csv"
    path.write_text(header + "\n" + "a,b\n" * 6 + "1,2,3,4,5,6,7,8\n")
    assert refused(engine, path) == ["FC1014"]
    inspected = TabularConnector().inspect(engine, [path])
    assert [fault.kind.code for fault in inspected.faults] == ["FC1014"]
    assert inspected.files[0].rejected == 7
    assert refused(engine, path, mapping={"columns": {"started_at": header.split(",")[1]}}) == ["FC1014"]


@pytest.mark.parametrize("row", ["", "   ", ",,,", '"","","",""', " , ,\t,", "NULL,NULL,NULL,NULL", "-,-,-,-"])
def test_a_file_of_rows_that_say_nothing_says_so(engine, tmp_path, row):
    """Blank lines, empty cells and placeholders under a header: no contact is left, and the error tells which way."""
    path = tmp_path / "calls.csv"
    for header in (TICKETS, "contact_id,started_at,customer_id,reason"):
        for times in (1, 30):
            path.write_text(header + "\n" + f"{row}\n" * times)
            (code,) = refused(engine, path)
            assert code in {"FC1004", "FC1012", "FC1014"}


def test_companions_without_a_usable_row_leave_the_contacts(engine, tmp_path):
    """A file of surveys whose rows are all ragged, or empty, is set aside whole; the contacts are read."""
    written(tmp_path)
    (tmp_path / "surveys.csv").write_text("call id,csat,answered at\n" + "c1,5\n" * 3)
    (tmp_path / "reviews.csv").write_text("call id,reviewer,resolved\nNULL,NULL,NULL\n")
    loaded = load(engine, tmp_path)
    assert loaded.ledger.contacts == len(ROWS)
    assert loaded.ledger.quarantined == {"FC2009": 3, "FC2012": 1}
