"""How contacts are cut into cells: by reason at a level, by week, by team, by any further column, or by several."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firstcontact.contacts.table import CONTACTS, EXTRA_PREFIX
from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, Faults
from firstcontact.kernel.sentence import clause
from firstcontact.measurement.linking.period import month_of, week_of
from firstcontact.measurement.policy.model import cut_reason

UNKNOWN = "(unknown)"
"""The cell of contacts whose channel, team or queue is not recorded."""

AGENT_SLICE = ErrorKind(
    "FC5001",
    "Figures are not cut by agent",
    EXIT_USAGE,
    "A slice names the agent. Individual figures are refused in results and exports: the system fails more often than "
    "the person, and a table of individuals says more about who gets which contacts. Cut by team or queue instead.",
)
CUSTOMER_SLICE = ErrorKind(
    "FC5003",
    "Figures are not cut by customer",
    EXIT_USAGE,
    "A slice names customers, their identifiers or single contacts, whose values would then stand in the results. "
    "`contacts.parquet` has one row a contact, with a pseudonym for the customer.",
)
UNKNOWN_SLICE = ErrorKind(
    "FC5002",
    "This slice is not known",
    EXIT_USAGE,
    "A slice is `reason_1` (or another level), `week`, `month`, `channel`, `team`, `queue`, a column of the source, or "
    "several of these joined by commas.",
)

TWICE_IN_ONE_CUT = ErrorKind(
    "FC5004",
    "A cut names the same thing twice",
    EXIT_USAGE,
    "A cell has one period and one reason. Weeks and months, or two levels of the reason, are cuts of their own.",
)

_PLAIN = ("channel", "team", "queue")
PERIODS = ("week", "month")


@dataclass(frozen=True, slots=True)
class Slice:
    """One dimension of a cut.

    Attributes:
        name: As it stands in the results: `reason_1`, `week`, `team`, `x_region`.
        column: The column of the linked contacts it is made of.
        label: From that column's value to the cell's value; a `date` for periods.
    """

    name: str
    column: str
    label: Callable[[Any], str | date]


@dataclass(frozen=True, slots=True)
class Cut:
    """Several dimensions together; none for the whole."""

    slices: tuple[Slice, ...]

    @property
    def by(self) -> str:
        return ",".join(one.name for one in self.slices)

    def cells(
        self, base: list[tuple[Any, ...]], columns: list[str]
    ) -> tuple[list[tuple[str | date, ...]], NDArray[np.int64]]:
        """The cells of this cut, from those of a finer one.

        Args:
            base: Values of the finer cut's columns, one tuple a cell.
            columns: Names of those columns.

        Returns:
            The cells in order, and for each finer cell the number of the cell it falls into.
        """
        places = [columns.index(one.column) for one in self.slices]
        labels: list[dict[Any, str | date]] = [{} for _ in self.slices]
        keys = []
        for values in base:
            key = []
            for known, place, one in zip(labels, places, self.slices, strict=True):
                value = values[place]
                if value not in known:
                    known[value] = one.label(value)
                key.append(known[value])
            keys.append(tuple(key))
        cells = sorted(set(keys))
        number = {cell: position for position, cell in enumerate(cells)}
        return cells, np.array([number[key] for key in keys], dtype=np.int64)


def standard(levels: int, columns: set[str], week_start: str) -> list[Cut]:
    """The cuts that every run makes.

    Args:
        levels: Depth of the reason tree; 0 where there are no reasons.
        columns: Contact columns that hold anything.
        week_start: First day of the week.

    Returns:
        The whole, weeks, months, each reason level, and channel, team and queue where they are recorded.
    """
    cuts = [Cut(()), Cut((_slice("week", week_start),)), Cut((_slice("month", week_start),))]
    cuts += [Cut((_slice(f"reason_{level}", week_start),)) for level in range(1, levels + 1)]
    return cuts + [Cut((_slice(name, week_start),)) for name in _PLAIN if name in columns]


def asked(by: list[str], extra: dict[str, str], week_start: str) -> list[Cut]:
    """The cuts that a user asks for.

    Args:
        by: Each a slice or several joined by commas; further columns by their own name.
        extra: Own name of each further column, by its `x_` name.
        week_start: First day of the week.

    Returns:
        The cuts.

    Raises:
        FirstcontactError: FC5002 for each slice that is not known, all at once.
    """
    faults = Faults()
    own = {name.casefold(): column for column, name in extra.items()}
    cuts = []
    for text in by:
        slices = []
        for name in (part.strip() for part in text.split(",")):
            column = own.get(name.casefold(), name)
            if not _known(column, extra):
                allowed = ", ".join(("reason_1", *PERIODS, *_PLAIN, *extra.values()))
                faults.add(
                    UNKNOWN_SLICE,
                    where=f"--by {text}",
                    saw=clause("{name}", name=name),
                    allowed=allowed,
                    cure="name one of these",
                )
            else:
                slices.append(_slice(column, week_start))
        kinds = [_kind(one.name) for one in slices]
        if len(set(kinds)) < len(kinds):
            faults.add(
                TWICE_IN_ONE_CUT,
                where=f"--by {text}",
                saw=", ".join(one.name for one in slices),
                allowed="one period, one reason level, and each other slice once",
                cure="ask for each in a --by of its own",
            )
        cuts.append(Cut(tuple(slices)))
    faults.raise_if_any()
    return cuts


def refuse_people(by: Sequence[str], agents: Sequence[str] = (), customers: Sequence[str] = ()) -> None:
    """Refuse to cut figures by individuals.

    Args:
        by: What a user asks for, as `asked` takes it.
        agents: The source's own names of columns that hold agents.
        customers: The same of columns that hold customers, their identifiers, or single contacts.

    Raises:
        FirstcontactError: FC5001 for each slice that names an agent's column, FC5003 for a customer's, all at once.
    """
    faults = Faults()
    of_agents = {name.casefold() for name in ("agent", "agent_id", *agents)}
    of_customers = {name.casefold() for name in ("customer", "customer_id", "contact_id", *customers)}
    for text in by:
        for name in (part.strip() for part in text.split(",")):
            plain = name.casefold().removeprefix(EXTRA_PREFIX)
            if {name.casefold(), plain} & of_agents:
                faults.add(
                    AGENT_SLICE,
                    where=f"--by {text}",
                    saw=clause("{name}", name=name),
                    allowed="teams, queues",
                    cure="type --by team",
                )
            elif {name.casefold(), plain} & of_customers:
                faults.add(
                    CUSTOMER_SLICE,
                    where=f"--by {text}",
                    saw=clause("{name}", name=name),
                    allowed="columns that describe groups of contacts",
                    cure="take single customers from contacts.parquet",
                )
    faults.raise_if_any()


def further_columns(by: list[str]) -> list[str]:
    """The slices that are not built in, and so must be columns of the source."""
    names = dict.fromkeys(part.strip() for text in by for part in text.split(","))
    builtin = {*_PLAIN, *PERIODS, *CONTACTS.names, "agent"}
    return [name for name in names if name and name not in builtin and not _is_reason(name)]


def _known(column: str, extra: dict[str, str]) -> bool:
    return column in _PLAIN or column in PERIODS or _is_reason(column) or column in extra


def _kind(name: str) -> str:
    """What a cut can hold only once: a period, a level of the reason, any other slice by its name."""
    if name in PERIODS:
        return "period"
    return "reason" if _is_reason(name) else name


def _is_reason(name: str) -> bool:
    return re.fullmatch(r"reason_[1-9][0-9]?", name) is not None


def _slice(name: str, week_start: str) -> Slice:
    if name == "week":
        return Slice(name, "local_day", lambda day: week_of(day, week_start))
    if name == "month":
        return Slice(name, "local_day", month_of)
    if _is_reason(name):
        level = int(name.removeprefix("reason_"))
        return Slice(name, "reason", lambda reason: cut_reason(reason, level))
    return Slice(name, name, lambda value: UNKNOWN if value is None else str(value))


def is_extra(name: str) -> bool:
    """Whether a slice is a further column of the source."""
    return name.startswith(EXTRA_PREFIX)
