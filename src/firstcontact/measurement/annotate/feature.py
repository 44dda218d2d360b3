"""What is known of a contact when it ends; and the check that nothing else is used to foretell what comes after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import ibis

from firstcontact.contacts.table import CHANNELS
from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, Faults

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine

LEAK = ErrorKind(
    "FC4050",
    "A feature tells what was known only after the contact",
    EXIT_INPUT,
    "A risk that is learned from what comes later (a reopen, a survey, the next contact, a code changed afterwards) "
    "looks excellent and is worth nothing at the end of a contact, when none of it is known.",
)

_LATER = frozenset({"reopens", "returned", "settled", "settled_times", "mature", "outcome", "verdict", "issue_id"})
_LATER_BEGINNINGS = ("survey", "next_", "related_next", "verdict", "outcome", "label", "p_", "net_", "seen_", "review")
_MOST_VALUES = 60
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONDAY = 3  # 1970-01-01 was a Thursday
_UNKNOWN = "(unknown)"


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing known of a contact, as one of a few levels.

    Attributes:
        name: For the model card.
        reads: Columns of the linked contacts that it reads.
        levels: Name of each level, in the order of the codes.
        code: Given linked contacts, the level of each, from 0; never missing.
        when: `start` where the contact's first record settles it, `end` where it is settled when the contact ends. Of
            tickets, which are written on for days, only the former is known in time.
        known_us: Where it is recorded: the moment from which the value stood, microseconds since 1970.
    """

    name: str
    reads: tuple[str, ...]
    levels: tuple[str, ...]
    code: Callable[[ir.Table], Any]
    when: Literal["start", "end"] = "end"
    known_us: Callable[[ir.Table], Any] | None = None


def check_as_of(engine: Engine, contacts: ir.Table, features: Sequence[Feature]) -> None:
    """Refuse features that were not known when the contact ended.

    Args:
        engine: Where it runs.
        contacts: Linked contacts with what the features read, and `anchor_us`, their end.
        features: The features.

    Raises:
        FirstcontactError: FC4050 for each feature that reads what is known only later, or whose values were recorded
            after the contact ended.
    """
    faults = Faults()
    timed = {f"late_{number}": one for number, one in enumerate(features) if one.known_us is not None}
    late = {}
    if timed:
        sums = {
            name: (one.known_us(contacts) > contacts.anchor_us).sum() for name, one in timed.items() if one.known_us
        }
        late = engine.execute(contacts.aggregate(n=contacts.count(), **sums)).to_pylist()[0]
    for number, one in enumerate(features):
        read = sorted(column for column in one.reads if column in _LATER or column.startswith(_LATER_BEGINNINGS))
        after = int(late.get(f"late_{number}") or 0)
        if not read and not after:
            continue
        faults.add(
            LEAK,
            where=f"feature {one.name}",
            saw=f"reads {', '.join(read)}"
            if read
            else f"recorded after the end of {after:,} of {late['n']:,} contacts",
            allowed="what was recorded by the end of the contact",
            cure="leave it out, or take its value as it stood when the contact ended",
        )
    faults.raise_if_any()


def standard_features(engine: Engine, contacts: ir.Table, *, tickets: bool) -> list[Feature]:
    """The features that the contacts hold.

    Args:
        engine: Where it runs.
        contacts: Linked contacts with `local_day`.
        tickets: Whether the source keeps tickets, which are written on after the first contact.

    Returns:
        Features with at least two levels. The reason is none of them: it comes with what was learned of its returns.
    """
    found = [
        _listed("channel", CHANNELS, "start"),
        Feature("weekday", ("local_day",), _WEEKDAYS, lambda rows: (rows.local_day + _MONDAY) % 7, "start"),
        _counted("transfers"),
        _flag("escalated"),
        _flag("agent_says_resolved"),
        _minutes("handle_seconds", (1, 2, 5, 10, 20)),
        _minutes("hold_seconds", (0.001, 1, 3)),
    ]
    for name in ("team", "language"):
        if name in contacts.columns:
            values = engine.execute(contacts.select(name).distinct().limit(_MOST_VALUES + 1))[name].to_pylist()
            known = sorted(value for value in values if value is not None)
            if 1 < len(known) < _MOST_VALUES:
                found.append(_listed(name, tuple(known), "start" if name == "language" else "end"))
    return [one for one in found if set(one.reads) <= set(contacts.columns) and not (tickets and one.when == "end")]


def _listed(name: str, values: tuple[str, ...], when: Literal["start", "end"]) -> Feature:
    def code(rows: ir.Table) -> Any:
        return ibis.cases(*((rows[name] == value, number) for number, value in enumerate(values, 1)), else_=0)

    return Feature(name, (name,), (_UNKNOWN, *values), code, when)


def _counted(name: str) -> Feature:
    def code(rows: ir.Table) -> Any:
        return ibis.least(rows[name].fill_null(-1), 2).cast("int64") + 1

    return Feature(name, (name,), (_UNKNOWN, "0", "1", "2 or more"), code)


def _flag(name: str) -> Feature:
    def code(rows: ir.Table) -> Any:
        return ibis.cases((rows[name].isnull(), 0), (rows[name], 2), else_=1)

    return Feature(name, (name,), (_UNKNOWN, "no", "yes"), code)


def _minutes(name: str, limits: tuple[float, ...]) -> Feature:
    """Lengths of time, cut at some minutes."""

    def code(rows: ir.Table) -> Any:
        below = [(rows[name] < 60 * limit, number) for number, limit in enumerate(limits, 1)]
        return ibis.cases((rows[name].isnull(), 0), *below, else_=len(limits) + 1)

    words = tuple(f"below {limit:g} min" for limit in limits)
    return Feature(name, (name,), (_UNKNOWN, *words, f"{limits[-1]:g} min or more"), code)
