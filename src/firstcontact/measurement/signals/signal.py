"""What a signal is, and what a data set must hold for it to be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True, slots=True)
class Signal:
    """Something seen on a contact, without judgement.

    Attributes:
        name: As policies write it.
        words: What it says, for a reader: "the customer came back inside the window".
        needs: What the data must hold, in words, for the message when they do not.
        rests_on: Names of what can show it (as `linking.holding` gives them), any one of which is enough; empty for
            what is always there.
        columns: Contact columns that it reads.
        type: Its type: `int64`, `float64`, `boolean` or `string`.
        whole: What a contact of several parts (a head with its legs) shows: what its head shows on its `own` row, the
            `last` thing recorded on any part, or whether `any` part shows it.
        see: Given contacts (with `event_*`, `survey_*` and linking columns) and what the data hold, the expression of
            the signal. NULL means not recorded for that contact.
    """

    name: str
    words: str
    needs: str
    see: Callable[[ir.Table, frozenset[str]], Any]
    rests_on: frozenset[str] = frozenset()
    columns: tuple[str, ...] = ()
    type: str = "int64"
    whole: Literal["own", "last", "any"] = "own"

    def supported(self, has: frozenset[str]) -> bool:
        """Whether the data can show it."""
        return not self.rests_on or bool(self.rests_on & has)
