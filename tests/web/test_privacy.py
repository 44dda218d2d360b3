"""A person is given everything that is kept about them, and after an erasure no byte of them is left."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text, update
from starlette.testclient import TestClient

from firstcontact import bootstrap
from firstcontact.adapters.stores.sql.database import Database, sqlite_url
from firstcontact.adapters.stores.sql.schema import import_
from firstcontact.adapters.stores.warehouse.store import Warehouse
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from firstcontact.services.tidy import PATIENCE, TIDY
from firstcontact.services.work import Worker
from tests.service_fixture import Caller, caller_of

NAMES = {
    "customer": "cust-Мириам-77",
    "phone": "+359 88 765 4321",
    "email": "miriam.levi@example.org",
}
TRACES = ("cust-Мириам-77", "+359 88 765 4321", "+359887654321", "miriam.levi@example.org", "trace-of-her")
"""Everything by which she could be found again; `trace-of-her` stands in what she said and in what was asked of her."""


def contact(number: int, **more: Any) -> dict[str, Any]:
    return {"contact_id": f"call-{number}", "started_at": f"2026-01-{1 + number % 28:02}T09:00:00Z"} | more


def hers(number: int, **more: Any) -> dict[str, Any]:
    pairs = [{"kind": kind, "value": value} for kind, value in NAMES.items() if kind != "customer"]
    mine = {"customer_id": NAMES["customer"], "identifiers": pairs, "text": "so trace-of-her said", "reason": "bill"}
    return contact(number, **mine) | {"attributes": {"note": "trace-of-her"}} | more


def database_of(service: Service) -> Database:
    return Database(service.settings.database or sqlite_url(service.settings.data / "store.sqlite3"))


def drain(service: Service) -> None:
    """Do what waits, but for measuring, which has tests of its own."""
    handlers = {kind: done for kind, done in service.handlers.items() if kind != "measure"}
    Worker(service.queue, handlers, service.now).drain()


def filled(service: Service, client: TestClient) -> None:
    """A service that knows her and others by every way there is."""
    others = [contact(100 + n, customer_id=f"other-{n % 9}", reason="bill") for n in range(60)]
    assert client.post("/api/v1/contacts?source=pbx", json=[hers(n) for n in range(5)] + others).status_code == 202
    newer = hers(0) | {"version": 2, "reason": "refund"}
    assert client.post("/api/v1/contacts?source=pbx", json=[newer]).status_code == 202
    unfit = {"contact_id": "call-900", "customer_id": NAMES["customer"], "started_at": "trace-of-her"}
    assert client.post("/api/v1/contacts?source=pbx", json=[unfit]).json()["outcomes"] == ["quarantined"]
    from firstcontact.services.ingest import ingest

    beside: dict[str, list[dict[str, Any]]] = {
        "surveys": [{"contact_id": "call-1", "resolved": True}],
        "customers": [{"customer_id": NAMES["customer"], "place": "trace-of-her"}, {"customer_id": "other-1"}],
        "crm_events": [{"customer_id": NAMES["customer"], "at": "2026-01-02T00:00:00Z", "kind": "payment"}],
    }
    for table, items in beside.items():
        ingest(service.inbox, table, items, source="pbx", now=service.now(), redact=lambda said: (said, {}))
    data = b"id,opened,who\ncall-7,2026-01-07T09:00:00Z," + NAMES["customer"].encode()
    sent = {"name": "log.csv", "size": len(data), "source": "pbx"}
    import_id = client.post("/api/v1/imports", json=sent).json()["id"]
    client.patch(f"/api/v1/imports/{import_id}", content=data, headers={"Upload-Offset": "0"})
    client.post(f"/api/v1/imports/{import_id}/preview", json={})
    drain(service)
    client.post(f"/api/v1/imports/{import_id}/start")
    service.queue.ask("nothing", {"whom": NAMES["email"]}, asked_by="test", now=service.now())
    service.audit.note("test", "contact.look", now=service.now(), detail={"asked": NAMES["email"]})
    drain(service)
    history(service)


def history(service: Service) -> None:
    """Write the history, and a run's files about single contacts, as a measurement does."""
    database = database_of(service)
    Warehouse(database, service.settings.data / "warehouse").catch_up(service.now())
    database.close()
    folder = service.settings.data / "runs" / "one"
    folder.mkdir(parents=True)
    rows = [{"contact_id": f"call-{n}", "source": "pbx", "repeat_of": f"call-{n - 1}"} for n in (1, 2, 3, 4, 101, 102)]
    pq.write_table(pa.Table.from_pylist(rows), folder / "contacts.parquet")
    pq.write_table(pa.Table.from_pylist([{"issue_id": "call-1"}, {"issue_id": "call-101"}]), folder / "issues.parquet")
    (folder / "report.html").write_text(f"<p>{NAMES['email']}</p>", encoding="utf-8")
    (folder / "results.csv").write_text("measure,value", encoding="utf-8")


def link(service: Service) -> None:
    """Give her a number, where live linking has not."""
    database = database_of(service)
    with database.writing() as connection:
        linked = connection.execute(text("SELECT count(*) FROM contact WHERE person_id IS NOT NULL")).scalar_one()
        if not linked:
            named = {"who": NAMES["customer"]}
            connection.execute(text("UPDATE contact SET person_id = 41 WHERE customer_id = :who"), named)
            connection.execute(text("INSERT INTO person_key VALUES ('email', 'miriam.levi@example.org', 41)"))
    database.close()


def said(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file's bytes, and what stands in compressed columns."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path), path.read_bytes()
            if path.suffix == ".parquet":
                yield f"{path} read", json.dumps(pq.read_table(path).to_pylist(), default=str).encode()


def traces(folder: Path, words: tuple[str, ...] = TRACES) -> set[tuple[str, str]]:
    found = set()
    for name, content in said(folder):
        for word in words:
            forms = {word.encode(), json.dumps(word)[1:-1].encode(), word.encode("utf-16-le")}
            if any(form in content for form in forms):
                found.add((Path(name).name, word))
    return found


def rows_with(service: Service, word: str) -> list[str]:
    """Tables of the store in which a word still stands, whatever database it is."""
    from firstcontact.adapters.stores.sql import schema

    database, found = database_of(service), []
    with database.reading() as connection:
        for table in schema.metadata.sorted_tables:
            whole = str([tuple(row) for row in connection.execute(table.select())])
            if word in whole or json.dumps(word)[1:-1] in whole:
                found.append(table.name)
    database.close()
    return found


def test_a_person_is_given_everything(service: Service, client: TestClient, caller: Caller) -> None:
    """The export holds contacts, earlier versions, texts, companions and what was set aside, and nobody else's."""
    filled(service, client)
    link(service)
    named = {"kind": "email", "value": "Miriam.Levi@example.org"}
    assert client.post("/api/v1/subjects/find", json=named).json()["contacts"] >= 5
    answer = client.post("/api/v1/subjects/export", json=named)
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        found = {name: json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")}
    assert {one["contact_id"] for one in found["contacts.json"]} >= {f"call-{n}" for n in range(5)}
    assert [one["body"]["columns"]["reason"] for one in found["earlier_versions.json"]] == ["bill"]
    assert len(found["texts.json"]) == 5
    assert {one["kind"] for one in found["companions.json"]} == {"surveys", "customers", "crm_events"}
    assert len(found["quarantine.json"]) == 1
    assert "other-" not in json.dumps(found)
    assert found["texts.json"][0]["stored_at"].endswith("Z")
    assert client.post("/api/v1/subjects/find", json={"kind": "email", "value": "no@example.org"}).status_code == 404
    assert client.post("/api/v1/subjects/find", json={"kind": "email"}).status_code == 422
    assert caller(Role.QUALITY).post("/api/v1/subjects/export", json=named).status_code == 403
    noted = service.audit.page(action="subject.export")
    assert len(noted) == 1
    assert NAMES["email"] not in str(noted)


def test_after_an_erasure_no_byte_is_left(service: Service, client: TestClient) -> None:
    """Erasing reaches store, history, runs, uploads, jobs and audit; every byte of the data directory is searched."""
    filled(service, client)
    link(service)
    folder = service.settings.data
    before = traces(folder)
    assert {"cust-Мириам-77", "trace-of-her"} <= {word for name, word in before if name.startswith("contacts-")}
    assert ("report.html", NAMES["email"]) in before
    bootstrap.back_up(service.settings, folder.parent / "tuesday.tar")
    asked = client.post("/api/v1/subjects/erase", json={"kind": "customer", "value": NAMES["customer"]})
    assert asked.status_code == 202, asked.text
    drain(service)
    job = service.queue.find(asked.json()["job_id"])
    assert job is not None
    assert job.state == "done", job.faults
    result = job.result
    assert result is not None
    assert result["removed"]["contacts"] >= 5
    assert result["found_again_in"] == []
    assert result["not_reached"]["always"]
    assert [one.split()[1] for one in result["not_reached"]["backups"]] == ["tuesday.tar"]
    assert job.arguments == {"erased": True, "result": result}
    assert traces(folder) == set()
    assert [word for word in TRACES if rows_with(service, word)] == []
    left = {path.name: path for path in (folder / "runs" / "one").iterdir()}
    assert set(left) == {"contacts.parquet", "issues.parquet", "results.csv"}
    assert pq.read_table(left["contacts.parquet"]).column("contact_id").to_pylist() == ["call-101", "call-102"]
    assert pq.read_table(left["issues.parquet"]).column("issue_id").to_pylist() == ["call-101"]
    # Others are as they were, and she does not come back by being sent again.
    again = client.post("/api/v1/contacts?source=pbx", json=[hers(1)])
    assert again.json()["outcomes"] == ["erased"]
    assert client.post("/api/v1/subjects/find", json={"kind": "customer", "value": "other-1"}).status_code == 200


def test_a_run_that_no_row_names_is_reached_by_an_erasure(sqlite_service: Service) -> None:
    """Neither a whole one that a killed worker left nor one half written, which nobody can read, keeps her."""
    client = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    client.post("/api/v1/contacts?source=pbx", json=[hers(n) for n in range(5)])
    history(sqlite_service)
    half = sqlite_service.settings.data / "runs" / "two.partial-1"
    half.mkdir()
    (half / "contacts.parquet").write_bytes(b"PAR1" + NAMES["email"].encode())
    asked = client.post("/api/v1/subjects/erase", json={"kind": "customer", "value": NAMES["customer"]})
    drain(sqlite_service)
    job = sqlite_service.queue.find(asked.json()["job_id"])
    assert job is not None
    assert (job.state, job.attempts, job.result and job.result["found_again_in"]) == ("done", 1, []), job.faults
    assert traces(sqlite_service.settings.data) == set()
    assert not half.exists()


def upload(client: TestClient, name: str, data: bytes, *, size: int | None = None) -> str:
    """A file of which so much has arrived, that nobody has started."""
    sent = {"name": name, "size": size or len(data), "source": "pbx"}
    import_id: str = client.post("/api/v1/imports", json=sent).json()["id"]
    answer = client.patch(f"/api/v1/imports/{import_id}", content=data, headers={"Upload-Offset": "0"})
    assert answer.status_code == 200, answer.text
    return import_id


def test_an_upload_that_waits_does_not_outlive_an_erasure(service: Service, client: TestClient) -> None:
    """Neither file nor start is left of an upload that mentions the erased; another's waits on."""
    client.post("/api/v1/contacts?source=pbx", json=[hers(0), contact(100, customer_id="other-1")])
    head = b"id,opened,who\n"
    row = b"call-700,2026-01-07T09:00:00Z," + NAMES["customer"].encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("log.csv", head + row)
    whole = upload(client, "log.csv", head + row)
    begun = upload(client, "log.csv", head + row, size=10_000)
    torn = upload(client, "log.csv", (head + row)[:-4], size=len(head + row) + 1)
    rest = client.patch(
        f"/api/v1/imports/{torn}", content=row[-4:], headers={"Upload-Offset": str(len(head + row) - 4)}
    )
    assert rest.json()["state"] == "uploading"
    closed = upload(client, "log.zip", packed.getvalue())
    unreadable = upload(client, "log.parquet", b"PAR1 no table")
    other = upload(client, "log.csv", head + b"call-701,2026-01-07T09:00:00Z,other-1")
    asked = client.post("/api/v1/subjects/erase", json={"kind": "customer", "value": NAMES["customer"]})
    drain(service)
    job = service.queue.find(asked.json()["job_id"])
    assert job is not None
    assert job.result is not None, job.faults
    gone = [whole, begun, torn, closed, unreadable]
    assert sorted(job.result["uploads_cancelled"]) == sorted(gone)
    assert job.result["not_reached"]["uploads_that_wait"] == [other]
    assert job.result["found_again_in"] == []
    for one in gone:
        assert client.get(f"/api/v1/imports/{one}").json()["state"] == "cancelled"
        assert client.post(f"/api/v1/imports/{one}/start").json()["code"] == "FC9454"
        assert not list((service.settings.data / "uploads").glob(f"{one}/*"))
    noted = service.audit.page(action="import.cancel")
    assert {(one.object, one.actor, one.detail["why"]) for one in noted} == {
        (one, "erasure", "erasure") for one in gone
    }
    assert client.post(f"/api/v1/imports/{other}/start").status_code == 202


def test_an_upload_that_nobody_started_goes(service: Service, client: TestClient) -> None:
    """What was announced a month ago and never ended or started is cancelled, its file removed; what is newer waits."""
    old = [upload(client, "log.csv", b"id,opened\n"), upload(client, "log.csv", b"id,opened\n", size=10_000)]
    new = upload(client, "log.csv", b"id,opened\n")
    database = database_of(service)
    with database.writing() as connection:
        for one in old:
            long_ago = service.now() - PATIENCE - timedelta(hours=1)
            connection.execute(update(import_).where(import_.c.id == one).values(created_at=long_ago))
    database.close()
    job = service.queue.ask(TIDY, {}, asked_by="test", now=service.now())
    drain(service)
    done = service.queue.find(job.id)
    assert done is not None
    assert done.result == {"uploads_cancelled": 2}, done.faults
    assert {client.get(f"/api/v1/imports/{one}").json()["state"] for one in old} == {"cancelled"}
    assert not [path for one in old for path in (service.settings.data / "uploads").glob(f"{one}/*")]
    assert {one.object for one in service.audit.page(action="import.cancel")} == set(old)
    assert client.get(f"/api/v1/imports/{new}").json()["state"] == "uploaded"


def test_a_shared_identifier_erases_nobody(service: Service, client: TestClient) -> None:
    """An identifier of several people is refused: a switchboard's number must not erase a company."""
    pair = [{"kind": "phone", "value": "+359887654321"}]
    sent = [contact(n, customer_id=f"c-{n}", identifiers=pair) for n in range(3)]
    client.post("/api/v1/contacts", json=sent)
    drain(service)
    database = database_of(service)
    with database.writing() as connection:
        for n in range(3):
            connection.execute(text(f"UPDATE contact SET person_id = {50 + n} WHERE contact_id = 'call-{n}'"))
    database.close()
    answer = client.post("/api/v1/subjects/erase", json={"kind": "phone", "value": "+359887654321"})
    assert (answer.status_code, answer.json()["code"]) == (409, "FC9611")
    assert client.post("/api/v1/subjects/find", json={"person_id": 51}).json()["contacts"] == 1


def test_what_is_too_old_goes(service: Service, client: TestClient) -> None:
    """Retention removes each kind by its own age, from the store and from the history."""
    old = service.now() - timedelta(days=400)
    moments = {"old": old, "new": service.now() - timedelta(days=1)}
    sent = [
        contact(0) | {"contact_id": name, "started_at": f"{at.isoformat()}Z", "text": "said"}
        for name, at in moments.items()
    ]
    client.post("/api/v1/contacts", json=sent)
    database = database_of(service)
    Warehouse(database, service.settings.data / "warehouse").catch_up(service.now())
    database.close()
    value = {"contacts": 365, "quarantine": 30, "jobs": 30, "audit": 30, "deliveries": 30, "uploads": 1, "runs": 1}
    assert client.put("/api/v1/settings/retention", json=value, headers={"If-Match": '"0"'}).status_code == 200
    service.audit.note("test", "long.ago", now=old)
    job = service.queue.ask("privacy.retain", {}, asked_by="test", now=service.now())
    drain(service)
    done = service.queue.find(job.id)
    assert done is not None
    assert done.state == "done", done.faults
    assert done.result is not None
    assert done.result["removed"]["contacts"] == 1
    assert done.result["removed"]["audit"] == 1
    database = database_of(service)
    with database.reading() as connection:
        assert list(connection.execute(text("SELECT contact_id FROM contact")).scalars()) == ["new"]
        assert list(connection.execute(text("SELECT cause FROM contact_gone")).scalars()) == ["expired"]
    database.close()
    for path in (service.settings.data / "warehouse").glob("contacts-*.parquet"):
        assert pq.read_table(path).column("contact_id").to_pylist() == ["new"]


def retain(service: Service, client: TestClient, **days: int) -> dict[str, int]:
    """Keep each kind for so many days, and let what is too old go."""
    edition = client.get("/api/v1/settings/retention").headers["ETag"]
    assert client.put("/api/v1/settings/retention", json=days, headers={"If-Match": edition}).status_code == 200
    job = service.queue.ask("privacy.retain", {}, asked_by="test", now=service.now())
    drain(service)
    done = service.queue.find(job.id)
    assert done is not None
    assert done.result is not None, done.faults
    removed: dict[str, int] = done.result["removed"]
    return removed


def age(service: Service, table: str, column: str, condition: str) -> None:
    """Make rows four hundred days old."""
    database = database_of(service)
    with database.writing() as connection:
        named = {"old": service.now() - timedelta(days=400)}
        connection.execute(text(f"UPDATE {table} SET {column} = :old WHERE {condition}"), named)
    database.close()


def test_an_old_text_goes_from_earlier_versions_too(service: Service, client: TestClient) -> None:
    """A text that has been kept too long goes wherever a version of its contact has it; younger ones and contacts
    stay, and nothing names a text that is not there."""
    for name in ("old", "new"):
        first = contact(0) | {"contact_id": name, "text": f"first {name}"}
        client.post("/api/v1/contacts", json=[first])
    age(service, "text", "stored_at", "contact_id = 'old'")
    for name in ("old", "new"):
        second = contact(0) | {"contact_id": name, "text": f"second {name}", "version": 2}
        client.post("/api/v1/contacts", json=[second])
    age(service, "text", "stored_at", "contact_id = 'old'")
    assert retain(service, client, texts=365) == {"texts": 2}
    assert rows_with(service, "first old") + rows_with(service, "second old") == []
    assert rows_with(service, "first new") + rows_with(service, "second new") == ["contact_before", "text"]
    database = database_of(service)
    with database.reading() as connection:
        named = connection.execute(text("SELECT contact_id FROM contact WHERE text_ref IS NOT NULL"))
        assert list(named.scalars()) == ["new"]
        assert connection.execute(text("SELECT count(*) FROM contact_before")).scalar_one() == 2
    database.close()
    assert retain(service, client, texts=365) == {"texts": 0}


def test_earlier_versions_and_records_beside_contacts_go_by_their_age(service: Service, client: TestClient) -> None:
    """Each goes by the setting of its own, the younger ones stay, and the history forgets what went."""
    from firstcontact.services.ingest import ingest

    for version in (1, 2, 3):
        client.post("/api/v1/contacts", json=[contact(0, version=version, team=f"T{version}")])
    reviews = [{"contact_id": f"call-{n}", "reviewer": f"reviewer-{n}", "resolved": True} for n in range(3)]
    ingest(service.inbox, "reviews", reviews, source="api", now=service.now(), redact=lambda said: (said, {}))
    database = database_of(service)
    warehouse = Warehouse(database, service.settings.data / "warehouse")
    warehouse.catch_up(service.now())
    age(service, "contact_before", "replaced_at", "version = 1")
    age(service, "companion", "received_at", "contact_id <> 'call-2'")
    assert retain(service, client, earlier_versions=365, companions=365) == {"earlier_versions": 1, "companions": 2}
    with database.reading() as connection:
        assert list(connection.execute(text("SELECT version FROM contact_before")).scalars()) == [2]
        assert list(connection.execute(text("SELECT contact_id FROM companion")).scalars()) == ["call-2"]
        assert set(connection.execute(text("SELECT cause FROM companion_gone")).scalars()) == {"expired"}
    (kept,) = (service.settings.data / "warehouse").glob("reviews-*.parquet")
    assert pq.read_table(kept).column("contact_id").to_pylist() == ["call-2"]
    database.close()


def test_others_write_while_something_is_looked_for_and_removed(service: Service, client: TestClient) -> None:
    """Neither an erasure's search nor what is too old holds up what arrives: it is stored between two parts."""
    from firstcontact.adapters.stores.sql import expire
    from firstcontact.adapters.stores.sql.subject import SqlSubjects

    sent: list[str] = []

    def arrive() -> None:
        more = contact(0) | {"contact_id": f"meanwhile-{len(sent)}"}
        sent.extend(client.post("/api/v1/contacts", json=[more]).json()["outcomes"])

    assert client.post("/api/v1/contacts", json=[hers(0), {"contact_id": "unfit"}]).status_code == 202
    database = database_of(service)
    found = service.subjects.by_identifier("customer", NAMES["customer"]).subject
    assert found is not None
    # Whoever reads what was set aside asks in which country numbers are read.
    SqlSubjects(database, arrive).erase(found, service.now())  # type: ignore[arg-type]
    assert sent == ["stored"]
    reviews = [{"contact_id": f"call-{n}", "reviewer": "r"} for n in range(1, 6)]
    assert client.post("/api/v1/records/reviews", json=reviews).status_code == 202
    turns: list[int] = []
    before = service.now() + timedelta(days=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expire, "AT_ONCE", 2)
        drop = expire.drop_companions

        def counted(connection: Any, keys: Any, *more: Any) -> int:
            turns.append(len(keys))
            return drop(connection, keys, *more)

        patch.setattr(expire, "drop_companions", counted)
        assert service.subjects.expire({"companions": before, "quarantine": before}, service.now()) == {
            "companions": 5, "quarantine": 1,
        }  # fmt: skip
    assert turns == [2, 2, 1]
    database.close()


@pytest.mark.parametrize("word", ["Дана", 'a"b', "plain"])
def test_a_value_is_searched_as_json_has_it(word: str) -> None:
    """A value is found as it stands in JSON, escaped or not."""
    from firstcontact.services.mention import spellings

    assert any(form in json.dumps({"x": word}) for form in spellings(word))
    assert any(form in json.dumps({"x": word}, ensure_ascii=False) for form in spellings(word))
