"""Two definitions side by side: each number leads to its contacts, and all of them together are all contacts."""

from __future__ import annotations

import html
import re
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq

from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests import told_runs
from tests.service_fixture import caller_of
from tests.web.shown import Showing

HTML = {"Accept": "text/html"}
START = datetime(2026, 1, 5)  # noqa: DTZ001 - UTC, as everywhere inside
FIRST = ["met", "not_met", "open", "out:immature", None]
SECOND = ["met", "not_met", "out:abandoned"]


def with_contacts(service: Service, showing: Showing) -> Service:
    """A run in force that noted of each of its contacts what two definitions say."""
    shown = showing(service, told_runs.told())
    kept = shown.runs.current()
    assert kept is not None
    rows = [
        {
            "contact_id": f"c{place}",
            "source": "x",
            "started_at": START,
            "by_a": FIRST[place % 4],
            "by_b": SECOND[place % 3],
        }
        for place in range(120)
    ]
    pq.write_table(pa.Table.from_pylist(rows), shown.runs.place(kept) / "contacts.parquet")
    return shown


def test_every_number_leads_to_its_contacts(sqlite_service: Service, showing: Showing) -> None:
    """As many as it says; the cells are all contacts together, and those that differ are the two corners."""
    client = caller_of(with_contacts(sqlite_service, showing))(Role.MANAGER)
    page = client.get("/definitions?first=a&second=b", headers=HTML).text
    cells = re.findall(r'<td class="number">(?:<a class="rows-behind" href="([^"]*)"[^>]*>)?([\d,]+)', page)
    assert (len(cells), sum(int(number) for _, number in cells)) == (16, 120)
    for href, number in cells:
        if href:
            listed = client.get(html.unescape(href), headers=HTML).text
            assert f"of <b>{number}</b>" in listed
        else:
            assert number == "0"
    both = re.search(r'Both judge <a class="rows-behind" href="([^"]*)"[^>]*>(\d+)', page)
    assert both
    assert f"of <b>{both[2]}</b>" in client.get(html.unescape(both[1]), headers=HTML).text
    differing = re.search(r'of them: <a class="rows-behind" href="([^"]*)"[^>]*>(\d+)', page)
    assert differing
    assert int(differing[2]) == int(cells[1][1]) + int(cells[4][1]) > 0
    assert f"of <b>{differing[2]}</b>" in client.get(html.unescape(differing[1]), headers=HTML).text


def test_what_is_not_there_is_not_compared(sqlite_service: Service, showing: Showing) -> None:
    """A name that no definition has is passed over; who may not see contacts sees no counts of them; a run without a
    note of what definitions say has the report's table alone."""
    service = with_contacts(sqlite_service, showing)
    evil = "<script>x</script>"
    page = caller_of(service)(Role.MANAGER).get("/definitions", params={"first": evil, "second": "b"}, headers=HTML)
    assert (page.status_code, "<script>x" in page.text, "contact by contact" in page.text) == (200, False, True)
    administrator = caller_of(service)(Role.ADMINISTRATOR).get("/definitions", headers=HTML)
    assert (administrator.status_code, "contact by contact" in administrator.text) == (200, False)
    assert caller_of(service)(Role.TEAM_LEAD, "North").get("/definitions", headers=HTML).status_code == 403
    plain = caller_of(showing(sqlite_service, told_runs.told()))(Role.MANAGER)
    kept = service.runs.current()
    assert kept is not None
    (service.runs.place(kept) / "contacts.parquet").unlink()
    assert "contact by contact" not in plain.get("/definitions", headers=HTML).text
