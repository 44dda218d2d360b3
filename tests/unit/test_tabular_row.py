"""What the values of a row come to: which row of a contact counts, how long it took, why it was, and who it was."""

# ruff: noqa: E501 - rows of exports stand as they come

from __future__ import annotations

from pathlib import Path

import pytest

from firstcontact.adapters.connectors.tabular.load import TabularConnector
from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.contacts.loaded import Loaded


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


def written(folder: Path, header: str, row: str, rows: int = 40, name: str = "export.csv") -> Path:
    path = folder / name
    lines = [row.format(i=i, d=f"{1 + i % 28:02d}", a=i % 3, k=i % 7, m=1 + i % 9) for i in range(rows)]
    path.write_text("\n".join([header, *lines]), encoding="utf-8")
    return path


def one(engine: DuckDBEngine, query: str) -> tuple:
    return engine.sql().execute(query).fetchone()


# ------------------------------------------------------------------------------------ which row of a contact counts


@pytest.mark.parametrize("header", ["Updated", "Last modified", "Last update", "Last Modified Date"])
@pytest.mark.parametrize("turned", [False, True])
def test_of_overlapping_exports_the_latest_row_counts(engine, tmp_path, header, turned):
    """The monthly export of June brings May's ticket again, closed since: it counts, whichever file is read first."""
    names = ["b.csv", "a.csv"] if turned else ["a.csv", "b.csv"]
    head = f"Ticket ID,Created,Closed,Requester,Category,{header}"
    may = [f"T{i},2024-05-{1 + i % 28:02d} 10:00,,u{i % 7},billing,2024-05-{1 + i % 28:02d} 11:00" for i in range(60)]
    june = [f"J{i},2024-06-{1 + i % 28:02d} 10:00,,u{i % 7},billing,2024-06-{1 + i % 28:02d} 11:00" for i in range(60)]
    june += ["T5,2024-05-06 10:00,2024-06-03 10:00,u5,refund,2024-06-03 10:00"]
    (tmp_path / names[0]).write_text("\n".join([head, *may]))
    (tmp_path / names[1]).write_text("\n".join([head, *june]))
    loaded = load(engine, *sorted(tmp_path.iterdir()))
    assert loaded.mapping["updates"] == {"updated_at": header}
    assert one(engine, "SELECT reason, ended_at IS NOT NULL FROM contacts WHERE contact_id = 'T5'") == ("refund", True)
    assert loaded.ledger.contacts == 120
    assert loaded.ledger.absorbed == {"update": 1}


def test_of_two_rows_updated_at_once_neither_is_believed_more(engine, tmp_path):
    """The same id, the same moment of update and other content: the first stays, the second is set aside."""
    path = written(
        tmp_path,
        "Call ID,Start time,Customer,Reason,Last update",
        "c{i},2024-03-{d} 10:00,u{k},billing,2024-03-{d} 11:00",
    )
    path.write_text(path.read_text() + "\nc5,2024-03-06 10:00,u5,refund,2024-03-06 11:00\n")
    loaded = load(engine, path)
    assert loaded.ledger.quarantined == {"FC2007": 1}
    assert one(engine, "SELECT reason FROM contacts WHERE contact_id = 'c5'") == ("billing",)


# ------------------------------------------------------------------------------------------------ how long it took


def test_talk_hold_and_after_call_work_are_added(engine, tmp_path):
    """Without a total, the parts make it; a part that is missing counts nothing, and none at all is no handle time."""
    path = written(
        tmp_path,
        "Call ID,Start time,End time,Talk Time,Hold Time,After Call Work Time",
        "c{i},2024-03-{d} 10:00:00,2024-03-{d} 10:05:00,00:04:00,00:00:30,60",
    )
    path.write_text(
        path.read_text()
        + "\nx,2024-03-01 10:00:00,2024-03-01 10:05:00,00:02:00,,\ny,2024-03-01 10:00:00,2024-03-01 10:05:00,,,\n"
    )
    loaded = load(engine, path)
    assert loaded.mapping["columns"]["handle_seconds"] == {"sum": ["Talk Time", "Hold Time", "After Call Work Time"]}
    assert one(engine, "SELECT handle_seconds, hold_seconds FROM contacts WHERE contact_id = 'c1'") == (330.0, 30.0)
    assert one(engine, "SELECT handle_seconds FROM contacts WHERE contact_id = 'x'") == (120.0,)
    assert one(engine, "SELECT handle_seconds FROM contacts WHERE contact_id = 'y'") == (None,)


def test_a_total_is_not_added_to(engine, tmp_path):
    """Where a column holds the handle time, its parts stand beside it."""
    path = written(tmp_path, "Call ID,Start time,Talk Time,ACW,Handle Time", "c{i},2024-03-{d} 10:00:00,240,60,300")
    assert load(engine, path).mapping["columns"]["handle_seconds"] == "Handle Time"


@pytest.mark.parametrize(
    ("figure", "unit", "seconds"), [("{m}.1", "minutes", 186.0), ("{m}59000", "milliseconds", 359.0)]
)
def test_a_unit_is_found_by_the_time_from_start_to_end(engine, tmp_path, figure, unit, seconds):
    """Of a call of three minutes a handle time of 3.1 counts minutes and 359000 milliseconds; that is said, and kept."""
    path = written(
        tmp_path,
        "Call ID,Start time,End time,Handle Time",
        "c{i},2024-03-{d} 10:00:00,2024-03-{d} 10:0{m}:00," + figure,
    )
    loaded = load(engine, path)
    assert one(engine, "SELECT handle_seconds FROM contacts WHERE contact_id = 'c2'") == (pytest.approx(seconds),)
    assert loaded.mapping["units"] == {"handle_seconds": unit}
    assert any(f.topic == "units" and f.level == "info" and "times the seconds" in f.rests_on for f in loaded.findings)
    file = tmp_path / "mapping.toml"
    file.write_text(TabularConnector().inspect(engine, [path]).mapping_file, encoding="utf-8")
    assert load(engine, path, mapping=file).mapping == loaded.mapping


def test_a_doubtful_unit_is_warned_of(engine, tmp_path):
    """Figures a hundred times the length of the call may be milliseconds of talk, or wrong: they are left alone."""
    path = written(
        tmp_path, "Call ID,Start time,End time,Handle Time", "c{i},2024-03-{d} 10:00:00,2024-03-{d} 10:0{m}:00,{m}000"
    )
    loaded = load(engine, path)
    assert "units" not in loaded.mapping
    assert [f.level for f in loaded.findings if f.topic == "units"] == ["warning"]


def test_a_person_who_wrote_no_unit_is_warned_and_obeyed(engine, tmp_path):
    """With a mapping written by hand the figures stay seconds, and the doubt is said."""
    path = written(tmp_path, "id,from,to,aht", "c{i},2024-03-{d} 10:00:00,2024-03-{d} 10:0{m}:00,{m}.1")
    plain = {"columns": {"contact_id": "id", "started_at": "from", "ended_at": "to", "handle_seconds": "aht"}}
    loaded = load(engine, path, mapping=plain)
    assert one(engine, "SELECT handle_seconds FROM contacts WHERE contact_id = 'c2'") == (pytest.approx(3.1),)
    assert [f.level for f in loaded.findings if f.topic == "units"] == ["warning"]


def test_seconds_are_left_alone(engine, tmp_path):
    """Talk of two thirds of the call is seconds, and nothing is said."""
    path = written(
        tmp_path, "Call ID,Start time,End time,Talk Time", "c{i},2024-03-{d} 10:00:00,2024-03-{d} 10:0{m}:00,{m}0"
    )
    loaded = load(engine, path)
    assert "units" not in loaded.mapping
    assert not [f for f in loaded.findings if f.topic == "units"]


# -------------------------------------------------------------------------------------------------------- why it was


def test_spellings_of_one_reason_are_one_reason(engine, tmp_path):
    """Capital letters and blanks make no reason of their own: the commonest spelling stands for all, level by level."""
    path = tmp_path / "export.csv"
    reasons = ["Billing"] * 9 + ["billing"] * 4 + ["BILLING "] * 2 + ["Net  work"] + ["Net work"] * 5 + ["Move"] * 3
    lines = [
        f"c{i},2024-03-{1 + i % 28:02d} 10:00,u{i % 7},{reason},{'Fee' if i % 4 else 'fee'}"
        for i, reason in enumerate(reasons)
    ]
    path.write_text("\n".join(["Call ID,Start time,Customer,Category,Subcategory", *lines]))
    loaded = load(engine, path)
    found = engine.sql().execute("SELECT reason, count(*) FROM contacts GROUP BY 1 ORDER BY 1").fetchall()
    assert found == [("Billing > Fee", 15), ("Move > Fee", 3), ("Net work > Fee", 6)]
    said = [f for f in loaded.findings if f.topic == "reasons"]
    assert len(said) == 1
    assert "capital letters or blanks" in said[0].text
    assert "stand for 3 reasons" in said[0].rests_on


def test_the_code_at_the_end_stands_in_for_a_reason(engine, tmp_path):
    """A wrap-up code is offered as reason where nothing else is, at less confidence; outcomes of calls never are."""
    path = written(tmp_path, "Conversation ID,Start,ANI,Wrap-up", "c{i},2024-03-{d} 10:00:00,+35988812345{k},W{a}")
    loaded = load(engine, path)
    assert loaded.mapping["columns"]["reason"] == loaded.mapping["columns"]["wrap_up"] == "Wrap-up"
    path = written(
        tmp_path, "Conversation ID,Start,ANI,Wrap-up,Category", "c{i},2024-03-{d} 10:00:00,+35988812345{k},W{a},C{a}"
    )
    assert load(engine, path).mapping["columns"]["reason"] == "Category"
    path = written(tmp_path, "Call ID,Start,ANI,Disposition", "c{i},2024-03-{d} 10:00:00,+35988812345{k},ANSWERED")
    assert "reason" not in load(engine, path).mapping["columns"]


# -------------------------------------------------------------------------------------------------------- who it was


@pytest.mark.parametrize(
    "nobody",
    ["+266696687", "266696687", "Anonymous", "PRIVATE", "Restricted", "unavailable", "Unknown Caller", "מספר חסוי",
     "скрит номер", "Número oculto", "Nummer unterdrückt", "Numéro masqué", "anonymous@anonymous.invalid"],
)  # fmt: skip
def test_a_withheld_number_is_nobody(engine, tmp_path, nobody):
    """What telephone networks write for a withheld number joins no two callers, as customer or as identifier."""
    path = written(tmp_path, "Call ID,Start,Caller number", "c{i},2024-03-{d} 10:00:00,+35988812345{k}")
    path.write_text(path.read_text() + f"\nx,2024-03-01 10:00:00,{nobody}\ny,2024-03-01 11:00:00,{nobody}\n")
    load(engine, path)
    assert one(engine, "SELECT count(customer_id), count(*) FROM contacts") == (40, 42)
    assert one(engine, "SELECT count(*) FROM identifiers") == (40,)


def test_a_zero_among_long_ids_is_nobody(engine, tmp_path):
    """One 0 among ids of six letters is no id; it is shown. Among short numbers it is somebody."""
    path = written(tmp_path, "Call ID,Start,Customer ID", "c{i},2024-03-{d} 10:00:00,CU100{k}")
    path.write_text(path.read_text() + "\nx,2024-03-01 10:00:00,0\n")
    loaded = load(engine, path)
    assert one(engine, "SELECT customer_id FROM contacts WHERE contact_id = 'x'") == (None,)
    assert any('"0" is read as missing' in f.text for f in loaded.findings)
    path = written(tmp_path, "Call ID,Start,Customer ID", "c{i},2024-03-{d} 10:00:00,{i}")
    load(engine, path)
    assert one(engine, "SELECT count(customer_id) FROM contacts") == (40,)


def test_an_asterisk_log_needs_no_mapping(engine, tmp_path):
    """The caller is `src`, the disposition is what became of the call and no reason, the context its direction."""
    path = written(
        tmp_path,
        "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,accountcode,uniqueid",
        '2024-03-{d} 10:0{a}:00,"""A"" <35988812345{k}>",35988812345{k},600,from-trunk,SIP/t-0000{i},SIP/1{a}-0000{i},Queue,600,75,60,ANSWERED,3,,17100{i}.1',
    )
    path.write_text(path.read_text().replace("60,ANSWERED,3,,171001.1", "0,NO ANSWER,3,,171001.1"))
    loaded = load(engine, path)
    columns = loaded.mapping["columns"]
    assert loaded.mapping["source"] == "Asterisk"
    assert (columns["customer_id"], columns["contact_id"], columns["started_at"]) == ("src", "uniqueid", "calldate")
    assert "reason" not in columns
    assert columns["handle_seconds"] == "billsec"
    assert one(engine, "SELECT count(*) FILTER (abandoned), count(*) FILTER (NOT abandoned) FROM contacts") == (1, 39)
    assert one(engine, "SELECT DISTINCT direction FROM contacts") == ("inbound",)


def test_stations_of_a_ticket_are_transfers_and_one(engine, tmp_path):
    """Zendesk's count of assignees: one station is no transfer, three are two."""
    path = written(
        tmp_path,
        "Ticket ID,Created at,Requester ID,Assignee stations,Group stations",
        "{i},2024-03-{d} 10:00,u{k},{a},1",
    )
    loaded = load(engine, path)
    assert loaded.mapping["columns"]["transfers"] == {"stations": ["Assignee stations", "Group stations"]}
    found = engine.sql().execute("SELECT DISTINCT transfers FROM contacts ORDER BY 1").fetchall()
    assert found == [(0,), (1,)]
    file = tmp_path / "mapping.toml"
    file.write_text(TabularConnector().inspect(engine, [path]).mapping_file, encoding="utf-8")
    assert load(engine, path, mapping=file).mapping == loaded.mapping


def test_a_moment_of_update_is_read_only_where_ids_come_back(engine, tmp_path):
    """Where every id is there once, the column is recorded for other files and not parsed in this one."""
    path = written(tmp_path, "Call ID,Start time,Customer,Last update", "c{i},2024-03-{d} 10:00,u{k},2024-03-{d} 11:00")
    loaded = load(engine, path)
    assert loaded.mapping["updates"] == {"updated_at": "Last update"}
    assert "updated_at" not in loaded.mapping["dates"]
    file = tmp_path / "mapping.toml"
    file.write_text(TabularConnector().inspect(engine, [path]).mapping_file, encoding="utf-8")
    assert load(engine, path, mapping=file).mapping == loaded.mapping
    (tmp_path / "later.csv").write_text(
        "Call ID,Start time,Customer,Last update\nc3,2024-03-04 10:00,u9,2024-06-01 11:00\n"
    )
    loaded = load(engine, path, tmp_path / "later.csv", mapping=file)
    assert loaded.ledger.absorbed == {"update": 1}
    assert one(engine, "SELECT customer_id FROM contacts WHERE contact_id = 'c3'") == ("u9",)
