"""What a pattern behind failures is: which contacts show it, and with which others they are comparable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.explain.explanation import Context


PAIR = "pair"
"""Column in which a marked contact's pair stands."""
ARROW = " -> "
"""Stands between the first and the final one in a pair."""
SEPARATOR = ": "
"""Stands between a pattern and its variant in `cause`."""
SHOWS = "shows_"
"""Before the name of a pattern: the column of contacts that says which of its variants a contact shows."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern.

    Attributes:
        id: Begins the `cause` of its figures: `hour`.
        title: For a heading.
        mark: Given the run and its judged contacts, those of them that can be compared, with a text column `shows`: the
            variant of the pattern that a contact shows, or NULL. None where the data do not hold what it needs.
        outflow: Whether variants are channels, of which is asked what they lose to the others.
        pair: The cell (`queue`, `reason`) of what a contact ended in, where it may have begun in another one. `mark`
            then gives a text column `pair` too, `first -> final`, NULL where they are the same; the commonest pairs are
            looked at as variants.
        each_reason: Whether it is looked for in each reason by itself too.
        needs: What the data must hold for it, in words.
        others: What contacts that show it are compared with, in words.
        columns: Contact columns that it reads.
        signals: Signals that it reads.
    """

    id: str
    title: str
    mark: Callable[[Context, ir.Table], ir.Table | None]
    outflow: bool = False
    pair: str = ""
    each_reason: bool = True
    needs: str = ""
    others: str = "contacts of the same reason and channel that do not show it"
    columns: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()

    @property
    def by_pair(self) -> Pattern:
        """The same with pairs for variants, which are looked at among all contacts only."""
        return replace(self, each_reason=False)

    @property
    def column(self) -> str:
        """The column in which a run's contacts say which variant they show, of those that are compared with others.

        >>> Pattern("call-back", "called back", lambda run, contacts: None).column
        'shows_call_back'
        """
        plain = SHOWS + self.id.replace(" ", "_").replace("-", "_")
        return f"{plain}_pair" if self.pair and not self.each_reason else plain
