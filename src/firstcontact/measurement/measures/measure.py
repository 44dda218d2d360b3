"""What a measure is: how contacts become sums, and how sums become a figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from firstcontact.kernel.result import Estimate, Refusal, Unit
from firstcontact.kernel.sentence import Sentence, listed
from firstcontact.measurement.linking.holding import unsupported

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.measures.reduce import Sums
    from firstcontact.measurement.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Reduction:
    """How each contact enters a measure.

    Attributes:
        causes: Why a contact is not counted, first match wins: (code, condition). The codes `not_opener`,
            `left_censored` and `immature` have their own place in the ledger; every other code is an exclusion. The
            codes `excluded_code`, `outside` and `outcome_code` stand for what the linked column of that name holds.
        score: What a counted contact adds: 0 or 1 for a share, seconds or a score for a mean; None where terms do.
        open: Counted contacts on which the definition does not say; their score is 0 and they add 1 when read the
            other way. None where there are none.
        terms: What a counted contact adds to each of several sums, by name, for a measure that corrects.
    """

    causes: tuple[tuple[str, ir.BooleanValue], ...]
    score: ir.NumericValue | None
    open: ir.BooleanValue | None = None
    terms: Mapping[str, ir.NumericValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure.

    Attributes:
        id: As it stands in the results: `fcr_issue`.
        title: For a table heading.
        estimand: What is estimated, in the glossary's words.
        unit: What the value is counted in.
        kind: `share` gets a share's interval, `mean` a mean's; `corrected` makes figures of its own from sums of terms.
        rests_on: What the data must hold (names of `linking.holding`), any one of which is enough; empty for what is
            always there.
        needs: The same in words, for the refusal.
        signals: Signals to bring along.
        columns: Contact columns (and survey answers) to carry along.
        judges: Whether it gives the policy's verdict, and so needs what the policy asks for.
        reduce: Given linked contacts and the policy, how contacts become sums.
        correct: For a measure that corrects: from the sums of its terms to one figure or refusal a cell.
        answers: For a measure that speaks for all counted contacts by some of them, whose number is its n: the term
            that is above 0 on these. Empty where every counted contact is one.
    """

    id: str
    title: str
    estimand: str
    unit: Unit
    reduce: Callable[[ir.Table, Policy], Reduction]
    kind: Literal["share", "mean", "corrected"] = "share"
    rests_on: frozenset[str] = frozenset()
    needs: str = ""
    signals: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    judges: bool = False
    correct: Callable[[Measure, Sums, Policy], list[Estimate | Refusal]] | None = None
    answers: str = ""

    def rests_on_windows(self, policy: Policy) -> bool:
        """Whether a figure under a policy would change with the length of windows."""
        asked = {*self.signals, *(policy.signals if self.judges else ())}
        # Corrected measures are asked of openers, and windows say which contacts those are.
        return "customer" in self.rests_on or self.kind == "corrected" or bool(asked & {"repeat", "returned"})

    def lacks(self, policy: Policy, has: frozenset[str]) -> str:
        """What the data lack for it under a policy, in words; empty where they hold what it needs."""
        if self.rests_on and not self.rests_on & has:
            return Sentence(f"needs.{self.id}", self.needs)
        lacking = unsupported(policy, has) if self.judges else []
        return listed(lacking) if lacking else ""
