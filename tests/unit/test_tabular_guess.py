"""What an unknown file's columns are taken for, by name and by content."""

# ruff: noqa: E501, ISC004 - rows of exports stand as they come

from __future__ import annotations

from collections import Counter
from datetime import UTC, timedelta
from datetime import datetime as zoned
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firstcontact.adapters.connectors.tabular.load import TabularConnector
from firstcontact.adapters.connectors.tabular.missing import placeholders
from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.contacts.loaded import Loaded


def moment(*parts: int) -> zoned:
    """A moment as tables hold it: UTC, without zone."""
    return zoned(*parts, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture(scope="module")
def engine():
    """One engine for many small files."""
    engine = DuckDBEngine(threads=1)
    yield engine
    engine.close()


def export(folder: Path, header: str, row: str, rows: int = 40) -> Path:
    """A file with rows made of one pattern: {i} counts, {d} is a day, {a} one of three, {k} one of seven."""
    path = folder / "export.csv"
    lines = [
        row.format(i=i, d=f"{1 + i % 28:02d}", a=i % 3, k=i % 7, word=("billing", "outage", "move")[i % 3],
                   state=("Open", "Closed", "Solved")[i % 3], channel=("Phone", "Email", "Chat")[i % 3])
        for i in range(rows)
    ]  # fmt: skip
    path.write_text("\n".join([header, *lines]), encoding="utf-8")
    return path


def load(engine: DuckDBEngine, path: Path, **options) -> Loaded:
    loaded = TabularConnector().load(engine, [path], **options)
    assert loaded.ledger.adds_up
    return loaded


def column_of(loaded: Loaded, ours: str) -> object:
    return loaded.mapping["columns"].get(ours)


EXPORTS = [
    (
        "Zendesk",
        "Ticket ID,Ticket subject,Requester ID,Via channel,Created at,Solved at,Status,Ticket group,Assignee "
        "name,Reopens,Satisfaction rating",
        "{i},about {i},u{k},{channel},2024-03-{d} 10:00:00,2024-03-{d} 12:00:00,{state},G{a},Ann {a},{a},Good",
        {"contact_id": "Ticket ID", "customer_id": "Requester ID", "channel": "Via channel", "started_at": "Created at",
         "ended_at": "Solved at", "settled": "Status", "queue": "Ticket group", "agent_id": "Assignee name"},
        "ticket",
    ),
    (
        "Freshdesk",
        "Ticket ID,Subject,Status,Type,Source,Created time,Resolved time,Closed time,Group,Agent,Full name,Email",
        "{i},about {i},{state},{word},{channel},2024-03-{d} 10:00:00,2024-03-{d} 12:00:00,2024-03-{d} "
        "13:00:00,G{a},Ann,N{k},n{k}@x.org",
        {"contact_id": "Ticket ID", "channel": "Source", "reason": "Type", "started_at": "Created time",
         "ended_at": {"first_of": ["Resolved time", "Closed time"]}, "customer_id": "Email"},
        "ticket",
    ),
    (
        "Jira Service Management",
        "Issue key,Summary,Issue Type,Status,Reporter,Assignee,Created,Resolved",
        "SD-{i},about {i},{word},{state},u{k},a{a},{d}/Mar/24 10:00 AM,{d}/Mar/24 1:05 PM",
        {"contact_id": "Issue key", "customer_id": "Reporter", "agent_id": "Assignee", "started_at": "Created",
         "ended_at": "Resolved", "reason": "Issue Type"},
        "ticket",
    ),
    (
        "Genesys Cloud",
        "Conversation ID,Media Type,Direction,Conversation Start,Conversation End,ANI,Queue Name,Wrap Up "
        "Code,Total Handle Time,Transferred,Abandoned",
        "c{i},voice,Inbound,2024-03-{d}T10:00:00.000Z,2024-03-{d}T10:09:00.000Z,+35988812345{k},Q{a},{word},540,0,false",
        {"contact_id": "Conversation ID", "channel": "Media Type", "direction": "Direction", "started_at": "Conversation Start",
         "ended_at": "Conversation End", "customer_id": "ANI", "queue": "Queue Name", "abandoned": "Abandoned"},
        "contact",
    ),
    (
        "Five9",
        "CALL ID,DATE,TIME,CAMPAIGN,SKILL,AGENT,DISPOSITION,ANI,DNIS,CALL TIME,HANDLE TIME",
        "{i},03/{d}/2024,10:0{a}:00,Care,S{a},ann{a},Abandon,555000100{k},5550009999,00:01:00,00:05:30",
        {"contact_id": "CALL ID", "started_at": {"join": ["DATE", "TIME"]}, "queue": "SKILL", "agent_id": "AGENT",
         "customer_id": "ANI", "handle_seconds": "HANDLE TIME"},
        "contact",
    ),
    (
        "Amazon Connect",
        "ContactId,Channel,InitiationMethod,InitiationTimestamp,DisconnectTimestamp,CustomerEndpoint.Address,Queue.Name,Agent.Username",
        "c{i},VOICE,INBOUND,2024-03-{d}T10:00:00Z,2024-03-{d}T10:05:00Z,+4479460000{k}0,Q{a},ann{a}",
        {"contact_id": "ContactId", "channel": "Channel", "direction": "InitiationMethod", "started_at": "InitiationTimestamp",
         "ended_at": "DisconnectTimestamp", "customer_id": "CustomerEndpoint.Address", "queue": "Queue.Name", "agent_id": "Agent.Username"},
        "contact",
    ),
    (
        "Salesforce Service",
        "Case Number,Contact Name,Case Origin,Date/Time Opened,Date/Time Closed,Status,Case Reason,Case Owner",
        "0000{i},N{k},{channel},3/{d}/2024 10:00 AM,3/{d}/2024 1:00 PM,{state},{word},Ann{a}",
        {"contact_id": "Case Number", "customer_id": "Contact Name", "channel": "Case Origin", "started_at": "Date/Time Opened",
         "ended_at": "Date/Time Closed", "reason": "Case Reason", "agent_id": "Case Owner"},
        "ticket",
    ),
    (
        "Freshdesk",
        "Ticket ID,Status,Type,Source,Agent,Group,Created time,Resolved time,Last update time,Survey results,Email,Work phone,Contact ID",
        "{i},{state},{word},{channel},Ann,G{a},2024-03-{d} 10:00:00,2024-03-{d} 12:00:00,2024-03-{d} 13:00:00,Extremely Happy,n{k}@x.org,+35988812345{k},{k}",
        {"contact_id": "Ticket ID", "customer_id": "Email", "reason": "Type", "agent_id": "Agent"},
        "ticket",
    ),
    (
        "ServiceNow",
        "Number,Opened,Caller,State,Category,Assignment group,Assigned to,Updated,Resolved,Contact type,Reassignment count",
        "INC{i},{d}-03-2024 10:00:00,User {k},{state},{word},G{a},Ann,{d}-03-2024 12:00:00,{d}-03-2024 11:00:00,{channel},{a}",
        {"contact_id": "Number", "customer_id": "Caller", "started_at": "Opened", "transfers": "Reassignment count"},
        "ticket",
    ),
    (
        "Jira Service Management",
        "Issue key,Issue Type,Status,Reporter,Created,Updated,Resolved,Custom field (Request Type),Custom field (Satisfaction rating)",
        "SD-{i},Service Request,{state},u{k},{d}/Mar/24 10:00 AM,{d}/Mar/24 2:05 PM,{d}/Mar/24 1:05 PM,{word},5",
        {"contact_id": "Issue key", "reason": "Custom field (Request Type)", "customer_id": "Reporter"},
        "ticket",
    ),
    (
        "HubSpot",
        "Ticket ID,Ticket name,Pipeline,Ticket status,Create date,Close date,Ticket owner,Source,Category,Associated Contact IDs,Associated Contact",
        "{i},about {i},Support,Waiting on us,2024-03-{d} 10:00,2024-03-{d} 12:00,Ann,{channel},{word},50{k},N{k}",
        {"contact_id": "Ticket ID", "customer_id": "Associated Contact IDs", "reason": "Category", "channel": "Source"},
        "ticket",
    ),
    (
        "Dynamics 365",
        "Case Number,Origin,Customer,Owner,Status Reason,Created On,Case Type,Status,Resolved On",
        "CAS-{i},{channel},C{k},Ann,In Progress,3/{d}/2024 10:00 AM,{word},Active,3/{d}/2024 11:00 AM",
        {"contact_id": "Case Number", "customer_id": "Customer", "channel": "Origin", "reason": "Case Type", "ended_at": "Resolved On"},
        "ticket",
    ),
    (
        "Intercom",
        "Conversation ID,Conversation started at,Conversation state,User ID,User name,Teammate assigned,Conversation rating,Topic,Last closed at,Handling time (seconds)",
        "{i},2024-03-{d} 10:00:00,{state},usr_{k},N{k},Ann,5,{word},2024-03-{d} 12:00:00,600",
        {"contact_id": "Conversation ID", "customer_id": "User ID", "agent_id": "Teammate assigned", "reason": "Topic", "handle_seconds": "Handling time (seconds)"},
        "contact",
    ),
    (
        "Talkdesk",
        "Interaction ID,Call Type,Start Time,End Time,Customer Phone Number,Talk Time,Holding Time,Agent Name,Disposition Code,Ring Groups",
        "i{i},Missed,2024-03-{d} 10:00:00,2024-03-{d} 10:06:00,+155512345{k}0,00:04:00,00:00:30,Ann,{word},agents",
        {"customer_id": "Customer Phone Number", "direction": "Call Type", "abandoned": "Call Type", "reason": "Disposition Code",
         "handle_seconds": {"sum": ["Talk Time", "Holding Time"]}},
        "contact",
    ),
    (
        "Avaya CMS",
        "CALLID,SEGMENT,UCID,SEGSTART,SEGSTOP,CALLING_PTY,DISPSPLIT,ANSLOGIN,DISPOSITION,TALKTIME,ACWTIME,ANSHOLDTIME,LASTCWC",
        "{i},1,0001{i:04d},17095{d}000,17095{d}300,5551234{k}00,1{a},40{a},3,200,30,10,10{a}",
        {"contact_id": "UCID", "started_at": "SEGSTART", "customer_id": "CALLING_PTY", "abandoned": "DISPOSITION", "reason": "LASTCWC",
         "handle_seconds": {"sum": ["TALKTIME", "ANSHOLDTIME", "ACWTIME"]}},
        "contact",
    ),
    (
        "3CX",
        "Call Time,Caller ID,Destination,Status,Ringing,Talking,Totals,Cost,Reason",
        "03/{d}/2024 10:00:00 AM,5551234{k}00,Queue,unanswered,00:00:09,00:03:10,00:03:19,,Terminated by caller",
        {"started_at": "Call Time", "customer_id": "Caller ID", "abandoned": "Status", "handle_seconds": "Talking", "reason": None, "settled": None},
        "contact",
    ),
    (
        "OTRS/Zammad",
        "Ticket Number,Created,Closed,State,Queue,Owner,Customer User,Service",
        "2024{i},2024-03-{d} 10:00:00,2024-03-{d} 11:00:00,{state},Q{a},ann,u{k},{word}",
        {"contact_id": "Ticket Number", "started_at": "Created", "ended_at": "Closed", "queue": "Queue", "agent_id": "Owner",
         "customer_id": "Customer User", "reason": "Service"},
        "ticket",
    ),
    (
        None,
        "Номер на обаждане;Начало;Край;Клиент;Причина;Канал;Агент",
        "{i};{d}.03.2024 10:00;{d}.03.2024 10:05;к{k};{word};телефон;Ана",
        {"contact_id": "Номер на обаждане", "started_at": "Начало", "ended_at": "Край", "customer_id": "Клиент",
         "reason": "Причина", "channel": "Канал", "agent_id": "Агент"},
        "contact",
    ),
    (
        None,
        "מספר שיחה,זמן התחלה,זמן סיום,לקוח,סיבה,ערוץ,נציג",
        "{i},{d}/03/2024 10:00,{d}/03/2024 10:05,ל{k},{word},טלפון,דנה",
        {"contact_id": "מספר שיחה", "started_at": "זמן התחלה", "ended_at": "זמן סיום", "customer_id": "לקוח", "reason": "סיבה",
         "channel": "ערוץ", "agent_id": "נציג"},
        "contact",
    ),
    (
        None,
        "工单编号,创建时间,关闭时间,客户,问题类型,渠道,状态",
        "{i},2024年3月{d}日 10:00,2024年3月{d}日 12:00,客{k},{word},电话,已关闭",
        {"contact_id": "工单编号", "started_at": "创建时间", "ended_at": "关闭时间", "customer_id": "客户", "reason": "问题类型",
         "channel": "渠道", "settled": "状态"},
        "ticket",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("system", "header", "row", "columns", "kind"), EXPORTS, ids=[str(e[0] or e[1][:9]) for e in EXPORTS]
)
def test_the_export_of_a_common_system_needs_no_mapping(engine, tmp_path, system, header, row, columns, kind):
    """Each column is found where that system puts it, and the file loads whole."""
    loaded = load(engine, export(tmp_path, header, row))
    assert {ours: column_of(loaded, ours) for ours in columns} == columns
    assert loaded.source_kind == kind
    assert loaded.mapping.get("source") == system
    assert loaded.ledger.contacts == 40
    assert loaded.ledger.quarantined == {}


def one(engine: DuckDBEngine, query: str) -> tuple:
    return engine.sql().execute(query).fetchone()


def test_a_joined_date_and_time_is_one_moment(engine, tmp_path):
    """Month first is proven by the days, and the time of day comes from its own column."""
    _, header, row, _, _ = EXPORTS[4]
    load(engine, export(tmp_path, header, row))
    assert one(engine, "SELECT started_at FROM contacts WHERE contact_id = '27'") == (moment(2024, 3, 28, 10, 0),)
    assert one(engine, "SELECT DISTINCT handle_seconds, abandoned FROM contacts") == (330.0, True)


def test_satisfaction_and_reopens_become_tables_of_their_own(engine, tmp_path):
    """A survey column on the ticket's row is a survey; a count of reopens is a reopening."""
    loaded = load(engine, export(tmp_path, EXPORTS[0][1], EXPORTS[0][2]))
    assert one(engine, "SELECT count(*), avg(csat) FROM surveys") == (40, 1.0)
    assert one(engine, "SELECT count(*) FROM case_events WHERE kind = 'reopen'") == (26,)
    assert set(loaded.tables) == {"contacts", "surveys", "case_events"}


def test_identifiers_are_kept_by_kind(engine, tmp_path):
    """A telephone number serves as customer and as identifier, an address as identifier."""
    path = export(
        tmp_path,
        "call id,start time,customer id,phone,email",
        "{i},2024-03-{d} 10:00,k{k},+359 888 12 34 5{k},n{k}@x.org",
    )
    loaded = load(engine, path)
    assert loaded.mapping["identifiers"] == {"phone": ["phone"], "email": ["email"]}
    rows = engine.sql().execute("SELECT kind, count(*) FROM identifiers GROUP BY kind ORDER BY kind").fetchall()
    assert rows == [("email", 40), ("phone", 40)]


def test_surveys_are_brought_to_one_scale(engine, tmp_path):
    """1 to 5 becomes 0 to 1; an answer of yes is a resolved issue; 11 is no likelihood to recommend."""
    path = tmp_path / "export.csv"
    path.write_text(
        "call id,start time,csat,nps,survey resolved\n1,2024-03-01 10:00,5,10,yes\n2,2024-03-02 10:00,1,0,no\n"
        "3,2024-03-13 10:00,3,7,\n4,2024-03-14 10:00,,,\n"
    )
    loaded = load(engine, path)
    assert loaded.mapping["scales"] == {"csat": {"low": 1.0, "high": 5.0}}
    rows = engine.sql().execute("SELECT contact_id, csat, nps, resolved FROM surveys ORDER BY 1").fetchall()
    assert rows == [("1", 1.0, 10, True), ("2", 0.0, 0, False), ("3", 0.5, 7, None)]


def test_without_an_id_rows_are_numbered(engine, tmp_path):
    """The file and row make the id, and the contacts are all kept."""
    path = export(tmp_path, "start time,customer id", "2024-03-{d} 10:00,k{k}")
    loaded = load(engine, path)
    assert column_of(loaded, "contact_id") is None
    assert one(engine, "SELECT count(DISTINCT contact_id), min(contact_id) FROM contacts") == (40, "row-1")
    assert any("rows are numbered" in finding.text for finding in loaded.findings)


def test_a_number_that_comes_back_is_a_case_not_a_contact(engine, tmp_path):
    """Several calls about one case, without anything that says which row is later."""
    path = export(tmp_path, "case number,start time,customer id", "C{k},2024-03-{d} 10:{i:02d},k{k}")
    loaded = load(engine, path)
    assert column_of(loaded, "case_id") == "case number"
    assert loaded.ledger.contacts == 40


def test_unknown_customers_are_not_one_customer(engine, tmp_path):
    """'0', 'Unknown' and 'Anonymous' as a customer are nobody; a customer called 7 stays."""
    path = tmp_path / "export.csv"
    who = ["0"] * 30 + ["Unknown"] * 5 + ["anonymous"] * 3 + ["?"] * 2 + ["7", "8", "9a", "9b"] * 2
    lines = [f"{i},2024-03-{1 + i % 28:02d} 10:00,{name}" for i, name in enumerate(who)]
    path.write_text("\n".join(["call id,start time,customer id", *lines]))
    loaded = load(engine, path)
    assert loaded.mapping["missing"]["in"]["customer id"] == ["0", "Unknown", "anonymous"]
    assert "?" in loaded.mapping["missing"]["anywhere"]
    assert one(engine, "SELECT count(customer_id) FROM contacts") == (8,)
    assert any('"0" is read as missing: 30 values' in finding.text for finding in loaded.findings)


def test_a_frequent_zero_is_a_placeholder_and_a_rare_one_a_customer():
    """Frequency decides, against the most frequent ordinary value."""
    assert placeholders(Counter({"0": 50, "k1": 10, "k2": 9})) == {"0"}
    assert placeholders(Counter({"0": 12, "k1": 10, "k2": 9})) == set()


def test_a_guess_needs_nearly_all_values(engine, tmp_path):
    """A column called handle time that holds words is not the handle time."""
    path = export(tmp_path, "call id,start time,handle time", "{i},2024-03-{d} 10:00,{word}")
    assert column_of(load(engine, path), "handle_seconds") is None


@pytest.mark.parametrize(
    "above", ["Report of calls;;;", "Report of calls;;;\n;;;", '"Report of calls";;;\nfrom Monday;;;']
)
def test_a_title_padded_to_the_width_of_the_table_is_no_header(engine, tmp_path, above):
    """Excel writes a delimiter for every column beside a title; the columns' names stand below it."""
    path = export(tmp_path, "call id;start time;customer id;reason", "{i};2024-03-{d} 10:00;k{i};billing")
    plain = load(engine, path)
    path.write_text(f"{above}\n{path.read_text()}")
    titled = load(engine, path)
    assert titled.mapping["columns"] == plain.mapping["columns"]
    assert titled.ledger.contacts == plain.ledger.contacts


def test_a_title_is_no_reason(engine, tmp_path):
    """A column called topic whose every value differs is a text, not a reason."""
    path = export(tmp_path, "call id,start time,topic", "{i},2024-03-{d} 10:00,my line {i} is dead")
    assert column_of(load(engine, path), "reason") is None


def test_minutes_are_turned_into_seconds(engine, tmp_path):
    """A unit in the column's name is used and recorded."""
    path = export(tmp_path, "call id,start time,handle time (minutes)", "{i},2024-03-{d} 10:00,2")
    path.write_text(path.read_text().replace(" (minutes)", " minutes"))
    mapping = {
        "columns": {"started_at": "start time", "handle_seconds": "handle time minutes"},
        "units": {"handle_seconds": "minutes"},
    }
    load(engine, path, mapping=mapping)
    assert one(engine, "SELECT DISTINCT handle_seconds FROM contacts") == (120.0,)


def test_updates_in_any_order_give_the_last_state(engine, tmp_path):
    """Rows shuffled: the highest version wins, then the latest time; events follow the versions."""
    path = tmp_path / "export.csv"
    head = "number,incident_state,reopen_count,sys_mod_count,caller_id,opened_at,sys_updated_at,assignment_group,resolved_at"
    story = [
        "INC{i},Closed,1,5,k,1/3/2024 10:00,9/3/2024 10:00,B,8/3/2024 10:00",
        "INC{i},New,0,0,k,1/3/2024 09:00,1/3/2024 10:05,A,?",
        "INC{i},Resolved,0,2,k,1/3/2024 10:00,3/3/2024 10:00,B,3/3/2024 10:00",
        "INC{i},Awaiting User Info,0,1,k,1/3/2024 10:00,2/3/2024 10:00,B,?",
        "INC{i},Active,1,3,k,1/3/2024 10:00,4/3/2024 10:00,B,?",
        "INC{i},Resolved,1,4,k,1/3/2024 10:00,28/3/2024 10:00,B,8/3/2024 10:00",
    ]
    path.write_text("\n".join([head, *(line.format(i=i) for line in story for i in range(5))]))
    loaded = load(engine, path)
    assert loaded.source_kind == "ticket-update"
    assert (loaded.ledger.contacts, loaded.ledger.absorbed) == (5, {"update": 25})
    assert one(engine, "SELECT DISTINCT started_at, ended_at FROM contacts") == (
        moment(2024, 3, 1, 10),
        moment(2024, 3, 8, 10),
    )
    events = (
        engine.sql().execute("SELECT kind FROM case_events WHERE contact_id = 'INC1' ORDER BY \"at\", kind").fetchall()
    )
    assert Counter(kind for (kind,) in events) == {
        "awaiting": 1,
        "reassignment": 1,
        "settled": 2,
        "reopen": 1,
        "update": 1,
    }


def test_identifiers_beside_our_own_names_are_used(engine: DuckDBEngine, tmp_path: Path) -> None:
    """A file that names its columns as we do may still hold telephone numbers and answers under their plain names."""
    path = tmp_path / "own.csv"
    path.write_text(
        "contact_id,customer_id,phone,email,csat,started_at\n"
        "a1,c1,+15551234567,x@example.org,5,2024-01-01 10:00:00\n"
        "a2,,+15551234567,,1,2024-01-02 10:00:00\n"
        "a3,,,x@example.org,4,2024-01-03 10:00:00\n"
    )
    loaded = TabularConnector().load(engine, [path])
    assert set(loaded.mapping["identifiers"]) == {"phone", "email"}
    assert engine.execute(engine.table(loaded.tables["identifiers"])).num_rows == 4
    assert loaded.mapping["surveys"]["csat"] == "csat"


@pytest.mark.parametrize(
    ("queue", "category"),
    [
        ("First queue", "Original category"),
        ("Initial assignment group", "Initial category"),
        ("Original group", "First reason"),
    ],
)
def test_where_a_contact_was_put_first_is_read(engine, tmp_path, queue, category):
    """Columns of the first queue and category are read as such, spelt as the final ones are; the final ones stay."""
    header = f"ticket id,opened,category,group,{queue},{category}"
    path = export(tmp_path, header, "{i},2024-03-{d} 10:00,{word},g{a},g{k},{word}")
    text = path.read_text().replace("outage,g1,g1,outage", "outage,g1,g1,  Billing")
    path.write_text(text)
    loaded = load(engine, path)
    assert column_of(loaded, "first_queue") is None, "seven queues of which three are ever final are none of ours"
    path.write_text(
        text.replace(",g3,", ",g0,").replace(",g4,", ",g1,").replace(",g5,", ",g2,").replace(",g6,", ",g0,")
    )
    loaded = load(engine, path)
    assert column_of(loaded, "first_queue") == queue
    assert column_of(loaded, "first_reason") == category
    assert column_of(loaded, "queue") == "group"
    assert {"first_queue", "first_reason"} <= loaded.present
    found = engine.sql().execute("SELECT DISTINCT first_reason FROM contacts ORDER BY 1").fetchall()
    assert found == [("billing",), ("move",), ("outage",)]
    assert one(engine, "SELECT count(*) FROM contacts WHERE reason = 'outage' AND first_reason = 'billing'")[0] > 0


def test_the_levels_of_a_first_reason_make_a_path(engine, tmp_path):
    """An original category with its original subcategory is a path like the reason."""
    header = "ticket id,opened,category,subcategory,original category,original subcategory"
    loaded = load(engine, export(tmp_path, header, "{i},2024-03-{d} 10:00,{word},s{a},{word},s{k}"))
    assert column_of(loaded, "first_reason") == {"path": ["original category", "original subcategory"]}
    assert one(engine, "SELECT reason, first_reason FROM contacts WHERE contact_id = '3'") == (
        "billing > s0",
        "billing > s3",
    )
    mapping = {"columns": {"started_at": "opened", "first_reason": ["original category", "original subcategory"]}}
    load(engine, tmp_path / "export.csv", mapping=mapping)
    assert one(engine, "SELECT count(first_reason) FROM contacts WHERE first_reason LIKE '% > %'") == (40,)


def test_the_history_of_a_record_tells_where_it_began(engine, tmp_path):
    """Updates in any order: the first queue and reason that are known, not those of the first row; a subcategory alone
    is no reason yet."""
    path = tmp_path / "export.csv"
    head = (
        "number,incident_state,sys_mod_count,caller_id,opened_at,sys_updated_at,assignment_group,category,subcategory"
    )
    story = [
        "INC{i},Closed,4,k,1/3/2024 10:00,9/3/2024 10:00,C,Move,out",
        "INC{i},New,0,k,1/3/2024 10:00,1/3/2024 10:05,?,?,late",
        "INC{i},Active,2,k,1/3/2024 10:00,3/3/2024 10:00,B,move,?",
        "INC{i},Active,1,k,1/3/2024 10:00,2/3/2024 10:00,A,Billing,late",
    ]
    path.write_text("\n".join([head, *(line.format(i=i) for line in story for i in range(5))]))
    loaded = load(engine, path)
    assert loaded.source_kind == "ticket-update"
    query = "SELECT DISTINCT first_queue, queue, first_reason, reason FROM contacts"
    assert one(engine, query) == ("A", "C", "Billing > late", "Move > out")


@pytest.mark.parametrize("kind", ["int8", "int32", "int64", "uint64"])
def test_a_number_that_means_nobody_is_found_among_numbers(engine: DuckDBEngine, tmp_path: Path, kind: str) -> None:
    """In a Parquet file ids may be numbers: 0 for a third of all contacts is no customer, and 1 is one like others."""
    numbers = [0 if i % 3 == 0 else 1 + i % 90 for i in range(600)]
    days = [moment(2024, 3, 1) + timedelta(hours=i) for i in range(600)]
    table = pa.table({"call id": [f"c{i}" for i in range(600)], "start time": days, "customer id": numbers})
    place = table.schema.get_field_index("customer id")
    table = table.set_column(place, "customer id", table["customer id"].cast(kind))
    pq.write_table(table, tmp_path / "calls.parquet")
    loaded = TabularConnector().load(engine, [tmp_path / "calls.parquet"])
    found = engine.sql().execute("SELECT DISTINCT customer_id FROM contacts").fetchall()
    assert loaded.ledger.contacts == 600
    assert {row[0] for row in found} == {None, *(str(number) for number in numbers if number)}
