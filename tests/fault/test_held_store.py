"""Somebody holds the store: who writes is told to come again, who reads is answered, and nobody waits for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from firstcontact import bootstrap
from firstcontact.adapters.stores.sql.database import IDLE_SECONDS, WAIT_SECONDS, Database, sqlite_url
from firstcontact.doors.api.app import create_app
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.service import Service
from firstcontact.services.session import SEEN_EVERY, hash_of
from tests.web.test_accounts_api import account, log_in


def opened(service: Service) -> Database:
    settings = service.settings
    return Database(settings.database or sqlite_url(settings.data / "store.sqlite3"))


@contextmanager
def held(service: Service) -> Iterator[None]:
    """Another process writes, and takes its time."""
    other = opened(service)
    with other.writing() as connection:
        other.next_seq(connection)
        connection.execute(text("UPDATE session SET device = 'held'"))
        yield
    other.close()


def test_a_reader_is_answered_while_nothing_can_be_written(service: Service) -> None:
    """That somebody was here is noted the next time; the request waits for a moment and not for the writer."""
    client = TestClient(create_app(service), base_url=service.settings.url, raise_server_exceptions=False)
    log_in(client, account(service).email)
    (cookie,) = client.cookies.jar
    assert cookie.value
    found = service.sessions.find(hash_of(cookie.value), service.now())
    assert found is not None
    service.sessions.seen(found[1].token_hash, service.now() - 2 * SEEN_EVERY)
    with held(service):
        began = time.monotonic()
        answer = client.get("/api/v1/me")
        assert answer.status_code == 200, answer.text
        assert time.monotonic() - began < WAIT_SECONDS / 2
    assert client.get("/api/v1/me").status_code == 200
    later = service.sessions.find(hash_of(cookie.value), service.now())
    assert later is not None
    assert service.now() - later[1].seen_at < timedelta(minutes=1)


def test_a_writer_waits_for_another_so_long_and_no_longer(service: Service) -> None:
    """FC9102 on either database, where a statement that waits for a row would wait for ever."""
    waiting = opened(service)
    with held(service), pytest.raises(FirstcontactError) as error, waiting.writing(patience=0.3) as connection:
        waiting.next_seq(connection)
    assert error.value.faults[0].kind.code == "FC9102"
    waiting.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_connection_to_postgresql_gives_up_what_is_lost(service: Service) -> None:
    """Waiting for locks, and a transaction whose owner is gone, both end; an error on the way takes nothing back."""
    database = opened(service)
    with pytest.raises(Exception, match="division"), database.writing() as connection:
        connection.execute(text("SELECT 1 / 0"))
    with database.reading() as connection:
        asked = ("lock_timeout", "idle_in_transaction_session_timeout")
        said = [connection.execute(text(f"SHOW {name}")).scalar_one() for name in asked]
    assert said == [f"{WAIT_SECONDS}s", f"{IDLE_SECONDS // 60}min"]
    database.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_statement_of_a_web_process_ends_and_one_of_a_job_may_last(service: Service) -> None:
    """FC9102, on each kind of transaction and after an error too; the connection is good for the next question."""
    url = service.settings.database
    assert url
    asking = Database(url, longest=1)
    lasting = text("SELECT pg_sleep(5)")
    for transaction in (asking.asking, asking.reading, asking.writing):
        began = time.monotonic()
        with pytest.raises(FirstcontactError) as error, transaction() as connection:
            connection.execute(lasting)
        assert error.value.faults[0].kind.code == "FC9102"
        assert time.monotonic() - began < 4
        asking.alive()
    asking.close()
    shown = text("SHOW statement_timeout")
    for longest, said in ((None, "0"), (service.settings.statement_seconds, "30s")):
        part = bootstrap.open_service(service.settings, longest=longest)
        database = part.alive.__self__  # type: ignore[attr-defined]
        with database.asking() as connection:
            assert connection.execute(shown).scalar_one() == said
        part.close()
