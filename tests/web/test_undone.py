"""What was undone is as if it had never been: the figures are the same to the last digit, and both are kept."""

from __future__ import annotations

from typing import Any

import pyarrow.parquet as pq
from starlette.testclient import TestClient

from firstcontact import bootstrap
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import caller_of
from tests.web.test_imports import rows, uploaded
from tests.web.test_measured import contacts, plainly


def figures(service: Service, client: TestClient) -> list[dict[str, Any]]:
    """Every result row of a new measurement, without what is about the run."""
    worker = bootstrap.open_worker(service)
    worker.drain()  # a measurement that somebody asks for goes before what waits already
    client.post("/api/v1/jobs", json={"kind": "measure"})
    worker.drain()
    run = service.runs.current()
    assert run is not None
    table = pq.read_table(service.runs.place(run) / "results.parquet")
    about = {"run_id", "created_at", "policy_hash", "version"}
    return [{name: value for name, value in row.items() if name not in about} for row in table.to_pylist()]


def one(found: list[dict[str, Any]], measure: str = "fcr_issue") -> float:
    return next(row["value"] for row in found if row["measure"] == measure and row["by"] == "")


def test_a_merge_and_an_import_that_are_undone_move_no_figure(sqlite_service: Service) -> None:
    """Each moves the figures, and each undoing moves them back; a week keeps what every run said of it."""
    plainly(sqlite_service)
    client, quality = (caller_of(sqlite_service)(role) for role in (Role.ADMINISTRATOR, Role.QUALITY))
    assert client.post("/api/v1/contacts?source=pbx", json=contacts(300)).status_code == 202
    before = figures(sqlite_service, client)
    named = {row["customer_id"]: row["contact_id"] for row in contacts(300)}
    some = [{"source": "pbx", "contact_id": contact} for contact in list(named.values())[:5]]
    merged = quality.post("/api/v1/people/merge", json={"contacts": some, "note": "one household"})
    assert merged.status_code < 300, merged.text
    joined = figures(sqlite_service, client)
    assert one(joined) < one(before)
    assert quality.post(f"/api/v1/identity-decisions/{merged.json()['id']}/undo").status_code == 200
    assert figures(sqlite_service, client) == before
    # Of the same source, some of the same contacts, and within the time that is measured anyway.
    import_id = uploaded(client, rows(200).replace(b"\n1", b"\nc1"))
    mapping = {"columns": {"contact_id": "id", "started_at": "opened", "customer_id": "who", "reason": "why"}}
    client.post(f"/api/v1/imports/{import_id}/preview", json={"mapping": mapping})
    bootstrap.open_worker(sqlite_service).drain()
    assert client.post(f"/api/v1/imports/{import_id}/start").status_code == 202
    more = figures(sqlite_service, client)
    outcomes = client.get(f"/api/v1/imports/{import_id}").json()["counts"]["outcomes"]
    assert (outcomes["replaced"] > 50, outcomes["stored"] > 50) == (True, True)
    assert one(more) != one(before)
    assert client.post(f"/api/v1/imports/{import_id}/undo").status_code == 202
    assert figures(sqlite_service, client) == before
    said: dict[str, list[tuple[str, int]]] = {}
    whole = client.get("/api/v1/runs/current/history", params={"measure": "fcr_issue", "limit": 500}).json()
    for row in whole["items"]:
        said.setdefault(row["run_id"], []).append((row["period_start"], row["n"]))
    assert whole["next"] is None
    runs = list(said.values())
    assert (len(runs), runs[0] == runs[2] == runs[4], runs[3] == runs[4]) == (5, True, False)
    assert client.get("/api/v1/runs/current").json()["erased"] == 0
