"""One line of a proof: a figure, and the band in which it has to lie."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Unit = Literal["pp", "share", "days", "ratio", "count", "number"]


@dataclass(frozen=True, slots=True)
class ProofRow:
    """What was found of one property of an estimator.

    Attributes:
        what: The property, in words: `coverage, weeks 0 to 7`.
        value: What was found; None where it could not be (`note` says why).
        unit: What it is counted in. `pp` are percentage points: 1.5 means 0.015. A `share` is 0 to 1.
        low: Least value that passes; None where there is no lower limit.
        high: Greatest value that passes.
        n: How many draws, intervals or worlds it rests on.
        target: Whether the band is an aim that nobody had reached when it was set.
        note: What was tried where it is not met, or what to know when reading it.
    """

    what: str
    value: float | None
    unit: Unit = "pp"
    low: float | None = None
    high: float | None = None
    n: int = 0
    target: bool = False
    note: str = ""

    @property
    def judged(self) -> bool:
        """Whether there is a band; figures without one are there to be read."""
        return self.low is not None or self.high is not None

    @property
    def met(self) -> bool | None:
        """Whether the figure lies in the band; None where there is no band.

        >>> ProofRow("bias", 0.3, low=-0.4, high=0.4).met, ProofRow("bias", None, high=1).met
        (True, False)
        """
        if not self.judged:
            return None
        if self.value is None:
            return False
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)

    def as_dict(self) -> dict[str, Any]:
        """The row as plain data."""
        return asdict(self)
