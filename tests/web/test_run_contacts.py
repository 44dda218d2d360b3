"""Contacts of a run over HTTP: as many as the figure's n, those of one's own teams only, every export noted."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pyarrow.parquet as pq

from firstcontact.services.access import Role
from firstcontact.services.ask_contacts import LONGEST
from tests.service_fixture import Caller
from tests.web.test_measured import asking, measured, results  # noqa: F401 - fixtures

PLACE = "/api/v1/runs/current/contacts"


def test_a_figure_leads_to_as_many_contacts_as_its_n(asking: Caller) -> None:  # noqa: F811
    """In pages, as CSV and as Parquet; each export is noted, a look is not."""
    row = next(one for one in results(asking, Role.MANAGER, measure="repeat_rate", by="team") if one["n"])
    asked = {"measure": "repeat_rate", "cell": f"team={row['cell']['team']}"}
    client = asking(Role.MANAGER)
    seen, after = [], None
    while True:
        page = client.get(PLACE, params={**asked, "limit": 100, **({"after": after} if after else {})}).json()
        seen += [one["contact_id"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert len(set(seen)) == len(seen) == page["total"] == row["n"]
    plain = client.get(PLACE, params={**asked, "format": "csv"})
    assert len(list(csv.reader(io.StringIO(plain.text.removeprefix("\ufeff"))))) == row["n"] + 1
    whole = client.get(PLACE, params={**asked, "format": "parquet"})
    assert pq.read_table(io.BytesIO(whole.content)).num_rows == row["n"]
    noted = asking(Role.ADMINISTRATOR).get("/api/v1/audit", params={"action": "contact.export"}).json()["items"]
    assert [one["detail"]["format"] for one in noted] == ["parquet", "csv"]


def test_a_figure_says_what_to_ask_for_its_contacts(asking: Caller) -> None:  # noqa: F811
    """Asked so, there are as many as its n; a figure without such a list says why, and none says both."""
    client = asking(Role.MANAGER)
    rows = results(asking, Role.MANAGER, by="team") + results(asking, Role.MANAGER, by="")
    for row in rows:
        assert (row["contacts"] is None) != (row["no_contacts"] is None)
        if row["contacts"] and row["n"]:
            assert client.get(f"{PLACE}?{row['contacts']}").json()["total"] == row["n"], row["contacts"]
    assert sum(row["contacts"] is not None for row in rows) > 5
    assert sum(row["no_contacts"] is not None for row in rows) > 5


def test_a_team_lead_sees_the_own_team_alone_and_no_identifier(asking: Caller) -> None:  # noqa: F811
    """Fewer than the figure's n, and the answer says so; customers have pseudonyms."""
    page = asking(Role.TEAM_LEAD, "North").get(PLACE, params={"column": ["team", "customer"], "limit": 500}).json()
    assert page["limited"]
    assert {one["team"] for one in page["items"]} == {"North"}
    assert not any(one["customer"].startswith("p") for one in page["items"] if one["customer"])
    assert asking(Role.MANAGER).get(PLACE).json()["total"] == 600 > page["total"] > 0


def test_contacts_are_found_by_filter_and_in_an_order(asking: Caller) -> None:  # noqa: F811
    """Reason and below, channel, day, text, what came of it; sorted by a column."""
    client = asking(Role.QUALITY)
    below = client.get(PLACE, params={"reason": "billing", "channel": "phone", "limit": 500, "order": "reason"}).json()
    reasons = [one["reason"] for one in below["items"]]
    assert below["total"] == len(reasons)
    assert reasons == sorted(reasons)
    assert set(reasons) == {"billing > invoice", "billing > refund"}
    assert client.get(PLACE, params={"text": "C17"}).json()["total"] == 11
    parts = [client.get(PLACE, params={"repeat": one}).json()["total"] for one in ("yes", "no")]
    assert sum(parts) == 600
    assert client.get(PLACE, params={"since": "2026-02-01", "until": "2026-02-01"}).json()["total"] == 0


def test_columns_are_listed_and_others_refused(asking: Caller) -> None:  # noqa: F811
    """What a run noted can be asked for; what it did not is refused by its code."""
    client = asking(Role.MANAGER)
    held = {one["name"]: one["kind"] for one in client.get(f"{PLACE.removesuffix('s')}-columns").json()["items"]}
    assert held["in_repeat_rate"] == "text"
    assert held["started_at"] == "moment"
    assert held["local_day"] == "day"
    for wrong in ({"column": "no_such"}, {"cell": "team"}, {"period_grain": "week"}, {"differ": "one"}):
        assert client.get(PLACE, params=wrong).json()["code"] == "FC9504"


def test_a_question_that_cannot_be_is_refused_on_both_doors(asking: Caller) -> None:  # noqa: F811
    """A level that is no number, a period without an end: refused by name, never a failure of the service."""
    client = asking(Role.MANAGER)
    days = [{"period_grain": grain, "period_start": "9999-12-31"} for grain in ("week", "month")]
    for wrong in ({"cell": "reason_abc=x"}, {"cell": "reason_=x"}, {"cell": "reason_0=x"}, *days):
        assert client.get(PLACE, params=wrong).json()["code"] == "FC9504"
        page = client.get("/contacts", params=wrong, headers={"Accept": "text/html"})
        assert (page.status_code, "FC9504" in page.text) == (422, True)


def test_no_filter_leads_around_suppression(asking: Caller) -> None:  # noqa: F811
    """What equals a suppressed cell is refused, whether it is named as a cell, by filters, by both, by the teams of who
    asks, or in the columns; contacts without a measure are listed, for they are no figure."""
    found = asking(Role.MANAGER).get(PLACE, params={"limit": 500, "column": ["local_day", "team", "in_repeat_rate"]})
    counted = [one for one in found.json()["items"] if not (one["in_repeat_rate"] or "out").startswith("out")]
    days: dict[tuple[str, str], list[str]] = {}
    for one in counted:
        days.setdefault((one["local_day"], one["team"]), []).append(one["in_repeat_rate"])
    day = next(day for (day, team), some in sorted(days.items()) if team == "North" and len(some) < 5)
    following = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    span = {"since": day, "until": following}
    client = asking(Role.MANAGER)
    for asked in (
        {"measure": "repeat_rate", "cell": "team=North", **span},
        {"measure": "repeat_rate", "team": "North", "part": "met", **span},
        {"column": ["contact_id", "in_repeat_rate"], "team": "North", **span},
    ):
        assert client.get(PLACE, params=asked).json().get("code") == "FC9505", asked
    lead = asking(Role.TEAM_LEAD, "North")
    assert lead.get(PLACE, params={"measure": "repeat_rate", **span}).json()["code"] == "FC9505"
    assert client.get(PLACE, params={"team": "North", **span}).json()["total"] >= 1
    assert client.get(PLACE, params={"measure": "repeat_rate", "part": "met"}).status_code == 200


def test_a_long_reason_is_asked_for_alike_on_both_doors(asking: Caller) -> None:  # noqa: F811
    """What the page lists, its file holds: one understanding of a question, one limit."""
    client = asking(Role.MANAGER)
    asked = {"reason": "x" * (LONGEST // 2)}
    page = client.get("/contacts", params=asked, headers={"Accept": "text/html"})
    assert (page.status_code, client.get(PLACE, params=asked | {"format": "csv"}).status_code) == (200, 200)
    assert client.get(PLACE, params={"reason": "x" * (LONGEST + 1)}).status_code == 422
