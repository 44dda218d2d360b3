"""The store goes away or fills up: what was acknowledged stays, the rest is said at once, and all goes on later."""

from __future__ import annotations

import multiprocessing
import resource
import signal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from firstcontact import bootstrap
from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database, sqlite_url
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.service_settings import ServiceSettings
from firstcontact.services.access import Role
from firstcontact.services.ingest import ingest
from firstcontact.services.measure_history import MEASURE
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
        with pytest.raises(FirstcontactError):
            bootstrap.open_worker(service).once()
    finally:
        postgresql.start()
    assert client.get("/ready").status_code == 200
    assert client.post("/api/v1/contacts", json=rows[60:]).json()["outcomes"] == ["stored"] * 60
    bootstrap.open_worker(service).drain()
    assert client.get("/api/v1/runs/current").json()["contacts"] == 120
    service.close()


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
    """FC9102 for the batch that found no room; those before it are whole, and with room again the rest follows."""
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
    assert said[-1] == "FC9102"
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
