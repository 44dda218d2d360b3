"""The tables come to the form of this version from every form before it, with everything in them, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import JSON, Boolean, DateTime, Float, Integer, LargeBinary, MetaData, Table, func, insert, select

from firstcontact import bootstrap
from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database, sqlite_url
from firstcontact.adapters.stores.sql.migrate import configuration, form_of, known_forms, migrate, newest_form
from firstcontact.kernel.service_settings import ServiceSettings
from tests.service_fixture import Cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables, of each kind."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "store.sqlite3")
    cluster: Cluster = request.getfixturevalue("postgresql")
    return cluster.database(prepared=False)


def test_migrating_makes_the_tables_that_the_program_uses(empty: str) -> None:
    """Nothing is in the program that no step made, and nothing the other way round."""
    database = Database(empty)
    migrate(database)
    with database.writing() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
        assert form_of(connection) == newest_form()
    database.close()


@pytest.mark.parametrize("form", sorted(known_forms()))
def test_every_form_with_data_in_it_comes_to_this_one(empty: str, form: str) -> None:
    """A row in every table of an earlier form is still there, value by value, in the newest."""
    database = Database(empty)
    with database.writing() as connection:
        command.upgrade(configuration(connection), form)
        tables = MetaData()
        tables.reflect(bind=connection)
        sent: dict[str, dict[str, Any]] = {}
        for table in tables.sorted_tables:
            if table.name == "alembic_version":
                continue
            sent[table.name] = filled(table)
            connection.execute(insert(table).values(sent[table.name]))
    migrate(database)
    with database.reading() as connection:
        assert form_of(connection) == newest_form()
        now = MetaData()
        now.reflect(bind=connection)
        for name, row in sent.items():
            kept = connection.execute(select(now.tables[name])).mappings().one()
            same = {column: kept[column] for column in row if column in kept}
            assert same == {column: row[column] for column in same}, name
            assert set(row) <= set(kept), name
    database.close()


CHOICES = {
    ("contact_gone", "cause"): "erased",
    ("companion_gone", "cause"): "erased",
    ("identity_decision", "verb"): "merge",
    ("identity_proposal", "state"): "open",
    ("quarantine", "state"): "open",
    ("import", "state"): "uploaded",
    ("job", "state"): "waiting",
    ("policy_version", "state"): "draft",
    ("run", "state"): "current",
    ("run", "purpose"): "figures",
    ("account", "role"): "manager",
    ("delivery", "state"): "waiting",
}


def filled(table: Table) -> dict[str, Any]:
    """A row with a value in every column, that every rule of the table allows."""
    return {column.name: CHOICES.get((table.name, column.name), value(column.type)) for column in table.columns}


def value(kind: Any) -> Any:
    if isinstance(kind, JSON):
        return {"a": ["b"]}
    if isinstance(kind, DateTime):
        return datetime(2026, 1, 5, 9, tzinfo=UTC).replace(tzinfo=None)
    if isinstance(kind, LargeBinary):
        return b"\x00sealed"
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, Float):
        return 0.5
    return 7 if isinstance(kind, Integer) else "x"


def test_several_that_begin_at_once_make_one_store(empty: str, tmp_path: Path) -> None:
    """Of several processes one makes the tables and the first policy; the others wait for it."""

    def begin(number: int) -> int:
        url = "" if empty.startswith("sqlite") else empty
        service = bootstrap.open_service(ServiceSettings(data=tmp_path, database=url))
        try:
            return service.policies.published().number
        finally:
            service.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(begin, range(4))) == [1, 1, 1, 1]
    database = Database(empty)
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(schema.policy_version)).scalar_one() == 1
    database.close()


def test_opening_again_changes_nothing(empty: str) -> None:
    """A store of this version is left as it is."""
    database = Database(empty)
    migrate(database)
    migrate(database)
    with database.reading() as connection:
        assert form_of(connection) == newest_form()
    database.close()
