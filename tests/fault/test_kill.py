"""A service that is killed again and again, at any moment, loses nothing that it acknowledged and doubles nothing."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from firstcontact import bootstrap
from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database, sqlite_url
from firstcontact.kernel.service_settings import ServiceSettings
from firstcontact.services.ingest import ingest
from firstcontact.services.measure_history import MEASURE
from firstcontact.services.queue import LEASE_SECONDS, MAX_ATTEMPTS
from firstcontact.services.service import Service
from firstcontact.services.tidy import AGE, TIDY
from tests.conftest import FULL
from tests.fault.victim import live
from tests.web.test_measured import contacts, plainly

KILLS = 100 if FULL else 5
"""On each database; the nightly size is 200 in all, `make test` 10."""

LONGEST = 1.2
"""Seconds after which, at the latest, it is killed: within them it takes in contacts, links and measures."""

_MORTAL = multiprocessing.get_context("forkserver")
_MORTAL.set_forkserver_preload(["tests.fault.victim"])


def rows(count: int) -> list[dict[str, Any]]:
    """Contacts, each with two identifiers that are stored beside it."""
    found = contacts(count, seed=11)
    for row in found:
        number = int(row["customer_id"][1:])
        row["identifiers"] = [
            {"kind": "phone", "value": f"+44 20 7946 {number:04d}"},
            {"kind": "email", "value": f"{row['customer_id']}@example.org"},
        ]
    return found


@pytest.fixture(scope="module")
def batches() -> list[tuple[int, list[dict[str, Any]]]]:
    """What is sent: so many batches that some are left for the last life."""
    size, count = 10, KILLS * 8
    sent = rows(size * count)
    return [(number, sent[number * size : (number + 1) * size]) for number in range(count)]


@pytest.fixture(scope="module")
def undisturbed(batches: list[Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[pa.Table]:
    """The figures of a service that nobody killed."""
    service = bootstrap.open_service(ServiceSettings(data=tmp_path_factory.mktemp("undisturbed")))
    plainly(service)
    for _, batch in batches:
        send(service, batch)
    yield figures(service)
    service.close()


def send(service: Service, batch: list[Any]) -> None:
    ingest(service.inbox, "contacts", batch, source="pbx", now=service.now(), redact=lambda text: (text, {}))


def figures(service: Service) -> pa.Table:
    """Everything measured now, after all that waits is done: in a while, when the leases of the dead are over."""
    later = replace(service, now=lambda: service.now() + timedelta(seconds=LEASE_SECONDS + 600))
    worker = bootstrap.open_worker(later)
    worker.drain()
    service.queue.ask(MEASURE, {}, asked_by="test", now=service.now())
    worker.drain()
    run = service.runs.current()
    assert run is not None
    table = pq.read_table(service.runs.place(run) / "results.parquet")
    return table.drop_columns(["version"])


def test_what_was_acknowledged_outlives_every_kill(
    settings: ServiceSettings, batches: list[Any], undisturbed: pa.Table
) -> None:
    """After kill -9 at random moments every acknowledged contact is there once and whole, every job came to its end,
    nothing half made lies about, and the figures are those of a service that lived undisturbed.
    """
    first = bootstrap.open_service(settings)
    plainly(first)
    first.close()
    rng = random.Random(20)
    acknowledged: set[int] = set()
    for _ in range(KILLS):
        left = [batch for batch in batches if batch[0] not in acknowledged]
        heard, told = _MORTAL.Pipe(duplex=False)
        victim = _MORTAL.Process(target=live, args=(settings, left, told))
        victim.start()
        told.close()
        assert heard.poll(60)  # it lives
        end = time.monotonic() + rng.uniform(0, LONGEST)
        # A share of the batches in each life, so that some come after the last kill.
        most = len(acknowledged) + len(batches) // (KILLS + 1)
        while (wait := end - time.monotonic()) > 0 and len(acknowledged) < most:
            if heard.poll(wait):
                acknowledged.add(heard.recv())
        victim.kill()
        victim.join()
        while heard.poll():  # what it said before it died counts as said
            try:
                acknowledged.add(heard.recv())
            except EOFError:
                break
        acknowledged.discard(-1)
    assert acknowledged
    service = bootstrap.open_service(settings)
    try:
        check_contacts(settings, {row["contact_id"] for n, batch in batches if n in acknowledged for row in batch})
        for number, batch in batches:
            if number not in acknowledged:
                send(service, batch)
        assert figures(service).equals(undisturbed)
        check_contacts(settings, {row["contact_id"] for _, batch in batches for row in batch})
        check_jobs(service)
        check_files(service, settings)
    finally:
        service.close()


def check_contacts(settings: ServiceSettings, least: set[str]) -> None:
    """Each contact once, each of them whole, and all that were acknowledged."""
    database = Database(settings.database or sqlite_url(settings.data / "store.sqlite3"))
    with database.reading() as connection:
        ids = list(connection.execute(select(schema.contact.c.contact_id)).scalars())
        identifiers = Counter(connection.execute(select(schema.identifier.c.contact_id)).scalars())
        seqs = list(connection.execute(select(schema.contact.c.seq)).scalars())
    database.close()
    assert least <= set(ids)
    assert len(ids) == len(set(ids)) == len(set(seqs))
    # Its own id for the customer, a telephone number, an address.
    assert {identifiers[one] for one in ids} == {3}


def check_jobs(service: Service) -> None:
    """Every job came to its end. Only one whose workers were killed five times in a row is given up, and says so."""
    jobs = service.queue.page(state=None, before=None, limit=10_000)
    assert {job.state for job in jobs} <= {"done", "waiting", "cancelled", "failed"}
    given_up = [fault["code"] for job in jobs if job.state == "failed" for fault in job.faults or []]
    assert set(given_up) <= {"FC9501"}
    assert all(job.attempts == MAX_ATTEMPTS for job in jobs if job.state == "failed")
    assert all(job.asked_by == "schedule" for job in jobs if job.state == "waiting")


def check_files(service: Service, settings: ServiceSettings) -> None:
    """Once what is half made is old enough, nothing lies about but what the store names."""
    long_ago = time.time() - 2 * AGE.total_seconds()
    for place in ("runs", "warehouse"):
        for path in (settings.data / place).iterdir():
            os.utime(path, (long_ago, long_ago))
    service.queue.ask(TIDY, {}, asked_by="test", now=service.now())
    bootstrap.open_worker(service).drain()
    runs = {run.folder for run in service.runs.page(state=None, before=None, limit=1_000)}
    assert {path.name for path in (settings.data / "runs").iterdir()} == runs
    database = Database(settings.database or sqlite_url(settings.data / "store.sqlite3"))
    with database.reading() as connection:
        listed = set(connection.execute(select(schema.segment.c.name)).scalars())
    database.close()
    assert {path.name for path in (settings.data / "warehouse").iterdir()} == listed
    assert len(service.runs.page(state="current", before=None, limit=10)) == 1


def test_a_worker_that_dies_while_measuring_is_followed_by_another(sqlite_service: Service) -> None:
    """The job is begun again by whoever comes next, and makes one run."""
    plainly(sqlite_service)
    send(sqlite_service, rows(60))
    job = sqlite_service.queue.ask(MEASURE, {}, asked_by="test", now=sqlite_service.now())
    dead = sqlite_service.queue.take("dead", [MEASURE], sqlite_service.now())
    assert dead is not None
    figures(sqlite_service)
    found = sqlite_service.queue.find(job.id)
    assert found is not None
    assert (found.state, found.attempts) == ("done", 2)
    assert len([one for one in sqlite_service.runs.page(state=None, before=None, limit=9) if one.job_id == job.id]) == 1
