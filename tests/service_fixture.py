"""A service of one's own for each test: over SQLite and over a PostgreSQL that this run of the tests started."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from firstcontact import bootstrap
from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.migrate import form_of, newest_form
from firstcontact.doors.api.app import create_app
from firstcontact.kernel.service_settings import ServiceSettings
from firstcontact.services.access import Principal, Role
from firstcontact.services.service import Service

_PLACES = ("/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin")


def _programs() -> Path | None:
    """Where PostgreSQL's own programs are."""
    found = shutil.which("initdb")
    places = [Path(place) for place in _PLACES] + ([Path(found).resolve().parent] if found else [])
    return next((place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)


class Cluster:
    """A private PostgreSQL: no network, its files in a temporary directory, gone afterwards."""

    def __init__(self, programs: Path, folder: Path, user: str | None) -> None:
        self._programs = programs
        self.folder = folder
        self._user = user
        self._count = 0
        self._free: list[str] = []
        self._run("initdb", "-D", str(folder / "data"), "-U", "firstcontact", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()
        admin = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE prepared"))
        admin.dispose()
        bootstrap.open_service(ServiceSettings(data=folder / "unused", database=self.url("prepared"))).close()

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if self._user:
            command = ["setpriv", f"--reuid={self._user}", "--clear-groups", *command]
        said = subprocess.run(command, check=False, capture_output=True, text=True, cwd=self.folder, timeout=120)
        assert said.returncode == 0, said.stdout + said.stderr

    def start(self) -> None:
        """Start it, as it was left."""
        # Nothing in a test needs to outlive the machine; what needs to outlive the process does.
        options = (
            f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off -c max_connections=200"
        )
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), "-o", options, "start"
        )

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` as a machine stops that loses its power."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop")

    def url(self, name: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://firstcontact@/{name}?host={self.folder}"

    def database(self, prepared: bool = True) -> str:
        """A database of one's own: with the tables of this version and nothing in them, or without tables."""
        if prepared and self._free:
            return self._free.pop()
        self._count += 1
        name = f"test{self._count}"
        admin = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {'prepared' if prepared else 'template1'}"))
        admin.dispose()
        return self.url(name)

    def give_back(self, url: str) -> None:
        """Let another test have a database, emptied: making one takes ten times as long. One that is odd is left."""
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        try:
            with engine.begin() as connection:
                connection.execute(text("SET LOCAL lock_timeout = '1s'"))
                if form_of(connection) != newest_form():
                    return
                for table in reversed(schema.metadata.sorted_tables):
                    connection.execute(table.delete())
                    column = table.autoincrement_column
                    if column is not None:
                        named = {"table": f'"{table.name}"', "column": column.name}
                        connection.execute(
                            text("SELECT setval(pg_get_serial_sequence(:table, :column), 1, false)"), named
                        )
            self._free.append(url)
        except DBAPIError:
            return
        finally:
            engine.dispose()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A running PostgreSQL; tests that need it skip where none is installed."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (tools/install-postgresql)")
    user = None
    if os.getuid() == 0:  # it refuses to run as root
        user = next(
            (name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()}), None
        )
        if user is None or shutil.which("setpriv") is None:
            pytest.skip("PostgreSQL does not run as root, and there is no other account here")
    folder = Path(tempfile.mkdtemp(prefix="fcpg"))
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    cluster = Cluster(programs, folder, user)
    yield cluster
    cluster.stop("immediate")
    shutil.rmtree(folder, ignore_errors=True)


@cache
def prepared_store(parent: Path) -> Path:
    """A store on SQLite with the tables of this version and nothing in them, to be copied; made once."""
    folder = Path(tempfile.mkdtemp(prefix="prepared", dir=parent))
    bootstrap.open_service(ServiceSettings(data=folder)).close()
    return folder / "store.sqlite3"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The setting of the operational store: a test that takes it runs on both kinds."""
    if request.param == "sqlite":
        yield ""
        return
    cluster: Cluster = request.getfixturevalue("postgresql")
    url = cluster.database()
    yield url
    cluster.give_back(url)


@pytest.fixture
def settings(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, database_url: str) -> ServiceSettings:
    """Settings of a service with an empty store, on each kind of database."""
    data = tmp_path / "service" if database_url else prepared_folder(tmp_path, tmp_path_factory)
    return ServiceSettings(data=data, database=database_url)


def prepared_folder(parent: Path, shared: pytest.TempPathFactory) -> Path:
    """A data directory in which a service starts at once: twenty times as fast as making the tables anew."""
    data = parent / "service"
    data.mkdir(mode=0o700)
    shutil.copy(prepared_store(shared.getbasetemp()), data)
    return data


@pytest.fixture
def service(settings: ServiceSettings) -> Iterator[Service]:
    """A service with an empty store, on each kind of database."""
    opened = bootstrap.open_service(settings)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_service(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with an empty store, on SQLite alone: for what the database has no part in."""
    data = prepared_folder(tmp_path, tmp_path_factory)
    opened = bootstrap.open_service(ServiceSettings(data=data))
    yield opened
    opened.close()


class As:
    """An application as seen by one caller: puts the principal where the door's own middleware would."""

    def __init__(self, app: Any, principal: Principal | None) -> None:
        self._app = app
        self._principal = principal

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and self._principal is not None:
            scope.setdefault("state", {})["principal"] = self._principal
        await self._app(scope, receive, send)


Caller = Callable[..., TestClient]
"""Gives a client for a role: `caller(Role.TEAM_LEAD, "North")`; nobody where no role is named."""


def application(service: Service) -> FastAPI:
    """The application over a service, with the resources of the first one that was made: making them takes longer than
    most tests do, and they are the same for every service."""
    if not _RESOURCES:
        made = create_app(service)
        _RESOURCES.extend(made.routes[_own_routes(service) :])
        return made
    made = _bare(service)
    made.router.routes.extend(_RESOURCES)
    return made


_RESOURCES: list[BaseRoute] = []


def _bare(service: Service) -> FastAPI:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FastAPI, "include_router", lambda _app, _router: None)
        return create_app(service)


def _own_routes(service: Service) -> int:
    """How many routes the framework adds by itself, in front of the others."""
    return len(_bare(service).routes)


def caller_of(service: Service) -> Caller:
    """What makes clients of a service, by role and teams."""
    app = application(service)

    def make(role: Role | None = Role.ADMINISTRATOR, *teams: str, agent_id: str | None = None) -> TestClient:
        principal = None
        if role is not None:
            principal = Principal(secrets.token_hex(16), f"{role.value}@example.org", role, frozenset(teams), agent_id)
        # Not entered as a context: the service outlives its clients.
        return TestClient(As(app, principal), base_url=service.settings.url, raise_server_exceptions=False)

    return make


@pytest.fixture
def caller(service: Service) -> Caller:
    """Clients by role, on each kind of database."""
    return caller_of(service)


@pytest.fixture
def client(caller: Caller) -> TestClient:
    """An administrator's client, on each kind of database."""
    return caller(Role.ADMINISTRATOR)
