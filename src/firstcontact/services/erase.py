"""One person's data: found, given to them, and erased wherever the service keeps it; and what has been kept too long.

A person is named by an identifier or by the number that linking gave them. An identifier that several people share
names nobody here: erasing by a switchboard's number must not erase a company.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, FirstcontactError
from firstcontact.kernel.sentence import clause
from firstcontact.services.measure_history import MEASURE
from firstcontact.services.mention import Mention
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
        customer_ids: Those of them by which records beside the contacts name a customer.
    """

    person_id: int | None
    keys: tuple[Key, ...]
    values: frozenset[str]
    customer_ids: frozenset[str] = frozenset()


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

    def alone(self, subject: Subject) -> Subject:
        """A person by what names nobody else: without values that other people's contacts carry too."""

    def expire(self, before: Mapping[str, datetime], now: datetime) -> dict[str, int]:
        """Remove what is older than its moment; gives how much there was of each."""

    def settle(self, values: frozenset[str]) -> list[str]:
        """See that what was deleted does not stay readable in the store's own files; gives those where it may."""

    def search(self, subject: Subject) -> list[str]:
        """Columns of the store in which a row still mentions a person."""

    def forget_arguments(self, job_id: str, result: dict[str, Any]) -> None:
        """Put what came of a job in the place of its arguments, which it does not need any more."""

    def backups(self) -> list[str]:
        """Backups that the service knows to have been taken."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What became of uploaded files.

    Attributes:
        ended: Files removed of imports that had ended.
        cancelled: Imports that waited, and do so no longer.
        waiting: Imports that wait, or are being read.
    """

    ended: int
    cancelled: list[str]
    waiting: list[str]


class Files(Protocol):
    """The data directory beside the store."""

    def rewrite_history(self, now: datetime) -> None:
        """Leave nothing in the warehouse of what is gone."""

    def rewrite_runs(self, values: frozenset[str]) -> int:
        """Take contacts that are gone out of every run's files about single contacts, and pages that mention somebody.

        Figures, policies and fits stay: they are about nobody.

        Args:
            values: What names a person whom no page may mention.

        Returns:
            How many files changed or went.
        """

    def drop_uploads(self, values: frozenset[str], now: datetime) -> Dropped:
        """Remove files of imports that have ended, and cancel those not started that mention somebody.

        What waits and cannot be looked into, an archive, a workbook or a table of which parts are missing, is
        cancelled too: nobody knows whom it mentions.

        Args:
            values: What names the person.
            now: When.
        """

    def drop_runs(self, before: datetime) -> int:
        """Remove runs that ended before a moment and are not in force; gives how many."""

    def drop_old_uploads(self, before: datetime) -> int:
        """Remove files of imports that ended before a moment; gives how many."""

    def search(self, values: frozenset[str]) -> list[str]:
        """Files beside the store in which one of these values still stands as a word, compressed ones opened."""


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
            where="the identifier", saw=clause("{count} people", count=len(found.people)), allowed="one person",
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
        about = {
            "person_id": subject.person_id,
            "keys": subject.keys,
            "values": sorted(subject.values),
            "customer_ids": sorted(subject.customer_ids),
        }
        sealed = self.seal.close(json.dumps(about).encode()).decode()
        job = self.queue.ask(ERASE, {"sealed": sealed}, asked_by=asked_by, now=self.now(), priority=20)
        return job.id

    def erase(self, task: Task) -> dict[str, Any]:
        """Erase a person everywhere, then look for what is left."""
        sealed = task.job.arguments.get("sealed")
        if sealed is None:  # done before, but for saying so
            told: dict[str, Any] = task.job.arguments.get("result", {})
            return told
        about = json.loads(self.seal.open(sealed.encode()))
        values = frozenset(about["values"])
        keys = tuple((source, one) for source, one in about["keys"])
        subject = Subject(about["person_id"], keys, values, frozenset(about.get("customer_ids", values)))
        task.tell("erasing from the store", 0.1)
        # What came between asking and now belongs to the person too.
        latest = self.subjects.by_number(subject.person_id) if subject.person_id is not None else None
        if latest is not None:
            subject = Subject(
                subject.person_id,
                tuple(sorted({*subject.keys, *latest.keys})),
                subject.values | latest.values,
                subject.customer_ids | latest.customer_ids,
            )
        removed = self.subjects.erase(subject, self.now())
        alone = self.subjects.alone(subject)
        task.tell("rewriting the history", 0.3)
        self.files.rewrite_history(self.now())
        task.tell("rewriting runs", 0.5)
        runs = self.files.rewrite_runs(alone.values)
        uploads = self.files.drop_uploads(alone.values, self.now())
        task.tell("settling the store", 0.7)
        unsettled = self.subjects.settle(alone.values)
        task.tell("searching for what is left", 0.9)
        left = [*self.subjects.search(alone), *unsettled, *self.files.search(alone.values)]
        self._restate("erasure")
        mention = Mention(alone.values)
        result = {
            "removed": removed,
            "files_of_runs": runs,
            "uploads": uploads.ended,
            "uploads_cancelled": uploads.cancelled,
            "found_again_in": left,
            "contact_ids_that_name_them": sum(mention.in_text(one) for _, one in subject.keys),
            "values_of_others_too": len(subject.values - alone.values),
            "not_reached": {
                "always": list(NOT_REACHED),
                "backups": self.subjects.backups(),
                "uploads_that_wait": uploads.waiting,
            },
        }
        # Last: until everything is done and searched, whoever tries again must know whom it is about.
        self.subjects.forget_arguments(task.job.id, result)
        self.subjects.settle(frozenset())
        return result

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
            self.files.rewrite_runs(frozenset())
            self._restate("retention")
        if any(removed.values()):
            self.subjects.settle(frozenset())
        return {"removed": removed}

    def _restate(self, why: str) -> None:
        """Have what is left linked and measured anew."""
        now = self.now()
        self.queue.ask(LINK, {}, asked_by=why, now=now, key=LINK, priority=10)
        self.queue.ask(MEASURE, {}, asked_by=why, now=now, key=why)


def privacy_handlers(erasure: Erasure) -> dict[str, Handler]:
    """What does each kind of job about privacy."""
    return {ERASE: erasure.erase, RETAIN: erasure.retain}
