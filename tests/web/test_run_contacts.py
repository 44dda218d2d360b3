"""Contacts of a run over HTTP: as many as the figure's n, those of one's own teams only, every export noted."""

from __future__ import annotations

import csv
import io

import pyarrow.parquet as pq

from firstcontact.services.access import Role
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
