"""Figures of explanations that rest on contacts of their own choice: in which column these are noted, and which count.

Root causes, opportunities, pairs of reasons and the ways between channels do not rest on the contacts of a measure, so
their cells are read as results name them: `cause`, `reason` (at the level at which contacts are linked), `next_reason`,
`channel`, `queue`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from firstcontact.contacts.table import NO_REASON, REASON_SEPARATOR
from firstcontact.measurement.explain.channel_path import NEXT, THEN
from firstcontact.measurement.explain.root_cause.catalog import column_of
from firstcontact.measurement.explain.root_cause.member import FAILURE
from firstcontact.measurement.explain.root_cause.pattern import SEPARATOR
from firstcontact.measurement.explain.sequence import FOLLOWED
from firstcontact.measurement.measures.cut import UNKNOWN

CAUSES: tuple[str, ...] = ("root_cause", "root_cause_contacts")
GAINS: tuple[str, ...] = ("opportunity", "opportunity_gap", "opportunity_cost")
PAIRS: tuple[str, ...] = (
    *("downstream", "downstream_excess", "downstream_delay", "downstream_cost", "downstream_count"),
    "other_reason_returns",
)
PATHS: tuple[str, ...] = ("channel_path",)

EXPLAINED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(CAUSES, ("cause", "reason", "queue")),
    **dict.fromkeys(GAINS, ("reason", "cause")),
    **dict.fromkeys(PAIRS, ("reason", "next_reason", "cause")),
    **dict.fromkeys(PATHS, ("channel", "cause")),
}
"""Measures whose contacts are noted beside those of the measures, and the names that their cells have."""
PART_OF: Mapping[str, tuple[str, ...]] = {name: ("n", "met") if name in PATHS else ("n",) for name in EXPLAINED}
"""Which of their contacts may be asked for: `n`; of the ways between channels also `met`, those that went this way."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What one column must say of a contact.

    Attributes:
        column: The column.
        values: One of these; any at all where None.
        under: Whether reasons below a value count too.
    """

    column: str
    values: tuple[str | None, ...] | None
    under: bool = False


def column_noted(measure: str, cell: Mapping[str, str]) -> str | None:
    """The column of contacts that notes what such a figure rests on; None where its cell names no root cause.

    >>> column_noted("root_cause", {"cause": "weekday: Monday"}), column_noted("opportunity", {"reason": "billing"})
    ('shows_weekday', 'in_failure')
    """
    if measure in CAUSES:
        return column_of(cell.get("cause", ""))
    return FAILURE if measure in GAINS else FOLLOWED if measure in PAIRS else THEN


def noted(measure: str, part: str, cell: Mapping[str, str], level: int | None) -> list[Noted]:
    """What contacts must be noted as to belong to such a figure.

    Args:
        measure: Id of the measure, one of `EXPLAINED`.
        part: One of `PART_OF`.
        cell: As results have it.
        level: Level of the reason at which the policy links, 0 for none; None for whole paths.

    >>> noted("downstream", "n", {"reason": "billing", "next_reason": "refund"}, 1)
    [Noted(column='in_downstream', values=None, under=False), Noted(column='reason', values=('billing',), under=True)]
    """
    column = column_noted(measure, cell)
    if column is None:
        return []
    variant = cell["cause"].partition(SEPARATOR)[2] if measure in CAUSES else None
    if measure in PATHS and part == "met":
        variant = cell.get("cause", "").removeprefix(NEXT)
    found = [Noted(column, None if variant is None else (variant,))]
    # A pair ends in its own queue or reason: its name says all.
    whole = column.endswith("_pair")
    if "reason" in cell and not whole and level != 0:
        reason = cell["reason"]
        # A path that ends above the level it is cut at is itself alone.
        under = level is not None and reason.count(REASON_SEPARATOR) + 1 >= level
        found.append(Noted("reason", (reason, None) if reason == NO_REASON else (reason,), under))
    if "channel" in cell:
        channel = cell["channel"]
        found.append(Noted("channel", (channel, None) if channel == UNKNOWN else (channel,)))
    return found
