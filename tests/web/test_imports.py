"""A file comes in whatever interrupts it, is understood before it counts, and leaves no trace when it is undone."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import random
import re
import shutil
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from firstcontact.adapters.stores.sql.database import STORE_UNREACHABLE
from firstcontact.adapters.stores.sql.inbox import SqlInbox
from firstcontact.contacts.rule import RULES
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.form import in_words
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.sentence import Sentence
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from firstcontact.services.take_import import Batch, ImportWork
from firstcontact.services.work import Worker
from tests.service_fixture import Caller, caller_of

MAPPING = {"columns": {"contact_id": "id", "started_at": "opened", "customer_id": "who", "reason": "why"}}


def rows(count: int, start: int = 0, why: str = "bill") -> bytes:
    lines = ["id,opened,who,why"]
    lines += [f"{n},2026-01-{1 + n % 28:02}T09:{n % 60:02}:00Z,c{n % 7},{why}" for n in range(start, start + count)]
    return "\n".join(lines).encode()


def announce(client: TestClient, data: bytes, name: str = "log.csv", **more: Any) -> str:
    sent = {"name": name, "size": len(data), "source": "pbx"} | more
    answer = client.post("/api/v1/imports", json=sent)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def part(client: TestClient, import_id: str, offset: int, data: bytes) -> Any:
    headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return client.patch(f"/api/v1/imports/{import_id}", content=data, headers=headers)


def uploaded(client: TestClient, data: bytes, name: str = "log.csv") -> str:
    import_id = announce(client, data, name)
    assert part(client, import_id, 0, data).json()["state"] == "uploaded"
    return import_id


def drain(service: Service) -> None:
    """Do what waits, but for measuring, which has tests of its own."""
    handlers = {kind: done for kind, done in service.handlers.items() if kind != "measure"}
    Worker(service.queue, handlers, service.now).drain()


def drained(service: Service, client: TestClient, import_id: str) -> dict[str, Any]:
    drain(service)
    return client.get(f"/api/v1/imports/{import_id}").json()


def imported(service: Service, client: TestClient, data: bytes) -> dict[str, Any]:
    import_id = uploaded(client, data)
    client.post(f"/api/v1/imports/{import_id}/preview", json={"mapping": MAPPING})
    drain(service)
    assert client.post(f"/api/v1/imports/{import_id}/start").status_code == 202
    return drained(service, client, import_id)


def kept(service: Service) -> dict[str, tuple[str | None, str | None]]:
    """Reason and import of each contact in force, read from the store itself."""
    from sqlalchemy import create_engine, select

    from firstcontact.adapters.stores.sql import schema
    from firstcontact.adapters.stores.sql.database import sqlite_url

    url = service.settings.database or sqlite_url(service.settings.data / "store.sqlite3")
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        table = schema.contact
        found = connection.execute(select(table.c.contact_id, table.c.reason, table.c.import_id)).all()
    engine.dispose()
    return {one.contact_id: (one.reason, one.import_id) for one in found}


def test_an_interrupted_upload_goes_on(client: TestClient) -> None:
    """Parts follow what has arrived: one that was sent twice or too early is refused, with the place to go on."""
    data = rows(500)
    import_id = announce(client, data, digest=hashlib.sha256(data).hexdigest())
    assert part(client, import_id, 0, data[:1000]).json()["received"] == 1000
    again = part(client, import_id, 0, data[:1000])
    assert (again.status_code, again.json()["code"]) == (409, "FC9452")
    assert part(client, import_id, 2000, b"x").status_code == 409
    place = int(client.get(f"/api/v1/imports/{import_id}").headers["Upload-Offset"])
    assert part(client, import_id, place, data[place:]).json()["state"] == "uploaded"
    assert part(client, import_id, len(data), b"x").json()["code"] == "FC9454"


def test_what_arrives_is_what_was_announced(service: Service, client: TestClient) -> None:
    """A file that is longer, or another one, than was announced does not come in."""
    data = rows(20)
    import_id = announce(client, data)
    assert part(client, import_id, 0, data + b"!").json()["code"] == "FC9451"
    other = announce(client, data, digest=hashlib.sha256(b"another").hexdigest())
    assert part(client, other, 0, data).json()["code"] == "FC9453"
    assert client.get(f"/api/v1/imports/{other}").json()["state"] == "failed"
    assert not (service.settings.data / "uploads" / other).exists()


@pytest.mark.parametrize("name", ["../log.csv", "a/b.csv", "a\\b.csv", "..", ".bashrc", "C:log.csv", "a\x00.csv"])
def test_paths_are_refused(sqlite_service: Service, name: str) -> None:
    """A file's name never becomes a path."""
    client = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    answer = client.post("/api/v1/imports", json={"name": name, "size": 5, "source": "pbx"})
    assert answer.json()["code"] == "FC9451"


def test_a_file_is_understood_corrected_and_taken_in(service: Service, client: TestClient) -> None:
    """The mapping is guessed, shown without values, corrected, saved and used again; the rows then arrive."""
    data = rows(100)
    import_id = uploaded(client, data)
    assert client.post(f"/api/v1/imports/{import_id}/preview", json={}).status_code == 202
    guessed = drained(service, client, import_id)
    assert guessed["preview"]["rows"] == 100
    assert guessed["preview"]["mapping"]["columns"]["started_at"] == "opened"
    assert "c3" not in str(guessed["preview"]["columns"])
    wrong = {"columns": {"started_at": "never"}}
    client.post(f"/api/v1/imports/{import_id}/preview", json={"mapping": wrong})
    assert drained(service, client, import_id)["faults"][0]["code"] == "FC1023"
    assert client.put("/api/v1/mappings/pbx log", json={"kolumns": {}}).status_code == 422
    assert client.put("/api/v1/mappings/pbx log", json=MAPPING).status_code == 200
    assert client.get("/api/v1/mappings").json()["items"] == ["pbx log"]
    client.post(f"/api/v1/imports/{import_id}/preview", json={"saved": "pbx log"})
    assert drained(service, client, import_id)["faults"] is None
    client.post(f"/api/v1/imports/{import_id}/start")
    done = drained(service, client, import_id)
    assert (done["state"], done["counts"]["outcomes"]) == ("done", {"stored": 100})
    assert len(kept(service)) == 100
    assert client.delete("/api/v1/mappings/pbx log").status_code == 204
    assert client.get("/api/v1/mappings/pbx log").status_code == 404


def test_an_import_is_undone_whole(service: Service, client: TestClient) -> None:
    """Undoing takes back what was new, restores what was replaced, and keeps what came later."""
    sent = [
        {"contact_id": str(n), "started_at": "2026-01-05T09:00:00Z", "reason": "first", "text": "kept"}
        for n in range(5)
    ]
    client.post("/api/v1/contacts?source=pbx", json=sent)
    before = kept(service)
    one = imported(service, client, rows(30, why="second"))
    assert one["counts"]["outcomes"] == {"replaced": 5, "stored": 25}
    later = {"contact_id": "7", "started_at": "2026-02-01T09:00:00Z", "reason": "third"}
    client.post("/api/v1/contacts?source=pbx", json=[later])
    assert client.post(f"/api/v1/imports/{one['id']}/undo").status_code == 202
    assert drained(service, client, one["id"])["state"] == "undone"
    assert kept(service) == before | {"7": ("third", None)}
    assert not (service.settings.data / "uploads" / one["id"]).exists()
    again = client.post(f"/api/v1/imports/{one['id']}/undo")
    assert (again.status_code, again.json()["code"]) == (409, "FC9454")
    # What was taken back may come again.
    assert imported(service, client, rows(30, why="second"))["state"] == "done"
    assert kept(service)["20"][0] == "second"


def test_rows_that_do_not_fit_are_set_aside(service: Service, client: TestClient) -> None:
    """A row that cannot be used is kept apart with its code; the others count."""
    data = rows(10) + b"\n11,no date,c1,bill"
    one = imported(service, client, data)
    assert one["state"] == "done"
    assert one["counts"]["outcomes"] == {"quarantined": 1, "stored": 10}
    assert one["counts"]["set_aside"] == {"FC2003": 1}
    assert one["counts"]["ledger"]["adds_up"]


def test_a_row_of_a_file_says_what_was_seen_where_and_what_is_allowed(service: Service, client: TestClient) -> None:
    """Each clause says what it is called: what is wrong was seen, and is not what is allowed; on a page the cure is one
    for a page, and in another language all of it is said anew."""
    imported(service, client, rows(10) + b"\n11,no date,c1,bill")
    (aside,) = service.quarantine.page(
        state="open", code=None, kind=None, source=None, import_id=None, before=None, limit=9
    )
    (fault,) = aside.faults
    assert fault["where"] == "row 11, not counting the header"
    assert fault["saw"] == "a row with a start that is no date in the column's format"
    assert fault["allowed"] == "a moment in the format found for the column"
    (said,) = in_words(aside.faults, Writer.of("en", "UTC"))
    assert said.cure == "correct the value; where many are written so, correct all of them at once"
    assert said.place == fault["where"]
    assert isinstance(fault["saw"], Sentence)
    assert fault["saw"].parts["what"] == "with a start that is no date in the column's format"


def test_the_cure_of_every_rule_fits_a_page() -> None:
    """None speaks of a mapping file, its sections or its columns by their own names."""
    writer = Writer.of("en", "UTC")
    for rule in RULES:
        fault = {"code": rule.code, "title": rule.kind.title, "where": "", "saw": "", "allowed": rule.allowed}
        (said,) = in_words([fault | {"cure": rule.cure}], writer)
        assert not re.search(r"\[|mapping|_|=", said.cure), rule.code
        assert rule.allowed != rule.clause


@pytest.mark.parametrize("times", [1, 3])
def test_an_import_goes_on_after_the_store_was_away(
    service: Service, client: TestClient, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """A batch waits for the store, and where that is not enough the job, which costs no try; each row counts once."""
    client.post("/api/v1/contacts?source=pbx", json=[{"contact_id": "1", "started_at": "2026-01-05T09:00:00Z"}])
    import_id = uploaded(client, rows(1_200))
    client.post(f"/api/v1/imports/{import_id}/preview", json={"mapping": MAPPING})
    drain(service)
    client.post(f"/api/v1/imports/{import_id}/start")
    put, calls = SqlInbox.put, iter(range(100))

    def away(*given: Any, **more: Any) -> Any:
        if 1 <= next(calls) <= times:
            raise FirstcontactError([STORE_UNREACHABLE.fault(where="x", saw="x", allowed="x", cure="x")])
        return put(*given, **more)

    monkeypatch.setattr(SqlInbox, "put", away)
    monkeypatch.setattr("firstcontact.services.take_import.PAUSES", (0.0, 0.0))
    drain(service)
    if times == 3:
        waiting = client.get(f"/api/v1/imports/{import_id}").json()
        assert (waiting["state"], waiting["counts"]["outcomes"]) == ("running", {"replaced": 1, "stored": 499})
    later = service.now() + timedelta(minutes=5)  # by then its next try is due, if it was not meanwhile
    Worker(service.queue, service.handlers | {"measure": lambda _task: None}, lambda: later).drain()
    done = client.get(f"/api/v1/imports/{import_id}").json()
    assert (done["state"], done["counts"]["outcomes"]) == ("done", {"replaced": 1, "stored": 1_199})
    job = service.queue.find(done["job_id"])
    assert job is not None
    assert job.attempts == 1


def test_a_full_disk_is_said(sqlite_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part for which there is no room is refused, and nothing of it counts."""
    client = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    import_id = announce(client, b"123")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "no room")

    with monkeypatch.context() as patched:
        patched.setattr("firstcontact.services.upload.os.fsync", full)
        answer = part(client, import_id, 0, b"123")
    assert (answer.status_code, answer.json()["code"]) == (507, "FC9455")
    assert part(client, import_id, 0, b"123").json()["state"] == "uploaded"


def test_a_full_disk_when_the_file_is_made_whole_is_said(
    sqlite_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FC9455: every part stays, nothing half made is left, and an empty part makes it whole when there is room."""
    client = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    data = rows(50)
    import_id = announce(client, data, digest=hashlib.sha256(data).hexdigest())
    part(client, import_id, 0, data[:100])

    def full(*_given: Any) -> None:
        raise OSError(errno.ENOSPC, "no room")

    with monkeypatch.context() as patched:
        patched.setattr("firstcontact.services.upload.shutil.copyfileobj", full)
        answer = part(client, import_id, 100, data[100:])
    assert (answer.status_code, answer.json()["code"]) == (507, "FC9455")
    names = sorted(path.suffix for path in (sqlite_service.settings.data / "uploads" / import_id).iterdir())
    assert names == [".part", ".part"]
    assert part(client, import_id, len(data), b"").json()["state"] == "uploaded"
    assert [path.name for path in (sqlite_service.settings.data / "uploads" / import_id).iterdir()] == ["file.csv"]


def test_a_large_file_is_made_whole_in_the_background(service: Service, client: TestClient, monkeypatch: Any) -> None:
    """The last part is answered at once; a disk that is full then is said of the import, and the next try mends it."""
    monkeypatch.setattr("firstcontact.services.upload.AT_ONCE", 10)
    data = rows(50)
    import_id = announce(client, data)
    last = part(client, import_id, 0, data).json()
    assert (last["state"], last["received"]) == ("uploading", len(data))

    def full(*_given: Any) -> None:
        raise OSError(errno.ENOSPC, "no room")

    with monkeypatch.context() as patched:
        patched.setattr("firstcontact.services.upload.shutil.copyfileobj", full)
        failed = drained(service, client, import_id)
    assert (failed["state"], [fault["code"] for fault in failed["faults"]]) == ("uploading", ["FC9455"])
    assert part(client, import_id, len(data), b"").status_code == 200
    done = drained(service, client, import_id)
    assert (done["state"], done["faults"]) == ("uploaded", None)


def test_an_upload_is_not_looked_into_before_all_of_it_is_there(service: Service, client: TestClient) -> None:
    """FC9454 while half has arrived, and after it was cancelled; the parts stay as they are, and the rest follows."""
    data = rows(50)
    import_id = announce(client, data)
    part(client, import_id, 0, data[:100])
    early = client.post(f"/api/v1/imports/{import_id}/preview", json={})
    assert (early.status_code, early.json()["code"]) == (409, "FC9454")
    drain(service)
    assert part(client, import_id, 100, data[100:]).json()["state"] == "uploaded"
    assert client.post(f"/api/v1/imports/{import_id}/preview", json={}).status_code == 202
    assert drained(service, client, import_id)["preview"]["rows"] == 50
    for whole in (False, True):
        other = announce(client, data)
        part(client, other, 0, data if whole else data[:100])
        client.post(f"/api/v1/imports/{other}/cancel")
        assert client.post(f"/api/v1/imports/{other}/preview", json={}).json()["code"] == "FC9454"
        assert client.get(f"/api/v1/imports/{other}").json()["state"] == "cancelled"


def test_two_requests_may_finish_one_upload(sqlite_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that lost patience finishes it again: both are told that it is whole, and it is what was sent."""
    client = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    data = rows(2_000)
    import_id = announce(client, data, digest=hashlib.sha256(data).hexdigest())
    third = len(data) // 3
    for start in range(0, len(data) - third, third):
        part(client, import_id, start, data[start : start + third])
    start = client.get(f"/api/v1/imports/{import_id}").json()["received"]
    one = sqlite_service.imports.find(import_id)
    assert one is not None
    sqlite_service.uploads.part(one, start, data[start:])()
    assert sqlite_service.imports.receive(import_id, start, len(data) - start, lambda: None)
    copy, both = shutil.copyfileobj, threading.Barrier(2)

    def together(source: Any, target: Any, length: int) -> None:
        if not both.broken:  # each stands in the middle of the file when the other begins
            with contextlib.suppress(threading.BrokenBarrierError):
                both.wait(1)
        copy(source, target, length)

    monkeypatch.setattr("firstcontact.services.upload.shutil.copyfileobj", together)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: part(client, import_id, len(data), b""), range(2)))
    assert [(one.status_code, one.json()["state"]) for one in answers] == [(200, "uploaded")] * 2
    found = sqlite_service.imports.find(import_id)
    assert found is not None
    assert sqlite_service.uploads.whole(found).read_bytes() == data
    assert found.digest == hashlib.sha256(data).hexdigest()


def test_what_was_written_aside_and_forgotten_is_cleared_away(sqlite_service: Service) -> None:
    """A process that died between writing and naming leaves files that nothing names; a day later they go."""
    client = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    import_id = uploaded(client, rows(5))
    folder = sqlite_service.settings.data / "uploads" / import_id
    for name in ("0.aside", "0.partial", "1.aside"):
        (folder / name).write_bytes(b"x")
    old = (sqlite_service.now() - timedelta(days=2)).replace(tzinfo=UTC).timestamp()
    for name in ("0.aside", "0.partial", "file.csv"):
        os.utime(folder / name, (old, old))
    sqlite_service.queue.ask("tidy", {}, asked_by="a", now=sqlite_service.now())
    drain(sqlite_service)
    assert sorted(path.name for path in folder.iterdir()) == ["1.aside", "file.csv"]


def test_nothing_of_an_import_is_stored_once_it_is_being_undone(
    service: Service, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is cancelled and undone while another worker still stores: what that worker has left to store stays out."""
    import_id = uploaded(client, rows(3_000))
    client.post(f"/api/v1/imports/{import_id}/preview", json={"mapping": MAPPING})
    drain(service)
    job_id = client.post(f"/api/v1/imports/{import_id}/start").json()["job_id"]
    put, calls = SqlInbox.put, iter(range(100))

    def interrupted(*given: Any, **more: Any) -> Any:
        if next(calls) == 1:
            for verb in ("cancel", "undo"):
                assert client.post(f"/api/v1/imports/{import_id}/{verb}").status_code == 202
            other = {kind: service.handlers[kind] for kind in ("import.undo",)}
            Worker(service.queue, other, service.now).drain()
        return put(*given, **more)

    monkeypatch.setattr(SqlInbox, "put", interrupted)
    assert drained(service, client, import_id)["state"] == "undone"
    assert kept(service) == {}
    assert service.queue.find(job_id).state in {"done", "cancelled"}


def test_a_cancelled_import_stops_and_can_be_undone(service: Service, client: TestClient) -> None:
    """Cancelling an upload throws it away; cancelling a waiting import keeps its job from running."""
    first = announce(client, rows(10))
    assert client.post(f"/api/v1/imports/{first}/cancel").json()["state"] == "cancelled"
    second = uploaded(client, rows(10))
    client.post(f"/api/v1/imports/{second}/start")
    assert client.post(f"/api/v1/imports/{second}/cancel").json()["state"] == "cancelled"
    assert drained(service, client, second)["state"] == "cancelled"
    assert kept(service) == {}
    assert client.post(f"/api/v1/imports/{second}/undo").status_code == 202
    assert drained(service, client, second)["state"] == "undone"


def test_a_zip_bomb_is_refused(service: Service, client: TestClient) -> None:
    """A file that unpacks to far more than it should fails with its code, and brings nothing."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("log.csv", b"0" * (80 << 20))
    import_id = uploaded(client, packed.getvalue(), "log.zip")
    client.post(f"/api/v1/imports/{import_id}/start")
    ended = drained(service, client, import_id)
    assert ended["state"] == "failed"
    assert ended["faults"][0]["code"].startswith("FC10")
    assert kept(service) == {}


def test_imports_are_for_those_who_may(caller: Caller) -> None:
    """Who may not import sees none, and nobody sees what does not exist."""
    assert caller(Role.AGENT).get("/api/v1/imports").status_code == 403
    assert caller(Role.MANAGER).get(f"/api/v1/imports/{'0' * 32}").status_code == 404
    listed = caller(Role.MANAGER).get("/api/v1/imports?limit=1")
    assert listed.json() == {"items": [], "next": None}


@pytest.mark.full
def test_a_large_upload_interrupted_and_resumed(sqlite_service: Service, tmp_path: Path) -> None:
    """200 MB, broken off at random places, arrive as they were sent."""
    client = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    data = rows(6_000_000)
    assert len(data) > 200 << 20
    chance = random.Random(4)
    import_id = announce(client, data, digest=hashlib.sha256(data).hexdigest())
    while (place := client.get(f"/api/v1/imports/{import_id}").json()["received"]) < len(data):
        if chance.random() < 0.2:  # a part whose answer was lost is sent again from where it began
            part(client, import_id, max(0, place - 1000), data[place : place + 1000])
        part(client, import_id, place, data[place : place + chance.randint(1, 8 << 20)])
    assert drained(sqlite_service, client, import_id)["state"] == "uploaded"


class Dealt:
    """Reads batches that were laid out beforehand, whatever the file holds."""

    def __init__(self, *batches: Batch) -> None:
        self._batches = batches

    def read(self, *_given: Any) -> Any:
        yield {"ledger": {}}
        yield from self._batches


def event(number: int) -> dict[str, str]:
    return {"contact_id": f"c{number}", "at": "2026-01-05T09:00:00Z", "kind": "reopen"}


@pytest.mark.parametrize("broken", ["", "store", "count"])
def test_a_copy_within_the_file_is_a_copy_however_often_the_import_begins(
    service: Service, client: TestClient, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """Records beside the contacts that stand twice in a file, in one batch and across two, count as new once; also
    where the process died before a batch was stored, or after it and before it was counted."""
    reader = Dealt(
        Batch("case_events", [event(1), event(1), event(2)], [], 0.5),
        Batch("case_events", [event(1), event(3), event(3)], [], 0.9),
        Batch("case_events", [event(3), event(4)], [], 1.0),
    )
    work = ImportWork(
        service.imports, service.uploads, reader, service.inbox, lambda: lambda text: (text, False), service.queue,
        service.now,
    )  # type: ignore[arg-type]  # fmt: skip
    import_id = uploaded(client, rows(1))
    assert client.post(f"/api/v1/imports/{import_id}/start").status_code == 202
    begun = iter(range(100))

    def dying(done: Any) -> Any:
        def does(*given: Any, **more: Any) -> Any:
            if next(begun) == 1:
                raise RuntimeError
            return done(*given, **more)

        return does

    if broken == "store":
        monkeypatch.setattr(SqlInbox, "put", dying(SqlInbox.put))
    elif broken == "count":
        monkeypatch.setattr(type(service.imports), "change", dying(type(service.imports).change))
    handlers = {"import.run": work.run}
    Worker(service.queue, handlers, service.now).drain()
    Worker(service.queue, handlers, lambda: service.now() + timedelta(hours=1)).drain()
    counts = client.get(f"/api/v1/imports/{import_id}").json()["counts"]
    assert counts["outcomes"] == {"stored": 4, "unchanged": 4}
    assert counts["beside"] == {"case_events": counts["outcomes"]}
    assert "reached" not in counts
