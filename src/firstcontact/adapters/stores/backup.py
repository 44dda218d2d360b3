"""Everything that the service keeps as one file, whatever its database, and back into an empty place.

Tables are written as lines of JSON out of one transaction, so they are of one moment; with them go the files that those
tables name. A backup taken on SQLite can be restored to PostgreSQL, and one of an earlier version to a later one.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from alembic import command
from sqlalchemy import JSON, Connection, DateTime, LargeBinary, MetaData, Table, func, insert, inspect, select, text

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.sql.migrate import configuration, form_of, known_forms, newer_store, newest_form
from firstcontact.kernel.errors import EXIT_INPUT, EXIT_OUTPUT, EXIT_USAGE, ErrorKind, FirstcontactError

NOT_EMPTY = ErrorKind(
    "FC9106",
    "A backup is restored into an empty place only",
    EXIT_OUTPUT,
    "The database has tables, or the data directory has files. Name another directory with FIRSTCONTACT_DATA, and "
    "another database with FIRSTCONTACT_DATABASE, or remove what is there.",
)
BACKUP_UNWRITABLE = ErrorKind(
    "FC9110",
    "The backup cannot be written there",
    EXIT_OUTPUT,
    "A file of that name is there already, its directory is missing or may not be written, or the disk is full. "
    "Nothing is overwritten, and nothing half written is left.",
)
DAMAGED_BACKUP = ErrorKind(
    "FC9107",
    "This is no backup, or it is damaged",
    EXIT_INPUT,
    "The file is none that `firstcontact backup` wrote, or a part of it is not as it was. Nothing was restored.",
)

NOTHING_THERE = ErrorKind(
    "FC9109",
    "There is no service here",
    EXIT_USAGE,
    "Nothing is kept in the data directory or the database that was named, so there is nothing to back up. "
    "FIRSTCONTACT_DATA and FIRSTCONTACT_DATABASE say where the service keeps its data.",
)

FORMAT = 1
MANIFEST = "manifest.json"
FOLDERS = ("warehouse", "runs", "uploads")
KEYS = ("service.key", "pseudonym.key")
_ROWS_AT_ONCE = 1_000
_TRIES = 5
_STAGE = "restore-"
_MOVING = "moving"


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds.

    Attributes:
        rows: Rows by table.
        files: How many files beside the tables.
        size: Bytes of the backup.
    """

    rows: dict[str, int]
    files: int
    size: int


def write_backup(database: Database, data: Path, target: Path, *, now: datetime, version: str) -> BackedUp:
    """Write everything to one file, readable by its owner only, while the service runs.

    Args:
        database: The operational store.
        data: The data directory.
        target: The file; it appears whole or not at all, and replaces none.
        now: The moment.
        version: Version of firstcontact.

    Returns:
        What it holds.

    Raises:
        FirstcontactError: The file is there already or cannot be written (FC9110), there is nothing to back up
            (FC9109), a newer version wrote it (FC9105), or the database does not answer (FC9102).
    """
    if target.exists():
        raise _unwritable(target, "a file of that name")
    if not target.parent.is_dir():
        raise _unwritable(target, "no such directory")
    with database.reading() as connection:
        if not form_of(connection):
            raise nothing_there()
    partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
    try:
        for attempt in range(_TRIES):
            try:
                found = _write(database, data, partial, now, version)
                break
            except FileNotFoundError:  # a file was rewritten since its name was read
                if attempt == _TRIES - 1:
                    raise
        partial.rename(target)
    except FileNotFoundError:  # a file of the service's own
        raise
    except OSError as error:
        raise _unwritable(target, error.strerror or "an error of the file system") from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return found


def _write(database: Database, data: Path, partial: Path, now: datetime, version: str) -> BackedUp:
    manifest: dict[str, Any] = {"format": FORMAT, "version": version, "created_at": now.isoformat(), "tables": {}}
    handle = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz", compresslevel=1) as tar:
        digests: dict[str, str] = {}
        with database.reading() as connection:
            manifest["form"] = form_of(connection)
            for table in _tables(connection, manifest["form"]):
                with tempfile.TemporaryFile() as lines:
                    manifest["tables"][table.name] = _dump(connection, table, lines)
                    _add(tar, f"tables/{table.name}.jsonl", lines, digests)
            names = list(connection.execute(select(schema.segment.c.name)).scalars())
            folders = list(connection.execute(select(schema.run.c.folder)).scalars())
        for path in _files(data, names, [folder for folder in folders if folder]):
            with path.open("rb") as file:
                _add(tar, f"files/{path.relative_to(data).as_posix()}", file, digests)
        manifest["sha256"] = digests
        text_of = json.dumps(manifest, indent=1).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(text_of), 0o600
        tar.addfile(info, io.BytesIO(text_of))
        tar.close()
        raw.flush()
        os.fsync(raw.fileno())
        size = raw.tell()
    beside = sum(name.startswith("files/") for name in digests)
    return BackedUp(manifest["tables"], beside, size)


def _tables(connection: Connection, form: str) -> list[Table]:
    """The tables as they are: one backs up before the service of a new version changes their form."""
    if form == newest_form():
        return schema.metadata.sorted_tables
    if form not in known_forms():
        raise newer_store()
    there = MetaData()
    there.reflect(bind=connection, only=lambda name, _: name != "alembic_version")
    return there.sorted_tables


def _files(data: Path, segments: list[str], runs: list[str]) -> Iterator[Path]:
    for name in segments:
        yield data / "warehouse" / name
    for folder in runs:
        # Of an earlier run, files about single contacts go while this runs.
        yield from sorted(path for path in (data / "runs" / folder).rglob("*") if path.is_file())
    yield from sorted(path for path in (data / "uploads").rglob("*") if path.is_file())
    yield from (data / name for name in KEYS if (data / name).is_file())


def _add(tar: tarfile.TarFile, name: str, file: IO[bytes], digests: dict[str, str]) -> None:
    digests[name] = _digest(file)
    info = tarfile.TarInfo(name)
    info.size, info.mode = file.tell(), 0o600
    file.seek(0)
    tar.addfile(info, file)


def _digest(file: IO[bytes]) -> str:
    """SHA-256 of a file, which is left at its end."""
    found = hashlib.sha256()
    file.seek(0)
    while part := file.read(1 << 20):
        found.update(part)
    return found.hexdigest()


def _dump(connection: Connection, table: Table, lines: IO[bytes]) -> int:
    count = 0
    rows = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(select(table)).mappings()
    for row in rows:
        plain = {name: _plain(value) for name, value in row.items() if value is not None}
        lines.write(json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        count += 1
    lines.seek(0, io.SEEK_END)
    return count


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def restore_backup(database: Database, data: Path, source: Path) -> BackedUp:
    """Bring a backup into an empty place: all of it, or nothing.

    Args:
        database: An empty database.
        data: The data directory: empty, but for the database itself.
        source: The backup.

    Returns:
        What was restored.

    Raises:
        FirstcontactError: Something is there already (FC9106), the file is no backup or damaged (FC9107), or a newer
            version wrote it (FC9105).
    """
    if _has_tables(database):
        raise _not_empty("the database", "tables", "an empty database")
    _take_back(data)
    there = [name for name in (*FOLDERS, *KEYS) if (data / name).exists()]
    if there:
        raise _not_empty(str(data), ", ".join(there), "an empty directory")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(dir=data, prefix=_STAGE))
    try:
        manifest = _unpack(source, stage)
        with database.writing() as connection:
            for name, count in _load(connection, stage, manifest, is_sqlite=database.is_sqlite).items():
                if count != manifest["tables"][name]:
                    raise _damaged(f"{count} rows of a table that had {manifest['tables'][name]}")
            # Files first, the commit last: what is killed between leaves an empty database, and is taken back.
            (stage / _MOVING).touch()
            files = stage / "files"
            for path in sorted(files.iterdir()) if files.is_dir() else ():
                shutil.move(path, data / path.name)
        (stage / _MOVING).unlink()
    except BaseException:
        with suppress(FirstcontactError):
            if not _has_tables(database):
                _take_back(data)
        raise
    shutil.rmtree(stage, ignore_errors=True)
    beside = sum(name.startswith("files/") for name in manifest["sha256"])
    return BackedUp(manifest["tables"], beside, source.stat().st_size)


def _has_tables(database: Database) -> bool:
    with database.reading() as connection:
        return bool(inspect(connection).get_table_names())


def _take_back(data: Path) -> None:
    """Remove what a restore that did not come to its end has brought; its database is empty."""
    for stage in data.glob(f"{_STAGE}*"):
        if (stage / _MOVING).exists():
            for name in FOLDERS:
                shutil.rmtree(data / name, ignore_errors=True)
            for name in KEYS:
                (data / name).unlink(missing_ok=True)
        shutil.rmtree(stage, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What restores unpacked and did not clear away. Implements `services.tidy.Swept`.

    Attributes:
        data: The data directory.
    """

    data: Path

    def sweep(self, before: datetime) -> None:
        """Remove it where it has lain since a moment."""
        for stage in self.data.glob(f"{_STAGE}*"):
            if datetime.fromtimestamp(stage.stat().st_mtime, UTC).replace(tzinfo=None) < before:
                shutil.rmtree(stage, ignore_errors=True)


def _unpack(source: Path, stage: Path) -> dict[str, Any]:
    """Bring the parts of a backup to disk, and see that each is as it was written."""
    seen: dict[str, str] = {}
    manifest: dict[str, Any] | None = None
    try:
        with tarfile.open(source, mode="r:gz") as tar:
            for part in tar:
                name = PurePosixPath(part.name)
                inside = part.isreg() and not name.is_absolute() and ".." not in name.parts
                content = tar.extractfile(part) if inside else None
                if content is None:
                    raise _damaged("a part that no backup has")
                if part.name == MANIFEST:
                    manifest = json.load(content)
                    continue
                path = stage / name
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR, 0o600), "w+b") as file:
                    shutil.copyfileobj(content, file)
                    seen[part.name] = _digest(file)
    except (tarfile.TarError, EOFError, ValueError, OSError) as error:
        if isinstance(error, OSError) and not isinstance(error, (tarfile.TarError, EOFError)) and error.errno:
            raise
        raise _damaged(type(error).__name__) from None
    if manifest is None or manifest.get("format") != FORMAT:
        raise _damaged("no list of its parts")
    if manifest.get("sha256") != seen:
        raise _damaged("parts that are not as they were written")
    return manifest


def _load(connection: Connection, stage: Path, manifest: dict[str, Any], *, is_sqlite: bool) -> dict[str, int]:
    """Make the tables as they were, fill them, and bring them to the form of this version."""
    form = str(manifest["form"])
    if form not in known_forms():
        raise newer_store()
    command.upgrade(configuration(connection), form)
    tables = MetaData()
    tables.reflect(bind=connection)
    for column in (column for table in tables.tables.values() for column in table.columns):
        if isinstance(column.type, JSON):
            column.type = JSON(none_as_null=True)  # what was missing stays so
    counts: dict[str, int] = {}
    for table in tables.sorted_tables:
        path = stage / "tables" / f"{table.name}.jsonl"
        if not path.is_file():
            continue
        counts[table.name] = 0
        for batch in _batches(path, table):
            connection.execute(insert(table), batch)
            counts[table.name] += len(batch)
        if not is_sqlite:
            _continue_numbers(connection, table)
    command.upgrade(configuration(connection), "head")
    return counts


def _batches(path: Path, table: Table) -> Iterator[list[dict[str, Any]]]:
    read = {column.name: _reader(column.type) for column in table.columns}
    batch: list[dict[str, Any]] = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = dict.fromkeys(read)
            for name, value in json.loads(line).items():
                row[name] = read[name](value)
            batch.append(row)
            if len(batch) == _ROWS_AT_ONCE:
                yield batch
                batch = []
    if batch:
        yield batch


def _reader(kind: Any) -> Any:
    if isinstance(kind, DateTime):
        return datetime.fromisoformat
    if isinstance(kind, LargeBinary):
        return base64.b64decode
    return lambda value: value


def _continue_numbers(connection: Connection, table: Table) -> None:
    """Have PostgreSQL number new rows after those that were restored."""
    own = schema.metadata.tables.get(table.name)
    column = own.autoincrement_column if own is not None else None
    if column is None:
        return
    last = connection.execute(select(func.max(table.c[column.name]))).scalar_one_or_none()
    if last is not None:
        name = text("SELECT setval(pg_get_serial_sequence(:named, :column), :last)")
        connection.execute(name, {"named": f'"{table.name}"', "column": column.name, "last": last})


def _not_empty(where: str, saw: str, allowed: str) -> FirstcontactError:
    return FirstcontactError([NOT_EMPTY.fault(where=where, saw=saw, allowed=allowed, cure="name another place")])


def _unwritable(target: Path, saw: str) -> FirstcontactError:
    fault = BACKUP_UNWRITABLE.fault(
        where=str(target), saw=saw, allowed="a new file in a directory where you may write, with room enough",
        cure="name another file, or make room",
    )  # fmt: skip
    return FirstcontactError([fault])


def nothing_there() -> FirstcontactError:
    """The error for a place at which no service ever kept anything."""
    fault = NOTHING_THERE.fault(
        where="the operational store", saw="no tables", allowed="the store of a service",
        cure="name its place with FIRSTCONTACT_DATA or FIRSTCONTACT_DATABASE",
    )  # fmt: skip
    return FirstcontactError([fault])


def _damaged(saw: str) -> FirstcontactError:
    fault = DAMAGED_BACKUP.fault(
        where="the backup", saw=saw, allowed="a file of `firstcontact backup`, as it was written", cure="take another"
    )
    return FirstcontactError([fault])
