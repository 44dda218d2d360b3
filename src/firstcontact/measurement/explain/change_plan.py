"""When a change can be judged: how many contacts and weeks it takes, and from which day on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from firstcontact.statistics.sample_size import sample_size

AFTER = 6
"""Mature weeks after the change that a verdict needs."""
LONGEST_WEEKS = 104
"""A plan of more weeks than this is no plan."""
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Plan:
    """When a change can be judged.

    Attributes:
        contacts: Contacts on each side that show the smallest effect worth knowing.
        weeks: Weeks after the roll-out that it takes to have them, and at least six.
        window_days: How long customers take to come back, at the upper end of what is known of it.
        read_out: From this day on a verdict can be given; None where the contacts would take more than two years.
        smallest: Smallest effect worth knowing, as a share.
    """

    contacts: int
    weeks: int
    window_days: float
    read_out: date | None
    smallest: float


def plan(
    rolled_out: date,
    window_days: float,
    share: float,
    weekly: float,
    *,
    smallest: float,
    design_effect: float = 1.0,
    level: float = 0.95,
) -> Plan:
    """When the effect of a change can be judged: end of the roll-out, the weeks it takes, and the reason's window.

    Args:
        rolled_out: Day after the last day of the roll-out.
        window_days: Upper end of the reason's window.
        share: Share of contacts that do not fail, before the change.
        weekly: Contacts a week.
        smallest: Smallest effect worth knowing, as a share.
        design_effect: How much the share varies beyond independent contacts.
        level: Level of intervals.

    Returns:
        The plan.

    >>> plan(date(2025, 3, 3), 30, 0.8, 500, smallest=0.03).read_out
    datetime.date(2025, 5, 14)
    """
    # A share of 0 or 1 would need no contacts, but is itself an estimate.
    share = min(max(share, 0.02), 0.98)
    contacts = sample_size(share, smallest, design_effect=design_effect, level=level)
    weeks = max(AFTER, ceil(contacts / weekly)) if weekly > 0 else LONGEST_WEEKS + 1
    reachable = weeks <= LONGEST_WEEKS
    return Plan(
        contacts,
        weeks,
        window_days,
        rolled_out + weeks * WEEK + timedelta(days=ceil(window_days)) if reachable else None,
        smallest,
    )
