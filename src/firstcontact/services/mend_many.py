"""Many records that were set aside, corrected alike and taken in after all; looked at before anything is taken in.

A correction changes one column of each record in one way. Records that a program sent are read as if they had been
sent so; rows of a file are read again by the mapping of their import, which the correction changes where it says how
moments are written or what a column is. What does not fit stays as it was, set aside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from firstcontact.contacts.record import Record, read_record
from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, FirstcontactError
from firstcontact.kernel.privacy import pattern
from firstcontact.services.correction import ISO, Correction, corrected, object_of
from firstcontact.services.ingest import Inbox, Mended, Redact
from firstcontact.services.mend import ENDED_ALREADY, Aside, Quarantine
from firstcontact.services.take_import import Batch
from firstcontact.services.upload import STATE_WRONG, Import, Imports
from firstcontact.services.work import Handler, Task

REPLAY = "quarantine.replay"
"""The kind of job."""

AT_ONCE = 500
"""Records that are read and stored together."""

EXAMPLES = 6
"""Records of each kind that a look shows, as patterns."""

WITH_ITS_FILE = ErrorKind(
    "FC9444",
    "Rows of this file can only be read together with the rest of it",
    EXIT_INPUT,
    "Each row of the file is one update of a ticket, and a contact is made of all updates. Take the import back, "
    "correct the mapping, and bring the file again.",
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which records, of those to be decided.

    Attributes:
        code: With this code.
        source: Of this system.
        kind: Of this table.
        import_id: Of this import.
    """

    code: str | None = None
    source: str | None = None
    kind: str | None = None
    import_id: str | None = None


class Again(Protocol):
    """What reads rows of a file again."""

    def again(
        self, rows: Sequence[tuple[int, Mapping[str, Any]]], mapping: dict[str, Any], tell: Callable[[str], None]
    ) -> tuple[list[Batch], dict[int, list[str]]]:
        """Read rows as if they were a file.

        Args:
            rows: Each with a number, by which it is known.
            mapping: What their columns mean.
            tell: Told what is done; raises where the reading shall stop.

        Returns:
            The records, and of each row that does not fit its codes.
        """


@dataclass(slots=True)
class _Count:
    """What became of the records, or would."""

    asked: int = 0
    taken: int = 0
    left: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    still: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)

    def show(self, one: Aside, codes: Sequence[str], where: Sequence[str], before: Any, after: Any) -> None:
        """Keep an example, as patterns: a few of those that would be taken and of those that would not, one a shape."""
        shape = {"fits": not codes, "codes": list(codes), "where": list(where)}
        shape |= {"before": pattern(before, 40), "after": pattern(after, 40)}
        if any(shape.items() <= each.items() for each in self.examples):
            return
        if sum(each["fits"] is shape["fits"] for each in self.examples) < EXAMPLES:
            self.examples.append({"id": one.id, **shape})

    def as_dict(self, *, look: bool) -> dict[str, Any]:
        """As the job's result: what was asked for is what was taken, does not fit, or was left to others."""
        plain: dict[str, Any] = {"look": look, "asked": self.asked, "taken": self.taken, "left": self.left}
        plain |= {"outcomes": dict(sorted(self.outcomes.items())), "still": dict(self.still.most_common())}
        return plain | {"examples": sorted(self.examples, key=lambda one: (not one["fits"], -one["id"]))}


@dataclass(frozen=True, slots=True)
class _Read:
    """Some records as they were read again.

    Attributes:
        records: What is to be stored.
        taken: The numbers of those that fit.
        codes: What is wrong with the others.
        where: In which columns, as far as that is known.
        shown: Of each what stood in the column, and what stands there now.
    """

    records: list[Record]
    taken: list[int]
    codes: dict[int, list[str]]
    shown: dict[int, tuple[Any, Any]]
    where: dict[int, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ManyMended:
    """Does the job.

    Attributes:
        quarantine: Where the records are.
        inbox: Where they go.
        imports: Files that brought some of them.
        reader: What reads rows of files.
        redact: What free text goes through.
        now: The clock.
    """

    quarantine: Quarantine
    inbox: Inbox
    imports: Imports
    reader: Again
    redact: Callable[[], Redact]
    now: Callable[[], datetime]

    def __call__(self, task: Task) -> dict[str, Any]:
        """Take them in, or look what would become of them. Done twice it takes none twice."""
        asked = task.job.arguments
        chosen = Chosen(**asked["chosen"])
        correction = Correction(**asked["correction"]) if asked["correction"] else None
        look, count, before = bool(asked["look"]), _Count(), None
        whole = max(1, self.quarantine.count(state="open", **asdict(chosen)))
        while found := self.quarantine.page(state="open", before=before, limit=AT_ONCE, **asdict(chosen)):
            before = found[-1].id
            by_import: dict[str | None, list[Aside]] = {}
            for one in found:
                by_import.setdefault(one.import_id, []).append(one)
            for import_id, some in by_import.items():
                task.tell("reading again", round(min(count.asked / whole, 0.99), 3))
                read = self._read(some, import_id, correction, asked["mapping"], task)
                self._count(count, some, read, None if look else task.job.asked_by, import_id)
        return count.as_dict(look=look)

    def _count(
        self, count: _Count, some: Sequence[Aside], read: _Read, actor: str | None, import_id: str | None
    ) -> None:
        taken = read.taken
        if actor is not None and taken:
            outcomes, taken = self._take(read, actor, import_id)
            count.outcomes.update(outcomes)
        count.asked += len(some)
        count.taken += len(taken)
        count.left += len(read.taken) - len(taken)
        for one in some:
            codes = read.codes.get(one.id, [])
            if codes:
                count.still[codes[0]] += 1
            count.show(one, codes, read.where.get(one.id, ()), *read.shown.get(one.id, (None, None)))

    def _take(self, read: _Read, actor: str, import_id: str | None) -> tuple[list[str], list[int]]:
        """Store what fits, with its end in the quarantine; gives what became of it, and which it was."""
        redact, records = self.redact(), []
        for one in read.records:
            text, redacted = redact(one.text) if one.text is not None else (None, one.redacted)
            records.append(replace(one, text=text, redacted=redacted))
        mended = Mended(tuple(read.taken), actor)
        try:
            outcomes, _ = self.inbox.put(records, now=self.now(), import_id=import_id, mended=mended)
        except FirstcontactError as error:
            if error.faults[0].kind is not ENDED_ALREADY:
                raise
            return [], []  # somebody has dealt with one of them meanwhile: who asks again finds the others
        return [one.value for one in outcomes], read.taken

    def _read(
        self,
        some: Sequence[Aside],
        import_id: str | None,
        correction: Correction | None,
        mapping: str | None,
        task: Task,
    ) -> _Read:
        items = {one.id: object_of(one.raw) for one in some}
        shown = {}
        for one in some:
            before = items[one.id]
            spec = None if import_id else one.kind
            if before is not None and correction is not None:
                items[one.id] = after = corrected(before, correction, spec)
                column = correction.to if correction.way == "column" and spec else correction.column
                shown[one.id] = (before.get(correction.column), after.get(column))
        if import_id is None:
            return _as_sent(some, items, shown)
        return self._rows(some, items, shown, self.imports.find(import_id), correction, mapping, task)

    def _rows(
        self,
        some: Sequence[Aside],
        items: Mapping[int, dict[str, Any] | None],
        shown: dict[int, tuple[Any, Any]],
        of: Import | None,
        correction: Correction | None,
        named: str | None,
        task: Task,
    ) -> _Read:
        """Rows of one file, read again by its mapping, or by one that is kept."""
        mapping = (self.imports.mapping(named) if named else None) or (of.mapping if of is not None else None)
        codes = {one.id: list(one.codes) for one in some if items[one.id] is None}
        refused = None
        if of is None or mapping is None or of.state in {"undoing", "undone"}:
            refused = STATE_WRONG
        elif mapping.get("kind") == "ticket-update":
            refused = WITH_ITS_FILE
        if refused is not None or of is None or mapping is None:
            return _Read([], [], {one.id: [(refused or STATE_WRONG).code] for one in some}, shown)
        rows = [(number, item) for number, item in items.items() if item is not None]
        batches, unfit = self.reader.again(rows, changed(mapping, correction, of), task.tell) if rows else ([], {})
        codes |= unfit
        records: list[Record] = []
        for batch in batches:
            for item in batch.items:
                number = item.pop(NUMBER, None)
                read = read_record(batch.table, item, of.source)
                if isinstance(read, Record):
                    records.append(read)
                elif number is not None:
                    codes[int(number)] = [one.rule.code for one in read]
        return _Read(records, [one.id for one in some if one.id not in codes], codes, shown)


NUMBER = "firstcontact_number"
"""The column by which a row that is read again is known; no record that is stored has it."""


def changed(mapping: Mapping[str, Any], correction: Correction | None, of: Import) -> dict[str, Any]:
    """The mapping by which rows are read again.

    Args:
        mapping: Of the import.
        correction: What is changed.
        of: The import; where its file has no ids, rows get some that no row of the file has.
    """
    made = deepcopy(dict(mapping))
    made.pop("file", None)
    columns = made.setdefault("columns", {})
    if correction is not None and correction.way == "column":
        for section in ("columns", "updates", "surveys"):
            found = made.get(section) or {}
            made[section] = {ours: source for ours, source in found.items() if source != correction.column}
        made["columns"] = made["columns"] | {correction.to: correction.column}
        (made.get("dates") or {}).pop(correction.to, None)
    if correction is not None and correction.way == "moment":
        dates = made.setdefault("dates", {})
        for ours, source in columns.items():
            if source == correction.column and dates.get(ours) and ISO not in dates[ours]:
                dates[ours] = [*dates[ours], ISO]
    if "contact_id" not in made["columns"]:
        made["columns"]["contact_id"] = f"{NUMBER}_{(of.digest or of.id)[:12]}"
    return made


def _as_sent(
    some: Sequence[Aside], items: Mapping[int, dict[str, Any] | None], shown: dict[int, tuple[Any, Any]]
) -> _Read:
    """Records that a program sent."""
    records, taken, codes, where = [], [], {}, {}
    for one in some:
        read = read_record(one.kind, items[one.id], one.source or "api")
        if isinstance(read, Record):
            records.append(read)
            taken.append(one.id)
        else:
            codes[one.id] = list(dict.fromkeys(unfit.rule.code for unfit in read))
            where[one.id] = list(dict.fromkeys(unfit.column for unfit in read if unfit.column))
    return _Read(records, taken, codes, shown, where)


def mending_handlers(work: ManyMended) -> dict[str, Handler]:
    """What does the job."""
    return {REPLAY: work}
