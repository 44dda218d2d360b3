"""The store goes away or fills up: what was acknowledged stays, the rest is said at once, and all goes on later."""

from __future__ import annotations

import multiprocessing
import resource
import signal
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from firstcontact import bootstrap
from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database, sqlite_url
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.service_settings import ServiceSettings
from firstcontact.services.access import Role
from firstcontact.services.ingest import ingest
from firstcontact.services.measure_history import MEASURE
from firstcontact.services.service import Service
from firstcontact.services.work import work_together
from tests.conftest import FULL
from tests.service_fixture import Cluster, caller_of
from tests.web.test_measured import contacts, plainly


def test_a_database_that_goes_and_comes_back(postgresql: Cluster, tmp_path: Path) -> None:
    """Meanwhile 503 with Retry-After (FC9102) and not ready; afterwards everything is taken in, and jobs go on."""
    service = bootstrap.open_service(ServiceSettings(data=tmp_path, database=postgresql.database()))
    plainly(service)
    client = caller_of(service)(Role.ADMINISTRATOR)
    rows = contacts(120)
    assert client.post("/api/v1/contacts", json=rows[:60]).status_code == 202
    service.queue.ask(MEASURE, {}, asked_by="test", now=service.now())
    postgresql.stop("immediate")
    try:
        refused = client.post("/api/v1/contacts", json=rows[60:])
        assert (refused.status_code, refused.json()["code"]) == (503, "FC9102")
        assert int(refused.headers["Retry-After"]) > 0
        assert client.get("/ready").status_code == 503
        assert client.get("/health").status_code == 200
        # Who watches may send a token; whether the process lives does not hang on whether it can be looked up.
        watching = caller_of(service)(None)
        watching.headers["Authorization"] = "Bearer fc_x"
        assert watching.get("/health").status_code == 200
        with pytest.raises(FirstcontactError):
            bootstrap.open_worker(service).once()
    finally:
        postgresql.start()
    assert client.get("/ready").status_code == 200
    assert client.post("/api/v1/contacts", json=rows[60:]).json()["outcomes"] == ["stored"] * 60
    bootstrap.open_worker(service).drain()
    assert client.get("/api/v1/runs/current").json()["contacts"] == 120
    service.close()


GONE_SECONDS = 65 if FULL else 3
"""How long the database is gone: more than a minute at night, and than a statement waits for a connection by day."""


def test_a_database_that_is_gone_for_a_while_loses_nothing(postgresql: Cluster, tmp_path: Path) -> None:
    """A sender that tries again and a worker that goes on: each contact is there once and linked, every refusal said
    when to come again, and whether the process lives is answered throughout.
    """
    service = bootstrap.open_service(ServiceSettings(data=tmp_path, database=postgresql.database()))
    client = caller_of(service)(Role.ADMINISTRATOR)
    workers = [bootstrap.open_worker(service, lane=lane) for lane in ("link", "brief")]
    ended: list[bool] = []
    working = threading.Thread(target=lambda: ended.append(work_together(workers)))
    working.start()
    rows, refused = contacts(200), 0
    batches = [rows[start : start + 10] for start in range(0, 200, 10)]
    try:
        for batch in batches[:5]:
            assert client.post("/api/v1/contacts", json=batch).status_code == 202
        postgresql.stop("immediate")
        try:
            back = time.monotonic() + GONE_SECONDS
            while time.monotonic() < back:
                answer = client.post("/api/v1/contacts", json=batches[5])
                assert (answer.status_code, answer.json()["code"]) == (503, "FC9102")
                assert int(answer.headers["Retry-After"]) > 0
                assert client.get("/health").status_code == 200
                refused += 1
                time.sleep(0.3)
        finally:
            postgresql.start()
        assert refused >= 3
        for batch in batches[5:]:
            assert set(client.post("/api/v1/contacts", json=batch).json()["outcomes"]) == {"stored"}
        end = time.monotonic() + 60
        while linked(service) < 200:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert working.is_alive()
    finally:
        for one in workers:
            one.stop()
        working.join(20)
        service.close()
    assert ended == [True]


def linked(service: Service) -> int:
    """How many contacts are linked."""
    database = Database(service.settings.database)
    try:
        with database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(schema.link)).scalar_one())
    finally:
        database.close()


def fill(settings: ServiceSettings, told: Connection) -> None:
    """Take in contacts until the file may not grow any more."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    service = bootstrap.open_service(settings)
    limit = 900_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    rows = contacts(1_500)
    for start in range(0, len(rows), 50):
        batch: list[Any] = rows[start : start + 50]
        try:
            ingest(service.inbox, "contacts", batch, source="pbx", now=service.now(), redact=lambda text: (text, {}))
        except FirstcontactError as error:
            told.send(error.faults[0].kind.code)
            return
        told.send(start)


def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """FC9111 for the batch that found no room; those before it are whole, and with room again the rest follows."""
    settings = ServiceSettings(data=tmp_path)
    mortal = multiprocessing.get_context("forkserver")
    heard, telling = mortal.Pipe(duplex=False)
    child = mortal.Process(target=fill, args=(settings, telling))
    child.start()
    telling.close()
    said: list[Any] = []
    try:
        while True:
            said.append(heard.recv())
    except EOFError:
        child.join()
    assert said[-1] == "FC9111"
    acknowledged = {row["contact_id"] for start in said[:-1] for row in contacts(1_500)[start : start + 50]}
    assert len(acknowledged) >= 50
    service = bootstrap.open_service(settings)
    rows = contacts(1_500)
    ingest(service.inbox, "contacts", rows, source="pbx", now=service.now(), redact=lambda text: (text, {}))
    service.close()
    database = Database(sqlite_url(tmp_path / "store.sqlite3"))
    with database.reading() as connection:
        kept = list(connection.execute(select(schema.contact.c.contact_id)).scalars())
        early = schema.contact.c.seq <= len(acknowledged)
        first = set(connection.execute(select(schema.contact.c.contact_id).where(early)).scalars())
    database.close()
    assert first == acknowledged
    assert sorted(kept) == sorted(row["contact_id"] for row in rows)
