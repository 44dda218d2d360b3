"""One person's data: found, given to them, and erased wherever the service keeps it; and what has been kept too long.

A person is named by an identifier or by the number that linking gave them. An identifier that several people share
names nobody here: erasing by a switchboard's number must not erase a company.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, FirstcontactError
from firstcontact.services.measure_history import MEASURE
from firstcontact.services.queue import Queue
from firstcontact.services.seal import Seal
from firstcontact.services.setting import Settings, read_setting
from firstcontact.services.take_import import LINK
from firstcontact.services.work import Handler, Task

SEVERAL_PEOPLE = ErrorKind(
    "FC9611",
    "The identifier names several people",
    EXIT_INPUT,
    "It is shared: a switchboard, a household, a mailbox of a team. Name the person by an identifier of their own, or "
    "by the number that `POST /api/v1/subjects/find` gives.",
)

ERASE, RETAIN = "privacy.erase", "privacy.retain"
"""Kinds of jobs."""

SHORTEST_NEEDLE = 5
"""Shorter values of a person are not searched for as bytes: they would be found in every file."""

NOT_REACHED = (
    "backups that were taken before: restore one only together with the list of erasures, or let it expire",
    "results, files and webhooks that were already given out to others",
    "where the database is PostgreSQL: its own files until it reuses them, its write-ahead log, replicas and dumps",
)
"""What no erasure inside the service reaches; every report of one says so."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Subject:
    """One person, as the store knows them.

    Attributes:
        person_id: The number that linking gave; None where nothing of theirs is linked.
        keys: Source and id of their contacts.
        values: Everything that names them: identifiers and customer ids, as sent and as compared.
    """

    person_id: int | None
    keys: tuple[Key, ...]
    values: frozenset[str]

    @property
    def needles(self) -> tuple[str, ...]:
        """Values that are long enough to be searched for."""
        return tuple(sorted(value for value in self.values if len(value) >= SHORTEST_NEEDLE))


@dataclass(frozen=True, slots=True)
class Found:
    """What an identifier names.

    Attributes:
        people: Numbers of the people it names.
        subject: The one person; None where it names nobody or several.
    """

    people: tuple[int, ...]
    subject: Subject | None


class Subjects(Protocol):
    """People in the operational store."""

    def by_identifier(self, kind: str, value: str) -> Found:
        """Whom an identifier names."""

    def by_number(self, person_id: int) -> Subject | None:
        """The person with this number; None where there is none."""

    def export(self, subject: Subject) -> dict[str, list[dict[str, Any]]]:
        """Everything that is kept about a person, by where it is kept, as plain data."""

    def erase(self, subject: Subject, now: datetime) -> dict[str, int]:
        """Take everything about a person out of the store; gives how much there was of each. Done twice it is done."""

    def erased(self) -> set[Key]:
        """Contacts that were ever erased."""

    def expire(self, before: Mapping[str, datetime], now: datetime) -> dict[str, int]:
        """Remove what is older than its moment; gives how much there was of each."""

    def settle(self, needles: Sequence[str]) -> None:
        """See that what was deleted does not stay readable in the store's own files."""

    def forget_arguments(self, job_id: str) -> None:
        """Take the arguments out of a job that does not need them any more."""

    def backups(self) -> list[str]:
        """Backups that the service knows to have been taken."""


class Files(Protocol):
    """The data directory beside the store."""

    def rewrite_history(self, now: datetime) -> None:
        """Leave nothing in the warehouse of what is gone."""

    def rewrite_runs(self, gone: set[Key], needles: Sequence[str]) -> int:
        """Take contacts that are gone out of every run's files; gives how many files changed or went."""

    def drop_uploads(self) -> tuple[int, list[str]]:
        """Remove files of imports that have ended; gives how many, and names of those that still wait to be read."""

    def drop_runs(self, before: datetime) -> int:
        """Remove runs that ended before a moment and are not in force; gives how many."""

    def drop_old_uploads(self, before: datetime) -> int:
        """Remove files of imports that ended before a moment; gives how many."""

    def search(self, needles: Sequence[str]) -> list[str]:
        """Files of the data directory in which one of these values still stands, compressed ones opened."""


def find_subject(subjects: Subjects, *, kind: str | None, value: str | None, person_id: int | None) -> Subject | None:
    """The person that a request names.

    Args:
        subjects: Where people are.
        kind: Kind of an identifier.
        value: The identifier.
        person_id: The number that linking gave, instead.

    Returns:
        The person; None where nobody is known by it.

    Raises:
        FirstcontactError: The identifier names several people (FC9611).
    """
    if person_id is not None:
        return subjects.by_number(person_id)
    found = subjects.by_identifier(kind or "", value or "")
    if found.subject is None and found.people:
        fault = SEVERAL_PEOPLE.fault(
            where="the identifier", saw=f"{len(found.people)} people", allowed="one person",
            cure="name one of them by an identifier of their own or by number",
        )  # fmt: skip
        raise FirstcontactError([fault])
    return found.subject


_README = """What this service keeps about one person.

Each file holds one kind of record as JSON, as it is kept. Moments are UTC. `contacts.json` are the contacts in force,
`earlier_versions.json` what they were before, `texts.json` what was written or said, redacted before it was stored,
`links.json` what was concluded about them, `audit.json` who looked at or changed these data, and when.
"""


def export_subject(subjects: Subjects, subject: Subject) -> bytes:
    """Everything about a person as a zip of JSON files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _README)
        for name, rows in subjects.export(subject).items():
            archive.writestr(f"{name}.json", json.dumps(rows, ensure_ascii=False, indent=1, default=_plain))
    return packed.getvalue()


def _plain(value: Any) -> Any:
    return f"{value.isoformat()}Z" if isinstance(value, datetime) else str(value)


@dataclass(slots=True)
class Erasure:
    """What jobs do about erasing and retention.

    Attributes:
        subjects: People in the store.
        files: The data directory.
        settings: How long things are kept.
        seal: Opens whom an erasure is about.
        queue: Where a new measurement is asked for.
        now: The clock.
    """

    subjects: Subjects
    files: Files
    settings: Settings
    seal: Seal
    queue: Queue
    now: Callable[[], datetime]

    def ask(self, subject: Subject, *, asked_by: str) -> str:
        """Ask for an erasure; gives the job's id. Whom it is about stands in the job sealed, and not for long."""
        about = {"person_id": subject.person_id, "keys": subject.keys, "values": sorted(subject.values)}
        sealed = self.seal.close(json.dumps(about).encode()).decode()
        job = self.queue.ask(ERASE, {"sealed": sealed}, asked_by=asked_by, now=self.now(), priority=20)
        return job.id

    def erase(self, task: Task) -> dict[str, Any]:
        """Erase a person everywhere, then look for what is left."""
        sealed = task.job.arguments.get("sealed")
        if sealed is None:  # done before, but for saying so
            return {"note": "erased earlier"}
        about = json.loads(self.seal.open(sealed.encode()))
        subject = Subject(
            about["person_id"], tuple((source, one) for source, one in about["keys"]), frozenset(about["values"])
        )
        task.tell("erasing from the store", 0.1)
        # What came between asking and now belongs to the person too.
        latest = self.subjects.by_number(subject.person_id) if subject.person_id is not None else None
        if latest is not None:
            subject = Subject(
                subject.person_id,
                tuple(sorted({*subject.keys, *latest.keys})),
                subject.values | latest.values,
            )
        removed = self.subjects.erase(subject, self.now())
        task.tell("rewriting the history", 0.3)
        self.files.rewrite_history(self.now())
        task.tell("rewriting runs", 0.5)
        gone = self.subjects.erased()
        runs = self.files.rewrite_runs(gone, subject.needles)
        uploads, waiting = self.files.drop_uploads()
        task.tell("settling the store", 0.7)
        self.subjects.forget_arguments(task.job.id)
        self.subjects.settle(subject.needles)
        task.tell("searching for what is left", 0.9)
        left = self.files.search(subject.needles)
        self._restate("erasure")
        return {
            "removed": removed,
            "files_of_runs": runs,
            "uploads": uploads,
            "found_again_in": left,
            "not_reached": {
                "always": list(NOT_REACHED),
                "backups": self.subjects.backups(),
                "uploads_that_wait": waiting,
            },
        }

    def retain(self, task: Task) -> dict[str, Any]:
        """Remove what has been kept for longer than the setting `retention` says."""
        days = read_setting(self.settings, "retention").value
        now = self.now()
        before = {name: now - timedelta(days=count) for name, count in days.items() if count is not None}
        removed = self.subjects.expire(before, now)
        if "runs" in before:
            removed["runs"] = self.files.drop_runs(before["runs"])
        if "uploads" in before:
            removed["uploads"] = self.files.drop_old_uploads(before["uploads"])
        if removed.get("contacts") or removed.get("companions"):
            task.tell("rewriting the history")
            self.files.rewrite_history(now)
            self.files.rewrite_runs(self.subjects.erased(), ())
            self._restate("retention")
        if any(removed.values()):
            self.subjects.settle(())
        return {"removed": removed}

    def _restate(self, why: str) -> None:
        """Have what is left linked and measured anew."""
        now = self.now()
        self.queue.ask(LINK, {}, asked_by=why, now=now, key=LINK, priority=10)
        self.queue.ask(MEASURE, {}, asked_by=why, now=now, key=why)


def privacy_handlers(erasure: Erasure) -> dict[str, Handler]:
    """What does each kind of job about privacy."""
    return {ERASE: erasure.erase, RETAIN: erasure.retain}
