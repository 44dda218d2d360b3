"""The real incident log, loaded, says what pandas says of the same file."""

from __future__ import annotations

import io
import zipfile

import pandas as pd
import pytest

from firstcontact.adapters.connectors.tabular.load import TabularConnector
from firstcontact.adapters.engines.duckdb import DuckDBEngine

CUT = pd.Timestamp("2016-06-01")


@pytest.fixture(scope="module")
def raw(servicenow) -> pd.DataFrame:
    """The log as pandas reads it, in order of updates."""
    with zipfile.ZipFile(servicenow) as archive:
        content = archive.read("incident_event_log.csv")
    frame = pd.read_csv(io.BytesIO(content), dtype=str, na_values=["?"], keep_default_na=False)
    for column in ("opened_at", "resolved_at", "closed_at", "sys_updated_at"):
        frame[column] = pd.to_datetime(frame[column], format="%d/%m/%Y %H:%M")
    for column in ("sys_mod_count", "reassignment_count", "reopen_count"):
        frame[column] = frame[column].astype(int)
    return frame.sort_values(["number", "sys_mod_count", "sys_updated_at"], kind="stable")


@pytest.fixture(scope="module")
def loaded(servicenow):
    """The log as the connector reads it, without being told anything."""
    engine = DuckDBEngine(threads=2)
    result = TabularConnector().load(engine, [servicenow], extra=["subcategory"])
    yield result, engine
    engine.close()


def test_every_row_is_a_contact_or_an_absorbed_update(loaded):
    """141,712 rows are 24,918 contacts and 116,794 earlier states of them."""
    result, _ = loaded
    assert result.source_kind == "ticket-update"
    assert result.ledger.as_dict() == {
        "read": 141_712, "contacts": 24_918, "absorbed": {"update": 116_794}, "quarantined": {}, "erased": 0,
        "adds_up": True,
    }  # fmt: skip
    assert result.mapping["dates"]["started_at"] == ["%d/%m/%Y %H:%M"]
    assert result.mapping["missing"]["anywhere"] == ["", "?"]
    assert result.mapping["source"] == "ServiceNow"


def test_each_contact_is_the_last_state_of_its_incident(loaded, raw):
    """Column by column, the contacts equal the last update that pandas finds."""
    _, engine = loaded
    contacts = engine.sql().execute("SELECT * FROM contacts ORDER BY contact_id").df().set_index("contact_id")
    last = raw.drop_duplicates("number", keep="last").set_index("number").sort_index()
    assert list(contacts.index) == list(last.index)
    assert (contacts["started_at"] == last["opened_at"]).all()
    assert (contacts["ended_at"] == last["resolved_at"].fillna(last["closed_at"])).all()
    assert (contacts["transfers"] == last["reassignment_count"]).all()
    for ours, theirs in (("customer_id", "caller_id"), ("queue", "assignment_group"), ("agent_id", "assigned_to"),
                         ("asset_id", "cmdb_ci"), ("x_subcategory", "subcategory")):  # fmt: skip
        same = (contacts[ours] == last[theirs]) | (contacts[ours].isna() & last[theirs].isna())
        assert same.all(), ours
    both = last["category"].notna() & last["subcategory"].notna()
    assert (contacts["reason"][both] == (last["category"] + " > " + last["subcategory"])[both]).all()
    assert contacts["settled"].all()
    assert contacts["customer_id"].isna().sum() == 3
    assert contacts["x_subcategory"].isna().sum() == 8
    assert round((contacts["transfers"] > 0).mean(), 3) == 0.456


def test_each_contact_keeps_where_and_as_what_it_began(loaded, raw):
    """The first group and the first category that an incident is given, as pandas finds them among its updates."""
    _, engine = loaded
    contacts = engine.sql().execute("SELECT * FROM contacts ORDER BY contact_id").df().set_index("contact_id")
    first = raw.groupby("number")[["category", "assignment_group"]].first().sort_index()
    group = first["assignment_group"]
    assert ((contacts["first_queue"] == group) | (contacts["first_queue"].isna() & group.isna())).all()
    category = contacts["first_reason"].str.split(" > ").str[0]
    assert ((category == first["category"]) | (category.isna() & first["category"].isna())).all()
    moved = contacts["first_queue"].notna() & (contacts["first_queue"] != contacts["queue"]) & contacts["queue"].notna()
    assert moved.sum() == 8_008


@pytest.mark.parametrize(
    ("keys", "shares"),
    [
        (["customer_id"], [24.53, 50.54, 79.20]),
        (["customer_id", "category"], [10.75, 20.12, 33.79]),
        (["customer_id", "x_subcategory"], [10.22, 18.58, 31.75]),
    ],
)
def test_repeat_shares_are_those_of_a_plain_script(loaded, keys, shares):
    """Start to start, 1, 7 and 30 days, incidents before June 2016 that are at least that far from it."""
    _, engine = loaded
    contacts = (
        engine.sql().execute("SELECT contact_id, customer_id, started_at, reason, x_subcategory FROM contacts").df()
    )
    contacts["category"] = contacts["reason"].str.split(" > ").str[0].replace("(none)", None)
    early = contacts[contacts["started_at"] < CUT].dropna(subset=keys).sort_values([*keys, "started_at", "contact_id"])
    gap = early.groupby(keys)["started_at"].shift(-1) - early["started_at"]
    for days, share in zip((1, 7, 30), shares, strict=True):
        window = pd.Timedelta(days=days)
        mature = early["started_at"] + window <= CUT
        assert round(100 * (gap[mature] <= window).mean(), 2) == share


def test_case_events_tell_the_history(loaded, raw):
    """Reopens, reassignments, waits and settlements equal the differences between updates that pandas sees."""
    _, engine = loaded
    events = dict(engine.sql().execute("SELECT kind, count(*) FROM case_events GROUP BY kind").fetchall())
    before = raw.groupby("number").shift(1)
    first = before["sys_mod_count"].isna()
    settled = raw["incident_state"].isin(["Resolved", "Closed"])
    was = before["incident_state"].isin(["Resolved", "Closed"])
    waits, waited = (frame["incident_state"].fillna("").str.startswith("Awaiting") for frame in (raw, before))
    moved = pd.Series(False, index=raw.index)
    for column in ("assignment_group", "assigned_to"):
        moved |= raw[column].notna() & before[column].notna() & (raw[column] != before[column])
    reopened = ~first & ((was & ~settled) | (raw["reopen_count"] > before["reopen_count"]))
    waits_now = waits & ~waited
    settles = settled & ~was
    assert events["settled"] == settles.sum()
    assert events["reopen"] == reopened.sum()
    assert events["reassignment"] == (moved & ~first).sum()
    assert events["awaiting"] == waits_now.sum()
    assert events["update"] == (~first & ~settles & ~reopened & ~(moved & ~first) & ~waits_now).sum()
    (share,) = engine.sql().execute(
        "SELECT count(DISTINCT contact_id) / 24918 FROM case_events WHERE kind = 'reopen'"
    ).fetchone()  # fmt: skip
    assert round(share, 3) == 0.011
