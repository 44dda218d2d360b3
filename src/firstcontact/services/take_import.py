"""Take in a file: uploaded in parts, whatever interrupts it, looked into, corrected, read as a job, undone whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from firstcontact.contacts.record import Unfit
from firstcontact.contacts.rule import by_code
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.sentence import clause
from firstcontact.services.ingest import Inbox, Outcome, Redact, SetAside, ingest
from firstcontact.services.queue import MAX_ATTEMPTS, CancelledError, Queue
from firstcontact.services.upload import STATE_WRONG, Import, Imports, ImportState, Uploads, finish
from firstcontact.services.work import BUSY, Handler, Task, may_pass

BATCH = 500
"""Records that are stored at once: whoever else writes waits so long."""

PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 60.0, 60.0, 60.0)
"""Seconds for which a batch waits, one after the other, where the store does not answer: then the whole job waits."""

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
        rows: For each row set aside its number in the file, 1 for the first below the header; empty for records.
    """

    table: str
    items: list[Any]
    aside: list[list[str]]
    share: float
    rows: list[int] = field(default_factory=list)


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


@dataclass(slots=True)
class _Tally:
    """What became of the records so far.

    Attributes:
        outcomes: How many there were of each.
        beside: The same of records beside the contacts, by table.
        codes: Why some were set aside.
        batches: How many batches that is.
        seq: The last change of these.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    beside: dict[str, Counter[str]] = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)
    batches: int = 0
    seq: int = 0

    @classmethod
    def of(cls, counts: dict[str, Any] | None) -> _Tally:
        """What an import had counted before it broke off."""
        if counts is None or "reached" not in counts:
            return cls()
        beside = {table: Counter(found) for table, found in counts["beside"].items()}
        return cls(Counter(counts["outcomes"]), beside, Counter(counts["set_aside"]), **counts["reached"])

    def reached(self) -> dict[str, Any]:
        """How far it is, for whoever begins again."""
        return {"reached": {"batches": self.batches, "seq": self.seq}}

    def add(self, table: str, outcomes: Iterable[Outcome], codes: Iterable[str], seq: int) -> None:
        self.batches += 1
        self.seq = seq
        found = Counter(outcome.value for outcome in outcomes)
        self.outcomes.update(found)
        if table != "contacts":
            self.beside.setdefault(table, Counter()).update(found)
        self.codes.update(codes)

    def as_dict(self) -> dict[str, Any]:
        return {
            "outcomes": dict(sorted(self.outcomes.items())),
            "beside": {table: dict(sorted(found.items())) for table, found in sorted(self.beside.items())},
            "set_aside": dict(sorted(self.codes.items())),
        }


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
        """Read a file into the inbox. Done twice it changes nothing, and counts as the first time would have."""
        one = self._of(task)
        if one.state != "running":
            return {"import_id": one.id, "state": one.state}
        running: frozenset[ImportState] = frozenset({"running"})
        tally = _Tally.of(one.counts)
        told: dict[str, Any] = {}
        mapping = one.mapping
        try:
            path = self._uploads.whole(one)
            with closing(self._reader.read(path, one.mapping, task.tell, (one.digest or one.id)[:12])) as batches:
                before, place = tally.batches, 0
                for batch in batches:
                    if isinstance(batch, dict):
                        told, mapping = {"ledger": batch["ledger"]}, batch.get("mapping", mapping)
                        continue
                    place += 1
                    if place <= before:
                        # Counted before the job broke off; stored once more, in case the file is read otherwise now.
                        if not batch.aside:
                            self._patiently(task, batch, partial(self._take, one, batch, _Tally()))
                        continue
                    self._patiently(task, batch, partial(self._take, one, batch, tally, tally.seq))
                    counts = told | tally.as_dict() | tally.reached()
                    self._patiently(task, batch, partial(self._imports.change, one.id, running, counts=counts))
        except CancelledError:
            raise
        except FirstcontactError as error:
            if may_pass(task.job, error, self._now()):
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
        told |= tally.as_dict()
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

    def _patiently(self, task: Task, batch: Batch, store: Callable[[], object]) -> None:
        """Store something, and wait where the store does not answer: to read the file again would take longer."""
        for pause in (*PAUSES, None):
            task.tell(f"taking in {batch.table.replace('_', ' ')}", round(batch.share, 3))
            try:
                store()
                return
            except FirstcontactError as error:
                if pause is None or error.faults[0].kind.code != BUSY:
                    raise
            task.wait(pause)

    def _take(self, one: Import, batch: Batch, tally: _Tally, counted: int | None = None) -> None:
        if batch.aside:
            room = max(0, MOST_SET_ASIDE - tally.outcomes["quarantined"])
            rows = [
                SetAside(batch.table, one.source, raw, tuple(_unfit(code, row) for code in each))
                for raw, each, row in list(zip(batch.items, batch.aside, batch.rows, strict=True))[:room]
            ]
            outcomes, seq = self._inbox.put(rows, now=self._now(), import_id=one.id) if rows else ((), tally.seq)
            tally.add(batch.table, outcomes, (each[0] for each in batch.aside), seq)
            return
        receipt = ingest(
            self._inbox, batch.table, batch.items, source=one.source, now=self._now(), redact=self._redact(),
            import_id=one.id, counted=counted,
        )  # fmt: skip
        codes = (unfit[0].rule.code for unfit in receipt.unfit.values())
        tally.add(batch.table, receipt.outcomes, codes, receipt.seq)

    def _of(self, task: Task) -> Import:
        found = self._imports.find(task.job.arguments["import_id"])
        if found is None:
            raise CancelledError
        return found


def _unfit(code: str, row: int) -> Unfit:
    rule = by_code(code)
    saw = clause("a row {what}", what=clause(rule.clause))
    return Unfit(rule, clause("row {row}, not counting the header", row=row), saw, rule.allowed)


def import_handlers(work: ImportWork) -> dict[str, Handler]:
    """What does each kind of job about imports."""
    return {WHOLE: work.whole, PREVIEW: work.preview, RUN: work.run, UNDO: work.undo}
