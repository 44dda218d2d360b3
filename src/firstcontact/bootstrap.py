"""Wiring: the one place that names concrete adapters. Everything is imported where it is needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from firstcontact.adapters.stores.backup import BackedUp
    from firstcontact.adapters.stores.sql.database import Database
    from firstcontact.kernel.engine import Engine
    from firstcontact.kernel.service_settings import ServiceSettings
    from firstcontact.services.inspect import Inspector
    from firstcontact.services.measure_history import Measurer, Runs
    from firstcontact.services.policy_version import Policies
    from firstcontact.services.prepare import Connector
    from firstcontact.services.publish import Destination as RunDestination
    from firstcontact.services.record import RunReader
    from firstcontact.services.run import Run
    from firstcontact.services.service import Service
    from firstcontact.services.setting import Settings
    from firstcontact.services.sign_on import Provider
    from firstcontact.services.simulate import Destination
    from firstcontact.services.work import Lane, Worker


def simulation_folder(folder: Path, *, force: bool = False) -> Destination:
    """A directory for a simulated log, which appears whole or not at all.

    Args:
        folder: Where.
        force: Whether an earlier simulation there may be replaced; nothing else ever is.
    """
    from firstcontact.adapters.stores.table_file import TableFolder
    from firstcontact.services.simulate import WORLD_FILE

    return TableFolder(folder, force=force, mark=WORLD_FILE)


def run_folder(folder: Path, *, force: bool = False) -> RunDestination:
    """A directory for a run, which appears whole or not at all.

    Args:
        folder: Where.
        force: Whether an earlier run there may be replaced; nothing else ever is.
    """
    from firstcontact.adapters.stores.folder import WholeFolder
    from firstcontact.services.publish import RUN_FILE

    return WholeFolder(folder, force=force, mark=RUN_FILE)


def definitions_folder(folder: Path, *, force: bool = False) -> RunDestination:
    """A directory for definitions side by side, which appears whole or not at all.

    Args:
        folder: Where.
        force: Whether earlier definitions there may be replaced; nothing else ever is.
    """
    from firstcontact.adapters.stores.folder import WholeFolder
    from firstcontact.services.publish_definitions import DEFINITIONS_FILE

    return WholeFolder(folder, force=force, mark=DEFINITIONS_FILE)


def audit_folder(folder: Path, *, force: bool = False) -> RunDestination:
    """A directory for an audit, which appears whole or not at all.

    Args:
        folder: Where.
        force: Whether an earlier audit there may be replaced; nothing else ever is.
    """
    from firstcontact.adapters.stores.folder import WholeFolder
    from firstcontact.services.draw_audit import AUDIT_FILE

    return WholeFolder(folder, force=force, mark=AUDIT_FILE)


def run_reader() -> RunReader:
    """What reads a run from the directory that it was written to."""
    from firstcontact.adapters.stores.run_reader import RunDirectory

    return RunDirectory()


def open_engine(memory_limit: str | None = None, threads: int | None = None) -> Engine:
    """A new engine, to be closed by who asked for it.

    Args:
        memory_limit: For example `1GB`; what is usual (3 GB) where None.
        threads: How many; all cores where None.
    """
    from firstcontact.adapters.engines.duckdb import DuckDBEngine

    return DuckDBEngine(memory_limit=memory_limit, threads=threads)


def explained() -> AbstractContextManager[None]:
    """A block within which the engine's own errors become ours.

    Raises:
        FirstcontactError: The engine lacks memory (FC9003).
        OSError: It lacks room on disk.
    """
    from firstcontact.adapters.engines import duckdb

    return duckdb.explained()


@contextmanager
def engine(memory_limit: str | None = None, threads: int | None = None) -> Iterator[Engine]:
    """An engine for the length of a block. Takes what `open_engine` takes."""
    opened = open_engine(memory_limit, threads)
    try:
        with explained():
            yield opened
    finally:
        opened.close()


def connector() -> Connector:
    """What reads files."""
    from firstcontact.adapters.connectors.tabular.load import TabularConnector

    return TabularConnector()


def inspector() -> Inspector:
    """What looks into files."""
    from firstcontact.adapters.connectors.tabular.load import TabularConnector

    return TabularConnector()


def mapping_file(path: Path) -> Any:
    """The mapping in a file.

    Raises:
        FirstcontactError: It cannot be read, or says what no mapping says.
    """
    from firstcontact.adapters.connectors.tabular.mapping import read_mapping

    return read_mapping(path)


def open_service(
    settings: ServiceSettings, render: Callable[[Run], str] | None = None, *, longest: int | None = None
) -> Service:
    """The running service's parts, over a store that was brought to the form of this version.

    Args:
        settings: What its surroundings told it.
        render: Makes the report of each run; none is made where None.
        longest: Seconds that one statement may take on PostgreSQL; None for as long as it takes.

    Raises:
        FirstcontactError: The database cannot be used or does not answer (FC9101, FC9102), or the data directory cannot
            be written.
    """
    from firstcontact.adapters.connectors.file_reader import FileReader
    from firstcontact.adapters.notify.webhook import HttpSender
    from firstcontact.adapters.stores.backup import Unpacked
    from firstcontact.adapters.stores.data_folder import DataFolder
    from firstcontact.adapters.stores.kept_contact import ParquetContacts
    from firstcontact.adapters.stores.seal import KeySeal
    from firstcontact.adapters.stores.sql.account import SqlAccounts
    from firstcontact.adapters.stores.sql.audit import SqlAudit
    from firstcontact.adapters.stores.sql.condition import SqlConditions
    from firstcontact.adapters.stores.sql.contact_list import SqlContactList
    from firstcontact.adapters.stores.sql.database import Database, sqlite_url
    from firstcontact.adapters.stores.sql.handled import SqlHandled
    from firstcontact.adapters.stores.sql.identity import SqlIdentities
    from firstcontact.adapters.stores.sql.imports import SqlImports
    from firstcontact.adapters.stores.sql.inbox import SqlInbox
    from firstcontact.adapters.stores.sql.link_store import SqlLinks
    from firstcontact.adapters.stores.sql.migrate import migrate
    from firstcontact.adapters.stores.sql.people import SqlPeople
    from firstcontact.adapters.stores.sql.policy import SqlPolicies
    from firstcontact.adapters.stores.sql.quarantine import SqlQuarantine
    from firstcontact.adapters.stores.sql.queue import SqlQueue
    from firstcontact.adapters.stores.sql.run import SqlRuns
    from firstcontact.adapters.stores.sql.sent_form import SqlSentForms
    from firstcontact.adapters.stores.sql.session import SqlSessions
    from firstcontact.adapters.stores.sql.setting import SqlSettings
    from firstcontact.adapters.stores.sql.subject import SqlSubjects
    from firstcontact.adapters.stores.sql.subscription import SqlSubscriptions
    from firstcontact.adapters.stores.sql.view import SqlViews
    from firstcontact.adapters.stores.sql.webhook_source import SqlWebhookSources
    from firstcontact.adapters.stores.warehouse.store import Warehouse
    from firstcontact.kernel.clock import now
    from firstcontact.services.announce import Announcer
    from firstcontact.services.erase import RETAIN, Erasure, privacy_handlers
    from firstcontact.services.live_rules import LiveRules
    from firstcontact.services.measure_history import MEASURE
    from firstcontact.services.measuring import MEASUREMENT, measuring_of
    from firstcontact.services.mend_many import ManyMended, mending_handlers
    from firstcontact.services.password import Passwords
    from firstcontact.services.relink import JOB as LINK
    from firstcontact.services.relink import Linker
    from firstcontact.services.schedule import Recurring
    from firstcontact.services.service import Service
    from firstcontact.services.setting import read_setting, redactor
    from firstcontact.services.take_import import ImportWork, import_handlers
    from firstcontact.services.tidy import AGE, TIDY, Tidying
    from firstcontact.services.upload import Uploads

    def moment() -> datetime:
        return now().replace(tzinfo=None)

    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    url = settings.database or sqlite_url(settings.data / "store.sqlite3")
    database = Database(url)
    migrate(database)
    if longest is not None:  # from here on: bringing the store to this form takes as long as it takes
        database.close()
        database = Database(url, longest)
    policies, runs = SqlPolicies(database), SqlRuns(database, settings.data / "runs")
    policies.begin(moment())
    preferences = SqlSettings(database)
    measurer = _measurer(settings, database, runs, policies, preferences, render or (lambda _run: ""))
    rules = LiveRules(policies, runs, preferences)
    links = SqlLinks(database, rules.region)
    inbox, queue = SqlInbox(database, rules.region), SqlQueue(database)
    imports, uploads = SqlImports(database, rules.region), Uploads(settings.data / "uploads")
    file_reader = FileReader(lambda: engine(threads=1))
    seal, subjects = KeySeal(settings.data, settings.secret), SqlSubjects(database, rules.region)
    subscriptions = SqlSubscriptions(database)
    announcer = Announcer(subscriptions, HttpSender(), seal, preferences, moment)
    importing = ImportWork(
        imports, uploads, file_reader, inbox, lambda: redactor(preferences), queue, moment, announcer.imported
    )
    quarantine = SqlQuarantine(database)
    mending = ManyMended(quarantine, inbox, imports, file_reader, lambda: redactor(preferences), moment)
    warehouse = Warehouse(database, settings.data / "warehouse")
    files = DataFolder(settings.data, database, warehouse)
    sent_forms = SqlSentForms(database)
    tidying = Tidying([runs, warehouse, uploads, subscriptions, sent_forms, Unpacked(settings.data)], files, moment)
    kept_contacts = ParquetContacts(lambda: open_engine("512MB", threads=1))

    def close() -> None:
        kept_contacts.close()
        database.close()

    erasure = Erasure(subjects, files, preferences, seal, queue, moment)
    return Service(
        settings=settings,
        now=moment,
        inbox=inbox,
        queue=queue,
        accounts=SqlAccounts(database),
        sessions=SqlSessions(database),
        passwords=Passwords(),
        provider=_provider(settings),
        audit=SqlAudit(database),
        handled=SqlHandled(database),
        contact_list=SqlContactList(database),
        preferences=preferences,
        kept_contacts=kept_contacts,
        views=SqlViews(database),
        sent_forms=sent_forms,
        runs=runs,
        policies=policies,
        seal=seal,
        subjects=subjects,
        erasure=erasure,
        people=SqlPeople(database, rules.region),
        identities=SqlIdentities(database, rules.region),
        quarantine=quarantine,
        webhook_sources=SqlWebhookSources(database),
        rules=rules,
        subscriptions=subscriptions,
        announcer=announcer,
        imports=imports,
        uploads=uploads,
        file_reader=file_reader,
        handlers=announcer.around(
            {
                MEASURE: measurer,
                LINK: Linker(links, rules, moment),
                **import_handlers(importing),
                **privacy_handlers(erasure),
                **mending_handlers(mending),
                TIDY: tidying,
            }
        ),
        recurring=[
            Recurring(MEASURE, lambda: measuring_of(read_setting(preferences, MEASUREMENT).value).every, {}),
            Recurring(RETAIN, lambda: timedelta(days=1), {}),
            Recurring(LINK, lambda: timedelta(hours=1), {}),
            Recurring(TIDY, lambda: AGE, {}),
        ],
        conditions=SqlConditions(database),
        together=database.together,
        looking=database.looking,
        alive=database.alive,
        close=close,
    )


def _provider(settings: ServiceSettings) -> Provider | None:
    if not settings.oidc_issuer:
        return None
    from firstcontact.adapters.sign_on.oidc import OidcProvider

    return OidcProvider(
        settings.oidc_issuer,
        settings.oidc_client,
        settings.oidc_secret,
        trusts_email=settings.oidc_email == "trusted",
    )


def _measurer(
    settings: ServiceSettings,
    database: Database,
    runs: Runs,
    policies: Policies,
    preferences: Settings,
    render: Callable[[Run], str],
) -> Measurer:
    from firstcontact.adapters.connectors.warehouse import ServiceHistory
    from firstcontact.adapters.stores.warehouse.store import Warehouse
    from firstcontact.kernel.clock import now
    from firstcontact.kernel.privacy import pseudonym_key
    from firstcontact.kernel.settings import VERSION
    from firstcontact.services.measure_history import Measurer

    return Measurer(
        history=ServiceHistory(Warehouse(database, settings.data / "warehouse")),
        runs=runs,
        policies=policies,
        settings=preferences,
        # Half of the cores: whoever asks meanwhile is answered too.
        engine=lambda: engine(threads=max(1, (os.cpu_count() or 2) // 2)),
        interrupt=lambda opened: opened.interrupt(),
        key=pseudonym_key(settings.data / "pseudonym.key"),
        render=render,
        now=lambda: now().replace(tzinfo=None),
        clock=now,
        version=VERSION,
    )


def back_up(settings: ServiceSettings, target: Path) -> BackedUp:
    """Write everything that a service keeps to one file, while it runs.

    Raises:
        FirstcontactError: The file is there already or cannot be written (FC9110), there is nothing to back up
            (FC9109), or the database does not answer (FC9102).
    """
    from firstcontact.adapters.stores.backup import nothing_there, write_backup
    from firstcontact.adapters.stores.sql.audit import SqlAudit
    from firstcontact.adapters.stores.sql.database import Database, sqlite_url
    from firstcontact.kernel.clock import now
    from firstcontact.kernel.settings import VERSION

    if _no_file(settings):  # asking SQLite would make one
        raise nothing_there()
    database = Database(settings.database or sqlite_url(settings.data / "store.sqlite3"))
    moment = now().replace(tzinfo=None)
    try:
        written = write_backup(database, settings.data, target, now=moment, version=VERSION)
        # An erasure names the backups that it cannot reach.
        SqlAudit(database).note("backup", "backup.write", now=moment, object=target.name)
        return written
    finally:
        database.close()


def store_form(settings: ServiceSettings) -> tuple[str, str]:
    """In which form a store is, and which form this version keeps it in; nothing is changed and nothing made.

    Returns:
        Both; the first is empty where there is no store yet.

    Raises:
        FirstcontactError: The database cannot be used or does not answer (FC9101, FC9102).
    """
    from firstcontact.adapters.stores.sql.database import Database, sqlite_url
    from firstcontact.adapters.stores.sql.migrate import form_of, newest_form

    if _no_file(settings):
        return "", newest_form()
    database = Database(settings.database or sqlite_url(settings.data / "store.sqlite3"))
    try:
        with database.reading() as connection:
            return form_of(connection), newest_form()
    finally:
        database.close()


def _no_file(settings: ServiceSettings) -> bool:
    return not settings.database and not (settings.data / "store.sqlite3").exists()


def restore(settings: ServiceSettings, source: Path) -> BackedUp:
    """Bring a backup into an empty place.

    Raises:
        FirstcontactError: The place is not empty (FC9106), the file is no backup (FC9107), or a newer version wrote it
            (FC9105).
    """
    from firstcontact.adapters.stores.backup import restore_backup
    from firstcontact.adapters.stores.sql.database import Database, sqlite_url

    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(settings.database or sqlite_url(settings.data / "store.sqlite3"))
    try:
        return restore_backup(database, settings.data, source)
    finally:
        database.close()


def open_worker(service: Service, *, lane: Lane | None = None) -> Worker:
    """What does a service's jobs, those included that recur.

    Args:
        service: The service.
        lane: Only jobs of this lane; all where None.
    """
    from firstcontact.services.schedule import Schedule
    from firstcontact.services.work import Worker, lane_of

    tick = Schedule(service.queue, service.recurring, service.now)
    handlers = {kind: handler for kind, handler in service.handlers.items() if lane in (None, lane_of(kind))}
    return Worker(service.queue, handlers, service.now, tick=tick)
