"""Erasing one person leaves everybody else as they were, however much their values have in common."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from firstcontact import bootstrap
from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import STORE_UNREACHABLE, Database
from firstcontact.adapters.stores.sql.settle import settle
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.service_settings import ServiceSettings
from firstcontact.services.access import Role
from firstcontact.services.ingest import ingest
from firstcontact.services.queue import Job
from firstcontact.services.service import Service
from firstcontact.services.work import Task
from tests.service_fixture import caller_of
from tests.web.test_measured import contacts, plainly
from tests.web.test_privacy import database_of, drain


def contact(name: str, customer: str, **more: Any) -> dict[str, Any]:
    return {"contact_id": name, "started_at": "2026-01-05T09:00:00Z", "customer_id": customer, **more}


def send(client: TestClient, *items: dict[str, Any], source: str = "pbx") -> list[str]:
    outcomes: list[str] = client.post(f"/api/v1/contacts?source={source}", json=list(items)).json()["outcomes"]
    return outcomes


def beside(service: Service, table: str, *items: dict[str, Any]) -> list[str]:
    taken = ingest(service.inbox, table, items, source="crm", now=service.now(), redact=lambda said: (said, {}))
    return [outcome.value for outcome in taken.outcomes]


def erase(service: Service, client: TestClient, value: str, kind: str = "customer") -> Job:
    """Erase somebody, and give the job as it ended."""
    asked = client.post("/api/v1/subjects/erase", json={"kind": kind, "value": value})
    assert asked.status_code == 202, asked.text
    drain(service)
    job = service.queue.find(asked.json()["job_id"])
    assert job is not None
    return job


def kept(service: Service) -> dict[str, list[str]]:
    """What the store has, by table, as text."""
    database = database_of(service)
    with database.reading() as connection:
        tables = (
            schema.contact,
            schema.contact_before,
            schema.quarantine,
            schema.companion,
            schema.audit_event,
            schema.text,
        )
        found = {table.name: [str(row) for row in connection.execute(select(table))] for table in tables}
    database.close()
    return found


def test_an_id_that_is_part_of_another_erases_its_own_alone(service: Service, client: TestClient) -> None:
    """Of `customer-5` nothing is left, and of `customer-50` and `customer-5-b` everything; the job says it is done."""
    others = ("customer-50", "customer-5-b", "the-customer-5")
    said = [contact(f"k-{name}", name, text=f"about {name}", attributes={"by": name}) for name in others]
    send(client, *said, *(one | {"version": 2} for one in said))
    send(client, contact("h-1", "customer-5", text="it is customer-5"), contact("h-1", "customer-5", version=2))
    send(client, *({"contact_id": f"q-{name}", "customer_id": name} for name in (*others, "customer-5")))
    send(client, {"contact_id": "q-0", "customer_id": "customer-50", "text": "was with customer-5, twice"})
    send(
        client,
        contact("o-1", "other", text="customer-5 sent me"),
        contact("o-1", "other", version=2, text="customer-5!"),
    )
    beside(service, "customers", *({"customer_id": name, "segment": "x"} for name in (*others, "customer-5")))
    for name in (*others, "customer-5"):
        service.audit.note("test", "contact.look", now=service.now(), detail={"asked": f"{name}."})
    job = erase(service, client, "customer-5")
    assert (job.state, job.faults) == ("done", None)
    assert job.result is not None
    assert job.result["found_again_in"] == []
    left = kept(service)
    for table, rows in left.items():
        assert sum(any(name in row for name in others) for row in rows) == 3 + (table == "quarantine"), table
    assert [len(left[table]) for table in ("contact", "contact_before", "quarantine", "text")] == [4, 4, 4, 4]
    assert [row for row in left["quarantine"] if "was with [erased], twice" in row]
    assert [row for row in left["contact_before"] if "[erased] sent me" in row]
    assert [row for row in left["text"] if "[erased]!" in row]


def test_a_number_that_is_a_customers_id_is_no_word_elsewhere(service: Service, client: TestClient) -> None:
    """Erasing customer 20260 touches no telephone, date, agent or id of a contact that holds these digits."""
    phone = {"identifiers": [{"kind": "phone", "value": "+359820260111"}], "agent_id": "20260"}
    other = contact("20260", "zz-1", **phone, attributes={"until": "20260111"}, case_id="20260")
    send(client, other, other | {"version": 2, "team": "North"}, contact("h-1", "20260"))
    send(client, {"contact_id": "20260", "customer_id": "zz-2", "started_at": "nope 20260"})
    service.audit.note("test", "contact.look", now=service.now(), object="20260", detail={"job": "f20260ab"})
    before = kept(service)
    job = erase(service, client, "20260")
    assert (job.state, job.result and job.result["found_again_in"]) == ("done", [])
    left = kept(service)
    assert left["contact_before"] == before["contact_before"] != []
    assert left["quarantine"] == before["quarantine"] != []
    assert [row for row in left["contact"] if "zz-1" in row]
    assert not [row for row in left["contact"] if "h-1" in row]
    assert [row for row in left["audit_event"] if "f20260ab" in row and "'20260'" in row]


def test_a_value_that_others_carry_too_is_not_looked_for(service: Service, client: TestClient) -> None:
    """A telephone that another contact carries leaves the one who goes, and stays with whom it also names."""
    shared = {"identifiers": [{"kind": "landline", "value": "+359 2 999 8877"}]}
    other = contact("o-1", "other-1", **shared)
    send(client, other, other | {"version": 2}, contact("h-1", "gone-1", **shared))
    database = database_of(service)
    with database.writing() as connection:  # as a decision of somebody keeps them apart
        for number, name in ((1, "o-1"), (2, "h-1")):
            named = schema.contact.c.contact_id == name
            connection.execute(schema.contact.update().where(named).values(person_id=number))
        connection.execute(schema.job.delete())
    database.close()
    job = erase(service, client, "gone-1")
    assert job.result is not None
    assert (job.result["found_again_in"], job.result["values_of_others_too"]) == ([], 1)
    left = kept(service)
    assert ["o-1" in row for row in left["contact"] + left["contact_before"]] == [True, True]


def test_records_beside_contacts_do_not_come_back(service: Service, client: TestClient) -> None:
    """What the nightly sync sends again of somebody who was erased is refused, in any version; others' is taken."""
    send(client, contact("h-1", "gone-1"))
    row = {"customer_id": "gone-1", "place": "Main Street 5"}
    paid = {"customer_id": "gone-1", "at": "2026-01-02T00:00:00Z", "kind": "address"}
    assert [*beside(service, "customers", row), *beside(service, "crm_events", paid)] == ["stored", "stored"]
    assert erase(service, client, "gone-1").state == "done"
    assert beside(service, "customers", row, row | {"version": 9}, {"customer_id": "other"}) == [
        "erased", "erased", "stored",
    ]  # fmt: skip
    assert beside(service, "crm_events", paid) == ["erased"]
    assert not [one for one in kept(service)["companion"] if "Main Street" in one]


class Failing:
    """Files of a service whose search fails once."""

    def __init__(self, files: Any) -> None:
        self._files = files
        self.failed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._files, name)

    def search(self, values: frozenset[str]) -> list[str]:
        if not self.failed:
            self.failed = True
            fault = STORE_UNREACHABLE.fault(where="the store", saw="nothing", allowed="an answer", cure="wait")
            raise FirstcontactError([fault])
        found: list[str] = self._files.search(values)
        return found


def test_an_erasure_that_broke_off_is_done_to_its_end(service: Service, client: TestClient) -> None:
    """Until it has searched, the job knows whom it is about; a second try searches, and a third says the same."""
    send(client, contact("h-1", "gone-1"))
    service.erasure.files = Failing(service.erasure.files)
    job_id = client.post("/api/v1/subjects/erase", json={"kind": "customer", "value": "gone-1"}).json()["job_id"]

    def attempt() -> dict[str, Any]:
        job = service.queue.find(job_id)
        assert job is not None
        return service.erasure.erase(Task(job))

    with pytest.raises(FirstcontactError):
        attempt()
    second = attempt()
    assert second["found_again_in"] == []
    assert second["not_reached"]["always"]
    assert attempt() == second
    job = service.queue.find(job_id)
    assert job is not None
    assert "sealed" not in job.arguments


def test_what_a_deleted_row_left_in_the_file_is_overwritten(sqlite_service: Service) -> None:
    """Where the characters of a value occur anywhere in the store's file, it is written anew without them."""
    path = sqlite_service.settings.data / "store.sqlite3"
    database = Database(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA secure_delete=OFF")
    other.execute("CREATE TABLE odd (said TEXT)")
    other.execute("INSERT INTO odd VALUES ('customer-5,'), ('customer-50')")
    other.execute("DELETE FROM odd WHERE said = 'customer-5,'")
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    assert b"customer-5," in path.read_bytes()
    assert settle(database, frozenset({"customer-5"})) == []
    assert b"customer-5," not in path.read_bytes()
    assert b"customer-50" in path.read_bytes()
    database.close()


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A measured service whose two sources number their contacts alike, and its customers by bare numbers."""
    service = bootstrap.open_service(ServiceSettings(data=tmp_path_factory.mktemp("alike")))
    plainly(service)
    client = caller_of(service)(Role.ADMINISTRATOR)
    for source, agent, first in (("pbx", "a1", 20260), ("crm", "a2", 30260)):
        rows = contacts(240)
        for row in rows:
            number = first + int(row["customer_id"].removeprefix("p"))
            row |= {"contact_id": row["contact_id"].removeprefix("c"), "customer_id": str(number), "agent_id": agent}
        assert set(send(client, *rows, source=source)) == {"stored"}
    client.post("/api/v1/jobs", json={"kind": "measure"})
    bootstrap.open_worker(service).drain()
    yield service
    service.close()


def test_contacts_that_two_sources_call_alike_count_for_who_handled_them(measured: Service) -> None:
    """One's own figure knows one's contacts by whatever name the run gave them."""
    mine = caller_of(measured)(Role.AGENT, "North", agent_id="a1").get("/api/v1/me/figures").json()
    assert mine["contacts"] == 240


def test_an_erasure_takes_single_contacts_out_of_a_run_and_leaves_its_figures(measured: Service) -> None:
    """The contacts of one customer leave the run's files about single contacts; every other row and file stays."""
    run = measured.runs.current()
    assert run is not None
    folder = measured.runs.place(run)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    rows = pq.read_table(folder / "contacts.parquet").to_pylist()
    issues = pq.read_table(folder / "issues.parquet").to_pylist()
    database = database_of(measured)
    with database.reading() as connection:
        asked = select(schema.contact.c.source, schema.contact.c.contact_id).where(
            schema.contact.c.customer_id == "20261"
        )
        hers = {f"{row.source}/{row.contact_id}" for row in connection.execute(asked)}
    database.close()
    assert hers
    client = caller_of(measured)(Role.ADMINISTRATOR)
    job = erase(measured, client, "20261")
    assert (job.state, job.result and job.result["found_again_in"]) == ("done", [])
    left = {row["contact_id"]: row for row in pq.read_table(folder / "contacts.parquet").to_pylist()}
    assert left.keys() == {row["contact_id"] for row in rows} - hers
    assert {row["issue_id"] for row in pq.read_table(folder / "issues.parquet").to_pylist()} == {
        row["issue_id"] for row in issues
    } - hers
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert after.keys() == before.keys()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"contacts.parquet", "issues.parquet"}
    for kind in ("results", "history"):
        assert client.get(f"/api/v1/runs/current/{kind}").status_code == 200
