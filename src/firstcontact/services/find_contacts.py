"""Find contacts of one run: those behind a figure, those that fit a filter, those on which two definitions differ.

A figure's contacts are found by what each measure noted of every contact when the run was made
(`services.publish.member_export`), so that they are as many as its n says. Nobody's identifiers stand there, only
pseudonyms.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from firstcontact.contacts.table import EXTRA_PREFIX, NO_REASON, REASON_SEPARATOR
from firstcontact.kernel.errors import EXIT_INPUT, EXIT_REFUSED, ErrorKind, Fault, FirstcontactError
from firstcontact.measurement.measures.catalog import AUDITED, MEASURES, MISCODED, SPLIT_RECORDS
from firstcontact.measurement.measures.cut import UNKNOWN
from firstcontact.measurement.measures.member import NEW, OUT, PREFIX, TAKEN, rests_on
from firstcontact.measurement.policy.model import Policy
from firstcontact.services.publish import BY, COMPARED, DAY

if TYPE_CHECKING:
    import pyarrow as pa

    from firstcontact.kernel.engine import Engine

CONTACTS_FILE = "contacts.parquet"
TO_READ_FILE = "to_read.parquet"
"""Contacts drawn to be read, of each root cause that stands out."""

NO_SUCH_QUESTION = ErrorKind(
    "FC9504",
    "Contacts of this run cannot be asked for so",
    EXIT_INPUT,
    "A measure, a definition, a column or a slice is named that this run does not have, or a period without its first "
    "day. `GET /api/v1/runs/{run_id}/contact-columns` lists what there is.",
)
TOO_FEW_TO_SHOW = ErrorKind(
    "FC9505",
    "The cell holds too few contacts to be shown",
    EXIT_REFUSED,
    "The policy suppresses figures of so few contacts, and what they rest on with them. Ask for a larger cell.",
)
NOT_NOTED = ErrorKind(
    "FC9506",
    "This run did not note which contacts its figures rest on",
    EXIT_INPUT,
    "It was made by an earlier version, its contacts are no longer kept, or the measure could not be counted. Measure "
    "again, or ask a later run.",
)

Kind = Literal["is", "under", "begins", "from", "before", "has"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that contacts must fulfil.

    Attributes:
        columns: Columns, any one of which is enough.
        kind: `is`: one of the values; `under`: a reason, or one below it; `begins`: a text with this beginning;
            `from`, `before`: at least, less; `has`: a text that contains it, in any case of letters.
        values: The values; None among them for what is not recorded.
        negated: Whether contacts must not fulfil it instead.
    """

    columns: tuple[str, ...]
    kind: Kind
    values: tuple[Any, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Period:
    """A week or month of the results."""

    grain: Literal["week", "month"]
    start: date

    @property
    def end(self) -> date:
        """The first day after it."""
        if self.grain == "week":
            return self.start + timedelta(days=7)
        return (self.start.replace(day=1) + timedelta(days=32)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Question:
    """Which contacts.

    Attributes:
        measure: Id of a measure: only with it mean `part` and suppression anything.
        part: Of the contacts as they enter the measure: `n`, those whose number is the figure's n; `followed`, the same
            for figures of single weeks of openers; `counted`, all that the ledger counts; `met`, `not_met`, `open`;
            `unanswered`, counted but not in n; `out`, all that are left out; `out:<code>`, those left out for a cause;
            `all`.
        cell: Value by slice name, as results have it: `reason_1`, `channel`, `team`, `queue`, `x_<column>`.
        period: The cell's week or month in the business zone.
        reason: This reason or one below it.
        channel: This channel; `(unknown)` where none is recorded, as in the next two.
        team: This team.
        queue: This queue.
        since: Begun on this day of the business zone or later.
        until: Begun before this day.
        repeat: Whether it is a return itself.
        returned: Whether the customer came back.
        verdict: `yes`, `no`, `unsettled`, `left_out`, `none`.
        excluded_code: Why repeat measures leave it out.
        text: Part of its id or of its reason.
        cause: A root cause that stands out, as results name it: contacts drawn to be read, in `reason` where it is
            asked for, else in all reasons together.
        says: State by definition, as in `part`: `met`, `not_met`, `open`, `out`, `out:<code>`.
        differ: Two definitions that both judge the contact, with opposite verdicts.
    """

    measure: str | None = None
    part: str = "n"
    cell: Mapping[str, str] = field(default_factory=dict)
    period: Period | None = None
    reason: str | None = None
    channel: str | None = None
    team: str | None = None
    queue: str | None = None
    since: date | None = None
    until: date | None = None
    repeat: bool | None = None
    returned: bool | None = None
    verdict: str | None = None
    excluded_code: str | None = None
    text: str | None = None
    cause: str | None = None
    says: Mapping[str, str] = field(default_factory=dict)
    differ: tuple[str, str] | None = None


PLAIN: tuple[str, ...] = ("reason", "channel", "team", "queue", "verdict", "excluded_code", "text", "cause")
"""Fields of a question that are text."""


def asked_pairs(question: Question) -> list[tuple[str, str]]:
    """A question as names and values of an address, from which the contacts can be asked for again.

    >>> asked_pairs(Question("fcr_issue", "met", {"reason_1": "billing"}))
    [('measure', 'fcr_issue'), ('part', 'met'), ('cell', 'reason_1=billing')]
    """
    pairs: list[tuple[str, str | None]] = []
    if question.measure is not None:
        pairs += [("measure", question.measure), ("part", question.part)]
    pairs += [("cell", f"{name}={value}") for name, value in question.cell.items()]
    if question.period is not None:
        pairs += [("period_grain", question.period.grain), ("period_start", question.period.start.isoformat())]
    pairs += [(name, getattr(question, name)) for name in PLAIN]
    for name in ("since", "until"):
        day: date | None = getattr(question, name)
        pairs.append((name, day.isoformat() if day else None))
    for name in ("repeat", "returned"):
        value = getattr(question, name)
        pairs.append((name, None if value is None else "yes" if value else "no"))
    pairs += [("says", f"{name}={said}") for name, said in question.says.items()]
    pairs += [("differ", name) for name in question.differ or ()]
    return [(name, value) for name, value in pairs if value is not None]


def no_such_question(where: str, allowed: str) -> FirstcontactError:
    """The error for a question that cannot be understood.

    Args:
        where: Which part of it.
        allowed: What can be.
    """
    fault = NO_SUCH_QUESTION.fault(where=where, saw="something else", allowed=allowed, cure="write it so")
    return FirstcontactError([fault])


@dataclass(frozen=True, slots=True)
class Show:
    """What is shown of the contacts that are found.

    Attributes:
        columns: Columns in their order; the usual ones where empty.
        order: Columns to sort by, each after a minus sign where falling; latest first where empty.
        offset: So many rows are passed over.
        limit: At most so many are given; all where None.
    """

    columns: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    offset: int = 0
    limit: int | None = 50


USUAL: tuple[str, ...] = (
    "contact_id",
    "source",
    "started_at",
    "channel",
    "team",
    "queue",
    "reason",
    "repeat",
    "returned",
    "verdict",
    "excluded_code",
)
"""Columns that are shown where nobody chose."""


@dataclass(frozen=True, slots=True)
class FoundContacts:
    """What was found.

    Attributes:
        total: How many contacts there are, exactly, on all pages together.
        rows: Some of them.
    """

    total: int
    rows: pa.Table


@dataclass(frozen=True, slots=True)
class Membership:
    """Where it stands which contacts a figure rests on.

    Attributes:
        column: The column of contacts that says how each enters it.
        rests: States of those whose number is n.
    """

    column: str
    rests: tuple[str, ...]


LIKE: dict[str, str] = {
    AUDITED: "r_fcr",
    MISCODED: "r_fcr",
    SPLIT_RECORDS: "r_fcr",
    "count_all": "r_fcr",
    "failure_shift": "r_fcr",
}
"""Figures that rest on the same contacts as a measure."""
COMPARISONS: tuple[str, ...] = ("team_effect", "team_share")
"""Figures that rest on the contacts of comparisons."""


def membership(measure: str) -> Membership | None:
    """Where it stands which contacts a figure rests on; None where n is not a number of contacts.

    >>> membership("r_fcr_audited").column, membership("driver")
    ('in_r_fcr', None)
    """
    if measure in COMPARISONS:
        return Membership(COMPARED, TAKEN)
    known = MEASURES.get(LIKE.get(measure, measure))
    return Membership(f"{PREFIX}{known.id}", rests_on(known)) if known else None


class KeptContacts(Protocol):
    """Contacts of kept runs, read where they lie."""

    def columns(self, path: Path) -> dict[str, str]:
        """Name and type of every column of a file: `text`, `number`, `boolean`, `moment`, `day`."""

    def find(self, path: Path, conditions: Sequence[Condition], show: Show) -> FoundContacts:
        """Contacts that fulfil all conditions."""

    def count(self, path: Path, conditions: Sequence[Condition]) -> int:
        """How many they are."""

    def engine(self) -> AbstractContextManager[Engine]:
        """An engine of one's own for the length of a block, for what no condition asks."""


def find_contacts(
    kept: KeptContacts, place: Path, question: Question, show: Show, teams: frozenset[str] | None
) -> FoundContacts:
    """Contacts of a run.

    Args:
        kept: Where contacts are read.
        place: The run's directory.
        question: Which.
        show: What of them.
        teams: Teams whose contacts may be seen; all contacts where None.

    Returns:
        The contacts, and how many there are in all.

    Raises:
        FirstcontactError: Something is named that the run does not have (FC9504, all at once), the cell is suppressed
            (FC9505), or the run did not note what is asked (FC9506).
    """
    path = place / CONTACTS_FILE
    if not path.is_file():
        raise not_noted("its contacts", "no such file")
    held = kept.columns(path)
    _check(held, question, show)
    _check_size(kept, path, question, show, teams)
    seen = [*conditions_of(question), *_of_teams(teams)]
    if question.cause is not None:
        seen.append(Condition(("contact_id",), "is", _to_read(place / TO_READ_FILE, question.cause, question.reason)))
    chosen = show.columns or tuple(name for name in USUAL if name in held)
    return kept.find(path, seen, Show(chosen, show.order, show.offset, show.limit))


def _to_read(path: Path, cause: str, reason: str | None) -> tuple[str, ...]:
    """Ids of the contacts that were drawn for a root cause, twenty at most."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    if not path.is_file():
        raise not_noted("cause", "no contacts drawn to be read")
    table = pq.read_table(path)
    inside = pc.is_null(table["reason"]) if reason is None else pc.equal(table["reason"], reason)
    ids = table.filter(pc.and_(pc.equal(table["cause"], cause), inside))["contact_id"].to_pylist()
    if not ids:
        raise no_such_question("cause", "a root cause of this run that stands out, with its reason where it has one")
    return tuple(ids)


def conditions_of(question: Question) -> Iterator[Condition]:
    """What contacts must fulfil to belong to the answer."""
    told = membership(question.measure) if question.measure is not None else None
    if told is not None:
        yield from _part(told.column, question.part, told.rests)
    if question.measure in COMPARISONS:
        yield Condition(("team",), "is", (None,), negated=True)
    yield from _cell(question)
    yield from _filters(question)
    for name, said in question.says.items():
        yield from _part(f"{BY}{name}", said, TAKEN)
    if question.differ is not None:
        first, second = (f"{BY}{name}" for name in question.differ)
        # Both judge it, and not alike.
        yield Condition((first,), "is", ("met", "not_met"))
        yield Condition((second,), "is", ("met", "not_met"))
        yield Condition((first, second), "is", ("met",))
        yield Condition((first, second), "is", ("not_met",))


def _filters(question: Question) -> Iterator[Condition]:
    for name in ("channel", "team", "queue"):
        value = getattr(question, name)
        if value is not None:
            yield Condition((name,), "is", _known(value, UNKNOWN))
    if question.reason is not None:
        yield Condition(("reason",), "under", _known(question.reason, NO_REASON))
    if question.since is not None:
        yield Condition((DAY,), "from", (question.since,))
    if question.until is not None:
        yield Condition((DAY,), "before", (question.until,))
    for name in ("repeat", "returned"):
        value = getattr(question, name)
        if value is not None:
            yield Condition((name,), "is", (True,) if value else (False, None))
    if question.verdict is not None:
        yield Condition(("verdict",), "is", (None if question.verdict == "none" else question.verdict,))
    if question.excluded_code is not None:
        yield Condition(("excluded_code",), "is", (question.excluded_code,))
    if question.text:
        yield Condition(("contact_id", "reason"), "has", (question.text,))


def _part(column: str, part: str, rests: tuple[str, ...]) -> Iterator[Condition]:
    if part == "n":
        yield Condition((column,), "is", rests)
    elif part == "followed":
        yield Condition((column,), "is", tuple(one for one in rests if one != NEW))
    elif part == "counted":
        yield Condition((column,), "is", TAKEN)
    elif part == "unanswered":
        yield Condition((column,), "is", tuple(one for one in TAKEN if one not in rests))
    elif part == "out":
        yield Condition((column,), "begins", (OUT,))
    elif part != "all":
        yield Condition((column,), "is", (part,))


def _cell(question: Question) -> Iterator[Condition]:
    for name, value in question.cell.items():
        if name.startswith("reason_"):
            depth, level = value.count(REASON_SEPARATOR) + 1, int(name.removeprefix("reason_"))
            # A path that ends above the level it is cut at is itself alone.
            yield Condition(("reason",), "is" if depth < level else "under", _known(value, NO_REASON))
        else:
            yield Condition((name,), "is", _known(value, UNKNOWN))
    if question.period is not None:
        yield Condition((DAY,), "from", (question.period.start,))
        yield Condition((DAY,), "before", (question.period.end,))


def _known(value: str, missing: str) -> tuple[str | None, ...]:
    """A value of a cell as contacts have it: what is not recorded has a name there."""
    return (value, None) if value == missing else (value,)


def _check(held: Mapping[str, str], question: Question, show: Show) -> None:
    """See that everything that is named is there."""
    faults: list[Fault] = []

    def need(where: str, name: str, column: str, prefix: str = "") -> None:
        if column not in held:
            known = sorted(one.removeprefix(prefix) for one in held if one.startswith(prefix))
            fault = NO_SUCH_QUESTION.fault(
                where=where, saw=f"a name of {len(name)} characters that this run does not have",
                allowed=", ".join(known), cure="name one of these",
            )  # fmt: skip
            faults.append(fault)

    if question.measure is not None:
        if not any(name.startswith(PREFIX) for name in held):
            raise not_noted("measure", "contacts without a note of measures")
        told = membership(question.measure)
        need("measure", question.measure, told.column if told else "", PREFIX)
    for name in (*question.says, *(question.differ or ())):
        need("definition", name, f"{BY}{name}", BY)
    for name in question.cell:
        column = "reason" if _LEVEL.fullmatch(name) else name
        if column not in held or (column not in _SLICES and not column.startswith(EXTRA_PREFIX)):
            need("cell", name, "")
    if (question.period or question.since or question.until) and DAY not in held:
        raise not_noted("period", "contacts without a note of their day")
    for name in (*show.columns, *(one.removeprefix("-") for one in show.order)):
        need("columns", name, name)
    if faults:
        raise FirstcontactError(faults)


_SLICES = ("reason", "channel", "team", "queue")
_LEVEL = re.compile(r"reason_[1-9]\d?")


def _check_size(kept: KeptContacts, path: Path, question: Question, show: Show, teams: frozenset[str] | None) -> None:
    """Refuse what would tell of a cell that the policy suppresses: its own size, whatever narrows it to that cell.

    Single contacts are no figure: without a measure, and without a column that says how they enter one, they are
    listed to whoever may read contacts, however few.
    """
    named = {name.removeprefix(PREFIX) for name in show.columns if name.startswith(PREFIX)}
    for measure in sorted(named | ({question.measure} if question.measure else set())):
        whole = Question(measure, "n", question.cell, question.period)
        # What came of contacts (`verdict`, `part`, `says`) makes no cell: it is what the cell's figure tells.
        same = replace(
            whole, reason=question.reason, channel=question.channel, team=question.team, queue=question.queue,
            since=question.since, until=question.until, text=question.text,
        )  # fmt: skip
        for one, seen in ((whole, None), (same, teams)):
            if one == Question(measure) and seen is None:
                continue
            least = _suppress_below(path.parent / "policy.toml", (path.parent / "policy.toml").stat().st_mtime_ns)
            if 0 < kept.count(path, [*conditions_of(one), *_of_teams(seen)]) < least:
                fault = TOO_FEW_TO_SHOW.fault(
                    where="the cell",
                    saw="fewer contacts than are shown",
                    allowed=f"at least {least}",
                    cure="ask for a larger one",
                )
                raise FirstcontactError([fault])


def _of_teams(teams: frozenset[str] | None) -> Iterator[Condition]:
    if teams is not None:
        yield Condition(("team",), "is", tuple(sorted(teams)))


@lru_cache(maxsize=64)
def _suppress_below(path: Path, _written: int) -> int:
    said = tomllib.loads(path.read_text(encoding="utf-8")).get("publish", {})
    return int(said.get("suppress_below", Policy().publish.suppress_below))


def not_noted(where: str, saw: str) -> FirstcontactError:
    """The error for what a run did not note, or notes no longer.

    Args:
        where: What is asked for.
        saw: What was found instead.
    """
    fault = NOT_NOTED.fault(
        where=where, saw=saw, allowed="a run that noted it", cure="measure again, or ask a later run"
    )
    return FirstcontactError([fault])
