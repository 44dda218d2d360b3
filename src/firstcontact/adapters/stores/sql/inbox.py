"""The inbox as tables: each record exactly once, the newest version in force, what it replaced kept behind it.

Writers wait for each other on the number of the change, so what is read here is what the commit is made from. Requests
that wait at the same moment share one commit: waiting for the disk costs the same for one and for many.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, insert, select

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.arrival import Arrival
from firstcontact.adapters.stores.sql.companion_arrival import CompanionArrival
from firstcontact.adapters.stores.sql.contact_arrival import ContactArrival
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.sql.quarantine import end_aside
from firstcontact.contacts.record import Record
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.time_id import time_id
from firstcontact.services.ingest import Mended, Outcome, SetAside
from firstcontact.services.mend import ended_already
from firstcontact.services.upload import STATE_WRONG

TOGETHER = 2_000
"""Most records of one shared commit."""

LINK = "link"
"""The job, and its key, that links what arrived."""


@dataclass(slots=True)
class _Parcel:
    """What one caller wants stored, and what became of it."""

    records: Sequence[Record | SetAside]
    now: datetime
    import_id: str | None
    mended: Mended | None
    counted: int | None = None
    outcomes: tuple[Outcome, ...] = ()
    seq: int = 0
    failure: BaseException | None = None
    done: bool = field(default=False)


class SqlInbox:
    """Where records are kept. Implements `services.ingest.Inbox`.

    Args:
        database: The operational store.
        region: Gives the two-letter country in which national telephone numbers are read; None leaves them as they are.
        told: Called when there is something to link, so that a worker in this process need not wait for its next look.
    """

    def __init__(
        self,
        database: Database,
        region: Callable[[], str | None] = lambda: None,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._contacts = ContactArrival(database, region)
        self._companions = CompanionArrival(database, region)
        self._told = told
        self._waiting: list[_Parcel] = []
        self._under_way = 0
        self._door = threading.Lock()
        self._turn = threading.Lock()

    @property
    def waiting(self) -> int:
        return self._under_way

    def put(
        self,
        records: Sequence[Record | SetAside],
        *,
        now: datetime,
        import_id: str | None = None,
        mended: Mended | None = None,
        counted: int | None = None,
    ) -> tuple[tuple[Outcome, ...], int]:
        parcel = _Parcel(records, now, import_id, mended, counted)
        with self._door:
            self._waiting.append(parcel)
            self._under_way += len(records)
        with self._turn:
            # Whoever has the turn stores what others brought meanwhile, too; they find it done.
            if not parcel.done:
                self._store(self._collect(parcel))
        with self._door:
            self._under_way -= len(records)
        if parcel.failure is not None:
            raise parcel.failure
        if any(one in {Outcome.STORED, Outcome.REPLACED} for one in parcel.outcomes):
            self._told()
        return parcel.outcomes, parcel.seq

    def _collect(self, first: _Parcel) -> list[_Parcel]:
        with self._door:
            self._waiting.remove(first)
            taken, size = [first], len(first.records)
            while self._waiting and size + len(self._waiting[0].records) <= TOGETHER:
                taken.append(self._waiting.pop(0))
                size += len(taken[-1].records)
        return taken

    def _store(self, parcels: list[_Parcel]) -> None:
        try:
            with self._database.writing() as connection:
                found = self._write(connection, parcels)
        except Exception as failure:
            if len(parcels) > 1:
                # One that cannot be stored must not take the others with it.
                for parcel in parcels:
                    self._store([parcel])
                return
            parcels[0].failure, parcels[0].done = failure, True
            return
        for parcel, (outcomes, seq) in zip(parcels, found, strict=True):
            parcel.outcomes, parcel.seq, parcel.done = outcomes, seq, True

    def _write(self, connection: Connection, parcels: list[_Parcel]) -> list[tuple[tuple[Outcome, ...], int]]:
        total = sum(len(parcel.records) for parcel in parcels)
        seq = self._database.next_seq(connection, total)
        last = seq + total - 1
        outcomes: dict[int, Outcome] = {}
        arrivals: list[Arrival] = []
        place = 0
        for parcel in parcels:
            _may_come(connection, parcel)
            for record in parcel.records:
                if isinstance(record, SetAside):
                    _set_aside(connection, record, parcel.now, parcel.import_id)
                    outcomes[place] = Outcome.QUARANTINED
                else:
                    arrivals.append(Arrival(place, record, seq + place, parcel.now, parcel.import_id, parcel.counted))
                place += 1
        for turn, found_wave in enumerate(_waves(arrivals)):
            # A later copy within the batch is a copy, whether or not the batch was stored before.
            wave = [replace(one, counted=None) for one in found_wave] if turn else found_wave
            contacts = [one for one in wave if one.record.table == "contacts"]
            companions = [one for one in wave if one.record.table != "contacts"]
            outcomes |= self._contacts.take(connection, contacts) if contacts else {}
            outcomes |= self._companions.take(connection, companions) if companions else {}
        if any(
            outcomes[one.place] in {Outcome.STORED, Outcome.REPLACED}
            and one.record.table in {"contacts", "identifiers"}
            for one in arrivals
        ):
            ask_to_link(self._database, connection, parcels[0].now)
        found, place = [], 0
        for parcel in parcels:
            mine = tuple(outcomes[one] for one in range(place, place + len(parcel.records)))
            place += len(parcel.records)
            found.append((mine, last))
        return found


def _may_come(connection: Connection, parcel: _Parcel) -> None:
    """See that a parcel's import is not being undone, and that nobody else has dealt with what was set aside."""
    if parcel.import_id is not None:
        # Held until the commit: who undoes the import begins after this, and finds what it brought.
        asked = select(schema.import_.c.state).where(schema.import_.c.id == parcel.import_id)
        state = connection.execute(asked.with_for_update(read=True)).scalar_one_or_none()
        if state in {"undoing", "undone"}:
            fault = STATE_WRONG.fault(
                where="the import", saw=str(state), allowed="one that is not undone", cure="import the file again"
            )
            raise FirstcontactError([fault])
    if (mended := parcel.mended) is not None:
        for number in mended.numbers:
            if not end_aside(connection, number, "replayed", mended.actor, parcel.now):
                raise ended_already(number)


def ask_to_link(database: Database, connection: Connection, now: datetime) -> None:
    """Ask for what changed to be linked, with the change itself; a job that waits already is the same one."""
    asked = database.upsert(schema.job).values(
        id=time_id(now), kind=LINK, arguments={}, key=LINK, state="waiting", priority=10, due_at=now, attempts=0,
        cancel_asked=False, asked_by="ingest", created_at=now,
    )  # fmt: skip
    connection.execute(
        asked.on_conflict_do_nothing(index_elements=["kind", "key"], index_where=schema.JOB_WAITS_BY_KEY)
    )


def _waves(arrivals: list[Arrival]) -> list[list[Arrival]]:
    """Arrivals in groups within which no record occurs twice; a later copy stands in a later group."""
    seen: dict[tuple[str, str, tuple[str, ...]], int] = {}
    waves: list[list[Arrival]] = []
    for one in arrivals:
        name = (one.record.table, one.record.source, one.record.key)
        turn = seen.get(name, 0)
        seen[name] = turn + 1
        if turn == len(waves):
            waves.append([])
        waves[turn].append(one)
    return waves


def _set_aside(connection: Connection, record: SetAside, now: datetime, import_id: str | None) -> None:
    """Keep what does not fit; a copy of one that waits to be corrected is the same one."""
    table = schema.quarantine
    digest = hashlib.sha256(f"{record.table}\0{record.source}\0{record.raw}".encode()).hexdigest()
    same = select(table.c.id).where(table.c.digest == digest, table.c.state == "open").limit(1)
    if connection.execute(same).first() is not None:
        return
    faults = [one.as_dict() for one in record.unfit]
    connection.execute(
        insert(table).values(
            kind=record.table,
            source=record.source,
            raw=record.raw,
            digest=digest,
            codes=sorted({one["code"] for one in faults}),
            faults=faults,
            received_at=now,
            import_id=import_id,
            state="open",
        )
    )
