"""The contacts behind a number: each once and in order, however they are sought, on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from firstcontact import bootstrap
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import Caller

PLACE = "/api/v1/contacts"
T0 = datetime(2026, 1, 5, 8, tzinfo=UTC)


def contact(number: int, **more: Any) -> dict[str, Any]:
    """A contact; several begin at one moment, so that order needs more than time."""
    start = (T0 + timedelta(hours=number // 3)).isoformat()
    return {"contact_id": f"c{number}", "started_at": start, "customer_id": f"p{number % 4}", "team": "North"} | more


def listed(client: TestClient, **sought: Any) -> list[str]:
    """Ids page by page."""
    found: list[str] = []
    after = None
    while True:
        form = sought | ({"after": after} if after else {})
        page = client.get(PLACE, params=form).json()
        found += [one["contact_id"] for one in page["items"]]
        after = page["next"]
        if after is None:
            return found


def test_every_contact_comes_once_and_latest_first(service: Service, caller: Caller) -> None:
    """Paging by any size gives the same list, and what is sought is what comes."""
    sender, reader = caller(Role.ADMINISTRATOR), caller(Role.MANAGER)
    rows = [contact(n, channel="chat" if n % 2 else "phone") for n in range(10)]
    rows += [
        contact(10, team="South", reason="a > b"),
        contact(11, team=None, reason="a > b > c"),
        contact(12, reason="a > bc"),
        contact(13, reason="50% off_now > x"),
    ]
    assert set(sender.post(PLACE, json=rows).json()["outcomes"]) == {"stored"}
    bootstrap.open_worker(service).drain()
    whole = listed(reader)
    assert sorted(whole) == sorted(row["contact_id"] for row in rows)
    assert [row["started_at"] for row in reader.get(PLACE).json()["items"]] == sorted(
        (row["started_at"] for row in reader.get(PLACE).json()["items"]), reverse=True
    )
    for limit in (1, 3, 14, 500):
        assert listed(reader, limit=limit) == whole
    assert listed(reader, team="South") == ["c10"]
    assert listed(reader, reason="a > b") == ["c11", "c10"]
    assert listed(reader, reason="50% off_now") == ["c13"]
    assert listed(reader, reason="5%") == listed(reader, reason="a _ b") == []
    assert set(listed(reader, channel="chat")) == {f"c{n}" for n in range(1, 10, 2)}
    hour = (T0 + timedelta(hours=1)).isoformat()
    assert set(listed(reader, since=hour, until=(T0 + timedelta(hours=2)).isoformat())) == {"c3", "c4", "c5"}
    repeats, others = listed(reader, repeat="yes"), listed(reader, repeat="no")
    assert sorted(repeats + others) == sorted(whole)
    assert len(repeats) == 6  # of 4 customers without a reason, 10 contacts; c12 and c13 are for other reasons
    assert set(listed(caller(Role.TEAM_LEAD, "South", "East"))) == {"c10"}
    assert listed(caller(Role.TEAM_LEAD)) == []
    assert "customer" not in reader.get(PLACE).text


@pytest.mark.parametrize("place", ["WzFd", "WyJ4IiwgImEiLCAiYiJd", "WyIyMDI2LTAxLTAxIiwgImEiLCAxXQ"])
def test_a_place_that_no_list_gave_out_is_refused(sqlite_service: Service, place: str) -> None:
    """A cursor of another list, or of none, is the caller's fault."""
    from tests.service_fixture import caller_of

    said = caller_of(sqlite_service)(Role.MANAGER).get(PLACE, params={"after": place})
    assert (said.status_code, said.json()["code"]) == (422, "FC9301")
