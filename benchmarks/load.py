"""Loads the running service over loopback and writes what it bore to LOAD.md.

Usage: load.py [--contacts N] [--seconds S] [--only sqlite|postgresql|pages] [--note TEXT]. For each database a store is
filled with a simulated year as an import fills it, in batches past the interface; all of it is linked and measured.
Then `firstcontact serve` runs as it would for a user, and threads of this program ask it over kept-open connections,
once everything that arrived before is linked. Asking costs processor time on the same cores, so the service alone bears
more. Nothing here is a test, and nothing fails when it is slow.
"""

from __future__ import annotations

import argparse
import http.client
import importlib.metadata
import json
import os
import platform
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.pages import section, time_pages  # noqa: E402
from firstcontact import bootstrap  # noqa: E402 - the repository's own tests lend their PostgreSQL
from firstcontact.kernel.service_settings import ServiceSettings  # noqa: E402
from firstcontact.measurement.simulator.generate import simulate  # noqa: E402
from firstcontact.measurement.simulator.world import World  # noqa: E402
from firstcontact.services.access import GRANTS, Principal, Role  # noqa: E402
from firstcontact.services.account import add_account  # noqa: E402
from firstcontact.services.ingest import ingest  # noqa: E402
from firstcontact.services.service import Service  # noqa: E402
from firstcontact.services.session import make_token  # noqa: E402
from firstcontact.services.setting import redactor  # noqa: E402
from firstcontact.services.work import Worker  # noqa: E402
from tests.service_fixture import Cluster, _programs  # noqa: E402

KINDS = ("sqlite", "postgresql")
PAGES = "pages"
"""The part that tells of each page, with the data of the first database."""
HEAD = """\
# Load

Written by `make load`: the service as `firstcontact serve` runs it, over loopback, with a simulated year in the store.
The store is filled as an import fills it, in batches past the interface, and linked and measured before anything is
asked. Whoever asks runs on the same cores. Milliseconds as the asking side sees them. Linked after: how long the last
contact of each kind of sending waited until it was linked.
"""
SOURCE = "load"
LOOKS = (Role.MANAGER, Role.ADMINISTRATOR)
"""Who looks at pages: at each the first who may."""
NAMING = ("contact_id", "kind", "value")
AT_ONCE = 2_000
PASSED = timedelta(days=390)


@dataclass
class Question:
    """What is asked, and what came of it.

    Attributes:
        name: As the page calls it.
        threads: How many ask at once.
        ask: Makes method, path and body of the next request.
        records: Records of one request.
        target: What it should be, as the page says it.
        met: Whether it is, from the rate and the 99th percentile.
        times: Seconds of each request.
        failures: Answers that were none of 2xx.
        elapsed: Seconds of the whole.
        linked: Seconds from the last answer until everything was linked; None where nothing was sent.
    """

    name: str
    threads: int
    ask: Callable[[random.Random], tuple[str, str, bytes]]
    records: int
    target: str
    met: Callable[[float, float], bool]
    times: list[float] = field(default_factory=list)
    failures: int = 0
    elapsed: float = 0.0
    linked: float | None = None

    def percentile(self, share: float) -> float:
        """Milliseconds that this share of the requests did not take longer than."""
        ordered = sorted(self.times)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    @property
    def rate(self) -> float:
        """Records, or requests, a second."""
        return len(self.times) * self.records / self.elapsed if self.elapsed else 0.0


def main() -> None:
    """Load each database in turn and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--only", choices=(*KINDS, PAGES), help="the other parts of the page stay as they are")
    parser.add_argument("--note", default="")
    asked = parser.parse_args()
    page = ROOT / "benchmarks" / "LOAD.md"
    sections = _sections(page)
    wanted = {asked.only} if asked.only else {*KINDS, PAGES}
    for kind in KINDS:
        with_pages = kind == KINDS[0] and PAGES in wanted
        if kind not in wanted and not with_pages:
            continue
        with _place(kind) as settings:
            if settings is None:
                sections[kind] = f"### {kind}\n\nNot installed on this machine.\n"
                continue
            print(f"{kind}: filling with {asked.contacts:,} contacts", flush=True)
            filled = _fill(settings, asked.contacts)
            tokens = filled.pop("tokens")
            names = filled.pop("names")
            with _serving(settings):
                if with_pages:
                    lookers = {role.value: tokens[role] for role in LOOKS}
                    timed = section(time_pages(settings.port, lookers, asked.seconds / 4))
                    sections[PAGES] = f"### {PAGES}, {filled['contacts']:,} contacts\n\n{timed}\n{_machine(asked.note)}"
                if kind in wanted:
                    questions = _questions(names)
                    for question in questions:
                        print(f"  {question.name}", flush=True)
                        _load(settings.port, question, tokens, asked.seconds)
                    sections[kind] = f"{_section(kind, filled, questions)}\n{_machine(asked.note)}"
    told = [sections[part].rstrip() + "\n" for part in (*KINDS, PAGES) if part in sections]
    page.write_text("\n".join([HEAD, *told]), encoding="utf-8")
    print("benchmarks/LOAD.md")


def _sections(page: Path) -> dict[str, str]:
    """What the page says of each database so far."""
    if not page.exists():
        return {}
    parts = page.read_text(encoding="utf-8").split("### ")[1:]
    return {kind: f"### {part}" for part in parts for kind in (*KINDS, PAGES) if part.startswith(kind)}


@contextmanager
def _place(kind: str) -> Iterator[ServiceSettings | None]:
    """Settings of a service with an empty store, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="fcload"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    cluster = None
    try:
        database = ""
        if kind == "postgresql":
            programs = _programs()
            if programs is None:
                yield None
                return
            place = Path(tempfile.mkdtemp(prefix="fcpg"))
            cluster = _cluster(programs, place)
            database = cluster.database()
        yield ServiceSettings(data=folder / "service", database=database, port=port)
    finally:
        if cluster is not None:
            cluster.stop("immediate")
            shutil.rmtree(cluster.folder, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def _fill(settings: ServiceSettings, contacts: int) -> dict[str, Any]:
    """A year of contacts, linked and measured; gives what that took, tokens, and identifiers to ask for."""
    service = bootstrap.open_service(settings)
    now = service.now()
    chance = random.Random(4)  # noqa: S311 - which contacts are asked for is no secret
    sent, names, spent = 0, [], 0.0
    for batch in _year(now, contacts):
        began = time.perf_counter()
        ingest(service.inbox, "contacts", batch, source=SOURCE, now=now, redact=redactor(service.preferences))
        spent += time.perf_counter() - began
        sent += len(batch)
        names += [one["customer_id"] for one in batch if one.get("customer_id") and chance.random() < 0.02]
    filled: dict[str, Any] = {"contacts": sent, "filled": spent}
    began = time.perf_counter()
    _work(service, "link")
    filled["linked"] = time.perf_counter() - began
    print(f"  {_told(filled | {'measured': 0})}", flush=True)
    began = time.perf_counter()
    service.queue.ask("measure", {}, asked_by="load", now=service.now(), key="load")
    _work(service, "measure")
    filled["measured"] = time.perf_counter() - began
    filled["tokens"] = {role: _token(service, role) for role in (*LOOKS, Role.QUALITY)}
    service.close()
    return filled | {"names": names}


def _year(now: datetime, contacts: int) -> Iterator[list[dict[str, Any]]]:
    """A simulated year of contacts that have ended by now, in the order of their beginning and in batches."""
    tables = simulate(World(start=(now - PASSED).date()), contacts=contacts, seed=20).tables
    named: dict[str, list[dict[str, str]]] = {}
    for rows in tables["identifiers"].to_batches(AT_ONCE):
        for contact_id, kind, value in zip(*(rows.column(one).to_pylist() for one in NAMING), strict=True):
            named.setdefault(contact_id, []).append({"kind": kind, "value": value})
    for rows in tables["contacts"].to_batches(AT_ONCE):
        batch = []
        for row in rows.to_pylist():
            if (row["ended_at"] or row["started_at"]) > now:
                continue
            sent = {
                name: value.replace(tzinfo=UTC).isoformat() if isinstance(value, datetime) else value
                for name, value in row.items()
                if value is not None and name not in {"source", "text_ref"}
            }
            batch.append(sent | {"identifiers": named.pop(row["contact_id"], [])})
        if batch:
            yield batch


def _work(service: Service, kind: str) -> None:
    Worker(service.queue, {kind: service.handlers[kind]}, service.now).drain()


def _token(service: Service, role: Role) -> str:
    now = service.now()
    made = add_account(
        service.accounts, email=f"{role.value}@load.example", name="Load", role=role.value, teams=(),
        password_hash=None, actor="load", now=now, new_id=secrets.token_hex(16),
    )  # fmt: skip
    who = Principal(made.id, made.email, role)
    held = sorted(permission for permission in GRANTS[role] if who.may(permission))
    ends = now + timedelta(days=1)
    return make_token(service.sessions, who, name="load", permissions=held, expires_at=ends, now=now)[1]


@contextmanager
def _serving(settings: ServiceSettings) -> Iterator[None]:
    """The service as a user runs it."""
    environment = os.environ | {
        "FIRSTCONTACT_DATA": str(settings.data),
        "FIRSTCONTACT_DATABASE": settings.database,
        "FIRSTCONTACT_PORT": str(settings.port),
    }
    command = [sys.executable, "-m", "firstcontact.doors.cli", "serve"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", settings.port, timeout=5)
                connection.request("GET", "/ready")
                if connection.getresponse().status == 200:
                    break
            except OSError:
                time.sleep(0.2)
        else:
            raise SystemExit("the service did not begin")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _questions(names: list[str]) -> list[Question]:
    def contact(chance: random.Random) -> dict[str, Any]:
        return {
            "contact_id": f"load-{chance.getrandbits(64):x}",
            "started_at": "2026-01-05T09:00:00Z",
            "ended_at": "2026-01-05T09:05:00Z",
            "channel": "phone",
            "reason": "billing",
            "team": "team-01",
            "customer_id": f"load-{chance.getrandbits(20)}",
        }

    def one(chance: random.Random) -> tuple[str, str, bytes]:
        return "POST", "/api/v1/contacts/one?source=load", json.dumps(contact(chance)).encode()

    def many(chance: random.Random) -> tuple[str, str, bytes]:
        return "POST", "/api/v1/contacts?source=load", json.dumps([contact(chance) for _ in range(500)]).encode()

    def who(chance: random.Random) -> tuple[str, str, bytes]:
        asked = {"kind": "customer", "value": chance.choice(names), "reason": "billing"}
        return "POST", "/api/v1/people/look-up", json.dumps(asked).encode()

    def read(path: str) -> Callable[[random.Random], tuple[str, str, bytes]]:
        return lambda _chance: ("GET", path, b"")

    def quick(_rate: float, worst: float) -> bool:
        return worst < 100

    results = "/api/v1/runs/current/results?limit=100"
    return [
        Question("look-up by identifier, 2 at once", 2, who, 1, "p99 < 50 ms", lambda _rate, worst: worst < 50),
        Question("look-up by identifier, 8 at once", 8, who, 1, "", lambda _rate, _worst: True),
        Question("results, 100 of them, 2 at once", 2, read(results), 1, "p99 < 100 ms", quick),
        Question("board", 2, read("/api/v1/board"), 1, "p99 < 100 ms", quick),
        Question("jobs", 2, read("/api/v1/jobs?limit=100"), 1, "p99 < 100 ms", quick),
        Question("page `/`", 2, read("/"), 1, "p99 < 100 ms", quick),
        Question("contacts one by one, 16 at once", 16, one, 1, ">= 200/s", lambda rate, _worst: rate >= 200),
        Question("contacts in batches of 500", 4, many, 500, ">= 1,000/s", lambda rate, _worst: rate >= 1000),
    ]


def _load(port: int, question: Question, tokens: dict[Role, str], seconds: float) -> None:
    """Ask until the time is over, from several threads, each on a connection of its own."""
    sends = question.name.startswith("contacts")
    token = tokens[Role.ADMINISTRATOR if sends else Role.QUALITY]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    ending = time.perf_counter() + seconds
    lock = threading.Lock()

    def ask(number: int) -> None:
        chance = random.Random(f"{question.name} {number} {time.time()}")  # noqa: S311 - as above
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        times, failures = [], 0
        while time.perf_counter() < ending:
            method, path, body = question.ask(chance)
            began = time.perf_counter()
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            answer.read()
            if 200 <= answer.status < 300:
                times.append(time.perf_counter() - began)
            else:
                failures += 1
                time.sleep(0.05)
        with lock:
            question.times += times
            question.failures += failures

    began = time.perf_counter()
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(question.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    question.elapsed = time.perf_counter() - began
    if sends:
        question.linked = _linked(port, headers)


def _linked(port: int, headers: dict[str, str]) -> float:
    """Wait until everything that was sent is linked; gives how many seconds that took."""
    began = time.perf_counter()
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        states = []
        for state in ("waiting", "running"):
            connection.request("GET", f"/api/v1/jobs?state={state}", headers=headers)
            items = json.loads(connection.getresponse().read())["items"]
            states += [one for one in items if one["kind"] == "link" and one["asked_by"] == "ingest"]
        connection.close()
        if not states:
            return time.perf_counter() - began
        time.sleep(0.1)


def _section(kind: str, filled: dict[str, Any], questions: list[Question]) -> str:
    rows = [
        f"### {kind}, {filled['contacts']:,} contacts",
        "",
        _told(filled),
        "",
        "| asked | a second | p50 ms | p99 ms | refused | linked after | target | |",
        "|---|---:|---:|---:|---:|---:|---|---|",
    ]
    for one in questions:
        worst = one.percentile(0.99)
        met = ("met" if one.met(one.rate, worst) and one.times else "missed") if one.target else ""
        rows.append(
            f"| {one.name} | {one.rate:,.0f} | {one.percentile(0.5):.1f} | {worst:.1f} | {one.failures} | "
            f"{'' if one.linked is None else f'{one.linked:.1f} s'} | {one.target} | {met} |"
        )
    return "\n".join([*rows, ""])


def _told(filled: dict[str, Any]) -> str:
    sent, seconds, linking = filled["contacts"], filled["filled"], filled["linked"]
    return (
        f"Filled in {seconds:.0f} s ({sent / seconds:,.0f}/s in one process), linked in {linking:.0f} s "
        f"({sent / linking:,.0f}/s), measured in {filled['measured']:.0f} s."
    )


def _machine(note: str) -> str:
    loads = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    names = ("fastapi", "granian", "sqlalchemy")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB memory"
    said = f"{machine}, Python {platform.python_version()}, {versions}. Load (1, 5, 15 minutes) at the end: {loads}."
    return f"{said} {note}".strip() + "\n"


class _Durable(Cluster):
    """A PostgreSQL that keeps its promises: what it acknowledges is on the disk, unlike that of the tests."""

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c max_connections=200"
        data, log = str(self.folder / "data"), str(self.folder / "log")
        self._run("pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start")


def _cluster(programs: Path, place: Path) -> Cluster:
    user = None
    if os.getuid() == 0:  # it refuses to run as root
        known = {entry.pw_name for entry in pwd.getpwall()}
        user = next(name for name in ("postgres", "nobody") if name in known)
        os.chown(place, pwd.getpwnam(user).pw_uid, -1)
    return _Durable(programs, place, user)


if __name__ == "__main__":
    main()
