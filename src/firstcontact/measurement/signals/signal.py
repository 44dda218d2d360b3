"""What a signal is, and what a data set must hold for it to be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from firstcontact.measurement.policy.signal import SIGNALS as SPECS

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True, slots=True)
class Signal:
    """How something is seen on a contact, without judgement. What it is called and says stands in `policy.signal`.

    Attributes:
        name: As policies write it.
        see: Given contacts (with `event_*`, `survey_*` and linking columns) and what the data hold, the expression of
            the signal. NULL means not recorded for that contact.
        rests_on: Names of what can show it (as `linking.holding` gives them), any one of which is enough; empty for
            what is always there.
        columns: Contact columns that it reads.
        fractional: Whether a number of it can lie between whole ones.
        whole: What a contact of several parts (a head with its legs) shows: what its head shows on its `own` row, the
            `last` thing recorded on any part, or whether `any` part shows it.
    """

    name: str
    see: Callable[[ir.Table, frozenset[str]], Any]
    rests_on: frozenset[str] = frozenset()
    columns: tuple[str, ...] = ()
    fractional: bool = False
    whole: Literal["own", "last", "any"] = "own"

    @property
    def needs(self) -> str:
        """What the data must hold, in words, for the message when they do not."""
        return SPECS[self.name].needs

    @property
    def type(self) -> str:
        """Its type as a column: `int64`, `float64`, `boolean` or `string`."""
        number = "float64" if self.fractional else "int64"
        return {"flag": "boolean", "text": "string", "number": number}[SPECS[self.name].type]

    def supported(self, has: frozenset[str]) -> bool:
        """Whether the data can show it."""
        return not self.rests_on or bool(self.rests_on & has)
