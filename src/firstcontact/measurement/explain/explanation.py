"""What an explanation is: from linked contacts to result rows about pairs of reasons, causes, teams or movements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.measures.row import ResultRow

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.fit.declared import Fit
    from firstcontact.measurement.linking.frame import Frame
    from firstcontact.measurement.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every result row of a run says about the run.

    Attributes:
        policy: Name of the policy.
        policy_hash: Hash of the effective policy.
        cutoff: The run's cut-off, UTC.
        version: Version of firstcontact.
        windows: Where the windows come from, as in `ResultRow`.
    """

    policy: str
    policy_hash: str
    cutoff: datetime
    version: str
    windows: str = ""


READS: tuple[str, ...] = (
    "contact_id",
    "customer",
    "bucket",
    "channel",
    "reason",
    "key",
    "start_us",
    "anchor_us",
    "local_day",
    "takes_part",
    "alone",
    "excluded_code",
    "outside",
    "next_gap_us",
    "window_us",
    "returned",
    "repeat",
    "opener",
    "left_censored",
    "mature",
    "index_eligible",
    "outcome",
    "outcome_code",
    "verdict",
    "seen_return",
    "net_return",
    "latency",
    "exposure",
    "mix_weight",
    "p_resolved",
)
"""Columns of linked contacts that explanations may read beside those they name themselves."""


@dataclass(frozen=True, slots=True)
class Context:
    """All that an explanation may look at.

    Attributes:
        engine: Where expressions run.
        linked: One row a contact, linked, judged and annotated: what `linking.connect` gives, verdicts, `local_day`
            (day in the business zone), as far as `READS` names them, the policy's signals, and the contact columns
            and signals that any explanation names.
        tables: Further tables of the source by name (`case_events`, `surveys`, `crm_events`...), as far as they exist.
        policy: The policy.
        fit: What was learned or declared.
        frame: The period.
        zone: The business zone.
        has: What the data hold (names of `linking.holding`).
        stamp: What every row says about the run.
        exports: Tables of single contacts that explanations leave for the run's files, by file name; each adds its own.
            Contact ids stand in none of the result rows.
        members: Takes tables of `contact_id` and what figures rest on it, each with columns of its own, for those
            whose n is not told by the measures' own columns; nothing of the kind is kept where None.
    """

    engine: Engine
    linked: ir.Table
    tables: dict[str, ir.Table]
    policy: Policy
    fit: Fit
    frame: Frame
    zone: str
    has: frozenset[str]
    stamp: Stamp
    exports: dict[str, ir.Table] = field(default_factory=dict)
    members: list[ir.Table] | None = None

    def row(
        self,
        measure: str,
        result: Estimate | Refusal,
        cell: dict[str, str] | None = None,
        *,
        period: tuple[str, date] | None = None,
        q_value: float | None = None,
    ) -> ResultRow:
        """A result row of this run.

        Args:
            measure: Id of the measure.
            result: The figure, or why there is none.
            cell: The cell's values by slice name; the whole where not given.
            period: Grain (`week`, `month`) and first day.
            q_value: As in `ResultRow`.
        """
        plain = dict(cell or {})
        grain, start = period if period else ("all", None)
        by = ",".join((*plain, *((grain,) if period else ())))
        one = self.stamp
        return ResultRow(
            measure,
            by,
            plain,
            grain,
            start,
            result,
            one.policy,
            one.policy_hash,
            one.cutoff,
            one.version,
            one.windows,
            q_value,
        )


@dataclass(frozen=True, slots=True)
class Explanation:
    """One analysis.

    Attributes:
        id: Of the analysis, and of its first measure: `downstream`.
        title: For a heading.
        measures: Id and estimand of each measure whose rows it gives.
        explain: From the context to rows; a refusal row where nothing can be said.
        columns: Contact columns to carry along, where the source has them.
        signals: Signals to bring along.
        needs_customer: Whether it is left out where no customer is known.
        keeps: Names under which it keeps rows in the engine, to be given up when it has finished.
    """

    id: str
    title: str
    measures: dict[str, str]
    explain: Callable[[Context], list[ResultRow]]
    columns: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    needs_customer: bool = field(default=True)
    keeps: tuple[str, ...] = ()
