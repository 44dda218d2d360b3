"""The service's commands say what keeps them from working, and what to do."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
from datetime import timedelta
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from firstcontact import bootstrap
from firstcontact.adapters.stores.sql.database import Database, sqlite_url
from firstcontact.adapters.stores.sql.migrate import configuration
from firstcontact.doors.cli.doctor import examine
from firstcontact.doors.cli.surroundings import check_port, surroundings
from firstcontact.kernel import clock
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.service_settings import ServiceSettings
from firstcontact.services.service import Service
from tests.command import run
from tests.service_fixture import Cluster


def test_a_small_installation_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """FC9104 with the line to type, for the service and for PostgreSQL's driver."""
    real = importlib.util.find_spec
    missing: set[str] = set()

    def find(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name in missing else real(name, package)

    monkeypatch.setattr("firstcontact.doors.cli.surroundings.find_spec", find)
    monkeypatch.setenv("FIRSTCONTACT_DATABASE", "postgresql://nobody@/none")
    for lacking, extra in (("granian", "firstcontact[service]"), ("psycopg", "firstcontact[service,postgresql]")):
        missing = {lacking}
        with pytest.raises(FirstcontactError) as error:
            surroundings()
        fault = error.value.faults[0]
        assert (fault.kind.code, extra in fault.cure, lacking in fault.saw) == ("FC9104", True, True)


def test_a_port_that_is_taken_is_said() -> None:
    """FC9108 before anything is opened, and nothing for a free one."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(FirstcontactError) as error:
            check_port("127.0.0.1", port)
        assert error.value.faults[0].kind.code == "FC9108"
    check_port("127.0.0.1", port)
    with pytest.raises(FirstcontactError) as error:
        check_port("192.0.2.1", port)
    assert error.value.faults[0].kind.code == "FC9108"


def test_help_imports_nothing_of_the_service() -> None:
    """`firstcontact --help` answers at once, and without the extra."""
    check = (
        "import sys, firstcontact.doors.cli.app\n"
        "heavy = {'fastapi', 'sqlalchemy', 'granian', 'alembic', 'ibis', 'duckdb', 'pandas', 'prometheus_client'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_a_store_of_a_newer_version_is_left_alone(service: Service) -> None:
    """FC9105: nothing is changed in tables that this version does not know."""
    settings = service.settings
    database = Database(settings.database or sqlite_url(settings.data / "store.sqlite3"))
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(FirstcontactError) as error:
        bootstrap.open_service(settings)
    assert error.value.faults[0].kind.code == "FC9105"


def seen(settings: ServiceSettings) -> dict[str, str]:
    return {one.what: f"{one.state} {one.said}" for one in examine(settings)}


def test_the_doctor_says_what_is_missing(sqlite_service: Service) -> None:
    """A new service works, and is told what it lacks; one whose jobs nobody does is told so."""
    found = seen(sqlite_service.settings)
    assert found["database"].startswith("ok SQLite")
    assert found["accounts"].startswith("look nobody can log in")
    assert found["figures"].startswith("look nothing was measured yet")
    assert found["jobs"].startswith("ok")
    past = sqlite_service.now() - timedelta(minutes=10)
    sqlite_service.queue.ask("measure", {}, asked_by="a", now=past)
    assert seen(sqlite_service.settings)["jobs"].startswith("bad 1 wait")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "ok 0."), (8, "look 8 s"), (3600, "bad 3,600 s")], ids=["right", "late", "wrong"]
)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_doctor_compares_the_clock_with_the_databases(
    service: Service, monkeypatch: pytest.MonkeyPatch, seconds: int, said: str
) -> None:
    """Workers on machines whose clocks differ take each other's jobs: it says by how much this one does."""
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() - timedelta(seconds=seconds))
    assert seen(service.settings)["clock"].startswith(said)


def test_looking_makes_and_changes_nothing(tmp_path: Path) -> None:
    """Where there is no store the doctor says so and a backup is refused (FC9109); neither leaves one behind. A store
    of an earlier form stays as it is.
    """
    settings = ServiceSettings(data=tmp_path / "elsewhere")
    assert seen(settings)["database"].startswith("look nothing is kept here yet")
    with pytest.raises(FirstcontactError) as error:
        bootstrap.back_up(settings, tmp_path / "backup")
    assert error.value.faults[0].kind.code == "FC9109"
    assert list(tmp_path.iterdir()) == []
    database = Database(sqlite_url(tmp_path / "store.sqlite3"))
    with database.writing() as connection:
        command.upgrade(configuration(connection), "0001")
    database.close()
    old = ServiceSettings(data=tmp_path)
    assert "form 0001, which the next start brings to" in seen(old)["database"]
    assert bootstrap.store_form(old)[0] == "0001"


def test_an_empty_database_is_not_backed_up(postgresql: Cluster, tmp_path: Path) -> None:
    """FC9109 for a PostgreSQL without tables: the address is most likely another's."""
    settings = ServiceSettings(data=tmp_path, database=postgresql.database(prepared=False))
    with pytest.raises(FirstcontactError) as error:
        bootstrap.back_up(settings, tmp_path / "backup")
    assert error.value.faults[0].kind.code == "FC9109"


def test_an_account_needs_the_services_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """FC9104 from `firstcontact account` too, and no defect."""
    monkeypatch.setattr("firstcontact.doors.cli.surroundings.find_spec", lambda _name: None)
    assert run("account", "list").codes == ["FC9104"]


def test_the_doctor_names_a_database_that_does_not_answer(tmp_path: Path) -> None:
    """The same code as everywhere, and no address."""
    settings = ServiceSettings(data=tmp_path, database=f"postgresql://secret@/none?host={tmp_path}")
    found = seen(settings)
    assert found["database"].startswith("bad FC9102")
    assert "secret" not in str(found)


def test_the_data_directory_is_its_owners_alone(sqlite_service: Service) -> None:
    """Nobody else on the machine can read it; the doctor notices where somebody opened it."""
    data = sqlite_service.settings.data
    assert data.stat().st_mode & 0o077 == 0
    data.chmod(0o755)
    assert "others may read" in str(list(examine(sqlite_service.settings)))
