"""One connection pool, short transactions, the same habits on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import SQLITE_BUSY, SQLITE_FULL, SQLITE_IOERR
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, select, text
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from firstcontact.adapters.stores.sql import schema
from firstcontact.kernel.errors import EXIT_OUTPUT, EXIT_USAGE, ErrorKind, FirstcontactError
from firstcontact.kernel.sentence import Sentence, clause

WAIT_SECONDS = 10
"""How long a writer waits for another writer, or a caller for a connection, before it is told to come again."""

IDLE_SECONDS = 300
"""How long a transaction on PostgreSQL may do nothing before it is ended: whoever began it is gone, and others wait."""

_LOST_LINE = {
    "keepalives": 1,
    "keepalives_idle": WAIT_SECONDS,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 3 * WAIT_SECONDS * 1000,
}
"""A server that the network has swallowed is noticed within half a minute; the driver itself would wait for hours."""

FRESH_SECONDS = 1.0
"""How long a connection to PostgreSQL counts as sound after its last use: one that lay longer is tried before it is
given out, which costs as much as a question."""

LOOK_SECONDS = 0.003
"""How often a writer looks whether another process's writer is done with a SQLite file."""

URL_UNUSABLE = ErrorKind(
    "FC9101",
    "The address of the database cannot be used",
    EXIT_USAGE,
    "`FIRSTCONTACT_DATABASE` names a database: `postgresql://user@host/name`, or nothing for SQLite in the data "
    "directory.",
)
STORE_UNREACHABLE = ErrorKind(
    "FC9102",
    "The database does not answer",
    EXIT_OUTPUT,
    "The operational store could not be reached, or was busy for too long. Nothing was stored of what was sent; it can "
    "be sent again.",
)
STORE_FULL = ErrorKind(
    "FC9111",
    "The database has no room, or cannot write",
    EXIT_OUTPUT,
    "The disk of the operational store is full or refuses to be written. Nothing was stored of what was sent; it can "
    "be sent again once there is room. What is there can be read meanwhile.",
)


class Database:
    """The operational store's connections.

    Args:
        url: `sqlite:///path` or `postgresql://...`.
        longest: Seconds that one statement may take on PostgreSQL; None for as long as it takes.
    """

    def __init__(self, url: str, longest: int | None = None) -> None:
        self.engine = _open(url, longest)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writer = threading.Lock()
        self._here = threading.local()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of everything and changes nothing.

        Raises:
            FirstcontactError: The database does not answer (FC9102), or has no room (FC9111).
        """
        if (joined := self._joined or self._looking) is not None:
            yield joined
            return
        with explained(), self.engine.connect() as connection:
            if self.is_sqlite:
                yield connection
            else:
                yield connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @contextmanager
    def asking(self) -> Iterator[Connection]:
        """A connection for one question: a single statement sees one state without a transaction around it.

        Raises:
            FirstcontactError: The database does not answer (FC9102), or has no room (FC9111).
        """
        if self.is_sqlite or self._joined is not None or self._looking is not None:
            with self.reading() as connection:
                yield connection
            return
        with explained(), self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def looking(self) -> Iterator[None]:
        """A block in which all that this thread reads is one state of everything, asked for in one transaction.

        What is written meanwhile goes its own way, and is not seen.

        Raises:
            FirstcontactError: The database does not answer (FC9102), or has no room (FC9111).
        """
        if self._joined is not None or self._looking is not None:
            yield
            return
        with self.reading() as connection:
            self._here.looking = connection
            try:
                yield
            finally:
                self._here.looking = None

    @contextmanager
    def writing(self, patience: float = WAIT_SECONDS, *, single: bool = False) -> Iterator[Connection]:
        """A transaction: everything in it is durable when the block ends, or nothing of it happened.

        Args:
            patience: Seconds to wait for another writer.
            single: Whether it is one statement, which PostgreSQL does wholly or not at all by itself.

        Raises:
            FirstcontactError: The database does not answer (FC9102), or has no room (FC9111).
        """
        if (joined := self._joined) is not None:
            yield joined
            return
        if single and not self.is_sqlite and patience == WAIT_SECONDS:
            with explained(), self.engine.connect() as connection:
                yield connection.execution_options(isolation_level="AUTOCOMMIT")
            return
        with explained(), self._turn(patience), self.engine.connect() as connection:
            # Taken at once on SQLite: a transaction that reads first and writes later may be refused half way.
            writer = connection.execution_options(firstcontact_waits=patience) if self.is_sqlite else connection
            with writer.begin():
                if not self.is_sqlite and patience != WAIT_SECONDS:
                    writer.exec_driver_sql(f"SET LOCAL lock_timeout = {round(1000 * patience)}")
                yield writer

    @contextmanager
    def together(self) -> Iterator[None]:
        """A block in which all that this thread reads and writes is one transaction: a change and what is said of it.

        Not for records that arrive, which share a transaction with those of other requests.

        Raises:
            FirstcontactError: The database does not answer (FC9102), or has no room (FC9111).
        """
        before = self._joined
        with self.writing() as connection:
            self._here.joined = connection
            try:
                yield
            finally:
                self._here.joined = before

    @property
    def _joined(self) -> Connection | None:
        """The transaction that this thread has open by `together`."""
        joined: Connection | None = getattr(self._here, "joined", None)
        return joined

    @property
    def _looking(self) -> Connection | None:
        """The transaction that this thread has open by `looking`."""
        looking: Connection | None = getattr(self._here, "looking", None)
        return looking

    @contextmanager
    def _turn(self, patience: float) -> Iterator[None]:
        """Writers of this process one after another on SQLite, which would have each look again at intervals."""
        if not self.is_sqlite:
            yield
            return
        if not self._writer.acquire(timeout=patience):
            raise PoolTimeout
        try:
            yield
        finally:
            self._writer.release()

    def upsert(self, table: Any) -> Any:
        """An INSERT that can say what happens to a row that is there already (`on_conflict_do_update`)."""
        return insert_sqlite(table) if self.is_sqlite else insert_postgresql(table)

    def next_seq(self, connection: Connection, count: int = 1) -> int:
        """Take numbers of changes; writers wait for each other here, so numbers become visible in their order.

        Args:
            connection: A writing transaction.
            count: How many.

        Returns:
            The first of them.
        """
        row = schema.sequence
        # One statement, so that of two that begin with an empty store neither finds the other in its way.
        taken = self.upsert(row).values(name="change", value=count)
        taken = taken.on_conflict_do_update(index_elements=["name"], set_={"value": row.c.value + count})
        last = connection.execute(taken.returning(row.c.value)).scalar_one()
        return int(last) - count + 1

    def last_seq(self, connection: Connection) -> int:
        """The number of the latest change; 0 where nothing ever arrived."""
        row = schema.sequence
        return int(connection.execute(select(row.c.value).where(row.c.name == "change")).scalar_one_or_none() or 0)

    def alive(self) -> None:
        """Ask the database something.

        Raises:
            FirstcontactError: It does not answer (FC9102).
        """
        with self.asking() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def sqlite_url(path: Path) -> str:
    """The address of a SQLite file."""
    return f"sqlite:///{path}"


@contextmanager
def explained() -> Iterator[None]:
    """A block within which the database's own errors become ours; what it quotes of rows is never passed on."""
    try:
        yield
    except IntegrityError:
        raise
    except (OperationalError, PoolTimeout, DBAPIError) as error:
        if _no_room(error):
            fault = STORE_FULL.fault(
                where="the operational store",
                saw="a disk that is full, or refuses to be written",
                allowed="room for what is stored",
                cure="make room, then send it again; `firstcontact doctor` says how much there is",
            )
            raise FirstcontactError([fault]) from None
        lost = isinstance(error, (OperationalError, PoolTimeout)) or error.connection_invalidated
        if not lost:
            raise
        fault = STORE_UNREACHABLE.fault(
            where="the operational store",
            saw=type(getattr(error, "orig", None) or error).__name__,
            allowed=clause("an answer within {count} s", count=WAIT_SECONDS),
            cure="try again; `firstcontact doctor` says more",
        )
        raise FirstcontactError([fault]) from None


_FULL_SQLITE = frozenset({SQLITE_FULL, SQLITE_IOERR})
_FULL_POSTGRESQL = frozenset({"53100", "58030"})
"""Disk full, and an error of input or output."""


def _no_room(error: Exception) -> bool:
    original = getattr(error, "orig", None)
    sqlite = getattr(original, "sqlite_errorcode", 0) & 0xFF
    return sqlite in _FULL_SQLITE or getattr(original, "sqlstate", None) in _FULL_POSTGRESQL


def _open(url: str, longest: int | None) -> Engine:
    try:
        parsed = make_url(url)
    except Exception:
        raise FirstcontactError([_unusable(clause("an address that cannot be read"))]) from None
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(
            parsed,
            connect_args={"timeout": WAIT_SECONDS, "check_same_thread": False, "isolation_level": None},
            hide_parameters=True,  # they are customers' values, and errors are logged
            pool_size=16,
            max_overflow=16,
            pool_timeout=WAIT_SECONDS,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.get_backend_name() in {"postgresql", "postgres"}:
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            pool_size=10,
            max_overflow=10,
            pool_timeout=WAIT_SECONDS,
            connect_args={"connect_timeout": WAIT_SECONDS, **_LOST_LINE},
        )
        event.listen(engine, "connect", lambda connection, _record: _prepare_postgresql(connection, longest))
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", lambda connection, record, _proxy: _try_idle(engine, connection, record))
        return engine
    raise FirstcontactError([_unusable(clause("an address of another kind of database"))])


def _unusable(saw: Sentence) -> Any:
    return URL_UNUSABLE.fault(
        where="FIRSTCONTACT_DATABASE",
        saw=saw,
        allowed="sqlite or postgresql",
        cure="write postgresql://user@host/name, or leave it empty",
    )


def _note_use(_connection: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _try_idle(engine: Engine, connection: Any, record: Any) -> None:
    """See whether a connection that lay idle still leads anywhere; where it does not, a new one is made."""
    used = record.info.get("used")
    if used is None or time.monotonic() - used < FRESH_SECONDS:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error:
        raise InvalidatePoolError from None


def _prepare_postgresql(connection: Any, longest: int | None) -> None:
    # Of the session, not of a transaction, which would take it back where it fails.
    connection.autocommit = True
    if longest is not None:
        connection.execute(f"SET statement_timeout = {1000 * longest}")
    connection.execute(f"SET lock_timeout = {1000 * WAIT_SECONDS}")
    connection.execute(f"SET idle_in_transaction_session_timeout = {1000 * IDLE_SECONDS}")
    connection.autocommit = False


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # FULL: an acknowledged contact survives the loss of power, not only of the process.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-65536"):
        cursor.execute(f"PRAGMA {pragma}")
    # What is erased must not stay readable in free pages.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    patience = connection.get_execution_options().get("firstcontact_waits")
    if patience is None:
        connection.exec_driver_sql("BEGIN")
        return
    # Left to itself SQLite looks again ever more seldom, up to a tenth of a second, while another process writes.
    ending = time.monotonic() + patience
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except OperationalError as error:
                if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF != SQLITE_BUSY or time.monotonic() > ending:
                    raise
            time.sleep(LOOK_SECONDS)
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={1000 * WAIT_SECONDS}")
