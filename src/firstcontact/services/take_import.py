"""Take in a file: uploaded in parts, whatever interrupts it, looked into, corrected, read as a job, undone whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from firstcontact.contacts.record import Unfit
from firstcontact.contacts.rule import by_code
from firstcontact.kernel.errors import EXIT_OUTPUT, FirstcontactError
from firstcontact.services.ingest import Inbox, Redact, SetAside, ingest
from firstcontact.services.queue import MAX_ATTEMPTS, CancelledError, Queue
from firstcontact.services.upload import STATE_WRONG, Import, Imports, ImportState, Uploads, finish
from firstcontact.services.work import Handler, Task

BATCH = 2_000
"""Records that are stored at once."""

MOST_SET_ASIDE = 10_000
"""Rows that are kept for correction; where there are more, the mapping is wrong rather than the rows."""

WHOLE, PREVIEW, RUN, UNDO = "import.whole", "import.preview", "import.run", "import.undo"
"""Kinds of jobs."""

LINK = "link"
"""The job, and its key, that links what changed."""


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

    def whole(self, task: Task) -> dict[str, Any]:
        """Make a large file whole of which every part has arrived."""
        one = self._of(task)
        if one.state == "uploading":
            try:
                one = finish(self._imports, self._uploads, one)
            except FirstcontactError as error:
                faults = [fault.as_dict() for fault in error.faults]
                self._imports.change(one.id, frozenset({"uploading"}), faults=faults)
                raise
        return {"import_id": one.id, "state": one.state}

    def preview(self, task: Task) -> dict[str, Any]:
        """Find out how a file would be understood; what keeps it from being read is part of the answer."""
        one = self._of(task)
        if one.state != "uploaded":
            return {"import_id": one.id, "state": one.state}
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
            if error.exit_code == EXIT_OUTPUT and task.job.attempts < MAX_ATTEMPTS:
                raise  # the store does not answer for now: the job is tried again
            if error.faults[0].kind is STATE_WRONG and self._of(task).state != "running":
                return {"import_id": one.id, "state": self._of(task).state}  # undone under our hands
            faults = [fault.as_dict() for fault in error.faults]
            ended = self._imports.change(one.id, running, state="failed", faults=faults, ended_at=self._now())
            self._finished(ended or one)
            raise
        except Exception:
            if task.job.attempts >= MAX_ATTEMPTS and not task.stopped:
                self._finished(self._imports.change(one.id, running, state="failed", ended_at=self._now()) or one)
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
    return {WHOLE: work.whole, PREVIEW: work.preview, RUN: work.run, UNDO: work.undo}
