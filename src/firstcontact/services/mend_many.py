"""Many records that were set aside, corrected alike and taken in after all; looked at before anything is taken in.

A correction changes one column of each record in one way. Records that a program sent are read as if they had been
sent so; rows of a file are read again by the mapping of their import, which the correction changes where it says how
moments are written or what a column is. What does not fit stays as it was, set aside.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

from firstcontact.contacts.record import SPECS, Record, read_record
from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, FirstcontactError
from firstcontact.kernel.privacy import pattern
from firstcontact.services.ingest import Inbox, Mended, Redact, as_sent
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

Way = Literal["words", "moment", "column", "drop"]

_ISO = "iso"

COLUMN_NAMES = frozenset(column.name for spec in SPECS.values() for column in spec.columns) - {"source"}
"""What a column may be said to be."""


def can_be_written(form: str) -> bool:
    """Whether moments may be written like this: what is written so is read again.

    >>> can_be_written("%d.%m.%Y %H:%M"), can_be_written("%q")
    (True, False)
    """
    one = datetime(2026, 3, 31, 14, 5)  # noqa: DTZ001 - any moment
    try:
        datetime.strptime(one.strftime(form), form)  # noqa: DTZ007 - likewise
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Correction:
    """What is changed in each record.

    Attributes:
        column: The column, as the record has it: of the file for rows of a file, else as it was sent.
        way: `words`: some values become others; `moment`: its moments are written otherwise than was understood;
            `column`: it is another column than was understood; `drop`: it says nothing.
        words: What becomes of which value; of `words`.
        format: How its moments are written: `iso` or as `datetime.strptime` has it; of `moment`.
        zone: In which its moments without an offset are; of `moment`.
        to: Which of our columns it is; of `column`.
    """

    column: str
    way: Way
    words: Mapping[str, str] = field(default_factory=dict)
    format: str = _ISO
    zone: str = "UTC"
    to: str = ""


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

    def show(self, one: Aside, codes: Sequence[str], before: Any, after: Any) -> None:
        """Keep an example, as patterns: a few of those that would be taken and of those that would not."""
        fits = not codes
        if sum(each["fits"] is fits for each in self.examples) < EXAMPLES:
            shapes = {"before": pattern(before, 40), "after": pattern(after, 40)}
            self.examples.append({"id": one.id, "fits": fits, "codes": list(codes), **shapes})

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
        shown: Of each what stood in the column, and what stands there now.
    """

    records: list[Record]
    taken: list[int]
    codes: dict[int, list[str]]
    shown: dict[int, tuple[Any, Any]]


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
            count.show(one, codes, *read.shown.get(one.id, (None, None)))

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
        items = {one.id: _object(one.raw) for one in some}
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
            if source == correction.column and dates.get(ours) and _ISO not in dates[ours]:
                dates[ours] = [*dates[ours], _ISO]
    if "contact_id" not in made["columns"]:
        made["columns"]["contact_id"] = f"{NUMBER}_{(of.digest or of.id)[:12]}"
    return made


def corrected(item: Mapping[str, Any], correction: Correction, table: str | None) -> dict[str, Any]:
    """A record as it is corrected.

    Args:
        item: As it arrived.
        correction: What is changed.
        table: Its table; None for a row of a file, whose mapping says what a column is.

    >>> corrected({"state": "zu", "n": 1}, Correction("state", "words", {"zu": "closed"}), None)
    {'state': 'closed', 'n': 1}
    >>> corrected({"at": "31.03.2026 14:05"}, Correction("at", "moment", {}, "%d.%m.%Y %H:%M", "Europe/Sofia"), None)
    {'at': '2026-03-31T14:05:00+03:00'}
    >>> corrected({"start": "x"}, Correction("start", "column", to="started_at"), "contacts")
    {'started_at': 'x'}
    """
    made, name = dict(item), correction.column
    if name not in made:
        return made
    value = made[name]
    if correction.way == "drop":
        made.pop(name)
        if table is None:
            made[name] = None  # a file has the column all the same
    elif correction.way == "column":
        if table is not None:
            made = {correction.to if key == name else key: each for key, each in made.items()}
    elif correction.way == "words":
        said = str(value).strip() if isinstance(value, (str, int, float)) else None
        if said is not None and said in correction.words:
            made[name] = _typed(correction.words[said], name, table)
    else:
        made[name] = _moment(value, correction)
    return made


def _typed(word: str, name: str, table: str | None) -> Any:
    """A word as its column has it: a number or yes and no where it is one of those."""
    if not word:
        return None
    column = next((one for one in SPECS[table].columns if one.name == name), None) if table is not None else None
    if column is None or column.type not in {"float64", "int64", "boolean"}:
        return word
    try:
        return json.loads(word)
    except ValueError:
        return word


def _moment(value: Any, correction: Correction) -> Any:
    """A moment with its offset; what is written otherwise stays as it is."""
    text = str(value).strip()
    try:
        if correction.format == _ISO:
            found = datetime.fromisoformat(text)
        else:
            found = datetime.strptime(text, correction.format)  # noqa: DTZ007 - its zone is the next line's question
        return (found if found.tzinfo is not None else found.replace(tzinfo=ZoneInfo(correction.zone))).isoformat()
    except (ValueError, OverflowError):
        return value


def _as_sent(
    some: Sequence[Aside], items: Mapping[int, dict[str, Any] | None], shown: dict[int, tuple[Any, Any]]
) -> _Read:
    """Records that a program sent."""
    records, taken, codes = [], [], {}
    for one in some:
        read = read_record(one.kind, items[one.id], one.source or "api")
        if isinstance(read, Record):
            records.append(read)
            taken.append(one.id)
        else:
            codes[one.id] = list(dict.fromkeys(unfit.rule.code for unfit in read))
    return _Read(records, taken, codes, shown)


def _object(raw: str) -> dict[str, Any] | None:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


@dataclass(frozen=True, slots=True)
class ColumnSeen:
    """A column of records that were set aside, without its values.

    Attributes:
        name: As the records have it.
        filled: How many have something there.
        samples: The commonest patterns of what is there.
        wrong: Whether something is wrong there, as far as that is known.
    """

    name: str
    filled: int
    samples: tuple[str, ...]
    wrong: bool


def columns_seen(some: Sequence[Aside], most: int = 200) -> tuple[ColumnSeen, ...]:
    """The columns of some records, those first of which something is wrong.

    Args:
        some: The records.
        most: So many columns at most.
    """
    filled: dict[str, Counter[str]] = {}
    wrong = {fault["where"] for one in some for fault in one.faults}
    for one in some:
        for name, value in (_object(one.raw) or {}).items():
            counted = filled.setdefault(str(name), Counter())
            if value is not None and value != "" and value != []:
                counted[pattern(value if isinstance(value, (str, int, float)) else as_sent(value))] += 1
    seen = [
        ColumnSeen(name, found.total(), tuple(one for one, _ in found.most_common(3)), name in wrong)
        for name, found in filled.items()
    ]
    return tuple(sorted(seen, key=lambda one: not one.wrong)[:most])


def mending_handlers(work: ManyMended) -> dict[str, Handler]:
    """What does the job."""
    return {REPLAY: work}
