"""Take in a file: uploaded in parts, whatever interrupts it, looked into, corrected, read as a job, undone whole."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from firstcontact.contacts.record import Unfit
from firstcontact.contacts.rule import by_code
from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, Faults, FirstcontactError
from firstcontact.services.ingest import Inbox, Redact, SetAside, ingest
from firstcontact.services.queue import CancelledError, Queue
from firstcontact.services.work import Handler, Task

IMPORT_UNFIT = ErrorKind(
    "FC9451",
    "A file cannot be announced like this",
    EXIT_INPUT,
    "An import names a file by its plain name, without a path, says how many bytes it has, and from which system its "
    "contacts come.",
)
OFFSET_WRONG = ErrorKind(
    "FC9452",
    "A part does not follow what has arrived",
    EXIT_INPUT,
    "`Upload-Offset` says where a part begins; it must be the number of bytes that have arrived. After an interruption "
    "read the import again: `received` is where to go on.",
)
CONTENT_WRONG = ErrorKind(
    "FC9453",
    "What arrived is not the file that was announced",
    EXIT_INPUT,
    "The SHA-256 of what arrived differs from the one that was announced. Upload the file again as a new import.",
)
STATE_WRONG = ErrorKind(
    "FC9454",
    "The import is in a state in which this cannot be done",
    EXIT_INPUT,
    "An import is uploaded, then looked into, then started; what runs or has ended can be cancelled or undone.",
)

MOST_BYTES = 16 << 30
"""Largest file of one import."""

MOST_PART = 8 << 20
"""Largest part."""

BATCH = 2_000
"""Records that are stored at once."""

MOST_SET_ASIDE = 10_000
"""Rows that are kept for correction; where there are more, the mapping is wrong rather than the rows."""

PREVIEW, RUN, UNDO = "import.preview", "import.run", "import.undo"
"""Kinds of jobs."""

LINK = "link"
"""The job, and its key, that links what changed."""

ImportState = Literal["uploading", "uploaded", "running", "done", "failed", "cancelled", "undoing", "undone"]

_NAME = re.compile(r"[^\x00-\x1f/\\:*?\"<>|]{1,200}")


@dataclass(frozen=True, slots=True)
class Import:
    """One import as it stands.

    Attributes:
        id: Its id.
        name: Name of the file, as it was called.
        source: The system its contacts come from.
        size: Bytes that were announced.
        received: Bytes that have arrived.
        digest: SHA-256 that was announced, then of what arrived.
        state: Where it stands.
        mapping: What its columns mean; guessed where None.
        preview: How it would be understood.
        counts: What became of its records.
        faults: Why it failed.
        job_id: The job that works on it, or did last.
        created_by: Who announced it.
        created_at: When.
        ended_at: When its last job ended.
    """

    id: str
    name: str
    source: str
    size: int
    received: int
    digest: str | None
    state: ImportState
    mapping: dict[str, Any] | None
    preview: dict[str, Any] | None
    counts: dict[str, Any] | None
    faults: list[dict[str, str]] | None
    job_id: str | None
    created_by: str
    created_at: datetime
    ended_at: datetime | None


class Imports(Protocol):
    """Where imports are kept."""

    def add(self, one: Import) -> None:
        """Keep a new one."""

    def find(self, import_id: str) -> Import | None:
        """One; None where there is none."""

    def page(self, *, before: str | None, limit: int) -> list[Import]:
        """Imports, newest first, from the one after `before`."""

    def receive(self, import_id: str, offset: int, length: int, keep: Callable[[], None]) -> bool:
        """Count a part, calling `keep` when nobody else may; False where it does not follow what has arrived."""

    def change(self, import_id: str, among: frozenset[ImportState], **values: Any) -> Import | None:
        """Change one that is in one of these states; None where it is in another."""

    def undo_some(self, import_id: str, now: datetime, most: int) -> int:
        """Take back at most so many records that an import brought, restoring what they replaced; gives how many."""

    def mapping(self, name: str) -> dict[str, Any] | None:
        """A mapping that was saved under a name."""

    def mappings(self) -> list[str]:
        """Names of saved mappings."""

    def save_mapping(self, name: str, value: dict[str, Any], *, actor: str, now: datetime) -> None:
        """Save a mapping under a name, in place of an earlier one."""

    def drop_mapping(self, name: str) -> bool:
        """Forget a saved mapping; False where there is none."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records of a file.

    Attributes:
        table: Their table.
        items: The records as they would be sent, or the rows set aside.
        aside: For each row set aside its codes; empty for records.
        share: How much of the file is handed over by now, 0 to 1.
    """

    table: str
    items: list[Any]
    aside: list[list[str]]
    share: float


class FileReader(Protocol):
    """What reads a file: a connector with an engine of its own."""

    def check(self, mapping: dict[str, Any]) -> dict[str, Any]:
        """A mapping in full, or its faults."""

    def preview(self, path: Path, mapping: dict[str, Any] | None, tell: Callable[[str], None]) -> dict[str, Any]:
        """How a file would be understood, as plain data; samples are patterns, never values."""

    def read(
        self, path: Path, mapping: dict[str, Any] | None, tell: Callable[[str], None], unnamed: str
    ) -> Generator[Batch | dict[str, Any], None, None]:
        """The records of a file in batches; before them the ledger and the mapping in force as plain data.

        Args:
            path: The file.
            mapping: What its columns mean; guessed where None.
            tell: Told what is done; raises where the reading shall stop.
            unnamed: What goes before the numbers of rows where the file has no ids of its own, so that the rows of two
                files are not taken for each other.
        """


class Uploads:
    """Files on their way in: parts that arrived, then the whole file, under the import's own directory.

    Args:
        folder: Where.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def part(self, one: Import, offset: int, data: bytes) -> Callable[[], None]:
        """Write a part aside, durably, and give what puts it in its place."""
        import os
        import secrets

        folder = self._of(one.id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = folder / f"{secrets.token_hex(8)}.aside"
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            aside.unlink(missing_ok=True)
            raise

        def keep() -> None:
            aside.replace(folder / f"{offset:015d}.part")

        return keep

    def forget_asides(self, one: Import) -> None:
        """Remove what was written aside and never put in its place."""
        for aside in self._of(one.id).glob("*.aside"):
            aside.unlink(missing_ok=True)

    def whole(self, one: Import) -> Path:
        """The whole file: its parts put together, once."""
        folder = self._of(one.id)
        # Only what follows the last dot counts of the name: it never becomes part of a path.
        suffixes = [suffix for suffix in Path(one.name).suffixes[-2:] if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", suffix)]
        path = folder / f"file{''.join(suffixes)}"
        if not path.exists():
            partial = folder / "file.partial"
            with partial.open("wb") as target:
                for part in sorted(folder.glob("*.part")):
                    with part.open("rb") as source:
                        shutil.copyfileobj(source, target, 1 << 20)
            partial.chmod(0o600)
            partial.rename(path)
        for part in folder.glob("*.part"):
            part.unlink(missing_ok=True)
        return path

    def drop(self, import_id: str) -> None:
        """Remove everything of one import."""
        shutil.rmtree(self._of(import_id), ignore_errors=True)

    def _of(self, import_id: str) -> Path:
        return self._folder / import_id


def announced(name: str, source: str, size: int, digest: str | None) -> None:
    """See that a file can be announced like this.

    Raises:
        FirstcontactError: It cannot (FC9451), every fault at once.
    """
    faults = Faults()

    def wrong(where: str, saw: str, allowed: str) -> None:
        faults.add(IMPORT_UNFIT, where=where, saw=saw, allowed=allowed, cure="correct it")

    if not _NAME.fullmatch(name) or name.strip(". ") == "" or name.startswith("."):
        wrong("name", f"{len(name)} characters", "the plain name of a file, without a path")
    if not 0 < size <= MOST_BYTES:
        wrong("size", f"{size:,} bytes", f"1 to {MOST_BYTES:,} bytes")
    if not source.strip() or len(source) > 200 or "\x00" in source:
        wrong("source", f"{len(source)} characters", "1 to 200 characters")
    if digest is not None and not re.fullmatch(r"[0-9a-f]{64}", digest):
        wrong("digest", f"{len(digest)} characters", "SHA-256 as 64 hexadecimal digits")
    faults.raise_if_any()


def receive(imports: Imports, uploads: Uploads, one: Import, offset: int, data: bytes) -> Import:
    """Take in the next part of a file; the last one makes it whole.

    Args:
        imports: Where imports are kept.
        uploads: Where files are.
        one: The import.
        offset: Where the part begins.
        data: The part; empty to finish what an interruption left unfinished.

    Returns:
        The import as it then stands.

    Raises:
        FirstcontactError: The part does not follow (FC9452), would make the file too long (FC9451), the import is past
            uploading (FC9454), or the whole is not what was announced (FC9453).
    """
    if one.state != "uploading":
        raise wrong_state(one, "an import that is uploading")
    if offset != one.received:
        raise _wrong_offset(one)
    if offset + len(data) > one.size:
        fault = IMPORT_UNFIT.fault(
            where="the part", saw=f"{offset + len(data):,} bytes in all", allowed=f"{one.size:,}, as announced",
            cure="announce the file with its true size",
        )  # fmt: skip
        raise FirstcontactError([fault])
    if data:
        keep = uploads.part(one, offset, data)
        if not imports.receive(one.id, offset, len(data), keep):
            uploads.forget_asides(one)
            raise _wrong_offset(imports.find(one.id) or one)
    now = imports.find(one.id) or one
    return _finish(imports, uploads, now) if now.received == now.size and now.state == "uploading" else now


def _finish(imports: Imports, uploads: Uploads, one: Import) -> Import:
    with uploads.whole(one).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    uploading: frozenset[ImportState] = frozenset({"uploading"})
    if one.digest is not None and one.digest != digest:
        fault = CONTENT_WRONG.fault(
            where="the file", saw="another SHA-256", allowed="the one announced", cure="upload it again"
        )
        imports.change(one.id, uploading, state="failed", faults=[fault.as_dict()])
        uploads.drop(one.id)
        raise FirstcontactError([fault])
    changed = imports.change(one.id, uploading, state="uploaded", digest=digest)
    return changed or imports.find(one.id) or one


def wrong_state(one: Import, allowed: str) -> FirstcontactError:
    """The error for what cannot be done to an import as it stands."""
    fault = STATE_WRONG.fault(where="the import", saw=one.state, allowed=allowed, cure="see its state and faults")
    return FirstcontactError([fault])


def _wrong_offset(one: Import) -> FirstcontactError:
    fault = OFFSET_WRONG.fault(
        where="Upload-Offset",
        saw="another place",
        allowed=f"{one.received}",
        cure="go on where what has arrived ends",
    )
    return FirstcontactError([fault])


class ImportWork:
    """What jobs do about imports.

    Args:
        imports: Where they are kept.
        uploads: Where files are.
        reader: What reads files.
        inbox: Where records go.
        redact: What free text goes through.
        queue: Where what was undone is asked to be linked anew.
        now: The clock.
        finished: Told of an import that ended, with what became of it.
    """

    def __init__(
        self,
        imports: Imports,
        uploads: Uploads,
        reader: FileReader,
        inbox: Inbox,
        redact: Callable[[], Redact],
        queue: Queue,
        now: Callable[[], datetime],
        finished: Callable[[Import], None] = lambda _one: None,
    ) -> None:
        self._imports = imports
        self._uploads = uploads
        self._reader = reader
        self._inbox = inbox
        self._redact = redact
        self._now = now
        self._queue = queue
        self._finished = finished

    def preview(self, task: Task) -> dict[str, Any]:
        """Find out how a file would be understood; what keeps it from being read is part of the answer."""
        one = self._of(task)
        uploaded: frozenset[ImportState] = frozenset({"uploaded"})
        try:
            found = self._reader.preview(self._uploads.whole(one), one.mapping, task.tell)
        except FirstcontactError as error:
            found = {"faults": [fault.as_dict() for fault in error.faults]}
        self._imports.change(one.id, uploaded, preview=found, faults=found["faults"] or None)
        return {"import_id": one.id, "faults": len(found["faults"])}

    def run(self, task: Task) -> dict[str, Any]:
        """Read a file into the inbox. Done twice it changes nothing: copies of records are copies."""
        one = self._of(task)
        if one.state != "running":
            return {"import_id": one.id, "state": one.state}
        running: frozenset[ImportState] = frozenset({"running"})
        counts: Counter[str] = Counter()
        codes: Counter[str] = Counter()
        told: dict[str, Any] = {}
        try:
            path = self._uploads.whole(one)
            with closing(self._reader.read(path, one.mapping, task.tell, (one.digest or one.id)[:12])) as batches:
                for batch in batches:
                    if isinstance(batch, dict):
                        told = batch
                        continue
                    task.tell(f"taking in {batch.table.replace('_', ' ')}", round(batch.share, 3))
                    self._take(one, batch, counts, codes)
        except CancelledError:
            raise
        except FirstcontactError as error:
            if error.faults[0].kind.code == "FC9102":
                raise  # the store does not answer for now: the job is tried again
            faults = [fault.as_dict() for fault in error.faults]
            ended = self._imports.change(one.id, running, state="failed", faults=faults, ended_at=self._now())
            self._finished(ended or one)
            raise
        told["outcomes"] = dict(sorted(counts.items()))
        told["set_aside"] = dict(sorted(codes.items()))
        mapping = told.pop("mapping", one.mapping)
        ended = self._imports.change(
            one.id, running, state="done", counts=told, mapping=mapping, faults=None, ended_at=self._now()
        )
        self._finished(ended or one)
        return {"import_id": one.id, **told}

    def undo(self, task: Task) -> dict[str, Any]:
        """Take back everything that an import brought, and put back what it replaced."""
        one = self._of(task)
        undoing: frozenset[ImportState] = frozenset({"undoing"})
        undone = 0
        while some := self._imports.undo_some(one.id, self._now(), BATCH):
            undone += some
            self._queue.ask(LINK, {}, asked_by="import", now=self._now(), key=LINK, priority=10)
            task.tell("taking back")
        ended = self._imports.change(one.id, undoing, state="undone", ended_at=self._now())
        if ended is not None:
            self._uploads.drop(one.id)
            self._finished(ended)
        return {"import_id": one.id, "undone": undone}

    def _take(self, one: Import, batch: Batch, counts: Counter[str], codes: Counter[str]) -> None:
        if batch.aside:
            codes.update(each[0] for each in batch.aside)
            room = max(0, MOST_SET_ASIDE - counts["quarantined"])
            rows = [
                SetAside(batch.table, one.source, raw, tuple(_unfit(code) for code in each))
                for raw, each in list(zip(batch.items, batch.aside, strict=True))[:room]
            ]
            if rows:
                outcomes, _ = self._inbox.put(rows, now=self._now(), import_id=one.id)
                counts.update(outcome.value for outcome in outcomes)
            return
        receipt = ingest(
            self._inbox, batch.table, batch.items, source=one.source, now=self._now(), redact=self._redact(),
            import_id=one.id,
        )  # fmt: skip
        counts.update(outcome.value for outcome in receipt.outcomes)
        codes.update(unfit[0].rule.code for unfit in receipt.unfit.values())

    def _of(self, task: Task) -> Import:
        found = self._imports.find(task.job.arguments["import_id"])
        if found is None:
            raise CancelledError
        return found


def _unfit(code: str) -> Unfit:
    rule = by_code(code)
    return Unfit(rule, "the row", "a row of the file", rule.clause)


def import_handlers(work: ImportWork) -> dict[str, Handler]:
    """What does each kind of job about imports."""
    return {PREVIEW: work.preview, RUN: work.run, UNDO: work.undo}
