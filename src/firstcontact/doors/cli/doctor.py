"""`firstcontact doctor`: looks at everything the service needs, and says what to do about what is wrong."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from firstcontact.services.queue import LEASE_SECONDS

if TYPE_CHECKING:
    from firstcontact.kernel.service_settings import ServiceSettings
    from firstcontact.services.service import Service

LEAST_ROOM = 2 * 10**9
"""Bytes free below which the disk is said to be short."""

MOST_APART = 2
"""Seconds by which clocks may differ before it is said."""

LATE = timedelta(minutes=2)
"""How long a job may be due before it is said that nobody works."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was looked at.

    Attributes:
        state: `ok`, `look` for what somebody should know, `bad` for what keeps the service from working.
        what: What was looked at.
        said: What was found, and what to do.
    """

    state: Literal["ok", "look", "bad"]
    what: str
    said: str


def doctor() -> None:
    """Look at settings, database, disk, workers and figures.

    Exit status: 0 nothing keeps the service from working, 5 something does.
    """
    from firstcontact.doors.cli.surroundings import surroundings
    from firstcontact.kernel.errors import EXIT_OUTPUT

    found = list(examine(surroundings()))
    for one in found:
        print(f"{one.state:<5} {one.what:<10} {one.said}")
    if any(one.state == "bad" for one in found):
        raise typer.Exit(EXIT_OUTPUT)


def examine(settings: ServiceSettings) -> Iterator[Seen]:
    """Everything that is looked at, in order; stops at what the rest needs."""
    from firstcontact import bootstrap
    from firstcontact.kernel.errors import FirstcontactError

    shown = ", ".join(f"{name}: {value}" for name, value in settings.shown.items())
    yield Seen("ok", "settings", shown)
    if settings.public_url.startswith("http://"):
        yield Seen("look", "settings", "the service is reached without TLS; sessions can be read on the way")
    yield from _disk(settings.data)
    try:
        form, newest = bootstrap.store_form(settings)
        if form < newest:
            yield _not_begun(form, newest)
            return
        service = bootstrap.open_service(settings)
    except FirstcontactError as error:
        fault = error.faults[0]
        yield Seen("bad", "database", f"{fault.kind.code} {fault.kind.title}: {fault.cure}")
        return
    try:
        yield from _service(service)
    finally:
        service.close()


def _not_begun(form: str, newest: str) -> Seen:
    """What is said of a store that the next start makes or changes; looking changes nothing."""
    if not form:
        return Seen("look", "database", "nothing is kept here yet: `firstcontact serve` begins")
    change = f"form {form}, which the next start brings to {newest} and never back"
    return Seen("look", "database", f"{change}: back up first, with the version that wrote it")


def _clock(apart: timedelta) -> Iterator[Seen]:
    """How far this machine's clock is from that of the database's machine."""
    seconds = abs(apart / timedelta(seconds=1))
    if seconds > MOST_APART:
        said = f"{seconds:,.0f} s from the database's: jobs are taken from workers that live; set both by NTP"
        yield Seen("bad" if seconds > LEASE_SECONDS / 2 else "look", "clock", said)
    else:
        yield Seen("ok", "clock", f"{seconds:.1f} s from the database's")


def _disk(data: Path) -> Iterator[Seen]:
    place = next(path for path in (data, *data.absolute().parents) if path.exists())
    if not os.access(place, os.W_OK | os.X_OK):
        yield Seen("bad", "disk", f"{place} cannot be written; name another place with FIRSTCONTACT_DATA")
        return
    free = shutil.disk_usage(place).free
    room = f"{free / 1e9:.1f} GB free in {place}"
    yield Seen("ok", "disk", room) if free >= LEAST_ROOM else Seen("look", "disk", f"only {room}: make room")
    if data.exists() and stat.S_IMODE(data.stat().st_mode) & 0o077:
        yield Seen("look", "disk", f"others may read {data}: chmod 700 {data}")


def _service(service: Service) -> Iterator[Seen]:
    now = service.now()
    found = service.conditions.look(now)
    kind = "PostgreSQL" if service.settings.database else "SQLite"
    yield Seen("ok", "database", f"{kind}, form {found.schema}, {found.contacts:,} contacts, change {found.seq:,}")
    if found.clock is not None:
        yield from _clock(service.now() - found.clock)
    if not service.accounts.page(after=None, limit=1):
        yield Seen("look", "accounts", "nobody can log in: firstcontact account add you@example.org")
    late = found.oldest_due is not None and now - found.oldest_due > LATE
    waits = (
        f"{found.jobs.get('waiting', 0)} wait, {found.jobs.get('running', 0)} run, {found.jobs.get('failed', 0)} failed"
    )
    if late:
        yield Seen("bad", "jobs", f"{waits}; nobody does them: begin `firstcontact serve` or `firstcontact worker`")
    else:
        yield Seen("look" if found.jobs.get("failed") else "ok", "jobs", waits)
    if found.measured_at is None:
        yield Seen("look", "figures", "nothing was measured yet: POST /api/v1/jobs, or wait for the schedule")
    else:
        hours = (now - found.measured_at) / timedelta(hours=1)
        behind = found.seq - found.measured_seq
        yield Seen("ok", "figures", f"{hours:.1f} hours old; {behind:,} changes have come since")
    if found.quarantined:
        yield Seen("look", "quarantine", f"{found.quarantined:,} records wait to be corrected: GET /api/v1/quarantine")
