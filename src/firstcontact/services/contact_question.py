"""A question for contacts of one run: what may be asked, and what contacts must fulfil to belong to the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from firstcontact.contacts.ledger import MEASURE_CAUSES
from firstcontact.contacts.table import NO_REASON, REASON_SEPARATOR
from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, FirstcontactError
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.measures.catalog import AUDITED, MEASURES, MISCODED, SPLIT_RECORDS
from firstcontact.measurement.measures.cut import UNKNOWN
from firstcontact.measurement.measures.member import NEW, OUT, PREFIX, TAKEN, rests_on
from firstcontact.services.explained import EXPLAINED, noted
from firstcontact.services.publish import BY, COMPARED, DAY

NO_SUCH_QUESTION = ErrorKind(
    "FC9504",
    "Contacts of this run cannot be asked for so",
    EXIT_INPUT,
    "A measure, a definition, a column or a slice is named that this run does not have, or a period without its first "
    "day. `GET /api/v1/runs/{run_id}/contact-columns` lists what there is.",
)
SLICES = ("reason", "channel", "team", "queue")
"""Columns that cells are cut by, beside those of one's own."""
LEVEL = re.compile(r"reason_[1-9]\d?")
"""What a cell calls the reason, cut at a level."""

PLACES: tuple[str, ...] = MEASURE_CAUSES[1:]
"""Causes of the ledger that stand beside what is excluded: where a contact stands in time and in its issue."""

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
            `excluded`, those left out whatever their place in time and issue; `all`.
        cell: Value by slice name, as results have it: `reason_1`, `channel`, `team`, `queue`, `x_<column>`; for figures
            of explanations also `reason`, `next_reason` and `cause` (`services.explained`).
        period: The cell's week or month in the business zone.
        reason: This reason or one below it.
        channel: This channel; `(unknown)` where none is recorded, as in the next two.
        team: This team.
        queue: This queue.
        since: Begun on this day of the business zone or later.
        until: Begun before this day.
        repeat: Whether it is a return itself.
        returned: Whether the customer came back.
        known: Whether it is known who the customer is.
        verdict: `yes`, `no`, `unsettled`, `left_out`, `none`.
        excluded_code: Why repeat measures leave it out.
        text: Part of its id or of its reason.
        cause: A root cause that stands out, as results name it: contacts drawn to be read, in `reason` where it is
            asked for, else in all reasons together.
        says: State by definition, as in `part`: `met`, `not_met`, `open`, `out`, `out:<code>`; `judged` for one of the
            first two.
        differ: Two definitions that both judge the contact, with opposite verdicts; `own` is the run's policy.
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
    known: bool | None = None
    verdict: str | None = None
    excluded_code: str | None = None
    text: str | None = None
    cause: str | None = None
    says: Mapping[str, str] = field(default_factory=dict)
    differ: tuple[str, str] | None = None


def no_such_question(where: str, allowed: Sentence) -> FirstcontactError:
    """The error for a question that cannot be understood.

    Args:
        where: Which part of it.
        allowed: What can be.
    """
    fault = NO_SUCH_QUESTION.fault(where=where, saw="something else", allowed=allowed, cure="write it so")
    return FirstcontactError([fault])


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
OWN = "own"
"""What the run's own policy is called beside the presets."""
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


def conditions_of(question: Question, reason_level: int | None = None) -> Iterator[Condition]:
    """What contacts must fulfil to belong to the answer.

    Args:
        question: Which contacts.
        reason_level: Level of the reason at which the run's policy links; only figures of explanations ask.
    """
    told = membership(question.measure) if question.measure is not None else None
    if told is not None:
        yield from _part(told.column, question.part, told.rests)
    if question.measure in COMPARISONS:
        yield Condition(("team",), "is", (None,), negated=True)
    if question.measure is not None and question.measure in EXPLAINED:
        for one in noted(question.measure, question.part, question.cell, reason_level):
            kind: Kind = "under" if one.under else "is"
            yield Condition((one.column,), kind, one.values or (None,), negated=one.values is None)
    else:
        yield from _cell(question)
    yield from _filters(question)
    for name, said in question.says.items():
        yield from _part(f"{BY}{name}", said, TAKEN)
    if question.differ is not None:
        first, second = (definition_column(name) for name in question.differ)
        # Both judge it, and not alike.
        yield Condition((first,), "is", _MET + _NOT_MET)
        yield Condition((second,), "is", _MET + _NOT_MET)
        yield Condition((first, second), "is", _MET)
        yield Condition((first, second), "is", _NOT_MET)


_MET, _NOT_MET = ("met", "yes"), ("not_met", "no")
"""What definitions and the policy's own verdict say."""


def definition_column(name: str) -> str:
    """The column of contacts in which it stands what a definition, or the run's own policy, says of them."""
    return "verdict" if name == OWN else f"{BY}{name}"


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
    if question.known is not None:
        yield Condition(("customer",), "is", (None,), negated=question.known)
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
    elif part == "judged":
        yield Condition((column,), "is", ("met", "not_met"))
    elif part == "excluded":
        yield Condition((column,), "begins", (OUT,))
        yield Condition((column,), "is", tuple(f"{OUT}{code}" for code in PLACES), negated=True)
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


def of_teams(teams: frozenset[str] | None) -> Iterator[Condition]:
    """What contacts must fulfil to be of some teams; nothing where there is no limit."""
    if teams is not None:
        yield Condition(("team",), "is", tuple(sorted(teams)))
