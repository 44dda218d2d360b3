"""A backup that was taken while contacts arrived restores to the same rows and the same figures, on either database."""

from __future__ import annotations

import errno
import io
import multiprocessing
import os
import shutil
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from alembic import command
from sqlalchemy import MetaData, Select, insert, select, text

from firstcontact import bootstrap
from firstcontact.adapters.stores.backup import Unpacked
from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database, sqlite_url
from firstcontact.adapters.stores.sql.migrate import configuration, form_of, known_forms, newest_form
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.service_settings import ServiceSettings
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.contract.test_migration import filled
from tests.e2e.test_stream_equals_file import plain
from tests.service_fixture import Cluster, caller_of
from tests.web.test_measured import contacts, plainly


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Path]]:
    """A service with figures, and a backup of it that was taken while more contacts came in."""
    folder: Path = tmp_path_factory.mktemp("original")
    service = bootstrap.open_service(ServiceSettings(data=folder / "data"))
    plainly(service)
    client = caller_of(service)(Role.ADMINISTRATOR)
    assert client.post("/api/v1/contacts", json=contacts(300)).status_code == 202
    client.post("/api/v1/jobs", json={"kind": "measure"})
    bootstrap.open_worker(service).drain()
    over = threading.Event()

    def send() -> None:
        rows = contacts(900, seed=3)[300:]
        for start in range(0, 600, 10):
            client.post("/api/v1/contacts", json=rows[start : start + 10])
            if over.is_set():
                return

    sending = threading.Thread(target=send)
    sending.start()
    try:
        bootstrap.back_up(service.settings, folder / "backup")
    finally:
        over.set()
        sending.join()
    yield service, folder / "backup"
    service.close()


def rows(settings: ServiceSettings) -> dict[str, set[str]]:
    """Every row of every table, as text."""
    database = Database(settings.database or sqlite_url(settings.data / "store.sqlite3"))
    try:
        with database.reading() as connection:
            return {
                table.name: {repr(tuple(row)) for row in connection.execute(select(table))}
                for table in schema.metadata.sorted_tables
            }
    finally:
        database.close()


def measured(service: Service) -> list[dict[str, Any]]:
    """The result rows of a new measurement, without what is about the run."""
    caller_of(service)(Role.ADMINISTRATOR).post("/api/v1/jobs", json={"kind": "measure"})
    bootstrap.open_worker(service).drain()
    run = service.runs.current()
    assert run is not None
    return plain(pq.read_table(service.runs.place(run) / "results.parquet"))


def fresh(folder: Path, restored: Service) -> Service:
    """A new service that was sent exactly the contacts which a restored one holds."""
    held = {row[0] for row in read(restored, select(schema.contact.c.contact_id))}
    service = bootstrap.open_service(ServiceSettings(data=folder))
    plainly(service)
    every = [*contacts(300), *contacts(900, seed=3)[300:]]
    sent = [one for one in every if one["contact_id"] in held]
    assert len(sent) == len(held)
    assert caller_of(service)(Role.ADMINISTRATOR).post("/api/v1/contacts", json=sent).status_code == 202
    return service


def read(service: Service, question: Select[Any]) -> list[Any]:
    """Rows of a service's store."""
    settings = service.settings
    database = Database(settings.database or sqlite_url(settings.data / "store.sqlite3"))
    try:
        with database.reading() as connection:
            return list(connection.execute(question))
    finally:
        database.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_taken_under_load_restores(
    taken: tuple[Service, Path], kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Every row is one of the original's, the figures are the same to the last digit, and the service goes on."""
    original, backup = taken
    url = ""
    if kind == "postgresql":
        cluster: Cluster = request.getfixturevalue("postgresql")
        url = cluster.database(prepared=False)
    settings = ServiceSettings(data=tmp_path / "restored", database=url)
    found = bootstrap.restore(settings, backup)
    assert 300 <= found.rows["contact"] <= 900
    here, there = rows(settings), rows(original.settings)
    assert here["contact"] <= there["contact"]
    assert here["run"] == there["run"]
    assert {name: len(kept) for name, kept in here.items()} == found.rows
    service = bootstrap.open_service(settings)
    try:
        before, after = (one.runs.place(one.runs.current()) for one in (original, service))  # type: ignore[arg-type]
        assert pq.read_table(after / "results.parquet").equals(pq.read_table(before / "results.parquet"))
        client = caller_of(service)(Role.ADMINISTRATOR)
        other = fresh(tmp_path / "fresh", service)
        try:
            assert measured(service) == measured(other)
        finally:
            other.close()
        assert set(client.post("/api/v1/contacts", json=contacts(300)).json()["outcomes"]) == {"unchanged"}
        more = contacts(910, seed=4)[900:]
        assert set(client.post("/api/v1/contacts", json=more).json()["outcomes"]) == {"stored"}
        client.post("/api/v1/jobs", json={"kind": "measure"})
        bootstrap.open_worker(service).drain()
        assert client.get("/api/v1/runs/current").json()["contacts"] == found.rows["contact"] + 10
        assert client.get("/api/v1/audit").status_code == 200
    finally:
        service.close()


@pytest.mark.parametrize("form", sorted(known_forms()))
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_store_of_an_earlier_version_is_backed_up_and_restored(
    postgresql: Cluster, tmp_path: Path, kind: str, form: str
) -> None:
    """Before anything changes it, as whoever installs a new version does; restored to the other kind of database and to
    this version's form, with every row of every table.
    """
    url = postgresql.database(prepared=False)
    old, new = (ServiceSettings(data=tmp_path / name, database="") for name in ("old", "new"))
    old, new = (replace(old, database=url), new) if kind == "postgresql" else (old, replace(new, database=url))
    for folder in ("warehouse", "uploads", "runs/x"):
        (tmp_path / "old" / folder).mkdir(parents=True)
    (tmp_path / "old" / "warehouse" / "x").write_bytes(b"rows")
    database = Database(old.database or sqlite_url(old.data / "store.sqlite3"))
    with database.writing() as connection:
        command.upgrade(configuration(connection), form)
        tables = MetaData()
        tables.reflect(bind=connection)
        names = [table.name for table in tables.sorted_tables if table.name != "alembic_version"]
        for name in names:
            connection.execute(insert(tables.tables[name]).values(filled(tables.tables[name])))
        connection.execute(text("UPDATE alembic_version SET version_num = '9'"))
    with pytest.raises(FirstcontactError) as error:  # what a newer version wrote is left to it
        bootstrap.back_up(old, tmp_path / "backup")
    assert error.value.faults[0].kind.code == "FC9105"
    with database.writing() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{form}'"))
    bootstrap.back_up(old, tmp_path / "backup")
    with database.reading() as connection:
        assert form_of(connection) == form
    database.close()
    found = bootstrap.restore(new, tmp_path / "backup")
    assert {name: found.rows[name] for name in names} == dict.fromkeys(names, 1)
    assert (tmp_path / "new" / "warehouse" / "x").read_bytes() == b"rows"
    restored = Database(new.database or sqlite_url(new.data / "store.sqlite3"))
    with restored.reading() as connection:
        assert form_of(connection) == newest_form()
        now = MetaData()
        now.reflect(bind=connection)
        for name in names:
            kept = connection.execute(select(now.tables[name])).mappings().first()
            sent = filled(tables.tables[name])
            assert kept is not None
            assert {column: kept[column] for column in sent} == sent, name
    restored.close()


def refused(settings: ServiceSettings, backup: Path) -> str:
    with pytest.raises(FirstcontactError) as error:
        bootstrap.restore(settings, backup)
    return str(error.value.faults[0].kind.code)


def test_nothing_is_restored_over_anything(taken: tuple[Service, Path], tmp_path: Path) -> None:
    """FC9106 for a place in use."""
    original, backup = taken
    assert refused(original.settings, backup) == "FC9106"
    (tmp_path / "runs").mkdir()
    assert refused(ServiceSettings(data=tmp_path), backup) == "FC9106"


def test_where_a_backup_cannot_be_written_is_said(
    taken: tuple[Service, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FC9110, with the path, for a file that is there already, a directory that is not, and a disk that is full."""
    original, backup = taken
    before = backup.read_bytes()

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("firstcontact.adapters.stores.backup.os.fsync", full)
    saw = {backup: "a file of that name", tmp_path / "none" / "b.tar": "no such directory"}
    for target, said in (saw | {tmp_path / "b.tar": "No space left on device"}).items():
        with pytest.raises(FirstcontactError) as error:
            bootstrap.back_up(original.settings, target)
        fault = error.value.faults[0]
        assert (fault.kind.code, fault.where, fault.saw) == ("FC9110", str(target), said)
    assert backup.read_bytes() == before
    assert list(tmp_path.iterdir()) == []


def repacked(backup: Path, target: Path, change: Any) -> Path:
    with tarfile.open(backup) as old, tarfile.open(target, "w:gz", compresslevel=1) as new:
        for part in old:
            content = old.extractfile(part)
            assert content is not None
            name, data = change(part.name, content.read())
            info = tarfile.TarInfo(name)
            info.size = len(data)
            new.addfile(info, io.BytesIO(data))
    return target


def test_a_damaged_backup_restores_nothing(taken: tuple[Service, Path], tmp_path: Path) -> None:
    """FC9107 for half a file, another file, a changed part and a part that wants to lie elsewhere; FC9105 for a newer
    one. The place stays empty.
    """
    _, backup = taken
    (tmp_path / "half").write_bytes(backup.read_bytes()[: backup.stat().st_size // 2])
    (tmp_path / "other").write_text("no backup")

    def altered(name: str, data: bytes) -> tuple[str, bytes]:
        return name, data.replace(b'"North"', b'"South"') if name == "tables/contact.jsonl" else data

    def elsewhere(name: str, data: bytes) -> tuple[str, bytes]:
        return ("../../outside" if name.endswith("run.json") else name), data

    def newer(name: str, data: bytes) -> tuple[str, bytes]:
        return name, data.replace(b'"form": "', b'"form": "9') if name == "manifest.json" else data

    repacked(backup, tmp_path / "altered", altered)
    repacked(backup, tmp_path / "elsewhere", elsewhere)
    repacked(backup, tmp_path / "newer", newer)
    settings = ServiceSettings(data=tmp_path / "data")
    codes = [refused(settings, tmp_path / name) for name in ("half", "other", "altered", "elsewhere", "newer")]
    assert codes == ["FC9107"] * 4 + ["FC9105"]
    assert not (tmp_path.parent / "outside").exists()
    assert sorted(path.name for path in settings.data.iterdir() if path.is_dir()) == []
    assert rows_of_nothing(settings)


def killed(settings: ServiceSettings, backup: Path, after: int) -> None:
    """Restore in a process that is killed: after so many moves, or before or after the commit where there are fewer."""
    moves, real = iter(range(100)), shutil.move

    def move(source: Any, target: Any) -> None:
        if next(moves) == after:
            os._exit(9)
        real(source, target)

    shutil.move = move  # type: ignore[assignment]
    if after == _AFTER_THE_COMMIT:
        shutil.rmtree = lambda *_given, **_more: os._exit(9)  # type: ignore[assignment]
    elif after == _BEFORE_THE_COMMIT:
        Path.touch = lambda *_given, **_more: os._exit(9)  # type: ignore[assignment]
    bootstrap.restore(settings, backup)
    os._exit(0)


_BEFORE_THE_COMMIT, _AFTER_THE_COMMIT = 1_000, 1_001


@pytest.mark.parametrize("after", [0, 2, _BEFORE_THE_COMMIT, _AFTER_THE_COMMIT])
def test_a_restore_that_is_killed_is_done_again_or_done(
    taken: tuple[Service, Path], tmp_path: Path, after: int
) -> None:
    """Killed before the end nothing counts, and the next restore brings everything; what was unpacked does not stay."""
    original, backup = taken
    settings = ServiceSettings(data=tmp_path / "data")
    child = multiprocessing.get_context("forkserver").Process(target=killed, args=(settings, backup, after))
    child.start()
    child.join(60)
    assert child.exitcode == 9
    if after == _AFTER_THE_COMMIT:
        assert refused(settings, backup) == "FC9106"
        Unpacked(settings.data).sweep(original.now() + timedelta(days=1))
    else:
        bootstrap.restore(settings, backup)
    assert not list(settings.data.glob("restore-*"))
    assert rows(settings)["run"] == rows(original.settings)["run"]
    assert (settings.data / "pseudonym.key").exists()
    assert list((settings.data / "runs").rglob("results.parquet"))


def rows_of_nothing(settings: ServiceSettings) -> bool:
    """Whether the database has no tables."""
    bootstrap.open_service(settings).close()
    return not rows(settings)["contact"]
