"""Lists in the order of names, and what is shown of one that is long."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

One = TypeVar("One")


def in_order(name: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """What names are sorted by: as a reader looks for them, so that team 10 comes after team 9.

    >>> sorted(["Team 10", "team 9", "Team 100", "Ops"], key=in_order)
    ['Ops', 'team 9', 'Team 10', 'Team 100']
    """
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+|[0-9]", name.casefold())
    return tuple((0, int(part), "") if part[0] in "0123456789" else (1, 0, part) for part in parts), name


def shown_of(every: Sequence[One], most: int, stands_out: Callable[[One], bool]) -> list[One]:
    """The first of a list, and beyond them those that stand out: what is said of some is never said of the unseen.

    >>> shown_of(["a", "b", "c", "d"], 2, lambda one: one == "d")
    ['a', 'b', 'd']
    """
    return [one for place, one in enumerate(every) if place < most or stands_out(one)]
