"""A service to look at: a simulated centre whose year has passed, and whose contacts keep arriving in their time."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from firstcontact import bootstrap
from firstcontact.kernel.time_id import time_id
from firstcontact.services.access import Role
from firstcontact.services.account import add_account
from firstcontact.services.audit import Event
from firstcontact.services.ingest import ingest
from firstcontact.services.measure_history import MEASURE
from firstcontact.services.setting import redactor

if TYPE_CHECKING:
    from firstcontact.kernel.service_settings import ServiceSettings
    from firstcontact.services.service import Service

CONTACTS = 40_000
SEED = 20
PASSED = timedelta(days=390)
"""How much of the simulated time has passed when the demonstration begins; the rest is still to come."""

SOURCE = "demonstration"
TARGET = """
[targets.fcr_issue]
at_least = 0.80
tolerance = 0.02
"""
"""What the demonstration's centre aims at."""

MARK = "demonstration"
"""The setting that says that a service is one: when it began, how large it is, and whether all of it is there."""

_BEGAN = "demonstration"
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the demonstration.

    Attributes:
        email: What is typed to log in.
        role: What it is for.
        teams: Its teams.
        agent_id: As contacts name this person.
    """

    email: str
    role: Role
    teams: tuple[str, ...] = ()
    agent_id: str | None = None


ACCOUNTS = (
    Account("admin@demo.example", Role.ADMINISTRATOR),
    Account("manager@demo.example", Role.MANAGER),
    Account("quality@demo.example", Role.QUALITY),
    Account("lead@demo.example", Role.TEAM_LEAD, ("team-01",)),
    Account("agent@demo.example", Role.AGENT, ("team-01",), "agent-0001"),
    Account("board@demo.example", Role.WALLBOARD),
)


def fill(service: Service, *, say: Callable[[str], None], contacts: int = CONTACTS) -> str:
    """Make accounts and send the year that has passed; a service that somebody uses already is left as it is.

    One whose filling broke off is filled to the end, with a new password.

    Args:
        service: An empty service, or a demonstration.
        say: Told what is done.
        contacts: How many contacts, those still to come included.

    Returns:
        The password of every account; empty where nothing was made.
    """
    now = service.now()
    mark = service.preferences.get(MARK)
    if mark is None:
        if service.accounts.page(after=None, limit=1):
            say("This service has accounts of its own, so nothing is simulated into it.")
            return ""
        began = {"began": now.isoformat(), "contacts": contacts, "filled": False}
        mark = service.preferences.put(MARK, began, edition=0, actor=_BEGAN, now=now)
    if mark.value["filled"]:
        return ""
    password = secrets.token_urlsafe(12)
    _make_accounts(service, service.passwords.keep(password), now)
    _aim(service, now)
    began_at, contacts = datetime.fromisoformat(mark.value["began"]), mark.value["contacts"]
    say(f"Simulating {contacts:,} contacts of a year, and sending those that have come by now ...")
    sent = 0
    for table, batch in passed(began_at, contacts):
        ingest(service.inbox, table, batch, source=SOURCE, now=now, redact=redactor(service.preferences))
        sent += len(batch) if table == "contacts" else 0
    service.queue.ask(MEASURE, {}, asked_by=_BEGAN, now=now, key=f"{MEASURE}:now")
    service.preferences.put(MARK, mark.value | {"filled": True}, edition=mark.edition, actor=_BEGAN, now=now)
    say(f"{sent:,} contacts have arrived; they are measured in the background, and more come as their time does.")
    return password


def _aim(service: Service, now: datetime) -> None:
    """Put a target into force, so that there is one to see."""
    found = service.policies.published()
    if found.policy.targets:
        return
    note = "A target to look at. It moves no figure."
    made = service.policies.draft(found.toml + TARGET, note=note, based_on=found.number, by=_BEGAN, now=now)
    service.policies.publish(made.number, made.edition, by=_BEGAN, now=now)


def _make_accounts(service: Service, kept: str, now: datetime) -> None:
    """Make the accounts; those that a filling which broke off had made get the password that is told now."""
    for one in ACCOUNTS:
        there = service.accounts.find_email(one.email)
        if there is not None:
            event = Event(_BEGAN, "password.set", now, object=there.id)
            service.accounts.set_password(there.id, kept, event, keep_session=None)
            continue
        add_account(
            service.accounts,
            email=one.email,
            name=one.email.split("@")[0].capitalize(),
            role=one.role.value,
            teams=one.teams,
            agent_id=one.agent_id,
            password_hash=kept,
            actor=_BEGAN,
            now=now,
            new_id=time_id(now),
        )


def arrive(
    settings: ServiceSettings,
    ending: threading.Event,
    *,
    now: Callable[[], datetime] | None = None,
) -> None:
    """Send a demonstration's contacts still to come, each when its time comes, until the service ends.

    Args:
        settings: The service's; one that `fill` did not fill is left alone.
        ending: Set when it ends.
        now: The clock; the service's where None.
    """
    service = bootstrap.open_service(settings)
    try:
        mark = service.preferences.get(MARK)
        if mark is None or not mark.value["filled"]:
            return
        coming = to_come(datetime.fromisoformat(mark.value["began"]), mark.value["contacts"])
        clock = now or service.now
        while not ending.wait(1):
            moment = clock()
            due = []
            while coming and coming[-1][0] <= moment:
                due.append(coming.pop()[1])
            for start in range(0, len(due), _AT_ONCE):
                batch, redact = due[start : start + _AT_ONCE], redactor(service.preferences)
                ingest(service.inbox, "contacts", batch, source=SOURCE, now=moment, redact=redact)
    finally:
        service.close()


def passed(now: datetime, contacts: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """What had come by a moment, table by table, in order of time and in batches."""
    tables = _world(now, contacts)
    named = _named(tables)
    here = [row for row in tables["contacts"] if (row["ended_at"] or row["started_at"]) <= now]
    for start in range(0, len(here), _AT_ONCE):
        yield "contacts", [_sent(row, named) for row in here[start : start + _AT_ONCE]]
    ids = {row["contact_id"] for row in here}
    for table, moment in (("case_events", "at"), ("surveys", "answered_at"), ("reviews", "reviewed_at")):
        rows = [row for row in tables[table] if row["contact_id"] in ids and (row[moment] or now) <= now]
        for start in range(0, len(rows), _AT_ONCE):
            yield table, [_sent(row, {}) for row in rows[start : start + _AT_ONCE]]


def to_come(began: datetime, contacts: int) -> list[tuple[datetime, dict[str, Any]]]:
    """Contacts that end after the demonstration began, latest first."""
    tables = _world(began, contacts)
    named = _named(tables)
    later = [(row["ended_at"] or row["started_at"], row) for row in tables["contacts"]]
    coming = [(moment, _sent(row, named)) for moment, row in later if moment > began]
    return sorted(coming, key=lambda one: one[0], reverse=True)


def _world(now: datetime, contacts: int) -> dict[str, list[dict[str, Any]]]:
    from firstcontact.measurement.simulator.generate import simulate
    from firstcontact.measurement.simulator.world import World

    simulation = simulate(World(start=(now - PASSED).date()), contacts=contacts, seed=SEED)
    return {name: table.to_pylist() for name, table in simulation.tables.items()}


def _named(tables: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in tables["identifiers"]:
        found.setdefault(row["contact_id"], []).append({"kind": row["kind"], "value": row["value"]})
    return found


def _sent(row: dict[str, Any], named: dict[str, list[dict[str, str]]]) -> dict[str, Any]:
    """A row as a program sends it: nothing that is missing, moments with their zone."""
    sent = {
        name: value.replace(tzinfo=UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if value is not None and name not in {"source", "text_ref"}
    }
    identifiers = named.get(row["contact_id"])
    return sent | ({"identifiers": identifiers} if identifiers else {})
