"""A figure is an Estimate or a Refusal. A bare number is never a result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

COUNTED = 1.0
"""Confidence level of what was counted and not estimated: its interval is the figure itself."""

Unit = Literal["share", "seconds", "days", "score", "count", "money"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with what is needed to believe it.

    Attributes:
        value: The point estimate, in `unit`. Shares are 0 to 1.
        low: Lower end of the interval, same unit.
        high: Upper end of the interval, same unit.
        level: Confidence level of the interval, for example 0.95; `COUNTED` for what was counted and not estimated.
        n: How many contacts, issues or answers it rests on.
        estimand: What is being estimated, in the glossary's words.
        unit: What the value is counted in.
        maturity: Share of the population whose window has closed, 0 to 1.
        status: `final`; `provisional` when more rows will still come in; `unsettled` when the definition leaves cases
            open, and then `low`/`high` hold the figure under both readings as well as sampling error.
    """

    value: float
    low: float
    high: float
    level: float
    n: int
    estimand: str
    unit: Unit = "share"
    maturity: float = 1.0
    status: Literal["final", "provisional", "unsettled"] = "final"


@dataclass(frozen=True, slots=True)
class RefusalKind:
    """Why a figure can be refused. Codes are permanent, like those of errors."""

    code: str
    title: str
    about: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """No figure, and why.

    Attributes:
        kind: Which refusal it is.
        reason: Why, in a sentence with the numbers that led to it.
        would_help: What data or setting would make the figure possible.
        n: How many rows there were to go by.
        estimand: What would have been estimated.
        maturity: Share of the population whose window has closed, 0 to 1.
    """

    kind: RefusalKind
    reason: str
    would_help: str
    n: int = 0
    estimand: str = ""
    maturity: float = 0.0

    @property
    def code(self) -> str:
        return self.kind.code


TOO_FEW = RefusalKind(
    "too-few",
    "Too few to say",
    "The cell holds fewer rows than the policy's minimum sample, so an interval would mislead more than it tells.",
)
NONE_MATURE = RefusalKind(
    "none-mature",
    "No window has closed yet",
    "Every contact is too recent: its window has not ended at the cut-off, so nobody can know whether it came back.",
)
NOTHING_TO_COUNT = RefusalKind(
    "nothing-to-count",
    "Nothing can be counted",
    "All contacts were left out of the measure, each for the cause the ledger names.",
)
SIGNAL_ABSENT = RefusalKind(
    "signal-absent",
    "The data do not hold what this measure needs",
    "The measure reads a column or companion table that this source does not have.",
)
ONE_CUSTOMER_DOMINATES = RefusalKind(
    "one-customer-dominates",
    "One customer dominates",
    "A single customer holds more of the cell than the policy allows, so the figure would describe that customer.",
)
SUPPRESSED = RefusalKind(
    "suppressed",
    "Too small to show",
    "The cell is smaller than the policy's suppression limit; showing it could identify a person.",
)

REFUSAL_KINDS: tuple[RefusalKind, ...] = (
    TOO_FEW,
    NONE_MATURE,
    NOTHING_TO_COUNT,
    SIGNAL_ABSENT,
    ONE_CUSTOMER_DOMINATES,
    SUPPRESSED,
)
