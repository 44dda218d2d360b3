"""Find contacts of one run: those behind a figure, those that fit a filter, those on which two definitions differ.

A figure's contacts are found by what each measure noted of every contact when the run was made
(`services.publish.member_export`), so that they are as many as its n says. Nobody's identifiers stand there, only
pseudonyms.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from firstcontact.contacts.table import EXTRA_PREFIX
from firstcontact.kernel.errors import EXIT_INPUT, EXIT_REFUSED, ErrorKind, Fault, FirstcontactError
from firstcontact.kernel.sentence import Sentence, clause
from firstcontact.measurement.measures.member import PREFIX
from firstcontact.measurement.policy.model import Policy
from firstcontact.services.contact_question import (
    LEVEL,
    NO_SUCH_QUESTION,
    SLICES,
    Condition,
    Question,
    conditions_of,
    definition_column,
    membership,
    no_such_question,
    of_teams,
)
from firstcontact.services.explained import EXPLAINED, PART_OF, column_noted
from firstcontact.services.publish import BY, DAY

if TYPE_CHECKING:
    import pyarrow as pa

    from firstcontact.kernel.engine import Engine

CONTACTS_FILE = "contacts.parquet"
TO_READ_FILE = "to_read.parquet"
"""Contacts drawn to be read, of each root cause that stands out."""

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
        raise not_noted("its contacts", clause("no such file"))
    held = kept.columns(path)
    _check(held, question, show)
    _check_size(kept, path, question, show, teams)
    seen = [*conditions_of(question, _policy(place).reason_level), *of_teams(teams)]
    if question.cause is not None:
        seen.append(Condition(("contact_id",), "is", _to_read(place / TO_READ_FILE, question.cause, question.reason)))
    chosen = show.columns or tuple(name for name in USUAL if name in held)
    return kept.find(path, seen, Show(chosen, show.order, show.offset, show.limit))


def _to_read(path: Path, cause: str, reason: str | None) -> tuple[str, ...]:
    """Ids of the contacts that were drawn for a root cause, twenty at most."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    if not path.is_file():
        raise not_noted("cause", clause("no contacts drawn to be read"))
    table = pq.read_table(path)
    inside = pc.is_null(table["reason"]) if reason is None else pc.equal(table["reason"], reason)
    ids = table.filter(pc.and_(pc.equal(table["cause"], cause), inside))["contact_id"].to_pylist()
    if not ids:
        raise no_such_question(
            "cause", clause("a root cause of this run that stands out, with its reason where it has one")
        )
    return tuple(ids)


def _check(held: Mapping[str, str], question: Question, show: Show) -> None:
    """See that everything that is named is there."""
    faults: list[Fault] = []

    def need(where: str, name: str, column: str, prefix: str = "") -> None:
        if column not in held:
            known = sorted(one.removeprefix(prefix) for one in held if one.startswith(prefix))
            fault = NO_SUCH_QUESTION.fault(
                where=where, saw=clause("a name of {count} characters that this run does not have", count=len(name)),
                allowed=", ".join(known), cure="name one of these",
            )  # fmt: skip
            faults.append(fault)

    if question.measure is not None:
        if not any(name.startswith(PREFIX) for name in held):
            raise not_noted("measure", clause("contacts without a note of measures"))
        told = membership(question.measure)
        if question.measure in EXPLAINED:
            _check_explained(held, question, question.measure)
        else:
            need("measure", question.measure, told.column if told else "", PREFIX)
    for name in (*question.says, *(question.differ or ())):
        need("definition", name, definition_column(name), BY)
    for name in question.cell if question.measure not in EXPLAINED else ():
        column = "reason" if LEVEL.fullmatch(name) else name
        if column not in held or (column not in SLICES and not column.startswith(EXTRA_PREFIX)):
            need("cell", name, "")
    if (question.period or question.since or question.until) and DAY not in held:
        raise not_noted("period", clause("contacts without a note of their day"))
    for name in (*show.columns, *(one.removeprefix("-") for one in show.order)):
        need("columns", name, name)
    if faults:
        raise FirstcontactError(faults)


def _check_explained(held: Mapping[str, str], question: Question, measure: str) -> None:
    """See that a figure of an explanation can be asked for so, and that the run noted its contacts."""
    names = EXPLAINED[measure]
    if not set(question.cell) <= set(names) or question.period is not None:
        raise no_such_question("cell", clause("only {names}", names=", ".join(names)))
    if question.part not in PART_OF[measure]:
        raise no_such_question("part", clause("only {names}", names=", ".join(PART_OF[measure])))
    column = column_noted(measure, question.cell)
    if column is None:
        raise no_such_question("cell", clause("cause=, with a root cause as results name it"))
    if column not in held:
        raise not_noted("measure", clause("contacts without a note of it"))


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
            since=question.since, until=question.until, text=question.text, known=question.known,
        )  # fmt: skip
        for one, seen in ((whole, None), (same, teams)):
            if one == Question(measure) and seen is None:
                continue
            said = _policy(path.parent)
            least = said.suppress_below
            if 0 < kept.count(path, [*conditions_of(one, said.reason_level), *of_teams(seen)]) < least:
                fault = TOO_FEW_TO_SHOW.fault(
                    where="the cell",
                    saw="fewer contacts than are shown",
                    allowed=clause("at least {least}", least=least),
                    cure="ask for a larger one",
                )
                raise FirstcontactError([fault])


@dataclass(frozen=True, slots=True)
class _Said:
    """What a run's policy says that questions depend on."""

    suppress_below: int
    reason_level: int | None


def _policy(place: Path) -> _Said:
    path = place / "policy.toml"
    return _read_policy(path, path.stat().st_mtime_ns) if path.is_file() else _read_policy(None, 0)


@lru_cache(maxsize=64)
def _read_policy(path: Path | None, _written: int) -> _Said:
    told = tomllib.loads(path.read_text(encoding="utf-8")) if path is not None else {}
    least = told.get("publish", {}).get("suppress_below", Policy().publish.suppress_below)
    level = told.get("link", {}).get("reason_level", Policy().link.reason_level)
    return _Said(int(least), level)


def not_noted(where: str, saw: Sentence) -> FirstcontactError:
    """The error for what a run did not note, or notes no longer.

    Args:
        where: What is asked for.
        saw: What was found instead.
    """
    fault = NOT_NOTED.fault(
        where=where, saw=saw, allowed="a run that noted it", cure="measure again, or ask a later run"
    )
    return FirstcontactError([fault])
