"""The history for measuring holds each record in its newest version, whatever came when, and nothing that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from firstcontact.adapters.connectors.warehouse import WarehouseConnector
from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database, sqlite_url
from firstcontact.adapters.stores.warehouse.store import MOST_SEGMENTS, Warehouse
from firstcontact.contacts.loaded import Loaded
from firstcontact.services.ingest import ingest
from firstcontact.services.service import Service

T0 = datetime(2026, 1, 5, 9, 0)  # noqa: DTZ001 - as moments are inside


@pytest.fixture
def database(service: Service) -> Iterator[Database]:
    settings = service.settings
    opened = Database(settings.database or sqlite_url(settings.data / "store.sqlite3"))
    yield opened
    opened.close()


@pytest.fixture
def warehouse(service: Service, database: Database) -> Warehouse:
    return Warehouse(database, service.settings.data / "warehouse")


def send(service: Service, table: str, *items: dict[str, Any], source: str = "pbx") -> None:
    receipt = ingest(service.inbox, table, items, source=source, now=T0, redact=lambda text: (text, {}))
    assert receipt.unfit == {}


def contact(name: str, **more: Any) -> dict[str, Any]:
    return {"contact_id": name, "started_at": "2026-01-05T09:00:00Z", **more}


def load(engine: DuckDBEngine, warehouse: Warehouse, *extra: str) -> Loaded:
    return WarehouseConnector(warehouse.catch_up(T0)).load(engine, [], None, zone=None, extra=extra)


def rows(engine: DuckDBEngine, query: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = engine.sql().execute(query).fetchall()
    return found


def test_a_new_service_has_an_empty_history(warehouse: Warehouse, engine: DuckDBEngine) -> None:
    """It can be read, and has no contact."""
    loaded = load(engine, warehouse)
    assert (loaded.ledger.contacts, loaded.ledger.adds_up) == (0, True)
    assert rows(engine, "SELECT count(*) FROM contacts") == [(0,)]


def test_the_newest_version_counts(service: Service, warehouse: Warehouse, engine: DuckDBEngine) -> None:
    """A correction stands in a later segment, and the earlier version is not read any more."""
    send(service, "contacts", contact("1", team="North"), contact("2", team="North"))
    load(engine, warehouse)
    send(service, "contacts", contact("1", team="South", version=2))
    loaded = load(engine, warehouse)
    assert rows(engine, "SELECT contact_id, team FROM contacts ORDER BY 1") == [("1", "South"), ("2", "North")]
    assert (loaded.ledger.read, loaded.ledger.contacts) == (2, 2)
    assert len(list((service.settings.data / "warehouse").iterdir())) == 2


def test_everything_that_was_sent_is_read(service: Service, warehouse: Warehouse, engine: DuckDBEngine) -> None:
    """Types, identifiers, further columns by name, and records beside contacts, on both databases alike."""
    sent = contact(
        "1",
        ended_at="2026-01-05T11:10:00+01:00",
        customer_id="k1",
        article_ids=["a", "b"],
        transfers=2,
        abandoned=False,
        cost=1.5,
        attributes={"site": "Sofia", 'odd "name"': "x"},
        identifiers=[{"kind": "phone", "value": "+44 20 7946 0001"}],
    )
    send(service, "contacts", sent)
    send(service, "surveys", {"contact_id": "1", "resolved": True, "answered_at": "2026-01-06T09:00:00Z"})
    send(service, "assets", {"asset_id": "printer", "bought_at": "2025-01-06T09:00:00Z", "cost": 99})
    loaded = load(engine, warehouse, "site", 'odd "name"')
    assert set(loaded.tables) == {"contacts", "identifiers", "surveys", "assets"}
    columns = 'ended_at, customer_id, article_ids, transfers, abandoned, cost, x_site, "x_odd ""name"""'
    ended = datetime(2026, 1, 5, 10, 10)  # noqa: DTZ001 - as moments are inside
    assert rows(engine, f"SELECT {columns} FROM contacts") == [(ended, "k1", ["a", "b"], 2, False, 1.5, "Sofia", "x")]
    assert rows(engine, "SELECT * FROM identifiers") == [("1", "phone", "+44 20 7946 0001")]
    assert rows(engine, "SELECT resolved, year(answered_at) FROM surveys") == [(True, 2026)]
    assert rows(engine, "SELECT cost, year(bought_at) FROM assets") == [(99.0, 2025)]
    assert loaded.present >= {"contact_id", "started_at", "customer_id", "cost"}
    assert "queue" not in loaded.present


def test_what_is_gone_is_not_read_and_after_rewriting_not_there(
    service: Service, database: Database, warehouse: Warehouse, engine: DuckDBEngine
) -> None:
    """A contact that was erased is counted as such, with all beside it; no segment holds its bytes any more."""
    send(service, "contacts", contact("1", wrap_up="keep-this"), contact("2", wrap_up="erase-this"))
    send(service, "surveys", {"contact_id": "2", "resolved": True})
    load(engine, warehouse)
    with database.writing() as connection:
        seq = database.next_seq(connection)
        gone = {"source": "pbx", "contact_id": "2", "seq": seq, "cause": "erased", "gone_at": T0}
        connection.execute(insert(schema.contact_gone).values(gone))
        connection.execute(delete(schema.contact).where(schema.contact.c.contact_id == "2"))
    loaded = load(engine, warehouse)
    assert rows(engine, "SELECT contact_id FROM contacts") == [("1",)]
    assert "surveys" not in loaded.tables
    assert (loaded.ledger.erased, loaded.ledger.adds_up) == (1, True)
    warehouse.rewrite(T0)
    assert load(engine, warehouse).ledger.contacts == 1
    kept = [str(path) for path in (service.settings.data / "warehouse").glob("contacts-*")]
    assert rows(engine, f"SELECT wrap_up FROM read_parquet({kept})") == [("keep-this",)]


def test_one_id_in_two_sources_is_two_contacts(service: Service, warehouse: Warehouse, engine: DuckDBEngine) -> None:
    """Ids are a source's own; where two sources use one, the source stands before it, beside it too."""
    send(service, "contacts", contact("1"), contact("2"))
    send(service, "contacts", contact("1"), source="chat")
    send(service, "surveys", {"contact_id": "1", "resolved": False}, source="chat")
    loaded = load(engine, warehouse)
    assert rows(engine, "SELECT contact_id FROM contacts ORDER BY 1") == [("2",), ("chat/1",), ("pbx/1",)]
    assert rows(engine, "SELECT contact_id FROM surveys") == [("chat/1",)]
    assert "more than one source" in loaded.findings[0].text


def test_two_who_catch_up_at_once_write_each_change_once(
    service: Service, database: Database, warehouse: Warehouse, engine: DuckDBEngine
) -> None:
    """However many measure at the same moment, no contact is read twice and no file is left over."""
    send(service, "contacts", *(contact(str(number)) for number in range(300)))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: warehouse.catch_up(T0), range(4)))
    assert load(engine, warehouse).ledger.contacts == 300
    assert len(list((service.settings.data / "warehouse").iterdir())) == 1


def test_many_small_segments_become_one(service: Service, warehouse: Warehouse, engine: DuckDBEngine) -> None:
    """Opening files costs time: above a number of them they are merged, and nothing is lost."""
    for number in range(MOST_SEGMENTS + 3):
        send(service, "contacts", contact(str(number)))
        warehouse.catch_up(T0)
    assert len(list((service.settings.data / "warehouse").iterdir())) <= 3
    assert load(engine, warehouse).ledger.contacts == MOST_SEGMENTS + 3


def test_a_file_that_no_list_names_is_swept_away(
    service: Service, warehouse: Warehouse, engine: DuckDBEngine, tmp_path: Path
) -> None:
    """A writer that was killed before its file was listed leaves nothing behind for long."""
    send(service, "contacts", contact("1"))
    warehouse.catch_up(T0)
    folder = service.settings.data / "warehouse"
    (folder / "contacts-000000000001-000000000009-dead.parquet").write_bytes(b"half")
    assert load(engine, warehouse).ledger.contacts == 1
    warehouse.sweep(datetime(2100, 1, 1))  # noqa: DTZ001 - as moments are inside
    assert len(list(folder.iterdir())) == 1
    assert load(engine, warehouse).ledger.contacts == 1


class Interrupted(Warehouse):
    """A history whose writer meets an erasure between reading the store and listing what it wrote."""

    def __init__(self, database: Database, folder: Path, name: str) -> None:
        super().__init__(database, folder)
        self.names = [name]

    def _erase(self) -> None:
        if self.names:
            erase(self._database, self.names.pop())
            Warehouse(self._database, self._folder).rewrite(T0)

    def _write(self, *arguments: Any) -> Any:
        written = super()._write(*arguments)
        self._erase()
        return written


def erase(database: Database, name: str, cause: str = "erased") -> None:
    with database.writing() as connection:
        seq = database.next_seq(connection)
        gone = {"source": "pbx", "contact_id": name, "seq": seq, "cause": cause, "gone_at": T0}
        connection.execute(insert(schema.contact_gone).values(gone))
        connection.execute(delete(schema.contact).where(schema.contact.c.contact_id == name))


def written(service: Service, engine: DuckDBEngine) -> list[str]:
    """Ids of contacts whose bytes stand in any file of the history."""
    kept = [str(path) for path in (service.settings.data / "warehouse").glob("contacts-*")]
    return [name for (name,) in rows(engine, f"SELECT contact_id FROM read_parquet({kept}) ORDER BY 1")]


def test_no_segment_is_listed_with_what_was_erased_meanwhile(
    service: Service, database: Database, engine: DuckDBEngine
) -> None:
    """Whoever goes between the reading of the store and the listing of a segment is in no file afterwards."""
    send(service, "contacts", contact("1"), contact("2"))
    holding = Interrupted(database, service.settings.data / "warehouse", "2").catch_up(T0)
    assert written(service, engine) == ["1"]
    WarehouseConnector(holding).load(engine, [], None, zone=None)
    assert rows(engine, "SELECT contact_id FROM contacts") == [("1",)]


def test_no_segments_are_merged_with_what_was_erased_meanwhile(
    service: Service,
    database: Database,
    warehouse: Warehouse,
    engine: DuckDBEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An erasure that rewrites the history while another worker does is not undone by that worker's file."""
    from firstcontact.adapters.stores.warehouse import store

    send(service, "contacts", contact("1"), contact("2"))
    warehouse.catch_up(T0)
    names = ["2"]

    def settle(path: Path) -> None:
        if names:  # the merged file stands, and is not yet listed
            erase(database, names.pop())
            Warehouse(database, service.settings.data / "warehouse").rewrite(T0)

    monkeypatch.setattr(store, "_settle", settle)
    warehouse.rewrite(T0)
    assert written(service, engine) == ["1"]
    assert len(list((service.settings.data / "warehouse").iterdir())) == 1


def test_the_ledger_counts_as_erased_what_was_erased(
    service: Service, database: Database, warehouse: Warehouse, engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was undone or grew too old is gone without being called erased, however many batches it is read in."""
    from firstcontact.adapters.stores.sql import change

    monkeypatch.setattr(change, "AT_ONCE", 2)
    send(service, "contacts", *(contact(str(number)) for number in range(6)))
    warehouse.catch_up(T0)
    for name, cause in enumerate(("erased", "expired", "undone", "expired", "erased")):
        erase(database, str(name), cause)
    loaded = load(engine, warehouse)
    assert (loaded.ledger.contacts, loaded.ledger.erased, loaded.ledger.adds_up) == (1, 2, True)
    assert rows(engine, "SELECT contact_id FROM contacts") == [("5",)]


def test_a_contact_has_one_survey_whoever_asked(service: Service, warehouse: Warehouse, engine: DuckDBEngine) -> None:
    """Two systems ask about one contact; the answer given last counts, as in files, and no contact becomes two."""
    send(service, "contacts", contact("1"), contact("2"))
    send(service, "surveys", {"contact_id": "1", "csat": 0.5, "answered_at": "2026-01-06T09:00:00Z"}, source="mail")
    send(service, "surveys", {"contact_id": "1", "csat": 1, "answered_at": "2026-01-07T09:00:00Z"}, source="phone")
    send(service, "surveys", {"contact_id": "1", "csat": 0}, source="web")
    load(engine, warehouse)
    assert rows(engine, "SELECT contact_id, csat FROM surveys") == [("1", 1.0)]


def test_what_an_earlier_version_took_in_is_judged_again(
    service: Service, database: Database, warehouse: Warehouse, engine: DuckDBEngine
) -> None:
    """Impossible figures are missing and said, a contact that ends before it starts is set aside: nothing breaks."""
    send(service, "contacts", contact("1", handle_seconds=5, transfers=1), contact("2"), contact("3"))
    send(service, "reviews", {"contact_id": "1", "reviewer": "r", "resolved": True, "sampling_probability": 0.5})
    table = schema.contact
    with database.writing() as connection:
        impossible = {"handle_seconds": -500.0, "transfers": -3}
        connection.execute(update(table).where(table.c.contact_id == "1").values(**impossible))
        before = datetime(2026, 1, 4)  # noqa: DTZ001 - as moments are inside
        connection.execute(update(table).where(table.c.contact_id == "2").values(ended_at=before))
        kept = dict(connection.execute(select(schema.companion.c.body)).scalar_one())
        connection.execute(update(schema.companion).values(body=kept | {"sampling_probability": 5.0}))
    loaded = load(engine, warehouse)
    assert rows(engine, "SELECT contact_id, handle_seconds, transfers FROM contacts ORDER BY 1") == [
        ("1", None, None),
        ("3", None, None),
    ]
    assert rows(engine, "SELECT resolved, sampling_probability FROM reviews") == [(True, None)]
    assert (loaded.ledger.contacts, loaded.ledger.quarantined, loaded.ledger.adds_up) == (2, {"FC2005": 1}, True)
    told = [str(finding.text) for finding in loaded.findings]
    assert [text.split(":")[0] for text in told] == ["handle_seconds", "reviews.sampling_probability", "transfers"]
