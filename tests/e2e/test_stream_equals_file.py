"""The same contacts, streamed into the service in any order with copies and corrections, or measured as one file."""

from __future__ import annotations

import csv
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from firstcontact import bootstrap
from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database, sqlite_url
from firstcontact.adapters.stores.sql.people import read_link
from firstcontact.kernel.clock import now
from firstcontact.measurement.measures.result_table import result_table
from firstcontact.services.access import Role
from firstcontact.services.measure import measure
from firstcontact.services.measure_history import MEASURE
from firstcontact.services.measuring import MEASUREMENT
from firstcontact.services.prepare import Options
from firstcontact.services.service import Service
from firstcontact.services.setting import change_setting
from firstcontact.services.standing import stand
from tests.conftest import FULL
from tests.service_fixture import caller_of

T0 = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
ABOUT_THE_RUN = {"run_id", "created_at", "policy_hash", "version"}
COLUMNS = ("contact_id", "source", "customer_id", "channel", "reason", "team", "wrap_up", "started_at", "ended_at")


def history(chance: random.Random, count: int) -> list[dict[str, Any]]:
    """Contacts of a small centre: customers known by id, telephone, both, a switchboard too, or by nothing."""
    made = []
    for number in range(count):
        person = chance.randrange(count // 4)
        start = T0 + timedelta(minutes=chance.randrange(120 * 24 * 60))
        pairs = [("phone", f"+1555{person:07d}")] if chance.random() < 0.5 else []
        pairs += [("phone", "+15559999999"), ("account", f"a{person}")] if chance.random() < 0.05 else []
        pairs += [("customer", f"p{person}")] if chance.random() < 0.05 else []
        made.append(
            {
                "contact_id": f"c{number:04d}",
                "source": "pbx",
                "customer_id": f"p{person}" if chance.random() < 0.6 else None,
                "channel": chance.choice(["phone", "chat"]),
                "reason": chance.choice(["billing > invoice", "billing > refund", "delivery", None]),
                "team": chance.choice(["North", "South"]),
                "wrap_up": chance.choice(["done", None]),
                "started_at": start.isoformat(),
                "ended_at": (start + timedelta(minutes=chance.randrange(1, 30))).isoformat(),
                "identifiers": pairs,
            }
        )
    return made


def sent(one: dict[str, Any], version: int) -> dict[str, Any]:
    named = [{"kind": kind, "value": value} for kind, value in one["identifiers"]]
    return {**{k: v for k, v in one.items() if v is not None}, "identifiers": named, "version": version}


def stream(service: Service, final: list[dict[str, Any]], chance: random.Random) -> None:
    """Send everything: shuffled, some twice, some first otherwise, linked now and then."""
    items = [sent(one, 2) for one in final] + [sent(one, 2) for one in chance.sample(final, 60)]
    for one in chance.sample(final, 80):
        other = {**one, "customer_id": f"p{chance.randrange(50)}", "reason": "delivery", "identifiers": []}
        items.append(sent(other, 1))
    chance.shuffle(items)
    client, worker = caller_of(service)(Role.ADMINISTRATOR), bootstrap.open_worker(service)
    for start in range(0, len(items), 150):
        answer = client.post("/api/v1/contacts", json=items[start : start + 150]).json()
        assert "quarantined" not in answer["outcomes"]
        worker.drain()


def write(final: list[dict[str, Any]], folder: Path) -> list[Path]:
    """The same as files."""
    contacts, identifiers = folder / "contacts.csv", folder / "identifiers.csv"
    with contacts.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([[one[name] or "" for name in COLUMNS] for one in final])
    with identifiers.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("contact_id", "kind", "value"))
        writer.writerows((one["contact_id"], *pair) for one in final for pair in one["identifiers"])
    return [contacts, identifiers]


def plain(table: pa.Table) -> list[dict[str, Any]]:
    """Result rows without what is about the run."""
    return table.select([name for name in table.column_names if name not in ABOUT_THE_RUN]).to_pylist()


@pytest.mark.parametrize("seed", range(11, 31) if FULL else [11])
def test_a_stream_gives_the_rows_of_a_file(sqlite_service: Service, tmp_path: Path, seed: int) -> None:
    """Every result row is the same, run metadata aside; and every link that was made live is that of the run."""
    service, chance = sqlite_service, random.Random(seed)
    value = {"definitions": False, "explanations": False, "by": ["team,week"]}
    change_setting(service.preferences, MEASUREMENT, value, edition=0, actor="a", now=service.now())
    final = history(chance, 500)
    stream(service, final, chance)
    service.queue.ask(MEASURE, {}, asked_by="a", now=service.now())
    bootstrap.open_worker(service).drain()
    run = service.runs.current()
    assert run is not None
    place = service.runs.place(run)

    policy = service.policies.published().policy
    options = Options(policy=policy, by=("team,week",), definitions=False, explanations=False)
    with bootstrap.engine(threads=1) as engine:
        paths = write(final, tmp_path)
        filed = measure(engine, bootstrap.connector(), paths, options, now=now, version="0").run
    rows = plain(result_table(filed.rows))
    assert len(rows) > 100
    assert plain(pq.read_table(place / "results.parquet")) == rows

    service.queue.ask("link", {}, asked_by="a", now=service.now(), key="link")
    bootstrap.open_worker(service).drain()
    live = links(service)
    known = {row["contact_id"]: row for row in pq.read_table(place / "contacts.parquet").to_pylist()}
    assert live.keys() == known.keys()
    assert not [
        f"{name}.{key}: live {value!r}, run {known[name][key]!r}"
        for name, found in live.items()
        for key, value in found.items()
        if known[name][key] != value
    ]
    assert sum(row["repeat_of"] is not None for row in known.values()) > 20


def links(service: Service) -> dict[str, dict[str, Any]]:
    """What linking found live, in the columns of a run's contacts, within the period of the run."""
    first = service.people.first_moment()
    assert first is not None
    rules, frame = service.rules.within(lambda: first)
    database = Database(sqlite_url(service.settings.data / "store.sqlite3"))
    contact, link = schema.contact, schema.link
    with database.reading() as connection:
        asked = select(link, contact.c.started_at).join(contact, contact.c.contact_id == link.c.contact_id)
        rows = connection.execute(asked).mappings().all()
    database.close()
    found = {}
    for row in rows:
        standing = stand(read_link(row), row["started_at"], rules.policy, frame)
        same = ("issue_id", "issue_start", "opener", "repeat_of", "leg_of", "returned", "redialled")
        same += ("previous_gap_days", "next_gap_days", "window_days")
        found[row["contact_id"]] = {name: row[name] for name in same} | {"left_censored": standing.left_censored}
    return found
