"""A service that is going to be killed: takes in contacts and measures them until somebody ends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

# What a service needs is imported before it is forked, so that it is killed at its work and not at its imports.
import firstcontact.adapters.connectors.warehouse
import firstcontact.adapters.engines.duckdb
import firstcontact.adapters.stores.sql.migrate
import firstcontact.measurement.explain.catalog
import firstcontact.services.measure_history  # noqa: F401
from firstcontact import bootstrap
from firstcontact.kernel.service_settings import ServiceSettings
from firstcontact.services.ingest import ingest
from firstcontact.services.measure_history import MEASURE
from firstcontact.services.work import LANES

PAUSE = 0.01
"""Seconds between two batches: leaves time for the work that goes on beside."""


def live(settings: ServiceSettings, batches: Sequence[tuple[int, list[Any]]], told: Connection) -> None:
    """Run a service.

    Args:
        settings: Where it keeps its data.
        batches: Contacts to take in, numbered.
        told: Sent the number of each batch that is durable.
    """
    service = bootstrap.open_service(settings)
    for lane in LANES:
        threading.Thread(target=bootstrap.open_worker(service, lane=lane).run, daemon=True).start()
    told.send(-1)
    for number, batch in batches:
        ingest(service.inbox, "contacts", batch, source="pbx", now=service.now(), redact=lambda text: (text, {}))
        told.send(number)
        if number % 5 == 0:
            service.queue.ask(MEASURE, {}, asked_by="victim", now=service.now(), key="now")
        time.sleep(PAUSE)
    threading.Event().wait()
