"""One row a figure: the shape in which every estimate and refusal is kept, printed and compared."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from firstcontact.kernel.result import Estimate, Refusal

FIXED_SLICES: tuple[str, ...] = ("reason", "channel", "team", "queue", "next_reason", "cause")


def slice_of(name: str) -> str:
    """The slice that a cell's name stands for: a path's level is no slice of its own.

    >>> slice_of("reason_2"), slice_of("x_reason_2"), slice_of("team")
    ('reason', 'x_reason_2', 'team')
    """
    return "reason" if name.startswith("reason_") else name


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A figure of one measure for one cell.

    Attributes:
        measure: Id of the measure, for example `fcr_issue`.
        by: What the cell was cut by, comma-joined: "" for the whole, `reason_1`, `channel`, `week`, `team,week`,
            `x_<column>`.
        cell: The cell's value by slice name (`reason_1` gives the path down to level 1); empty for the whole.
        period_grain: `all`, `week` or `month`.
        period_start: First day of the period in the business zone; None for `all`.
        result: The figure, or why there is none.
        policy: Name of the policy.
        policy_hash: Hash of the effective policy (policy and fit).
        cutoff: The run's cut-off, UTC.
        version: Version of firstcontact.
        windows: Where the windows of the cell's contacts come from: `declared`, `learned`, `mixed` where it holds
            contacts of both, "" where the figure rests on no window.
        q_value: For figures that are flagged among many: the share of false flags, were this one and all at least as
            clear flagged; None where nothing is flagged.
    """

    measure: str
    by: str
    cell: dict[str, str]
    period_grain: str
    period_start: date | None
    result: Estimate | Refusal
    policy: str
    policy_hash: str
    cutoff: datetime
    version: str
    windows: str = ""
    q_value: float | None = None


class Rows(Sequence[ResultRow]):
    """Figures of which some can be asked for without the others being made."""

    @property
    @abstractmethod
    def cuts(self) -> frozenset[str]:
        """Every `by` that a row has."""

    @abstractmethod
    def select(self, measures: Sequence[str] = (), by: str | None = None) -> list[ResultRow]:
        """Some rows, in the order of the run.

        Args:
            measures: Of these measures; of all where empty.
            by: Cut by this: "" for the whole; by anything where None.
        """

    @abstractmethod
    def about(self, name: str, value: str) -> list[ResultRow]:
        """The rows of one cell and of all cells inside it, in the order of the run.

        Args:
            name: Of `FIXED_SLICES`; `reason` at whatever level the paths were cut.
            value: What stands there.
        """


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    """One definition of FCR applied to the same contacts.

    Attributes:
        preset: Name of the preset.
        title: What it counts, in one line.
        source: Where it was published.
        result: Its figure, or why the data cannot support it.
        reading_low: The figure with every unsettled contact counted against it; None where nothing is unsettled.
        reading_high: The figure with every unsettled contact counted for it.
        counted: Contacts it judged.
        resolved: Contacts it counts as resolved at first contact.
        unsettled: Contacts on which the definition does not say.
        left_out: Contacts it leaves out, by cause.
        differs: Contacts judged both here and by the run's own policy, with opposite verdicts: (yes here and no there,
            no here and yes there); None where they were not compared or may not be shown, as where the run's own policy
            judges too few contacts.
    """

    preset: str
    title: str
    source: str
    result: Estimate | Refusal
    reading_low: float | None = None
    reading_high: float | None = None
    counted: int = 0
    resolved: int = 0
    unsettled: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    differs: tuple[int, int] | None = (0, 0)
